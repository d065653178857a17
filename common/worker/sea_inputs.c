/* sea_inputs.c: positions and senders of one source row, and their text.
 *
 * Text, a line each:  topic position last-ce_id     (position 0: to be read anew)
 *                     > sender pos             (of the topic above) */
#include "sea_inputs.h"

#include <stdio.h>
#include <string.h>

#include "sea_id.h"

static const char *const SERVICES[SEA_SENDERS] = {
    [SEA_SENDER_INGEST] = "ingest",
    [SEA_SENDER_ORDER_TRACKER] = "order-tracker",
    [SEA_SENDER_ROUTER] = "router",
    [SEA_SENDER_TRANSLATOR_GATEWAY] = "translator-gateway",
    [SEA_SENDER_SLA_TIMER] = "sla-timer",
    [SEA_SENDER_NOTIFIER] = "notifier",
    [SEA_SENDER_RETENTION_PURGER] = "retention-purger",
    [SEA_SENDER_DESK] = "desk",
    [SEA_SENDER_AFTERSALES] = "aftersales",
    [SEA_SENDER_MEDIA_FETCHER] = "media-fetcher",
};

/* Cuts the next word off *rest; words end at `end`. */
static struct sea_str cut(struct sea_str *rest, char end)
{
    const char *at = rest->len ? memchr(rest->ptr, end, rest->len) : NULL;
    struct sea_str word = {rest->ptr, at ? (size_t)(at - rest->ptr) : rest->len};
    size_t gone = at ? word.len + 1 : word.len;
    rest->ptr += gone;
    rest->len -= gone;
    return word;
}

bool sea_sender_find(struct sea_str service, enum sea_sender_service *ret)
{
    for (unsigned i = 0; i < SEA_SENDERS; i++) {
        if (!sea_str_is(service, SERVICES[i])) continue;
        *ret = (enum sea_sender_service)i;
        return true;
    }
    return false;
}

void sea_src_print(struct sea_src src, char ret[SEA_SRC_TEXT])
{
    sea_assert(src.service < SEA_SENDERS);
    snprintf(ret, SEA_SRC_TEXT, "%s/%u/%u", SERVICES[src.service], src.number, src.incarnation);
}

bool sea_src_parse(struct sea_str text, struct sea_src *ret)
{
    struct sea_src src;
    uint64_t number, incarnation;
    if (!sea_sender_find(cut(&text, '/'), &src.service)) return false;
    if (!sea_str_u64(cut(&text, '/'), &number) || number > SEA_PARTITIONS) return false;
    if (!sea_str_u64(text, &incarnation) || incarnation > UINT32_MAX) return false;
    src.number = (uint32_t)number;
    src.incarnation = (uint32_t)incarnation;
    *ret = src;
    return true;
}

static struct sea_input_sender *find_sender(struct sea_inputs *inputs, enum sea_topic topic,
                                            struct sea_src src)
{
    for (size_t i = 0; i < inputs->senders_count; i++) {
        struct sea_input_sender *sender = &inputs->senders[i];
        if (sender->topic == topic && sender->src.service == src.service &&
            sender->src.number == src.number)
            return sender;
    }
    return NULL;
}

enum sea_novelty sea_inputs_take(struct sea_inputs *inputs, enum sea_topic topic,
                                 struct sea_src src, uint64_t pos)
{
    struct sea_input_sender *sender = find_sender(inputs, topic, src);
    if (!sender) {
        if (inputs->senders_count == SEA_SENDERS_MAX) return SEA_TOO_MANY_SENDERS;
        inputs->senders[inputs->senders_count++] = (struct sea_input_sender){topic, src, pos};
        return SEA_NEW;
    }
    if (src.incarnation < sender->src.incarnation) return SEA_OLD_INCARNATION;
    if (src.incarnation == sender->src.incarnation && pos <= sender->pos) return SEA_DUPLICATE;
    sender->src.incarnation = src.incarnation;
    sender->pos = pos;
    return SEA_NEW;
}

void sea_inputs_read(struct sea_inputs *inputs, enum sea_topic topic, int64_t offset,
                     struct sea_uuid id)
{
    sea_assert(topic < SEA_TOPICS && offset >= 0);
    inputs->topics[topic] = (struct sea_input_topic){true, offset + 1, id};
}

bool sea_inputs_reached(const struct sea_inputs *inputs, const struct sea_watermark *mark,
                        const enum sea_topic *topics, size_t topics_count, int64_t t_ms)
{
    if (mark->fetched_at_ms <= t_ms) return false;
    for (size_t t = 0; t < topics_count; t++) {
        if (sea_topic_info(topics[t])->partitions != SEA_PARTITIONS) continue;
        const struct sea_input_topic *input = &inputs->topics[topics[t]];
        int64_t next = input->is_known ? input->position : mark->logs[topics[t]].low;
        if (next < mark->logs[topics[t]].high) return false;
    }
    return true;
}

bool sea_inputs_forget(struct sea_inputs *inputs, enum sea_topic topic)
{
    if (!inputs->topics[topic].is_known) return false;
    inputs->topics[topic] = (struct sea_input_topic){0};
    return true;
}

static bool has_senders(const struct sea_inputs *inputs, enum sea_topic topic)
{
    for (size_t i = 0; i < inputs->senders_count; i++)
        if (inputs->senders[i].topic == topic) return true;
    return false;
}

void sea_inputs_print(const struct sea_inputs *inputs, struct sea_buf *ret)
{
    for (unsigned t = 0; t < SEA_TOPICS; t++) {
        const struct sea_input_topic *topic = &inputs->topics[t];
        if (!topic->is_known && !has_senders(inputs, (enum sea_topic)t)) continue;
        char id[SEA_UUID_TEXT];
        sea_uuid_print(topic->last, id);
        sea_buf_printf(ret, "%s %lld %s\n", sea_topic_info((enum sea_topic)t)->name,
                       (long long)topic->position, id);
        for (size_t i = 0; i < inputs->senders_count; i++) {
            const struct sea_input_sender *sender = &inputs->senders[i];
            char src[SEA_SRC_TEXT];
            if (sender->topic != t) continue;
            sea_src_print(sender->src, src);
            sea_buf_printf(ret, "> %s %llu\n", src, (unsigned long long)sender->pos);
        }
    }
}

static bool parse_sender(struct sea_str line, enum sea_topic topic, struct sea_inputs *inputs)
{
    struct sea_input_sender *sender = &inputs->senders[inputs->senders_count];
    if (inputs->senders_count == SEA_SENDERS_MAX) return false;
    sender->topic = topic;
    if (!sea_src_parse(cut(&line, ' '), &sender->src)) return false;
    if (!sea_str_u64(line, &sender->pos)) return false;
    inputs->senders_count++;
    return true;
}

bool sea_inputs_parse(struct sea_str text, struct sea_inputs *ret)
{
    struct sea_inputs inputs = {0};
    enum sea_topic topic = SEA_TOPICS;
    while (text.len) {
        struct sea_str line = cut(&text, '\n');
        struct sea_str word = cut(&line, ' ');
        if (sea_str_is(word, ">")) {
            if (topic == SEA_TOPICS || !parse_sender(line, topic, &inputs)) return false;
            continue;
        }
        if (!sea_topic_find(word, &topic)) return false;
        struct sea_input_topic *input = &inputs.topics[topic];
        if (!sea_str_i64(cut(&line, ' '), &input->position) || input->position < 0) return false;
        if (!sea_uuid_parse(line, &input->last)) return false;
        input->is_known = input->position > 0;
    }
    *ret = inputs;
    return true;
}
