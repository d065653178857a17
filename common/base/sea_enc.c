/* sea_enc.c: hex, base64, percent-encoding, UTF-8 checks and RFC 3339 times. */
#include "sea_enc.h"

#include <stdio.h>
#include <string.h>

enum { SECOND_MS = 1000, DAY_SECONDS = 86400 };

void sea_hex_print(const void *data, size_t len, char *ret)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        ret[2 * i] = digits[bytes[i] >> 4];
        ret[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret[2 * len] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Two digits at `text`, or -1. */
static int hex_byte(const char *text)
{
    int high = hex_value(text[0]), low = hex_value(text[1]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Of a character that is known to be a digit: letters, of either case, have bit 6. */
static unsigned digit(char c)
{
    return ((unsigned)c & 15) + 9 * ((unsigned)c >> 6);
}

bool sea_hex_parse(struct sea_str text, uint8_t *ret, size_t len)
{
    if (text.len % 2 != 0 || text.len / 2 != len) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (hex_value(text.ptr[i]) < 0) return false;
    }
    for (size_t i = 0; i < len; i++)
        ret[i] = (uint8_t)(digit(text.ptr[2 * i]) << 4 | digit(text.ptr[2 * i + 1]));
    return true;
}

size_t sea_base64_size(size_t len)
{
    return (len + 2) / 3 * 4;
}

void sea_base64_print(const void *data, size_t len, char *ret)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *at = data;
    for (; len > 0; at += 3) {
        size_t n = len < 3 ? len : 3;
        uint32_t group = (uint32_t)at[0] << 16;
        if (n > 1) group |= (uint32_t)at[1] << 8;
        if (n > 2) group |= at[2];
        for (size_t i = 0; i < 4; i++) *ret++ = i <= n ? digits[group >> (18 - 6 * i) & 63] : '=';
        len -= n;
    }
    *ret = '\0';
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
}

bool sea_base64_parse(struct sea_str text, uint8_t *ret, size_t cap, size_t *ret_len)
{
    if (text.len % 4 != 0) return false;
    size_t padding = 0;
    while (padding < 2 && padding < text.len && text.ptr[text.len - 1 - padding] == '=') padding++;
    size_t digits = text.len - padding, len = text.len / 4 * 3 - padding, out = 0;
    if (len > cap) return false;
    uint32_t group = 0;
    for (size_t i = 0; i < digits; i++) {
        int value = base64_value(text.ptr[i]);
        if (value < 0) return false;
        group = group << 6 | (uint32_t)value;
        if (i % 4 > 0) ret[out++] = (uint8_t)(group >> (6 - 2 * (i % 4)));
    }
    /* Bits that no byte takes must be 0, or one value had two spellings. */
    if (padding > 0 && (group & (padding == 1 ? 3U : 15U)) != 0) return false;
    *ret_len = len;
    return true;
}

bool sea_percent_decode(struct sea_str text, bool is_form, char *ret, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int byte = text.len - i > 2 ? hex_byte(text.ptr + i + 1) : -1;
            if (byte < 0) return false;
            c = (char)byte;
            i += 2;
        } else if (c == '+' && is_form) {
            c = ' ';
        }
        ret[len++] = c;
    }
    *ret_len = len;
    return true;
}

/* Length of the well-formed character at `at` (RFC 3629: shortest form, no surrogates, up to
 * U+10FFFF), or 0. */
static size_t utf8_char(const uint8_t *at, size_t left)
{
    uint8_t lead = at[0];
    if (lead < 0x80) return 1;
    size_t len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead < 0xc2 || lead > 0xf4 || len > left) return 0;
    uint8_t low = 0x80, high = 0xbf; /* the second byte's range depends on the first */
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
    if (at[1] < low || at[1] > high) return 0;
    for (size_t i = 2; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
    }
    return len;
}

bool sea_utf8_is_valid(struct sea_str text)
{
    const uint8_t *bytes = (const uint8_t *)text.ptr;
    for (size_t i = 0; i < text.len;) {
        size_t len = utf8_char(bytes + i, text.len - i);
        if (len == 0) return false;
        i += len;
    }
    return true;
}

