/* Router's case core: what messages, commands and deliveries do to a ticket. */
#include "router_world.h"

static void sent_at_is_the_providers_time_unless_absent_or_in_the_future(void **state)
{
    (void)state;
    static const int64_t PROVIDER_RECEIVED_WANT[][3] = {
        {-5000, -1000, -5000}, {0, -1000, -1000}, {1, -1000, -1000},
        {86400000, -1, -1},    {-5000, 5, -5000}, {5, 5, 0},
    };
    for (size_t i = 0; i < SEA_COUNT(PROVIDER_RECEIVED_WANT); i++) {
        const int64_t *t = PROVIDER_RECEIVED_WANT[i];
        struct router_inbound in = {.provider_time_ms = t[0] ? T0 + t[0] : 0,
                                    .received_at_ms = T0 + t[1]};
        assert_int_equal(router_case_sent_at_ms(&in, T0) - T0, t[2]);
    }
}

static void a_first_message_opens_a_ticket_in_the_markets_queue_CH_10(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_inbound in = inbound(world, "Quero trocar o tamanho");
    struct router_ticket *ticket = NULL;
    in.reading.language = sea_str("pt");
    in.reading.is_language_sure = true;
    router_case_message(&world->plan, &in, from, &ticket);
    assert_non_null(ticket);
    assert_int_equal(ticket->status, ROUTER_OPEN);
    assert_int_equal(ticket->version, 1);
    assert_string_equal(ticket->market->code, "BR");
    assert_str_equal(ticket->queue, "latam");
    assert_str_equal(ticket->language, "pt");
    assert_str_equal(from->language, "pt");
    assert_str_equal(ticket->subject, "Quero trocar o tamanho");
    assert_int_equal(ticket->asked_at_ms, T0 - 1000);
    assert_true(ticket->sort_at_ms > T0);
    assert_string_equal(ticket->change, "opened");
    assert_true(is_decided(world, "opened"));
    const struct router_message *row = world->plan.messages;
    assert_ptr_equal(row->ticket, ticket);
    assert_null(row->next);
    assert_str_equal(row->to_language, "en"); /* the desk doesn't read Portuguese */
    assert_int_equal(router_month_of_id(row->id), row->gone_month);
    assert_int_equal(row->gone_month, (2027 - 1970) * 12 + 10); /* P12M from November 2026 */
    assert_int_equal(ticket->gone_month, row->gone_month);
}

static void a_translation_is_wanted_only_of_a_language_that_is_sure_and_foreign(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *language;
        bool is_sure, is_wanted;
    } CASES[] = {{"pt", true, true},     {"pt", false, false}, {"en", true, false},
                 {"en-GB", true, false}, {"", false, false},   {"zh-Hant", true, true}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct router_contact *from = contact(world, "whatsapp", "5511912345678");
        struct router_ticket *ticket = NULL;
        world_next(world, T0);
        struct router_inbound in = inbound(world, "some text");
        in.reading.language = sea_str(CASES[i].language);
        in.reading.is_language_sure = CASES[i].is_sure;
        router_case_message(&world->plan, &in, from, &ticket);
        assert_int_equal(world->plan.messages->to_language.len > 0, CASES[i].is_wanted);
    }
}

static void a_second_message_goes_on_with_the_ticket_and_the_oldest_question_stays(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_ticket *ticket = opened(world, from), *same = ticket;
    world_next(world, T0 + MINUTE);
    struct router_inbound in = inbound(world, "are you there?");
    router_case_message(&world->plan, &in, from, &ticket);
    assert_ptr_equal(ticket, same);
    assert_int_equal(ticket->version, 2);
    assert_int_equal(ticket->asked_at_ms, T0 - 1000);
    assert_int_equal(ticket->last_in_at_ms, T0 + MINUTE - 1000);
    assert_string_equal(ticket->change, "message");
    assert_null(world->plan.decisions);
}

static void resolved_tickets_open_again_soon_and_give_way_to_a_new_one_later(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_ticket *ticket = opened(world, from), *first = ticket;
    router_dispatch_move(&world->plan, ticket, ROUTER_RESOLVED, sea_str("ana"));
    ticket->resolved_at_ms = T0;
    ticket->asked_at_ms = 0;
    world_next(world, T0 + 3 * DAY - 1);
    struct router_inbound in = inbound(world, "one more thing");
    router_case_message(&world->plan, &in, from, &ticket);
    assert_ptr_equal(ticket, first);
    assert_int_equal(ticket->status, ROUTER_OPEN);
    assert_int_equal(ticket->assignee.len, 0);
    assert_int_equal(ticket->resolved_at_ms, 0);
    assert_string_equal(ticket->change, "reopened");

    router_dispatch_move(&world->plan, ticket, ROUTER_RESOLVED, sea_str("ana"));
    ticket->resolved_at_ms = T0;
    world_next(world, T0 + 3 * DAY);
    in = inbound(world, "another matter");
    router_case_message(&world->plan, &in, from, &ticket);
    assert_ptr_not_equal(ticket, first);
    assert_int_equal(ticket->version, 1);

    router_dispatch_move(&world->plan, ticket, ROUTER_CLOSED, sea_str(""));
    struct router_ticket *second = ticket;
    in = inbound(world, "a third");
    router_case_message(&world->plan, &in, from, &ticket);
    assert_ptr_not_equal(ticket, second);
}

static void reactions_edits_and_auto_responders_are_recorded_and_change_nothing(void **state)
{
    struct world *world = *state;
    static const struct {
        enum router_kind kind;
        bool is_automatic, changes_a_live_ticket;
    } CASES[] = {{ROUTER_REACTION, false, false},
                 {ROUTER_UNSEND, false, false},
                 {ROUTER_TEXT, true, false},
                 {ROUTER_EDIT, false, true}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct router_contact *from = contact(world, "whatsapp", "5511912345678");
        struct router_ticket *ticket = NULL;
        world_next(world, T0);
        struct router_inbound in = inbound(world, "x");
        in.kind = CASES[i].kind;
        in.is_automatic = CASES[i].is_automatic;
        router_case_message(&world->plan, &in, from, &ticket);
        assert_null(ticket);
        assert_non_null(world->plan.messages);
        assert_null(world->plan.messages->ticket);

        ticket = opened(world, from);
        world_next(world, T0 + MINUTE);
        router_case_message(&world->plan, &in, from, &ticket);
        assert_ptr_equal(world->plan.messages->ticket, ticket);
        assert_int_equal(ticket->change != NULL, CASES[i].changes_a_live_ticket);
    }
}

