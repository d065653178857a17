/* Clocks of tickets: set, warned, met, breached, withdrawn; in calendar and in business time. */
#include <stdlib.h>

#include "sea_cmocka.h"
#include "sla_core.h"

static const int64_t MINUTE = 60 * 1000, HOUR = 3600 * 1000;
static const int64_t NOON = INT64_C(1795435200000); /* Monday 2026-11-23T12:00:00Z */

static const struct sea_zone UTC = {.name = "UTC"};
static struct sea_market market; /* open Monday to Friday 09:00-18:00 */
static struct sea_sla sla;

struct world {
    struct sla_ticket ticket;
    struct sla_change change; /* as last said */
    struct sla_effects effects;
};

static void target(enum sea_clock clock, int64_t limit_ms, bool is_business, uint32_t warn_pct)
{
    market.targets[SEA_CHANNEL_MESSAGING][clock] =
        (struct sea_target){limit_ms, is_business, warn_pct};
}

static int setup(void **state)
{
    (void)state;
    market = (struct sea_market){.code = "SG", .zone = &UTC};
    if (!sea_calendar_add(&market.working, 0x1f, 9 * 60, 18 * 60)) return 1;
    target(SEA_CLOCK_ACKNOWLEDGEMENT, 15 * MINUTE, false, 80);
    target(SEA_CLOCK_FIRST_RESPONSE, 2 * HOUR, false, 50);
    target(SEA_CLOCK_NEXT_RESPONSE, 4 * HOUR, false, 50);
    target(SEA_CLOCK_RESOLUTION, 9 * HOUR, true, 50);
    sla = (struct sea_sla){0};
    return 0;
}

/* Says the change as it stands, a version later, at NOON + `at_ms`. */
static void say(struct world *world, int64_t at_ms)
{
    world->change.version++;
    world->change.said_ms = NOON + at_ms;
    world->effects.count = 0;
    sla_core_change(&world->ticket, &world->change, &sla, NOON + at_ms, &world->effects);
}

static void start(struct world *world)
{
    *world = (struct world){
        .ticket = {.is_new = true, .market = &market, .channel_class = SEA_CHANNEL_MESSAGING},
        .change = {.status = SLA_OPEN, .opened_ms = NOON, .asked_ms = NOON}};
    say(world, 0);
}

static void accepted(struct world *world, bool is_reply, int64_t at_ms, int64_t now_ms)
{
    world->effects.count = 0;
    sla_core_accepted(&world->ticket, is_reply, NOON + at_ms, NOON + now_ms, &world->effects);
}

static void due(struct world *world, int64_t upto_ms)
{
    world->effects.count = 0;
    sla_core_due(&world->ticket, NOON + upto_ms, NOON + upto_ms, &world->effects);
}

static const struct sla_clock *clock_of(const struct world *world, enum sea_clock name)
{
    return &world->ticket.clocks[name];
}

static uint32_t told(const struct world *world, enum sea_clock clock, enum sla_state state)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < world->effects.count; i++)
        count += world->effects.items[i].clock == clock && world->effects.items[i].state == state;
    return count;
}

static void a_question_sets_the_clocks_from_the_providers_time(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    assert_int_equal(clock_of(&world, SEA_CLOCK_ACKNOWLEDGEMENT)->due_ms, NOON + 15 * MINUTE);
    assert_int_equal(clock_of(&world, SEA_CLOCK_ACKNOWLEDGEMENT)->warn_ms, NOON + 12 * MINUTE);
    assert_int_equal(clock_of(&world, SEA_CLOCK_FIRST_RESPONSE)->due_ms, NOON + 2 * HOUR);
    assert_int_equal(clock_of(&world, SEA_CLOCK_NEXT_RESPONSE)->state, SLA_NONE);
    /* 6 h on Monday, 3 h on Tuesday */
    assert_int_equal(clock_of(&world, SEA_CLOCK_RESOLUTION)->due_ms, NOON + 24 * HOUR);
    assert_int_equal(world.effects.count, 1);
    assert_int_equal(told(&world, SEA_CLOCK_FIRST_RESPONSE, SLA_RUNNING), 1);
    assert_int_equal(sla_core_next_ms(&world.ticket), NOON + 12 * MINUTE);
    assert_true(world.ticket.is_dirty);
}

