/* sea_inputs.h: how far one partition number has been read: per topic the position and the last
 * record, and per topic and sender the highest sd-pos; kept as text in the source row. Pure. */
#ifndef SEA_INPUTS_H
#define SEA_INPUTS_H

#include "sea_base.h"
#include "sea_buf.h"
#include "sea_kafka.h"

enum { SEA_SENDERS_MAX = 160, SEA_INPUTS_TEXT_MAX = 64 * 1024 };

/* The services whose records carry sd-src. */
enum sea_sender_service {
    SEA_SENDER_INGEST,
    SEA_SENDER_ORDER_TRACKER,
    SEA_SENDER_ROUTER,
    SEA_SENDER_TRANSLATOR_GATEWAY,
    SEA_SENDER_SLA_TIMER,
    SEA_SENDER_NOTIFIER,
    SEA_SENDER_RETENTION_PURGER,
    SEA_SENDER_DESK,
    SEA_SENDER_AFTERSALES,
    SEA_SENDER_MEDIA_FETCHER,
    SEA_SENDERS
};

/* One writer of records: a service's source row, in one life of its counter. */
struct sea_src {
    enum sea_sender_service service;
    uint32_t number;
    uint32_t incarnation;
};

enum { SEA_SRC_TEXT = 48 };
void sea_src_print(struct sea_src src, char ret[SEA_SRC_TEXT]); /* router/3/1 */
SEA_MUST_CHECK bool sea_src_parse(struct sea_str text, struct sea_src *ret);
SEA_MUST_CHECK bool sea_sender_find(struct sea_str service, enum sea_sender_service *ret);

struct sea_input_topic {
    bool is_known;        /* something was read of it */
    int64_t position;     /* next offset to read */
    struct sea_uuid last; /* ce_id of the record at position - 1 */
};

struct sea_input_sender {
    enum sea_topic topic;
    struct sea_src src;
    uint64_t pos;
};

struct sea_inputs {
    struct sea_input_topic topics[SEA_TOPICS];
    struct sea_input_sender senders[SEA_SENDERS_MAX];
    size_t senders_count;
};

enum sea_novelty {
    SEA_NEW,
    SEA_DUPLICATE,       /* its sender's position was passed already */
    SEA_OLD_INCARNATION, /* from before its sender's rows were restored: refused */
    SEA_TOO_MANY_SENDERS,
};

/* Decides whether the sender's record at `pos` is new, and remembers it if so. */
enum sea_novelty sea_inputs_take(struct sea_inputs *inputs, enum sea_topic topic,
                                 struct sea_src src, uint64_t pos);
/* The record at `offset` was read. */
void sea_inputs_read(struct sea_inputs *inputs, enum sea_topic topic, int64_t offset,
                     struct sea_uuid id);

/* How far the logs of one partition number reach, as the broker said. */
struct sea_watermark {
    int64_t fetched_at_ms; /* read before the broker was asked; 0: never */
    struct {
        int64_t low, high; /* first offset kept, next offset to be written */
    } logs[SEA_TOPICS];
};

/* True when everything that stood in these topics at `t_ms` was read: the mark was fetched after
 * it, and each position is at or past the log's end; nothing read yet counts as the log's
 * beginning. Topics of other than SEA_PARTITIONS partitions don't count. */
bool sea_inputs_reached(const struct sea_inputs *inputs, const struct sea_watermark *mark,
                        const enum sea_topic *topics, size_t topics_count, int64_t t_ms);

/* The topic is to be read anew from its beginning. What its senders said stays known, so that it
 * has no effect again. False: nothing was read of it. */
SEA_MUST_CHECK bool sea_inputs_forget(struct sea_inputs *inputs, enum sea_topic topic);

void sea_inputs_print(const struct sea_inputs *inputs, struct sea_buf *ret);
/* False, and *ret untouched, when malformed. */
SEA_MUST_CHECK bool sea_inputs_parse(struct sea_str text, struct sea_inputs *ret);

#endif
