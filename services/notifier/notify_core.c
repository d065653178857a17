/* notify_core.c: every way from one state to another, each with the event that tells it. */
#include "notify_core.h"

static const int64_t AGE_MAX_MS = INT64_C(7) * 24 * 60 * 60 * 1000;

enum { VERSIONS_PER_RUNG = 1000, RUNGS_PER_REDRAFT = 16, REWRITE_MS = 1000 };

struct sea_uuid notify_delivery_id(struct sea_uuid draft_id, uint32_t rung)
{
    return sea_uuid_derive(draft_id, "delivery", rung);
}

uint64_t notify_event_version(const struct notify_delivery *delivery, uint32_t n)
{
    uint64_t rung = (uint64_t)delivery->redraft * RUNGS_PER_REDRAFT + delivery->rung + 1;
    return rung * VERSIONS_PER_RUNG + n;
}

static void tell(struct notify_delivery *delivery, Seadesk__V1__DeliveryState state,
                 struct sea_str reason, int64_t at_ms)
{
    sea_assert(delivery->events_count < NOTIFY_EVENTS_MAX);
    delivery->events[delivery->events_count++] =
        (struct notify_event){state, reason, at_ms, delivery->release_ms};
    delivery->at_ms = at_ms;
    delivery->is_changed = true;
}

static Seadesk__V1__DeliveryState told_as(enum notify_state state)
{
    switch (state) {
    case NOTIFY_WAITING:
    case NOTIFY_SENDING:
        return SEADESK__V1__DELIVERY_STATE__QUEUED;
    case NOTIFY_HELD:
        return SEADESK__V1__DELIVERY_STATE__HELD;
    case NOTIFY_UNCERTAIN:
        return SEADESK__V1__DELIVERY_STATE__UNCERTAIN;
    case NOTIFY_ACCEPTED:
        return SEADESK__V1__DELIVERY_STATE__ACCEPTED;
    case NOTIFY_DELIVERED:
        return SEADESK__V1__DELIVERY_STATE__DELIVERED;
    case NOTIFY_READ:
        return SEADESK__V1__DELIVERY_STATE__READ;
    case NOTIFY_FAILED:
        return SEADESK__V1__DELIVERY_STATE__FAILED;
    case NOTIFY_DROPPED:
        return SEADESK__V1__DELIVERY_STATE__DROPPED;
    case NOTIFY_RETURNED:
        return SEADESK__V1__DELIVERY_STATE__RETURNED;
    }
    return SEADESK__V1__DELIVERY_STATE__DELIVERY_STATE_UNSPECIFIED;
}

static void settle(struct notify_delivery *delivery, enum notify_state state, struct sea_str reason,
                   int64_t at_ms)
{
    delivery->state = state;
    delivery->reason = reason;
    delivery->due_ms = 0;
    delivery->release_ms = 0;
    delivery->must_send = false;
    if (state == NOTIFY_FAILED)
        delivery->needs_next_rung = delivery->rung + 1 < delivery->order.rungs_count;
    tell(delivery, told_as(state), reason, at_ms);
}

/* Waiting for its turn is told to nobody; it is over in moments. One that goes on waiting is looked
 * at again with the next ones due, and its row is written once a second. */
static void wait_for(struct notify_delivery *delivery, const char *reason, int64_t until_ms)
{
    if (delivery->state == NOTIFY_WAITING && !delivery->is_new && delivery->due_ms > 0 &&
        until_ms - delivery->due_ms < REWRITE_MS)
        return;
    delivery->state = NOTIFY_WAITING;
    delivery->reason = sea_str(reason);
    delivery->due_ms = until_ms;
    delivery->release_ms = 0;
    delivery->must_send = false;
    delivery->is_changed = true;
}

static bool was_held(const struct notify_delivery *delivery)
{
    return delivery->state == NOTIFY_HELD;
}

