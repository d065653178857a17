/* What becomes of a draft: which words, in which language, or why not. */
#include "sea_arena.h"
#include "sea_cmocka.h"
#include "sea_pack.h"
#include "xlate_core.h"

static struct sea_arena arena = SEA_ARENA(1 << 20);
static struct sea_zone sao_paulo;

static const char *const HELD_VARIABLES[] = {"order_id", "reason", "expected_at"};
static const struct sea_template_text HELD_TEXTS[] = {
    {"en", "Order {order_id}: {reason}, until {expected_at}."},
    {"pt-BR", "Pedido {order_id}: {reason}, at\u00e9 {expected_at}."},
};
static const char *const SEEN_VARIABLES[] = {"at", "hat"};
static const struct sea_template_text SEEN_TEXTS[] = {{"en", "Seen {at}, {hat}"}};
static const struct sea_template_text STOP_TEXTS[] = {{"en", "You are out. {{START}}"}};
static const struct sea_template_text TAX_TEXTS[] = {{"en", "the tax number is missing"},
                                                     {"pt", "falta o CPF"}};
static const struct sea_template TEMPLATES[] = {
    {.id = "customs_held",
     .version = 1,
     .variables = {HELD_VARIABLES, 3},
     .texts = HELD_TEXTS,
     .text_count = 2},
    {.id = "stop", .version = 1, .texts = STOP_TEXTS, .text_count = 1},
    {.id = "seen",
     .version = 1,
     .variables = {SEEN_VARIABLES, 2},
     .texts = SEEN_TEXTS,
     .text_count = 1},
};
static const struct sea_phrase PHRASES[] = {{"missing_tax_id", TAX_TEXTS, 2}};
static const struct sea_templates ALL = {TEMPLATES, 3, PHRASES, 1};

static const char *const FORBIDDEN[] = {"vielleicht"};
static const char *const LANGUAGES[] = {"pt-BR"};
static struct sea_word_rule rule = {.id = "vague", .is_whole_word = true, .list_count = 1};
static struct sea_market market = {.code = "BR",
                                   .languages = {LANGUAGES, 1},
                                   .date_format = "DD/MM/YYYY",
                                   .word_rules = &rule,
                                   .word_rule_count = 1};

static int open_zone(void **state)
{
    static __typeof__(*rule.lists) list = {"de", {FORBIDDEN, 1}};
    (void)state;
    rule.lists = &list;
    return sea_zone_load("America/Sao_Paulo", &arena, &sao_paulo) ? 0 : 1;
}

static int close_zone(void **state)
{
    (void)state;
    sea_arena_free(&arena);
    return 0;
}

static struct xlate_draft words(const char *text, const char *language, const char *wanted)
{
    return (struct xlate_draft){.market = &market,
                                .zone = &sao_paulo,
                                .templates = &ALL,
                                .text = sea_str(text),
                                .language = sea_str(language),
                                .wanted = sea_str(wanted)};
}

static struct xlate_draft held_notice(const char *wanted)
{
    struct xlate_draft draft = words("", "", wanted);
    draft.template_id = SEA_STR("customs_held");
    draft.variables[0] = (struct sea_variable){"order_id", SEA_STR("1001")};
    draft.variables[1] = (struct sea_variable){"reason", SEA_STR("missing_tax_id")};
    draft.variables[2] = (struct sea_variable){"expected_at", SEA_STR("2026-11-25T01:00:00Z")};
    draft.variables_count = 3;
    return draft;
}

static void expect(const struct xlate_draft *draft, const struct xlate_answer *answer,
                   enum xlate_state state, const char *want)
{
    struct xlate_verdict verdict;
    xlate_verdict_init(&verdict);
    xlate_core_draft(draft, answer, &verdict);
    assert_int_equal(verdict.state, state);
    assert_str_equal(state == XLATE_WAITING ? verdict.ask : sea_buf_view(&verdict.words), want);
    xlate_verdict_free(&verdict);
}

