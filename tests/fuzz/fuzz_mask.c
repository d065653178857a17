/* fuzz_mask.c: what is masked comes back whole, and no answer of an engine makes up what was
 * masked; forbidden words are found where they stand. Input: text, the engine's answer, with a line
 * feed between. */
#include <stdlib.h>
#include <string.h>

#include "xlate_mask.h"
#include "sea_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_mask(struct sea_str text, struct sea_str answer)
{
    struct xlate_masked masked = XLATE_MASKED;
    struct sea_buf whole = SEA_BUF(4 * XLATE_TEXT_MAX_BYTES),
                   other = SEA_BUF(8 * XLATE_TEXT_MAX_BYTES);
    if (xlate_mask(text, &masked)) {
        for (uint32_t i = 0; i < masked.count; i++) {
            const struct sea_str *kept = &masked.originals[i];
            sea_assert(kept->len > 0 && kept->ptr >= text.ptr);
            sea_assert(kept->ptr + kept->len <= text.ptr + text.len);
        }
        sea_assert(xlate_unmask(&masked, sea_buf_view(&masked.text), &whole));
        sea_assert(sea_str_eq(sea_buf_view(&whole), text));
        bool is_whole = xlate_unmask(&masked, answer, &other);
        size_t kept = 0;
        for (uint32_t i = 0; i < masked.count; i++) kept += masked.originals[i].len;
        sea_assert(!is_whole || other.len >= kept); /* each original stands in it */
    }
    xlate_masked_free(&masked);
    sea_buf_free(&whole);
    sea_buf_free(&other);
}

static void check_words(struct sea_str text)
{
    static const char *const phrases[] = {"vielleicht", "mehr oder weniger", "\u53ef\u80fd",
                                          "caf\u00e9"};
    struct sea_word_rule rules[] = {{.id = "words", .is_whole_word = true, .list_count = 1},
                                    {.id = "parts", .list_count = 1}};
    __typeof__(*rules[0].lists) lists[] = {{"*", {phrases, SEA_COUNT(phrases)}}};
    for (size_t i = 0; i < SEA_COUNT(rules); i++) rules[i].lists = lists;
    const struct sea_market market = {.code = "X", .word_rules = rules, .word_rule_count = 2};
    struct sea_word_hit hit, again;
    if (!sea_words_find(&market, text, SEA_STR(""), &hit)) return;
    sea_assert(hit.from < hit.to && hit.to <= text.len);
    struct sea_str found = {text.ptr + hit.from, hit.to - hit.from};
    sea_assert(sea_words_find(&market, found, SEA_STR(""), &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = sea_realloc(NULL, size > 0 ? size : 1);
    if (size > 0) memcpy(copy, data, size);
    const char *end = size > 0 ? memchr(copy, '\n', size) : NULL;
    size_t len = end != NULL ? (size_t)(end - copy) : size;
    struct sea_str text = {copy, len};
    struct sea_str answer = {copy + len + (end != NULL), size - len - (end != NULL)};
    check_mask(text, answer);
    check_words((struct sea_str){copy, size});
    free(copy);
    return 0;
}
