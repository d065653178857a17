/* xlate_service.h: the service's state, and the parts of its shell. One thread. */
#ifndef XLATE_SERVICE_H
#define XLATE_SERVICE_H

#include "sea_app.h"
#include "sea_http_client.h"
#include "sea_redis.h"
#include "xlate_breaker.h"
#include "xlate_mask.h"
#include "xlate_store.h"

enum { XLATE_TICK_MS = 200, XLATE_DUE_MAX = 200, XLATE_JOBS_MAX = 256, XLATE_TAG_MAX = 40 };

enum xlate_stage {
    XLATE_LOOKING, /* Redis is asked for it */
    XLATE_ASKING,  /* the table, then the engine is to be asked */
    XLATE_FLYING,  /* the engine is */
    XLATE_LANDED,  /* `answer` is there, or none is needed */
};

/* A piece of waiting work in hand; owns everything in it. */
struct xlate_job {
    struct xlate_job *next;
    struct xlate *service;
    struct xlate_item item;
    enum xlate_stage stage;
    struct xlate_masked masked;                        /* of `asked` */
    char *asked;                                       /* what is to be translated, in clear */
    char source[XLATE_TAG_MAX], target[XLATE_TAG_MAX]; /* languages */
    bool may_be_remembered, was_looked_up, was_remembered;
    struct sea_key hash;
    struct sea_buf raw;        /* the answer with its placeholders */
    struct sea_buf words;      /* the same, whole */
    bool has_answer, is_final; /* is_final: of no good one, another time it won't be better */
    struct xlate_answer answer;
};

struct xlate {
    const struct sea_config *config;
    struct sea_settings *settings;
    struct sea_app *app;
    struct sea_worker *worker;
    struct sea_keys *keys;
    struct sea_redis *redis;
    struct sea_http_client *client;
    struct sea_pepper pepper;
    struct xlate_store store;
    struct xlate_breaker breaker;
    struct xlate_job *jobs; /* oldest first */
    size_t jobs_count, flying_count;
    struct event *step_event;
    bool wants_pump, is_holding, is_keys_away;
    int64_t erasure_mono_ms;
};

/* xlate_apply.c: a batch of records. */
enum sea_err xlate_apply(void *ctx, struct sea_txn *txn, const struct sea_record *records,
                         size_t count);

/* xlate_job.c: work on its way to the engine and back. */
void xlate_jobs_start(struct xlate *service); /* takes up what is due */
void xlate_jobs_ask(struct xlate *service);   /* the memory, then the engine */
void xlate_job_free(struct xlate_job *job);   /* takes it off the list */
void xlate_jobs_remembered(struct xlate *service, const struct xlate_job *job); /* tells Redis */

/* xlate_work.c: what isn't caused by a record. */
void xlate_work_soon(struct xlate *service);
void xlate_work_step(struct xlate *service);
void xlate_work_tick(void *ctx);
void xlate_work_committed(void *ctx);

#endif
