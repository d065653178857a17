/* What an engine calls the languages. */
#include "sea_cmocka.h"
#include "xlate_language.h"

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

SEA_TESTS(cmocka_unit_test(an_engine_gets_its_own_codes))
