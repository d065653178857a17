/* sea_tzif.c: expands a TZif file and the POSIX rule of its footer into a table of offsets. */
#include <string.h>

#include "sea_zone.h"

enum { HEADER_BYTES = 44, DAY_S = 86400 };

struct builder {
    struct sea_zone_step *steps;
    uint32_t count;
    int32_t first_offset_s;
};

/* One more change. Those that change nothing and those outside the years are left out. */
static bool add_step(struct builder *builder, int64_t at_s, int32_t offset_s)
{
    if (at_s < (int64_t)sea_day_of(SEA_ZONE_YEAR_MIN, 1, 1) * DAY_S) {
        builder->first_offset_s = offset_s;
        return true;
    }
    if (at_s >= (int64_t)sea_day_of(SEA_ZONE_YEAR_MAX + 1, 1, 1) * DAY_S) return true;
    struct sea_zone_step *last = builder->count > 0 ? &builder->steps[builder->count - 1] : NULL;
    if (last && at_s < last->at_s) return false;
    if (last && at_s == last->at_s) {
        builder->count--;
        last = builder->count > 0 ? last - 1 : NULL;
    }
    if (offset_s == (last ? last->offset_s : builder->first_offset_s)) return true;
    if (builder->count == SEA_ZONE_STEPS_MAX) return false;
    builder->steps[builder->count++] = (struct sea_zone_step){at_s, offset_s};
    return true;
}

/* RFC 8536, 3.3.1: the parts of a POSIX TZ string. Each takes its text off the front of *rest. */
static bool take_char(struct sea_str *rest, char c)
{
    if (rest->len == 0 || rest->ptr[0] != c) return false;
    *rest = (struct sea_str){rest->ptr + 1, rest->len - 1};
    return true;
}

static bool take_number(struct sea_str *rest, int32_t max, int32_t *ret)
{
    int32_t number = 0;
    size_t digits = 0;
    while (digits < rest->len && rest->ptr[digits] >= '0' && rest->ptr[digits] <= '9') {
        number = number * 10 + (rest->ptr[digits++] - '0');
        if (number > max) return false;
    }
    *rest = (struct sea_str){rest->ptr + digits, rest->len - digits};
    *ret = number;
    return digits > 0;
}

static bool take_name(struct sea_str *rest)
{
    bool is_quoted = take_char(rest, '<');
    size_t len = 0;
    for (; len < rest->len; len++) {
        char c = rest->ptr[len];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool is_sign_or_digit = (c >= '0' && c <= '9') || c == '+' || c == '-';
        if (!is_letter && !(is_quoted && is_sign_or_digit)) break;
    }
    *rest = (struct sea_str){rest->ptr + len, rest->len - len};
    return len >= 3 && (!is_quoted || take_char(rest, '>'));
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct sea_str *rest, int32_t hour_max, int32_t *ret_s)
{
    bool is_negative = take_char(rest, '-');
    int32_t hour = 0, minute = 0, second = 0;
    if (!is_negative) take_char(rest, '+');
    if (!take_number(rest, hour_max, &hour)) return false;
    if (take_char(rest, ':')) {
        if (!take_number(rest, 59, &minute)) return false;
        if (take_char(rest, ':') && !take_number(rest, 59, &second)) return false;
    }
    int32_t time_s = hour * 3600 + minute * 60 + second;
    *ret_s = is_negative ? -time_s : time_s;
    return true;
}

struct rule {
    enum { BY_WEEKDAY, BY_DAY_WITHOUT_LEAP, BY_DAY } kind;
    int32_t month, week, day; /* day: of the week, 0 is Sunday; or of the year */
    int32_t time_s;           /* local, may be negative or beyond the day */
};

