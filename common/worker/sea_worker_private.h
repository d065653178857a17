/* sea_worker_private.h: the worker's state, shared by the files of this folder. */
#ifndef SEA_WORKER_PRIVATE_H
#define SEA_WORKER_PRIVATE_H

#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>

#include "sea_days.h"
#include "sea_frame.h"
#include "sea_inputs.h"
#include "sea_kafka_private.h"
#include "sea_worker.h"

enum {
    RING_MAX = 4096,            /* records taken from librdkafka and not yet applied */
    RING_HIGH = 3000,           /* stop polling above */
    RING_LOW = 1000,            /* resume below */
    RING_HIGH_BYTES = 16 << 20, /* the same for their values, some of which are pieces of files */
    RING_LOW_BYTES = 8 << 20,
    BATCH_MAX_BYTES = 4 << 20, /* in one transaction, unless a single record is longer */
    PARKED_KEYS_MAX = 10000,
    RELEASED_LOOK_MS = 3000, /* for rows that seadesk replay wrote */
    SUBSCRIPTION_LOOK_MS = 3000,
    REJOIN_MS = 10000,     /* a group has settled by then */
    OUTBOX_KEEP_MS = 5000, /* rows stay so long after the broker's acknowledgement */
    OUTBOX_UNSENT_MAX =
        64 * 1024 * 1024, /* bytes: no further batch while more waits for the broker */
    BACKOFF_MIN_MS = 100,
    BACKOFF_MAX_MS = 2000,
};

/* A partition number: its source row as last committed, and as this transaction will leave it. */
struct number {
    bool is_owned;   /* epoch taken; its topics are being read */
    bool is_stopped; /* a log is not the one that was read: nothing is applied until an operator has
                        looked */
    int64_t epoch;
    uint64_t counter;
    uint32_t incarnation;
    struct sea_inputs inputs;
    bool verify[SEA_TOPICS]; /* the first record must be the last one read */

    bool in_txn;
    uint64_t next_counter;
    struct sea_inputs next;
    struct sea_buf frame;
    uint32_t frame_count;
};

/* One outbox row on its way to the broker. */
struct outbox_row {
    struct outbox_row *next;
    uint32_t number, count;
    uint64_t base;
    char *frame; /* until everything is sent */
    struct sea_frame_reader reader;
    size_t bytes;
    uint32_t sent, acked;
    int64_t acked_at_ms;
    bool is_orphan;   /* its number is somebody else's now */
    bool is_deleting; /* by the transaction in hand */
};

struct outbox {
    struct sea_producer *producer;
    struct outbox_row *first, *last;
    size_t unsent_bytes, rows;
    bool needs_reload; /* the broker was away: everything kept is sent again, in order */
};

struct parked_key {
    uint32_t number;
    enum sea_topic topic;
    char *key;
};

struct sea_worker {
    const struct sea_worker_ops *ops;
    void *ctx;
    struct sea_app *app;
    struct event_base *base;
    struct sea_pg *pg;
    const struct sea_config *config;
    const char *brokers;
    struct sea_pg_options pg_options;
    char role[SEA_PG_ROLE_TEXT];
    enum sea_sender_service self;
    char source[64];       /* ce_source */
    struct sea_days *days; /* seals dead letters */

    /* the group */
    rd_kafka_t *consumer;
    rd_kafka_queue_t *queue;
    int queue_fd;
    struct event *queue_event, *pass_event, *tick_event, *house_event;
    bool is_joined; /* subscribed to the topics */
    bool is_paused; /* fetching, while the ring is full */
    bool is_draining, needs_resync;
    bool needs_take_over;                      /* `assigned` is to be taken over */
    rd_kafka_topic_partition_list_t *assigned; /* as the group says; NULL: nothing */
    bool is_incomplete;                        /* some number is not ours in every topic */
    atomic_uint closed;                        /* connections to brokers, by librdkafka's threads */
    unsigned closed_known;                     /* as many when positions were last compared */
    int64_t polled_ms;                         /* monotonic: when the group last heard from us */
    int backoff_ms;                            /* 0: no dependency is away */
    enum sea_err failure;                      /* FATAL once the process must end */

    /* the slot */
    struct sea_pg *slot_pg;
    uint64_t slot_generation;
    int slot;
    int64_t slot_lost_ms;

