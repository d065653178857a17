/* Zones as tables: against the C library over 130 years, and the places where zones are difficult.
 */
#include "sea_cmocka.h"
#include "sea_enc.h"
#include "sea_pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

static void offsets_agree_with_the_c_library_from_1970_to_2100(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
        "UTC",          "Europe/Berlin",     "Europe/Dublin",       "America/New_York",
        "Asia/Tokyo",   "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu",
        "Africa/Cairo", "Africa/Casablanca", "America/Asuncion",    "Asia/Almaty",
        "Pacific/Apia", "America/Nuuk",      "Asia/Gaza",           "America/Mexico_City"};
    for (size_t i = 0; i < SEA_COUNT(NAMES); i++) {
        struct sea_zone zone = zone_of(NAMES[i]);
        assert_int_equal(setenv("TZ", NAMES[i], 1), 0);
        tzset();
        for (int64_t at_s = 0; at_s < INT64_C(4133980800); at_s += 13 * 3600 + 1) {
            struct tm local;
            time_t at = (time_t)at_s;
            assert_non_null(localtime_r(&at, &local));
            assert_int_equal(sea_zone_span(&zone, at_s * 1000).offset_s, local.tm_gmtoff);
        }
    }
    unsetenv("TZ");
}

static void zones_that_old_databases_have_wrong_are_right(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *at;
        int want_min;
    } CASES[] = {
        {"America/Mexico_City", "2022-07-01T12:00:00Z", -300}, /* the last summer with DST */
        {"America/Mexico_City", "2026-07-01T12:00:00Z", -360},
        {"America/Tijuana", "2026-07-01T12:00:00Z", -420}, /* the border kept it */
        {"Africa/Cairo", "2022-07-01T12:00:00Z", 120},
        {"Africa/Cairo", "2026-07-01T12:00:00Z", 180}, /* back since 2023 */
        {"Africa/Cairo", "2026-12-01T12:00:00Z", 120},
        {"Asia/Almaty", "2024-02-01T12:00:00Z", 360},
        {"Asia/Almaty", "2026-11-22T12:00:00Z", 300}, /* one zone since March 2024 */
        {"America/Asuncion", "2024-07-01T12:00:00Z", -240},
        {"America/Asuncion", "2026-07-01T12:00:00Z", -180}, /* summer time for good */
        {"Asia/Kathmandu", "2026-07-01T12:00:00Z", 345},
        {"America/Sao_Paulo", "2026-01-01T12:00:00Z", -180}, /* no DST since 2019 */
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_zone zone = zone_of(CASES[i].zone);
        assert_int_equal(sea_zone_span(&zone, instant(CASES[i].at)).offset_s,
                         CASES[i].want_min * 60);
    }
}

static void an_hour_that_comes_twice_or_never_is_known(void **state)
{
    (void)state;
    struct sea_zone berlin = zone_of("Europe/Berlin");
    int64_t at_ms = 0;
    assert_int_equal(sea_zone_utc_ms(&berlin, instant("2026-03-29T01:59:59Z"), &at_ms),
                     SEA_LOCAL_ONCE);
    assert_int_equal(at_ms, instant("2026-03-29T00:59:59Z"));
    static const char *const NEVER[] = {"2026-03-29T02:00:00Z", "2026-03-29T02:30:00Z",
                                        "2026-03-29T02:59:59Z"};
    for (size_t i = 0; i < SEA_COUNT(NEVER); i++) {
        assert_int_equal(sea_zone_utc_ms(&berlin, instant(NEVER[i]), &at_ms), SEA_LOCAL_NEVER);
        assert_int_equal(at_ms, instant("2026-03-29T01:00:00Z"));
    }
    assert_int_equal(sea_zone_utc_ms(&berlin, instant("2026-03-29T03:00:00Z"), &at_ms),
                     SEA_LOCAL_ONCE);
    assert_int_equal(at_ms, instant("2026-03-29T01:00:00Z"));
    assert_int_equal(sea_zone_utc_ms(&berlin, instant("2026-10-25T02:30:00Z"), &at_ms),
                     SEA_LOCAL_TWICE);
    assert_int_equal(at_ms, instant("2026-10-25T00:30:00Z"));
    assert_int_equal(sea_zone_utc_ms(&berlin, instant("2026-10-25T03:00:00Z"), &at_ms),
                     SEA_LOCAL_ONCE);
    assert_int_equal(at_ms, instant("2026-10-25T02:00:00Z"));

    /* A whole day that Samoa skipped, and half an hour on Lord Howe. */
    struct sea_zone apia = zone_of("Pacific/Apia"), lord_howe = zone_of("Australia/Lord_Howe");
    assert_int_equal(sea_zone_utc_ms(&apia, instant("2011-12-30T12:00:00Z"), &at_ms),
                     SEA_LOCAL_NEVER);
    assert_int_equal(at_ms, instant("2011-12-30T10:00:00Z"));
    assert_int_equal(sea_zone_utc_ms(&lord_howe, instant("2026-04-05T01:45:00Z"), &at_ms),
                     SEA_LOCAL_TWICE);
}

