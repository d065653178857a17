/* Router's person and dispatch cores: whose a contact is, how it is reached, who gets a ticket. */
#include <math.h>

#include "router_world.h"

static void the_market_is_the_accounts_else_the_numbers_else_the_locales_else_global(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *channel, *address, *locale, *market;
    } CASES[] = {
        {"whatsapp", "5511912345678", "de-DE", "BR"}, {"twilio-sms", "+4915112345678", "", "DE"},
        {"form", "m@example.com", "es-MX", "MX"},     {"form", "m@example.com", "", "GLOBAL"},
        {"form", "m@example.com", "xx", "GLOBAL"},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct router_contact *from = contact(world, CASES[i].channel, CASES[i].address);
        from->is_stored = false;
        from->locale = sea_str(CASES[i].locale);
        router_person_meet(&world->plan, from);
        assert_string_equal(from->market->code, CASES[i].market);
    }
}

static void the_same_contact_is_the_same_customer_and_conversation_always(void **state)
{
    struct world *world = *state;
    struct router_contact *a = contact(world, "whatsapp", "5511912345678");
    struct router_contact *b = contact(world, "whatsapp", "5511912345678");
    struct router_contact *c = contact(world, "whatsapp", "5511912345679");
    assert_true(sea_uuid_eq(a->customer, b->customer));
    assert_true(sea_uuid_eq(a->conversation, b->conversation));
    assert_false(sea_uuid_eq(a->customer, c->customer));
    assert_false(sea_uuid_eq(a->customer, a->conversation));
}

static struct sea_key hash(uint8_t n)
{
    return (struct sea_key){{n, 1}};
}

static void a_new_contact_joins_whom_it_shares_a_number_or_address_with(void **state)
{
    struct world *world = *state;
    struct router_contact *old = contact(world, "form", "old@example.com");
    struct router_contact *crm = contact(world, "crm", "c-77");
    struct router_contact *none = contact(world, "chat", "v-1");
    struct router_contact *all[] = {none, old, crm};
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct sea_uuid alone = from->customer;
    from->phone_hash = hash(1);
    assert_false(router_person_join(from, all, SEA_COUNT(all)));
    assert_true(sea_uuid_eq(from->customer, alone));
    old->phone_hash = hash(1);
    old->created_at_ms = T0 - DAY;
    assert_true(router_person_join(from, all, SEA_COUNT(all)));
    assert_true(sea_uuid_eq(from->customer, old->customer));
    from->email_hash = crm->email_hash = hash(2); /* who has a profile comes first */
    assert_true(router_person_join(from, all, SEA_COUNT(all)));
    assert_true(sea_uuid_eq(from->customer, crm->customer));
}

static void ch_08_a_pages_messenger_and_its_comments_have_one_customer(void **state)
{
    struct world *world = *state;
    assert_str_equal(router_person_twin(sea_str("facebook")), "messenger");
    assert_str_equal(router_person_twin(sea_str("messenger")), "facebook");
    assert_int_equal(router_person_twin(sea_str("instagram")).len, 0); /* other ids */
    struct router_contact *writes = contact(world, "messenger", "7158217120891234");
    struct router_contact *comments = contact(world, "facebook", "7158217120891234");
    struct router_contact *other = contact(world, "facebook", "7158217120891235");
    assert_false(sea_uuid_eq(writes->customer, comments->customer));
    /* Both new at once, not knowing of each other. */
    writes->twin = comments->key;
    comments->twin = writes->key;
    writes->is_stored = comments->is_stored = false;
    router_person_meet(&world->plan, writes);
    router_person_meet(&world->plan, comments);
    assert_true(sea_uuid_eq(writes->customer, comments->customer));
    assert_true(sea_uuid_eq(writes->conversation, comments->conversation));
    /* The known one is with another customer by now. */
    writes->customer = contact(world, "crm", "c-77")->customer;
    writes->twin = (struct sea_key){0};
    struct router_contact *all[] = {other, writes};
    assert_true(router_person_join(comments, all, SEA_COUNT(all)));
    assert_true(sea_uuid_eq(comments->customer, writes->customer));
    assert_false(router_person_is_related(other, writes));
}

