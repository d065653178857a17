/* Hex, base64, percent-encoding, UTF-8 and RFC 3339. */
#include "sea_cmocka.h"
#include "sea_enc.h"

static void hex_is_exact(void **state)
{
    (void)state;
    char text[9];
    uint8_t bytes[4] = {9};
    sea_hex_print("\x00\xff\x1a\xb2", 4, text);
    assert_string_equal(text, "00ff1ab2");
    assert_true(sea_hex_parse(SEA_STR("00Ff1aB2"), bytes, 4));
    assert_memory_equal(bytes, "\x00\xff\x1a\xb2", 4);
    assert_false(sea_hex_parse(SEA_STR("00ff1ab"), bytes, 4));
    assert_false(sea_hex_parse(SEA_STR("00ff1ab2"), bytes, 3));
    assert_false(sea_hex_parse(SEA_STR("00ff1abg"), bytes, 4));
    assert_memory_equal(bytes, "\x00\xff\x1a\xb2", 4);
}

static void base64_agrees_with_rfc_4648(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff", "+/8="},
    };
    for (size_t i = 0; i < SEA_COUNT(pairs); i++) {
        char text[16];
        uint8_t bytes[8];
        size_t len = 99, plain = strlen(pairs[i][0]);
        sea_base64_print(pairs[i][0], plain, text);
        assert_string_equal(text, pairs[i][1]);
        assert_int_equal(sea_base64_size(plain), strlen(text));
        assert_true(sea_base64_parse(sea_str(text), bytes, sizeof bytes, &len));
        assert_int_equal(len, plain);
        assert_memory_equal(bytes, pairs[i][0], plain);
    }
}

static void base64_has_one_spelling_per_value(void **state)
{
    (void)state;
    static const char *const bad[] = {"Z",    "Zg",       "Zg=",    "Zh==", "Zm9=",        "====",
                                      "Z===", "Zg==Zg==", "Zm9v\n", "Zm-v", "Zm9vYmFyZm9v"};
    uint8_t bytes[8];
    size_t len = 99;
    for (size_t i = 0; i < SEA_COUNT(bad); i++) {
        assert_false(sea_base64_parse(sea_str(bad[i]), bytes, sizeof bytes, &len));
    }
    assert_int_equal(len, 99);
}

static void percent_decoding_is_one_round_and_strict(void **state)
{
    (void)state;
    char out[32];
    size_t len;
    assert_true(sea_percent_decode(SEA_STR("a+b%2B%252f%C3%a9"), true, out, &len));
    assert_str_equal(((struct sea_str){out, len}), "a b+%2f\xc3\xa9");
    assert_true(sea_percent_decode(SEA_STR("a+b"), false, out, &len));
    assert_str_equal(((struct sea_str){out, len}), "a+b");
    assert_false(sea_percent_decode(SEA_STR("%"), false, out, &len));
    assert_false(sea_percent_decode(SEA_STR("%4"), false, out, &len));
    assert_false(sea_percent_decode(SEA_STR("%4x"), false, out, &len));
}

static void utf8_is_checked_by_rfc_3629(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "a",
                                       "\xc2\x80",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc1\xbf",
                                      "\xc3",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5",
                                      "\xe2\x82",
                                      "\xe2\x28\xa1",
                                      "a\xff"};
    for (size_t i = 0; i < SEA_COUNT(good); i++) assert_true(sea_utf8_is_valid(sea_str(good[i])));
    for (size_t i = 0; i < SEA_COUNT(bad); i++) assert_false(sea_utf8_is_valid(sea_str(bad[i])));
    assert_true(sea_utf8_is_valid(sea_str(NULL)));
}

static void a_cut_never_splits_a_character(void **state)
{
    (void)state;
    struct sea_str text = SEA_STR("a\xe2\x82\xac\xf0\x9f\x98\x80z");
    static const size_t want[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 9, 9};
    for (size_t max = 0; max < SEA_COUNT(want); max++) {
        assert_int_equal(sea_utf8_cut(text, max).len, want[max]);
    }
}

static void times_go_there_and_back(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1795335300000, "2026-11-22T08:15:00Z"},
        {1795335300007, "2026-11-22T08:15:00.007Z"},
        {951782400000, "2000-02-29T00:00:00Z"},
        {1709251199999, "2024-02-29T23:59:59.999Z"},
        {4107542400000, "2100-03-01T00:00:00Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        char text[SEA_TIME_TEXT];
        int64_t ms = -1;
        sea_time_print(rows[i].ms, text);
        assert_string_equal(text, rows[i].text);
        assert_true(sea_time_parse(sea_str(text), &ms));
        assert_int_equal(ms, rows[i].ms);
    }
}

static void every_day_of_four_centuries_has_its_own_number(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 146097 + 10; day++) {
        char text[SEA_TIME_TEXT];
        int64_t ms = -1, want = day * 86400000;
        sea_time_print(want, text);
        assert_true(sea_time_parse(sea_str(text), &ms));
        assert_true(ms == want);
    }
}

static void offsets_fractions_and_leap_seconds_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"2026-11-22T08:15:00+01:00", 1795331700000},
        {"2026-11-22T08:15:00-03:30", 1795347900000},
        {"2026-11-22t08:15:00.1z", 1795335300100},
        {"2026-11-22T08:15:00.123999999Z", 1795335300123},
        {"2016-12-31T23:59:60Z", 1483228799000},
        {"1970-01-01T01:00:00+01:00", 0},
    };
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        int64_t ms = -1;
        assert_true(sea_time_parse(sea_str(rows[i].text), &ms));
        assert_int_equal(ms, rows[i].ms);
    }
}

static void other_times_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-11-22",
        "2026-11-22T08:15:00",
        "2026-11-22T08:15Z",
        "2026-11-22 08:15:00Z",
        "2026-13-22T08:15:00Z",
        "2026-00-22T08:15:00Z",
        "2026-02-29T08:15:00Z",
        "2026-04-31T08:15:00Z",
        "2026-04-00T08:15:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T08:60:00Z",
        "2026-11-22T08:15:61Z",
        "2026-11-22T08:15:00.Z",
        "2026-11-22T08:15:00+0100",
        "2026-11-22T08:15:00+24:00",
        "2026-11-22T08:15:00+01:60",
        "2026-11-22T08:15:00ZZ",
        "26-11-22T08:15:00Z",
        "+026-11-22T08:15:00Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    };
    int64_t ms = 42;
    for (size_t i = 0; i < SEA_COUNT(bad); i++) assert_false(sea_time_parse(sea_str(bad[i]), &ms));
    assert_int_equal(ms, 42);
}

SEA_TESTS(cmocka_unit_test(hex_is_exact), cmocka_unit_test(base64_agrees_with_rfc_4648),
          cmocka_unit_test(base64_has_one_spelling_per_value),
          cmocka_unit_test(percent_decoding_is_one_round_and_strict),
          cmocka_unit_test(utf8_is_checked_by_rfc_3629),
          cmocka_unit_test(a_cut_never_splits_a_character),
          cmocka_unit_test(times_go_there_and_back),
          cmocka_unit_test(every_day_of_four_centuries_has_its_own_number),
          cmocka_unit_test(offsets_fractions_and_leap_seconds_are_read),
          cmocka_unit_test(other_times_are_refused))
