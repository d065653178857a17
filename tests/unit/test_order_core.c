/* Timelines: milestones that only rise, exceptions by the place of their events, notices once. */
#include <stdlib.h>

#include "order_core.h"
#include "sea_cmocka.h"

static const int64_t HOUR = INT64_C(3600) * 1000;
static const int64_t NOON = INT64_C(1795262400000); /* 2026-11-21T12:00:00Z */

struct world {
    struct order order;
    struct order_parcel parcels[2];
    struct order_effects effects;
};

static void start(struct world *world)
{
    *world = (struct world){.order = {.order_id = SEA_STR("1001"), .parcels = &world->parcels[0]}};
    world->parcels[0].parcel_id = SEA_STR("P1");
    world->parcels[0].next = &world->parcels[1];
    world->parcels[1].parcel_id = SEA_STR("P2");
}

static struct order_event fact(enum order_fact fact, int hour)
{
    return (struct order_event){.fact = fact,
                                .place = {.at_ms = NOON + hour * HOUR, .fact = fact},
                                .has_contact = true,
                                .contact = {{7}},
                                .market = SEA_STR("BR"),
                                .reason = SEA_STR("missing_tax_id"),
                                .expected_at_ms = NOON + 72 * HOUR};
}

static enum order_outcome apply(struct world *world, int parcel, struct order_event event)
{
    bool is_of_parcel = order_fact_is_of_parcel(event.fact);
    return order_core_apply(&world->order, is_of_parcel ? &world->parcels[parcel] : NULL, &event,
                            &world->effects);
}

static const struct order_effect *notice(const struct world *world)
{
    for (uint32_t i = 0; i < world->effects.count; i++)
        if (world->effects.items[i].kind == EFFECT_NOTICE) return &world->effects.items[i];
    return NULL;
}

static const char *about(const struct world *world)
{
    return notice(world) ? notice(world)->about : "";
}

/* NT-01: each of the five moments gives one notice. */
static void the_five_milestones_are_told_once_each_even_if_replayed(void **state)
{
    (void)state;
    static const struct {
        enum order_fact fact;
        enum order_milestone milestone;
        const char *about;
    } CASES[] = {
        {ORDER_PLACED, MILESTONE_PLACED, ""},
        {ORDER_PAID, MILESTONE_PAID, "order_paid"},
        {PARCEL_DISPATCHED, MILESTONE_DISPATCHED, "dispatched"},
        {PARCEL_IN_CUSTOMS, MILESTONE_IN_CUSTOMS, "in_customs"},
        {PARCEL_OUT_FOR_DELIVERY, MILESTONE_OUT_FOR_DELIVERY, "out_for_delivery"},
        {PARCEL_DELIVERED, MILESTONE_DELIVERED, "delivered"},
    };
    struct world world;
    start(&world);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < (int)SEA_COUNT(CASES); i++) {
            enum order_outcome outcome = apply(&world, 0, fact(CASES[i].fact, i));
            if (round) {
                assert_int_not_equal(outcome, ORDER_APPLIED);
                assert_int_equal(world.effects.count, 0);
                continue;
            }
            assert_int_equal(outcome, ORDER_APPLIED);
            assert_int_equal(world.effects.items[0].kind, EFFECT_MILESTONE);
            assert_int_equal(world.effects.items[0].milestone, CASES[i].milestone);
            assert_string_equal(about(&world), CASES[i].about);
        }
    }
    assert_int_equal(world.order.version, SEA_COUNT(CASES));
}

/* OL-10 */
static void a_payment_starts_the_timeline(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    assert_int_equal(apply(&world, 0, fact(ORDER_PAID, 0)), ORDER_APPLIED);
    assert_int_equal(world.order.progress.milestone, MILESTONE_PAID);
    assert_int_equal(world.order.progress.at_ms[MILESTONE_PAID], NOON);
    assert_int_equal(world.order.version, 1);
    assert_true(world.order.is_dirty);
    assert_str_equal(world.order.market, "BR");
    assert_int_equal(apply(&world, 0, fact(ORDER_PLACED, -1)), ORDER_LATE);
    assert_int_equal(world.order.version, 1);
}

