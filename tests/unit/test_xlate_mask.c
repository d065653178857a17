/* What an engine must not see, and that it comes back whole. */
#include <stdio.h>

#include "sea_cmocka.h"
#include "xlate_mask.h"

#define OPEN  "\u27e6"
#define CLOSE "\u27e7"

static void what_must_be_masked_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *text, *masked;
    } rows[] = {
        {"", ""},
        {"nothing to hide, 3 of 12 left", "nothing to hide, 3 of 12 left"},
        {"card 4111 1111 1111 1111.", "card " OPEN "1" CLOSE "."},
        {"card 4111111111111111!", "card " OPEN "1" CLOSE "!"},
        {"card 4111-1111-1111-1111 ok", "card " OPEN "1" CLOSE " ok"},
        {"IBAN DE89 3704 0044 0532 0130 00 please", "IBAN " OPEN "1" CLOSE " please"},
        {"gb82west12345698765432", OPEN "1" CLOSE},
        {"write to maria.d+x@mail.example.com.", "write to " OPEN "1" CLOSE "."},
        {"\u8bf7\u53d1\u5230a@b.com\u8c22\u8c22",
         "\u8bf7\u53d1\u5230" OPEN "1" CLOSE "\u8c22\u8c22"},
        {"x@m\u00fcnchen.de", OPEN "1" CLOSE},
        {"call +55 (11) 91234-5678 now", "call " OPEN "1" CLOSE " now"},
        {"call 0049 30 1234567 now", "call " OPEN "1" CLOSE " now"},
        {"order 1001 and #77", "order " OPEN "1" CLOSE " and " OPEN "2" CLOSE},
        {"parcel LX123456789CN", "parcel " OPEN "1" CLOSE},
        {"see https://shop.example/a?b=c.", "see " OPEN "1" CLOSE "."},
        {"see (www.shop.example/x)", "see (" OPEN "1" CLOSE ")"},
        {"hello {customer_name}!", "hello " OPEN "1" CLOSE "!"},
        {"{{ {a b} {",
         OPEN "1" CLOSE OPEN "2" CLOSE " " OPEN "3" CLOSE "a b" OPEN "4" CLOSE " " OPEN "5" CLOSE},
        {"a " OPEN "1" CLOSE " b", "a " OPEN "1" CLOSE "1" OPEN "2" CLOSE " b"},
        {"\u0631\u0642\u0645 \u0660\u0665\u0665\u0661\u0662", "\u0631\u0642\u0645 " OPEN "1" CLOSE},
        {"\uff14\uff11\uff11\uff11", OPEN "1" CLOSE},
    };
    struct xlate_masked masked = XLATE_MASKED;
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        assert_true(xlate_mask(sea_str(rows[i].text), &masked));
        assert_str_equal(sea_buf_view(&masked.text), rows[i].masked);
    }
    xlate_masked_free(&masked);
}

static void an_answer_is_taken_only_with_every_placeholder_once(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *want; /* NULL: refused */
    } rows[] = {
        {"a " OPEN "1" CLOSE " b " OPEN "2" CLOSE, "a 1001 b #77"},
        {OPEN "2" CLOSE OPEN "1" CLOSE, "#771001"},
        {OPEN " 1 " CLOSE OPEN "*2" CLOSE, "1001#77"},
        {OPEN "\u0661" CLOSE OPEN "\u0662" CLOSE, "1001#77"},
        {OPEN "1" CLOSE, NULL},                               /* dropped */
        {OPEN "1" CLOSE OPEN "2" CLOSE OPEN "2" CLOSE, NULL}, /* doubled */
        {OPEN "1" CLOSE OPEN "3" CLOSE, NULL},
        {OPEN "1" CLOSE OPEN "2", NULL},
        {OPEN "1" CLOSE OPEN "2" CLOSE CLOSE, NULL},
        {OPEN "1" CLOSE OPEN "x" CLOSE, NULL},
        {OPEN "1" CLOSE OPEN "99999999999" CLOSE, NULL},
        {"", NULL},
    };
    struct xlate_masked masked = XLATE_MASKED;
    assert_true(xlate_mask(SEA_STR("x 1001 y #77"), &masked));
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        struct sea_buf out = SEA_BUF(1000);
        assert_int_equal(xlate_unmask(&masked, sea_str(rows[i].answer), &out),
                         rows[i].want != NULL);
        if (rows[i].want != NULL) assert_str_equal(sea_buf_view(&out), rows[i].want);
        sea_buf_free(&out);
    }
    xlate_masked_free(&masked);
}

