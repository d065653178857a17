/* router_case.c: what a customer's message does. */
#include "router_case.h"

#include "router_dispatch.h"
#include "router_person.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "sea_language.h"

enum { SUBJECT_MAX = 120 };
static const int64_t HOUR_MS = 3600 * 1000;
static const struct sea_str NOBODY = {"", 0};
static const struct sea_str ROUTER = {"router", 6};

int64_t router_case_sent_at_ms(const struct router_inbound *in, int64_t now_ms)
{
    if (in->provider_time_ms > 0 && in->provider_time_ms <= now_ms) return in->provider_time_ms;
    return in->received_at_ms > 0 && in->received_at_ms <= now_ms ? in->received_at_ms : now_ms;
}

static struct router_message *record(struct router_plan *plan, const struct router_inbound *in,
                                     struct router_contact *contact)
{
    int64_t sent_at_ms = router_case_sent_at_ms(in, plan->now_ms);
    struct router_message *message =
        router_plan_message(plan, in->cause, contact, contact->market, sent_at_ms);
    message->id = router_month_id(in->cause->id, message->gone_month);
    message->direction = ROUTER_IN;
    message->kind = (int)in->kind;
    message->received_at_ms = in->received_at_ms ? in->received_at_ms : sent_at_ms;
    message->body = in->body;
    message->language = in->reading.language;
    if (sent_at_ms > contact->last_in_at_ms) contact->last_in_at_ms = sent_at_ms;
    return message;
}

/* A message that the program writes to this contact alone. */
static struct router_draft *say(struct router_plan *plan, const struct router_inbound *in,
                                struct router_contact *contact, struct router_ticket *ticket,
                                enum sea_message_class class)
{
    struct router_message *message =
        router_plan_message(plan, in->cause, contact, contact->market, plan->now_ms);
    message->ticket = ticket;
    struct router_draft *draft = router_plan_draft(plan, message, class);
    draft->zone = router_person_zone(plan->rules, contact);
    draft->language = in->reading.is_language_sure ? in->reading.language : contact->language;
    draft->is_language_sure = draft->language.len > 0;
    if (!draft->language.len) draft->language = sea_str(contact->market->languages.items[0]);
    draft->ladder[draft->ladder_count++] = contact;
    return draft;
}

static void confirm(struct router_plan *plan, const struct router_inbound *in,
                    struct router_contact *contact, const char *template)
{
    if (router_person_is_reachable(plan->rules, contact))
        say(plan, in, contact, NULL, SEA_CLASS_LEGAL)->template = template;
}

static bool obey(struct router_plan *plan, const struct router_inbound *in,
                 struct router_contact *contact)
{
    int64_t at_ms = router_case_sent_at_ms(in, plan->now_ms);
    if (in->kind != ROUTER_TEXT || in->is_automatic) return false;
    if (in->reading.word == ROUTER_STOP) {
        bool was_refused = contact->is_service_refused;
        if (router_person_consent(contact, false, false, at_ms))
            router_plan_consent(plan, in->cause, contact, false, false);
        if (router_person_consent(contact, true, false, at_ms))
            router_plan_consent(plan, in->cause, contact, true, false);
        if (!was_refused && contact->is_service_refused)
            confirm(plan, in, contact, "stop_confirmation");
        return true;
    }
    if (in->reading.word == ROUTER_START && contact->is_service_refused) {
        if (router_person_consent(contact, false, true, at_ms)) {
            router_plan_consent(plan, in->cause, contact, false, true);
            confirm(plan, in, contact, "start_confirmation");
        }
        return true;
    }
    return false;
}

static void link_order(struct router_plan *plan, struct router_ticket *ticket,
                       const struct router_inbound *in, struct sea_str order_id)
{
    for (uint32_t i = 0; i < ticket->order_count; i++)
        if (sea_str_eq(ticket->orders[i], order_id)) return;
    if (ticket->order_count == ROUTER_ORDERS_MAX) return;
    ticket->orders[ticket->order_count++] = order_id;
    router_plan_decide(plan, ticket, in->cause, ROUTER, "order_linked", order_id);
}

static void link_orders(struct router_plan *plan, struct router_ticket *ticket,
                        const struct router_inbound *in)
{
    if (in->order_id.len) link_order(plan, ticket, in, in->order_id);
    for (uint32_t i = 0; i < in->order_count; i++) link_order(plan, ticket, in, in->orders[i]->id);
}

