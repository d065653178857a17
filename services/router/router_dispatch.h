/* router_dispatch.h: which queue a ticket waits in and where, who may get it, what agents carry.
 * Pure. The queues in Redis only propose (router_queue.h); a change holds when PostgreSQL took it.
 */
#ifndef ROUTER_DISPATCH_H
#define ROUTER_DISPATCH_H

#include "router_plan.h"

/* Puts a ticket into its queue: the first that matches, with that queue's priority. */
void router_dispatch_place(struct router_plan *plan, struct router_ticket *ticket);
/* When an answer is wanted, by the clock that runs now: the order inside a priority. */
void router_dispatch_sort(struct router_plan *plan, struct router_ticket *ticket);

/* The lowest comes first: priority class, then the time the answer is wanted by (what has waited
 * longest, where clocks are equal). Exact in a double: 1000 classes of 2^42 ms. */
double router_dispatch_score(int32_t priority, int64_t sort_at_ms);
bool router_dispatch_waits(enum router_status status);

/* Moves a ticket to another state and holder ("" for nobody), and its weight with it. Both holders
 * must be among the plan's agents. */
void router_dispatch_move(struct router_plan *plan, struct router_ticket *ticket,
                          enum router_status status, struct sea_str assignee);
/* A decided change: the version rises by one, and the newest cause is told. */
void router_dispatch_change(struct router_ticket *ticket, const struct router_cause *cause,
                            const char *change);

bool router_dispatch_is_online(const struct router_agent *agent, int64_t now_ms);
/* Whether the agent can carry one more conversation of this channel. */
bool router_dispatch_has_room(const struct router_rules *rules, const struct router_agent *agent,
                              struct sea_str channel);
/* The plan's agent, or a new one with the standard capacity. */
struct router_agent *router_dispatch_agent(struct router_plan *plan, struct sea_str user);

/* Offers an open ticket; false when the ticket or the agent is no longer free for it, or
 * the agent lacks a skill that its queue needs. */
SEA_MUST_CHECK bool router_dispatch_offer(struct router_plan *plan, struct router_ticket *ticket,
                                          struct router_agent *agent,
                                          const struct router_cause *cause);
/* A ticket's time came: an offer ran out, a snooze ended, what was resolved is closed. */
void router_dispatch_due(struct router_plan *plan, struct router_ticket *ticket,
                         const struct router_cause *cause);
/* Moves a ticket up, as far as there is an up, for this reason. False: it was there, or is over.
 * Not a change by itself. */
bool router_dispatch_lift(struct router_plan *plan, struct router_ticket *ticket,
                          const struct router_cause *cause, uint32_t by, struct sea_str reason);
/* A clock warned or was breached: the ticket moves up. */
void router_dispatch_raise(struct router_plan *plan, struct router_ticket *ticket,
                           const struct router_cause *cause, bool is_breached,
                           struct sea_str clock);

struct router_presence_said {
    enum router_presence state;
    uint32_t weight; /* 0: unchanged */
    struct router_limit limits[ROUTER_LIMITS_MAX];
    uint32_t limit_count;
};
void router_dispatch_presence(struct router_plan *plan, struct router_agent *agent,
                              const struct router_presence_said *said);

/* Counts anew what an agent carries: first without a channel (nothing), then channel by channel. */
void router_dispatch_recount(struct router_agent *agent, const struct sea_str *channel,
                             uint32_t count, uint32_t weight);

/* One entry of a queue. */
struct router_waiting {
    struct sea_str member;
    double score;
};
/* What must be added to and removed from a queue in Redis (`have`) to make it as PostgreSQL has it
 * (`want`); both ascending by member. Returns indexes into `want` (new or with another score) and
 * into `have`; the arrays are as large as those they index. */
void router_dispatch_compare(const struct router_waiting *want, size_t want_count,
                             const struct router_waiting *have, size_t have_count, size_t *ret_add,
                             size_t *ret_add_count, size_t *ret_remove, size_t *ret_remove_count);

#endif