static void a_ticket_that_the_company_opened_has_nobody_waiting(void **state)
{
    (void)state;
    struct world world = {
        .ticket = {.is_new = true, .market = &market, .channel_class = SEA_CHANNEL_MESSAGING},
        .change = {.status = SLA_OPEN, .opened_ms = NOON}};
    say(&world, 0);
    assert_int_equal(clock_of(&world, SEA_CLOCK_FIRST_RESPONSE)->state, SLA_NONE);
    assert_int_equal(clock_of(&world, SEA_CLOCK_RESOLUTION)->state, SLA_RUNNING);
    world.change.asked_ms = NOON + HOUR;
    say(&world, HOUR);
    assert_int_equal(clock_of(&world, SEA_CLOCK_NEXT_RESPONSE)->due_ms, NOON + 5 * HOUR);
}

/* SL-06 */
static void two_hours_warn_before_and_breach_to_the_millisecond(void **state)
{
    (void)state;
    struct world world;
    target(SEA_CLOCK_ACKNOWLEDGEMENT, 0, false, 0);
    start(&world);
    due(&world, HOUR - 1);
    assert_int_equal(world.effects.count, 0);
    due(&world, HOUR);
    assert_int_equal(world.effects.count, 1);
    assert_int_equal(told(&world, SEA_CLOCK_FIRST_RESPONSE, SLA_WARNED), 1);
    assert_int_equal(world.effects.items[0].at_ms, NOON + HOUR);
    assert_int_equal(sla_core_next_ms(&world.ticket), NOON + 2 * HOUR);
    due(&world, 2 * HOUR - 1);
    assert_int_equal(world.effects.count, 0);
    due(&world, 2 * HOUR);
    assert_int_equal(world.effects.count, 1);
    assert_int_equal(told(&world, SEA_CLOCK_FIRST_RESPONSE, SLA_BREACHED), 1);
    due(&world, 3 * HOUR);
    assert_int_equal(told(&world, SEA_CLOCK_FIRST_RESPONSE, SLA_BREACHED), 0);
}

static void a_jump_over_both_still_warns_first(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    due(&world, 2 * HOUR);
    assert_int_equal(told(&world, SEA_CLOCK_FIRST_RESPONSE, SLA_WARNED), 1);
    assert_int_equal(told(&world, SEA_CLOCK_FIRST_RESPONSE, SLA_BREACHED), 1);
    assert_int_equal(told(&world, SEA_CLOCK_ACKNOWLEDGEMENT, SLA_BREACHED), 1);
    assert_int_equal(world.effects.count, 4);
}

static void what_is_due_after_the_sure_moment_is_told_as_decided_late(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    sla_core_due(&world.ticket, NOON + 2 * HOUR, NOON + HOUR, &world.effects);
    for (uint32_t i = 0; i < world.effects.count; i++) {
        const struct sla_effect *effect = &world.effects.items[i];
        bool is_first = effect->clock == SEA_CLOCK_FIRST_RESPONSE;
        if (effect->state == SLA_BREACHED) assert_int_equal(effect->is_late_decision, is_first);
    }
}

static void the_first_outbound_acknowledges_and_the_first_reply_answers(void **state)
{
    (void)state;
    static const struct {
        bool is_reply;
        int64_t at_minutes, now_minutes;
        enum sla_state acknowledgement, first;
    } CASES[] = {
        {false, 1, 1, SLA_MET, SLA_RUNNING},   {true, 1, 1, SLA_MET, SLA_MET},
        {true, 15, 16, SLA_MET, SLA_MET}, /* at the very end is in time */
        {true, 14, 60, SLA_MET, SLA_MET}, /* the provider's time counts, not the arrival's */
        {true, 20, 20, SLA_BREACHED, SLA_MET}, {true, 121, 121, SLA_BREACHED, SLA_BREACHED},
        {true, 20, 10, SLA_MET, SLA_MET}, /* never breached before it is due */
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct world world;
        start(&world);
        accepted(&world, CASES[i].is_reply, CASES[i].at_minutes * MINUTE,
                 CASES[i].now_minutes * MINUTE);
        assert_int_equal(clock_of(&world, SEA_CLOCK_ACKNOWLEDGEMENT)->state,
                         CASES[i].acknowledgement);
        assert_int_equal(clock_of(&world, SEA_CLOCK_FIRST_RESPONSE)->state, CASES[i].first);
        /* The same by what router says. */
        start(&world);
        world.change.acknowledged_ms = NOON + CASES[i].at_minutes * MINUTE;
        if (CASES[i].is_reply) world.change.answered_ms = world.change.acknowledged_ms;
        say(&world, CASES[i].now_minutes * MINUTE);
        assert_int_equal(clock_of(&world, SEA_CLOCK_ACKNOWLEDGEMENT)->state,
                         CASES[i].acknowledgement);
        assert_int_equal(clock_of(&world, SEA_CLOCK_FIRST_RESPONSE)->state, CASES[i].first);
    }
}