static bool take_rule(struct sea_str *rest, struct rule *ret)
{
    struct rule rule = {.time_s = 2 * 3600};
    if (!take_char(rest, ',')) return false;
    if (take_char(rest, 'M')) {
        rule.kind = BY_WEEKDAY;
        if (!take_number(rest, 12, &rule.month) || !take_char(rest, '.') ||
            !take_number(rest, 5, &rule.week) || !take_char(rest, '.') ||
            !take_number(rest, 6, &rule.day) || rule.month < 1 || rule.week < 1)
            return false;
    } else {
        rule.kind = take_char(rest, 'J') ? BY_DAY_WITHOUT_LEAP : BY_DAY;
        if (!take_number(rest, 365, &rule.day)) return false;
        if (rule.kind == BY_DAY_WITHOUT_LEAP && rule.day == 0) return false;
    }
    if (take_char(rest, '/') && !take_time(rest, 167, &rule.time_s)) return false;
    *ret = rule;
    return true;
}

/* Local seconds of the year's change, as if the zone were UTC. */
static int64_t rule_time(const struct rule *rule, int32_t year)
{
    int32_t day = sea_day_of(year, 1, 1) + rule->day;
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (rule->kind == BY_DAY_WITHOUT_LEAP) day += is_leap && rule->day >= 60 ? 0 : -1;
    if (rule->kind == BY_WEEKDAY) {
        int32_t first = sea_day_of(year, (uint32_t)rule->month, 1);
        int32_t next = rule->month == 12 ? sea_day_of(year + 1, 1, 1)
                                         : sea_day_of(year, (uint32_t)rule->month + 1, 1);
        int32_t weekday = (int32_t)(sea_day_weekday(first) + 1) % 7;
        day = first + (rule->day - weekday + 7) % 7 + (rule->week - 1) * 7;
        while (day >= next) day -= 7;
    }
    return (int64_t)day * DAY_S + rule->time_s;
}

struct footer {
    int32_t standard_s, summer_s;
    bool has_summer;
    struct rule start, end;
};

static bool parse_footer(struct sea_str text, struct footer *ret)
{
    struct footer footer = {0};
    struct sea_str rest = text;
    if (!take_name(&rest) || !take_time(&rest, 24, &footer.standard_s)) return false;
    footer.standard_s = -footer.standard_s; /* POSIX counts west of Greenwich */
    footer.has_summer = rest.len > 0;
    if (footer.has_summer) {
        if (!take_name(&rest)) return false;
        footer.summer_s = footer.standard_s + 3600;
        if (rest.len > 0 && rest.ptr[0] != ',') {
            if (!take_time(&rest, 24, &footer.summer_s)) return false;
            footer.summer_s = -footer.summer_s;
        }
        if (!take_rule(&rest, &footer.start) || !take_rule(&rest, &footer.end)) return false;
    }
    *ret = footer;
    return rest.len == 0;
}

/* What the rule says for the years after the last change of the file. */
static bool add_footer(struct builder *builder, const struct footer *footer, int64_t last_s)
{
    int32_t year = SEA_ZONE_YEAR_MIN;
    uint32_t month, day;
    if (!footer->has_summer) return true;
    if (last_s > 0 && last_s < (int64_t)sea_day_of(SEA_ZONE_YEAR_MAX + 1, 1, 1) * DAY_S)
        sea_day_date((int32_t)(last_s / DAY_S), &year, &month, &day);
    for (; year <= SEA_ZONE_YEAR_MAX; year++) {
        struct sea_zone_step start = {rule_time(&footer->start, year) - footer->standard_s,
                                      footer->summer_s};
        struct sea_zone_step end = {rule_time(&footer->end, year) - footer->summer_s,
                                    footer->standard_s};
        struct sea_zone_step first = start.at_s < end.at_s ? start : end;
        struct sea_zone_step second = start.at_s < end.at_s ? end : start;
        if (first.at_s > last_s && !add_step(builder, first.at_s, first.offset_s)) return false;
        if (second.at_s > last_s && !add_step(builder, second.at_s, second.offset_s)) return false;
    }
    return true;
}