static void ch_01_who_joins_a_customer_goes_on_with_their_conversation(void **state)
{
    struct world *world = *state;
    struct router_contact *writes = contact(world, "whatsapp", "5511912345678");
    struct router_contact *texts = contact(world, "twilio-sms", "+5511912345678");
    struct router_contact *mails = contact(world, "email", "ana@example.com");
    struct router_contact *crm = contact(world, "crm", "c-77");
    struct router_contact *all[] = {writes};
    memset(writes->phone_hash.bytes, 7, sizeof(writes->phone_hash.bytes));
    texts->phone_hash = writes->phone_hash;
    assert_false(sea_uuid_eq(writes->conversation, texts->conversation));
    assert_true(router_person_join(texts, all, 1)); /* by the number they share */
    assert_true(sea_uuid_eq(writes->conversation, texts->conversation));
    struct sea_uuid kept = writes->conversation;
    router_person_belong(crm, writes); /* the profile came later */
    assert_true(router_person_claim(crm, mails, false));
    assert_true(sea_uuid_eq(mails->conversation, kept));
    assert_true(mails->is_moved);
    struct router_contact *other = contact(world, "email", "wei@example.com");
    assert_false(router_person_claim(crm, other, true));
    assert_false(sea_uuid_eq(other->conversation, kept));
}

static void a_profile_claims_contacts_unless_they_are_another_profiles(void **state)
{
    struct world *world = *state;
    struct router_contact *crm = contact(world, "crm", "c-77");
    struct router_contact *free_one = contact(world, "whatsapp", "5511912345678");
    struct router_contact *taken = contact(world, "whatsapp", "5511912345679");
    assert_true(router_person_claim(crm, free_one, false));
    assert_true(sea_uuid_eq(free_one->customer, crm->customer));
    assert_true(free_one->is_moved);
    struct sea_uuid before = taken->customer;
    assert_false(router_person_claim(crm, taken, true));
    assert_true(sea_uuid_eq(taken->customer, before));
    assert_false(taken->is_moved);
}

static void the_newest_word_on_consent_wins(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    assert_true(router_person_consent(from, false, false, T0));
    assert_false(router_person_consent(from, false, true, T0 - 1));
    assert_false(
        router_person_consent(from, false, true, T0)); /* said at the same time: as it is */
    assert_true(from->is_service_refused);
    assert_true(router_person_consent(from, false, true, T0 + 1));
    assert_false(from->is_service_refused);
    assert_true(router_person_consent(from, true, true, T0));
    assert_true(from->is_marketing_granted);
}

static void notices_go_by_the_markets_channels_and_not_where_they_were_refused(void **state)
{
    struct world *world = *state;
    struct router_contact *whatsapp = contact(world, "whatsapp", "5511912345678");
    struct router_contact *sms = contact(world, "twilio-sms", "+5511912345678");
    struct router_contact *crm = contact(world, "crm", "c-77");
    struct router_contact *form = contact(world, "form", "j@example.com");
    struct router_contact *all[] = {form, sms, crm, whatsapp}, *ladder[ROUTER_LADDER_MAX];
    bool is_refused;
    assert_int_equal(router_person_ladder(&world->rules, all, 4, ladder, &is_refused), 2);
    assert_ptr_equal(ladder[0], whatsapp);
    assert_ptr_equal(ladder[1], sms);
    whatsapp->is_service_refused = true;
    assert_int_equal(router_person_ladder(&world->rules, all, 4, ladder, &is_refused), 1);
    assert_ptr_equal(ladder[0], sms);
    assert_false(is_refused);
    sms->is_service_refused = true;
    assert_int_equal(router_person_ladder(&world->rules, all, 4, ladder, &is_refused), 0);
    assert_true(is_refused);
    assert_int_equal(router_person_ladder(&world->rules, all, 1, ladder, &is_refused), 0);
    assert_false(is_refused);
}

static void the_fall_back_is_the_markets_and_never_the_channel_itself(void **state)
{
    struct world *world = *state;
    const struct sea_account *account =
        router_person_fallback(&world->rules, contact(world, "whatsapp", "5511912345678"));
    assert_non_null(account);
    assert_string_equal(account->channel->name, "twilio-sms");
    assert_null(
        router_person_fallback(&world->rules, contact(world, "twilio-sms", "+5511912345678")));
    assert_str_equal(router_person_address(&world->plan, account->channel, sea_str("5511")),
                     "+5511");
}