struct sea_str sea_utf8_cut(struct sea_str text, size_t max)
{
    if (text.len <= max) return text;
    size_t len = max;
    while (len > 0 && ((uint8_t)text.ptr[len] & 0xc0) == 0x80) len--;
    return (struct sea_str){text.ptr, len};
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin on 1
 * March. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    if (month <= 2) year--;
    int64_t era = year / 400, year_of_era = year % 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

void sea_time_print(int64_t time_ms, char ret[SEA_TIME_TEXT])
{
    sea_assert(time_ms >= 0 && time_ms < INT64_C(253402300800000));
    int64_t seconds = time_ms / SECOND_MS, ms = time_ms % SECOND_MS;
    int64_t days = seconds / DAY_SECONDS + 719468, rest = seconds % DAY_SECONDS;
    int64_t era = days / 146097, day_of_era = days % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    char text[64];
    int len = snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, (int)month,
                       (int)(day_of_year - (153 * shifted + 2) / 5 + 1), (int)(rest / 3600),
                       (int)(rest / 60 % 60), (int)(rest % 60));
    snprintf(text + len, sizeof text - (size_t)len, ms != 0 ? ".%03dZ" : "Z", (int)ms);
    memcpy(ret, text, strlen(text) + 1);
}

/* `count` digits at the start of *text, taken off it; -1 when they are not there. */
static int take_number(struct sea_str *text, size_t count)
{
    int value = 0;
    if (text->len < count) return -1;
    for (size_t i = 0; i < count; i++) {
        if (text->ptr[i] < '0' || text->ptr[i] > '9') return -1;
        value = value * 10 + (text->ptr[i] - '0');
    }
    text->ptr += count;
    text->len -= count;
    return value;
}

static bool take_char(struct sea_str *text, char c)
{
    if (text->len == 0 || (text->ptr[0] != c && text->ptr[0] != c + ('a' - 'A'))) return false;
    text->ptr++;
    text->len--;
    return true;
}

static bool take_date(struct sea_str *text, int64_t *ret_days)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = take_number(text, 4);
    if (year < 0 || !take_char(text, '-')) return false;
    int month = take_number(text, 2);
    if (month < 1 || month > 12 || !take_char(text, '-')) return false;
    int day = take_number(text, 2);
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day < 1 || day > lengths[month - 1] + (month == 2 && is_leap ? 1 : 0)) return false;
    *ret_days = days_of(year, month, day);
    return true;
}

static bool take_clock(struct sea_str *text, int64_t *ret_ms)
{
    int hour = take_number(text, 2);
    if (hour < 0 || hour > 23 || !take_char(text, ':')) return false;
    int minute = take_number(text, 2);
    if (minute < 0 || minute > 59 || !take_char(text, ':')) return false;
    int second = take_number(text, 2);
    if (second < 0 || second > 60) return false;
    if (second == 60) second = 59;
    int64_t ms = 0;
    if (take_char(text, '.')) {
        int digit, weight = 100;
        if ((digit = take_number(text, 1)) < 0) return false;
        for (; digit >= 0; digit = take_number(text, 1), weight /= 10)
            ms += (int64_t)digit * weight;
    }
    *ret_ms = (hour * 3600 + minute * 60 + second) * (int64_t)SECOND_MS + ms;
    return true;
}

static bool take_offset(struct sea_str *text, int64_t *ret_ms)
{
    if (take_char(text, 'Z')) {
        *ret_ms = 0;
        return true;
    }
    if (text->len == 0 || (text->ptr[0] != '+' && text->ptr[0] != '-')) return false;
    int sign = text->ptr[0] == '-' ? -1 : 1;
    take_char(text, text->ptr[0]);
    int hour = take_number(text, 2);
    if (hour < 0 || hour > 23 || !take_char(text, ':')) return false;
    int minute = take_number(text, 2);
    if (minute < 0 || minute > 59) return false;
    *ret_ms = sign * (hour * 60 + minute) * 60 * (int64_t)SECOND_MS;
    return true;
}

bool sea_time_parse(struct sea_str text, int64_t *ret_ms)
{
    int64_t days, clock_ms, offset_ms;
    if (!take_date(&text, &days) || !take_char(&text, 'T')) return false;
    if (!take_clock(&text, &clock_ms) || !take_offset(&text, &offset_ms) || text.len != 0)
        return false;
    int64_t time_ms = days * DAY_SECONDS * SECOND_MS + clock_ms - offset_ms;
    if (time_ms < 0 || time_ms >= INT64_C(253402300800000)) return false;
    *ret_ms = time_ms;
    return true;
}