static int64_t big_endian(const char *bytes, uint32_t size)
{
    uint64_t number = (unsigned char)bytes[0] & 0x80 ? UINT64_MAX : 0;
    for (uint32_t i = 0; i < size; i++) number = number << 8 | (unsigned char)bytes[i];
    return (int64_t)number;
}

struct block {
    uint32_t changes, types, chars, leaps, standards, universals;
    size_t bytes; /* after the header */
};

static bool parse_header(struct sea_str file, uint32_t time_bytes, struct block *ret)
{
    if (file.len < HEADER_BYTES || memcmp(file.ptr, "TZif", 4) != 0) return false;
    if (file.ptr[4] < '2') return false;
    uint32_t counts[6];
    for (uint32_t i = 0; i < 6; i++) {
        int64_t count = big_endian(file.ptr + 20 + 4 * (size_t)i, 4);
        if (count < 0 || count > 10000) return false;
        counts[i] = (uint32_t)count;
    }
    *ret = (struct block){counts[3], counts[4], counts[5], counts[2], counts[1], counts[0], 0};
    ret->bytes = (size_t)ret->changes * (time_bytes + 1) + (size_t)ret->types * 6 + ret->chars +
                 (size_t)ret->leaps * (time_bytes + 4) + ret->standards + ret->universals;
    return file.len - HEADER_BYTES >= ret->bytes;
}

/* The 64-bit block: all its changes in order. *ret_last_s is the time of the last one, INT64_MIN
 * without any. */
static bool add_block(struct builder *builder, const char *data, const struct block *block,
                      int64_t *ret_last_s)
{
    const char *indices = data + (size_t)block->changes * 8;
    const char *types = indices + block->changes;
    int64_t last_s = INT64_MIN;
    for (uint32_t i = 0; i < block->types; i++) {
        int64_t offset_s = big_endian(types + 6 * (size_t)i, 4);
        if (offset_s <= -DAY_S || offset_s >= DAY_S) return false;
    }
    builder->first_offset_s = (int32_t)big_endian(types, 4);
    for (uint32_t i = 0; i < block->changes; i++) {
        int64_t at_s = big_endian(data + 8 * (size_t)i, 8);
        uint32_t type = (unsigned char)indices[i];
        if (type >= block->types || (i > 0 && at_s <= last_s)) return false;
        last_s = at_s;
        if (!add_step(builder, at_s, (int32_t)big_endian(types + 6 * (size_t)type, 4)))
            return false;
    }
    *ret_last_s = last_s;
    return true;
}

bool sea_zone_parse(struct sea_str tzif, struct sea_zone_step steps[SEA_ZONE_STEPS_MAX],
                    struct sea_zone *ret)
{
    struct builder builder = {.steps = steps};
    struct block block;
    struct footer footer;
    int64_t last_s;
    if (!parse_header(tzif, 4, &block)) return false;
    size_t skipped = HEADER_BYTES + block.bytes;
    tzif = (struct sea_str){tzif.ptr + skipped, tzif.len - skipped};
    if (!parse_header(tzif, 8, &block) || block.types == 0 || block.leaps > 0) return false;
    if (!add_block(&builder, tzif.ptr + HEADER_BYTES, &block, &last_s)) return false;

    skipped = HEADER_BYTES + block.bytes;
    struct sea_str rule = {tzif.ptr + skipped, tzif.len - skipped};
    if (rule.len < 2 || rule.ptr[0] != '\n' || rule.ptr[rule.len - 1] != '\n') return false;
    rule = (struct sea_str){rule.ptr + 1, rule.len - 2};
    if (rule.len > 0 && (!parse_footer(rule, &footer) || !add_footer(&builder, &footer, last_s)))
        return false;
    *ret = (struct sea_zone){
        .first_offset_s = builder.first_offset_s, .steps = steps, .step_count = builder.count};
    return true;
}
