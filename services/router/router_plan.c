/* router_plan.c: appends what the cores decide, and derives the ids. */
#include "router_plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sea_enc.h"
#include "sea_id.h"

enum { TEXT_MAX = 4096, MONTHS_MAX = 600 };
static const int64_t DAY_MS = INT64_C(24) * 3600 * 1000;

void router_plan_init(struct router_plan *plan, struct sea_arena *arena,
                      const struct router_rules *rules, int64_t now_ms)
{
    *plan = (struct router_plan){.arena = arena, .rules = rules, .now_ms = now_ms};
    plan->messages_end = &plan->messages;
    plan->drafts_end = &plan->drafts;
    plan->decisions_end = &plan->decisions;
    plan->outcomes_end = &plan->outcomes;
    plan->consents_end = &plan->consents;
    plan->withdraws_end = &plan->withdraws;
}

void *router_plan_alloc(struct router_plan *plan, size_t size)
{
    void *memory = sea_arena_zero(plan->arena, size);
    sea_assert(memory);
    return memory;
}

struct sea_str router_plan_print(struct router_plan *plan, const char *fmt, ...)
{
    char part[TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(part, sizeof(part), fmt, args);
    va_end(args);
    sea_assert(len >= 0);
    return sea_arena_str(plan->arena, sea_utf8_cut(sea_str(part), sizeof(part) - 1));
}

uint32_t router_gone_month(const struct sea_market *market, int64_t from_ms)
{
    return router_gone_month_of(market, SEA_RETAIN_CONVERSATION, from_ms);
}

uint32_t router_gone_month_of(const struct sea_market *market, enum sea_retention_class class,
                              int64_t from_ms)
{
    struct sea_period period = market->retention[class];
    int32_t year;
    uint32_t month, day;
    if (period.months > MONTHS_MAX) period.months = MONTHS_MAX;
    sea_day_date((int32_t)(sea_period_end_ms(period, from_ms) / DAY_MS), &year, &month, &day);
    return (uint32_t)(year - 1970) * 12 + month - 1;
}

struct sea_uuid router_month_id(struct sea_uuid id, uint32_t month)
{
    sea_assert(month <= UINT16_MAX);
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x80);
    id.bytes[14] = (uint8_t)(month >> 8);
    id.bytes[15] = (uint8_t)month;
    return id;
}

uint32_t router_month_of_id(struct sea_uuid id)
{
    return (uint32_t)id.bytes[14] << 8 | id.bytes[15];
}

struct router_message *router_plan_message(struct router_plan *plan,
                                           const struct router_cause *cause,
                                           struct router_contact *home,
                                           const struct sea_market *market, int64_t sent_at_ms)
{
    struct router_message *message = router_plan_alloc(plan, sizeof(*message));
    message->gone_month = router_gone_month(market, plan->now_ms);
    message->home = home;
    message->sent_at_ms = message->received_at_ms = sent_at_ms;
    message->cause = cause;
    *plan->messages_end = message;
    plan->messages_end = &message->next;
    return message;
}

static struct router_draft *add_draft(struct router_plan *plan, const struct router_cause *cause)
{
    struct router_draft *draft = router_plan_alloc(plan, sizeof(*draft));
    draft->cause = cause;
    draft->id = sea_uuid_derive(cause->id, "drafts", 0);
    *plan->drafts_end = draft;
    plan->drafts_end = &draft->next;
    return draft;
}

struct router_draft *router_plan_draft(struct router_plan *plan, struct router_message *message,
                                       enum sea_message_class class)
{
    struct router_draft *draft = add_draft(plan, message->cause);
    message->id =
        router_month_id(sea_uuid_derive(message->cause->id, "message", 0), message->gone_month);
    message->direction = ROUTER_OUT;
    message->kind = (int)class;
    message->draft = draft;
    draft->class = class;
    draft->message_id = message->id;
    draft->customer = message->home->customer;
    draft->home = message->home->key;
    draft->market = message->home->market;
    draft->last_inbound_ms = message->home->last_in_at_ms;
    draft->is_automatic = class != SEA_CLASS_REPLY;
    if (message->ticket) {
        draft->ticket_id = message->ticket->id;
        draft->market = message->ticket->market;
    }
    return draft;
}

