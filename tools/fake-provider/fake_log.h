/* fake_log.h: what the fake provider was asked to send, the latest first to be forgotten last; the
 * truth that tests read. Bounded. */
#ifndef FAKE_LOG_H
#define FAKE_LOG_H

#include <sys/queue.h>

#include "fake_script.h"
#include "sea_buf.h"

enum { FAKE_LOG_ENTRIES_MAX = 20000, FAKE_LOG_MAX_BYTES = 64 << 20, FAKE_ID_TEXT = 64 };

/* One send. Counted references: the log's, and one for each report that is still to be made. */
struct fake_message {
    TAILQ_ENTRY(fake_message) of_log;
    uint32_t references;
    enum fake_channel channel;
    bool is_accepted;
    char id[FAKE_ID_TEXT];
    char *to, *from, *text;
    char *callback_data; /* WhatsApp's biz_opaque_callback_data; NULL: none */
    char *callback_url;  /* Twilio's StatusCallback; NULL: none */
    char *sid;           /* Twilio's account */
    char *line;          /* its JSON without the closing brace */
    struct fake_report {
        char status[FAKE_STATUS_TEXT];
        int answer; /* of ingest; 0: none came */
    } reports[FAKE_STATUSES_MAX];
    size_t reports_count;
};

TAILQ_HEAD(fake_messages, fake_message);

struct fake_log {
    struct fake_messages messages;
    size_t count, bytes;
};

void fake_log_init(struct fake_log *log);
void fake_log_clear(struct fake_log *log);
/* Takes a reference, and forgets the oldest where there are too many. */
void fake_log_add(struct fake_log *log, struct fake_message *message);

/* Which lines: "" stands for all; accepted ones only unless `is_all`. */
struct fake_filter {
    struct sea_str channel, to;
    bool is_all;
};
/* Appends the lines, oldest first. */
void fake_log_print(const struct fake_log *log, const struct fake_filter *filter,
                    struct sea_buf *ret);

struct fake_message *fake_message_new(enum fake_channel channel); /* with one reference */
void fake_message_release(struct fake_message *message);
void fake_message_report(struct fake_message *message, const char *status, int answer);

#endif
