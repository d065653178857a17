/* router_dispatch.c: places, moves and weighs tickets. */
#include "router_dispatch.h"

#include <string.h>

#include "sea_id.h"

enum { OFFER_MS = 30 * 1000 };
static const int64_t DAY_MS = INT64_C(24) * 3600 * 1000;
static const double CLASS_SPAN = 4398046511104.0; /* 2^42 ms: past the year 2100 */
static const struct sea_str NOBODY = {"", 0};

void router_dispatch_sort(struct router_plan *plan, struct router_ticket *ticket)
{
    enum sea_clock clock =
        ticket->answered_at_ms ? SEA_CLOCK_NEXT_RESPONSE : SEA_CLOCK_FIRST_RESPONSE;
    enum sea_channel_class class = sea_channel_class_in(ticket->market, ticket->channel);
    const struct sea_target *target = &ticket->market->targets[class][clock];
    int64_t from_ms = ticket->asked_at_ms ? ticket->asked_at_ms : plan->now_ms;
    if (!target->limit_ms || !sea_market_due(ticket->market, target, from_ms, &ticket->sort_at_ms))
        ticket->sort_at_ms = from_ms + DAY_MS;
}

void router_dispatch_place(struct router_plan *plan, struct router_ticket *ticket)
{
    struct sea_queue_facts facts = {
        .market = ticket->market,
        .language = ticket->language,
        .channel = ticket->channel,
        .tags = &ticket->tags.issue,
        .tag_count = ticket->tags.issue.len ? 1 : 0,
    };
    const struct sea_queue *queue = sea_routing_queue(plan->rules->routing, &facts);
    ticket->queue = sea_str(queue->name);
    ticket->priority = (int32_t)queue->priority;
    router_dispatch_sort(plan, ticket);
}

double router_dispatch_score(int32_t priority, int64_t sort_at_ms)
{
    sea_assert(priority >= 0 && priority <= SEA_PRIORITY_MAX);
    sea_assert(sort_at_ms >= 0);
    return (double)(SEA_PRIORITY_MAX - priority) * CLASS_SPAN + (double)sort_at_ms;
}

bool router_dispatch_waits(enum router_status status)
{
    return status == ROUTER_OPEN;
}

static bool is_carried(enum router_status status)
{
    return status == ROUTER_OFFERED || status == ROUTER_ASSIGNED;
}

static struct router_limit *limit_of(struct router_agent *agent, struct sea_str channel)
{
    for (uint32_t i = 0; i < agent->limit_count; i++)
        if (sea_str_eq(agent->limits[i].channel, channel)) return &agent->limits[i];
    if (agent->limit_count == ROUTER_LIMITS_MAX) return NULL;
    struct router_limit *limit = &agent->limits[agent->limit_count++];
    *limit = (struct router_limit){channel, UINT32_MAX, 0};
    return limit;
}

static void carry(struct router_plan *plan, const struct router_ticket *ticket, bool is_taken)
{
    if (!is_carried(ticket->status) || !ticket->assignee.len) return;
    struct router_agent *agent = router_map_get(plan->agents, ticket->assignee);
    sea_assert(agent);
    uint32_t weight = sea_routing_weight(plan->rules->routing, ticket->channel);
    struct router_limit *limit = limit_of(agent, ticket->channel);
    if (is_taken) {
        agent->load += weight;
        if (limit) limit->count++;
    } else {
        agent->load -= agent->load < weight ? agent->load : weight;
        if (limit && limit->count) limit->count--;
    }
    agent->is_changed = true;
}

void router_dispatch_move(struct router_plan *plan, struct router_ticket *ticket,
                          enum router_status status, struct sea_str assignee)
{
    carry(plan, ticket, false);
    ticket->status = status;
    ticket->assignee = assignee;
    ticket->due_at_ms = ticket->snoozed_until_ms = 0;
    carry(plan, ticket, true);
}

void router_dispatch_change(struct router_ticket *ticket, const struct router_cause *cause,
                            const char *change)
{
    ticket->version++;
    ticket->cause = cause;
    ticket->change = change;
}

bool router_dispatch_is_online(const struct router_agent *agent, int64_t now_ms)
{
    return agent->state == ROUTER_ONLINE && agent->lease_until_ms > now_ms;
}

bool router_dispatch_has_room(const struct router_rules *rules, const struct router_agent *agent,
                              struct sea_str channel)
{
    if (agent->load + sea_routing_weight(rules->routing, channel) > agent->weight) return false;
    for (uint32_t i = 0; i < agent->limit_count; i++)
        if (sea_str_eq(agent->limits[i].channel, channel))
            return agent->limits[i].count < agent->limits[i].limit;
    return true;
}

struct router_agent *router_dispatch_agent(struct router_plan *plan, struct sea_str user)
{
    struct router_agent *agent = router_map_get(plan->agents, user);
    if (agent) return agent;
    agent = router_plan_alloc(plan, sizeof(*agent));
    agent->user = user;
    agent->weight = plan->rules->agent_weight;
    *router_map_at(plan->agents, user) = agent;
    return agent;
}