static void a_proof_that_comes_after_the_breach_withdraws_it_once(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    due(&world, 2 * HOUR);
    accepted(&world, true, 2 * HOUR - 1000, 2 * HOUR + 5000);
    assert_int_equal(world.effects.count, 1); /* the acknowledgement came too late all the same */
    assert_true(world.effects.items[0].is_withdrawn);
    assert_int_equal(world.effects.items[0].clock, SEA_CLOCK_FIRST_RESPONSE);
    assert_int_equal(clock_of(&world, SEA_CLOCK_FIRST_RESPONSE)->state, SLA_BREACHED); /* final */
    world.change.acknowledged_ms = world.change.answered_ms = NOON + 2 * HOUR - 1000;
    world.change.asked_ms = 0;
    world.ticket.is_dirty = false;
    say(&world, 2 * HOUR + 6000);
    assert_int_equal(world.effects.count, 0);
    assert_false(world.ticket.is_dirty);
}

static void an_answer_after_the_breach_changes_nothing(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    due(&world, 2 * HOUR);
    world.ticket.is_dirty = false;
    accepted(&world, true, 3 * HOUR, 3 * HOUR);
    assert_int_equal(world.effects.count, 0);
    assert_false(world.ticket.is_dirty);
}

static void answered(struct world *world, int64_t at_ms)
{
    if (!world->change.acknowledged_ms) world->change.acknowledged_ms = NOON + at_ms;
    if (!world->change.answered_ms) world->change.answered_ms = NOON + at_ms;
    world->change.asked_ms = 0;
    say(world, at_ms);
}

static void every_later_question_has_a_clock_of_its_own(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    answered(&world, MINUTE);
    for (int hour = 1; hour < 5; hour++) {
        world.change.asked_ms = NOON + hour * HOUR;
        say(&world, hour * HOUR + 100);
        assert_int_equal(told(&world, SEA_CLOCK_NEXT_RESPONSE, SLA_RUNNING), 1);
        assert_int_equal(clock_of(&world, SEA_CLOCK_NEXT_RESPONSE)->due_ms,
                         NOON + (hour + 4) * HOUR);
        if (hour % 2) {
            accepted(&world, true, hour * HOUR + MINUTE, hour * HOUR + MINUTE);
            assert_int_equal(told(&world, SEA_CLOCK_NEXT_RESPONSE, SLA_MET), 1);
        }
        answered(&world, hour * HOUR + 2 * MINUTE);
        assert_int_equal(told(&world, SEA_CLOCK_NEXT_RESPONSE, SLA_MET), hour % 2 ? 0 : 1);
    }
    assert_int_equal(clock_of(&world, SEA_CLOCK_FIRST_RESPONSE)->state, SLA_MET);
}

static void runs_of_the_next_response_have_different_ids(void **state)
{
    (void)state;
    struct sla_effect a = {.clock = SEA_CLOCK_NEXT_RESPONSE, .asked_ms = NOON}, b = a;
    struct sea_uuid id = {{1}};
    b.asked_ms += HOUR;
    assert_memory_not_equal(sla_core_clock_id(id, &a).bytes, sla_core_clock_id(id, &b).bytes, 16);
    a.clock = b.clock = SEA_CLOCK_FIRST_RESPONSE;
    assert_memory_equal(sla_core_clock_id(id, &a).bytes, sla_core_clock_id(id, &b).bytes, 16);
}

static void a_reply_under_way_does_not_answer_the_next_question(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    /* The customer wrote again at 10 min; the reply to the first message was accepted at 11 min. */
    world.change.acknowledged_ms = world.change.answered_ms = NOON + 11 * MINUTE;
    world.change.asked_ms = NOON + 10 * MINUTE;
    say(&world, 12 * MINUTE);
    assert_int_equal(clock_of(&world, SEA_CLOCK_NEXT_RESPONSE)->state, SLA_RUNNING);
    accepted(&world, true, 11 * MINUTE, 12 * MINUTE);
    assert_int_equal(clock_of(&world, SEA_CLOCK_NEXT_RESPONSE)->state, SLA_RUNNING);
    accepted(&world, true, 13 * MINUTE, 13 * MINUTE);
    assert_int_equal(clock_of(&world, SEA_CLOCK_NEXT_RESPONSE)->state, SLA_MET);
}

