/* sea_kafka.h: records with CloudEvents headers, a producer and a consumer queue on the event loop,
 * over librdkafka. The counter-measures to librdkafka 2.0.2's known faults (docs/decisions/0004)
 * live here and in the worker. */
#ifndef SEA_KAFKA_H
#define SEA_KAFKA_H

#include <librdkafka/rdkafka.h>

#include "sea_base.h"
#include "sea_buf.h"
#include "sea_id.h"

enum { SEA_RECORD_MAX_BYTES = 256 * 1024, SEA_TRACEPARENT_TEXT = 56 };

/* The topics of the suite (design.md section 2). */
enum sea_topic {
    SEA_TOPIC_BUSINESS,
    SEA_TOPIC_MESSAGES,
    SEA_TOPIC_CONSENTS,
    SEA_TOPIC_PROFILES,
    SEA_TOPIC_ORDERS,
    SEA_TOPIC_TIMELINES,
    SEA_TOPIC_TICKETS,
    SEA_TOPIC_COMMANDS,
    SEA_TOPIC_FOREIGN,
    SEA_TOPIC_TRANSLATIONS,
    SEA_TOPIC_DRAFTS,
    SEA_TOPIC_OUTBOUND,
    SEA_TOPIC_RECEIPTS,
    SEA_TOPIC_DELIVERIES,
    SEA_TOPIC_CLOCKS,
    SEA_TOPIC_DEADLINES,
    SEA_TOPIC_PRIVACY,
    SEA_TOPIC_DLQ,
    SEA_TOPIC_CATALOGUE,
    SEA_TOPIC_CALLS,
    SEA_TOPIC_FILES,
    SEA_TOPIC_PARCELS,
    SEA_TOPICS
};

struct sea_topic_info {
    const char *name; /* seadesk.… */
    uint32_t partitions;
    int64_t retention_ms;
    int64_t segment_ms; /* intake topics use hourly segments */
    bool is_edge;       /* what was acknowledged here was promised to somebody outside */
};
const struct sea_topic_info *sea_topic_info(enum sea_topic topic);
SEA_MUST_CHECK bool sea_topic_find(struct sea_str name, enum sea_topic *ret);

/* Headers of a record, decoded. Absent ids are nil, absent text is empty. */
struct sea_headers {
    struct sea_uuid id;      /* ce_id */
    struct sea_str type;     /* ce_type: full protobuf name, e.g. seadesk.v1.MessageReceived */
    struct sea_str source;   /* ce_source */
    int64_t time_ms;         /* ce_time */
    struct sea_uuid root;    /* sd-root; the edge event it all began with */
    struct sea_str trace;    /* traceparent */
    struct sea_str src;      /* sd-src: service/partition/incarnation; empty from the edges */
    uint64_t pos;            /* sd-pos */
    struct sea_str originid; /* ce_originid: the publisher's own id of a business event */
    struct sea_str content_type;
};

/* A consumed record; everything points into the librdkafka message, which lives as long as the
 * batch. */
struct sea_record {
    enum sea_topic topic;
    int32_t partition;
    int64_t offset;
    int64_t log_time_ms; /* broker's or producer's timestamp of the record */
    struct sea_str key, value;
    struct sea_headers headers;
    rd_kafka_message_t *message; /* NULL for records put through again from a table */
};

/* Reads the headers of `message`; unknown ones are ignored, malformed ones count as absent. */
void sea_record_of(rd_kafka_message_t *message, enum sea_topic topic, struct sea_record *ret);

/* What is to be produced; all borrowed for the call. */
struct sea_outgoing {
    enum sea_topic topic;
    struct sea_str key;
    struct sea_str value; /* at most SEA_RECORD_MAX_BYTES */
    struct sea_headers headers;
};

/* A producer: idempotent, acks=all, murmur2 by key, bounded queue, delivery reports on the event
 * loop's thread. */
struct sea_producer;

struct sea_producer_options {
    const char *brokers;
    const char *client_id;
    int linger_ms;
    int message_timeout_ms; /* 0: never gives up (internal topics) */
    int queue_messages_max; /* sea_producer_send says RETRY beyond */
    int queue_kbytes_max;
    struct event_base *base;
    /* One report per record, on the loop's thread. `err` SEA_OK: on the log; RETRY: not or possibly
     * persisted. */
    void (*on_report)(void *ctx, void *opaque, enum sea_err err);
    /* All broker connections are gone after having been up; or (is_fatal) this producer can do no
     * more. May be NULL. */
    void (*on_lost)(void *ctx, bool is_fatal);
    void *ctx;
};

SEA_MUST_CHECK enum sea_err sea_producer_open(struct sea_producer **ret,
                                              const struct sea_producer_options *options);
/* Waits up to `flush_ms` for what is queued, then drops the rest; reports of dropped records are
 * not delivered. */
void sea_producer_close(struct sea_producer **producer, int flush_ms);
/* Copies the record into the queue. RETRY: queue full; REJECT: larger than the limit. */
SEA_MUST_CHECK enum sea_err sea_producer_send(struct sea_producer *producer,
                                              const struct sea_outgoing *out, void *opaque);
void sea_producer_poll(struct sea_producer *producer); /* serves reports now, without waiting */
/* Waits for no acknowledgement any more: whatever is unacknowledged is reported RETRY. */
void sea_producer_give_up(struct sea_producer *producer);
int sea_producer_queued(const struct sea_producer *producer);
/* Has the producer know, without traffic too, whether the broker and all topics are there, and with
 * `asks_replicas` whether what the edge acknowledges outlives a broker. */
void sea_producer_watch(struct sea_producer *producer, bool asks_replicas);
/* Of a watched producer: false until all topics were seen, and after all brokers went away until
 * they are seen again or a record is acknowledged. */
bool sea_producer_is_up(const struct sea_producer *producer);
/* What `asks_replicas` asked; false until it is known. */
bool sea_producer_is_replicated(const struct sea_producer *producer);

/* Metadata is there for all of `topics`, each with its number of partitions. RETRY when not, within
 * `timeout_ms`. */
SEA_MUST_CHECK enum sea_err sea_kafka_topics_ready(rd_kafka_t *handle, const enum sea_topic *topics,
                                                   size_t count, int timeout_ms);
enum sea_err sea_kafka_err(rd_kafka_resp_err_t err);

#endif