static void ask(struct router_ticket *ticket, int64_t sent_at_ms)
{
    bool is_reply_on_its_way = ticket->replied_at_ms && ticket->status == ROUTER_WAITING;
    if (sent_at_ms > ticket->last_in_at_ms) ticket->last_in_at_ms = sent_at_ms;
    if (ticket->asked_at_ms && (is_reply_on_its_way || ticket->asked_next_at_ms)) {
        if (!ticket->asked_next_at_ms || sent_at_ms < ticket->asked_next_at_ms)
            ticket->asked_next_at_ms = sent_at_ms;
    } else if (!ticket->asked_at_ms || sent_at_ms < ticket->asked_at_ms) {
        ticket->asked_at_ms = sent_at_ms;
    }
}

static const struct sea_message_rule *next_rule(const struct router_plan *plan,
                                                const struct router_inbound *in,
                                                const struct router_ticket *ticket, uint32_t *at)
{
    const struct sea_routing *routing = plan->rules->routing;
    struct sea_message_facts facts = {ticket->channel, (uint32_t)in->kind, in->rating};
    while (*at < routing->message_rule_count) {
        const struct sea_message_rule *rule = &routing->message_rules[(*at)++];
        if (sea_message_rule_fits(rule, &facts)) return rule;
    }
    return NULL;
}

/* The first rule that names an issue gives it to a ticket that has none. */
static void tag(struct router_plan *plan, const struct router_inbound *in,
                struct router_ticket *ticket)
{
    const struct sea_message_rule *rule;
    for (uint32_t at = 0; !ticket->tags.issue.len && (rule = next_rule(plan, in, ticket, &at));) {
        if (!rule->issue) continue;
        ticket->tags.issue = sea_str(rule->issue);
        router_plan_decide(plan, ticket, in->cause, ROUTER, "issue_tagged", ticket->tags.issue);
    }
}

static void raise_alarm(struct router_plan *plan, const struct router_inbound *in,
                        struct router_ticket *ticket)
{
    const struct sea_message_rule *rule;
    struct sea_str reason =
        in->rating ? router_plan_print(plan, "rating %u", in->rating) : SEA_STR("its message");
    for (uint32_t at = 0; (rule = next_rule(plan, in, ticket, &at));) {
        (void)router_dispatch_lift(plan, ticket, in->cause, rule->raise, reason);
        if (rule->alert) router_plan_alert(plan, ticket, in->cause, rule->alert, reason);
    }
}

/* What an answer here goes on with. */
static void remember_thread(const struct router_inbound *in, struct router_contact *contact)
{
    if (!in->thread.len) return;
    contact->thread = in->thread;
    contact->subject = sea_utf8_cut(in->subject, SUBJECT_MAX);
    contact->is_changed = true;
}

static struct router_ticket *open_ticket(struct router_plan *plan, const struct router_inbound *in,
                                         struct router_contact *contact, int64_t at_ms)
{
    struct router_ticket *ticket = router_plan_alloc(plan, sizeof(*ticket));
    struct sea_str first = in->subject.len ? in->subject : in->text;
    ticket->id = sea_uuid_derive(in->cause->id, "ticket", 0);
    ticket->contact = contact;
    ticket->home = contact->key;
    ticket->number = in->cause->number;
    ticket->root = in->cause->root;
    ticket->status = ROUTER_OPEN;
    ticket->market = contact->market;
    ticket->channel = contact->channel;
    ticket->account = contact->account;
    ticket->opened_at_ms = plan->now_ms;
    ticket->subject = sea_utf8_cut(sea_str_trim(first), SUBJECT_MAX);
    ticket->language = contact->language;
    if (in->reading.is_language_sure) ticket->language = in->reading.language;
    ticket->is_language_sure = in->reading.is_language_sure || contact->language.len > 0;
    ask(ticket, at_ms);
    tag(plan, in, ticket);
    router_dispatch_place(plan, ticket);
    router_plan_decide(plan, ticket, in->cause, ROUTER, "opened",
                       router_plan_print(plan, "market %s, queue %.*s, priority %d, language %.*s",
                                         ticket->market->code, (int)ticket->queue.len,
                                         ticket->queue.ptr, (int)ticket->priority,
                                         (int)ticket->language.len, ticket->language.ptr));
    router_dispatch_change(ticket, in->cause, "opened");
    return ticket;
}