static void stop_ends_notices_confirms_once_and_opens_no_ticket(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_ticket *ticket = NULL;
    struct router_inbound in = inbound(world, "STOP");
    in.reading.word = ROUTER_STOP;
    router_case_message(&world->plan, &in, from, &ticket);
    assert_null(ticket);
    assert_true(from->is_service_refused);
    assert_int_equal(from->service_at_ms, T0 - 1000);
    const struct router_consent *first = world->plan.consents;
    assert_false(first->is_granted || first->is_marketing);
    assert_true(first->next->is_marketing && !first->next->is_granted);
    assert_int_equal(drafts(world), 1);
    assert_int_equal(world->plan.drafts->class, SEA_CLASS_LEGAL);
    assert_string_equal(world->plan.drafts->template, "stop_confirmation");
    assert_ptr_equal(world->plan.drafts->ladder[0], from);
    assert_true(world->plan.drafts->is_automatic);

    world_next(world, T0 + MINUTE);
    in = inbound(world, "stop!");
    in.reading.word = ROUTER_STOP;
    router_case_message(&world->plan, &in, from, &ticket);
    assert_int_equal(drafts(world), 0); /* confirmed once */
    assert_null(ticket);
}

static void start_gives_notices_back_but_not_marketing(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_ticket *ticket = NULL;
    struct router_inbound in = inbound(world, "START");
    in.reading.word = ROUTER_START;
    router_case_message(&world->plan, &in, from, &ticket);
    assert_non_null(ticket); /* nothing was refused: a word like others */
    assert_null(world->plan.consents);

    ticket = NULL;
    from->is_service_refused = true;
    from->service_at_ms = T0 - HOUR;
    world_next(world, T0);
    router_case_message(&world->plan, &in, from, &ticket);
    assert_null(ticket);
    assert_false(from->is_service_refused);
    assert_non_null(world->plan.consents);
    assert_true(world->plan.consents->is_granted);
    assert_null(world->plan.consents->next);
    assert_string_equal(world->plan.drafts->template, "start_confirmation");
}

static struct router_order *order(struct world *world, const char *id,
                                  const struct router_contact *owner, uint32_t milestone)
{
    struct router_order *ret = router_plan_alloc(&world->plan, sizeof(*ret));
    ret->id = sea_str(id);
    if (owner) ret->customer = owner->customer;
    ret->milestone = milestone;
    ret->milestone_at_ms = T0 - DAY;
    ret->is_stored = true;
    return ret;
}

static const char *var(const struct router_draft *draft, const char *name)
{
    static char text[200];
    for (uint32_t i = 0; i < draft->var_count; i++)
        if (strcmp(draft->vars[i].name, name) == 0) {
            snprintf(text, sizeof(text), "%.*s", (int)draft->vars[i].value.len,
                     draft->vars[i].value.ptr);
            return text;
        }
    return NULL;
}

static void where_is_my_order_is_answered_from_the_timeline_TK_15(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    const struct router_order *mine = order(world, "1001", from, 5);
    struct router_ticket *ticket = NULL;
    struct router_inbound in = inbound(world, "onde está o pedido 1001?");
    in.reading.asks_for_order = true;
    in.orders = &mine;
    in.order_count = 1;
    router_case_message(&world->plan, &in, from, &ticket);
    assert_int_equal(ticket->order_count, 1);
    assert_str_equal(ticket->orders[0], "1001");
    assert_int_equal(drafts(world), 1);
    const struct router_draft *draft = world->plan.drafts;
    assert_int_equal(draft->class, SEA_CLASS_AUTO);
    assert_string_equal(draft->template, "order_status");
    assert_string_equal(var(draft, "state"), "state_out_for_delivery");
    assert_string_equal(var(draft, "at"), "2026-11-20T08:00:00Z");
    assert_true(sea_uuid_eq(draft->ticket_id, ticket->id));
    assert_int_equal(ticket->status, ROUTER_OPEN); /* it keeps its place before a person */
    assert_true(is_decided(world, "auto_answered"));
}

static void trouble_is_told_with_its_reason_and_expected_time_when_both_are_known(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_order *mine = order(world, "1001", from, 4);
    struct router_draft held = {.template = NULL}, plain = {.template = NULL};
    mine->exception = 1;
    mine->since_ms = T0 - HOUR;
    router_case_order_answer(&world->plan, &plain, mine);
    assert_string_equal(plain.template, "order_status");
    assert_string_equal(var(&plain, "state"), "state_customs_held");
    mine->reason = sea_str("missing_tax_id");
    mine->expected_at_ms = T0 + DAY;
    router_case_order_answer(&world->plan, &held, mine);
    assert_string_equal(held.template, "order_status_held");
    assert_string_equal(var(&held, "reason"), "missing_tax_id");
    assert_string_equal(var(&held, "expected_at"), "2026-11-22T08:00:00Z");
}

static void the_newest_unfinished_order_is_meant_when_none_is_named(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_order *old = order(world, "1", from, 3), *finished = order(world, "2", from, 6),
                        *newest = order(world, "3", from, 4);
    const struct router_order *own[] = {old, finished, newest};
    struct router_ticket *ticket = NULL;
    finished->milestone_at_ms = T0 - 1;
    newest->milestone_at_ms = T0 - HOUR;
    struct router_inbound in = inbound(world, "where is my order?");
    in.reading.asks_for_order = true;
    in.own = own;
    in.own_count = SEA_COUNT(own);
    router_case_message(&world->plan, &in, from, &ticket);
    assert_string_equal(var(world->plan.drafts, "order_id"), "3");
    assert_str_equal(ticket->orders[0], "3");
}

