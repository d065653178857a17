/* router_queue.h: the waiting tickets and the agents in Redis, where who gets what is proposed in
 * one atomic step. PostgreSQL decides (router_offer.h), and whatever is here can be rebuilt from it
 * (router_reconcile.h).
 *
 *   sd:q:QUEUE       sorted set of TICKET:NUMBER:CHANNEL by router_dispatch_score
 *   sd:agent:USER    hash: state, weight, load, lease (Unix ms), limits, counts
 *   sd:offer:TICKET  to whom it was proposed; goes by itself
 *   sd:mark:router:ID  of this instance's last rebuild: when it is gone, so is the rest */
#ifndef ROUTER_QUEUE_H
#define ROUTER_QUEUE_H

#include "router_batch.h"
#include "sea_redis.h"

enum {
    ROUTER_MEMBER_TEXT = 96,
    ROUTER_PROPOSALS_MAX = 32, /* in one answer */
    ROUTER_ROSTER_MAX = 256,   /* agents that are offered something */
};

/* Who is here, as last read from PostgreSQL. */
struct router_seat {
    char *user;
    char *queues; /* served, `,a,b,`; "" = all */
    char *skills; /* `a,b` */
    enum router_presence state;
    int64_t lease_until_ms;
};
struct router_roster {
    struct router_seat seats[ROUTER_ROSTER_MAX];
    size_t count;
};
void router_roster_free(struct router_roster *roster);
/* Whether somebody is here who serves this queue and has the skills it needs. */
bool router_roster_serves(const struct router_roster *roster, const struct sea_queue *queue,
                          int64_t now_ms);
bool router_roster_is_anybody(const struct router_roster *roster, int64_t now_ms);

/* What the transaction in hand changes there, done when it is committed. */
struct router_after {
    struct sea_arena arena;
    struct router_after_op *first, **end;
    bool has_agents; /* the roster changed */
};
void router_after_init(struct router_after *after);
void router_after_free(struct router_after *after);
/* Collects from a decided batch. */
void router_after_collect(struct router_after *after, const struct router_batch *batch);
/* Puts a ticket that was proposed in vain back where it belongs, and what an agent really carries.
 */
void router_after_restore(struct router_after *after, const struct router_ticket *ticket);
void router_after_agent(struct router_after *after, const struct router_agent *agent);
void router_after_forget(struct router_after *after);
/* Sends it all, every answer to `fn`; false: something couldn't be sent. */
bool router_after_send(struct router_after *after, struct sea_redis *redis, sea_redis_answer *fn,
                       void *arg);

/* TICKET:NUMBER:CHANNEL, in `ret`. */
struct sea_str router_member_print(struct sea_uuid ticket, uint32_t number, struct sea_str channel,
                                   char ret[ROUTER_MEMBER_TEXT]);
SEA_MUST_CHECK bool router_member_parse(struct sea_str member, struct sea_uuid *ret_ticket,
                                        uint32_t *ret_number);

/* Pops waiting tickets of these numbers and reserves agents' room for them, in one step; the answer
 * is a list of member, agent, member, agent … RETRY: Redis is away. */
struct router_proposal_call {
    const struct sea_queue *queue;
    const uint32_t *numbers;
    size_t number_count;
    const struct sea_routing *routing;
    int64_t now_ms, offer_ms;
};
SEA_MUST_CHECK enum sea_err router_queue_propose(struct sea_redis *redis,
                                                 const struct router_roster *roster,
                                                 const struct router_proposal_call *call,
                                                 sea_redis_answer *fn, void *arg);

/* Parts that the reconciler sends by itself; members are borrowed for the call. */
SEA_MUST_CHECK enum sea_err router_queue_add(struct sea_redis *redis, const char *queue,
                                             const struct router_waiting *items, size_t count,
                                             sea_redis_answer *fn, void *arg);
SEA_MUST_CHECK enum sea_err router_queue_remove(struct sea_redis *redis, const char *queue,
                                                const struct sea_str *members, size_t count,
                                                sea_redis_answer *fn, void *arg);
SEA_MUST_CHECK enum sea_err router_queue_put_agent(struct sea_redis *redis,
                                                   const struct router_agent *agent,
                                                   sea_redis_answer *fn, void *arg);
SEA_MUST_CHECK enum sea_err router_queue_put_offer(struct sea_redis *redis, struct sea_uuid ticket,
                                                   struct sea_str user, int64_t life_ms,
                                                   sea_redis_answer *fn, void *arg);

#endif
