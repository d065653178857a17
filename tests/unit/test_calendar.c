/* Business time and contact windows, against a count of every minute around changes of clocks. */
#include "sea_calendar.h"
#include "sea_cmocka.h"
#include "sea_enc.h"
#include "sea_pack.h"

static const int64_t MINUTE_MS = 60000, HOUR_MS = 3600000, DAY_MS = 86400000;
static const uint32_t WORKDAYS = 0x1f, ALL_DAYS = 0x7f;
static struct sea_arena arena = SEA_ARENA(1 << 24);

static struct sea_zone zone_of(const char *name)
{
    struct sea_zone zone = {0};
    assert_true(sea_zone_load(name, &arena, &zone));
    return zone;
}

static int64_t instant(const char *text)
{
    int64_t ms = 0;
    assert_true(sea_time_parse(sea_str(text), &ms));
    return ms;
}

static int teardown(void **state)
{
    (void)state;
    sea_arena_free(&arena);
    return 0;
}

static struct sea_calendar open_from_to(uint32_t days, uint16_t from_min, uint16_t to_min)
{
    struct sea_calendar calendar = {0};
    assert_true(sea_calendar_add(&calendar, days, from_min, to_min));
    return calendar;
}

static void windows_are_merged_and_may_run_into_the_next_day(void **state)
{
    (void)state;
    struct sea_calendar calendar = open_from_to(1, 540, 720);
    assert_true(sea_calendar_add(&calendar, 1, 780, 1080));
    assert_int_equal(calendar.span_count, 2);
    assert_true(sea_calendar_add(&calendar, 1, 700, 780));
    assert_int_equal(calendar.span_count, 1);
    assert_int_equal(calendar.spans[0].from_min, 540);
    assert_int_equal(calendar.spans[0].to_min, 1080);

    calendar = open_from_to(1u << 6, 1320, 360); /* Sunday night into Monday */
    assert_int_equal(calendar.span_count, 2);
    assert_int_equal(calendar.spans[0].from_min, 0);
    assert_int_equal(calendar.spans[0].to_min, 360);
    assert_int_equal(calendar.spans[1].to_min, SEA_WEEK_MIN);

    struct sea_calendar full = {0};
    for (uint16_t i = 0; i < 6; i++)
        assert_true(
            sea_calendar_add(&full, ALL_DAYS, (uint16_t)(i * 100), (uint16_t)(i * 100 + 50)));
    assert_int_equal(full.span_count, SEA_WEEK_SPANS_MAX);
    assert_false(sea_calendar_add(&full, 1, 1000, 1001));
}

static void a_deadline_counts_open_time_only(void **state)
{
    (void)state;
    struct sea_zone berlin = zone_of("Europe/Berlin");
    struct sea_calendar desk = open_from_to(WORKDAYS, 540, 1020);
    static const int32_t HOLIDAYS[] = {20574}; /* Friday 2026-05-01 */
    desk.closed_days = HOLIDAYS;
    desk.closed_count = 1;
    int64_t thursday_0900 = instant("2026-04-30T09:00:00+02:00");
    static const int64_t START_BUDGET_WANT[][3] = {
        {0, 4, 4},          /* within one day */
        {-2, 1, 1},         /* before opening starts at opening */
        {0, 8, 8},          /* may end exactly at closing */
        {4, 5, 4 * 24 + 1}, /* skips the night, the holiday and the weekend */
        {9, 0, 4 * 24},     /* no budget, after closing: the next opening */
        {5, 0, 5},          /* no budget, open: now */
        {8, 0, 4 * 24},     /* closed at 17:00 sharp */
    };
    for (size_t i = 0; i < SEA_COUNT(START_BUDGET_WANT); i++) {
        const int64_t *hours = START_BUDGET_WANT[i];
        int64_t got_ms = 0;
        assert_true(sea_calendar_deadline(&desk, &berlin, thursday_0900 + hours[0] * HOUR_MS,
                                          hours[1] * HOUR_MS, &got_ms));
        assert_int_equal((got_ms - thursday_0900) / HOUR_MS, hours[2]);
    }
    assert_int_equal(
        sea_calendar_open_ms(&desk, &berlin, thursday_0900, thursday_0900 + 7 * DAY_MS),
        4 * 8 * HOUR_MS);
}

