/* A LibreTranslate-style engine's JSON. */
#include "sea_cmocka.h"
#include "xlate_engine.h"

static void a_question_is_as_libretranslate_wants_it(void **state)
{
    (void)state;
    struct sea_buf body = SEA_BUF(1000);
    struct xlate_engine_question question = {
        .text = SEA_STR("a \"b\""), .source = SEA_STR("pt-BR"), .target = SEA_STR("zh-TW")};
    xlate_engine_ask(&question, &body);
    assert_string_equal(body.ptr, "{\"q\":\"a \\\"b\\\"\",\"source\":\"pt\",\"target\":\"zt\","
                                  "\"format\":\"text\"}");
    sea_buf_reset(&body);
    question.source = SEA_STR("");
    question.api_key = SEA_STR("k");
    xlate_engine_ask(&question, &body);
    assert_string_equal(body.ptr, "{\"q\":\"a \\\"b\\\"\",\"source\":\"auto\",\"target\":\"zt\","
                                  "\"format\":\"text\",\"api_key\":\"k\"}");
    sea_buf_free(&body);
}

static void answers_are_good_refused_or_failed(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum xlate_engine_outcome want;
    } rows[] = {
        {200, "{\"translatedText\":\"Ol\\u00e1\"}", XLATE_ENGINE_GOOD},
        {200, "{\"translatedText\":\"\"}", XLATE_ENGINE_FAILED},
        {200, "{\"translatedText\":7}", XLATE_ENGINE_FAILED},
        {200, "[]", XLATE_ENGINE_FAILED},
        {200, "", XLATE_ENGINE_FAILED},
        {200, "<html>", XLATE_ENGINE_FAILED},
        {400, "{\"error\":\"xx is not supported\"}", XLATE_ENGINE_REFUSED},
        {429, "{\"error\":\"Slowdown\"}", XLATE_ENGINE_FAILED},
        {500, "", XLATE_ENGINE_FAILED},
        {0, "", XLATE_ENGINE_FAILED},
    };
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        struct sea_buf text = SEA_BUF(100);
        assert_int_equal(xlate_engine_read(rows[i].status, sea_str(rows[i].body), &text),
                         rows[i].want);
        assert_str_equal(sea_buf_view(&text), rows[i].want == XLATE_ENGINE_GOOD ? "Ol\u00e1" : "");
        sea_buf_free(&text);
    }
}

SEA_TESTS(cmocka_unit_test(a_question_is_as_libretranslate_wants_it),
          cmocka_unit_test(answers_are_good_refused_or_failed))
