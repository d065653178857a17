/* How many sends an account is allowed. */
#include "notify_budget.h"
#include "sea_cmocka.h"

static uint32_t spend_all(struct notify_budget *budget)
{
    uint32_t spent = 0;
    while (notify_budget_reserve(budget, true)) spent++;
    return spent;
}

static void it_begins_with_a_tenth_and_never_holds_more_than_a_quarter_second(void **state)
{
    (void)state;
    struct notify_budget budget;
    notify_budget_init(&budget, 80);
    assert_int_equal(spend_all(&budget), 8);
    assert_int_equal(notify_budget_wants(&budget), 20);
    assert_int_equal(notify_budget_wants(&budget), 0); /* asked already */
    notify_budget_granted(&budget, 500);
    assert_int_equal(spend_all(&budget), 20);
}

static void a_slow_account_can_send_at_all(void **state)
{
    (void)state;
    struct notify_budget budget;
    notify_budget_init(&budget, 1);
    assert_int_equal(spend_all(&budget), 1);
    assert_int_equal(notify_budget_wants(&budget), 1);
    notify_budget_granted(&budget, 1);
    assert_int_equal(spend_all(&budget), 1);
}

static void without_redis_a_tenth_of_the_rate_goes(void **state)
{
    (void)state;
    struct notify_budget budget;
    notify_budget_init(&budget, 100);
    uint32_t spent = 0;
    spend_all(&budget);
    for (int64_t now = 1000; now <= 11000; now += 100) {
        notify_budget_alone(&budget, now);
        spent += spend_all(&budget);
    }
    assert_int_equal(spent, 100); /* ten a second */
}

static void a_long_message_leaves_a_debt(void **state)
{
    (void)state;
    struct notify_budget budget;
    notify_budget_init(&budget, 1);
    assert_true(notify_budget_reserve(&budget, true));
    notify_budget_settle(&budget, 3); /* three parts at one a second */
    assert_int_equal(notify_budget_room(&budget), 0);
    notify_budget_granted(&budget, 2);
    assert_false(notify_budget_reserve(&budget, true));
    notify_budget_granted(&budget, 1);
    assert_true(notify_budget_reserve(&budget, true));
}

static void what_was_reserved_for_nothing_comes_back(void **state)
{
    (void)state;
    struct notify_budget budget;
    notify_budget_init(&budget, 20);
    assert_int_equal(notify_budget_room(&budget), 2);
    assert_true(notify_budget_reserve(&budget, true));
    assert_int_equal(notify_budget_room(&budget), 1);
    notify_budget_settle(&budget, 0);
    assert_int_equal(notify_budget_room(&budget), 2);
}

static void new_ones_go_behind_those_who_wait(void **state)
{
    (void)state;
    struct notify_budget budget;
    notify_budget_init(&budget, 20);
    budget.is_queued = true;
    assert_false(notify_budget_reserve(&budget, true));
    assert_true(notify_budget_reserve(&budget, false));
}

SEA_TESTS(cmocka_unit_test(it_begins_with_a_tenth_and_never_holds_more_than_a_quarter_second),
          cmocka_unit_test(a_slow_account_can_send_at_all),
          cmocka_unit_test(without_redis_a_tenth_of_the_rate_goes),
          cmocka_unit_test(a_long_message_leaves_a_debt),
          cmocka_unit_test(what_was_reserved_for_nothing_comes_back),
          cmocka_unit_test(new_ones_go_behind_those_who_wait))