/* OL-05 */
static void late_and_repeated_events_do_not_move_a_parcel(void **state)
{
    (void)state;
    static const struct {
        enum order_fact first, second;
        int first_hour, second_hour;
        enum order_outcome want;
    } CASES[] = {
        {PARCEL_DELIVERED, PARCEL_OUT_FOR_DELIVERY, 5, 4, ORDER_LATE},
        {PARCEL_DELIVERED, PARCEL_OUT_FOR_DELIVERY, 4, 5, ORDER_LATE}, /* never back */
        {PARCEL_DELIVERED, PARCEL_DISPATCHED, 5, 1, ORDER_LATE},
        {PARCEL_DELIVERED, PARCEL_DELIVERED, 5, 5, ORDER_DUPLICATE},
        {PARCEL_DISPATCHED, PARCEL_DISPATCHED, 1, 2, ORDER_DUPLICATE},
        {PARCEL_IN_CUSTOMS, PARCEL_DISPATCHED, 2, 1, ORDER_LATE},
        {PARCEL_RETURNED, PARCEL_DELIVERED, 9, 8, ORDER_LATE},
        {PARCEL_DELIVERED, PARCEL_CUSTOMS_HELD, 5, 6, ORDER_LATE}, /* it is there: no trouble */
        {PARCEL_OUT_FOR_DELIVERY, PARCEL_CUSTOMS_HELD, 5, 4, ORDER_LATE},
        {PARCEL_CUSTOMS_CLEARED, PARCEL_CUSTOMS_HELD, 5, 4, ORDER_LATE},
        {PARCEL_CUSTOMS_HELD, PARCEL_CUSTOMS_HELD, 5, 5, ORDER_DUPLICATE},
        {PARCEL_CUSTOMS_HELD, PARCEL_CUSTOMS_CLEARED, 5, 4, ORDER_LATE},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct world world;
        start(&world);
        assert_int_equal(apply(&world, 0, fact(CASES[i].first, CASES[i].first_hour)),
                         ORDER_APPLIED);
        struct order before = world.order;
        struct order_progress progress = world.parcels[0].progress;
        assert_int_equal(apply(&world, 0, fact(CASES[i].second, CASES[i].second_hour)),
                         CASES[i].want);
        assert_int_equal(world.effects.count, 0);
        assert_int_equal(world.order.version, before.version);
        assert_int_equal(world.parcels[0].progress.milestone, progress.milestone);
        assert_int_equal(world.parcels[0].progress.is_told, progress.is_told);
    }
}

/* OL-05: what came late is seen in the timeline, at its own time, and moves nothing. */
static void a_late_milestone_is_listed_at_its_first_time(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    const struct order_parcel *parcel = &world.parcels[0];
    apply(&world, 0, fact(PARCEL_DELIVERED, 5));
    world.parcels[0].is_dirty = world.order.is_dirty = false;
    assert_int_equal(apply(&world, 0, fact(PARCEL_DISPATCHED, 1)), ORDER_LATE);
    assert_true(parcel->is_dirty);
    assert_false(world.order.is_dirty);
    assert_int_equal(parcel->progress.at_ms[MILESTONE_DISPATCHED], NOON + HOUR);
    world.parcels[0].is_dirty = false;
    assert_int_equal(apply(&world, 0, fact(PARCEL_DISPATCHED, 2)), ORDER_LATE);
    assert_false(parcel->is_dirty);
    assert_int_equal(parcel->progress.at_ms[MILESTONE_DISPATCHED], NOON + HOUR);
    assert_int_equal(parcel->progress.at_ms[MILESTONE_DELIVERED], NOON + 5 * HOUR);
    assert_int_equal(parcel->progress.milestone, MILESTONE_DELIVERED);

    /* A payment from before the parcel left, and an order placed before it was paid. */
    assert_int_equal(apply(&world, 0, fact(ORDER_PAID, 0)), ORDER_LATE);
    assert_true(world.order.is_dirty);
    assert_int_equal(world.order.progress.at_ms[MILESTONE_PAID], NOON);
    assert_int_equal(world.order.progress.milestone, MILESTONE_NONE);
    assert_int_equal(world.order.version, 1);
}