static void telephone_numbers_are_read_from_what_stands_for_them(void **state)
{
    struct world *world = *state;
    static const char *const CHANNEL_ADDRESS_PHONE_WANT[][4] = {
        {"whatsapp", "5511912345678", "", "5511912345678"},
        {"twilio-sms", "+1 (500) 555-0006", "", "15005550006"},
        {"form", "m@example.com", "+49 151 1234", "491511234"},
        {"form", "12345678", "", ""},
        {"whatsapp", "12", "", ""},
        {"whatsapp", "1234567890123456", "", ""},
    };
    for (size_t i = 0; i < SEA_COUNT(CHANNEL_ADDRESS_PHONE_WANT); i++) {
        const char *const *row = CHANNEL_ADDRESS_PHONE_WANT[i];
        assert_str_equal(
            router_person_phone(&world->plan, sea_str(row[0]), sea_str(row[1]), sea_str(row[2])),
            row[3]);
    }
}

/* ── dispatch ── */

static void higher_priority_comes_first_then_what_is_due_sooner(void **state)
{
    (void)state;
    assert_true(router_dispatch_score(900, T0 + DAY) < router_dispatch_score(100, T0));
    assert_true(router_dispatch_score(100, T0) < router_dispatch_score(100, T0 + 1));
    double last = router_dispatch_score(0, INT64_C(4102444800000)); /* 2100 */
    assert_true(last < 9007199254740992.0);                         /* 2^53: exact */
    assert_true(router_dispatch_score(1, INT64_C(4102444800000)) < last);
}

static void ch_07_x_in_the_middle_east_waits_among_live_channels(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *account, *channel, *market;
        enum sea_channel_class class;
    } CASES[] = {{"demo-me", "x", "MIDDLE_EAST", SEA_CHANNEL_LIVE_CHAT},
                 {"demo", "x", "GLOBAL", SEA_CHANNEL_MESSAGING},
                 {"demo-me", "email", "SA", SEA_CHANNEL_EMAIL},
                 {"demo-me", "x", "SA", SEA_CHANNEL_LIVE_CHAT}}; /* inherited */
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        const struct sea_market *market =
            sea_market_by_code(world->rules.markets, sea_str(CASES[i].market));
        struct router_contact from = {.channel = sea_str(CASES[i].channel),
                                      .account = sea_str(CASES[i].account)};
        struct router_ticket ticket = {
            .market = market, .channel = from.channel, .asked_at_ms = T0};
        router_dispatch_sort(&world->plan, &ticket);
        const struct sea_target *target =
            &market->targets[CASES[i].class][SEA_CLOCK_FIRST_RESPONSE];
        int64_t due_ms;
        assert_true(sea_market_due(market, target, T0, &due_ms));
        assert_int_equal(ticket.sort_at_ms, due_ms);
        assert_int_equal(sea_channel_class_in(market, from.channel), CASES[i].class);
    }
}

static struct router_agent *here(struct world *world, const char *user)
{
    struct router_agent *agent = router_dispatch_agent(&world->plan, sea_str(user));
    struct router_presence_said said = {.state = ROUTER_ONLINE, .weight = 10};
    router_dispatch_presence(&world->plan, agent, &said);
    return agent;
}

static void an_offer_needs_an_open_ticket_and_an_agent_who_is_here_with_room(void **state)
{
    struct world *world = *state;
    struct router_contact *from = contact(world, "whatsapp", "5511912345678");
    struct router_ticket *ticket = opened(world, from);
    struct router_agent *ana = router_dispatch_agent(&world->plan, sea_str("ana"));
    struct router_agent *wei = here(world, "wei");
    assert_false(router_dispatch_offer(&world->plan, ticket, ana, cause(world)));
    ana = here(world, "ana");
    ana->load = 9;
    assert_false(router_dispatch_offer(&world->plan, ticket, ana, cause(world)));
    ana->load = 0;
    assert_true(router_dispatch_offer(&world->plan, ticket, ana, cause(world)));
    assert_int_equal(ticket->status, ROUTER_OFFERED);
    assert_int_equal(ana->load, 2);
    assert_true(ticket->due_at_ms > T0);
    assert_false(
        router_dispatch_offer(&world->plan, ticket, wei, cause(world))); /* one at a time */
    assert_str_equal(ticket->assignee, "ana");

    router_dispatch_due(&world->plan, ticket, cause(world));
    assert_int_equal(ticket->status, ROUTER_OPEN);
    assert_int_equal(ticket->assignee.len, 0);
    assert_int_equal(ana->load, 0);
    assert_int_equal(ticket->due_at_ms, 0);
    world_next(world, T0 + world->rules.routing->presence_lease_ms);
    assert_false(router_dispatch_offer(&world->plan, ticket, wei, cause(world))); /* not heard of */
}

