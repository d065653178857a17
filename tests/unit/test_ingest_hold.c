/* test_ingest_hold.c: records wait for company as long as the broker lately took, and no longer. */
#include <event2/event.h>

#include "ingest_hold.h"
#include "sea_clock.h"
#include "sea_cmocka.h"

enum { COUNT = 3, MAX_MS = 50, MAX_US = MAX_MS * 1000 };

struct world {
    struct event_base *base;
    struct ingest_hold *hold;
    struct ingest_intake intakes[COUNT], again;
    const struct ingest_intake *gone[COUNT + 1];
    size_t count;
    bool comes_again;
};

static struct world world;

static void let_go(struct ingest_intake *intake)
{
    world.gone[world.count++] = intake;
    if (world.comes_again) {
        world.comes_again = false;
        ingest_hold_add(world.hold, &world.again);
    }
}

static int set_up(void **state)
{
    (void)state;
    world = (struct world){.base = event_base_new()};
    ingest_hold_open(&world.hold, world.base, MAX_MS, let_go);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ingest_hold_close(&world.hold);
    event_base_free(world.base);
    return 0;
}

static void broker_takes(int64_t us)
{
    for (int i = 0; i < 100; i++) ingest_hold_saw(world.hold, us);
}

static void add_all(void)
{
    for (size_t i = 0; i < COUNT; i++) ingest_hold_add(world.hold, &world.intakes[i]);
}

/* Turns the loop until `count` are gone; returns how long that took. */
static int64_t turn_until(size_t count)
{
    int64_t begun_us = sea_clock_mono_us();
    while (world.count < count) event_base_loop(world.base, EVLOOP_ONCE);
    return sea_clock_mono_us() - begun_us;
}

static void before_anything_is_known_of_the_broker_nobody_waits(void **state)
{
    (void)state;
    add_all();
    assert_int_equal(world.count, COUNT);
}

static void they_go_together_in_order_after_as_long_as_the_broker_took(void **state)
{
    (void)state;
    broker_takes(20000);
    add_all();
    assert_int_equal(world.count, 0);
    assert_true(turn_until(1) >= 15000);
    assert_int_equal(world.count, COUNT);
    for (size_t i = 0; i < COUNT; i++) assert_ptr_equal(world.gone[i], &world.intakes[i]);
}

static void a_slow_broker_keeps_them_no_longer_than_the_limit(void **state)
{
    (void)state;
    broker_takes((int64_t)1000 * MAX_US);
    add_all();
    assert_in_range(turn_until(COUNT), MAX_US * 3 / 4, 100 * MAX_US);
}

static void who_comes_while_others_go_waits_for_the_next_time(void **state)
{
    (void)state;
    broker_takes(5000);
    world.comes_again = true;
    add_all();
    turn_until(1);
    assert_int_equal(world.count, COUNT);
    turn_until(COUNT + 1);
    assert_ptr_equal(world.gone[COUNT], &world.again);
}

static void who_is_taken_back_does_not_go(void **state)
{
    (void)state;
    broker_takes(5000);
    add_all();
    assert_ptr_equal(ingest_hold_take(world.hold), &world.intakes[0]);
    turn_until(COUNT - 1);
    assert_ptr_equal(world.gone[0], &world.intakes[1]);
    assert_null(ingest_hold_take(world.hold));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(before_anything_is_known_of_the_broker_nobody_waits, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(they_go_together_in_order_after_as_long_as_the_broker_took,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_broker_keeps_them_no_longer_than_the_limit, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_comes_while_others_go_waits_for_the_next_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_is_taken_back_does_not_go, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
