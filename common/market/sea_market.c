/* sea_market.c: look-ups in market packs and the rules by which a contact gets a market and a zone.
 */
#include "sea_market.h"

#include <stdio.h>
#include <string.h>

enum { PHONE_DIGITS_MIN = 7, PHONE_DIGITS_MAX = 15 }; /* E.164; shorter ones are short codes */

const char *const SEA_MESSAGE_CLASS_NAMES[SEA_CLASS_COUNT] = {"reply",     "auto",     "service",
                                                              "marketing", "internal", "legal"};
const char *const SEA_CHANNEL_CLASS_NAMES[SEA_CHANNEL_CLASS_COUNT] = {"phone", "live_chat",
                                                                      "messaging", "email"};
const char *const SEA_COMPLEXITY_NAMES[SEA_COMPLEXITY_COUNT] = {"simple", "complex", "technical"};
const char *const SEA_CLOCK_NAMES[SEA_CLOCK_COUNT] = {"acknowledgement", "first_response",
                                                      "next_response", "resolution"};
const char *const SEA_RETENTION_NAMES[SEA_RETAIN_COUNT] = {"conversation", "recording", "order",
                                                           "consent"};

const struct sea_market *sea_market_by_code(const struct sea_markets *markets, struct sea_str code)
{
    for (uint32_t i = 0; i < markets->count; i++)
        if (sea_str_is(code, markets->items[i].code)) return &markets->items[i];
    return NULL;
}

bool sea_texts_have(const struct sea_texts *texts, struct sea_str text)
{
    for (uint32_t i = 0; i < texts->count; i++)
        if (sea_str_is(text, texts->items[i])) return true;
    return false;
}

bool sea_market_is_in(const struct sea_market *market, const struct sea_market *group)
{
    while (market && market != group) market = market->parent;
    return market != NULL;
}

const struct sea_zone *sea_market_zone_by_name(const struct sea_markets *markets,
                                               struct sea_str name)
{
    for (uint32_t i = 0; i < markets->zone_count; i++)
        if (sea_str_is(name, markets->zones[i]->name)) return markets->zones[i];
    return NULL;
}

/* Digits without '+' and the usual separators; 0 when this is no international number. */
static size_t phone_digits(struct sea_str phone, char ret[PHONE_DIGITS_MAX + 1])
{
    size_t len = 0;
    for (size_t i = 0; i < phone.len; i++) {
        char c = phone.ptr[i];
        if (c >= '0' && c <= '9') {
            if (len == PHONE_DIGITS_MAX) return 0;
            ret[len++] = c;
        } else if (!c || !strchr(" -.()", c)) {
            if (c != '+' || len > 0) return 0;
        }
    }
    ret[len] = 0;
    return len >= PHONE_DIGITS_MIN ? len : 0;
}

/* The longest prefix that some pack claims. */
static const struct sea_phone_prefix *find_prefix(const struct sea_markets *markets,
                                                  struct sea_str phone)
{
    char digits[PHONE_DIGITS_MAX + 1];
    for (size_t len = phone_digits(phone, digits); len > 0; len--) {
        uint32_t low = 0, high = markets->prefix_count;
        digits[len] = 0;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            int order = strcmp(markets->prefixes[middle].digits, digits);
            if (order == 0) return &markets->prefixes[middle];
            if (order < 0)
                low = middle + 1;
            else
                high = middle;
        }
    }
    return NULL;
}

static bool is_region(const char *tag, size_t len)
{
    bool is_alpha = len == 2, is_number = len == 3;
    for (size_t i = 0; i < len; i++) {
        char lower = (char)(tag[i] | 0x20);
        is_alpha = is_alpha && lower >= 'a' && lower <= 'z';
        is_number = is_number && tag[i] >= '0' && tag[i] <= '9';
    }
    return is_alpha || is_number;
}

static bool is_same_region(const char *code, const char *tag, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = tag[i] >= 'a' && tag[i] <= 'z' ? (char)(tag[i] - 'a' + 'A') : tag[i];
        if (code[i] != c) return false;
    }
    return code[len] == 0;
}

/* The country of pt-BR, zh-Hant-TW, es-419, de_AT.UTF-8; NULL: none is said, or no pack lists it.
 */