static void a_message_known_late_moves_what_still_runs(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    accepted(&world, false, MINUTE, MINUTE);
    world.change.asked_ms = NOON - HOUR;
    say(&world, 2 * MINUTE);
    assert_int_equal(clock_of(&world, SEA_CLOCK_FIRST_RESPONSE)->due_ms, NOON + HOUR);
    assert_int_equal(clock_of(&world, SEA_CLOCK_ACKNOWLEDGEMENT)->due_ms, NOON + 15 * MINUTE);
    due(&world, 30 * MINUTE);
    assert_int_equal(told(&world, SEA_CLOCK_FIRST_RESPONSE, SLA_WARNED), 1);
}

static void changes_that_move_no_clock_leave_the_row_alone(void **state)
{
    (void)state;
    static const enum sla_status STATUS[] = {SLA_OFFERED, SLA_ASSIGNED, SLA_SNOOZED, SLA_OPEN};
    struct world world;
    start(&world);
    world.ticket.is_dirty = false;
    for (size_t i = 0; i < SEA_COUNT(STATUS); i++) {
        world.change.status = STATUS[i];
        say(&world, (int64_t)i * MINUTE);
        assert_int_equal(world.effects.count, 0);
        assert_false(world.ticket.is_dirty);
    }
}

static void an_older_version_is_ignored(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    answered(&world, MINUTE);
    struct sla_ticket before = world.ticket;
    world.change.version = 0; /* say() makes it 1, which was the opening */
    world.change.status = SLA_CLOSED;
    say(&world, 2 * MINUTE);
    assert_memory_equal(&before, &world.ticket, sizeof(before));
}

static void resolution_stands_still_while_the_customer_is_waited_for(void **state)
{
    (void)state;
    struct world world;
    start(&world); /* Monday 12:00, 9 open hours: due Tuesday 12:00 */
    world.change.status = SLA_WAITING;
    say(&world, 4 * HOUR); /* 16:00: 5 h are left */
    assert_int_equal(told(&world, SEA_CLOCK_RESOLUTION, SLA_PAUSED), 1);
    assert_int_equal(world.ticket.left_ms, 5 * HOUR);
    due(&world, 400 * HOUR);
    assert_int_equal(told(&world, SEA_CLOCK_RESOLUTION, SLA_BREACHED), 0);
    world.change.status = SLA_OPEN;
    say(&world, 46 * HOUR); /* Wednesday 10:00 */
    assert_int_equal(told(&world, SEA_CLOCK_RESOLUTION, SLA_RUNNING), 1);
    assert_int_equal(clock_of(&world, SEA_CLOCK_RESOLUTION)->due_ms, NOON + 51 * HOUR); /* 15:00 */
    /* Half of the 9 hours warns: 4.5 h are left at 10:30. */
    assert_int_equal(clock_of(&world, SEA_CLOCK_RESOLUTION)->warn_ms,
                     NOON + 46 * HOUR + 30 * MINUTE);
    world.change.resolved_ms = NOON + 47 * HOUR;
    world.change.status = SLA_RESOLVED;
    say(&world, 47 * HOUR);
    assert_int_equal(clock_of(&world, SEA_CLOCK_RESOLUTION)->state, SLA_MET);
}

static void a_pause_after_the_warning_does_not_warn_again(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    due(&world, 5 * HOUR); /* 4.5 open hours are over */
    assert_int_equal(clock_of(&world, SEA_CLOCK_RESOLUTION)->state, SLA_WARNED);
    world.change.status = SLA_WAITING;
    say(&world, 5 * HOUR + MINUTE);
    world.change.status = SLA_ASSIGNED;
    say(&world, 22 * HOUR);
    assert_int_equal(clock_of(&world, SEA_CLOCK_RESOLUTION)->state, SLA_WARNED);
    due(&world, 24 * 7 * HOUR);
    assert_int_equal(told(&world, SEA_CLOCK_RESOLUTION, SLA_WARNED), 0);
    assert_int_equal(told(&world, SEA_CLOCK_RESOLUTION, SLA_BREACHED), 1);
}

