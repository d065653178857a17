/* router_notice.c: orders and their notices. */
#include "router_notice.h"

#include <stdio.h>
#include <string.h>

#include "router_case.h"
#include "router_person.h"
#include "sea_enc.h"

enum { TEMPLATE_ID_MAX = 80 };

/* Numbers as in seadesk.v1.Milestone and ExceptionClass; names as in templates/phrases.yaml. */
static const char *const MILESTONES[] = {"",
                                         "state_placed",
                                         "state_paid",
                                         "state_dispatched",
                                         "state_in_customs",
                                         "state_out_for_delivery",
                                         "state_delivered",
                                         "state_returned",
                                         "state_cancelled"};
static const char *const EXCEPTIONS[] = {"", "state_customs_held", "state_address_problem",
                                         "state_delivery_failed"};

bool router_notice_milestone(struct router_order *order, uint32_t milestone, int64_t at_ms,
                             uint64_t version)
{
    if (version < order->version || milestone >= SEA_COUNT(MILESTONES)) return false;
    order->version = version;
    order->milestone = milestone;
    order->milestone_at_ms = at_ms;
    order->is_changed = true;
    return true;
}

bool router_notice_exception(struct router_order *order, const struct router_trouble *trouble,
                             uint64_t version)
{
    if (version < order->version || trouble->exception >= SEA_COUNT(EXCEPTIONS)) return false;
    order->version = version;
    order->is_changed = true;
    if (trouble->closed_at_ms) {
        if (order->exception == trouble->exception) order->exception = 0;
        return true;
    }
    order->exception = trouble->exception;
    order->reason = trouble->reason;
    order->since_ms = trouble->since_ms;
    order->expected_at_ms = trouble->expected_at_ms;
    return true;
}

static struct sea_str time_text(struct router_plan *plan, int64_t at_ms)
{
    char text[SEA_TIME_TEXT];
    if (at_ms <= 0) return (struct sea_str){"", 0};
    sea_time_print(at_ms, text);
    return sea_arena_str(plan->arena, sea_str(text));
}

void router_case_order_answer(struct router_plan *plan, struct router_draft *draft,
                              const struct router_order *order)
{
    sea_assert(order->milestone < SEA_COUNT(MILESTONES));
    sea_assert(order->exception < SEA_COUNT(EXCEPTIONS));
    router_draft_var(draft, "order_id", order->id);
    draft->template = "order_status";
    if (!order->exception) {
        router_draft_var(draft, "state", sea_str(MILESTONES[order->milestone]));
        router_draft_var(draft, "at", time_text(plan, order->milestone_at_ms));
        return;
    }
    router_draft_var(draft, "state", sea_str(EXCEPTIONS[order->exception]));
    router_draft_var(draft, "at", time_text(plan, order->since_ms));
    if (!order->reason.len || !order->expected_at_ms) return;
    draft->template = "order_status_held";
    router_draft_var(draft, "reason", order->reason);
    router_draft_var(draft, "expected_at", time_text(plan, order->expected_at_ms));
}

static const char *find_template(const struct router_plan *plan, struct sea_str stem,
                                 const char *ending)
{
    char id[TEMPLATE_ID_MAX];
    int len = snprintf(id, sizeof(id), "%.*s%s", (int)stem.len, stem.ptr, ending);
    if (len < 0 || (size_t)len >= sizeof(id)) return NULL;
    const struct sea_template *found = sea_template_by_id(plan->rules->templates, sea_str(id));
    return found ? found->id : NULL;
}

const char *router_notice_template(const struct router_plan *plan,
                                   const struct router_notice *notice)
{
    const char *id = NULL;
    if (notice->tracking_number.len && notice->carrier.len)
        id = find_template(plan, notice->about, "_tracked");
    if (!id) id = find_template(plan, notice->about, "");
    return id;
}

static void settle(struct router_notice *notice, enum router_notice_state state)
{
    notice->state = state;
    notice->due_at_ms = 0;
    notice->is_changed = true;
}

static bool is_same_news(const struct router_notice *a, const struct router_notice *b)
{
    return a != b && a->collapse_key.len && sea_str_eq(a->collapse_key, b->collapse_key);
}

static bool is_on_its_way(const struct router_notice *notice)
{
    switch (notice->delivery) {
    case ROUTER_ACCEPTED:
    case ROUTER_DELIVERED:
    case ROUTER_READ:
    case ROUTER_FAILED:
    case ROUTER_DROPPED:
    case ROUTER_UNCERTAIN:
        return false;
    case ROUTER_DRAFTED:
    case ROUTER_HELD:
    case ROUTER_BLOCKED:
    case ROUTER_QUEUED:
    case ROUTER_RETURNED:
    case ROUTER_RELEASED:
        break;
    }
    return notice->state == ROUTER_NOTICE_DRAFTED;
}