static void the_sequence_orders_where_there_is_one(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    struct order_event held = fact(PARCEL_CUSTOMS_HELD, 5),
                       cleared = fact(PARCEL_CUSTOMS_CLEARED, 4);
    held.place.has_sequence = cleared.place.has_sequence = true;
    held.place.sequence = 7;
    cleared.place.sequence = 8; /* the later one by sequence has the earlier time */
    assert_int_equal(apply(&world, 0, held), ORDER_APPLIED);
    assert_int_equal(apply(&world, 0, cleared), ORDER_APPLIED);
    assert_int_equal(world.parcels[0].exceptions[CLASS_CUSTOMS_HELD].closed_at_ms, NOON + 4 * HOUR);
    assert_int_equal(apply(&world, 0, held), ORDER_DUPLICATE);
}

static void at_the_same_instant_the_rank_of_the_fact_decides(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    apply(&world, 0, fact(PARCEL_CUSTOMS_CLEARED, 5));
    assert_int_equal(apply(&world, 0, fact(PARCEL_CUSTOMS_HELD, 5)), ORDER_LATE);
    apply(&world, 0, fact(PARCEL_OUT_FOR_DELIVERY, 6));
    assert_int_equal(apply(&world, 0, fact(PARCEL_DELIVERY_FAILED, 6)), ORDER_APPLIED);
}

static void a_payment_on_delivery_is_news_and_a_late_one_is_not(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    apply(&world, 0, fact(PARCEL_DELIVERED, 5));
    assert_int_equal(apply(&world, 0, fact(ORDER_PAID, 1)), ORDER_LATE);
    assert_int_equal(apply(&world, 0, fact(ORDER_PAID, 6)), ORDER_APPLIED);
    assert_string_equal(about(&world), "order_paid");
}

static void parcels_of_an_order_are_told_each(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    apply(&world, 0, fact(PARCEL_DELIVERED, 5));
    assert_int_equal(apply(&world, 1, fact(PARCEL_DISPATCHED, 6)), ORDER_APPLIED);
    assert_string_equal(about(&world), "dispatched");
    assert_ptr_equal(notice(&world)->parcel, &world.parcels[1]);
}

/* NT-03 */
static void trouble_is_told_only_with_its_reason_and_expected_time(void **state)
{
    (void)state;
    static const enum order_fact FACTS[] = {PARCEL_CUSTOMS_HELD, PARCEL_ADDRESS_PROBLEM,
                                            PARCEL_DELIVERY_FAILED};
    static const char *const ABOUT[] = {"customs_held", "address_problem", "delivery_failed"};
    for (size_t i = 0; i < SEA_COUNT(FACTS); i++) {
        struct world world;
        start(&world);
        struct order_event event = fact(FACTS[i], 1);
        event.reason = SEA_STR("");
        assert_int_equal(apply(&world, 0, event), ORDER_APPLIED);
        assert_int_equal(world.effects.count, 1); /* agents see it */
        assert_int_equal(world.effects.items[0].kind, EFFECT_EXCEPTION);
        event = fact(FACTS[i], 2);
        event.expected_at_ms = 0;
        assert_int_equal(apply(&world, 0, event), ORDER_APPLIED);
        assert_null(notice(&world));
        assert_int_equal(apply(&world, 0, fact(FACTS[i], 3)), ORDER_APPLIED); /* now complete */
        assert_string_equal(about(&world), ABOUT[i]);
        assert_int_equal(apply(&world, 0, fact(FACTS[i], 4)), ORDER_APPLIED);
        assert_null(notice(&world)); /* told already */
        assert_int_equal(world.parcels[0].exceptions[i + 1].since_ms, NOON + HOUR);
    }
}