static void nobody_is_told_about_somebody_elses_order(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_contact *other = contact(world, "whatsapp", "5511900000000");
    const struct router_order *theirs = order(world, "1001", other, 5);
    struct router_ticket *ticket = NULL;
    struct router_inbound in = inbound(world, "where is order 1001?");
    in.reading.asks_for_order = true;
    in.orders = &theirs;
    in.order_count = 1;
    router_case_message(&world->plan, &in, from, &ticket);
    assert_int_equal(drafts(world), 0);
    assert_str_equal(ticket->orders[0], "1001"); /* an agent sees which is meant */
}

static void automatic_answers_are_bounded_and_stop_where_a_person_is(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    const struct router_order *mine = order(world, "1001", from, 5);
    struct router_ticket *ticket = NULL;
    struct router_inbound in = inbound(world, "where is my order");
    in.reading.asks_for_order = true;
    in.own = &mine;
    in.own_count = 1;
    for (int i = 0; i < 4; i++) {
        in.cause = cause(world);
        router_case_message(&world->plan, &in, from, &ticket);
    }
    assert_int_equal(drafts(world), 2); /* two an hour */
    assert_true(is_decided(world, "auto_limit"));
    world_next(world, T0 + HOUR);
    in.cause = cause(world);
    router_case_message(&world->plan, &in, from, &ticket);
    assert_int_equal(drafts(world), 1);
    world_next(world, T0 + 3 * HOUR);
    in.cause = cause(world);
    in.reading.asks_for_person = true;
    router_case_message(&world->plan, &in, from, &ticket);
    assert_int_equal(drafts(world), 0);
    in.reading.asks_for_person = false;
    ticket->replied_at_ms = T0;
    router_case_message(&world->plan, &in, from, &ticket);
    assert_int_equal(drafts(world), 0);
}

static void an_unknown_order_is_said_to_be_unknown_unless_it_was_named(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_ticket *ticket = NULL;
    struct router_inbound in = inbound(world, "where is my order");
    in.reading.asks_for_order = true;
    router_case_message(&world->plan, &in, from, &ticket);
    assert_string_equal(world->plan.drafts->template, "order_unknown");
    world_next(world, T0);
    in.cause = cause(world);
    in.order_id = sea_str("77");
    router_case_message(&world->plan, &in, from, &ticket);
    assert_int_equal(drafts(world), 0);
}

static struct router_ticket *taken(struct world *world, struct router_contact *from,
                                   const char *user)
{
    struct router_ticket *ticket = opened(world, from);
    struct router_command take = command(world, ROUTER_TAKE, user, ticket);
    assert_string_equal(ask(world, &take, ticket), "");
    return ticket;
}

static void take_is_for_open_tickets_and_agents_with_room(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_ticket *ticket = taken(world, from, "ana");
    assert_int_equal(ticket->status, ROUTER_ASSIGNED);
    assert_str_equal(ticket->assignee, "ana");
    assert_int_equal(router_dispatch_agent(&world->plan, sea_str("ana"))->load, 2);
    struct router_command again = command(world, ROUTER_TAKE, "wei", ticket);
    assert_string_equal(ask(world, &again, ticket), "already_assigned");

    struct router_ticket *other = opened(world, contact(world, "whatsapp", "5511912345679"));
    router_dispatch_agent(&world->plan, sea_str("ana"))->load = 9;
    struct router_command full = command(world, ROUTER_TAKE, "ana", other);
    assert_string_equal(ask(world, &full, other), "no_capacity");
    router_dispatch_move(&world->plan, other, ROUTER_RESOLVED, sea_str(""));
    struct router_command late = command(world, ROUTER_TAKE, "ana", other);
    assert_string_equal(ask(world, &late, other), "not_open");
}

static void what_is_offered_to_or_waits_with_somebody_is_not_for_others(void **state)
{
    struct world *world = *state;
    struct router_ticket *ticket = opened(world, contact(world, "whatsapp", "5511912345678"));
    router_dispatch_agent(&world->plan, sea_str("wei"))->load = 9;
    router_dispatch_move(&world->plan, ticket, ROUTER_OFFERED, sea_str("wei"));
    struct router_command take = command(world, ROUTER_TAKE, "ana", ticket);
    assert_string_equal(ask(world, &take, ticket), "already_assigned");
    take = command(world, ROUTER_TAKE, "wei", ticket);
    assert_string_equal(ask(world, &take, ticket), ""); /* the room was reserved */
    assert_int_equal(router_dispatch_agent(&world->plan, sea_str("wei"))->load, 11);
    router_dispatch_move(&world->plan, ticket, ROUTER_WAITING, sea_str("wei"));
    take = command(world, ROUTER_TAKE, "ana", ticket);
    assert_string_equal(ask(world, &take, ticket), "already_assigned");
}

static void every_command_needs_the_version_it_was_decided_on(void **state)
{
    struct world *world = *state;
    struct router_ticket *ticket = opened(world, contact(world, "whatsapp", "5511912345678"));
    struct router_command take = command(world, ROUTER_TAKE, "ana", ticket);
    take.expected_version--;
    assert_string_equal(ask(world, &take, ticket), "version");
    assert_int_equal(ticket->status, ROUTER_OPEN);
    assert_int_equal(world->plan.outcomes->version, 1); /* says the present one */
    assert_string_equal(ask(world, &take, NULL), "not_found");
}