static void every_minute_goes_to_local_time_and_back(void **state)
{
    (void)state;
    static const char *const ZONE_DAY[][2] = {{"Europe/Berlin", "2026-03-28T12:00:00Z"},
                                              {"Europe/Berlin", "2026-10-24T12:00:00Z"},
                                              {"America/New_York", "2026-03-08T00:00:00Z"},
                                              {"America/New_York", "2026-11-01T00:00:00Z"},
                                              {"Australia/Lord_Howe", "2026-04-04T06:00:00Z"},
                                              {"Asia/Kathmandu", "2026-05-01T00:00:00Z"},
                                              {"Africa/Cairo", "2026-04-23T12:00:00Z"},
                                              {"America/Asuncion", "2024-10-05T18:00:00Z"}};
    for (size_t i = 0; i < SEA_COUNT(ZONE_DAY); i++) {
        struct sea_zone zone = zone_of(ZONE_DAY[i][0]);
        int64_t start_ms = instant(ZONE_DAY[i][1]);
        for (int64_t at_ms = start_ms; at_ms < start_ms + 86400000; at_ms += 60000) {
            int64_t local_ms = sea_zone_local_ms(&zone, at_ms), back_ms = 0;
            enum sea_zone_local kind = sea_zone_utc_ms(&zone, local_ms, &back_ms);
            assert_int_not_equal(kind, SEA_LOCAL_NEVER);
            assert_int_equal(sea_zone_local_ms(&zone, back_ms), local_ms);
            assert_true(kind == SEA_LOCAL_TWICE ? back_ms <= at_ms : back_ms == at_ms);
        }
    }
}

static void a_name_that_is_no_zone_is_refused(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"",       "Europe/Atlantis", "../etc/passwd", "/etc/hosts",
                                        "Europe", "zone.tab",        "tzdata.zi"};
    for (size_t i = 0; i < SEA_COUNT(NAMES); i++) {
        struct sea_zone zone;
        assert_false(sea_zone_load(NAMES[i], &arena, &zone));
    }
}

/* A zone without changes: one offset, and a footer. */
static bool parse_zone(int32_t offset_s, const char *footer, struct sea_zone *ret)
{
    static struct sea_zone_step steps[SEA_ZONE_STEPS_MAX];
    char file[256] = {0};
    enum { HEADER = 44, TYPES = 20 + 4 * 4, CHARS = 20 + 5 * 4 };
    size_t len = HEADER + 7;
    char *second = file + HEADER, *type = second + HEADER;
    memcpy(file, "TZif2", 5); /* the old block is empty */
    memcpy(second, "TZif2", 5);
    second[TYPES + 3] = 1;
    second[CHARS + 3] = 1;
    for (int i = 0; i < 4; i++) type[i] = (char)((uint32_t)offset_s >> (24 - 8 * i));
    len += HEADER;
    len += (size_t)snprintf(file + len, sizeof file - len, "\n%s\n", footer);
    return sea_zone_parse((struct sea_str){file, len}, steps, ret);
}

static void an_offset_is_less_than_a_day(void **state)
{
    (void)state;
    static const struct {
        int32_t offset_s;
        bool want;
    } CASES[] = {{0, true},       {86399, true},  {-86399, true},    {86400, false},
                 {-86400, false}, {86401, false}, {INT32_MIN, false}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_zone zone;
        assert_int_equal(parse_zone(CASES[i].offset_s, "", &zone), CASES[i].want);
        if (CASES[i].want) assert_int_equal(sea_zone_span(&zone, 0).offset_s, CASES[i].offset_s);
    }
}

/* RFC 8536, 3.3.1: an offset of the rule has at most 24 hours, a time of change at most 167. */
static void the_hours_of_a_rule_are_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *footer;
        bool want;
    } CASES[] = {{"AAA24", true},
                 {"AAA-24", true},
                 {"AAA25", false},
                 {"AAA-25", false},
                 {"AAA1:59:59", true},
                 {"AAA1:60", false},
                 {"AAA0BBB-24,M3.1.0/167,M10.1.0/-167", true},
                 {"AAA0BBB-25,M3.1.0,M10.1.0", false},
                 {"AAA0BBB,M3.1.0/168,M10.1.0", false},
                 {"AAA0BBB,M3.1.0,M10.1.0/-168", false}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_zone zone;
        assert_int_equal(parse_zone(0, CASES[i].footer, &zone), CASES[i].want);
    }
}

static void days_and_dates_agree(void **state)
{
    (void)state;
    int32_t expected_year = 1969;
    uint32_t expected_month = 12, expected_day = 31;
    assert_int_equal(sea_day_of(1970, 1, 1), 0);
    assert_int_equal(sea_day_weekday(0), 3);
    assert_int_equal(sea_day_weekday(sea_day_of(2026, 11, 22)), 6); /* a Sunday */
    for (int32_t day = -1; day < 60000; day++) {
        int32_t year;
        uint32_t month, date;
        sea_day_date(day, &year, &month, &date);
        assert_int_equal(sea_day_of(year, month, date), day);
        if (day > -1) {
            bool is_next_day =
                year == expected_year && month == expected_month && date == expected_day + 1;
            assert_true(is_next_day || date == 1);
        }
        expected_year = year;
        expected_month = month;
        expected_day = date;
    }
}

SEA_TESTS(cmocka_unit_test(offsets_agree_with_the_c_library_from_1970_to_2100),
          cmocka_unit_test(zones_that_old_databases_have_wrong_are_right),
          cmocka_unit_test(an_hour_that_comes_twice_or_never_is_known),
          cmocka_unit_test(every_minute_goes_to_local_time_and_back),
          cmocka_unit_test(a_name_that_is_no_zone_is_refused),
          cmocka_unit_test(an_offset_is_less_than_a_day),
          cmocka_unit_test(the_hours_of_a_rule_are_bounded),
          cmocka_unit_test_teardown(days_and_dates_agree, teardown))
