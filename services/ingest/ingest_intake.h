/* ingest_intake.h: the life of what was taken in: encoded, produced, acknowledged, answered. One
 * intake per request or per batch from the topic. */
#ifndef INGEST_INTAKE_H
#define INGEST_INTAKE_H

#include <yyjson.h>

#include "ingest_encode.h"
#include "ingest_item.h"
#include "ingest_memory.h"

struct event_base;
struct ingest_intakes; /* the producer, and the intakes in work */

struct ingest_intakes_options {
    struct event_base *base;
    const char *brokers;
    int linger_ms, ack_timeout_ms, queue_kbytes_max;
    struct ingest_encoder encoder;
    struct ingest_memory *memory;
};

SEA_MUST_CHECK enum sea_err ingest_intakes_open(struct ingest_intakes **ret,
                                                const struct ingest_intakes_options *options);
void ingest_intakes_close(struct ingest_intakes **intakes);
/* The broker can be reached and all topics are there. */
bool ingest_intakes_is_up(struct ingest_intakes *intakes);
/* Requests and batches that wait for the broker. */
size_t ingest_intakes_waiting(const struct ingest_intakes *intakes);

/* What is being taken in; its arena and pool hold the items until it is done. */
struct ingest_intake {
    struct ingest_intakes *owner;
    struct ingest_intake *next;
    struct sea_arena arena;
    yyjson_alc alc; /* memory of the arena */
    struct ingest_items items;
    struct ingest_problem problem;
    int64_t received_at_ms, started_us;
    char trace[56];
    struct sea_outgoing *records; /* encoded items */
    bool *is_duplicate;           /* per item */
    size_t sent, acked, failed;
    bool is_sending;
    /* Called once, when every record is on the log (SEA_OK), or some may not be (RETRY), or one
     * can't be (REJECT). The intake is reused after it returns. */
    void (*done)(struct ingest_intake *intake, enum sea_err err);
    void *ctx, *ctx2;
    int kind;
    uint32_t events; /* business events in it */
};

struct ingest_intake *ingest_intake_begin(struct ingest_intakes *intakes);
/* Gives up one that was not published. */
void ingest_intake_drop(struct ingest_intake *intake);
/* Encodes all items, leaves out those known as duplicates, produces the rest; `done` follows,
 * possibly at once. Texts of the items needn't live longer than this call. */
void ingest_intake_publish(struct ingest_intake *intake,
                           void (*done)(struct ingest_intake *intake, enum sea_err err));

#endif