static void a_reply_goes_by_the_tickets_channel_with_sms_behind_it(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_contact *sms = contact(world, "twilio-sms", "+5511912345678");
    struct router_ticket *ticket = taken(world, from, "ana");
    struct router_command said = command(world, ROUTER_REPLY, "ana", ticket);
    said.fallback = sms;
    said.to_language = sea_str("pt-BR");
    assert_string_equal(ask(world, &said, ticket), "");
    const struct router_draft *draft = world->plan.drafts;
    assert_int_equal(draft->class, SEA_CLASS_REPLY);
    assert_false(draft->is_automatic);
    assert_int_equal(draft->ladder_count, 2);
    assert_ptr_equal(draft->ladder[0], from);
    assert_ptr_equal(draft->ladder[1], sms);
    assert_str_equal(draft->language, "pt-BR");
    assert_string_equal(draft->zone, "America/Sao_Paulo");
    assert_str_equal(draft->agent.name, "Ana");
    assert_true(draft->is_first_reply);
    assert_int_equal(draft->last_inbound_ms, T0 - 1000);
    assert_int_equal(ticket->status, ROUTER_WAITING);
    assert_int_equal(ticket->asked_at_ms, T0 - 1000); /* until the provider took it */
    assert_int_equal(router_dispatch_agent(&world->plan, sea_str("ana"))->load, 0);
}

static void replies_are_refused_with_their_reason(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_ticket *ticket = taken(world, from, "ana");
    struct router_command said = command(world, ROUTER_REPLY, "wei", ticket);
    assert_string_equal(ask(world, &said, ticket), "not_assigned_to_you");
    said = command(world, ROUTER_REPLY, "ana", ticket);
    said.channel = sea_str("line");
    assert_string_equal(ask(world, &said, ticket), "unknown_target");
    world_next(world, T0 + DAY - 1000); /* a day after the customer's message */
    said = command(world, ROUTER_REPLY, "ana", ticket);
    assert_string_equal(ask(world, &said, ticket), "window_closed");
    world_next(world, T0 + DAY - 1001);
    said = command(world, ROUTER_REPLY, "ana", ticket);
    assert_string_equal(ask(world, &said, ticket), "");
    router_dispatch_move(&world->plan, ticket, ROUTER_RESOLVED, sea_str("ana"));
    said = command(world, ROUTER_REPLY, "ana", ticket);
    assert_string_equal(ask(world, &said, ticket), "not_open");
}

static void a_form_cannot_be_answered_by_itself(void **state)
{
    struct world *world = *state;
    struct router_ticket *ticket = taken(world, contact(world, "form", "m@example.com"), "ana");
    struct router_command said = command(world, ROUTER_REPLY, "ana", ticket);
    assert_string_equal(ask(world, &said, ticket), "unknown_target");
}

/* CH-14 */
static void CH_14_a_marketplaces_buyer_is_answered_there_or_nowhere(void **state)
{
    struct world *world = *state;
    struct router_contact *buyer = contact(world, "amazon", "x1@marketplace.amazon.com"),
                          *number = contact(world, "twilio-sms", "+12025550123");
    struct router_contact *both[] = {buyer, number}, *ladder[ROUTER_LADDER_MAX];
    bool is_refused;
    buyer->account = sea_str("buyers");
    buyer->market = number->market; /* one with a fall-back by SMS */
    assert_non_null(number->market->fallback_channel);
    assert_null(router_person_fallback(&world->rules, buyer));
    assert_int_equal(router_person_ladder(&world->rules, both, 2, ladder, &is_refused), 1);
    assert_ptr_equal(ladder[0], number);

    struct router_ticket *ticket = taken(world, buyer, "ana");
    struct router_command said = command(world, ROUTER_REPLY, "ana", ticket);
    said.contacts = both;
    said.contact_count = 2;
    said.channel = sea_str("twilio-sms");
    assert_string_equal(ask(world, &said, ticket), "unknown_target");
    said.channel = sea_str("");
    assert_string_equal(ask(world, &said, ticket), "");
    assert_int_equal(world->plan.drafts->ladder_count, 1);
    assert_ptr_equal(world->plan.drafts->ladder[0], buyer);
}

/* DV-11 */
static void DV_11_a_visit_is_on_the_day_that_was_chosen_by_the_callers_clock(void **state)
{
    struct world *world = *state;
    static const struct {
        struct sea_visit visit;
        int64_t after_ms; /* T0 is 11:00 on a Saturday in Nairobi */
    } ROWS[] = {
        {{1, 0, 9 * 60}, 22 * HOUR},       /* tomorrow, 09:00 */
        {{0, 6, 10 * 60}, 7 * DAY - HOUR}, /* the next Saturday isn't today */
        {{0, 1, 0}, DAY + 13 * HOUR},      /* Monday, midnight */
    };
    struct router_contact *caller = contact(world, "ussd", "+254711000001");
    const struct sea_zone *zone = router_person_clock(&world->rules, caller);
    for (size_t i = 0; i < SEA_COUNT(ROWS); i++)
        assert_int_equal(router_case_visit_ms(zone, &ROWS[i].visit, T0), T0 + ROWS[i].after_ms);
    assert_int_equal(router_case_visit_ms(zone, &(struct sea_visit){0}, T0), 0);
}

/* DV-11 */
static void DV_11_a_booking_is_reminded_of_by_sms_before_it(void **state)
{
    struct world *world = *state;
    struct router_contact *caller = contact(world, "ussd", "+254711000001"),
                          *sms = contact(world, "twilio-sms", "+254711000001");
    struct router_inbound in = inbound(world, "Book a visit > Tomorrow morning");
    struct router_ticket *ticket = NULL;
    in.booking = sea_str("01234567");
    in.visit = (struct sea_visit){1, 0, 9 * 60};
    in.reminded = sms;
    router_case_message(&world->plan, &in, caller, &ticket);
    assert_int_equal(drafts(world), 1);
    const struct router_draft *draft = world->plan.drafts;
    assert_string_equal(draft->template, "visit_reminder");
    assert_string_equal(draft->zone, "Africa/Nairobi");
    assert_ptr_equal(draft->ladder[0], sms);
    assert_int_equal(draft->class, SEA_CLASS_SERVICE);
    assert_int_equal(draft->not_before_ms, T0 + 20 * HOUR);
    assert_int_equal(draft->expires_at_ms, T0 + 22 * HOUR);
    assert_ptr_equal(draft->collapse_key.ptr, NULL);
    assert_true(sea_str_is(draft->vars[0].value, "01234567"));
    assert_true(sea_str_is(draft->vars[1].value, "2026-11-22T06:00:00Z"));
    assert_true(sea_str_is(draft->vars[2].value, "09:00"));

    world_next(world, T0 + HOUR);
    in = inbound(world, "Book a visit > Tomorrow morning");
    in.booking = sea_str("76543210");
    in.visit = (struct sea_visit){1, 0, 9 * 60};
    in.reminded = sms;
    sms->is_service_refused = true;
    router_case_message(&world->plan, &in, caller, &ticket);
    assert_int_equal(drafts(world), 0);
}

