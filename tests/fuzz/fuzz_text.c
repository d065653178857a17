/* fuzz_text.c: any bytes as a customer's message or a template: folding twice changes nothing more,
 * STOP stays STOP whatever blanks are around it, and references are made of letters, digits and
 * hyphens. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sea_detect.h"
#include "sea_fold.h"
#include "sea_lexicon.h"
#include "sea_template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fold(struct sea_str text)
{
    struct sea_buf once = SEA_BUF(1 << 16), twice = SEA_BUF(1 << 16);
    sea_fold(text, &once);
    if (once.len < SEA_FOLD_MAX) {
        sea_fold(sea_buf_view(&once), &twice);
        sea_assert(sea_str_eq(sea_buf_view(&once), sea_buf_view(&twice)));
    }
    sea_buf_free(&once);
    sea_buf_free(&twice);
}

static void check_refs(struct sea_str text)
{
    char refs[SEA_REFS_MAX][SEA_REF_TEXT];
    uint32_t count = sea_refs(text, refs);
    sea_assert(count <= SEA_REFS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        size_t len = strlen(refs[i]);
        sea_assert(len > 0 && strpbrk(refs[i], "0123456789"));
        sea_assert(strspn(refs[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-_") == len);
    }
}

static void check_template(struct sea_str text)
{
    static const struct sea_variable VARIABLES[] = {{"a", {"1", 1}}, {"b", {"{a}", 3}}};
    struct sea_buf out = SEA_BUF(1 << 16);
    char *copy = sea_str_dup(text);
    if (sea_template_render(copy, VARIABLES, 2, &out)) sea_assert(out.len <= 2 * strlen(copy));
    free(copy);
    sea_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sea_lexicon *lexicon;
    struct sea_str text = {(const char *)data, size};
    if (!lexicon) lexicon = sea_lexicon_open();
    struct sea_detected detected = sea_detect(text, SEA_STR("pt-BR"));
    sea_assert(detected.language[0] && detected.confidence_pct <= 100);
    sea_assert(!detected.is_sure || strcmp(detected.language, "und") != 0);
    enum sea_intent intent = sea_lexicon_intent(lexicon, text, NULL);
    sea_assert(intent >= SEA_INTENT_NONE && intent < SEA_INTENT_COUNT);
    check_fold(text);
    check_refs(text);
    check_template(text);
    return 0;
}