/* A held one that goes on is told once, whatever it then waits for. */
static void release(struct notify_delivery *delivery, int64_t now_ms)
{
    if (!was_held(delivery)) return;
    delivery->release_ms = 0;
    tell(delivery, SEADESK__V1__DELIVERY_STATE__RELEASED, delivery->reason, now_ms);
}

static void hold(struct notify_delivery *delivery, const struct notify_decision *decision,
                 int64_t now_ms)
{
    if (was_held(delivery) && delivery->release_ms == decision->release_at_ms) return;
    delivery->state = NOTIFY_HELD;
    delivery->reason = sea_str(decision->reason);
    delivery->due_ms = decision->release_at_ms;
    delivery->release_ms = decision->release_at_ms;
    tell(delivery, SEADESK__V1__DELIVERY_STATE__HELD, delivery->reason, now_ms);
}

/* What passed the gate takes its turn: after what is before it, with consents read. */
static void take_turn(struct notify_delivery *delivery, const struct notify_view *view,
                      const struct notify_decision *decision)
{
    int64_t patience_ms = delivery->created_ms + NOTIFY_ORDER_WAIT_MS;
    release(delivery, view->now_ms);
    if (view->is_behind) {
        wait_for(delivery, "behind", view->now_ms + NOTIFY_LOOK_MS);
    } else if (view->is_order_open && view->now_ms < patience_ms) {
        wait_for(delivery, "order", view->now_ms + NOTIFY_LOOK_MS);
    } else if (view->is_consent_lagging && notify_gate_needs_consent(delivery->class)) {
        wait_for(delivery, "consents", view->now_ms + NOTIFY_LOOK_MS);
    } else if (!view->has_capacity) {
        wait_for(delivery, "capacity", view->now_ms + NOTIFY_LOOK_MS);
    } else if (!view->has_budget) {
        wait_for(delivery, "budget", view->now_ms); /* looked at when there is some */
    } else {
        delivery->state = NOTIFY_SENDING;
        delivery->reason = SEA_STR("");
        delivery->due_ms = view->now_ms + AGE_MAX_MS;
        delivery->must_send = true;
        delivery->must_be_template = decision->must_be_template;
        delivery->is_changed = true;
    }
}

struct notify_case notify_core_case(const struct notify_delivery *delivery,
                                    const struct notify_view *view)
{
    struct notify_case about = {
        .class = delivery->class,
        .adapter = view->account->send_adapter,
        .rung = delivery->rung,
        .is_urgent = delivery->order.is_urgent,
        .has_template = delivery->order.has_template,
        .is_erased = view->is_erased,
        .withdrawn = view->withdrawn,
        .not_before_ms = delivery->order.not_before_ms,
        .expires_at_ms = delivery->order.expires_at_ms,
        .last_inbound_ms = delivery->order.last_inbound_ms,
        .consent = view->consent,
        .marketing = view->market->marketing,
        .market = view->market,
        .zone_count = view->zone_count,
    };
    for (uint32_t i = 0; i < view->zone_count; i++) about.zones[i] = view->zones[i];
    return about;
}

void notify_core_decide(struct notify_delivery *delivery, const struct notify_view *view)
{
    sea_assert(delivery->state == NOTIFY_WAITING || delivery->state == NOTIFY_HELD);
    if (view->account == NULL) {
        settle(delivery, NOTIFY_FAILED, SEA_STR("no_sender"), view->now_ms);
        return;
    }
    struct notify_case about = notify_core_case(delivery, view);
    struct notify_decision decision = notify_gate(&about, view->now_ms);
    switch (decision.verdict) {
    case NOTIFY_SEND:
        take_turn(delivery, view, &decision);
        break;
    case NOTIFY_HOLD:
        hold(delivery, &decision, view->now_ms);
        break;
    case NOTIFY_DROP:
        settle(delivery, NOTIFY_DROPPED, sea_str(decision.reason), view->now_ms);
        break;
    case NOTIFY_RETURN:
        settle(delivery, NOTIFY_RETURNED, sea_str(decision.reason), view->now_ms);
        break;
    }
    delivery->is_urgent_pass = delivery->must_send && decision.is_urgent_pass;
}