static void a_template_is_rendered_in_the_readers_language(void **state)
{
    (void)state;
    struct xlate_draft draft = held_notice("pt-BR");
    /* 01:00 UTC on the 25th is still the 24th in Sao Paulo */
    expect(&draft, NULL, XLATE_RENDERED, "Pedido 1001: falta o CPF, at\u00e9 24/11/2026.");
    draft.wanted = SEA_STR("pt-PT"); /* reads Brazil's */
    expect(&draft, NULL, XLATE_RENDERED, "Pedido 1001: falta o CPF, at\u00e9 24/11/2026.");
    draft.wanted = SEA_STR("en");
    expect(&draft, NULL, XLATE_RENDERED,
           "Order 1001: the tax number is missing, until 24/11/2026.");
    draft.wanted = SEA_STR(""); /* not known: the market's own */
    expect(&draft, NULL, XLATE_RENDERED, "Pedido 1001: falta o CPF, at\u00e9 24/11/2026.");
}

static void times_are_told_as_dates_whatever_they_are_times_of(void **state)
{
    (void)state;
    struct xlate_draft draft = words("", "", "en");
    draft.template_id = SEA_STR("seen");
    draft.variables[0] = (struct sea_variable){"at", SEA_STR("2026-11-25T01:00:00Z")};
    draft.variables[1] = (struct sea_variable){"hat", SEA_STR("2026-11-25T01:00:00Z")};
    draft.variables_count = 2;
    expect(&draft, NULL, XLATE_RENDERED, "Seen 24/11/2026, 2026-11-25T01:00:00Z");
}

static void a_template_in_no_language_of_the_reader_is_translated_as_a_template(void **state)
{
    (void)state;
    struct xlate_draft draft = held_notice("th");
    struct xlate_answer good = {.is_good = true,
                                .text = SEA_STR("TH {reason} {order_id} {expected_at}")};
    struct xlate_answer broken = {.is_good = true, .text = SEA_STR("TH {nothing}")};
    struct xlate_answer none = {.reason = "timeout"};
    expect(&draft, NULL, XLATE_WAITING, "Pedido {order_id}: {reason}, at\u00e9 {expected_at}.");
    expect(&draft, &good, XLATE_TRANSLATED, "TH falta o CPF 1001 24/11/2026");
    expect(&draft, &broken, XLATE_UNTRANSLATED, "Pedido 1001: falta o CPF, at\u00e9 24/11/2026.");
    expect(&draft, &none, XLATE_UNTRANSLATED, "Pedido 1001: falta o CPF, at\u00e9 24/11/2026.");
}

/* NT-03, NT-13: without its reason or its time a notice isn't sent. */
static void NT_03_a_missing_variable_fails_closed(void **state)
{
    (void)state;
    for (uint32_t missing = 0; missing < 3; missing++) {
        struct xlate_draft draft = held_notice("pt-BR");
        struct xlate_verdict verdict;
        xlate_verdict_init(&verdict);
        draft.variables[missing].value = SEA_STR("");
        xlate_core_draft(&draft, NULL, &verdict);
        assert_int_equal(verdict.state, XLATE_BLOCKED);
        assert_string_equal(verdict.reason, "template_variable");
        xlate_verdict_free(&verdict);
    }
    struct xlate_draft unknown = held_notice("pt-BR");
    unknown.template_id = SEA_STR("nothing");
    struct xlate_verdict verdict;
    xlate_verdict_init(&verdict);
    xlate_core_draft(&unknown, NULL, &verdict);
    assert_string_equal(verdict.reason, "template_unknown");
    xlate_verdict_free(&verdict);
}

static void values_that_are_no_codes_and_no_times_are_told_as_they_came(void **state)
{
    (void)state;
    struct xlate_draft draft = held_notice("en");
    draft.variables[0].value = SEA_STR("{order_id}");
    draft.variables[1].value = SEA_STR("dog ate it");
    draft.variables[2].value = SEA_STR("Christmas");
    expect(&draft, NULL, XLATE_RENDERED, "Order {order_id}: dog ate it, until Christmas.");
    draft = words("", "", "en");
    draft.template_id = SEA_STR("stop");
    expect(&draft, NULL, XLATE_RENDERED, "You are out. {START}");
}

