/* router_shell.c: what the worker calls. */
#include "router_shell.h"

#include "router_decide.h"
#include "router_gather.h"
#include "router_read.h"
#include "router_say.h"
#include "router_write.h"
#include "sea_crash.h"

enum sea_err router_shell_finish(struct router *router, struct router_batch *batch)
{
    enum sea_err err = router_write(batch);
    if (!err) err = router_say(batch);
    if (!err) router_after_collect(&router->after, batch);
    return err;
}

static enum sea_err apply(void *ctx, struct sea_txn *txn, const struct sea_record *records,
                          size_t count)
{
    struct router *router = ctx;
    struct router_batch batch;
    SEA_CRASHPOINT("router.read");
    router_batch_init(&batch, &router->tools, txn);
    enum sea_err err = router_read(&batch, records, count);
    if (!err) err = router_gather(&batch);
    if (!err) err = router_decide(&batch);
    if (!err) err = router_shell_finish(router, &batch);
    router_batch_free(&batch);
    if (!err) SEA_CRASHPOINT("router.written");
    return err;
}

void router_shell_told(void *arg, enum sea_err err, const redisReply *reply)
{
    (void)reply;
    if (err) router_reconcile_wholly(arg);
}

static void committed(void *ctx)
{
    struct router *router = ctx;
    SEA_CRASHPOINT("router.before_redis");
    router_count_commit(&router->tools.counts);
    if (router->after.has_agents) router->is_roster_stale = true;
    if (!router_after_send(&router->after, router->redis, router_shell_told, router))
        router_reconcile_wholly(router);
    router_after_forget(&router->after);
}

static void rolled_back(void *ctx)
{
    struct router *router = ctx;
    router_count_forget(&router->tools.counts);
    router_after_forget(&router->after);
}

static void gained(void *ctx, uint32_t number)
{
    (void)number;
    router_reconcile_wholly(ctx);
}

static const enum sea_topic TOPICS[] = {
    SEA_TOPIC_MESSAGES,   SEA_TOPIC_CONSENTS,  SEA_TOPIC_PROFILES,
    SEA_TOPIC_TIMELINES,  SEA_TOPIC_COMMANDS,  SEA_TOPIC_TRANSLATIONS,
    SEA_TOPIC_DELIVERIES, SEA_TOPIC_DEADLINES, SEA_TOPIC_PRIVACY,
};

static const struct sea_later_topic LATER[] = {{SEA_TOPIC_CALLS, 1}}; /* 0013_router_calls.sql */

const struct sea_worker_ops router_worker_ops = {
    .service = "router",
    .topics = TOPICS,
    .topics_count = SEA_COUNT(TOPICS),
    .later = LATER,
    .later_count = SEA_COUNT(LATER),
    .takes_repeated_commands = true,
    .apply = apply,
    .committed = committed,
    .rolled_back = rolled_back,
    .gained = gained,
    .tick = router_tick,
};
