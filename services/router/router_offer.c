/* router_offer.c: Redis proposes who gets a ticket, PostgreSQL decides: the ticket must still be
 * open in its version, the agent here and with room for it. */
#include <stdlib.h>
#include <string.h>

#include "router_load.h"
#include "router_metrics.h"
#include "router_shell.h"
#include "sea_clock.h"
#include "sea_id.h"
#include "sea_log.h"

static const int64_t OFFER_SPARE_MS = 5000;

struct proposal {
    struct sea_uuid ticket;
    uint32_t number;
    struct sea_str user;
};

struct proposals {
    struct router *router;
    struct proposal items[ROUTER_PROPOSALS_MAX];
    size_t count;
};

static struct router_cause *cause_of(struct router_batch *batch, const struct router_ticket *ticket)
{
    struct router_cause *cause = router_batch_alloc(batch, sizeof(*cause));
    cause->id = sea_uuid_derive(ticket->id, "offer", (uint32_t)ticket->version);
    cause->root = ticket->root;
    cause->number = ticket->number;
    return cause;
}

static enum sea_err load(struct router_batch *batch, const struct proposals *proposals)
{
    struct router_keys tickets;
    struct router_texts users;
    router_keys_init(&tickets, batch->txn->arena);
    router_texts_init(&users, batch->txn->arena);
    for (size_t i = 0; i < proposals->count; i++) {
        struct sea_key id;
        memcpy(id.bytes, proposals->items[i].ticket.bytes, sizeof(id.bytes));
        router_keys_add(&tickets, id);
        router_texts_add(&users, proposals->items[i].user);
    }
    enum sea_err err = router_load_proposed(batch, &tickets);
    return err ? err : router_load_agents(batch, &users);
}

static enum sea_err offer(void *arg, struct sea_txn *txn)
{
    const struct proposals *proposals = arg;
    struct router *router = proposals->router;
    struct router_batch batch;
    router_batch_init(&batch, &router->tools, txn);
    enum sea_err err = load(&batch, proposals);
    for (size_t i = 0; !err && i < proposals->count; i++) {
        struct router_ticket *ticket = router_batch_ticket(&batch, proposals->items[i].ticket);
        struct router_agent *agent = router_map_get(&batch.agents, proposals->items[i].user);
        bool is_made = ticket && ticket->contact &&
                       router_dispatch_offer(&batch.plan, ticket, agent, cause_of(&batch, ticket));
        router_count(&router->tools.counts, &sea_m_router_offers_total, is_made ? "made" : "stale");
        if (!is_made && ticket) router_after_restore(&router->after, ticket);
        if (!is_made) router_after_agent(&router->after, agent);
    }
    if (!err) err = router_shell_finish(router, &batch);
    router_batch_free(&batch);
    return err;
}

static size_t numbers_of(const struct proposals *proposals, uint32_t ret[SEA_PARTITIONS])
{
    size_t count = 0;
    for (uint32_t n = 0; n < SEA_PARTITIONS; n++)
        for (size_t i = 0; i < proposals->count; i++)
            if (proposals->items[i].number == n) {
                ret[count++] = n;
                break;
            }
    return count;
}

static void answered(void *arg, enum sea_err err, const redisReply *reply)
{
    struct router *router = arg;
    struct proposals proposals = {.router = router};
    uint32_t numbers[SEA_PARTITIONS];
    if (err) {
        router_reconcile_wholly(router); /* whether something was popped is unknown */
        return;
    }
    size_t count = sea_redis_count(reply);
    for (size_t i = 0; i + 1 < count && proposals.count < ROUTER_PROPOSALS_MAX; i += 2) {
        struct proposal *proposal = &proposals.items[proposals.count];
        proposal->user = sea_redis_str(sea_redis_at(reply, i + 1));
        if (router_member_parse(sea_redis_str(sea_redis_at(reply, i)), &proposal->ticket,
                                &proposal->number))
            proposals.count++;
    }
    if (!proposals.count) return;
    size_t n = numbers_of(&proposals, numbers);
    if (sea_worker_transact(router->worker, numbers, n, offer, &proposals))
        router_reconcile_wholly(router); /* popped and not offered: they go back */
}

void router_offer_ask(struct router *router, int64_t now_ms)
{
    const struct sea_routing *routing = router->rules.routing;
    uint32_t owned[SEA_NUMBERS];
    struct router_proposal_call call = {
        .numbers = owned,
        .number_count = sea_worker_owned(router->worker, owned),
        .routing = routing,
        .now_ms = now_ms,
    };
    if (!sea_redis_is_up(router->redis) || !router_roster_is_anybody(&router->roster, now_ms))
        return;
    for (uint32_t i = 0; i < routing->queue_count; i++) {
        call.queue = &routing->queues[i];
        call.offer_ms = routing->queues[i].offer_timeout_ms + OFFER_SPARE_MS;
        if (router_queue_propose(router->redis, &router->roster, &call, answered, router)) return;
    }
}
