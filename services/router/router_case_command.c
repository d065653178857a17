/* router_case_command.c: what agents ask for (contract.md, commands). */
#include <string.h>

#include "router_case.h"
#include "router_dispatch.h"
#include "router_person.h"
#include "router_ways.h"
#include "sea_enc.h"
#include "sea_id.h"

enum { MINUTE_MS = 60 * 1000, DAY_MINUTES = 24 * 60 };

/* Free text may be sent so long after the customer's last message (WhatsApp Business Platform,
 * customer service window). */
static const int64_t WINDOW_MS = INT64_C(24) * 3600 * 1000;
static const struct sea_str NOBODY = {"", 0};

static bool is_over(const struct router_ticket *ticket)
{
    return ticket->status == ROUTER_RESOLVED || ticket->status == ROUTER_CLOSED;
}

static bool is_mine(const struct router_ticket *ticket, const struct router_command *command)
{
    return ticket->status != ROUTER_OFFERED && sea_str_eq(ticket->assignee, command->agent.user);
}

static const char *take(struct router_plan *plan, const struct router_command *command,
                        struct router_ticket *ticket)
{
    struct sea_str user = command->agent.user;
    struct router_agent *agent = router_dispatch_agent(plan, user);
    bool is_offered = ticket->status == ROUTER_OFFERED && sea_str_eq(ticket->assignee, user);
    if (is_over(ticket)) return "not_open";
    if (ticket->assignee.len && !sea_str_eq(ticket->assignee, user)) return "already_assigned";
    if (ticket->status == ROUTER_ASSIGNED) return "already_assigned";
    if (!is_offered && !router_dispatch_has_room(plan->rules, agent, ticket->channel))
        return "no_capacity";
    router_dispatch_move(plan, ticket, ROUTER_ASSIGNED, user);
    const struct sea_queue *queue = sea_routing_queue_by_name(plan->rules->routing, ticket->queue);
    bool is_able = !queue || sea_queue_is_served_by(queue, agent->skills);
    router_plan_decide(plan, ticket, command->cause, user, "taken",
                       is_offered ? SEA_STR("offered")
                       : is_able  ? SEA_STR("from the queue")
                                  : SEA_STR("from the queue, without a skill it needs"));
    router_dispatch_change(ticket, command->cause, "taken");
    return "";
}

static bool is_window_over(const struct router_plan *plan, const struct router_contact *contact)
{
    return sea_adapter_has_window(router_person_sender(plan->rules, contact)) &&
           contact->last_in_at_ms + WINDOW_MS <= plan->now_ms;
}

/* The contact a reply goes to first: the customer's on the wanted channel, or as the market does.
 */
static struct router_contact *first_rung(const struct router_plan *plan,
                                         const struct router_command *command,
                                         const struct router_ticket *ticket)
{
    if (!command->channel.len)
        return router_ways_reply(plan->rules, ticket, command->contacts, command->contact_count);
    if (sea_str_eq(command->channel, ticket->channel)) return ticket->contact;
    for (uint32_t i = 0; i < command->contact_count; i++)
        if (sea_str_eq(command->contacts[i]->channel, command->channel))
            return command->contacts[i];
    return NULL;
}

static void set_language(struct router_draft *draft, const struct router_command *command,
                         const struct router_ticket *ticket)
{
    draft->language = command->to_language.len ? command->to_language : ticket->language;
    draft->is_language_sure = command->to_language.len > 0 || ticket->is_language_sure;
    if (!draft->language.len) draft->language = sea_str(ticket->market->languages.items[0]);
}

/* The ladder of a reply, or why there is none. */
static const char *find_ways(const struct router_plan *plan, const struct router_command *command,
                             const struct router_ticket *ticket,
                             struct router_contact *ret[ROUTER_LADDER_MAX], uint32_t *ret_count)
{
    struct router_contact *first = first_rung(plan, command, ticket), *next = command->fallback;
    bool is_elsewhere = first != ticket->contact && router_person_is_marketplace(ticket->contact);
    bool is_plain = router_ways_is_feature_phone(command->contacts, command->contact_count);
    if (!first || is_elsewhere || !router_person_is_reachable(plan->rules, first))
        return "unknown_target";
    if (is_plain && router_ways_needs_data(first->channel)) return "unknown_target";
    if (is_window_over(plan, first)) return "window_closed";
    *ret_count = 0;
    ret[(*ret_count)++] = first;
    if (next && !sea_str_eq(next->channel, first->channel) &&
        !(is_plain && router_ways_needs_data(next->channel)))
        ret[(*ret_count)++] = next;
    return "";
}

