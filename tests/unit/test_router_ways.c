/* By which channel an answer goes: every market's matrix, and what a telephone can show. */
#include "router_ways.h"
#include "router_world.h"

/* Accounts that can send, one for each channel there is. */
static void open_all_channels(struct world *world, struct sea_channels *ret)
{
    struct sea_account *accounts = router_plan_alloc(&world->plan, 64 * sizeof(*accounts));
    *ret = (struct sea_channels){.accounts = accounts};
    for (size_t i = 0; sea_channel_at(i); i++)
        accounts[ret->account_count++] =
            (struct sea_account){.channel = sea_channel_at(i),
                                 .send_adapter = sea_channel_at(i)->adapter,
                                 .name = "demo",
                                 .is_enabled = true,
                                 .api_base = "http://127.0.0.1"};
    assert_true(ret->account_count <= 64);
    world->rules.channels = ret;
}

static struct router_contact *on(struct world *world, const char *channel, const char *market)
{
    struct router_contact *ret = contact(world, channel, "12025550123");
    ret->market = sea_market_by_code(world->rules.markets, sea_str(market));
    assert_non_null(ret->market);
    return ret;
}

static void wrote(struct router_contact *contact)
{
    contact->last_in_at_ms = T0 - MINUTE;
}

static void ch_22_each_market_answers_by_its_own_matrix_of_channels(void **state)
{
    struct world *world = *state;
    static const struct sea_str ISSUES[SEA_COMPLEXITY_COUNT] = {
        SEA_STR("order_tracking"), SEA_STR("dispute"), SEA_STR("repair")};
    static const char *const MARKET_SIMPLE_COMPLEX_TECHNICAL[][4] = {
        {"MIDDLE_EAST", "x", "email", "video"},
        {"SA", "x", "email", "video"}, /* inherited */
        {"US", "twilio-sms", "email", NULL}};
    struct sea_channels open;
    uint32_t with_matrix = 0;
    open_all_channels(world, &open);
    for (uint32_t m = 0; m < world->rules.markets->count; m++) {
        const struct sea_market *market = &world->rules.markets->items[m];
        struct router_contact *all[64];
        uint32_t count = 0;
        for (size_t i = 0; sea_channel_at(i); i++)
            all[count++] = on(world, sea_channel_at(i)->name, market->code);
        struct router_contact *own = on(world, "whatsapp", market->code);
        wrote(own);
        for (int how = SEA_SIMPLE; how < SEA_COMPLEXITY_COUNT; how++) {
            struct router_ticket ticket = {
                .contact = own, .market = market, .channel = own->channel};
            ticket.tags.issue = ISSUES[how];
            const char *want = NULL;
            for (size_t k = 0; k < SEA_COUNT(MARKET_SIMPLE_COMPLEX_TECHNICAL); k++)
                if (!strcmp(MARKET_SIMPLE_COMPLEX_TECHNICAL[k][0], market->code))
                    want = MARKET_SIMPLE_COMPLEX_TECHNICAL[k][1 + how];
            with_matrix += want != NULL;
            const struct router_contact *to = router_ways_reply(&world->rules, &ticket, all, count);
            assert_str_equal(to->channel, want ? want : "whatsapp");
            /* Without it: where they wrote. */
            assert_ptr_equal(router_ways_reply(&world->rules, &ticket, &own, 1), own);
        }
    }
    assert_int_equal(with_matrix, 8);
}

static void ch_22_some_are_answered_where_they_wrote_in_any_market(void **state)
{
    struct world *world = *state;
    struct sea_channels open;
    open_all_channels(world, &open);
    struct router_contact *sms = on(world, "twilio-sms", "US"), *email = on(world, "email", "US");
    struct router_contact *ways[] = {sms, email};
    static const struct {
        const char *channel, *issue, *want;
    } CASES[] = {{"chat", "", "chat"},
                 {"chat", "refund", "email"},
                 {"amazon", "", "amazon"},
                 {"amazon", "refund", "amazon"},
                 {"whatsapp", "", "twilio-sms"}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct router_contact *own = on(world, CASES[i].channel, "US");
        struct router_ticket ticket = {
            .contact = own, .market = own->market, .channel = own->channel};
        ticket.tags.issue = sea_str(CASES[i].issue);
        assert_str_equal(router_ways_reply(&world->rules, &ticket, ways, 2)->channel,
                         CASES[i].want);
    }
    struct router_contact *own = on(world, "whatsapp", "US");
    struct router_ticket ticket = {.contact = own, .market = own->market, .channel = own->channel};
    sms->is_service_refused = true;
    assert_ptr_equal(router_ways_reply(&world->rules, &ticket, ways, 2), own);
}

static void ch_22_a_reply_without_a_channel_goes_the_markets_way_and_says_why(void **state)
{
    struct world *world = *state;
    struct sea_channels open;
    open_all_channels(world, &open);
    struct router_contact *own = contact(world, "whatsapp", "12025550123");
    struct router_contact *ways[] = {own, on(world, "twilio-sms", "US"), on(world, "email", "US")};
    static const char *const WANTED_ISSUE_WAY[][3] = {
        {"", "", "twilio-sms"}, {"", "dispute", "email"}, {"whatsapp", "dispute", "whatsapp"}};
    assert_string_equal(own->market->code, "US");
    for (size_t i = 0; i < SEA_COUNT(WANTED_ISSUE_WAY); i++) {
        struct router_ticket *ticket = opened(world, own);
        router_dispatch_agent(&world->plan, sea_str("ana"));
        router_dispatch_move(&world->plan, ticket, ROUTER_ASSIGNED, sea_str("ana"));
        world_next(world, T0);
        struct router_command said = command(world, ROUTER_REPLY, "ana", ticket);
        said.contacts = ways;
        said.contact_count = SEA_COUNT(ways);
        said.channel = sea_str(WANTED_ISSUE_WAY[i][0]);
        ticket->tags.issue = sea_str(WANTED_ISSUE_WAY[i][1]);
        assert_string_equal(ask(world, &said, ticket), "");
        assert_str_equal(world->plan.drafts->ladder[0]->channel, WANTED_ISSUE_WAY[i][2]);
        assert_int_equal(is_decided(world, "reply_channel"), !said.channel.len);
    }
}