/* CH-16 */
static void CH_16_a_video_call_is_told_with_its_time_and_where_to_join(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_ticket *ticket = taken(world, from, "ana");
    struct router_command meet = command(world, ROUTER_MEET, "ana", ticket);
    meet.until_ms = T0 + DAY;
    assert_string_equal(ask(world, &meet, ticket), "unknown_target"); /* nowhere to meet */
    meet = command(world, ROUTER_MEET, "wei", ticket);
    meet.link = sea_str("https://meet.example/0a");
    assert_string_equal(ask(world, &meet, ticket), "not_assigned_to_you");
    meet = command(world, ROUTER_MEET, "ana", ticket);
    meet.link = sea_str("https://meet.example/0a");
    meet.until_ms = T0 + DAY; /* 05:00 in Sao Paulo */
    assert_string_equal(ask(world, &meet, ticket), "");
    const struct router_draft *draft = world->plan.drafts;
    assert_string_equal(draft->template, "video_slot");
    assert_ptr_equal(draft->ladder[0], from);
    assert_int_equal(draft->class, SEA_CLASS_REPLY);
    assert_int_equal(draft->expires_at_ms, T0 + DAY);
    assert_true(sea_str_is(draft->vars[0].value, "2026-11-22T08:00:00Z"));
    assert_true(sea_str_is(draft->vars[1].value, "05:00"));
    assert_true(sea_str_is(draft->vars[2].value, "https://meet.example/0a"));
    assert_int_equal(ticket->status, ROUTER_WAITING);
}

static void notes_resolve_snooze_and_transfer_do_what_they_say(void **state)
{
    struct world *world = *state;
    struct router_ticket *ticket = taken(world, contact(world, "whatsapp", "5511912345678"), "ana");
    struct router_command note = command(world, ROUTER_NOTE_DOWN, "wei", ticket);
    assert_string_equal(ask(world, &note, ticket), "");
    assert_int_equal(ticket->status, ROUTER_ASSIGNED);

    struct router_command snooze = command(world, ROUTER_SNOOZE, "ana", ticket);
    snooze.until_ms = T0 + HOUR;
    assert_string_equal(ask(world, &snooze, ticket), "");
    assert_int_equal(ticket->status, ROUTER_SNOOZED);
    assert_int_equal(ticket->due_at_ms, T0 + HOUR);

    struct router_command transfer = command(world, ROUTER_TRANSFER, "ana", ticket);
    transfer.to = sea_str("queue:nowhere");
    assert_string_equal(ask(world, &transfer, ticket), "unknown_target");
    transfer.to = sea_str("nobody");
    assert_string_equal(ask(world, &transfer, ticket), "unknown_target");
    router_dispatch_agent(&world->plan, sea_str("wei"))->has_account = true;
    transfer.to = sea_str("wei");
    assert_string_equal(ask(world, &transfer, ticket), "");
    assert_str_equal(ticket->assignee, "wei");
    assert_int_equal(ticket->due_at_ms, 0);
    assert_int_equal(router_dispatch_agent(&world->plan, sea_str("wei"))->load, 2);
    transfer = command(world, ROUTER_TRANSFER, "wei", ticket);
    transfer.to = sea_str("queue:general");
    assert_string_equal(ask(world, &transfer, ticket), "");
    assert_int_equal(ticket->status, ROUTER_OPEN);
    assert_str_equal(ticket->queue, "general");
    assert_int_equal(router_dispatch_agent(&world->plan, sea_str("wei"))->load, 0);

    struct router_command take = command(world, ROUTER_TAKE, "wei", ticket);
    assert_string_equal(ask(world, &take, ticket), "");
    struct router_command done = command(world, ROUTER_RESOLVE, "ana", ticket);
    assert_string_equal(ask(world, &done, ticket), "not_assigned_to_you");
    done = command(world, ROUTER_RESOLVE, "wei", ticket);
    done.tags.issue = sea_str("size");
    assert_string_equal(ask(world, &done, ticket), "");
    assert_int_equal(ticket->status, ROUTER_RESOLVED);
    assert_str_equal(ticket->tags.issue, "size");
    assert_int_equal(ticket->due_at_ms, T0 + 3 * DAY);
    assert_int_equal(ticket->asked_at_ms, 0);
    done = command(world, ROUTER_RESOLVE, "wei", ticket);
    assert_string_equal(ask(world, &done, ticket), "not_open");
}

static void a_repeated_command_gets_the_same_answer_and_another_body_is_refused(void **state)
{
    struct world *world = *state;
    struct router_outcome known = {.reason = "no_capacity", .version = 7, .body_hash = {1}};
    uint8_t same[32] = {1}, other[32] = {2};
    router_case_repeat(&world->plan, cause(world), same, &known);
    router_case_repeat(&world->plan, cause(world), other, &known);
    const struct router_outcome *first = world->plan.outcomes;
    assert_string_equal(first->reason, "no_capacity");
    assert_int_equal(first->version, 7);
    assert_true(first->is_stored);
    assert_string_equal(first->next->reason, "key-reused");
}