/* Where nobody chose a channel and the market chose another than the customer's. */
static void tell_way(struct router_plan *plan, const struct router_command *command,
                     const struct router_ticket *ticket, const struct router_contact *first)
{
    enum sea_complexity how = sea_routing_complexity(plan->rules->routing, ticket->tags.issue);
    if (command->channel.len || first == ticket->contact) return;
    router_plan_decide(plan, ticket, command->cause, SEA_STR("router"), "reply_channel",
                       router_plan_print(plan, "%s in %s: %.*s", SEA_COMPLEXITY_NAMES[how],
                                         ticket->market->code, (int)first->channel.len,
                                         first->channel.ptr));
}

/* What an agent lets be said to the customer, who is waited for then; its words are the caller's to
 * add. */
static const char *speak(struct router_plan *plan, const struct router_command *command,
                         struct router_ticket *ticket, struct router_draft **ret)
{
    struct router_contact *ladder[ROUTER_LADDER_MAX];
    uint32_t rungs = 0;
    if (is_over(ticket)) return "not_open";
    if (!is_mine(ticket, command)) return "not_assigned_to_you";
    const char *reason = find_ways(plan, command, ticket, ladder, &rungs);
    if (*reason) return reason;
    const struct router_contact *first = ladder[0];
    tell_way(plan, command, ticket, first);

    struct router_message *message =
        router_plan_message(plan, command->cause, ticket->contact, ticket->market, plan->now_ms);
    message->ticket = ticket;
    message->language = command->text_language;
    message->text = command->text;
    message->agent = command->agent.user;
    struct router_draft *draft = router_plan_draft(plan, message, SEA_CLASS_REPLY);
    draft->agent = command->agent;
    draft->is_first_reply = !ticket->replied_at_ms;
    draft->last_inbound_ms = first->last_in_at_ms;
    draft->zone = router_person_zone(plan->rules, first);
    set_language(draft, command, ticket);
    memcpy(draft->ladder, ladder, sizeof(ladder));
    draft->ladder_count = rungs;

    ticket->replied_at_ms = plan->now_ms;
    ticket->message_id = message->id;
    if (message->gone_month > ticket->gone_month) ticket->gone_month = message->gone_month;
    router_dispatch_move(plan, ticket, ROUTER_WAITING, ticket->assignee);
    *ret = draft;
    return "";
}

static const char *reply(struct router_plan *plan, const struct router_command *command,
                         struct router_ticket *ticket)
{
    struct router_draft *draft = NULL;
    const char *reason = speak(plan, command, ticket, &draft);
    if (!draft) return reason;
    draft->text = command->text;
    draft->text_language = command->text_language;
    router_dispatch_change(ticket, command->cause, "replied");
    return "";
}

/* The agent reads the join reference where the customer does: in the message. */
static const char *meet(struct router_plan *plan, const struct router_command *command,
                        struct router_ticket *ticket)
{
    struct router_draft *draft = NULL;
    char time[SEA_TIME_TEXT];
    if (!command->link.len) return "unknown_target";
    const char *reason = speak(plan, command, ticket, &draft);
    if (!draft) return reason;
    const struct sea_zone *zone = router_person_clock(plan->rules, draft->ladder[0]);
    int64_t local_ms = zone ? sea_zone_local_ms(zone, command->until_ms) : command->until_ms;
    uint32_t minute = (uint32_t)(local_ms / MINUTE_MS % DAY_MINUTES);
    sea_time_print(command->until_ms, time);
    draft->template = "video_slot";
    draft->expires_at_ms = command->until_ms;
    router_draft_var(draft, "at", sea_arena_str(plan->arena, sea_str(time)));
    router_draft_var(draft, "hour", router_plan_print(plan, "%02u:%02u", minute / 60, minute % 60));
    router_draft_var(draft, "link", command->link);
    router_plan_decide(plan, ticket, command->cause, command->agent.user, "video_booked",
                       sea_arena_str(plan->arena, sea_str(time)));
    router_dispatch_change(ticket, command->cause, "replied");
    return "";
}

static const char *note_down(struct router_plan *plan, const struct router_command *command,
                             struct router_ticket *ticket)
{
    struct router_message *message =
        router_plan_message(plan, command->cause, ticket->contact, ticket->market, plan->now_ms);
    message->id =
        router_month_id(sea_uuid_derive(command->cause->id, "message", 0), message->gone_month);
    message->direction = ROUTER_NOTE;
    message->ticket = ticket;
    message->language = command->text_language;
    message->text = command->text;
    message->agent = command->agent.user;
    if (message->gone_month > ticket->gone_month) ticket->gone_month = message->gone_month;
    ticket->message_id = message->id;
    router_dispatch_change(ticket, command->cause, "noted");
    return "";
}

