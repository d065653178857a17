/* xlate_mask.c: one pass from left to right; at each place where a word begins every detector looks
 * once. */
#include "xlate_mask.h"

#include <string.h>

static const char OPEN[] = "\xe2\x9f\xa6", CLOSE[] = "\xe2\x9f\xa7"; /* U+27E6, U+27E7 */

enum {
    BRACKET_BYTES = 3,
    CARD_DIGITS_MIN = 13,
    CARD_DIGITS_MAX = 19,
    PHONE_DIGITS_MIN = 7,
    PHONE_DIGITS_MAX = 15,
    IBAN_CHARS_MIN = 15,
    IBAN_CHARS_MAX = 34,
    ID_DIGITS_MIN = 4,
    LOCAL_PART_MAX = 64, /* RFC 5321 4.5.3.1 */
    VARIABLE_MAX = 64,
    NOISE_MAX = 3,
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool has_text(struct sea_str text, size_t at, const char *what)
{
    size_t len = strlen(what);
    return text.len - at >= len && memcmp(text.ptr + at, what, len) == 0;
}

static bool has_word(struct sea_str text, size_t at, const char *lower)
{
    size_t len = strlen(lower);
    if (text.len - at < len) return false;
    for (size_t i = 0; i < len; i++) {
        char c = text.ptr[at + i];
        if (c >= 'A' && c <= 'Z') c = (char)(c + ('a' - 'A'));
        if (c != lower[i]) return false;
    }
    return true;
}

/* The decimal digit at `at`: ASCII, Arabic-Indic, extended Arabic-Indic, Devanagari, Thai, full
 * width. Returns its length in bytes, 0 when there is none. */
static size_t digit_at(struct sea_str text, size_t at, int *ret_value)
{
    static const struct {
        const char *prefix;
        uint8_t zero;
    } scripts[] = {
        {"\xd9", 0xa0}, {"\xdb", 0xb0}, {"\xe0\xa5", 0xa6}, {"\xe0\xb9", 0x90}, {"\xef\xbc", 0x90}};
    if (at >= text.len) return 0;
    if (is_digit(text.ptr[at])) {
        *ret_value = text.ptr[at] - '0';
        return 1;
    }
    for (size_t i = 0; i < SEA_COUNT(scripts); i++) {
        size_t len = strlen(scripts[i].prefix);
        if (!has_text(text, at, scripts[i].prefix) || at + len >= text.len) continue;
        int value = (uint8_t)text.ptr[at + len] - scripts[i].zero;
        if (value < 0 || value > 9) continue;
        *ret_value = value;
        return len + 1;
    }
    return 0;
}

static size_t skip_any(struct sea_str text, size_t at, const char *set, size_t most)
{
    size_t end = at;
    while (end < text.len && end - at < most && text.ptr[end] != '\0' &&
           strchr(set, text.ptr[end]) != NULL)
        end++;
    return end;
}

/* Each detector returns the end of what begins at `at`, or `at` when nothing does. */

static size_t bracket_end(struct sea_str text, size_t at)
{
    return has_text(text, at, OPEN) || has_text(text, at, CLOSE) ? at + BRACKET_BYTES : at;
}

/* {name}; and every other brace by itself, since a template's braces must come back as they were.
 */
static size_t variable_end(struct sea_str text, size_t at)
{
    if (text.ptr[at] == '}') return at + 1;
    if (text.ptr[at] != '{') return at;
    for (size_t i = at + 1; i < text.len && i - at <= VARIABLE_MAX; i++) {
        if (text.ptr[i] == '}') return i + 1;
        if (!is_letter(text.ptr[i]) && !is_digit(text.ptr[i]) && text.ptr[i] != '_') break;
    }
    return at + 1;
}

static size_t url_end(struct sea_str text, size_t at)
{
    if (!has_word(text, at, "http://") && !has_word(text, at, "https://") &&
        !has_word(text, at, "www."))
        return at;
    size_t end = at;
    while (end < text.len && text.ptr[end] > ' ' && strchr("<>\"|\\^`", text.ptr[end]) == NULL)
        end++;
    while (end > at && strchr(".,;:!?)]}'*", text.ptr[end - 1]) != NULL) end--;
    return end;
}

static bool is_local_char(char c)
{
    return is_letter(c) || is_digit(c) || strchr("._%+-'&=~", c) != NULL;
}

/* Whether text[from, to) is labels joined by dots with a top-level label of letters. */
static bool is_domain(struct sea_str text, size_t from, size_t to)
{
    size_t dot = to;
    while (dot > from && text.ptr[dot - 1] != '.') dot--;
    if (dot <= from + 1 || to - dot < 2) return false;
    for (size_t i = dot; i < to; i++)
        if (!is_letter(text.ptr[i]) && (uint8_t)text.ptr[i] < 0x80) return false;
    return true;
}

/* The longest run of labels that is a domain. It may hold letters beyond ASCII; it ends before them
 * when it is whole already, since Han and kana follow without a blank. */
static size_t domain_end(struct sea_str text, size_t from)
{
    size_t best = from;
    for (size_t end = from; end < text.len; end++) {
        char c = text.ptr[end];
        bool is_beyond = (uint8_t)c >= 0x80;
        bool is_sign = c == '.' || c == '-';
        if ((is_beyond || is_sign) && is_domain(text, from, end)) best = end;
        if (is_beyond && (best == end || bracket_end(text, end) > end)) return best;
        if (!is_beyond && !is_sign && !is_letter(c) && !is_digit(c))
            return is_domain(text, from, end) ? end : best;
    }
    return is_domain(text, from, text.len) ? text.len : best;
}

static size_t email_end(struct sea_str text, size_t at)
{
    size_t sign = at;
    while (sign < text.len && sign - at <= LOCAL_PART_MAX && text.ptr[sign] != '\0' &&
           is_local_char(text.ptr[sign]))
        sign++;
    if (sign == at || sign >= text.len || text.ptr[sign] != '@') return at;
    size_t end = domain_end(text, sign + 1);
    return end > sign + 1 ? end : at;
}

/* ISO 13616: the first four characters go to the end, letters count 10 to 35, the number mod 97
 * must be 1. */
static bool is_iban(const char *chars, size_t count)
{
    unsigned rest = 0;
    for (size_t i = 0; i < count; i++) {
        char c = chars[(i + 4) % count];
        if (is_digit(c))
            rest = (rest * 10 + (unsigned)(c - '0')) % 97;
        else
            rest = (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
    }
    return rest == 1;
}

static size_t iban_end(struct sea_str text, size_t at)
{
    char chars[IBAN_CHARS_MAX];
    size_t count = 0, end = at;
    for (size_t i = at; i < text.len && count < IBAN_CHARS_MAX; i++) {
        char c = text.ptr[i];
        if (c >= 'a' && c <= 'z') c = (char)(c - ('a' - 'A'));
        if (c == ' ' && count > 0 && text.ptr[i - 1] != ' ') continue;
        if (!is_letter(c) && !is_digit(c)) break;
        if ((count < 2) != is_letter(c) && count < 4) break;
        chars[count++] = c;
        bool is_border =
            i + 1 >= text.len || (!is_letter(text.ptr[i + 1]) && !is_digit(text.ptr[i + 1]));
        if (count >= IBAN_CHARS_MIN && is_border && is_iban(chars, count)) end = i + 1;
    }
    return end;
}

/* ISO/IEC 7812-1 annex B. */
static bool is_luhn(const uint8_t *digits, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = digits[count - 1 - i];
        if (i % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return sum % 10 == 0;
}

static size_t card_end(struct sea_str text, size_t at)
{
    uint8_t digits[CARD_DIGITS_MAX];
    size_t count = 0, end = at, i = at;
    while (i < text.len && count < CARD_DIGITS_MAX) {
        int value = 0, next = 0;
        size_t len = digit_at(text, i, &value);
        if (len == 0) break;
        digits[count++] = (uint8_t)value;
        i += len;
        if (digit_at(text, i, &next) > 0) continue;
        if (count >= CARD_DIGITS_MIN && is_luhn(digits, count)) end = i;
        i = skip_any(text, i, " -", 1);
    }
    return end;
}

/* `prefix` and then the digits of a number in international form. */
static size_t dialled_end(struct sea_str text, size_t at, const char *prefix)
{
    int value = 0;
    size_t end = at, count = 0;
    if (!has_text(text, at, prefix)) return at;
    size_t i = skip_any(text, at + strlen(prefix), " (", 2);
    while (i < text.len && count < PHONE_DIGITS_MAX) {
        size_t len = digit_at(text, i, &value);
        if (len == 0) break;
        i += len;
        count++;
        if (digit_at(text, i, &value) > 0) continue;
        if (count >= PHONE_DIGITS_MIN) end = i;
        i = skip_any(text, i, " ()-./", 2);
    }
    return end;
}

static size_t plus_phone_end(struct sea_str text, size_t at)
{
    return dialled_end(text, at, "+");
}

static size_t zero_phone_end(struct sea_str text, size_t at)
{
    return dialled_end(text, at, "00");
}

static size_t identifier_end(struct sea_str text, size_t at)
{
    size_t i = at, end = at, digits = 0;
    bool has_sign = has_text(text, at, "#");
    if (has_sign) i++;
    while (i < text.len) {
        int value = 0;
        size_t len = digit_at(text, i, &value);
        if (len > 0)
            digits++;
        else if (is_letter(text.ptr[i]))
            len = 1;
        if (len > 0)
            end = i + len;
        else if (text.ptr[i] == '-' || text.ptr[i] == '_')
            len = 1;
        else
            break;
        i += len;
    }
    return digits >= ID_DIGITS_MIN || (has_sign && digits > 0) ? end : at;
}

static size_t match_end(struct sea_str text, size_t at, bool is_word_start)
{
    static size_t (*const anywhere[])(struct sea_str, size_t) = {bracket_end, variable_end,
                                                                 plus_phone_end};
    static size_t (*const at_words[])(struct sea_str, size_t) = {
        url_end, email_end, iban_end, card_end, zero_phone_end, identifier_end};
    for (size_t i = 0; i < SEA_COUNT(anywhere); i++) {
        size_t end = anywhere[i](text, at);
        if (end > at) return end;
    }
    for (size_t i = 0; is_word_start && i < SEA_COUNT(at_words); i++) {
        size_t end = at_words[i](text, at);
        if (end > at) return end;
    }
    return at;
}

/* A word begins where the character before is no ASCII letter or digit: scripts without blanks put
 * addresses right behind their own characters. */
bool xlate_mask_find(struct sea_str text, size_t from, size_t *ret_from, size_t *ret_to)
{
    bool is_word_start = true;
    for (size_t at = from; at < text.len; at++) {
        size_t end = match_end(text, at, is_word_start);
        sea_assert(end <= text.len);
        if (end > at) {
            *ret_from = at;
            *ret_to = end;
            return true;
        }
        is_word_start = !is_letter(text.ptr[at]) && !is_digit(text.ptr[at]);
    }
    return false;
}

bool xlate_mask(struct sea_str text, struct xlate_masked *ret)
{
    size_t done = 0, from = 0, to = 0;
    ret->count = 0;
    sea_buf_reset(&ret->text);
    if (text.len > XLATE_TEXT_MAX_BYTES) return false;
    while (xlate_mask_find(text, done, &from, &to)) {
        if (ret->count == XLATE_MASKS_MAX) return false;
        sea_buf_add(&ret->text, text.ptr + done, from - done);
        ret->originals[ret->count++] = (struct sea_str){text.ptr + from, to - from};
        sea_buf_printf(&ret->text, "%s%u%s", OPEN, ret->count, CLOSE);
        done = to;
    }
    sea_buf_add(&ret->text, text.ptr + done, text.len - done);
    return !ret->text.is_full;
}

/* The number of the placeholder that begins at `at`; *ret_end is behind it. 0: malformed. */
static uint32_t placeholder_at(struct sea_str answer, size_t at, size_t *ret_end)
{
    uint32_t number = 0;
    int value = 0;
    size_t len = 0, i = skip_any(answer, at + BRACKET_BYTES, " *", NOISE_MAX);
    while ((len = digit_at(answer, i, &value)) > 0 && number <= XLATE_MASKS_MAX) {
        number = number * 10 + (uint32_t)value;
        i += len;
    }
    i = skip_any(answer, i, " *", NOISE_MAX);
    if (!has_text(answer, i, CLOSE)) return 0;
    *ret_end = i + BRACKET_BYTES;
    return number;
}

bool xlate_unmask(const struct xlate_masked *masked, struct sea_str answer, struct sea_buf *out)
{
    bool is_seen[XLATE_MASKS_MAX] = {false};
    uint32_t seen = 0;
    size_t at = 0;
    while (at < answer.len) {
        if (has_text(answer, at, CLOSE)) return false;
        if (!has_text(answer, at, OPEN)) {
            sea_buf_char(out, answer.ptr[at++]);
            continue;
        }
        uint32_t number = placeholder_at(answer, at, &at);
        if (number == 0 || number > masked->count || is_seen[number - 1]) return false;
        is_seen[number - 1] = true;
        seen++;
        sea_buf_str(out, masked->originals[number - 1]);
    }
    return seen == masked->count && !out->is_full;
}

void xlate_masked_free(struct xlate_masked *masked)
{
    sea_buf_free(&masked->text);
}
