/* sea_yaml_scalar.c: what a value means: text, numbers, times of several kinds. */
#include "sea_yaml_private.h"

#include <stdio.h>
#include <string.h>

#include "sea_enc.h"

/* Sets *ret to the scalar's text; false when the node is absent or (an error) no scalar. */
static bool read(struct sea_yaml_node node, const char *expected, struct sea_str *ret)
{
    if (sea_yaml_is_absent(node)) return false;
    if (sea_yaml_scalar(node, ret)) return true;
    sea_yaml_error(node, "%s, expected %s", sea_yaml_is_map(node) ? "a mapping" : "a list",
                   expected);
    return false;
}

static bool refuse(struct sea_yaml_node node, struct sea_str text, const char *expected)
{
    sea_yaml_error(node, "'%.*s', expected %s", (int)(text.len < 80 ? text.len : 80), text.ptr,
                   expected);
    return false;
}

bool sea_yaml_text(struct sea_yaml_node node, const char **ret)
{
    struct sea_str text;
    if (!read(node, "text", &text)) return false;
    if (text.len == 0) return refuse(node, text, "text that is not empty");
    const char *kept = sea_yaml_keep(node, text);
    if (kept) *ret = kept;
    return kept != NULL;
}

bool sea_yaml_texts(struct sea_yaml_node node, const char *const **ret, uint32_t *ret_count)
{
    uint32_t count = sea_yaml_count(node);
    if (count == 0) return false;
    const char **list = sea_yaml_zero(node, count * sizeof *list);
    if (!list) return false;
    for (uint32_t i = 0; i < count; i++) {
        struct sea_yaml_node item = sea_yaml_item(node, i);
        if (sea_yaml_text(item, &list[i])) continue;
        if (sea_yaml_is_absent(item)) sea_yaml_error(node, "an item is null, expected text");
        return false;
    }
    *ret = list;
    *ret_count = count;
    return true;
}

bool sea_yaml_int(struct sea_yaml_node node, int64_t min, int64_t max, int64_t *ret)
{
    struct sea_str text;
    int64_t number = 0;
    char expected[80];
    snprintf(expected, sizeof expected, "a whole number from %lld to %lld", (long long)min,
             (long long)max);
    if (!read(node, expected, &text)) return false;
    if (!sea_str_i64(text, &number) || number < min || number > max)
        return refuse(node, text, expected);
    *ret = number;
    return true;
}

bool sea_yaml_bool(struct sea_yaml_node node, bool *ret)
{
    struct sea_str text;
    if (!read(node, "true or false", &text)) return false;
    if (!sea_str_is(text, "true") && !sea_str_is(text, "false"))
        return refuse(node, text, "true or false");
    *ret = sea_str_is(text, "true");
    return true;
}

bool sea_yaml_choice(struct sea_yaml_node node, const char *const *names, size_t count,
                     uint32_t *ret)
{
    struct sea_str text;
    struct sea_buf expected = SEA_BUF(800);
    bool is_found = false;
    if (!read(node, "a name", &text)) return false;
    for (size_t i = 0; i < count && !is_found; i++) {
        is_found = sea_str_is(text, names[i]);
        if (is_found) *ret = (uint32_t)i;
        sea_buf_printf(&expected, "%s%s", i == 0 ? "one of: " : ", ", names[i]);
    }
    if (!is_found) refuse(node, text, expected.ptr ? expected.ptr : "nothing");
    sea_buf_free(&expected);
    return is_found;
}

bool sea_yaml_percent(struct sea_yaml_node node, uint32_t *ret)
{
    static const char EXPECTED[] = "a percentage from 0% to 100%";
    struct sea_str text;
    uint64_t number = 0;
    if (!read(node, EXPECTED, &text)) return false;
    if (text.len < 2 || text.ptr[text.len - 1] != '%' ||
        !sea_str_u64((struct sea_str){text.ptr, text.len - 1}, &number) || number > 100)
        return refuse(node, text, EXPECTED);
    *ret = (uint32_t)number;
    return true;
}

/* Takes digits off the front of *text: at most nine, so that sums can't overflow. */
static bool take_number(struct sea_str *text, int64_t *ret)
{
    int64_t number = 0;
    size_t digits = 0;
    while (digits < text->len && text->ptr[digits] >= '0' && text->ptr[digits] <= '9') {
        if (digits == 9) return false;
        number = number * 10 + (text->ptr[digits++] - '0');
    }
    *text = (struct sea_str){text->ptr + digits, text->len - digits};
    *ret = number;
    return digits > 0;
}

static bool take_text(struct sea_str *text, const char *unit)
{
    size_t len = strlen(unit);
    if (!sea_str_starts(*text, unit)) return false;
    *text = (struct sea_str){text->ptr + len, text->len - len};
    return true;
}