/* A reply of ana's on its way. */
static struct router_sent *replied(struct world *world, struct router_ticket *ticket)
{
    struct router_command said = command(world, ROUTER_REPLY, "ana", ticket);
    struct router_sent *sent = router_plan_alloc(&world->plan, sizeof(*sent));
    assert_string_equal(ask(world, &said, ticket), "");
    sent->id = world->plan.drafts->message_id;
    sent->draft_id = world->plan.drafts->id;
    sent->ticket_id = ticket->id;
    sent->class = SEA_CLASS_REPLY;
    sent->state = ROUTER_DRAFTED;
    sent->drafted_at_ms = world->plan.now_ms;
    sent->text = sea_str("we are on it");
    sent->agent = sea_str("ana");
    return sent;
}

static struct router_delivered news(struct world *world, const struct router_sent *sent,
                                    enum router_delivery what, uint64_t version)
{
    return (struct router_delivered){.cause = cause(world),
                                     .draft_id = sent->draft_id,
                                     .version = version,
                                     .state = what,
                                     .at_ms = world->plan.now_ms,
                                     .channel = sea_str("whatsapp")};
}

static void acceptance_by_the_provider_answers_the_question(void **state)
{
    struct world *world = *state;
    struct router_ticket *ticket = taken(world, contact(world, "whatsapp", "5511912345678"), "ana");
    struct router_sent *sent = replied(world, ticket);
    struct router_delivered queued = news(world, sent, ROUTER_QUEUED, 1);
    uint64_t version = ticket->version;
    assert_true(router_case_delivery(&world->plan, &queued, sent, ticket));
    assert_int_equal(ticket->version, version); /* nothing the ticket shows */
    world_next(world, T0 + MINUTE);
    struct router_delivered accepted = news(world, sent, ROUTER_ACCEPTED, 2);
    assert_true(router_case_delivery(&world->plan, &accepted, sent, ticket));
    assert_int_equal(ticket->acknowledged_at_ms, T0 + MINUTE);
    assert_int_equal(ticket->answered_at_ms, T0 + MINUTE);
    assert_int_equal(ticket->asked_at_ms, 0);
    assert_int_equal(ticket->version, version + 1);
    struct router_delivered old = news(world, sent, ROUTER_QUEUED, 1);
    assert_false(router_case_delivery(&world->plan, &old, sent, ticket));
    struct router_delivered stranger = news(world, sent, ROUTER_READ, 9);
    stranger.draft_id = ticket->id;
    assert_false(router_case_delivery(&world->plan, &stranger, sent, ticket));
    assert_int_equal(sent->state, ROUTER_ACCEPTED);
}

static void what_the_customer_wrote_meanwhile_stays_a_question(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_ticket *ticket = taken(world, from, "ana");
    struct router_sent *sent = replied(world, ticket);
    world_next(world, T0 + MINUTE);
    struct router_inbound in = inbound(world, "and another thing");
    router_case_message(&world->plan, &in, from, &ticket);
    assert_int_equal(ticket->status, ROUTER_ASSIGNED);
    assert_int_equal(ticket->asked_at_ms, T0 - 1000);
    struct router_delivered accepted = news(world, sent, ROUTER_ACCEPTED, 2);
    router_case_delivery(&world->plan, &accepted, sent, ticket);
    assert_int_equal(ticket->asked_at_ms, T0 + MINUTE - 1000);
    assert_int_equal(ticket->asked_next_at_ms, 0);
}

static void a_reply_that_does_not_get_through_is_the_agents_again(void **state)
{
    struct world *world = *state;
    static const enum router_delivery TROUBLES[] = {ROUTER_BLOCKED, ROUTER_FAILED, ROUTER_DROPPED,
                                                    ROUTER_UNCERTAIN};
    for (size_t i = 0; i < SEA_COUNT(TROUBLES); i++) {
        struct router_ticket *ticket =
            taken(world, contact(world, "whatsapp", "5511912345678"), "ana");
        struct router_sent *sent = replied(world, ticket);
        struct router_delivered bad = news(world, sent, TROUBLES[i], 1);
        bad.reason = sea_str("forbidden_word");
        router_case_delivery(&world->plan, &bad, sent, ticket);
        assert_int_equal(ticket->status, ROUTER_ASSIGNED);
        assert_str_equal(ticket->assignee, "ana");
        assert_str_equal(sent->reason, "forbidden_word");
        assert_true(is_decided(world, "reply_not_delivered"));
        assert_int_equal(ticket->asked_at_ms, T0 - 1000);
        world_next(world, T0);
        router_dispatch_agent(&world->plan, sea_str("ana"))->load = 0;
    }
}

static void what_is_returned_is_said_another_way_at_most_twice(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_contact *sms = contact(world, "twilio-sms", "+5511912345678");
    struct router_contact *all[] = {from, sms};
    struct router_ticket *ticket = taken(world, from, "ana");
    struct router_sent *sent = replied(world, ticket);
    struct sea_uuid first = sent->draft_id;
    for (int i = 0; i < 2; i++) {
        world_next(world, T0 + MINUTE);
        struct router_delivered back = news(world, sent, ROUTER_RETURNED, 5);
        back.contacts = all;
        back.contact_count = SEA_COUNT(all);
        router_case_delivery(&world->plan, &back, sent, ticket);
        assert_int_equal(drafts(world), 1);
        assert_ptr_equal(world->plan.drafts->ladder[0], sms);
        assert_int_equal(world->plan.drafts->redraft, i + 1);
        assert_true(sea_uuid_eq(sent->draft_id, world->plan.drafts->id));
        assert_false(sea_uuid_eq(sent->draft_id, first));
        assert_int_equal(ticket->status, ROUTER_WAITING);
    }
    world_next(world, T0 + 2 * MINUTE);
    struct router_delivered back = news(world, sent, ROUTER_RETURNED, 5);
    back.contacts = all;
    back.contact_count = SEA_COUNT(all);
    router_case_delivery(&world->plan, &back, sent, ticket);
    assert_int_equal(drafts(world), 0);
    assert_int_equal(ticket->status, ROUTER_ASSIGNED);
}