    /* what is read: by the version that the group is at */
    enum sea_topic topics[SEA_WORKER_TOPICS_MAX]; /* under `lock`: the asker reads it */
    size_t topics_count;
    int32_t subscription;
    int64_t subscription_look_ms; /* monotonic */

    struct number numbers[SEA_NUMBERS];
    struct sea_record ring[RING_MAX];
    size_t ring_first, ring_count, ring_bytes;

    /* the transaction in hand */
    struct sea_txn txn;
    struct sea_arena arena;
    struct sea_pg_args args;
    const struct sea_record *batch;
    size_t batch_count;
    struct sea_uuid seen[SEA_WORKER_BATCH_MAX];
    size_t seen_count;
    const struct sea_record *to_park[SEA_WORKER_BATCH_MAX];
    size_t to_park_count;
    const struct sea_record *culprit;
    int64_t seen_day_checked_ms;

    struct outbox outbox;
    struct parked_key *parked;
    size_t parked_count;
    int64_t released_look_ms; /* monotonic */

    /* watermarks, asked by a thread of their own */
    pthread_t asker;
    pthread_mutex_t lock;
    pthread_cond_t asked;
    bool is_asker_running, stop_asking;
    uint32_t ask_numbers;
    struct sea_watermark watermarks[SEA_NUMBERS];
    unsigned answered[SEA_NUMBERS]; /* `closed` before the last question that was answered */

    int64_t last_commit_ms; /* monotonic */
};

/* sea_txn.c */
void worker_txn_init(struct sea_worker *worker);
void worker_txn_free(struct sea_worker *worker);
/* Runs fn in a fenced transaction for the numbers of the bit set. */
enum sea_err worker_run(struct sea_worker *worker, uint32_t numbers,
                        enum sea_err (*fn)(void *arg, struct sea_txn *txn), void *arg);
/* Reads the rows of `numbers` again after an unknown outcome; those that aren't ours any more are
 * dropped. */
enum sea_err worker_resync(struct sea_worker *worker);
enum sea_err worker_acquire(struct sea_worker *worker, uint32_t numbers);
void worker_lose(struct sea_worker *worker, uint32_t number);
enum sea_err worker_housekeeping(struct sea_worker *worker); /* seen partitions */

/* sea_batch.c */
enum sea_err worker_batch(struct sea_worker *worker, const struct sea_record *records,
                          size_t count);
bool worker_is_parked(const struct sea_worker *worker, const struct sea_record *record);

/* sea_outbox.c */
enum sea_err outbox_open(struct sea_worker *worker);
void outbox_close(struct sea_worker *worker, int flush_ms);
void outbox_add(struct sea_worker *worker, uint32_t number, uint64_t base, uint32_t count,
                char *frame, size_t len);
void outbox_pump(struct sea_worker *worker);
void outbox_orphan(struct sea_worker *worker, uint32_t number);
enum sea_err outbox_load(struct sea_worker *worker, uint32_t numbers);
enum sea_err outbox_reload_if_needed(struct sea_worker *worker);
/* Queues the deletion of rows acknowledged long enough ago; outbox_deleted after the commit,
 * outbox_kept otherwise. */
enum sea_err outbox_queue_deletes(struct sea_worker *worker, bool *ret_any);
void outbox_deleted(struct sea_worker *worker);
void outbox_kept(struct sea_worker *worker);

/* sea_parked.c */
enum sea_err parked_load(struct sea_worker *worker, uint32_t numbers);
void parked_forget(struct sea_worker *worker, uint32_t number);
enum sea_err parked_queue_insert(struct sea_worker *worker);
void parked_remember(struct sea_worker *worker);
enum sea_err parked_release(struct sea_worker *worker);
void parked_free(struct sea_worker *worker);

/* sea_slot.c */
enum sea_err slot_take(struct sea_worker *worker, const struct sea_pg_options *options);
/* False: the slot was lost for longer than 5 s, the process must exit. */
bool slot_keep(struct sea_worker *worker);
/* The highest version of the list of topics that was raised and that all live slots know. */
enum sea_err slot_subscription(struct sea_worker *worker, int32_t *ret_version);

/* sea_watermark.c */
void watermark_start(struct sea_worker *worker);
void watermark_stop(struct sea_worker *worker);
/* Whether the brokers have answered for all of these numbers (bits) since a connection was last
 * closed; asks those that haven't, and wakes `queue_fd` when they have been asked. */
bool watermark_answers(struct sea_worker *worker, uint32_t numbers);

#endif