static bool is_over(const struct router_plan *plan, const struct router_ticket *ticket)
{
    return ticket->status == ROUTER_CLOSED ||
           (ticket->status == ROUTER_RESOLVED &&
            ticket->resolved_at_ms + plan->rules->reopen_ms <= plan->now_ms);
}

static void go_on(struct router_plan *plan, const struct router_inbound *in,
                  struct router_ticket *ticket, int64_t at_ms)
{
    const char *change = "message";
    ask(ticket, at_ms);
    tag(plan, in, ticket);
    switch (ticket->status) {
    case ROUTER_RESOLVED:
        change = "reopened";
        ticket->resolved_at_ms = 0;
        router_plan_decide(plan, ticket, in->cause, ROUTER, "reopened",
                           SEA_STR("written to soon after it was resolved"));
        router_dispatch_move(plan, ticket, ROUTER_OPEN, NOBODY);
        router_dispatch_sort(plan, ticket);
        break;
    case ROUTER_WAITING:
    case ROUTER_SNOOZED:
        router_dispatch_move(plan, ticket, ticket->assignee.len ? ROUTER_ASSIGNED : ROUTER_OPEN,
                             ticket->assignee);
        router_dispatch_sort(plan, ticket);
        break;
    case ROUTER_OPEN:
    case ROUTER_OFFERED:
    case ROUTER_ASSIGNED:
    case ROUTER_CLOSED:
        break;
    }
    if (in->reading.is_language_sure) {
        ticket->language = in->reading.language;
        ticket->is_language_sure = true;
    }
    router_dispatch_change(ticket, in->cause, change);
}

static bool is_finished(const struct router_order *order)
{
    enum { DELIVERED = 6 }; /* as seadesk.v1.Milestone: delivered, returned, cancelled */
    return order->milestone >= DELIVERED && !order->exception;
}

static int64_t newest_ms(const struct router_order *order)
{
    return order->since_ms > order->milestone_at_ms ? order->since_ms : order->milestone_at_ms;
}

/* The order that is asked for: one that the message names and the customer owns; of several, or
 * when it names none, the newest that isn't finished. */
static const struct router_order *asked_order(const struct router_inbound *in,
                                              const struct router_contact *contact)
{
    const struct router_order *best = NULL;
    bool is_named = in->order_count > 0;
    uint32_t count = is_named ? in->order_count : in->own_count;
    for (uint32_t i = 0; i < count; i++) {
        const struct router_order *order = is_named ? in->orders[i] : in->own[i];
        if (!sea_uuid_eq(order->customer, contact->customer)) continue;
        if (!order->milestone && !order->exception) continue;
        if (!best || is_finished(best) > is_finished(order) ||
            (is_finished(best) == is_finished(order) && newest_ms(order) > newest_ms(best)))
            best = order;
    }
    return best;
}

/* Counts an automatic answer to this contact; false when it had enough this hour. */
static bool may_answer(struct router_plan *plan, struct router_contact *contact)
{
    if (plan->now_ms - contact->auto_since_ms >= HOUR_MS) {
        contact->auto_since_ms = plan->now_ms;
        contact->auto_count = 0;
    }
    if (contact->auto_count >= plan->rules->autos_per_hour) return false;
    contact->auto_count++;
    contact->is_changed = true;
    return true;
}

static void answer(struct router_plan *plan, const struct router_inbound *in,
                   struct router_contact *contact, struct router_ticket *ticket)
{
    if (!in->reading.asks_for_order || in->reading.asks_for_person || in->is_automatic) return;
    if (ticket->status != ROUTER_OPEN || ticket->replied_at_ms) return; /* a person is at it */
    if (!router_person_is_reachable(plan->rules, contact)) return;
    const struct router_order *order = asked_order(in, contact);
    /* Somebody else's order, or one not heard of yet: a person looks. */
    if (!order && (in->order_count || in->order_id.len)) return;
    if (!may_answer(plan, contact)) {
        router_plan_decide(plan, ticket, in->cause, ROUTER, "auto_limit",
                           SEA_STR("enough automatic answers this hour"));
        return;
    }
    struct router_draft *draft = say(plan, in, contact, ticket, SEA_CLASS_AUTO);
    draft->template = "order_unknown";
    if (order) {
        link_order(plan, ticket, in, order->id);
        router_case_order_answer(plan, draft, order);
    }
    router_plan_decide(plan, ticket, in->cause, ROUTER, "auto_answered", sea_str(draft->template));
}