static void let_wait(struct router_plan *plan, struct router_notice *notice)
{
    if (!notice->give_up_at_ms) notice->give_up_at_ms = plan->now_ms + plan->rules->notice_wait_ms;
    if (notice->give_up_at_ms <= plan->now_ms) {
        settle(notice, ROUTER_NOTICE_UNKNOWN);
        return;
    }
    notice->state = ROUTER_NOTICE_WAITS;
    notice->due_at_ms = plan->now_ms + plan->rules->notice_retry_ms;
    notice->is_changed = true;
}

static void fill_vars(struct router_plan *plan, struct router_draft *draft,
                      const struct router_notice *notice)
{
    router_draft_var(draft, "order_id", notice->order_id);
    router_draft_var(draft, "parcel_id", notice->parcel_id);
    router_draft_var(draft, "reason", notice->reason);
    router_draft_var(draft, "expected_at", time_text(plan, notice->expected_at_ms));
    router_draft_var(draft, "at", time_text(plan, notice->at_ms));
    router_draft_var(draft, "carrier", notice->carrier);
    router_draft_var(draft, "tracking_number", notice->tracking_number);
    router_draft_var(draft, "location", notice->location);
}

static struct router_draft *draft_notice(struct router_plan *plan, struct router_notice *notice,
                                         const struct router_addressee *to,
                                         struct router_contact *const *ladder, uint32_t rungs)
{
    struct router_contact *first = ladder[0];
    const struct sea_market *named = sea_market_by_code(plan->rules->markets, notice->market);
    const struct sea_market *market = named ? named : first->market;
    struct router_message *message =
        router_plan_message(plan, notice->cause, first, market, plan->now_ms);
    struct router_draft *draft = router_plan_draft(plan, message, SEA_CLASS_SERVICE);
    draft->market = market;
    draft->zone = router_person_zone(plan->rules, first);
    draft->language = to->crm->language.len ? to->crm->language : first->language;
    draft->is_language_sure = draft->language.len > 0;
    if (!draft->language.len) draft->language = sea_str(market->languages.items[0]);
    draft->template = router_notice_template(plan, notice);
    for (uint32_t i = 0; i < rungs; i++) draft->ladder[draft->ladder_count++] = ladder[i];
    draft->expires_at_ms = notice->expires_at_ms;
    draft->collapse_key = notice->collapse_key;
    fill_vars(plan, draft, notice);
    notice->message_id = message->id;
    notice->draft_id = draft->id;
    notice->to = first->key;
    return draft;
}

void router_notice_decide(struct router_plan *plan, struct router_notice *notice,
                          const struct router_addressee *to, struct router_notice *const *earlier,
                          uint32_t earlier_count)
{
    struct router_contact *ladder[ROUTER_LADDER_MAX];
    bool is_refused = false;
    if (notice->expires_at_ms && notice->expires_at_ms <= plan->now_ms) {
        settle(notice, ROUTER_NOTICE_EXPIRED);
        return;
    }
    for (uint32_t i = 0; i < earlier_count; i++) {
        if (!is_same_news(earlier[i], notice) || earlier[i]->at_ms <= notice->at_ms) continue;
        if (earlier[i]->state != ROUTER_NOTICE_DRAFTED) continue;
        settle(notice, ROUTER_NOTICE_OVERTAKEN);
        return;
    }
    if (!to->crm) {
        let_wait(plan, notice);
        return;
    }
    uint32_t rungs =
        router_person_ladder(plan->rules, to->contacts, to->contact_count, ladder, &is_refused);
    if (!rungs && !is_refused && !notice->give_up_at_ms && plan->rules->notice_wait_ms) {
        let_wait(plan, notice); /* one look more: the way may be in a record just behind this one */
        return;
    }
    if (!rungs || !router_notice_template(plan, notice)) {
        settle(notice, is_refused ? ROUTER_NOTICE_REFUSED : ROUTER_NOTICE_NO_CHANNEL);
        return;
    }
    struct router_draft *draft = draft_notice(plan, notice, to, ladder, rungs);
    settle(notice, ROUTER_NOTICE_DRAFTED);
    for (uint32_t i = 0, n = 0; i < earlier_count; i++) {
        if (!is_same_news(earlier[i], notice) || !is_on_its_way(earlier[i])) continue;
        draft->supersedes = earlier[i]->draft_id;
        router_plan_withdraw(plan, notice->cause, earlier[i], n++);
    }
}
