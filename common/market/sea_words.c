/* sea_words.c: folds text and phrases to the same form, keeping for every folded character the
 * bytes it came from, and looks for the phrases there. */
#include "sea_words.h"

#include <stdlib.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include "sea_language.h"

enum { CLUSTER_MAX = 32, FOLDED_MAX = 8 * CLUSTER_MAX };

struct folded_char {
    UChar32 c;         /* white space is ' ' */
    uint32_t from, to; /* bytes of the original */
};

struct folded {
    struct folded_char *chars;
    size_t count, cap;
};

static void fold_add(struct folded *out, UChar32 c, uint32_t from, uint32_t to)
{
    if (u_isUWhiteSpace(c)) {
        c = ' ';
        if (out->count > 0 && out->chars[out->count - 1].c == ' ') {
            out->chars[out->count - 1].to = to;
            return;
        }
    }
    if (out->count == out->cap) {
        out->cap = out->cap * 2 + FOLDED_MAX;
        out->chars = sea_realloc(out->chars, out->cap * sizeof(*out->chars));
    }
    out->chars[out->count++] = (struct folded_char){c, from, to};
}

/* Normalises one cluster: a character and what composes with it. */
static void fold_cluster(const UNormalizer2 *nfkc, const UChar *cluster, int32_t len,
                         struct folded *out, uint32_t from, uint32_t to)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar normal[FOLDED_MAX];
    UChar32 chars[FOLDED_MAX];
    int32_t count = unorm2_normalize(nfkc, cluster, len, normal, FOLDED_MAX, &status);
    u_strToUTF32(chars, FOLDED_MAX, &count, normal, count, &status);
    sea_assert(U_SUCCESS(status));
    for (int32_t i = 0; i < count; i++) fold_add(out, chars[i], from, to);
}

static struct folded fold(struct sea_str text)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfkc = unorm2_getNFKCCasefoldInstance(&status);
    sea_assert(U_SUCCESS(status));
    sea_assert(text.len < INT32_MAX);

    struct folded out = {0};
    UChar cluster[CLUSTER_MAX];
    int32_t len = 0, at = 0, end = (int32_t)text.len;
    uint32_t from = 0;
    while (at < end) {
        int32_t start = at;
        UChar32 c = 0;
        U8_NEXT_OR_FFFD((const uint8_t *)text.ptr, at, end, c);
        if (len > 0 && (len + 2 > CLUSTER_MAX || unorm2_hasBoundaryBefore(nfkc, c))) {
            fold_cluster(nfkc, cluster, len, &out, from, (uint32_t)start);
            len = 0;
        }
        if (len == 0) from = (uint32_t)start;
        U16_APPEND_UNSAFE(cluster, len, c);
    }
    if (len > 0) fold_cluster(nfkc, cluster, len, &out, from, (uint32_t)end);
    return out;
}

static bool is_word_char(UChar32 c)
{
    return u_isalnum(c) || u_charType(c) == U_NON_SPACING_MARK;
}

/* A phrase's edge stands at a word's edge. */
static bool is_edge(const struct folded *text, size_t left, size_t right)
{
    return !is_word_char(text->chars[left].c) || !is_word_char(text->chars[right].c);
}

static bool find_phrase(const struct folded *text, const struct folded *phrase, bool is_whole_word,
                        size_t *ret_at)
{
    for (size_t at = 0; phrase->count > 0 && at + phrase->count <= text->count; at++) {
        size_t n = 0;
        while (n < phrase->count && text->chars[at + n].c == phrase->chars[n].c) n++;
        if (n < phrase->count) continue;
        bool is_left = at == 0 || is_edge(text, at - 1, at);
        bool is_right = at + n == text->count || is_edge(text, at + n - 1, at + n);
        if (is_whole_word && !(is_left && is_right)) continue;
        *ret_at = at;
        return true;
    }
    return false;
}

/* Keeps the earliest hit. */
static void search_list(const struct folded *text, const struct sea_word_rule *rule,
                        const struct sea_texts *phrases, bool *found, struct sea_word_hit *hit)
{
    for (uint32_t i = 0; i < phrases->count; i++) {
        size_t at = 0;
        struct folded phrase = fold(sea_str(phrases->items[i]));
        if (find_phrase(text, &phrase, rule->is_whole_word, &at) &&
            (!*found || text->chars[at].from < hit->from)) {
            *found = true;
            *hit = (struct sea_word_hit){rule, text->chars[at].from,
                                         text->chars[at + phrase.count - 1].to};
        }
        free(phrase.chars);
    }
}

bool sea_words_find(const struct sea_market *market, struct sea_str text, struct sea_str language,
                    struct sea_word_hit *ret)
{
    if (market->word_rule_count == 0) return false;
    struct folded folded = fold(text);
    struct sea_word_hit hit = {0};
    bool found = false;
    if (folded.count == 0) return false;
    for (uint32_t r = 0; r < market->word_rule_count; r++) {
        const struct sea_word_rule *rule = &market->word_rules[r];
        for (uint32_t l = 0; l < rule->list_count; l++) {
            struct sea_str of = sea_str(rule->lists[l].language);
            bool is_ours =
                sea_str_is(of, "*") || language.len == 0 || sea_language_fit(of, language) > 0;
            if (is_ours) search_list(&folded, rule, &rule->lists[l].phrases, &found, &hit);
        }
    }
    free(folded.chars);
    if (found) *ret = hit;
    return found;
}