static void ch_11_line_is_offered_only_to_who_has_the_skill_native_ja(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *skills;
        bool is_able;
    } CASES[] = {{"", false},         {"native-jav", false},      {"senior,native", false},
                 {"native-ja", true}, {"senior,native-ja", true}, {"native-ja,senior", true}};
    struct router_agent *ana = here(world, "ana");
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct router_ticket *ticket = opened(world, contact(world, "line", "U4af4980629"));
        assert_str_equal(ticket->queue, "japan-line");
        ana->skills = sea_str(CASES[i].skills);
        ana->load = 0;
        assert_int_equal(router_dispatch_offer(&world->plan, ticket, ana, cause(world)),
                         CASES[i].is_able);
        assert_int_equal(ticket->status, CASES[i].is_able ? ROUTER_OFFERED : ROUTER_OPEN);
    }
    ana->skills = sea_str(""); /* other queues need none */
    ana->load = 0;
    struct router_ticket *other = opened(world, contact(world, "whatsapp", "819012345678"));
    assert_true(router_dispatch_offer(&world->plan, other, ana, cause(world)));
}

/* So that nothing starves where nobody has it. */
static void ch_11_by_hand_it_may_be_taken_without_the_skill_and_that_is_kept(void **state)
{
    struct world *world = *state;
    struct router_ticket *ticket = opened(world, contact(world, "line", "U4af4980629"));
    struct router_command take = command(world, ROUTER_TAKE, "sup", ticket);
    here(world, "sup");
    assert_string_equal(ask(world, &take, ticket), "");
    assert_int_equal(ticket->status, ROUTER_ASSIGNED);
    const struct router_decision *last = world->plan.decisions;
    while (last->next) last = last->next;
    assert_string_equal(last->what, "taken");
    assert_str_equal(last->reason, "from the queue, without a skill it needs");
}

static void a_channels_own_limit_counts_beside_the_weight(void **state)
{
    struct world *world = *state;
    struct router_agent *ana = router_dispatch_agent(&world->plan, sea_str("ana"));
    struct router_presence_said said = {.state = ROUTER_ONLINE,
                                        .weight = 100,
                                        .limits = {{sea_str("phone"), 1, 0}},
                                        .limit_count = 1};
    router_dispatch_presence(&world->plan, ana, &said);
    struct router_ticket *first = opened(world, contact(world, "phone", "1"));
    struct router_ticket *second = opened(world, contact(world, "phone", "2"));
    struct router_ticket *other = opened(world, contact(world, "whatsapp", "5511912345678"));
    assert_true(router_dispatch_offer(&world->plan, first, ana, cause(world)));
    assert_false(router_dispatch_offer(&world->plan, second, ana, cause(world)));
    assert_true(router_dispatch_offer(&world->plan, other, ana, cause(world)));
    router_dispatch_move(&world->plan, first, ROUTER_RESOLVED, first->assignee);
    assert_true(router_dispatch_offer(&world->plan, second, ana, cause(world)));
    said.limits[0].limit = 2; /* a new word on it */
    router_dispatch_presence(&world->plan, ana, &said);
    assert_true(router_dispatch_has_room(&world->rules, ana, sea_str("phone")));
    said.limit_count = 0; /* none: as before */
    router_dispatch_presence(&world->plan, ana, &said);
    assert_true(router_dispatch_has_room(&world->rules, ana, sea_str("phone")));
}

static void snoozes_end_and_resolved_tickets_close(void **state)
{
    struct world *world = *state;
    struct router_ticket *ticket = opened(world, contact(world, "whatsapp", "5511912345678"));
    here(world, "ana");
    router_dispatch_move(&world->plan, ticket, ROUTER_SNOOZED, sea_str("ana"));
    router_dispatch_due(&world->plan, ticket, cause(world));
    assert_int_equal(ticket->status, ROUTER_ASSIGNED);
    router_dispatch_move(&world->plan, ticket, ROUTER_RESOLVED, sea_str("ana"));
    router_dispatch_due(&world->plan, ticket, cause(world));
    assert_int_equal(ticket->status, ROUTER_CLOSED);
    uint64_t version = ticket->version;
    router_dispatch_due(&world->plan, ticket, cause(world));
    assert_int_equal(ticket->version, version);
}

