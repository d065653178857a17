/* Trace context, crash points, back-off and random numbers. */
#include "sea_clock.h"
#include "sea_cmocka.h"
#include "sea_crash.h"
#include "sea_id.h"
#include "sea_random.h"
#include "sea_trace.h"

#include <sys/wait.h>
#include <unistd.h>

#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static void a_trace_goes_there_and_back(void **state)
{
    (void)state;
    struct sea_trace trace;
    char text[SEA_TRACE_TEXT];
    assert_true(sea_trace_parse(SEA_STR(PARENT), &trace));
    sea_trace_print(&trace, text);
    assert_string_equal(text, PARENT);
}

static void a_child_stays_in_its_parents_trace(void **state)
{
    (void)state;
    struct sea_trace child = sea_trace_from(SEA_STR(PARENT));
    char text[SEA_TRACE_TEXT];
    sea_trace_print(&child, text);
    assert_memory_equal(text, PARENT, 36);
    assert_memory_not_equal(text, PARENT, 52);
    assert_true(sea_trace_parse(sea_str(text), &child));
}

static void a_broken_header_begins_a_new_trace(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        (PARENT "0"),
        (PARENT "-1"),
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319x-b7ad6b7169203331-01",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
    };
    struct sea_trace trace;
    for (size_t i = 0; i < SEA_COUNT(bad); i++) {
        assert_false(sea_trace_parse(sea_str(bad[i]), &trace));
        trace = sea_trace_from(sea_str(bad[i]));
        assert_memory_not_equal(trace.trace_id, "\x0a\xf7\x65\x19", 4);
    }
    assert_true(sea_trace_parse(
        SEA_STR("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x"), &trace));
}

/* Of a child that passes some times, is ready, and passes again. */
static int status_when_ready(const char *spec, int passes, int passes_ready)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!sea_crash_arm(spec)) _exit(99);
        for (int i = 0; i < passes; i++) sea_crash_point("test.here");
        if (passes_ready > 0) sea_crash_ready();
        for (int i = 0; i < passes_ready; i++) sea_crash_point("test.here");
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int status_of(const char *spec, int passes)
{
    return status_when_ready(spec, passes, 0);
}

static void a_crash_point_kills_at_its_nth_pass(void **state)
{
    (void)state;
#ifdef SEA_CRASHPOINTS
    assert_int_equal(status_of("test.here:3", 2), 0);
    assert_int_equal(status_of("test.here:3", 3), 137);
    assert_int_equal(status_of("test.there:1", 3), 0);
    assert_int_equal(status_of("test.there:1,test.here:1", 1), 137);
#else
    assert_int_equal(status_of("test.here:3", 3), 99);
#endif
    assert_int_equal(status_of("", 3), 0);
}

static void a_crash_point_can_pause(void **state)
{
    (void)state;
#ifdef SEA_CRASHPOINTS
    assert_true(sea_crash_arm("pause:test.here:30"));
    int64_t start_ms = sea_clock_mono_ms();
    sea_crash_point("test.here");
    assert_true(sea_clock_mono_ms() - start_ms >= 29);
#endif
    assert_true(sea_crash_arm(""));
}

static void a_crash_point_can_wait_until_the_process_is_ready(void **state)
{
    (void)state;
#ifdef SEA_CRASHPOINTS
    assert_int_equal(status_of("ready:test.here:2", 3), 0);
    assert_int_equal(status_when_ready("ready:test.here:2", 3, 1), 0);
    assert_int_equal(status_when_ready("ready:test.here:2", 3, 2), 137);
#endif
}

static void a_malformed_crash_setting_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "test", "test:", "test:0", "test:x", ":1", "pause:test", "pause:test:9999999", "ready:"};
    for (size_t i = 0; i < SEA_COUNT(bad); i++) assert_false(sea_crash_arm(bad[i]));
    assert_true(sea_crash_arm(""));
}

static void back_off_doubles_up_to_its_limit_and_spreads(void **state)
{
    (void)state;
    static const int64_t want[] = {100, 200, 400, 800, 1000, 1000};
    for (uint32_t attempt = 0; attempt < SEA_COUNT(want); attempt++) {
        for (int i = 0; i < 100; i++) {
            int64_t ms = sea_random_backoff_ms(attempt, 100, 1000);
            assert_in_range(ms, want[attempt] / 2, want[attempt]);
        }
    }
    int64_t first_ms = sea_random_backoff_ms(4, 1000, 16000);
    bool is_spread = false;
    for (int i = 0; i < 100; i++) is_spread |= sea_random_backoff_ms(4, 1000, 16000) != first_ms;
    assert_true(is_spread);
    assert_in_range(sea_random_backoff_ms(UINT32_MAX, 1, INT64_MAX / 2), 1, INT64_MAX);
}

static void random_numbers_stay_below_their_limit_and_differ(void **state)
{
    (void)state;
    unsigned seen = 0;
    for (int i = 0; i < 200; i++) {
        uint64_t n = sea_random_below(5);
        assert_true(n < 5);
        seen |= 1U << n;
    }
    assert_int_equal(seen, 31);
    assert_false(sea_uuid_eq(sea_random_uuid7(), sea_random_uuid7()));
}

SEA_TESTS(cmocka_unit_test(a_trace_goes_there_and_back),
          cmocka_unit_test(a_child_stays_in_its_parents_trace),
          cmocka_unit_test(a_broken_header_begins_a_new_trace),
          cmocka_unit_test(a_crash_point_kills_at_its_nth_pass),
          cmocka_unit_test(a_crash_point_can_pause),
          cmocka_unit_test(a_crash_point_can_wait_until_the_process_is_ready),
          cmocka_unit_test(a_malformed_crash_setting_is_refused),
          cmocka_unit_test(back_off_doubles_up_to_its_limit_and_spreads),
          cmocka_unit_test(random_numbers_stay_below_their_limit_and_differ))