/* Raises the state to what was said; acceptance is told by itself, once. */
static void raise(struct notify_delivery *delivery, enum notify_state said, struct sea_str reason,
                  int64_t at_ms)
{
    enum notify_state from = delivery->state, to = notify_lattice_join(from, said);
    if (to == from) return;
    delivery->release_ms = 0;
    if (notify_lattice_is_acceptance(from, to) && to != NOTIFY_ACCEPTED)
        tell(delivery, SEADESK__V1__DELIVERY_STATE__ACCEPTED, SEA_STR(""), at_ms);
    settle(delivery, to, reason, at_ms);
}

static void retry(struct notify_delivery *delivery, const struct notify_answer *answer,
                  struct sea_str code, int64_t now_ms)
{
    if (delivery->state != NOTIFY_SENDING) return; /* a receipt knows better */
    if (++delivery->tries >= NOTIFY_TRIES_MAX) {
        settle(delivery, NOTIFY_FAILED, code, now_ms);
        return;
    }
    wait_for(delivery, "", now_ms + answer->after_ms);
    delivery->reason = code;
    tell(delivery, SEADESK__V1__DELIVERY_STATE__QUEUED, code, now_ms);
}

void notify_core_answer(struct notify_delivery *delivery, const struct notify_answer *answer,
                        struct sea_key provider_hash, int64_t at_ms)
{
    struct sea_str code = sea_str(answer->code);
    switch (answer->kind) {
    case NOTIFY_ANSWER_ACCEPTED:
        delivery->provider_hash = provider_hash;
        delivery->is_changed = true;
        raise(delivery, NOTIFY_ACCEPTED, SEA_STR(""), at_ms);
        break;
    case NOTIFY_ANSWER_RETRY:
        retry(delivery, answer, code, at_ms);
        break;
    case NOTIFY_ANSWER_REJECTED:
        if (answer->is_window_closed && delivery->state == NOTIFY_SENDING)
            settle(delivery, NOTIFY_RETURNED, SEA_STR("window_closed"), at_ms);
        else
            raise(delivery, NOTIFY_FAILED, code, at_ms);
        break;
    case NOTIFY_ANSWER_UNCERTAIN:
        raise(delivery, NOTIFY_UNCERTAIN, code, at_ms);
        break;
    }
}

void notify_core_unsent(struct notify_delivery *delivery, const char *reason, bool is_final,
                        int64_t now_ms)
{
    if (delivery->state != NOTIFY_SENDING) return;
    if (is_final)
        settle(delivery, NOTIFY_DROPPED, sea_str(reason), now_ms);
    else
        wait_for(delivery, reason, now_ms + NOTIFY_LOOK_MS);
}

void notify_core_refused(struct notify_delivery *delivery, const char *reason, int64_t now_ms)
{
    sea_assert(notify_state_is_open(delivery->state));
    settle(delivery, NOTIFY_FAILED, sea_str(reason), now_ms);
}

void notify_core_orphaned(struct notify_delivery *delivery, int64_t now_ms)
{
    raise(delivery, NOTIFY_UNCERTAIN, SEA_STR("interrupted"), now_ms);
}

void notify_core_receipt(struct notify_delivery *delivery, enum notify_state said,
                         struct sea_str code, int64_t at_ms)
{
    raise(delivery, said, said == NOTIFY_FAILED ? code : SEA_STR(""), at_ms);
}

void notify_core_withdraw(struct notify_delivery *delivery, struct sea_str reason, int64_t now_ms)
{
    if (delivery->state == NOTIFY_WAITING || delivery->state == NOTIFY_HELD)
        settle(delivery, NOTIFY_DROPPED, reason, now_ms);
}