static const char *resolve(struct router_plan *plan, const struct router_command *command,
                           struct router_ticket *ticket)
{
    if (is_over(ticket)) return "not_open";
    if (!is_mine(ticket, command)) return "not_assigned_to_you";
    ticket->tags = command->tags;
    ticket->resolved_at_ms = plan->now_ms;
    ticket->asked_at_ms = ticket->asked_next_at_ms = 0;
    router_dispatch_move(plan, ticket, ROUTER_RESOLVED, ticket->assignee);
    ticket->due_at_ms = plan->now_ms + plan->rules->reopen_ms;
    router_plan_decide(plan, ticket, command->cause, command->agent.user, "resolved",
                       command->tags.issue);
    router_dispatch_change(ticket, command->cause, "resolved");
    return "";
}

static const char *transfer_to_queue(struct router_plan *plan, struct router_ticket *ticket,
                                     struct sea_str name)
{
    const struct sea_queue *queue = sea_routing_queue_by_name(plan->rules->routing, name);
    if (!queue) return "unknown_target";
    ticket->queue = sea_str(queue->name);
    router_dispatch_move(plan, ticket, ROUTER_OPEN, NOBODY);
    router_dispatch_sort(plan, ticket);
    return "";
}

static const char *transfer_to_agent(struct router_plan *plan, const struct router_command *command,
                                     struct router_ticket *ticket)
{
    struct router_agent *agent = router_map_get(plan->agents, command->to);
    if (!agent || !(agent->has_account || agent->is_stored)) return "unknown_target";
    if (!sea_str_eq(agent->user, ticket->assignee) &&
        !router_dispatch_has_room(plan->rules, agent, ticket->channel))
        return "no_capacity";
    router_dispatch_move(plan, ticket, ROUTER_ASSIGNED, agent->user);
    return "";
}

static const char *transfer(struct router_plan *plan, const struct router_command *command,
                            struct router_ticket *ticket)
{
    static const struct sea_str QUEUE = {"queue:", 6};
    if (is_over(ticket)) return "not_open";
    if (ticket->assignee.len && !is_mine(ticket, command)) return "not_assigned_to_you";
    struct sea_str to = command->to;
    const char *reason =
        sea_str_starts(to, QUEUE.ptr)
            ? transfer_to_queue(plan, ticket,
                                (struct sea_str){to.ptr + QUEUE.len, to.len - QUEUE.len})
            : transfer_to_agent(plan, command, ticket);
    if (*reason) return reason;
    router_plan_decide(plan, ticket, command->cause, command->agent.user, "transferred", to);
    router_dispatch_change(ticket, command->cause, "transferred");
    return "";
}

static const char *snooze(struct router_plan *plan, const struct router_command *command,
                          struct router_ticket *ticket)
{
    if (is_over(ticket)) return "not_open";
    if (!is_mine(ticket, command)) return "not_assigned_to_you";
    router_dispatch_move(plan, ticket, ROUTER_SNOOZED, ticket->assignee);
    /* A time that is over wakes it with the next look. */
    ticket->snoozed_until_ms = ticket->due_at_ms =
        command->until_ms > plan->now_ms ? command->until_ms : plan->now_ms;
    router_plan_decide(plan, ticket, command->cause, command->agent.user, "snoozed", NOBODY);
    router_dispatch_change(ticket, command->cause, "snoozed");
    return "";
}

static const char *carry_out(struct router_plan *plan, const struct router_command *command,
                             struct router_ticket *ticket)
{
    if (!ticket) return "not_found";
    if (ticket->version != command->expected_version) return "version";
    switch (command->kind) {
    case ROUTER_TAKE:
        return take(plan, command, ticket);
    case ROUTER_REPLY:
        return reply(plan, command, ticket);
    case ROUTER_NOTE_DOWN:
        return note_down(plan, command, ticket);
    case ROUTER_RESOLVE:
        return resolve(plan, command, ticket);
    case ROUTER_TRANSFER:
        return transfer(plan, command, ticket);
    case ROUTER_SNOOZE:
        return snooze(plan, command, ticket);
    case ROUTER_MEET:
        return meet(plan, command, ticket);
    }
    return "not_found";
}

void router_case_command(struct router_plan *plan, const struct router_command *command,
                         struct router_ticket *ticket)
{
    struct router_outcome *outcome = router_plan_outcome(plan, command->cause);
    memcpy(outcome->body_hash, command->body_hash, sizeof(outcome->body_hash));
    outcome->reason = carry_out(plan, command, ticket);
    outcome->ticket_id = command->ticket_id;
    outcome->version = ticket ? ticket->version : 0;
}

void router_case_repeat(struct router_plan *plan, const struct router_cause *cause,
                        const uint8_t body_hash[32], const struct router_outcome *known)
{
    struct router_outcome *outcome = router_plan_outcome(plan, cause);
    bool is_same = memcmp(body_hash, known->body_hash, sizeof(known->body_hash)) == 0;
    outcome->is_stored = true;
    outcome->ticket_id = known->ticket_id;
    outcome->version = known->version;
    outcome->reason = is_same ? known->reason : "key-reused";
    memcpy(outcome->body_hash, body_hash, sizeof(outcome->body_hash));
}
