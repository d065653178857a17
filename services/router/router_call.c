/* router_call.c: what a telephone call does. */
#include "router_call.h"

#include "router_dispatch.h"
#include "sea_id.h"

static const struct sea_str ROUTER = {"router", 6};

static bool earliest(int64_t *at_ms, int64_t told_ms, int64_t now_ms)
{
    if (told_ms > now_ms) told_ms = now_ms;
    if (told_ms <= 0 || (*at_ms && *at_ms <= told_ms)) return false;
    *at_ms = told_ms;
    return true;
}

static bool is_answered(const struct router_call *call)
{
    return call->answered_at_ms || call->outcome == ROUTER_CALL_ANSWERED;
}

static bool merge_texts(struct router_call *call, const struct router_call_news *news)
{
    bool is_news = false;
    if (news->agent.len && !sea_str_eq(call->agent, news->agent)) {
        call->agent = news->agent;
        is_news = true;
    }
    if (news->recording.len && !call->sealed.len && !call->recording.len) {
        call->recording = news->recording;
        is_news = true;
    }
    return is_news;
}

static bool merge(struct router_call *call, const struct router_call_news *news, int64_t now_ms)
{
    bool is_news = !call->stored_version && !call->is_changed;
    is_news |= earliest(&call->started_at_ms, news->started_at_ms, now_ms);
    is_news |= earliest(&call->answered_at_ms, news->answered_at_ms, now_ms);
    is_news |= earliest(&call->ended_at_ms, news->ended_at_ms, now_ms);
    is_news |= merge_texts(call, news);
    if (news->rings > call->rings) {
        call->rings = news->rings;
        is_news = true;
    }
    if (news->is_outbound && !call->is_outbound) call->is_outbound = is_news = true;
    if (news->outcome && !call->outcome) {
        call->outcome = news->outcome;
        is_news = true;
    }
    return is_news;
}

static void decide(struct router_plan *plan, const struct router_call_news *news,
                   const struct router_call *before, const struct router_call *call,
                   const struct router_ticket *ticket)
{
    static const char *const OUTCOMES[] = {[ROUTER_CALL_ANSWERED] = "answered",
                                           [ROUTER_CALL_MISSED] = "missed",
                                           [ROUTER_CALL_BUSY] = "busy",
                                           [ROUTER_CALL_VOICEMAIL] = "voicemail",
                                           [ROUTER_CALL_FAILED] = "failed"};
    int64_t waited_ms = call->started_at_ms && call->answered_at_ms > call->started_at_ms
                            ? call->answered_at_ms - call->started_at_ms
                            : 0;
    switch (news->state) {
    case ROUTER_RINGING:
        if (!sea_uuid_is_nil(before->ticket_id)) break;
        router_plan_decide(plan, ticket, news->cause, ROUTER, "call_rang",
                           router_plan_print(plan, "rings %u", call->rings));
        break;
    case ROUTER_TAKEN:
        if (is_answered(before)) break;
        router_plan_decide(plan, ticket, news->cause, ROUTER, "call_answered",
                           router_plan_print(plan, "after %lld s", (long long)(waited_ms / 1000)));
        break;
    case ROUTER_RECORDED:
        router_plan_decide(plan, ticket, news->cause, ROUTER, "call_recorded", SEA_STR(""));
        break;
    case ROUTER_OVER:
        if (before->outcome) break;
        router_plan_decide(plan, ticket, news->cause, ROUTER, "call_ended",
                           sea_str(OUTCOMES[call->outcome]));
        break;
    }
}

/* The agent spoke with the customer: nothing the customer asked before waits any longer, and the
 * ticket is that agent's, unless it is somebody's. */
static void answer(struct router_plan *plan, const struct router_call *call,
                   struct router_ticket *ticket)
{
    int64_t at_ms = call->answered_at_ms ? call->answered_at_ms : call->ended_at_ms;
    if (!at_ms) at_ms = plan->now_ms;
    if (!ticket->acknowledged_at_ms) ticket->acknowledged_at_ms = at_ms;
    if (!ticket->answered_at_ms) ticket->answered_at_ms = at_ms;
    if (ticket->asked_at_ms && ticket->asked_at_ms <= at_ms) {
        ticket->asked_at_ms = ticket->asked_next_at_ms > at_ms ? ticket->asked_next_at_ms : 0;
        ticket->asked_next_at_ms = 0;
    }
    const struct router_agent *agent = router_map_get(plan->agents, call->agent);
    bool is_free = ticket->status == ROUTER_OPEN || ticket->status == ROUTER_OFFERED;
    if (agent && is_free) router_dispatch_move(plan, ticket, ROUTER_ASSIGNED, agent->user);
}

/* When the customer called, as far as it is told: an end always has a time, as have the others. */
static int64_t first_ms(const struct router_call *call)
{
    if (call->started_at_ms) return call->started_at_ms;
    return call->answered_at_ms ? call->answered_at_ms : call->ended_at_ms;
}

static bool wants_ticket(const struct router_call_news *news, const struct router_call *call)
{
    return !news->is_historical && !call->is_outbound && news->state != ROUTER_RECORDED;
}

void router_call_take(struct router_plan *plan, const struct router_call_news *news,
                      struct router_contact *contact, struct router_call *call,
                      struct router_ticket **ticket)
{
    const struct router_call before = *call;
    if (!merge(call, news, plan->now_ms)) return;
    call->is_changed = true;
    call->market = contact->market;
    bool is_first = sea_uuid_is_nil(call->ticket_id);
    if (is_first && !wants_ticket(news, call)) return;
    if (is_first) {
        struct router_inbound in = {
            .cause = news->cause, .kind = ROUTER_OTHER, .order_id = news->order_id};
        router_case_place(plan, &in, contact, first_ms(call), ticket);
        call->ticket_id = (*ticket)->id;
    } else if (*ticket) {
        router_dispatch_change(*ticket, news->cause, "call");
    }
    if (!*ticket) return;
    decide(plan, news, &before, call, *ticket);
    if (is_answered(call) && (is_first || !is_answered(&before))) answer(plan, call, *ticket);
}