static const struct sea_country *find_country(const struct sea_markets *markets,
                                              struct sea_str locale)
{
    size_t from = 0;
    for (size_t i = 0; i <= locale.len; i++) {
        bool is_end = i == locale.len || locale.ptr[i] == '.' || locale.ptr[i] == '@';
        if (!is_end && locale.ptr[i] != '-' && locale.ptr[i] != '_') continue;
        const char *tag = locale.ptr + from;
        size_t len = i - from;
        if (from > 0 && len == 1) return NULL; /* extensions follow */
        if (from > 0 && is_region(tag, len)) {
            for (uint32_t n = 0; n < markets->country_count; n++)
                if (is_same_region(markets->countries[n]->code, tag, len))
                    return markets->countries[n];
            return NULL;
        }
        if (is_end) return NULL;
        from = i + 1;
    }
    return NULL;
}

const struct sea_market *sea_market_of(const struct sea_markets *markets,
                                       const struct sea_contact_facts *facts)
{
    if (facts->account_market) return facts->account_market;
    const struct sea_phone_prefix *prefix = find_prefix(markets, facts->phone);
    if (prefix) return prefix->country->market;
    const struct sea_country *country = find_country(markets, facts->locale);
    return country ? country->market : markets->global;
}

uint32_t sea_market_zones_of(const struct sea_markets *markets,
                             const struct sea_contact_facts *facts,
                             const struct sea_zone *ret[SEA_ZONES_MAX])
{
    const struct sea_phone_prefix *prefix = find_prefix(markets, facts->phone);
    if (prefix) {
        for (uint32_t i = 0; i < prefix->zone_count; i++) ret[i] = prefix->zones[i];
        return prefix->zone_count;
    }
    const struct sea_country *country = find_country(markets, facts->locale);
    ret[0] = country ? country->zone : sea_market_of(markets, facts)->zone;
    return 1;
}

bool sea_market_next_contact(const struct sea_market *market, enum sea_message_class class,
                             const struct sea_zone *const *zones, uint32_t zone_count,
                             int64_t at_ms, int64_t *ret_ms)
{
    sea_assert((uint32_t) class < SEA_CLASS_COUNT);
    if (!market->is_contact_limited[class]) {
        *ret_ms = at_ms;
        return true;
    }
    return sea_calendar_next_contact(&market->contact[class], zones, zone_count, at_ms, ret_ms);
}

bool sea_market_due(const struct sea_market *market, const struct sea_target *target,
                    int64_t from_ms, int64_t *ret_ms)
{
    if (target->is_business)
        return sea_calendar_deadline(&market->working, market->zone, from_ms, target->limit_ms,
                                     ret_ms);
    *ret_ms = from_ms + target->limit_ms;
    return true;
}

void sea_market_date(const struct sea_market *market, const struct sea_zone *zone, int64_t at_ms,
                     char ret[SEA_DATE_TEXT])
{
    static const int64_t DAY_MS = INT64_C(24) * 3600 * 1000;
    int32_t year;
    uint32_t month, day;
    size_t len = 0;
    sea_day_date((int32_t)(sea_zone_local_ms(zone, at_ms) / DAY_MS), &year, &month, &day);
    for (const char *c = market->date_format; *c && len + 5 < SEA_DATE_TEXT;) {
        size_t width = strspn(c, *c == 'D' ? "D" : *c == 'M' ? "M" : *c == 'Y' ? "Y" : "");
        uint32_t number = *c == 'D' ? day : *c == 'M' ? month : (uint32_t)year;
        if (width == 2 || width == 4)
            len += (size_t)snprintf(ret + len, SEA_DATE_TEXT - len, "%0*u", (int)width, number);
        else
            ret[len++] = *c;
        c += width > 0 ? width : 1;
    }
    ret[len] = 0;
}

int64_t sea_period_end_ms(struct sea_period period, int64_t from_ms)
{
    static const int64_t DAY_MS = INT64_C(24) * 3600 * 1000;
    int32_t year;
    uint32_t month, day;
    sea_day_date((int32_t)(from_ms / DAY_MS), &year, &month, &day);
    uint32_t months = (uint32_t)year * 12 + month - 1 + period.months;
    int32_t first = sea_day_of((int32_t)(months / 12), months % 12 + 1, 1);
    int32_t next = sea_day_of((int32_t)((months + 1) / 12), (months + 1) % 12 + 1, 1);
    int32_t end = first + (int32_t)day - 1;
    if (end >= next) end = next - 1;
    return (end + (int64_t)period.days) * DAY_MS + from_ms % DAY_MS;
}