static void too_many_to_mask_is_said(void **state)
{
    (void)state;
    struct sea_buf text = SEA_BUF(XLATE_TEXT_MAX_BYTES + 1);
    struct xlate_masked masked = XLATE_MASKED;
    for (int i = 0; i < XLATE_MASKS_MAX; i++) sea_buf_text(&text, "#1 ");
    assert_true(xlate_mask(sea_buf_view(&text), &masked));
    sea_buf_text(&text, "#1");
    assert_false(xlate_mask(sea_buf_view(&text), &masked));
    sea_buf_free(&text);
    xlate_masked_free(&masked);
}

/* A text of pieces that detectors like, put together at random. */
static void random_text(uint32_t *seed, struct sea_buf *ret)
{
    static const char *const pieces[] = {"4111",
                                         "1111 1111",
                                         " ",
                                         "-",
                                         "+",
                                         "00",
                                         "DE89",
                                         "3704 0044 0532 0130 00",
                                         "@",
                                         "a.b",
                                         ".com",
                                         "http://",
                                         "www.",
                                         "#",
                                         "{{",
                                         "}}",
                                         "name",
                                         OPEN,
                                         CLOSE,
                                         "\u4f60\u597d",
                                         "\u0660\u0665",
                                         "\uff11",
                                         "99",
                                         "x",
                                         "(",
                                         ")",
                                         "/",
                                         "\n",
                                         "\u00e9",
                                         "_",
                                         "1"};
    sea_buf_reset(ret);
    for (int i = 0; i < 14; i++) {
        *seed = *seed * 1664525U + 1013904223U;
        sea_buf_text(ret, pieces[(*seed >> 16) % SEA_COUNT(pieces)]);
    }
}

static void nothing_is_left_to_find_between(struct sea_str text, const char *original)
{
    size_t from = 0, to = 0;
    if (text.len > 0 && xlate_mask_find(text, 0, &from, &to))
        fail_msg("left in clear of '%s': '%.*s'", original, (int)(to - from), text.ptr + from);
}

static void masked_texts_hide_all_and_come_back_whole(void **state)
{
    (void)state;
    uint32_t seed = 20260427;
    struct sea_buf text = SEA_BUF(4096), out = SEA_BUF(4096);
    struct xlate_masked masked = XLATE_MASKED;
    for (int round = 0; round < 20000; round++) {
        random_text(&seed, &text);
        assert_true(xlate_mask(sea_buf_view(&text), &masked));
        sea_buf_reset(&out);
        assert_true(xlate_unmask(&masked, sea_buf_view(&masked.text), &out));
        assert_str_equal(sea_buf_view(&out), text.ptr);
        struct sea_str rest = sea_buf_view(&masked.text);
        while (rest.len > 0) {
            const char *open = memmem(rest.ptr, rest.len, OPEN, 3);
            size_t len = open == NULL ? rest.len : (size_t)(open - rest.ptr);
            nothing_is_left_to_find_between((struct sea_str){rest.ptr, len}, text.ptr);
            if (open == NULL) break;
            const char *close = memmem(open, rest.len - len, CLOSE, 3);
            assert_non_null(close);
            rest = (struct sea_str){close + 3, rest.len - (size_t)(close + 3 - rest.ptr)};
        }
    }
    sea_buf_free(&text);
    sea_buf_free(&out);
    xlate_masked_free(&masked);
}

SEA_TESTS(cmocka_unit_test(what_must_be_masked_is_found),
          cmocka_unit_test(an_answer_is_taken_only_with_every_placeholder_once),
          cmocka_unit_test(too_many_to_mask_is_said),
          cmocka_unit_test(masked_texts_hide_all_and_come_back_whole))