static void trouble_is_closed_by_its_answer_or_by_progress(void **state)
{
    (void)state;
    static const struct {
        enum order_fact opens, closes;
        bool is_closed;
    } CASES[] = {
        {PARCEL_CUSTOMS_HELD, PARCEL_CUSTOMS_CLEARED, true},
        {PARCEL_CUSTOMS_HELD, PARCEL_OUT_FOR_DELIVERY, true},
        {PARCEL_CUSTOMS_HELD, PARCEL_ADDRESS_CORRECTED, false},
        {PARCEL_CUSTOMS_HELD, PARCEL_IN_CUSTOMS, false},
        {PARCEL_CUSTOMS_HELD, PARCEL_SCANNED, false},
        {PARCEL_ADDRESS_PROBLEM, PARCEL_ADDRESS_CORRECTED, true},
        {PARCEL_ADDRESS_PROBLEM, PARCEL_CUSTOMS_CLEARED, false},
        {PARCEL_ADDRESS_PROBLEM, PARCEL_DELIVERED, true},
        {PARCEL_DELIVERY_FAILED, PARCEL_OUT_FOR_DELIVERY, true},
        {PARCEL_DELIVERY_FAILED, PARCEL_DELIVERED, true},
        {PARCEL_DELIVERY_FAILED, PARCEL_RETURNED, true},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct world world;
        start(&world);
        apply(&world, 0, fact(CASES[i].opens, 1));
        enum order_class class = world.effects.items[0].class;
        apply(&world, 0, fact(CASES[i].closes, 2));
        int64_t closed_at_ms = world.parcels[0].exceptions[class].closed_at_ms;
        assert_int_equal(closed_at_ms, CASES[i].is_closed ? NOON + 2 * HOUR : 0);
    }
}

static void a_second_attempt_that_fails_is_told_anew_but_not_for_ever(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    int told = 0;
    for (int day = 0; day < 10; day++) {
        apply(&world, 0, fact(PARCEL_OUT_FOR_DELIVERY, day * 24));
        assert_string_equal(about(&world), day ? "" : "out_for_delivery");
        assert_int_equal(apply(&world, 0, fact(PARCEL_DELIVERY_FAILED, day * 24 + 8)),
                         ORDER_APPLIED);
        told += notice(&world) != NULL;
    }
    assert_int_equal(told, ORDER_TOLD_MAX);
}

static void back_fill_is_stored_and_nobody_is_told(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    struct order_event paid = fact(ORDER_PAID, 0), held = fact(PARCEL_CUSTOMS_HELD, 2);
    paid.is_historical = held.is_historical = true;
    assert_int_equal(apply(&world, 0, paid), ORDER_APPLIED);
    assert_int_equal(world.effects.count, 1);
    assert_int_equal(apply(&world, 0, held), ORDER_APPLIED);
    assert_int_equal(world.effects.count, 1);
    assert_int_equal(apply(&world, 0, fact(ORDER_PAID, 0)), ORDER_DUPLICATE);
    assert_null(notice(&world));
    apply(&world, 0, fact(PARCEL_DELIVERED, 5)); /* what happens now is told */
    assert_string_equal(about(&world), "delivered");
}

static void back_fill_is_not_told_by_what_comes_after_it(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    struct order_event out = fact(PARCEL_OUT_FOR_DELIVERY, 0);
    out.is_historical = true;
    apply(&world, 0, out);
    assert_int_equal(apply(&world, 0, fact(PARCEL_OUT_FOR_DELIVERY, 24)), ORDER_APPLIED);
    assert_null(notice(&world)); /* a second attempt is no new milestone */
    start(&world);
    out.has_contact = false;
    apply(&world, 0, out);
    apply(&world, 0, fact(ORDER_CHANGED, 1)); /* names the customer */
    assert_null(notice(&world));
}