bool router_dispatch_offer(struct router_plan *plan, struct router_ticket *ticket,
                           struct router_agent *agent, const struct router_cause *cause)
{
    const struct sea_queue *queue = sea_routing_queue_by_name(plan->rules->routing, ticket->queue);
    if (!router_dispatch_waits(ticket->status)) return false;
    if (!router_dispatch_is_online(agent, plan->now_ms)) return false;
    if (queue && !sea_queue_is_served_by(queue, agent->skills)) return false;
    if (!router_dispatch_has_room(plan->rules, agent, ticket->channel)) return false;
    router_dispatch_move(plan, ticket, ROUTER_OFFERED, agent->user);
    ticket->due_at_ms = plan->now_ms + (queue ? queue->offer_timeout_ms : OFFER_MS);
    router_dispatch_change(ticket, cause, "offered");
    router_plan_decide(plan, ticket, cause, SEA_STR("router"), "offered", agent->user);
    return true;
}

void router_dispatch_due(struct router_plan *plan, struct router_ticket *ticket,
                         const struct router_cause *cause)
{
    struct sea_str by = SEA_STR("router");
    switch (ticket->status) {
    case ROUTER_OFFERED:
        router_plan_decide(plan, ticket, cause, by, "offer_expired", ticket->assignee);
        router_dispatch_move(plan, ticket, ROUTER_OPEN, NOBODY);
        router_dispatch_change(ticket, cause, "offer_expired");
        break;
    case ROUTER_SNOOZED:
        router_plan_decide(plan, ticket, cause, by, "woken", SEA_STR("snooze ended"));
        router_dispatch_move(plan, ticket, ticket->assignee.len ? ROUTER_ASSIGNED : ROUTER_OPEN,
                             ticket->assignee);
        router_dispatch_change(ticket, cause, "woken");
        break;
    case ROUTER_RESOLVED:
        router_dispatch_move(plan, ticket, ROUTER_CLOSED, ticket->assignee);
        router_dispatch_change(ticket, cause, "closed");
        break;
    case ROUTER_OPEN:
    case ROUTER_ASSIGNED:
    case ROUTER_WAITING:
    case ROUTER_CLOSED:
        break; /* moved on meanwhile */
    }
}

bool router_dispatch_lift(struct router_plan *plan, struct router_ticket *ticket,
                          const struct router_cause *cause, uint32_t by, struct sea_str reason)
{
    if (ticket->status == ROUTER_RESOLVED || ticket->status == ROUTER_CLOSED) return false;
    int64_t priority = ticket->priority + (int64_t)by;
    if (priority > SEA_PRIORITY_MAX) priority = SEA_PRIORITY_MAX;
    if (priority == ticket->priority) return false;
    ticket->priority = (int32_t)priority;
    router_plan_decide(plan, ticket, cause, SEA_STR("router"), "priority_raised", reason);
    return true;
}

void router_dispatch_raise(struct router_plan *plan, struct router_ticket *ticket,
                           const struct router_cause *cause, bool is_breached, struct sea_str clock)
{
    const struct sea_routing *routing = plan->rules->routing;
    struct sea_str reason = router_plan_print(plan, "%.*s %s", (int)clock.len, clock.ptr,
                                              is_breached ? "breached" : "warned");
    if (router_dispatch_lift(plan, ticket, cause,
                             is_breached ? routing->raise_breached : routing->raise_warned, reason))
        router_dispatch_change(ticket, cause, "priority_raised");
}

void router_dispatch_presence(struct router_plan *plan, struct router_agent *agent,
                              const struct router_presence_said *said)
{
    agent->state = said->state;
    agent->lease_until_ms = plan->now_ms + plan->rules->routing->presence_lease_ms;
    if (said->weight) agent->weight = said->weight;
    for (uint32_t i = 0; said->limit_count && i < agent->limit_count; i++)
        agent->limits[i].limit = UINT32_MAX;
    for (uint32_t i = 0; i < said->limit_count; i++) {
        struct router_limit *limit = limit_of(agent, said->limits[i].channel);
        if (limit) limit->limit = said->limits[i].limit;
    }
    agent->is_changed = true;
}

void router_dispatch_recount(struct router_agent *agent, const struct sea_str *channel,
                             uint32_t count, uint32_t weight)
{
    agent->is_changed = true;
    if (!channel) {
        agent->load = 0;
        for (uint32_t i = 0; i < agent->limit_count; i++) agent->limits[i].count = 0;
        return;
    }
    struct router_limit *limit = limit_of(agent, *channel);
    agent->load += count * weight;
    if (limit) limit->count = count;
}

static int order_of(struct sea_str a, struct sea_str b)
{
    size_t least = a.len < b.len ? a.len : b.len;
    int order = least ? memcmp(a.ptr, b.ptr, least) : 0;
    if (order) return order;
    return (a.len > b.len) - (a.len < b.len);
}

void router_dispatch_compare(const struct router_waiting *want, size_t want_count,
                             const struct router_waiting *have, size_t have_count, size_t *ret_add,
                             size_t *ret_add_count, size_t *ret_remove, size_t *ret_remove_count)
{
    size_t w = 0, h = 0, added = 0, removed = 0;
    while (w < want_count || h < have_count) {
        int order = w == want_count   ? 1
                    : h == have_count ? -1
                                      : order_of(want[w].member, have[h].member);
        if (order < 0) {
            ret_add[added++] = w++;
        } else if (order > 0) {
            ret_remove[removed++] = h++;
        } else {
            if (want[w].score < have[h].score || want[w].score > have[h].score)
                ret_add[added++] = w;
            w++;
            h++;
        }
    }
    *ret_add_count = added;
    *ret_remove_count = removed;
}
