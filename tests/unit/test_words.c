/* Words a market forbids, and where they stand. */
#include "sea_cmocka.h"
#include "sea_words.h"

static const char *const vague_zh[] = {"\u53ef\u80fd", "\u5927\u6982"};
static const char *const vague_de[] = {"vielleicht", "mehr oder weniger", "Stra\u00dfe"};
static const char *const all[] = {"caf\u00e9"};

static void forbidden_words_are_found_with_their_span(void **state)
{
    (void)state;
    static const struct {
        const char *text, *language, *rule; /* rule NULL: fine */
        uint32_t from, to;
    } rows[] = {
        {"\u8fd9\u53ef\u80fd\u662f", "zh", "vague_words", 3, 9},
        {"\u5927\u6982\u53ef\u80fd", "zh-CN", "vague_words", 0, 6}, /* the earliest */
        {"\u8fd9\u53ef\u80fd\u662f", "de", NULL, 0, 0},             /* another language's list */
        {"\u8fd9\u53ef\u80fd\u662f", "", "vague_words", 3, 9},      /* not known: every list */
        {"Das ist vielleicht so", "de-DE", "vague_de", 8, 18},
        {"VIELLEICHT", "de", "vague_de", 0, 10},
        {"viel\u00adleicht", "de", "vague_de", 0, 12},    /* soft hyphen inside */
        {"viel\u200bleicht!", "de", "vague_de", 0, 13},   /* zero-width blank inside */
        {"vielleichter", "de", NULL, 0, 0},               /* part of a word */
        {"mehr  oder\nweniger", "de", "vague_de", 0, 18}, /* any blanks */
        {"\uff56\uff49\uff45\uff4c\uff4c\uff45\uff49\uff43\uff48\uff54", "de", "vague_de", 0, 30},
        {"strasse", "de", "vague_de", 0, 7},         /* sharp s folds to ss */
        {"un cafe\u0301 noir", "fr", "names", 3, 9}, /* composed or not */
        {"cafeteria", "fr", NULL, 0, 0},
        {"", "de", NULL, 0, 0},
        {"\xff\xfe vielleicht", "de", "vague_de", 3, 13},
    };
    struct sea_word_rule rules[] = {
        {.id = "vague_words", .list_count = 1},
        {.id = "vague_de", .is_whole_word = true, .list_count = 1},
        {.id = "names", .is_whole_word = true, .list_count = 1},
    };
    __typeof__(*rules[0].lists) lists[] = {
        {"zh", {vague_zh, 2}}, {"de", {vague_de, 3}}, {"*", {all, 1}}};
    for (size_t i = 0; i < SEA_COUNT(rules); i++) rules[i].lists = &lists[i];
    struct sea_market market = {.word_rules = rules, .word_rule_count = SEA_COUNT(rules)};
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        struct sea_word_hit hit = {0};
        bool found =
            sea_words_find(&market, sea_str(rows[i].text), sea_str(rows[i].language), &hit);
        if (found != (rows[i].rule != NULL)) fail_msg("row %zu", i);
        if (!found) continue;
        assert_string_equal(hit.rule->id, rows[i].rule);
        assert_int_equal(hit.from, rows[i].from);
        assert_int_equal(hit.to, rows[i].to);
    }
}

static void a_market_without_rules_forbids_nothing(void **state)
{
    (void)state;
    struct sea_market market = {0};
    struct sea_word_hit hit;
    assert_false(sea_words_find(&market, SEA_STR("vielleicht"), SEA_STR("de"), &hit));
}

SEA_TESTS(cmocka_unit_test(forbidden_words_are_found_with_their_span),
          cmocka_unit_test(a_market_without_rules_forbids_nothing))
