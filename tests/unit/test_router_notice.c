/* Router's notices: one for each thing that happened, to whoever it is for, as soon as that is
 * known. */
#include "router_world.h"

struct case_of {
    struct router_contact *crm, *whatsapp, *sms, *all[3];
    struct router_addressee to;
};

static struct case_of somebody(struct world *world)
{
    struct case_of of = {.crm = contact(world, "crm", "c-77"),
                         .whatsapp = contact(world, "whatsapp", "5511912345678"),
                         .sms = contact(world, "twilio-sms", "+5511912345678")};
    of.crm->language = sea_str("pt-BR");
    of.whatsapp->customer = of.sms->customer = of.crm->customer;
    return of;
}

static struct router_addressee addressee(struct case_of *of)
{
    of->all[0] = of->crm;
    of->all[1] = of->sms;
    of->all[2] = of->whatsapp;
    return (struct router_addressee){of->crm, of->all, 3};
}

static struct router_notice *notice(struct world *world, const char *about, int64_t at_ms)
{
    struct router_notice *ret = router_plan_alloc(&world->plan, sizeof(*ret));
    ret->order_id = sea_str("1001");
    ret->about = sea_str(about);
    ret->parcel_id = sea_str("P1");
    ret->market = sea_str("BR");
    ret->at_ms = at_ms;
    ret->expires_at_ms = T0 + DAY;
    ret->collapse_key = sea_str("1001/P1");
    ret->cause = cause(world);
    return ret;
}

static void a_notice_is_drafted_for_the_customers_channels_in_their_language_NT_03(void **state)
{
    struct world *world = *state;
    struct case_of of = somebody(world);
    struct router_addressee to = addressee(&of);
    struct router_notice *due = notice(world, "customs_held", T0 - HOUR);
    due->reason = sea_str("missing_tax_id");
    due->expected_at_ms = T0 + 3 * DAY;
    router_notice_decide(&world->plan, due, &to, NULL, 0);
    assert_int_equal(due->state, ROUTER_NOTICE_DRAFTED);
    const struct router_draft *draft = world->plan.drafts;
    assert_int_equal(draft->class, SEA_CLASS_SERVICE);
    assert_string_equal(draft->template, "customs_held");
    assert_str_equal(draft->language, "pt-BR");
    assert_true(draft->is_language_sure);
    assert_int_equal(draft->ladder_count, 2);
    assert_ptr_equal(draft->ladder[0], of.whatsapp);
    assert_ptr_equal(draft->ladder[1], of.sms);
    assert_int_equal(draft->expires_at_ms, T0 + DAY);
    assert_str_equal(draft->collapse_key, "1001/P1");
    assert_true(sea_uuid_eq(due->draft_id, draft->id));
    assert_true(sea_uuid_eq(due->message_id, draft->message_id));
    assert_true(sea_key_eq(due->to, of.whatsapp->key));
    assert_true(sea_uuid_is_nil(draft->ticket_id));
}

static void a_customer_not_known_yet_is_waited_for_and_then_given_up(void **state)
{
    struct world *world = *state;
    struct case_of of = somebody(world);
    struct router_addressee nobody = {NULL, NULL, 0}, to = addressee(&of);
    struct router_notice *due = notice(world, "out_for_delivery", T0);
    router_notice_decide(&world->plan, due, &nobody, NULL, 0);
    assert_int_equal(due->state, ROUTER_NOTICE_WAITS);
    assert_int_equal(due->due_at_ms, T0 + 2000);
    assert_int_equal(due->give_up_at_ms, T0 + 5 * MINUTE);
    world_next(world, T0 + 5 * MINUTE - 1);
    router_notice_decide(&world->plan, due, &nobody, NULL, 0);
    assert_int_equal(due->state, ROUTER_NOTICE_WAITS);
    struct router_notice late = *due;
    router_notice_decide(&world->plan, due, &to, NULL, 0);
    assert_int_equal(due->state, ROUTER_NOTICE_DRAFTED);
    assert_int_equal(due->due_at_ms, 0);
    world_next(world, T0 + 5 * MINUTE);
    router_notice_decide(&world->plan, &late, &nobody, NULL, 0);
    assert_int_equal(late.state, ROUTER_NOTICE_UNKNOWN);
    assert_int_equal(late.due_at_ms, 0);
    assert_int_equal(drafts(world), 0);
}

static void stale_refused_and_unreachable_notices_are_kept_and_not_said(void **state)
{
    struct world *world = *state;
    struct case_of of = somebody(world);
    struct router_addressee to = addressee(&of);
    struct router_notice *stale = notice(world, "out_for_delivery", T0 - 2 * DAY);
    stale->expires_at_ms = T0;
    router_notice_decide(&world->plan, stale, &to, NULL, 0);
    assert_int_equal(stale->state, ROUTER_NOTICE_EXPIRED);

    of.whatsapp->is_service_refused = of.sms->is_service_refused = true;
    struct router_notice *refused = notice(world, "out_for_delivery", T0);
    router_notice_decide(&world->plan, refused, &to, NULL, 0);
    assert_int_equal(refused->state, ROUTER_NOTICE_REFUSED);

    struct router_addressee alone = {of.crm, to.contacts, 1};
    struct router_notice *unreachable = notice(world, "out_for_delivery", T0);
    router_notice_decide(&world->plan, unreachable, &alone, NULL, 0);
    assert_int_equal(unreachable->state, ROUTER_NOTICE_WAITS);
    assert_int_equal(unreachable->due_at_ms, T0 + 2000);
    router_notice_decide(&world->plan, unreachable, &alone, NULL, 0);
    assert_int_equal(unreachable->state, ROUTER_NOTICE_NO_CHANNEL);
    assert_int_equal(unreachable->due_at_ms, 0);
    assert_int_equal(drafts(world), 0);
}