static void own_words_in_the_readers_language_pass(void **state)
{
    (void)state;
    struct xlate_draft draft = words("Hola {x}", "es", "es-MX");
    expect(&draft, NULL, XLATE_AS_WRITTEN, "Hola {x}");
    draft.wanted = SEA_STR("");
    expect(&draft, NULL, XLATE_AS_WRITTEN, "Hola {x}");
}

static void own_words_in_another_language_are_translated_or_marked(void **state)
{
    (void)state;
    struct xlate_draft draft = words("Hello", "en", "pt-BR");
    struct xlate_answer good = {.is_good = true, .text = SEA_STR("Ol\u00e1 {x")};
    struct xlate_answer none = {.reason = "timeout"};
    expect(&draft, NULL, XLATE_WAITING, "Hello");
    expect(&draft, &good, XLATE_TRANSLATED, "Ol\u00e1 {x");
    expect(&draft, &none, XLATE_UNTRANSLATED, "Hello");
    draft.language = SEA_STR(""); /* the engine finds it out */
    expect(&draft, NULL, XLATE_WAITING, "Hello");
    draft.is_internal = true;
    expect(&draft, NULL, XLATE_AS_WRITTEN, "Hello");
}

static void forbidden_words_block_with_their_span(void **state)
{
    (void)state;
    struct xlate_verdict verdict;
    struct xlate_draft draft = words("Das ist vielleicht so", "de", "de");
    xlate_verdict_init(&verdict);
    xlate_core_draft(&draft, NULL, &verdict);
    assert_int_equal(verdict.state, XLATE_BLOCKED);
    assert_string_equal(verdict.rule, "vague");
    assert_int_equal(verdict.from, 8);
    assert_int_equal(verdict.to, 18);
    xlate_verdict_free(&verdict);
}

static void words_that_the_translation_brought_block_all_that_was_written(void **state)
{
    (void)state;
    struct xlate_verdict verdict;
    struct xlate_draft draft = words("It may be", "en", "de");
    struct xlate_answer good = {.is_good = true, .text = SEA_STR("Es ist vielleicht")};
    xlate_verdict_init(&verdict);
    xlate_core_draft(&draft, &good, &verdict);
    assert_int_equal(verdict.state, XLATE_BLOCKED);
    assert_int_equal(verdict.from, 0);
    assert_int_equal(verdict.to, 9);
    xlate_verdict_free(&verdict);
}

static void nothing_to_say_is_not_sent(void **state)
{
    (void)state;
    struct xlate_draft draft = words("", "en", "en");
    struct xlate_verdict verdict;
    xlate_verdict_init(&verdict);
    xlate_core_draft(&draft, NULL, &verdict);
    assert_string_equal(verdict.reason, "empty");
    xlate_verdict_free(&verdict);
}

static void pauses_grow_up_to_ten_minutes(void **state)
{
    (void)state;
    static const int64_t want[] = {5000, 5000, 20000, 80000, 320000, 600000, 600000};
    for (uint32_t i = 0; i < SEA_COUNT(want); i++)
        assert_int_equal(xlate_core_pause_ms(i), want[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_is_rendered_in_the_readers_language),
        cmocka_unit_test(times_are_told_as_dates_whatever_they_are_times_of),
        cmocka_unit_test(a_template_in_no_language_of_the_reader_is_translated_as_a_template),
        cmocka_unit_test(NT_03_a_missing_variable_fails_closed),
        cmocka_unit_test(values_that_are_no_codes_and_no_times_are_told_as_they_came),
        cmocka_unit_test(own_words_in_the_readers_language_pass),
        cmocka_unit_test(own_words_in_another_language_are_translated_or_marked),
        cmocka_unit_test(forbidden_words_block_with_their_span),
        cmocka_unit_test(words_that_the_translation_brought_block_all_that_was_written),
        cmocka_unit_test(nothing_to_say_is_not_sent),
        cmocka_unit_test(pauses_grow_up_to_ten_minutes),
    };
    return cmocka_run_group_tests(tests, open_zone, close_zone);
}