static void the_customer_may_be_named_later_and_hears_the_newest_then(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    struct order_event paid = fact(ORDER_PAID, 0), gone = fact(PARCEL_DISPATCHED, 1);
    paid.has_contact = gone.has_contact = false;
    apply(&world, 0, paid);
    assert_null(notice(&world));
    apply(&world, 0, gone);
    assert_null(notice(&world));
    assert_int_equal(apply(&world, 0, fact(ORDER_PLACED, -1)), ORDER_LATE);
    assert_string_equal(about(&world), "dispatched");
    assert_int_equal(world.effects.count, 1);
    assert_true(world.parcels[0].is_dirty);
    struct order_event other = fact(ORDER_CHANGED, 2);
    other.contact.bytes[0] = 9;
    apply(&world, 0, other);
    assert_int_equal(world.effects.count, 0);
    assert_int_equal(world.order.contact.bytes[0], 7); /* the first one named stays */
}

static void trouble_is_told_before_older_milestones_when_the_customer_is_named(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    struct order_event gone = fact(PARCEL_DISPATCHED, 1), held = fact(PARCEL_CUSTOMS_HELD, 2);
    gone.has_contact = held.has_contact = false;
    apply(&world, 0, gone);
    apply(&world, 0, held);
    apply(&world, 0, fact(ORDER_CHANGED, 3));
    assert_string_equal(about(&world), "customs_held");
    apply(&world, 0, fact(PARCEL_CUSTOMS_HELD, 4));
    assert_null(notice(&world));
}

static void a_cancelled_order_says_nothing_more(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    assert_int_equal(apply(&world, 0, fact(ORDER_CANCELLED, 0)), ORDER_APPLIED);
    assert_int_equal(apply(&world, 0, fact(ORDER_PAID, 1)), ORDER_LATE);
    assert_int_equal(apply(&world, 0, fact(PARCEL_DELIVERED, 2)), ORDER_APPLIED);
    assert_null(notice(&world));
}

static void news_at_the_door_replaces_older_and_goes_stale(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    apply(&world, 0, fact(PARCEL_OUT_FOR_DELIVERY, 0));
    assert_string_equal(notice(&world)->collapses, "delivery");
    assert_int_equal(notice(&world)->expires_at_ms, NOON + 12 * HOUR);
    apply(&world, 0, fact(PARCEL_DELIVERED, 1));
    assert_string_equal(notice(&world)->collapses, "delivery");
    start(&world);
    apply(&world, 0, fact(PARCEL_CUSTOMS_HELD, 0));
    assert_int_equal(notice(&world)->expires_at_ms, NOON + 72 * HOUR); /* until it should be over */
    start(&world);
    struct order_event held = fact(PARCEL_CUSTOMS_HELD, 0);
    held.expected_at_ms = NOON + 24 * 365 * HOUR;
    apply(&world, 0, held);
    assert_int_equal(notice(&world)->expires_at_ms, NOON + 7 * 24 * HOUR);
}

/* A history of one order whose publisher numbers its events, or doesn't. */
static size_t make_history(struct order_event *ret, unsigned *seed, bool has_sequence)
{
    static const enum order_fact USUAL[] = {
        ORDER_PLACED,           ORDER_PAID,
        PARCEL_DISPATCHED,      PARCEL_SCANNED,
        PARCEL_IN_CUSTOMS,      PARCEL_CUSTOMS_HELD,
        PARCEL_CUSTOMS_HELD,    PARCEL_CUSTOMS_CLEARED,
        PARCEL_ADDRESS_PROBLEM, PARCEL_ADDRESS_CORRECTED,
        PARCEL_CUSTOMS_HELD,    PARCEL_OUT_FOR_DELIVERY,
        PARCEL_DELIVERY_FAILED, PARCEL_OUT_FOR_DELIVERY,
        PARCEL_DELIVERY_FAILED, PARCEL_DELIVERED,
    };
    size_t count = 0, length = 1 + (size_t)rand_r(seed) % SEA_COUNT(USUAL);
    for (size_t i = 0; i < length; i++) {
        if (rand_r(seed) % 4 == 0) continue;                       /* never told to us */
        struct order_event event = fact(USUAL[i], (int)i / 2 * 2); /* often the same instant */
        event.place.at_ms += (int64_t)(i % 2);
        event.expected_at_ms = NOON + (int64_t)i;
        event.place.has_sequence = has_sequence;
        event.place.sequence = (int64_t)i;
        if (has_sequence) event.place.at_ms = NOON + rand_r(seed) % 100; /* clocks that lie */
        ret[count++] = event;
    }
    return count;
}