static void an_hour_skipped_or_repeated_counts_as_the_clock_shows_it(void **state)
{
    (void)state;
    struct sea_zone berlin = zone_of("Europe/Berlin");
    struct sea_calendar night = open_from_to(ALL_DAYS, 60, 240); /* 01:00 to 04:00 */
    int64_t spring = instant("2026-03-28T23:00:00Z"), autumn = instant("2026-10-24T22:00:00Z");
    int64_t got_ms = 0;
    assert_int_equal(sea_calendar_open_ms(&night, &berlin, spring, spring + 12 * HOUR_MS),
                     2 * HOUR_MS);
    assert_int_equal(sea_calendar_open_ms(&night, &berlin, autumn, autumn + 12 * HOUR_MS),
                     4 * HOUR_MS);
    assert_true(sea_calendar_deadline(&night, &berlin, autumn, 3 * HOUR_MS, &got_ms));
    assert_int_equal(got_ms, instant("2026-10-25T02:00:00Z")); /* 03:00, after the second 02:xx */

    struct sea_calendar gap =
        open_from_to(ALL_DAYS, 120, 180); /* an hour that spring doesn't have */
    assert_true(sea_calendar_next_open(&gap, &berlin, spring, &got_ms));
    assert_int_equal(got_ms, instant("2026-03-30T02:00:00+02:00"));
}

static void a_desk_that_never_opens_has_no_deadline(void **state)
{
    (void)state;
    struct sea_zone utc = zone_of("UTC");
    int64_t got_ms = 42;
    struct sea_calendar never = {0}, seldom = open_from_to(1, 0, 1);
    assert_false(sea_calendar_deadline(&never, &utc, 0, 1, &got_ms));
    assert_false(sea_calendar_deadline(&seldom, &utc, 0, 60 * MINUTE_MS, &got_ms));
    assert_int_equal(got_ms, 42); /* untouched */
}

/* Every property at every minute of two days, in zones and on days that are difficult. */
static void all_answers_agree_with_a_count_of_minutes(void **state)
{
    (void)state;
    static const char *const ZONE_START[][2] = {
        {"Europe/Berlin", "2026-03-28T00:00:00Z"},       {"Europe/Berlin", "2026-10-24T00:00:00Z"},
        {"America/New_York", "2026-11-01T00:00:00Z"},    {"Asia/Kathmandu", "2026-05-01T00:00:00Z"},
        {"Australia/Lord_Howe", "2026-04-04T00:00:00Z"}, {"Africa/Cairo", "2026-04-23T00:00:00Z"}};
    enum { MINUTES = 2 * 1440, AHEAD = 3 * 1440 };
    static bool is_open[MINUTES + AHEAD];
    for (size_t i = 0; i < SEA_COUNT(ZONE_START); i++) {
        struct sea_zone zone = zone_of(ZONE_START[i][0]);
        struct sea_calendar calendar = open_from_to(ALL_DAYS, 75, 150); /* around the change */
        assert_true(sea_calendar_add(&calendar, ALL_DAYS, 1260, 30));
        int64_t start_ms = instant(ZONE_START[i][1]);
        for (int64_t m = 0; m < MINUTES + AHEAD; m++) {
            int64_t local_min = sea_zone_local_ms(&zone, start_ms + m * MINUTE_MS) / MINUTE_MS;
            int64_t of_day = local_min % 1440;
            is_open[m] = (of_day >= 75 && of_day < 150) || of_day >= 1260 || of_day < 30;
            assert_int_equal(sea_calendar_is_open(&calendar, &zone, start_ms + m * MINUTE_MS),
                             is_open[m]);
        }
        for (int64_t m = 0; m < MINUTES; m++) {
            int64_t at_ms = start_ms + m * MINUTE_MS, got_ms = 0, next = m;
            while (!is_open[next]) next++;
            assert_true(sea_calendar_next_open(&calendar, &zone, at_ms, &got_ms));
            assert_int_equal(got_ms, start_ms + next * MINUTE_MS);

            int64_t budget = (m * 37) % 400 + 1, end = m;
            for (int64_t left = budget; left > 0; end++) left -= is_open[end];
            assert_true(
                sea_calendar_deadline(&calendar, &zone, at_ms, budget * MINUTE_MS, &got_ms));
            assert_int_equal(got_ms, start_ms + end * MINUTE_MS);
            assert_int_equal(sea_calendar_open_ms(&calendar, &zone, at_ms, got_ms),
                             budget * MINUTE_MS);
        }
    }
}

