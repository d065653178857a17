/* desk_forget.c: the worker on the topic of privacy. */
#include "desk_forget.h"

#include <stdlib.h>

#include "desk.h"
#include "sea_erasure.h"
#include "sea_worker.h"

enum { TICK_MS = 1000 };

struct desk_forget {
    struct sea_worker *worker;
};

static enum sea_err apply(void *ctx, struct sea_txn *txn, const struct sea_record *records,
                          size_t count)
{
    enum sea_err err = SEA_OK;
    (void)ctx;
    for (size_t i = 0; i < count && !err; i++)
        err = sea_erasure_apply(txn, "desk", &records[i], NULL, 0);
    return err;
}

static void tick(void *ctx)
{
    struct desk_forget *forget = ctx;
    sea_erasure_publish(forget->worker);
}

static const struct sea_worker_ops OPS = {
    .service = "desk",
    .topics = (const enum sea_topic[]){SEA_TOPIC_PRIVACY},
    .topics_count = 1,
    .apply = apply,
    .tick = tick,
    .tick_ms = TICK_MS,
};

enum sea_err desk_forget_open(struct desk_forget **ret, struct desk *desk)
{
    struct desk_forget *forget = sea_alloc(sizeof(*forget));
    *ret = forget;
    return sea_worker_open(&forget->worker, desk->app, desk->config, &OPS, forget);
}

void desk_forget_close(struct desk_forget **pointer)
{
    struct desk_forget *forget = *pointer;
    if (!forget) return;
    sea_worker_close(&forget->worker);
    free(forget);
    *pointer = NULL;
}
