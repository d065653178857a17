/* When an engine that fails is left alone, and when it is asked again. */
#include "sea_cmocka.h"
#include "xlate_breaker.h"

static struct xlate_breaker opened_at(int64_t now_ms)
{
    struct xlate_breaker breaker = {0};
    for (int i = 0; i < XLATE_BREAKER_FAILURES; i++) {
        assert_true(xlate_breaker_may_call(&breaker, now_ms));
        xlate_breaker_failed(&breaker, now_ms);
    }
    return breaker;
}

static void failures_in_a_row_open_it(void **state)
{
    (void)state;
    struct xlate_breaker breaker = opened_at(1000);
    assert_true(xlate_breaker_is_open(&breaker));
    assert_false(xlate_breaker_may_call(&breaker, 1000 + XLATE_BREAKER_OPEN_MS - 1));
}

static void a_success_between_failures_keeps_it_closed(void **state)
{
    (void)state;
    struct xlate_breaker breaker = {0};
    for (int i = 0; i < 3 * XLATE_BREAKER_FAILURES; i++) {
        if (i % XLATE_BREAKER_FAILURES == 0) xlate_breaker_succeeded(&breaker);
        assert_true(xlate_breaker_may_call(&breaker, 1));
        if (i % XLATE_BREAKER_FAILURES != 0) xlate_breaker_failed(&breaker, 1);
    }
    assert_false(xlate_breaker_is_open(&breaker));
}

static void an_open_one_lets_a_single_probe_through(void **state)
{
    (void)state;
    struct xlate_breaker breaker = opened_at(0);
    assert_true(xlate_breaker_may_call(&breaker, XLATE_BREAKER_OPEN_MS));
    assert_false(xlate_breaker_may_call(&breaker, XLATE_BREAKER_OPEN_MS));
    xlate_breaker_failed(&breaker, XLATE_BREAKER_OPEN_MS + 50);
    assert_false(xlate_breaker_may_call(&breaker, 2 * XLATE_BREAKER_OPEN_MS));
    assert_true(xlate_breaker_may_call(&breaker, 2 * XLATE_BREAKER_OPEN_MS + 50));
    xlate_breaker_succeeded(&breaker);
    assert_true(xlate_breaker_may_call(&breaker, 2 * XLATE_BREAKER_OPEN_MS + 51));
    assert_false(xlate_breaker_is_open(&breaker));
}

SEA_TESTS(cmocka_unit_test(failures_in_a_row_open_it),
          cmocka_unit_test(a_success_between_failures_keeps_it_closed),
          cmocka_unit_test(an_open_one_lets_a_single_probe_through))