/* NT-06: half-open, and no sending in the last minute. */
static void contact_stops_a_minute_early_and_begins_on_time(void **state)
{
    (void)state;
    struct sea_zone new_york = zone_of("America/New_York");
    const struct sea_zone *zones[] = {&new_york};
    struct sea_calendar window = open_from_to(ALL_DAYS, 8 * 60, 21 * 60);
    static const char *const AT_WANT[][2] = {
        {"2026-06-01T07:59:59.999-04:00", "2026-06-01T08:00:00-04:00"},
        {"2026-06-01T08:00:00-04:00", "2026-06-01T08:00:00-04:00"},
        {"2026-06-01T20:59:00-04:00", "2026-06-01T20:59:00-04:00"},
        {"2026-06-01T20:59:00.001-04:00", "2026-06-02T08:00:00-04:00"},
        {"2026-06-01T21:00:00-04:00", "2026-06-02T08:00:00-04:00"},
        {"2026-11-01T00:30:00-04:00", "2026-11-01T08:00:00-05:00"},
    };
    for (size_t i = 0; i < SEA_COUNT(AT_WANT); i++) {
        int64_t got_ms = 0;
        assert_true(sea_calendar_next_contact(&window, zones, 1, instant(AT_WANT[i][0]), &got_ms));
        assert_int_equal(got_ms, instant(AT_WANT[i][1]));
    }
    struct sea_calendar always = open_from_to(ALL_DAYS, 0, 1440); /* midnight is no end */
    int64_t midnight = instant("2026-06-01T23:59:30-04:00"), got_ms = 0;
    assert_true(sea_calendar_next_contact(&always, zones, 1, midnight, &got_ms));
    assert_int_equal(got_ms, midnight);
}

static void contact_waits_until_all_possible_zones_are_open(void **state)
{
    (void)state;
    struct sea_zone east = zone_of("America/New_York"), west = zone_of("America/Los_Angeles");
    const struct sea_zone *zones[] = {&east, &west};
    struct sea_calendar window = open_from_to(ALL_DAYS, 8 * 60, 21 * 60);
    int64_t got_ms = 0;
    assert_true(sea_calendar_next_contact(&window, zones, 2, instant("2026-06-01T09:00:00-04:00"),
                                          &got_ms));
    assert_int_equal(got_ms, instant("2026-06-01T08:00:00-07:00"));
    assert_true(sea_calendar_next_contact(&window, zones, 2, instant("2026-06-01T19:00:00-07:00"),
                                          &got_ms));
    assert_int_equal(got_ms, instant("2026-06-02T08:00:00-07:00"));
    struct sea_calendar hour = open_from_to(ALL_DAYS, 8 * 60, 9 * 60); /* never open in both */
    assert_false(sea_calendar_next_contact(&hour, zones, 2, 0, &got_ms));
}

SEA_TESTS(cmocka_unit_test(windows_are_merged_and_may_run_into_the_next_day),
          cmocka_unit_test(a_deadline_counts_open_time_only),
          cmocka_unit_test(an_hour_skipped_or_repeated_counts_as_the_clock_shows_it),
          cmocka_unit_test(a_desk_that_never_opens_has_no_deadline),
          cmocka_unit_test(all_answers_agree_with_a_count_of_minutes),
          cmocka_unit_test(contact_stops_a_minute_early_and_begins_on_time),
          cmocka_unit_test_teardown(contact_waits_until_all_possible_zones_are_open, teardown))