static void ids_name_the_month_in_which_the_row_must_be_gone(void **state)
{
    struct world *world = *state;
    struct sea_uuid id = router_month_id(cause(world)->id, 695);
    char text[SEA_UUID_TEXT];
    sea_uuid_print(id, text);
    assert_string_equal(text + 32, "02b7");
    assert_int_equal(text[14], '8');
    assert_int_equal(router_month_of_id(id), 695);
}

static void ch_19_a_bad_review_raises_its_ticket_and_the_alert(void **state)
{
    struct world *world = *state;
    static const struct {
        uint32_t rating;
        int32_t raised_by;
        bool is_alert;
    } CASES[] = {{1, 400, true}, {2, 200, false}, {3, 0, false}, {5, 0, false}, {0, 0, false}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct router_contact *from = contact(world, "review", "u-9");
        struct router_ticket *ticket = NULL;
        world_next(world, T0);
        struct router_inbound in = inbound(world, "Llegó roto, nunca más");
        in.rating = CASES[i].rating;
        in.order_id = sea_str("1002");
        router_case_message(&world->plan, &in, from, &ticket);
        assert_int_equal(ticket->priority - 100, CASES[i].raised_by);
        assert_int_equal(is_decided(world, "review_alert"), CASES[i].is_alert);
        assert_int_equal(is_decided(world, "priority_raised"), CASES[i].raised_by > 0);
        assert_int_equal(ticket->order_count, 1);
        assert_str_equal(ticket->orders[0], "1002");
        assert_int_equal(ticket->version, 1);
    }
}

static void ch_19_a_bad_review_of_one_who_has_a_ticket_raises_that_one(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "review", "u-9");
    struct router_ticket *ticket = opened(world, from), *same = ticket;
    int32_t before = ticket->priority;
    struct router_inbound in = inbound(world, "And now it broke");
    in.rating = 1;
    world_next(world, T0 + MINUTE);
    router_case_message(&world->plan, &in, from, &ticket);
    assert_ptr_equal(ticket, same);
    assert_int_equal(ticket->priority, before + 400);
    assert_int_equal(ticket->version, 2);
    assert_true(is_decided(world, "review_alert"));
}

static void ch_15_a_clip_on_tiktok_opens_a_dispute_a_comment_does_not(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *channel;
        enum router_kind kind;
        bool is_dispute;
    } CASES[] = {{"tiktok", ROUTER_VIDEO, true},
                 {"tiktok", ROUTER_TEXT, false},
                 {"whatsapp", ROUTER_VIDEO, false}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct router_contact *from = contact(world, CASES[i].channel, "5511912345678");
        struct router_ticket *ticket = NULL;
        world_next(world, T0);
        struct router_inbound in = inbound(world, "see what came");
        in.kind = CASES[i].kind;
        router_case_message(&world->plan, &in, from, &ticket);
        assert_str_equal(ticket->tags.issue, CASES[i].is_dispute ? "dispute" : "");
        assert_int_equal(is_decided(world, "issue_tagged"), CASES[i].is_dispute);
        ticket->tags.issue = sea_str("exchange"); /* a person's word stays */
        in = inbound(world, "one more");
        in.kind = CASES[i].kind;
        router_case_message(&world->plan, &in, from, &ticket);
        assert_str_equal(ticket->tags.issue, "exchange");
    }
}

/* ---- calls ---- */

static struct router_call_news call_news(struct world *world, enum router_call_state state,
                                         uint32_t rings)
{
    struct router_call_news news = {.cause = cause(world), .state = state, .rings = rings};
    if (state == ROUTER_RINGING) news.started_at_ms = T0 - 60000;
    if (state == ROUTER_TAKEN) news.answered_at_ms = T0 - 51000;
    if (state == ROUTER_RECORDED) news.recording = sea_str("rec/17");
    if (state != ROUTER_OVER) return news;
    news.outcome = ROUTER_CALL_ANSWERED;
    news.started_at_ms = T0 - 60000;
    news.answered_at_ms = T0 - 51000;
    news.ended_at_ms = T0 - 1000;
    return news;
}

static void ch_03_a_call_opens_one_ticket_in_any_order_of_its_records(void **state)
{
    struct world *world = *state;
    static const enum router_call_state ORDERS[][6] = {{1, 2, 4, 3, 1, 2},
                                                       {4, 3, 2, 1, 4, 3},
                                                       {2, 1, 3, 4, 4, 1},
                                                       {3, 4, 1, 2, 2, 2},
                                                       {4, 4, 4, 3, 3, 3}};
    for (size_t i = 0; i < SEA_COUNT(ORDERS); i++) {
        struct router_contact *from = contact(world, "phone", "+447700900123");
        struct router_ticket *ticket = NULL, *first = NULL;
        struct router_call call = {.created_at_ms = T0};
        world_next(world, T0);
        for (size_t n = 0; n < SEA_COUNT(ORDERS[i]); n++) {
            struct router_call_news news = call_news(world, ORDERS[i][n], n < 4 ? 3 : 1);
            router_call_take(&world->plan, &news, from, &call, &ticket);
            if (!first) first = ticket;
            assert_ptr_equal(ticket, first);
        }
        assert_non_null(ticket);
        assert_true(sea_uuid_eq(call.ticket_id, ticket->id));
        assert_str_equal(ticket->channel, "phone");
        assert_int_equal(call.rings, 3);
        assert_int_equal(call.answered_at_ms - call.started_at_ms, 9000);
        assert_int_equal(call.outcome, ROUTER_CALL_ANSWERED);
        assert_str_equal(call.recording, "rec/17");
        assert_int_equal(ticket->answered_at_ms, T0 - 51000);
        assert_int_equal(ticket->asked_at_ms, 0);
        assert_in_range(ticket->version, 1, 4); /* what tells nothing new changes nothing */
    }
}