static void clocks_raise_the_priority_of_what_is_not_over(void **state)
{
    struct world *world = *state;
    struct router_ticket *ticket = opened(world, contact(world, "whatsapp", "5511912345678"));
    int32_t before = ticket->priority;
    router_dispatch_raise(&world->plan, ticket, cause(world), false, sea_str("first_response"));
    assert_int_equal(ticket->priority, before + (int)world->rules.routing->raise_warned);
    router_dispatch_raise(&world->plan, ticket, cause(world), true, sea_str("first_response"));
    router_dispatch_raise(&world->plan, ticket, cause(world), true, sea_str("resolution"));
    assert_int_equal(ticket->priority, SEA_PRIORITY_MAX);
    uint64_t version = ticket->version;
    router_dispatch_raise(&world->plan, ticket, cause(world), true, sea_str("resolution"));
    assert_int_equal(ticket->version, version); /* no higher */
    router_dispatch_move(&world->plan, ticket, ROUTER_RESOLVED, sea_str(""));
    ticket->priority = 1;
    router_dispatch_raise(&world->plan, ticket, cause(world), true, sea_str("resolution"));
    assert_int_equal(ticket->priority, 1);
}

static void a_comparison_names_what_is_missing_strange_or_misplaced(void **state)
{
    (void)state;
    struct router_waiting want[] = {{SEA_STR("a"), 1}, {SEA_STR("b"), 2}, {SEA_STR("d"), 4}};
    struct router_waiting have[] = {{SEA_STR("b"), 3}, {SEA_STR("c"), 9}, {SEA_STR("d"), 4}};
    size_t add[3], rem[3], adds, removes;
    router_dispatch_compare(want, 3, have, 3, add, &adds, rem, &removes);
    assert_int_equal(adds, 2);
    assert_int_equal(add[0], 0);
    assert_int_equal(add[1], 1);
    assert_int_equal(removes, 1);
    assert_int_equal(rem[0], 1);
    router_dispatch_compare(want, 3, NULL, 0, add, &adds, rem, &removes);
    assert_int_equal(adds, 3);
    assert_int_equal(removes, 0);
    router_dispatch_compare(want, 3, want, 3, add, &adds, rem, &removes);
    assert_int_equal(adds + removes, 0);
}

SEA_TESTS(WORLD_TEST(the_market_is_the_accounts_else_the_numbers_else_the_locales_else_global),
          WORLD_TEST(ch_01_who_joins_a_customer_goes_on_with_their_conversation),
          WORLD_TEST(the_same_contact_is_the_same_customer_and_conversation_always),
          WORLD_TEST(a_new_contact_joins_whom_it_shares_a_number_or_address_with),
          WORLD_TEST(ch_08_a_pages_messenger_and_its_comments_have_one_customer),
          WORLD_TEST(a_profile_claims_contacts_unless_they_are_another_profiles),
          WORLD_TEST(the_newest_word_on_consent_wins),
          WORLD_TEST(notices_go_by_the_markets_channels_and_not_where_they_were_refused),
          WORLD_TEST(the_fall_back_is_the_markets_and_never_the_channel_itself),
          WORLD_TEST(telephone_numbers_are_read_from_what_stands_for_them),
          cmocka_unit_test(higher_priority_comes_first_then_what_is_due_sooner),
          WORLD_TEST(ch_07_x_in_the_middle_east_waits_among_live_channels),
          WORLD_TEST(an_offer_needs_an_open_ticket_and_an_agent_who_is_here_with_room),
          WORLD_TEST(ch_11_line_is_offered_only_to_who_has_the_skill_native_ja),
          WORLD_TEST(ch_11_by_hand_it_may_be_taken_without_the_skill_and_that_is_kept),
          WORLD_TEST(a_channels_own_limit_counts_beside_the_weight),
          WORLD_TEST(snoozes_end_and_resolved_tickets_close),
          WORLD_TEST(clocks_raise_the_priority_of_what_is_not_over),
          cmocka_unit_test(a_comparison_names_what_is_missing_strange_or_misplaced))
