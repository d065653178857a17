/* fake_log.c: the ring of sends. */
#include "fake_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sea_json.h"

void fake_log_init(struct fake_log *log)
{
    *log = (struct fake_log){.count = 0};
    TAILQ_INIT(&log->messages);
}

struct fake_message *fake_message_new(enum fake_channel channel)
{
    struct fake_message *message = sea_alloc(sizeof *message);
    message->channel = channel;
    message->references = 1;
    return message;
}

void fake_message_release(struct fake_message *message)
{
    sea_assert(message->references > 0);
    if (--message->references > 0) return;
    char *texts[] = {message->to,           message->from, message->text, message->callback_data,
                     message->callback_url, message->sid,  message->line};
    for (size_t i = 0; i < SEA_COUNT(texts); i++) free(texts[i]);
    free(message);
}

void fake_message_report(struct fake_message *message, const char *status, int answer)
{
    if (message->reports_count == FAKE_STATUSES_MAX) return;
    struct fake_report *report = &message->reports[message->reports_count++];
    snprintf(report->status, sizeof report->status, "%s", status);
    report->answer = answer;
}

static void forget_oldest(struct fake_log *log)
{
    struct fake_message *oldest = TAILQ_FIRST(&log->messages);
    TAILQ_REMOVE(&log->messages, oldest, of_log);
    log->count--;
    log->bytes -= strlen(oldest->line);
    fake_message_release(oldest);
}

void fake_log_add(struct fake_log *log, struct fake_message *message)
{
    message->references++;
    TAILQ_INSERT_TAIL(&log->messages, message, of_log);
    log->count++;
    log->bytes += strlen(message->line);
    while (log->count > FAKE_LOG_ENTRIES_MAX || log->bytes > FAKE_LOG_MAX_BYTES) forget_oldest(log);
}

void fake_log_clear(struct fake_log *log)
{
    while (log->count > 0) forget_oldest(log);
}

static bool is_wanted(const struct fake_message *message, const struct fake_filter *filter)
{
    const char *channel = fake_channel_name(message->channel);
    return (message->is_accepted || filter->is_all) &&
           (filter->channel.len == 0 || sea_str_is(filter->channel, channel)) &&
           (filter->to.len == 0 || sea_str_is(filter->to, message->to));
}

void fake_log_print(const struct fake_log *log, const struct fake_filter *filter,
                    struct sea_buf *ret)
{
    const struct fake_message *message;
    TAILQ_FOREACH(message, &log->messages, of_log)
    {
        if (!is_wanted(message, filter)) continue;
        sea_buf_text(ret, message->line);
        sea_buf_text(ret, ",\"reports\":[");
        for (size_t i = 0; i < message->reports_count; i++) {
            sea_buf_text(ret, i > 0 ? ",{\"status\":" : "{\"status\":");
            sea_json_string(ret, sea_str(message->reports[i].status));
            sea_buf_printf(ret, ",\"answer\":%d}", message->reports[i].answer);
        }
        sea_buf_text(ret, "]}\n");
    }
}