static void resolving_ends_every_clock(void **state)
{
    (void)state;
    struct world world;
    start(&world);
    world.change.status = SLA_RESOLVED;
    world.change.resolved_ms = NOON + MINUTE;
    world.change.asked_ms = 0;
    say(&world, MINUTE);
    assert_int_equal(clock_of(&world, SEA_CLOCK_RESOLUTION)->state, SLA_MET);
    assert_int_equal(clock_of(&world, SEA_CLOCK_ACKNOWLEDGEMENT)->state, SLA_CANCELLED);
    assert_int_equal(clock_of(&world, SEA_CLOCK_FIRST_RESPONSE)->state, SLA_CANCELLED);
    assert_int_equal(sla_core_next_ms(&world.ticket), 0);
    /* It is opened again by a question. */
    world.change.status = SLA_OPEN;
    world.change.resolved_ms = 0;
    world.change.asked_ms = NOON + HOUR;
    say(&world, HOUR);
    assert_int_equal(clock_of(&world, SEA_CLOCK_NEXT_RESPONSE)->state, SLA_RUNNING);
    assert_int_equal(clock_of(&world, SEA_CLOCK_RESOLUTION)->state, SLA_MET);
}

static void a_ticket_first_heard_of_when_it_is_over_has_no_clocks(void **state)
{
    (void)state;
    struct world world = {
        .ticket = {.is_new = true, .market = &market, .channel_class = SEA_CHANNEL_MESSAGING},
        .change = {.status = SLA_CLOSED, .opened_ms = NOON, .asked_ms = NOON}};
    say(&world, HOUR);
    assert_false(world.ticket.is_dirty);
    assert_true(world.ticket.is_new);
}

static void business_time_counts_open_hours_only(void **state)
{
    (void)state;
    struct world world;
    target(SEA_CLOCK_FIRST_RESPONSE, 8 * HOUR, true, 0);
    world = (struct world){
        .ticket = {.is_new = true, .market = &market, .channel_class = SEA_CHANNEL_MESSAGING},
        .change = {.status = SLA_OPEN,
                   .opened_ms = NOON + 4 * 24 * HOUR,
                   .asked_ms = NOON + 4 * 24 * HOUR + 5 * HOUR}};
    say(&world, 4 * 24 * HOUR + 5 * HOUR); /* Friday 17:00: 1 h, then 7 h on Monday */
    assert_int_equal(clock_of(&world, SEA_CLOCK_FIRST_RESPONSE)->due_ms,
                     NOON + 7 * 24 * HOUR + 4 * HOUR);
    assert_int_equal(clock_of(&world, SEA_CLOCK_FIRST_RESPONSE)->warn_ms, 0);
}

static void a_policy_overrides_the_pack_and_is_named(void **state)
{
    (void)state;
    const struct sea_sla_policy policy = {.id = "eu-15-minutes",
                                          .channel_classes = 1u << SEA_CHANNEL_MESSAGING,
                                          .clock = SEA_CLOCK_FIRST_RESPONSE,
                                          .target = {10 * MINUTE, false, 0},
                                          .is_enabled = true,
                                          .from_ms = NOON,
                                          .until_ms = INT64_MAX};
    sla = (struct sea_sla){&policy, 1};
    struct world world;
    start(&world);
    assert_int_equal(clock_of(&world, SEA_CLOCK_FIRST_RESPONSE)->due_ms, NOON + 10 * MINUTE);
    assert_str_equal(clock_of(&world, SEA_CLOCK_FIRST_RESPONSE)->policy, "eu-15-minutes");
    assert_int_equal(clock_of(&world, SEA_CLOCK_ACKNOWLEDGEMENT)->policy.len, 0);
    sla = (struct sea_sla){0};
}

/* What a run of a clock has told so far. */
struct run {
    int started, warned, ended, withdrawn;
};

static void check(struct run runs[SEA_CLOCK_COUNT], const struct sla_effects *effects,
                  int64_t now_ms)
{
    for (uint32_t i = 0; i < effects->count; i++) {
        const struct sla_effect *effect = &effects->items[i];
        struct run *run = &runs[effect->clock];
        assert_true(effect->at_ms <= now_ms);
        if (effect->is_withdrawn) {
            assert_int_equal(++run->withdrawn, 1);
            assert_true(effect->at_ms <= effect->due_ms);
            continue;
        }
        if (effect->clock == SEA_CLOCK_NEXT_RESPONSE && effect->state == SLA_RUNNING &&
            (run->ended || !run->started))
            *run = (struct run){.started = 1};
        assert_int_equal(run->ended, 0);
        if (effect->state == SLA_WARNED) assert_int_equal(++run->warned, 1);
        if (effect->state == SLA_BREACHED) {
            assert_true(effect->due_ms <= now_ms);
            assert_int_equal(run->warned, 1);
        }
        run->ended += effect->state == SLA_MET || effect->state == SLA_BREACHED ||
                      effect->state == SLA_CANCELLED;
    }
}