struct router_draft *router_plan_redraft(struct router_plan *plan, const struct router_cause *cause,
                                         const struct router_sent *sent)
{
    struct router_draft *draft = add_draft(plan, cause);
    draft->is_row = true;
    draft->class = sent->class;
    draft->message_id = sent->id;
    draft->ticket_id = sent->ticket_id;
    draft->home = sent->home;
    draft->supersedes = sent->draft_id;
    draft->redraft = sent->redraft + 1;
    draft->is_automatic = sent->class != SEA_CLASS_REPLY;
    return draft;
}

void router_draft_var(struct router_draft *draft, const char *name, struct sea_str value)
{
    if (!value.len) return;
    sea_assert(draft->var_count < ROUTER_VARS_MAX);
    draft->vars[draft->var_count++] = (struct router_var){name, value};
}

static void decide(struct router_plan *plan, struct router_decision decision)
{
    struct router_decision *last = router_plan_alloc(plan, sizeof(*last));
    *last = decision;
    *plan->decisions_end = last;
    plan->decisions_end = &last->next;
}

void router_plan_decide(struct router_plan *plan, const struct router_ticket *ticket,
                        const struct router_cause *cause, struct sea_str by, const char *what,
                        struct sea_str reason)
{
    decide(plan, (struct router_decision){NULL, ticket->id, by, what, reason, false, cause});
}

void router_plan_alert(struct router_plan *plan, const struct router_ticket *ticket,
                       const struct router_cause *cause, const char *name, struct sea_str reason)
{
    struct sea_str by = SEA_STR("router");
    decide(plan, (struct router_decision){NULL, ticket->id, by, name, reason, true, cause});
}

struct router_outcome *router_plan_outcome(struct router_plan *plan,
                                           const struct router_cause *cause)
{
    struct router_outcome *outcome = router_plan_alloc(plan, sizeof(*outcome));
    outcome->cause = cause;
    outcome->command_id = cause->id;
    outcome->reason = "";
    *plan->outcomes_end = outcome;
    plan->outcomes_end = &outcome->next;
    return outcome;
}

void router_plan_consent(struct router_plan *plan, const struct router_cause *cause,
                         const struct router_contact *contact, bool is_marketing, bool is_granted)
{
    struct router_consent *consent = router_plan_alloc(plan, sizeof(*consent));
    consent->contact = contact;
    consent->is_marketing = is_marketing;
    consent->is_granted = is_granted;
    consent->at_ms = is_marketing ? contact->marketing_at_ms : contact->service_at_ms;
    consent->n = is_marketing ? 1 : 0;
    consent->cause = cause;
    *plan->consents_end = consent;
    plan->consents_end = &consent->next;
}

void router_plan_withdraw(struct router_plan *plan, const struct router_cause *cause,
                          const struct router_notice *notice, uint32_t n)
{
    struct router_withdraw *withdraw = router_plan_alloc(plan, sizeof(*withdraw));
    withdraw->to = notice->to;
    withdraw->draft_id = notice->draft_id;
    withdraw->n = n;
    withdraw->cause = cause;
    *plan->withdraws_end = withdraw;
    plan->withdraws_end = &withdraw->next;
}

uint64_t router_plan_number_drafts(struct router_plan *plan, struct sea_uuid customer,
                                   uint64_t last)
{
    for (struct router_draft *draft = plan->drafts; draft; draft = draft->next) {
        if (!sea_uuid_eq(draft->customer, customer)) continue;
        draft->prev_seq = last;
        draft->seq = ++last;
    }
    return last;
}
