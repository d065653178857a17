/* Which language tags mean the same to a reader, and what an engine calls them. */
#include "sea_cmocka.h"
#include "xlate_language.h"

static void regions_dont_matter_but_chinese_scripts_do(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool is_same;
    } rows[] = {
        {"pt-BR", "pt", true},      {"pt-BR", "pt-PT", true},   {"en", "EN_us", true},
        {"en", "de", false},        {"zh", "zh-Hans-CN", true}, {"zh-CN", "zh-TW", false},
        {"zh-HK", "zh-Hant", true}, {"zh-Hans-HK", "zh", true}, {"", "", true},
        {"", "en", false},          {"fil", "fi", false},       {"sr-Latn", "sr", true},
    };
    for (size_t i = 0; i < SEA_COUNT(rows); i++)
        assert_int_equal(xlate_language_is_same(sea_str(rows[i].a), sea_str(rows[i].b)),
                         rows[i].is_same);
}

static void an_engine_gets_its_own_codes(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"pt-BR", "pt"},
                                          {"zh-CN", "zh"},
                                          {"zh-Hant-TW", "zt"},
                                          {"", "auto"},
                                          {"DE_de", "de"},
                                          {"-", ""},
                                          {"abcdefghijklmnop", "abcdefghijk"}};
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        char code[XLATE_LANGUAGE_CODE];
        xlate_language_code(sea_str(rows[i][0]), code);
        assert_string_equal(code, rows[i][1]);
    }
}

SEA_TESTS(cmocka_unit_test(regions_dont_matter_but_chinese_scripts_do),
          cmocka_unit_test(an_engine_gets_its_own_codes))