static void step(struct world *world, unsigned *seed, int64_t now_ms)
{
    struct sla_change *change = &world->change;
    int64_t at_ms = now_ms - NOON - rand_r(seed) % (5 * MINUTE);
    switch (rand_r(seed) % 8) {
    case 0:
        if (!change->asked_ms) change->asked_ms = NOON + at_ms;
        change->status = SLA_OPEN;
        break;
    case 1:
        change->status = SLA_WAITING;
        break;
    case 2:
        change->status = SLA_ASSIGNED;
        break;
    case 3: /* the delivery first, then router */
        accepted(world, true, at_ms, now_ms - NOON);
        return;
    case 4:
        accepted(world, false, at_ms, now_ms - NOON);
        return;
    case 5:
        if (!change->acknowledged_ms) change->acknowledged_ms = NOON + at_ms;
        if (!change->answered_ms) change->answered_ms = NOON + at_ms;
        change->asked_ms = 0;
        break;
    default:
        due(world, now_ms - NOON);
        return;
    }
    say(world, now_ms - NOON);
}

static void every_clock_ends_exactly_once_whatever_happens(void **state)
{
    (void)state;
    for (unsigned run = 0; run < 20000; run++) {
        unsigned seed = run;
        struct world world;
        struct run runs[SEA_CLOCK_COUNT] = {0};
        int64_t now_ms = NOON;
        start(&world);
        check(runs, &world.effects, now_ms);
        for (int i = 0; i < 30; i++) {
            now_ms += rand_r(&seed) % (i % 3 ? 10 * MINUTE : 3 * HOUR);
            step(&world, &seed, now_ms);
            check(runs, &world.effects, now_ms);
        }
        world.change.status = SLA_RESOLVED;
        world.change.resolved_ms = now_ms;
        say(&world, now_ms - NOON);
        check(runs, &world.effects, now_ms);
        assert_int_equal(sla_core_next_ms(&world.ticket), 0);
        for (int c = 0; c < SEA_CLOCK_COUNT; c++)
            if (c != SEA_CLOCK_NEXT_RESPONSE || runs[c].started) assert_int_equal(runs[c].ended, 1);
    }
}

SEA_TESTS(cmocka_unit_test_setup(a_question_sets_the_clocks_from_the_providers_time, setup),
          cmocka_unit_test_setup(a_ticket_that_the_company_opened_has_nobody_waiting, setup),
          cmocka_unit_test_setup(two_hours_warn_before_and_breach_to_the_millisecond, setup),
          cmocka_unit_test_setup(a_jump_over_both_still_warns_first, setup),
          cmocka_unit_test_setup(what_is_due_after_the_sure_moment_is_told_as_decided_late, setup),
          cmocka_unit_test_setup(the_first_outbound_acknowledges_and_the_first_reply_answers,
                                 setup),
          cmocka_unit_test_setup(a_proof_that_comes_after_the_breach_withdraws_it_once, setup),
          cmocka_unit_test_setup(an_answer_after_the_breach_changes_nothing, setup),
          cmocka_unit_test_setup(every_later_question_has_a_clock_of_its_own, setup),
          cmocka_unit_test_setup(runs_of_the_next_response_have_different_ids, setup),
          cmocka_unit_test_setup(a_reply_under_way_does_not_answer_the_next_question, setup),
          cmocka_unit_test_setup(a_message_known_late_moves_what_still_runs, setup),
          cmocka_unit_test_setup(changes_that_move_no_clock_leave_the_row_alone, setup),
          cmocka_unit_test_setup(an_older_version_is_ignored, setup),
          cmocka_unit_test_setup(resolution_stands_still_while_the_customer_is_waited_for, setup),
          cmocka_unit_test_setup(a_pause_after_the_warning_does_not_warn_again, setup),
          cmocka_unit_test_setup(resolving_ends_every_clock, setup),
          cmocka_unit_test_setup(a_ticket_first_heard_of_when_it_is_over_has_no_clocks, setup),
          cmocka_unit_test_setup(business_time_counts_open_hours_only, setup),
          cmocka_unit_test_setup(a_policy_overrides_the_pack_and_is_named, setup),
          cmocka_unit_test_setup(every_clock_ends_exactly_once_whatever_happens, setup))
