/* sea_refs.c: finds what may be the number of an order or parcel. */
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "sea_fold.h"
#include "sea_lexicon.h"

enum { DIGITS_MIN = 4, DIGITS_MAX = 24 };

/* Behind these, or behind a number sign, fewer digits are enough; folded. */
static const char *const ORDER_WORDS[] = {"order",   "pedido", "commande", "bestellung", "ordine",
                                          "no",      "nr",     "numero",   "number",     "nummer",
                                          "pesanan", "заказ",  "siparis",  "orden",      "n"};

struct scan {
    struct sea_str text;
    int32_t at;
    bool is_signed;      /* a number sign stands before */
    struct sea_str word; /* the word before, if only signs and blanks are between */
};

static void forget(struct scan *scan)
{
    scan->is_signed = false;
    scan->word = (struct sea_str){0};
}

static UChar32 peek(const struct scan *scan, int32_t *ret_next)
{
    UChar32 c = 0;
    *ret_next = scan->at;
    if (*ret_next < (int32_t)scan->text.len)
        U8_NEXT_OR_FFFD((const uint8_t *)scan->text.ptr, *ret_next, (int32_t)scan->text.len, c);
    return c;
}

static bool is_blank(UChar32 c)
{
    return c == 0 || u_isUWhiteSpace(c);
}

/* Links and addresses: from here to the next blank. */
static bool skip_address(struct scan *scan)
{
    struct sea_str text = scan->text;
    size_t from = (size_t)scan->at, to = from;
    while (to < text.len && !strchr(" \t\r\n", text.ptr[to])) to++;
    bool is_address = memchr(text.ptr + from, '@', to - from) ||
                      memmem(text.ptr + from, to - from, "://", 3) || text.ptr[from] == '+';
    if (is_address) scan->at = (int32_t)to;
    return is_address;
}

struct word {
    char text[SEA_REF_TEXT];
    uint32_t len, digits, letters;
    bool is_cut;
};

/* ASCII letters, digits of any script, and hyphens between them. */
static struct word take_word(struct scan *scan)
{
    struct word word = {0};
    while (true) {
        int32_t next;
        UChar32 c = peek(scan, &next);
        int32_t digit = u_charDigitValue(c);
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_joint = (c == '-' || c == '_') && word.len > 0;
        if (digit < 0 && !is_letter && !is_joint) break;
        if (word.len + 1 == SEA_REF_TEXT)
            word.is_cut = true;
        else
            word.text[word.len++] = digit >= 0 ? (char)('0' + digit) : (char)c;
        word.digits += digit >= 0;
        word.letters += is_letter;
        scan->at = next;
    }
    while (word.len > 0 && strchr("-_", word.text[word.len - 1])) word.len--;
    word.text[word.len] = 0;
    return word;
}

/* 2026-11-22, 22-11-2026 */
static bool is_date(const struct word *word)
{
    char shape[SEA_REF_TEXT];
    for (uint32_t i = 0; i <= word->len; i++)
        shape[i] = word->text[i] >= '0' && word->text[i] <= '9' ? '0' : word->text[i];
    return !strcmp(shape, "0000-00-00") || !strcmp(shape, "00-00-0000");
}

/* 129.90 or 1,299: a separator with digits on both sides is an amount, a time or a number of
 * something. */
static bool is_amount(const struct scan *scan, const struct word *word, int32_t from)
{
    int32_t next;
    UChar32 after = peek(scan, &next);
    struct scan behind = {.text = scan->text, .at = next};
    bool has_digit_behind = u_charDigitValue(peek(&behind, &next)) >= 0;
    bool is_joined =
        (after == '.' || after == ',' || after == ':' || after == '/') && has_digit_behind;
    char before = from > 0 ? scan->text.ptr[from - 1] : ' ';
    char before2 = from > 1 ? scan->text.ptr[from - 2] : ' ';
    bool is_rest = strchr(".,:/", before) && before2 >= '0' && before2 <= '9';
    return word->letters == 0 && (is_joined || is_rest || before == '$');
}

static bool announces(struct sea_str word)
{
    struct sea_buf folded = SEA_BUF(64);
    bool is_found = false;
    sea_fold(word, &folded);
    for (size_t i = 0; i < SEA_COUNT(ORDER_WORDS) && folded.len > 0; i++)
        is_found = is_found || sea_str_is(sea_buf_view(&folded), ORDER_WORDS[i]);
    sea_buf_free(&folded);
    return is_found;
}

static bool is_ref(const struct scan *scan, const struct word *word, int32_t from)
{
    if (word->is_cut || word->digits > DIGITS_MAX || word->digits == 0) return false;
    if (is_date(word) || is_amount(scan, word, from)) return false;
    return word->digits >= DIGITS_MIN || scan->is_signed || announces(scan->word);
}

static uint32_t add(const struct word *word, char ret[SEA_REFS_MAX][SEA_REF_TEXT], uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!strcmp(ret[i], word->text)) return count;
    memcpy(ret[count], word->text, word->len + 1);
    return count + 1;
}

/* Between the word that announces a number and the number itself: `no.`, `nº`, `#`, `:`. */
static bool is_sign(UChar32 c)
{
    return c == '#' || c == ':' || c == '.' || c == 0xb0 || c == 0xba || c == 0x2116;
}

/* What stands between numbers: a word that may announce one, or a sign. */
static void skip_other(struct scan *scan)
{
    int32_t from = scan->at, next;
    UChar32 c = peek(scan, &next);
    if (!u_isalpha(c) || is_sign(c)) {
        if (c == '#' || c == 0x2116)
            scan->is_signed = true;
        else if (!is_blank(c) && !is_sign(c))
            forget(scan);
        scan->at = next;
        return;
    }
    while ((u_isalpha(c) && !is_sign(c)) || u_charType(c) == U_NON_SPACING_MARK) {
        scan->at = next;
        c = peek(scan, &next);
    }
    forget(scan);
    scan->word = (struct sea_str){scan->text.ptr + from, (size_t)(scan->at - from)};
}

uint32_t sea_refs(struct sea_str text, char ret[SEA_REFS_MAX][SEA_REF_TEXT])
{
    struct scan scan = {.text = {text.ptr, text.len < 8000 ? text.len : 8000}};
    uint32_t count = 0;
    bool is_start = true;
    while (scan.at < (int32_t)scan.text.len && count < SEA_REFS_MAX) {
        int32_t from = scan.at, next;
        UChar32 c = peek(&scan, &next);
        if (is_start && !is_blank(c) && skip_address(&scan)) continue;
        is_start = is_blank(c);
        struct word word = take_word(&scan);
        if (word.digits == 0) {
            scan.at = from;
            skip_other(&scan);
            continue;
        }
        if (is_ref(&scan, &word, from)) count = add(&word, ret, count);
        forget(&scan);
    }
    return count;
}