static void ch_03_a_missed_call_is_a_question_and_goes_on_with_what_is_open(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "phone", "+447700900123");
    struct router_ticket *ticket = NULL;
    struct router_call calls[2] = {{.id = {{1}}}, {.id = {{2}}}};
    struct router_call_news news = call_news(world, ROUTER_OVER, 5);
    news.outcome = ROUTER_CALL_MISSED;
    news.answered_at_ms = 0;
    news.order_id = sea_str("1001");
    router_call_take(&world->plan, &news, from, &calls[0], &ticket);
    assert_int_equal(ticket->status, ROUTER_OPEN);
    assert_int_equal(ticket->asked_at_ms, T0 - 60000);
    assert_int_equal(ticket->answered_at_ms, 0);
    assert_str_equal(ticket->orders[0], "1001");
    assert_true(is_decided(world, "call_ended"));
    struct router_ticket *same = ticket;
    news.cause = cause(world);
    router_call_take(&world->plan, &news, from, &calls[1], &ticket);
    assert_ptr_equal(ticket, same);
    assert_true(sea_uuid_eq(calls[1].ticket_id, same->id));
}

static void ch_03_an_answered_call_is_the_answering_agents(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "phone", "+447700900123");
    struct router_ticket *ticket = NULL;
    struct router_call call = {.created_at_ms = T0};
    struct router_agent *ana = router_dispatch_agent(&world->plan, SEA_STR("ana"));
    struct router_call_news news = call_news(world, ROUTER_TAKEN, 2);
    news.agent = sea_str("ana");
    router_call_take(&world->plan, &news, from, &call, &ticket);
    assert_int_equal(ticket->status, ROUTER_ASSIGNED);
    assert_str_equal(ticket->assignee, "ana");
    assert_int_equal(ana->load, 10);
}

static void ch_03_calls_of_ours_of_long_ago_and_recordings_alone_open_nothing(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "phone", "+447700900123");
    for (int i = 0; i < 3; i++) {
        struct router_ticket *ticket = NULL;
        struct router_call call = {.created_at_ms = T0};
        struct router_call_news news = call_news(world, i == 2 ? ROUTER_RECORDED : ROUTER_OVER, 1);
        news.is_outbound = i == 0;
        news.is_historical = i == 1;
        router_call_take(&world->plan, &news, from, &call, &ticket);
        assert_null(ticket);
        assert_true(call.is_changed);
        if (i != 2) continue;
        assert_str_equal(call.recording, "rec/17"); /* and waits for its call */
        news = call_news(world, ROUTER_RINGING, 1);
        router_call_take(&world->plan, &news, from, &call, &ticket);
        assert_true(sea_uuid_eq(call.ticket_id, ticket->id));
    }
}

SEA_TESTS(cmocka_unit_test(sent_at_is_the_providers_time_unless_absent_or_in_the_future),
          WORLD_TEST(a_first_message_opens_a_ticket_in_the_markets_queue_CH_10),
          WORLD_TEST(a_translation_is_wanted_only_of_a_language_that_is_sure_and_foreign),
          WORLD_TEST(a_second_message_goes_on_with_the_ticket_and_the_oldest_question_stays),
          WORLD_TEST(resolved_tickets_open_again_soon_and_give_way_to_a_new_one_later),
          WORLD_TEST(reactions_edits_and_auto_responders_are_recorded_and_change_nothing),
          WORLD_TEST(stop_ends_notices_confirms_once_and_opens_no_ticket),
          WORLD_TEST(start_gives_notices_back_but_not_marketing),
          WORLD_TEST(where_is_my_order_is_answered_from_the_timeline_TK_15),
          WORLD_TEST(trouble_is_told_with_its_reason_and_expected_time_when_both_are_known),
          WORLD_TEST(the_newest_unfinished_order_is_meant_when_none_is_named),
          WORLD_TEST(nobody_is_told_about_somebody_elses_order),
          WORLD_TEST(automatic_answers_are_bounded_and_stop_where_a_person_is),
          WORLD_TEST(an_unknown_order_is_said_to_be_unknown_unless_it_was_named),
          WORLD_TEST(take_is_for_open_tickets_and_agents_with_room),
          WORLD_TEST(what_is_offered_to_or_waits_with_somebody_is_not_for_others),
          WORLD_TEST(every_command_needs_the_version_it_was_decided_on),
          WORLD_TEST(a_reply_goes_by_the_tickets_channel_with_sms_behind_it),
          WORLD_TEST(replies_are_refused_with_their_reason),
          WORLD_TEST(a_form_cannot_be_answered_by_itself),
          WORLD_TEST(DV_11_a_visit_is_on_the_day_that_was_chosen_by_the_callers_clock),
          WORLD_TEST(DV_11_a_booking_is_reminded_of_by_sms_before_it),
          WORLD_TEST(CH_16_a_video_call_is_told_with_its_time_and_where_to_join),
          WORLD_TEST(CH_14_a_marketplaces_buyer_is_answered_there_or_nowhere),
          WORLD_TEST(notes_resolve_snooze_and_transfer_do_what_they_say),
          WORLD_TEST(a_repeated_command_gets_the_same_answer_and_another_body_is_refused),
          WORLD_TEST(acceptance_by_the_provider_answers_the_question),
          WORLD_TEST(what_the_customer_wrote_meanwhile_stays_a_question),
          WORLD_TEST(a_reply_that_does_not_get_through_is_the_agents_again),
          WORLD_TEST(what_is_returned_is_said_another_way_at_most_twice),
          WORLD_TEST(ch_19_a_bad_review_raises_its_ticket_and_the_alert),
          WORLD_TEST(ch_19_a_bad_review_of_one_who_has_a_ticket_raises_that_one),
          WORLD_TEST(ch_15_a_clip_on_tiktok_opens_a_dispute_a_comment_does_not),
          WORLD_TEST(ch_03_a_call_opens_one_ticket_in_any_order_of_its_records),
          WORLD_TEST(ch_03_a_missed_call_is_a_question_and_goes_on_with_what_is_open),
          WORLD_TEST(ch_03_an_answered_call_is_the_answering_agents),
          WORLD_TEST(ch_03_calls_of_ours_of_long_ago_and_recordings_alone_open_nothing),
          WORLD_TEST(ids_name_the_month_in_which_the_row_must_be_gone))
