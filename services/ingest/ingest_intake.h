/* ingest_intake.h: the life of what was taken in: encoded, looked up, produced, acknowledged,
 * answered. One intake per request or per batch from the topic. */
#ifndef INGEST_INTAKE_H
#define INGEST_INTAKE_H

#include <sys/queue.h>

#include <yyjson.h>

#include "ingest_encode.h"
#include "ingest_item.h"
#include "ingest_lmtp.h"
#include "ingest_memory.h"
#include "ingest_recall.h"
#include "sea_thread.h"

struct event_base;
struct ingest_intakes; /* the producer, and the intakes in work */

struct ingest_intakes_options {
    struct event_base *base;
    const char *brokers;
    int linger_ms, ack_timeout_ms;
    size_t queue_max_bytes;
    bool needs_replicas; /* to be told of a cluster that loses what it acknowledged */
    struct ingest_encoder encoder;
    struct ingest_recall_options recall;
};

SEA_MUST_CHECK enum sea_err ingest_intakes_open(struct ingest_intakes **ret,
                                                const struct ingest_intakes_options *options);
void ingest_intakes_close(struct ingest_intakes **intakes);
/* To be called now and then: a producer that turned fatal is replaced once nobody waits for it. */
void ingest_intakes_mend(struct ingest_intakes *intakes);
/* Who still waits for the broker is told RETRY, at the next turns of the loop. */
void ingest_intakes_give_up(struct ingest_intakes *intakes);
/* The broker can be reached and all topics are there. */
bool ingest_intakes_is_up(const struct ingest_intakes *intakes);
/* What it acknowledges outlives the loss of a broker; true where `needs_replicas` is false. */
bool ingest_intakes_is_replicated(const struct ingest_intakes *intakes);
/* Requests and batches in work, and their memory. */
size_t ingest_intakes_waiting(const struct ingest_intakes *intakes);
/* Too much waits for the broker already: what comes now should be refused. */
bool ingest_intakes_is_full(const struct ingest_intakes *intakes);

/* The connection to Redis, for what may be lost; NULL: there is none. */
struct sea_redis *ingest_intakes_redis(const struct ingest_intakes *intakes);

/* What is being taken in; its arena and pool hold the items until it is done. */
struct ingest_intake {
    struct ingest_intakes *owner;
    struct ingest_intake *next;
    struct sea_arena arena;
    yyjson_alc alc; /* memory of the arena */
    struct ingest_items items;
    struct ingest_problem problem; /* with REJECT */
    int64_t received_at_ms, started_us;
    char trace[56];
    /* An Idempotency-Key of this publisher, and the check of the body it came with; nil: none. */
    struct sea_uuid key;
    uint32_t check;
    struct sea_outgoing *records; /* encoded items */
    bool *is_duplicate;           /* per item */
    struct ingest_question question;
    size_t held_bytes;               /* counted in the owner's */
    struct ingest_lmtp_budget *mail; /* of e-mail, whose memory is counted there instead; or NULL */
    size_t mail_bytes;
    struct sea_job reading;
    size_t sent, acked, failed;
    bool is_sending;
    /* Pieces of files, which go before the records; where the next one is taken from. */
    TAILQ_ENTRY(ingest_intake) of_senders;
    bool has_files, is_sender; /* some aren't acknowledged yet; some aren't even sent */
    size_t file_item;
    uint32_t file, file_piece;
    /* Called once, when every record is on the log (SEA_OK), or some may not be (RETRY), or nothing
     * was sent (REJECT, with the problem). The intake is reused after it returns. */
    void (*done)(struct ingest_intake *intake, enum sea_err err);
    void *ctx, *ctx2;
    const char *label; /* constant: channel, or what the request was for */
    int kind;
    uint32_t events; /* business events in it */
};

struct ingest_intake *ingest_intake_begin(struct ingest_intakes *intakes);
/* Counts this much, until the intake ends, as memory of e-mail in work. False: there is too much
 * already. */
SEA_MUST_CHECK bool ingest_intake_reserve(struct ingest_intake *intake,
                                          struct ingest_lmtp_budget *mail, size_t bytes);
/* Gives up one that was not published. */
void ingest_intake_drop(struct ingest_intake *intake);
/* Encodes all items, leaves out those known as duplicates, produces the rest; `done` follows,
 * possibly at once. Files that came inside a message go first, a few pieces at a time; so who reads
 * of a file finds it. What the items point to needn't live longer than this call, if it isn't in
 * the arena; files must live until `done`. */
void ingest_intake_publish(struct ingest_intake *intake,
                           void (*done)(struct ingest_intake *intake, enum sea_err err));

#endif
