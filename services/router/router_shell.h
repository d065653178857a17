/* router_shell.h: the service around the cores: batches from the worker, due rows and offers by
 * the clock, Redis kept equal to PostgreSQL. */
#ifndef ROUTER_SHELL_H
#define ROUTER_SHELL_H

#include "router_queue.h"
#include "sea_app.h"
#include "sea_settings.h"

struct router_config {
#define SEA_SETTING SEA_SETTING_FIELD
#include "router_config.def"
#undef SEA_SETTING
};

struct router_reconciler;

struct router {
    const struct sea_config *config;
    struct router_config own;
    struct sea_settings *settings;
    struct router_rules rules;
    struct router_tools tools;
    struct sea_app *app;
    struct sea_worker_ops ops;
    struct sea_worker *worker;
    struct sea_redis *redis;
    struct router_after after;
    struct router_roster roster;
    struct router_reconciler *reconciler;
    bool is_roster_stale;
    int64_t months_at_ms, reconciled_at_ms, erasures_at_ms; /* monotonic */
};

extern const struct sea_worker_ops router_worker_ops; /* ctx: struct router; tick_ms is own */

/* Writes and says what a batch decided, and collects what follows in Redis. */
SEA_MUST_CHECK enum sea_err router_shell_finish(struct router *router, struct router_batch *batch);
sea_redis_answer router_shell_told;

/* router_tick.c: looks for due rows and offers tickets; about every tick_ms. */
void router_tick(void *ctx);
/* router_offer.c: asks Redis who could get what, and offers that. */
void router_offer_ask(struct router *router, int64_t now_ms);

/* router_reconcile.c: makes Redis equal to PostgreSQL; the quick way while nothing was lost, wholly
 * otherwise and once a minute. */
void router_reconcile_open(struct router *router);
void router_reconcile_close(struct router *router);
void router_reconcile(struct router *router, int64_t now_ms);
/* Something may be missing there. */
void router_reconcile_wholly(struct router *router);
/* Reads the agents anew and tells them to Redis. */
void router_reconcile_agents(struct router *router);

#endif