static void ch_27_a_telephone_is_known_by_what_was_written_with_then_by_the_profile(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *market, *channel, *other, *word;
        bool is_feature_phone;
    } CASES[] = {{"KE", "ussd", NULL, "", true},
                 {"KE", "twilio-sms", NULL, "", true},
                 {"KE", "twilio-sms", "ussd", "", true},
                 {"KE", "twilio-sms", NULL, "smart", false},
                 {"KE", "twilio-sms", "messenger", "", false},
                 {"KE", "ussd", "messenger", "feature", false}, /* an old profile */
                 {"US", "twilio-sms", NULL, "", false},
                 {"US", "twilio-sms", NULL, "feature", true},
                 {"US", "ussd", NULL, "", true},
                 {"KE", "messenger", NULL, "feature", false},
                 {"KE", "phone", NULL, "", false}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct router_contact *crm = on(world, "crm", CASES[i].market);
        struct router_contact *all[] = {crm, on(world, "messenger", CASES[i].market),
                                        on(world, CASES[i].channel, CASES[i].market), NULL};
        size_t count = 3;
        crm->handset = sea_str(CASES[i].word);
        wrote(all[2]);
        if (CASES[i].other) all[count++] = on(world, CASES[i].other, CASES[i].market);
        if (CASES[i].other) wrote(all[3]);
        assert_int_equal(router_ways_is_feature_phone(all, count), CASES[i].is_feature_phone);
    }
    assert_false(router_ways_is_feature_phone(NULL, 0));
}

static void ch_27_a_feature_phone_is_never_given_a_way_that_needs_data(void **state)
{
    struct world *world = *state;
    struct sea_channels open;
    struct router_contact *ladder[ROUTER_LADDER_MAX];
    bool is_refused;
    open_all_channels(world, &open);
    struct router_contact *own = contact(world, "twilio-sms", "+254712345678");
    struct router_contact *telegram = on(world, "telegram", "KE");
    struct router_contact *ways[] = {telegram, own, on(world, "whatsapp", "KE"),
                                     on(world, "email", "KE")};
    struct router_ticket *ticket = opened(world, own);
    assert_string_equal(ticket->market->code, "KE");
    wrote(own);
    assert_int_equal(router_person_ladder(&world->rules, ways, 4, ladder, &is_refused), 1);
    assert_ptr_equal(ladder[0], own);
    assert_int_equal(router_person_ladder(&world->rules, ways, 1, ladder, &is_refused), 1);

    router_dispatch_agent(&world->plan, sea_str("ana"));
    router_dispatch_move(&world->plan, ticket, ROUTER_ASSIGNED, sea_str("ana"));
    struct router_command said = command(world, ROUTER_REPLY, "ana", ticket);
    said.contacts = ways;
    said.contact_count = SEA_COUNT(ways);
    said.fallback = telegram;
    said.channel = sea_str("telegram");
    assert_string_equal(ask(world, &said, ticket), "unknown_target");
    said.channel = sea_str("");
    assert_string_equal(ask(world, &said, ticket), "");
    assert_int_equal(world->plan.drafts->ladder_count, 1);
    assert_ptr_equal(world->plan.drafts->ladder[0], own);
}

static void messenger_is_for_answers_and_never_for_notices(void **state)
{
    struct world *world = *state;
    struct sea_channels open;
    struct router_contact *ladder[ROUTER_LADDER_MAX];
    bool is_refused;
    open_all_channels(world, &open);
    struct router_contact *ways[] = {on(world, "messenger", "KE"), on(world, "line", "KE")};
    assert_int_equal(router_person_ladder(&world->rules, ways, 2, ladder, &is_refused), 1);
    assert_ptr_equal(ladder[0], ways[1]);
    assert_true(router_person_is_reachable(&world->rules, ways[0]));
}

static void every_channel_either_needs_data_or_does_not(void **state)
{
    (void)state;
    static const char *const PLAIN[] = {"sms",  "twilio-sms", "africastalking-sms",
                                        "ussd", "phone",      "post"};
    for (size_t i = 0; sea_channel_at(i); i++) {
        bool is_plain = false;
        for (size_t n = 0; n < SEA_COUNT(PLAIN); n++)
            is_plain |= !strcmp(PLAIN[n], sea_channel_at(i)->name);
        assert_int_equal(router_ways_needs_data(sea_str(sea_channel_at(i)->name)), !is_plain);
    }
    assert_false(router_ways_needs_data(sea_str("crm"))); /* no channel */
}

SEA_TESTS(WORLD_TEST(ch_22_each_market_answers_by_its_own_matrix_of_channels),
          WORLD_TEST(ch_22_some_are_answered_where_they_wrote_in_any_market),
          WORLD_TEST(ch_22_a_reply_without_a_channel_goes_the_markets_way_and_says_why),
          WORLD_TEST(ch_27_a_telephone_is_known_by_what_was_written_with_then_by_the_profile),
          WORLD_TEST(ch_27_a_feature_phone_is_never_given_a_way_that_needs_data),
          WORLD_TEST(messenger_is_for_answers_and_never_for_notices),
          cmocka_unit_test(every_channel_either_needs_data_or_does_not))