static bool parse_duration(struct sea_str text, int64_t *ret_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } UNITS[] = {{"d", 86400000}, {"h", 3600000}, {"ms", 1}, {"m", 60000}, {"s", 1000}};
    int64_t sum_ms = 0, last_ms = INT64_MAX;
    if (text.len == 0) return false;
    while (text.len > 0) {
        int64_t number = 0;
        size_t unit = 0;
        if (!take_number(&text, &number)) return false;
        while (unit < SEA_COUNT(UNITS) && !take_text(&text, UNITS[unit].name)) unit++;
        if (unit == SEA_COUNT(UNITS) || UNITS[unit].ms >= last_ms) return false;
        last_ms = UNITS[unit].ms;
        sum_ms += number * last_ms;
    }
    *ret_ms = sum_ms;
    return true;
}

static void print_duration(int64_t ms, char *ret, size_t size)
{
    if (ms >= 86400000 && ms % 86400000 == 0)
        snprintf(ret, size, "%lldd", (long long)(ms / 86400000));
    else if (ms % 1000 == 0)
        snprintf(ret, size, "%llds", (long long)(ms / 1000));
    else
        snprintf(ret, size, "%lldms", (long long)ms);
}

bool sea_yaml_duration(struct sea_yaml_node node, int64_t min_ms, int64_t max_ms, int64_t *ret_ms)
{
    struct sea_str text;
    char expected[100], min[24], max[24];
    int64_t ms = 0;
    print_duration(min_ms, min, sizeof min);
    print_duration(max_ms, max, sizeof max);
    snprintf(expected, sizeof expected, "a duration such as 90s or 1h30m, from %s to %s", min, max);
    if (!read(node, expected, &text)) return false;
    if (!parse_duration(text, &ms) || ms < min_ms || ms > max_ms)
        return refuse(node, text, expected);
    *ret_ms = ms;
    return true;
}

bool sea_yaml_daytime(struct sea_yaml_node node, uint16_t *ret_min)
{
    static const char EXPECTED[] = "a time from 00:00 to 24:00";
    struct sea_str text, rest;
    int64_t hour = 0, minute = 0;
    if (!read(node, EXPECTED, &text)) return false;
    rest = text;
    if (text.len != 5 || !take_number(&rest, &hour) || rest.len != 3 || !take_text(&rest, ":") ||
        !take_number(&rest, &minute) || rest.len > 0 || minute > 59 || hour * 60 + minute > 1440)
        return refuse(node, text, EXPECTED);
    *ret_min = (uint16_t)(hour * 60 + minute);
    return true;
}

bool sea_yaml_instant(struct sea_yaml_node node, int64_t *ret_ms)
{
    static const char EXPECTED[] = "a time such as 2026-11-22T08:15:00Z";
    struct sea_str text;
    if (!read(node, EXPECTED, &text)) return false;
    return sea_time_parse(text, ret_ms) || refuse(node, text, EXPECTED);
}

bool sea_yaml_date(struct sea_yaml_node node, int32_t *ret_day)
{
    static const char EXPECTED[] = "a date such as 2026-12-25";
    struct sea_str text;
    char midnight[] = "2026-12-25T00:00:00Z";
    int64_t ms = 0;
    if (!read(node, EXPECTED, &text)) return false;
    if (text.len != 10) return refuse(node, text, EXPECTED);
    memcpy(midnight, text.ptr, 10);
    if (!sea_time_parse(sea_str(midnight), &ms)) return refuse(node, text, EXPECTED);
    *ret_day = (int32_t)(ms / 86400000);
    return true;
}

bool sea_yaml_period(struct sea_yaml_node node, uint32_t *ret_months, uint32_t *ret_days)
{
    static const char EXPECTED[] = "an ISO 8601 period such as P1M, P1Y6M or P30D";
    static const struct {
        const char *name;
        uint32_t months, days;
    } UNITS[] = {{"Y", 12, 0}, {"M", 1, 0}, {"W", 0, 7}, {"D", 0, 1}};
    struct sea_str text, rest;
    int64_t number = 0, months = 0, days = 0;
    if (!read(node, EXPECTED, &text)) return false;
    rest = text;
    bool is_good = take_text(&rest, "P") && rest.len > 0;
    for (size_t unit = 0; is_good && rest.len > 0; unit++) {
        is_good = take_number(&rest, &number) && number <= 10000;
        while (unit < SEA_COUNT(UNITS) && !take_text(&rest, UNITS[unit].name)) unit++;
        if (unit >= SEA_COUNT(UNITS)) is_good = false;
        if (!is_good) break;
        months += number * UNITS[unit].months;
        days += number * UNITS[unit].days;
    }
    if (!is_good || months + days == 0) return refuse(node, text, EXPECTED);
    *ret_months = (uint32_t)months;
    *ret_days = (uint32_t)days;
    return true;
}