static void whatever_the_order_of_arrival_the_state_is_the_same_and_only_rises(void **state)
{
    (void)state;
    for (unsigned run = 0; run < 4000; run++) {
        unsigned seed = run;
        struct order_event history[32], events[64];
        size_t count = make_history(history, &seed, run % 2);
        struct world straight, mixed;
        start(&straight);
        for (size_t i = 0; i < count; i++) apply(&straight, 0, history[i]);

        size_t total = 0;
        for (size_t i = 0; i < count; i++) {
            events[total++] = history[i];
            if (rand_r(&seed) % 3 == 0) events[total++] = history[i];
        }
        for (size_t i = total; i > 1; i--) {
            size_t j = (size_t)rand_r(&seed) % i;
            struct order_event other = events[i - 1];
            events[i - 1] = events[j];
            events[j] = other;
        }
        start(&mixed);
        int told[MILESTONES] = {0};
        for (size_t i = 0; i < total; i++) {
            enum order_milestone before = mixed.parcels[0].progress.milestone;
            uint64_t version = mixed.order.version;
            enum order_outcome outcome = apply(&mixed, 0, events[i]);
            assert_true(mixed.parcels[0].progress.milestone >= before);
            assert_int_equal(mixed.order.version, version + (mixed.effects.count > 0));
            if (outcome != ORDER_APPLIED) assert_int_equal(mixed.effects.count, 0);
            for (uint32_t e = 0; e < mixed.effects.count; e++)
                if (mixed.effects.items[e].kind == EFFECT_MILESTONE)
                    told[mixed.effects.items[e].milestone]++;
        }
        for (size_t m = 0; m < MILESTONES; m++) assert_true(told[m] <= 1);
        assert_int_equal(mixed.parcels[0].progress.milestone,
                         straight.parcels[0].progress.milestone);
        for (int c = 1; c < ORDER_CLASSES; c++) {
            const struct order_exception *a = &straight.parcels[0].exceptions[c];
            const struct order_exception *b = &mixed.parcels[0].exceptions[c];
            bool is_open = a->since_ms && !a->closed_at_ms;
            assert_int_equal(is_open, b->since_ms && !b->closed_at_ms);
            if (is_open) assert_int_equal(a->expected_at_ms, b->expected_at_ms);
        }
    }
}

SEA_TESTS(cmocka_unit_test(the_five_milestones_are_told_once_each_even_if_replayed),
          cmocka_unit_test(a_payment_starts_the_timeline),
          cmocka_unit_test(late_and_repeated_events_do_not_move_a_parcel),
          cmocka_unit_test(a_late_milestone_is_listed_at_its_first_time),
          cmocka_unit_test(the_sequence_orders_where_there_is_one),
          cmocka_unit_test(at_the_same_instant_the_rank_of_the_fact_decides),
          cmocka_unit_test(a_payment_on_delivery_is_news_and_a_late_one_is_not),
          cmocka_unit_test(parcels_of_an_order_are_told_each),
          cmocka_unit_test(trouble_is_told_only_with_its_reason_and_expected_time),
          cmocka_unit_test(trouble_is_closed_by_its_answer_or_by_progress),
          cmocka_unit_test(a_second_attempt_that_fails_is_told_anew_but_not_for_ever),
          cmocka_unit_test(back_fill_is_stored_and_nobody_is_told),
          cmocka_unit_test(back_fill_is_not_told_by_what_comes_after_it),
          cmocka_unit_test(the_customer_may_be_named_later_and_hears_the_newest_then),
          cmocka_unit_test(trouble_is_told_before_older_milestones_when_the_customer_is_named),
          cmocka_unit_test(a_cancelled_order_says_nothing_more),
          cmocka_unit_test(news_at_the_door_replaces_older_and_goes_stale),
          cmocka_unit_test(whatever_the_order_of_arrival_the_state_is_the_same_and_only_rises))
