/* router_case_delivery.c: what became of what was said. */
#include "router_case.h"
#include "router_dispatch.h"
#include "router_person.h"
#include "sea_id.h"

static const struct sea_str ROUTER = {"router", 6};

static bool is_accepted(enum router_delivery state)
{
    return state == ROUTER_ACCEPTED || state == ROUTER_DELIVERED || state == ROUTER_READ;
}

/* It won't arrive, or nobody knows: an agent must see it. */
static bool is_trouble(enum router_delivery state)
{
    return state == ROUTER_BLOCKED || state == ROUTER_FAILED || state == ROUTER_DROPPED ||
           state == ROUTER_RETURNED || state == ROUTER_UNCERTAIN;
}

static void note_state(struct router_sent *sent, const struct router_delivered *news)
{
    sent->version = news->version;
    sent->state = news->state;
    sent->reason = news->reason;
    sent->rule = news->rule;
    sent->at_ms = news->at_ms;
    sent->release_at_ms = news->release_at_ms;
    sent->span_from = news->span_from;
    sent->span_to = news->span_to;
    sent->to = news->to;
    if (news->words.len) {
        sent->words = news->words;
        sent->words_language = news->words_language;
    }
    sent->is_changed = true;
}

static void prove(struct router_ticket *ticket, const struct router_delivered *news,
                  const struct router_sent *sent)
{
    const char *change = NULL;
    if (!ticket->acknowledged_at_ms) {
        ticket->acknowledged_at_ms = news->at_ms;
        change = "acknowledged";
    }
    if (sent->class == SEA_CLASS_REPLY) {
        if (!ticket->answered_at_ms) {
            ticket->answered_at_ms = news->at_ms;
            change = "answered";
        }
        if (ticket->asked_at_ms && sent->drafted_at_ms >= ticket->replied_at_ms) {
            ticket->asked_at_ms = ticket->asked_next_at_ms;
            ticket->asked_next_at_ms = 0;
            change = "answered";
        }
    }
    if (change) router_dispatch_change(ticket, news->cause, change);
}

/* A person's reply didn't get through: the ticket is that person's again. */
static void give_back(struct router_plan *plan, struct router_ticket *ticket,
                      const struct router_delivered *news, const struct router_sent *sent)
{
    if (sent->class != SEA_CLASS_REPLY || ticket->status != ROUTER_WAITING) return;
    router_plan_decide(plan, ticket, news->cause, ROUTER, "reply_not_delivered", news->reason);
    router_dispatch_move(plan, ticket, ticket->assignee.len ? ROUTER_ASSIGNED : ROUTER_OPEN,
                         ticket->assignee);
    router_dispatch_change(ticket, news->cause, "reply_not_delivered");
}

/* What came back is said again by the ways that are left, at most twice. */
static bool redraft(struct router_plan *plan, const struct router_delivered *news,
                    struct router_sent *sent, struct router_ticket *ticket)
{
    struct router_contact *ladder[ROUTER_LADDER_MAX];
    bool is_refused;
    if (sent->redraft >= ROUTER_REDRAFTS_MAX || !sent->text.len || !ticket) return false;
    uint32_t rungs =
        router_person_ladder(plan->rules, news->contacts, news->contact_count, ladder, &is_refused);
    struct router_draft *draft = NULL;
    for (uint32_t i = 0; i < rungs; i++) {
        if (sea_str_eq(ladder[i]->channel, news->channel)) continue;
        if (!draft) draft = router_plan_redraft(plan, news->cause, sent);
        draft->ladder[draft->ladder_count++] = ladder[i];
    }
    if (!draft) return false;
    draft->customer = ticket->contact->customer;
    draft->market = ticket->market;
    draft->zone = router_person_zone(plan->rules, draft->ladder[0]);
    draft->language = ticket->language;
    draft->is_language_sure = ticket->is_language_sure;
    if (!draft->language.len) draft->language = sea_str(ticket->market->languages.items[0]);
    draft->text = sent->text;
    draft->text_language = sent->language;
    draft->agent.user = sent->agent;
    draft->last_inbound_ms = draft->ladder[0]->last_in_at_ms;
    sent->draft_id = draft->id;
    sent->redraft = draft->redraft;
    sent->version = 0;
    sent->state = ROUTER_DRAFTED;
    sent->to = draft->ladder[0]->key;
    router_plan_decide(plan, ticket, news->cause, ROUTER, "said_again", draft->ladder[0]->channel);
    return true;
}

bool router_case_delivery(struct router_plan *plan, const struct router_delivered *news,
                          struct router_sent *sent, struct router_ticket *ticket)
{
    if (!sea_uuid_eq(news->draft_id, sent->draft_id)) return false;
    if (news->version <= sent->version) return false;
    note_state(sent, news);
    if (news->state == ROUTER_RETURNED && redraft(plan, news, sent, ticket)) return true;
    if (!ticket) return true;
    if (is_accepted(news->state)) prove(ticket, news, sent);
    if (is_trouble(news->state)) give_back(plan, ticket, news, sent);
    return true;
}
