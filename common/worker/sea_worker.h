/* sea_worker.h: the one loop of every service that reads topics: batches of records become
 * PostgreSQL transactions, what a transaction says goes out through its outbox rows, nothing is
 * lost and nothing takes effect twice (design.md section 4).
 *
 * The service gives a table of functions; the worker calls them on the event loop's thread. */
#ifndef SEA_WORKER_H
#define SEA_WORKER_H

#include <protobuf-c/protobuf-c.h>

#include "sea_arena.h"
#include "sea_base.h"
#include "sea_kafka.h"
#include "sea_pg.h"

struct sea_app;
struct sea_config;
struct sea_worker;

enum {
    SEA_WORKER_BATCH_MAX = 500, /* records in one transaction */
    SEA_WORKER_LINGER_MS = 10,  /* a batch waits so long for company */
    SEA_WORKER_TOPICS_MAX = 10,
    SEA_NUMBER_PRIVACY = SEA_PARTITIONS, /* source row of the one-partition topic */
    SEA_NUMBERS = SEA_PARTITIONS + 1,
};

/* One open transaction for a set of partition numbers, their source rows locked and fenced. */
struct sea_txn {
    struct sea_worker *worker;
    struct sea_pg *pg;       /* queue and query through this; begin and commit are the worker's */
    struct sea_arena *arena; /* lives until the transaction's end */
    int64_t now_ms;          /* the deciding clock, read once */
    int64_t shift_ms; /* its lead over the world, 0 in production; ingest stamps the world's time */
};

/* What a record to be emitted is derived from. */
struct sea_cause {
    struct sea_uuid id;   /* ce_id of the record, or the id of the row that came due */
    struct sea_uuid root; /* sd-root; nil: `id` is the root */
    struct sea_str trace; /* traceparent, may be empty */
};
struct sea_cause sea_cause_of(const struct sea_record *record);

/* Puts a record into the outbox of `number`. Its id is sea_uuid_derive(cause->id, kind, n); the
 * same cause, kind and n give the same id again. `kind` is a short constant, by default the topic's
 * name without prefix. `key` is the text key. *ret_id, when not NULL, is the id. REJECT: larger
 * than SEA_RECORD_MAX_BYTES. */
SEA_MUST_CHECK enum sea_err sea_txn_emit(struct sea_txn *txn, uint32_t number, enum sea_topic topic,
                                         struct sea_str key, const ProtobufCMessage *message,
                                         const struct sea_cause *cause, const char *kind,
                                         uint32_t n, struct sea_uuid *ret_id);

/* Decodes the record's value into the transaction's arena. NULL: not this message, or malformed. */
void *sea_txn_decode(struct sea_txn *txn, const ProtobufCMessageDescriptor *type,
                     struct sea_str value);
bool sea_record_is(const struct sea_record *record, const ProtobufCMessageDescriptor *type);

/* Marks the record as one that can never be applied: it goes to the dead letters with this reason
 * (a constant from a bounded set), in the same transaction. `record` is one of the batch's. */
void sea_txn_refuse(struct sea_txn *txn, const struct sea_record *record, const char *reason);

/* A topic that was added to a service's list after its first release: read once the service's row
 * of `subscription` has this version (a migration raises it) and every live slot runs code that
 * knows it (0003_subscription.sql says why). */
struct sea_later_topic {
    enum sea_topic topic;
    int32_t version; /* from 1 on, ascending in the list */
};

struct sea_worker_ops {
    const char *service;          /* router, sla-timer, … ; also the schema, with _ for - */
    const enum sea_topic *topics; /* what it reads */
    size_t topics_count;
    const struct sea_later_topic *later; /* NULL: none so far */
    size_t later_count;
    bool takes_repeated_commands; /* records of seadesk.commands aren't looked up in `seen`: the
                                     service knows them itself and answers repeated ones again */
    /* Applies a batch: at most SEA_WORKER_BATCH_MAX records, none a duplicate, in order per
     * partition and topic. REJECT: some record is valid but fails; the worker halves the batch
     * until it stands alone, then parks its key. RETRY: a dependency is away or the transaction was
     * lost; the same batch comes again. All effects go through txn->pg; nothing may be kept in
     * memory before `committed`. */
    enum sea_err (*apply)(void *ctx, struct sea_txn *txn, const struct sea_record *records,
                          size_t count);
    /* After a commit (of apply or transact): Redis and in-memory views. May be NULL. */
    void (*committed)(void *ctx);
    /* After a rollback: forget what apply collected. May be NULL. */
    void (*rolled_back)(void *ctx);
    /* These numbers are ours now (rows fenced, left-overs published) or no more. May be NULL. */
    void (*gained)(void *ctx, uint32_t number);
    void (*lost)(void *ctx, uint32_t number);
    /* About every `tick_ms` (0: never), on the loop's thread: look for due rows, transact. */
    void (*tick)(void *ctx);
    int tick_ms;
};

/* Joins the group and works until the app drains; registers its readiness checks with the app.
 * Keeps `config`, `ops` and `ctx`. Waits for nothing: what is away at the start is tried again and
 * named by /readyz. */
SEA_MUST_CHECK enum sea_err sea_worker_open(struct sea_worker **ret, struct sea_app *app,
                                            const struct sea_config *config,
                                            const struct sea_worker_ops *ops, void *ctx);
void sea_worker_close(struct sea_worker **worker);

/* Runs `fn` in a transaction for `numbers` (ascending, owned): job results, due rows, reconcilers.
 * FENCED: at least one isn't ours any more, nothing was done. RETRY: PostgreSQL is away or the
 * transaction was lost, nothing was done or the outcome is unknown; run it again later (`fn` must
 * be repeatable). Not to be called inside apply. */
SEA_MUST_CHECK enum sea_err sea_worker_transact(struct sea_worker *worker, const uint32_t *numbers,
                                                size_t count,
                                                enum sea_err (*fn)(void *arg, struct sea_txn *txn),
                                                void *arg);

bool sea_worker_owns(const struct sea_worker *worker, uint32_t number);
/* Owned numbers, ascending; returns how many. Only of 12-partition topics. */
size_t sea_worker_owned(const struct sea_worker *worker, uint32_t ret[SEA_NUMBERS]);
/* True when the worker's input of `number` has reached Unix time `t_ms`: for every topic the
 * position is at or past the high watermark that was fetched after t_ms (by the real clock). Asks
 * the broker in the background. */
bool sea_worker_reached(struct sea_worker *worker, uint32_t number, int64_t t_ms);

/* The connection of the worker, for reads between transactions (never inside apply). */
struct sea_pg *sea_worker_pg(struct sea_worker *worker);
/* What it was opened with. */
const struct sea_config *sea_worker_config(const struct sea_worker *worker);

#endif