/* By SMS, where a dial string's own contact hears nothing. */
static void remind(struct router_plan *plan, const struct router_inbound *in,
                   struct router_contact *contact, struct router_ticket *ticket)
{
    struct router_contact *to = in->reminded;
    const struct sea_zone *zone = router_person_clock(plan->rules, contact);
    int64_t booked_ms = router_case_sent_at_ms(in, plan->now_ms);
    int64_t at_ms = zone ? router_case_visit_ms(zone, &in->visit, booked_ms) : 0;
    char time[SEA_TIME_TEXT];
    router_plan_decide(plan, ticket, in->cause, ROUTER, "visit_booked", in->booking);
    if (!zone || at_ms <= plan->now_ms || !to || to->is_service_refused) return;
    struct router_draft *draft = say(plan, in, contact, ticket, SEA_CLASS_SERVICE);
    sea_time_print(at_ms, time);
    draft->template = "visit_reminder";
    draft->zone = zone->name;
    draft->ladder[0] = to;
    draft->last_inbound_ms = to->last_in_at_ms;
    draft->not_before_ms = at_ms - plan->rules->visit_reminder_ms;
    draft->expires_at_ms = at_ms;
    router_draft_var(draft, "reference", in->booking);
    router_draft_var(draft, "at", sea_arena_str(plan->arena, sea_str(time)));
    router_draft_var(
        draft, "hour",
        router_plan_print(plan, "%02u:%02u", in->visit.minute / 60, in->visit.minute % 60));
}

static void want_translation(struct router_plan *plan, const struct router_inbound *in,
                             const struct router_ticket *ticket, struct router_message *message)
{
    const struct sea_queue *queue = sea_routing_queue_by_name(plan->rules->routing, ticket->queue);
    struct sea_str desk = sea_str(queue ? sea_routing_desk_language(queue, ticket->market)
                                        : ticket->market->desk_language);
    if (!in->reading.is_language_sure || !in->text.len) return;
    if (sea_language_fit(in->reading.language, desk) == 0) message->to_language = desk;
}

void router_case_place(struct router_plan *plan, const struct router_inbound *in,
                       struct router_contact *contact, int64_t at_ms, struct router_ticket **ticket)
{
    uint32_t month = router_gone_month(contact->market, plan->now_ms);
    if (!*ticket || is_over(plan, *ticket))
        *ticket = open_ticket(plan, in, contact, at_ms);
    else
        go_on(plan, in, *ticket, at_ms);
    if (month > (*ticket)->gone_month) (*ticket)->gone_month = month;
    link_orders(plan, *ticket, in);
    raise_alarm(plan, in, *ticket);
}

void router_case_message(struct router_plan *plan, const struct router_inbound *in,
                         struct router_contact *contact, struct router_ticket **ticket)
{
    struct router_message *message = record(plan, in, contact);
    bool is_live = *ticket && !is_over(plan, *ticket) && (*ticket)->status != ROUTER_RESOLVED;
    if (obey(plan, in, contact)) return;
    /* Neither a reaction nor an auto-responder is somebody waiting for an answer. */
    if (in->is_automatic || in->kind == ROUTER_REACTION || in->kind == ROUTER_UNSEND ||
        (in->kind == ROUTER_EDIT && !is_live)) {
        if (is_live) message->ticket = *ticket;
        return;
    }
    if (in->reading.is_language_sure && !sea_str_eq(contact->language, in->reading.language)) {
        contact->language = in->reading.language;
        contact->is_changed = true;
    }
    remember_thread(in, contact);
    router_case_place(plan, in, contact, message->sent_at_ms, ticket);
    message->ticket = *ticket;
    (*ticket)->message_id = message->id;
    if (in->empty_fields.len)
        router_plan_decide(plan, *ticket, in->cause, ROUTER, "fields_empty", in->empty_fields);
    if (in->reading.asks_to_stop)
        router_plan_decide(plan, *ticket, in->cause, ROUTER, "stop_asked",
                           SEA_STR("in own words: a person decides"));
    want_translation(plan, in, *ticket, message);
    if (in->booking.len)
        remind(plan, in, contact, *ticket);
    else
        answer(plan, in, contact, *ticket);
}
