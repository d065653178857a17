/* What is done next for a request to forget somebody. */
#include "purge_core.h"
#include "sea_cmocka.h"

static const struct purge_rules plain = {.grace_ms = 0, .wait_ms = 60000};
static const struct purge_rules patient = {.grace_ms = 3600000, .wait_ms = 60000};

static struct purge_request request_in(enum purge_state state)
{
    return (struct purge_request){.state = state,
                                  .contact_count = 2,
                                  .verified_at_ms = 1000000,
                                  .destroyed_at_ms = state == PURGE_RUNNING ? 5000000 : 0};
}

static void nothing_is_done_before_the_contacts_are_known(void **state)
{
    (void)state;
    struct purge_request request = request_in(PURGE_RECEIVED);
    request.contact_count = 0;
    assert_int_equal(purge_next(&request, &plain, INT64_MAX / 2, INT64_MAX / 2), PURGE_WAIT);
}

static void without_grace_the_contacts_are_marked_at_once(void **state)
{
    (void)state;
    struct purge_request request = request_in(PURGE_VERIFIED);
    assert_int_equal(purge_next(&request, &plain, 1000000, 0), PURGE_MARK);
}

static void grace_runs_by_the_deciding_clock(void **state)
{
    (void)state;
    struct purge_request request = request_in(PURGE_VERIFIED);
    assert_int_equal(purge_next(&request, &patient, 4599999, INT64_MAX / 2), PURGE_WAIT);
    assert_int_equal(purge_next(&request, &patient, 4600000, 0), PURGE_MARK);
}

static void a_hold_stops_a_request_until_it_is_released(void **state)
{
    (void)state;
    struct purge_request request = request_in(PURGE_VERIFIED);
    request.is_held = true;
    assert_int_equal(purge_next(&request, &patient, 1000000, 0), PURGE_HOLD);
    request.state = PURGE_HELD;
    assert_int_equal(purge_next(&request, &plain, INT64_MAX / 2, 0), PURGE_WAIT);
    request.is_held = false;
    assert_int_equal(purge_next(&request, &plain, 0, 0), PURGE_GO_ON);
}

static void a_hold_comes_too_late_for_what_is_marked(void **state)
{
    (void)state;
    struct purge_request request = request_in(PURGE_MARKED);
    request.is_held = true;
    assert_int_equal(purge_next(&request, &plain, 0, 0), PURGE_DESTROY);
}

static void an_unknown_customer_is_done_without_any_destruction(void **state)
{
    (void)state;
    struct purge_request request = request_in(PURGE_VERIFIED);
    request.contact_count = 0;
    assert_int_equal(purge_next(&request, &patient, 1000000, 0), PURGE_FINISH);
    request.is_held = true;
    assert_int_equal(purge_next(&request, &patient, 1000000, 0), PURGE_HOLD);
}

static void it_is_done_when_all_answered_and_no_cache_can_hold_a_key(void **state)
{
    (void)state;
    struct purge_request request = request_in(PURGE_RUNNING);
    assert_int_equal(purge_next(&request, &plain, 0, 9000000), PURGE_WAIT);
    request.is_answered = true;
    assert_int_equal(purge_next(&request, &plain, INT64_MAX / 2, 5059999), PURGE_WAIT);
    assert_int_equal(purge_next(&request, &plain, 0, 5060000), PURGE_FINISH);
}

static void what_is_done_stays_done(void **state)
{
    (void)state;
    struct purge_request request = request_in(PURGE_DONE);
    request.is_answered = true;
    assert_int_equal(purge_next(&request, &plain, INT64_MAX / 2, INT64_MAX / 2), PURGE_WAIT);
}

static void the_services_that_must_answer_are_known(void **state)
{
    (void)state;
    assert_int_equal(purge_services_count, 7);
    assert_true(purge_is_service(SEA_STR("router")));
    assert_true(purge_is_service(SEA_STR("sla-timer")));
    assert_false(purge_is_service(SEA_STR("ingest")));
    assert_false(purge_is_service(SEA_STR("route")));
    assert_false(purge_is_service(SEA_STR("")));
}

static void a_name_is_short_and_plain(void **state)
{
    (void)state;
    char longest[66];
    memset(longest, 'a', sizeof longest);
    assert_true(purge_is_name(SEA_STR("router.message")));
    assert_true(purge_is_name(SEA_STR("sd:q:*")));
    assert_true(purge_is_name((struct sea_str){longest, 64}));
    assert_false(purge_is_name((struct sea_str){longest, 65}));
    assert_false(purge_is_name(SEA_STR("")));
    assert_false(purge_is_name(SEA_STR("Router")));
    assert_false(purge_is_name(SEA_STR("a\"b")));
    assert_false(purge_is_name(SEA_STR("a b")));
    assert_false(purge_is_name((struct sea_str){"a\0b", 3}));
}

static void a_days_key_outlives_the_day_by_seven_days_and_a_margin(void **state)
{
    (void)state;
    int64_t noon_of_100 = 100 * (int64_t)PURGE_DAY_MS + PURGE_DAY_MS / 2;
    /* Day 91 is over at the beginning of 92; its last record is gone 7 days later, on 99. */
    assert_int_equal(purge_days_before(noon_of_100, PURGE_INTAKE_DAYS), 92);
    assert_int_equal(purge_days_before(noon_of_100, PURGE_DEAD_DAYS), 85);
}

static void a_reader_has_passed_a_day_when_nothing_of_it_is_left_to_read(void **state)
{
    (void)state;
    static const struct {
        struct purge_progress progress;
        bool has_passed;
    } cases[] = {
        {{.position = 50, .low = 0, .high = 100, .day_ends = 40}, true},
        {{.position = 40, .low = 0, .high = 100, .day_ends = 40}, true},
        {{.position = 39, .low = 0, .high = 100, .day_ends = 40}, false},
        {{.position = 39, .low = 40, .high = 100, .day_ends = 40}, true}, /* expired */
        {{.position = 100, .low = 0, .high = 100, .day_ends = -1}, true}, /* nothing since */
        {{.position = 99, .low = 0, .high = 100, .day_ends = -1}, false},
        {{.position = 0, .low = 0, .high = 0, .day_ends = -1}, true}, /* never anything */
        {{.position = 0, .low = 7, .high = 7, .day_ends = -1}, true},
        {{.position = 0, .low = 0, .high = 1, .day_ends = 0}, true}, /* younger */
    };
    for (size_t i = 0; i < SEA_COUNT(cases); i++)
        assert_int_equal(purge_has_passed(&cases[i].progress), cases[i].has_passed);
}

SEA_TESTS(cmocka_unit_test(nothing_is_done_before_the_contacts_are_known),
          cmocka_unit_test(without_grace_the_contacts_are_marked_at_once),
          cmocka_unit_test(grace_runs_by_the_deciding_clock),
          cmocka_unit_test(a_hold_stops_a_request_until_it_is_released),
          cmocka_unit_test(a_hold_comes_too_late_for_what_is_marked),
          cmocka_unit_test(an_unknown_customer_is_done_without_any_destruction),
          cmocka_unit_test(it_is_done_when_all_answered_and_no_cache_can_hold_a_key),
          cmocka_unit_test(what_is_done_stays_done),
          cmocka_unit_test(the_services_that_must_answer_are_known),
          cmocka_unit_test(a_name_is_short_and_plain),
          cmocka_unit_test(a_days_key_outlives_the_day_by_seven_days_and_a_margin),
          cmocka_unit_test(a_reader_has_passed_a_day_when_nothing_of_it_is_left_to_read))
