/* When clocks that are due may fire. */
#include "sea_cmocka.h"
#include "sla_watch.h"

static const int64_t WALL = 1000000, NOW = 9000000; /* the deciding clock is shifted */

static void nothing_is_asked_before_it_is_due(void **state)
{
    (void)state;
    struct sla_watch watch;
    sla_watch_start(&watch, WALL);
    assert_int_equal(sla_watch_ask(&watch, 0, NOW, WALL), 0);
    assert_int_equal(sla_watch_ask(&watch, NOW + 1, NOW, WALL), 0);
    assert_int_equal(sla_watch_ask(&watch, NOW, NOW, WALL), WALL);
}

static void what_is_due_fires_when_the_input_has_reached_it(void **state)
{
    (void)state;
    struct sla_watch watch;
    int64_t upto_ms = 0, sure_ms = 0, next_ms = NOW - 10;
    sla_watch_start(&watch, WALL - 60000);
    assert_int_equal(sla_watch_ask(&watch, next_ms, NOW, WALL), WALL);
    assert_false(sla_watch_answer(&watch, false, next_ms, NOW, WALL, &upto_ms, &sure_ms));
    /* A tick later the question is still that of the first look. */
    assert_int_equal(sla_watch_ask(&watch, next_ms, NOW + 200, WALL + 200), WALL);
    assert_true(sla_watch_answer(&watch, true, next_ms, NOW + 200, WALL + 200, &upto_ms, &sure_ms));
    assert_int_equal(upto_ms, NOW);
    assert_int_equal(sure_ms, NOW);
    /* What became due since is asked for anew. */
    assert_int_equal(sla_watch_ask(&watch, NOW + 100, NOW + 400, WALL + 400), WALL + 400);
}

static void what_waited_too_long_fires_and_is_told_as_late(void **state)
{
    (void)state;
    struct sla_watch watch;
    int64_t next_ms = NOW, fired_ms = 0, upto_ms = 0, sure_ms = 0;
    sla_watch_start(&watch, WALL - 60000);
    for (int64_t t = 0; t < 5000 && !fired_ms; t += SLA_TICK_MS) {
        assert_true(sla_watch_ask(&watch, next_ms, NOW + t, WALL + t));
        if (sla_watch_answer(&watch, false, next_ms, NOW + t, WALL + t, &upto_ms, &sure_ms))
            fired_ms = t;
    }
    assert_true(fired_ms > 1000 && fired_ms + SLA_TICK_MS <= 2000);
    assert_true(upto_ms >= next_ms && sure_ms < next_ms);
}

static void after_a_start_or_a_jump_the_input_gets_its_time(void **state)
{
    (void)state;
    struct sla_watch watch;
    int64_t next_ms = NOW - 7200000, upto_ms = 0, sure_ms = 0;
    sla_watch_start(&watch, WALL);
    assert_int_equal(sla_watch_ask(&watch, next_ms, NOW, WALL), WALL);
    assert_false(sla_watch_answer(&watch, false, next_ms, NOW, WALL, &upto_ms, &sure_ms));
    int64_t t = SLA_GRACE_MS;
    assert_true(sla_watch_answer(&watch, false, next_ms, NOW + t, WALL + t, &upto_ms, &sure_ms));
    assert_int_equal(sure_ms, 0);
}

SEA_TESTS(cmocka_unit_test(nothing_is_asked_before_it_is_due),
          cmocka_unit_test(what_is_due_fires_when_the_input_has_reached_it),
          cmocka_unit_test(what_waited_too_long_fires_and_is_told_as_late),
          cmocka_unit_test(after_a_start_or_a_jump_the_input_gets_its_time))