static void a_way_that_comes_just_behind_the_notice_is_taken(void **state)
{
    struct world *world = *state;
    struct case_of of = somebody(world);
    struct router_addressee to = addressee(&of), alone = {of.crm, to.contacts, 1};
    struct router_notice *due = notice(world, "out_for_delivery", T0);
    router_notice_decide(&world->plan, due, &alone, NULL, 0);
    world_next(world, T0 + 2000);
    router_notice_decide(&world->plan, due, &to, NULL, 0);
    assert_int_equal(due->state, ROUTER_NOTICE_DRAFTED);
    assert_int_equal(drafts(world), 1);
}

static void newer_news_take_back_what_is_not_delivered(void **state)
{
    struct world *world = *state;
    struct case_of of = somebody(world);
    struct router_addressee to = addressee(&of);
    static const struct {
        enum router_delivery delivery;
        bool is_withdrawn;
    } CASES[] = {{ROUTER_DRAFTED, true},   {ROUTER_HELD, true},       {ROUTER_QUEUED, true},
                 {ROUTER_ACCEPTED, false}, {ROUTER_DELIVERED, false}, {ROUTER_READ, false},
                 {ROUTER_DROPPED, false},  {ROUTER_FAILED, false},    {ROUTER_UNCERTAIN, false}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        world_next(world, T0);
        struct router_notice *out = notice(world, "out_for_delivery", T0 - HOUR);
        struct router_notice *here = notice(world, "delivered", T0);
        struct router_notice *both[] = {out, here};
        router_notice_decide(&world->plan, out, &to, both, 2);
        assert_null(world->plan.withdraws);
        out->delivery = CASES[i].delivery;
        router_notice_decide(&world->plan, here, &to, both, 2);
        assert_int_equal(here->state, ROUTER_NOTICE_DRAFTED);
        assert_int_equal(world->plan.withdraws != NULL, CASES[i].is_withdrawn);
        if (!world->plan.withdraws) continue;
        assert_true(sea_uuid_eq(world->plan.withdraws->draft_id, out->draft_id));
        assert_null(world->plan.withdraws->next);
        assert_true(sea_uuid_eq(world->plan.drafts->next->supersedes, out->draft_id));
    }
}

static void what_is_older_than_what_was_said_is_not_said_any_more(void **state)
{
    struct world *world = *state;
    struct case_of of = somebody(world);
    struct router_addressee to = addressee(&of);
    struct router_notice *here = notice(world, "delivered", T0);
    struct router_notice *out = notice(world, "out_for_delivery", T0 - HOUR);
    struct router_notice *other = notice(world, "order_paid", T0 - 2 * HOUR);
    struct router_notice *all[] = {here, out, other};
    other->collapse_key = sea_str("");
    router_notice_decide(&world->plan, here, &to, all, 3);
    router_notice_decide(&world->plan, out, &to, all, 3);
    assert_int_equal(out->state, ROUTER_NOTICE_OVERTAKEN);
    router_notice_decide(&world->plan, other, &to, all, 3);
    assert_int_equal(other->state, ROUTER_NOTICE_DRAFTED);
    assert_null(world->plan.withdraws);
}

static void the_template_with_a_tracking_number_is_taken_where_there_is_one(void **state)
{
    struct world *world = *state;
    struct router_notice *sent = notice(world, "dispatched", T0);
    assert_string_equal(router_notice_template(&world->plan, sent), "dispatched");
    sent->tracking_number = sea_str("LX1");
    assert_string_equal(router_notice_template(&world->plan, sent), "dispatched");
    sent->carrier = sea_str("correios");
    assert_string_equal(router_notice_template(&world->plan, sent), "dispatched_tracked");
    assert_null(router_notice_template(&world->plan, notice(world, "no_such_thing", T0)));
}

static void an_orders_state_follows_its_versions_and_trouble_closes(void **state)
{
    (void)state;
    struct router_order order = {.id = SEA_STR("1001")};
    struct router_trouble held = {1, SEA_STR("missing_tax_id"), T0, T0 + DAY, 0};
    assert_true(router_notice_milestone(&order, 4, T0, 3));
    assert_false(router_notice_milestone(&order, 3, T0, 2));
    assert_true(router_notice_exception(&order, &held, 3)); /* the same change of the timeline */
    assert_int_equal(order.exception, 1);
    held.exception = 2;
    held.closed_at_ms = T0 + 1;
    assert_true(router_notice_exception(&order, &held, 4));
    assert_int_equal(order.exception, 1); /* another trouble was closed */
    held.exception = 1;
    assert_true(router_notice_exception(&order, &held, 5));
    assert_int_equal(order.exception, 0);
    assert_false(router_notice_milestone(&order, 99, T0, 6));
    assert_int_equal(order.milestone, 4);
}

SEA_TESTS(WORLD_TEST(a_notice_is_drafted_for_the_customers_channels_in_their_language_NT_03),
          WORLD_TEST(a_customer_not_known_yet_is_waited_for_and_then_given_up),
          WORLD_TEST(stale_refused_and_unreachable_notices_are_kept_and_not_said),
          WORLD_TEST(a_way_that_comes_just_behind_the_notice_is_taken),
          WORLD_TEST(newer_news_take_back_what_is_not_delivered),
          WORLD_TEST(what_is_older_than_what_was_said_is_not_said_any_more),
          WORLD_TEST(the_template_with_a_tracking_number_is_taken_where_there_is_one),
          cmocka_unit_test(an_orders_state_follows_its_versions_and_trouble_closes))
