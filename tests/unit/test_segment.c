/* How many SMS a text becomes. */
#include "sea_segment.h"
#include "sea_buf.h"
#include "sea_cmocka.h"

static void the_vectors_of_the_alphabets_hold(void **state)
{
    (void)state;
    static const struct {
        const char *unit;
        int times;
        const char *tail;
        bool is_gsm;
        uint32_t units, parts;
    } rows[] = {
        {"", 0, "", true, 0, 0},
        {"a", 160, "", true, 160, 1},
        {"a", 161, "", true, 161, 2},
        {"a", 306, "", true, 306, 2},
        {"a", 307, "", true, 307, 3},
        {"a", 159, "\u20ac", true, 161, 2}, /* the euro sign costs two septets */
        {"a", 158, "\u20ac", true, 160, 1},
        {"\u00e4", 160, "", true, 160, 1}, /* a umlaut is in the alphabet … */
        {"\u00e1", 70, "", false, 70, 1},  /* … a acute is not */
        {"\u00e1", 71, "", false, 71, 2},
        {"\u0436", 70, "", false, 70, 1},
        {"\u0436", 71, "", false, 71, 2},
        {"\u0436", 134, "", false, 134, 2},
        {"\u0436", 135, "", false, 135, 3},
        {"\U0001f600", 35, "", false, 70, 1}, /* two UTF-16 units each */
        {"\U0001f600", 36, "", false, 72, 2},
        {"\U0001f600", 67, "", false, 134, 3}, /* 33 pairs fill 66 of 67: the pair isn't split */
        {"{", 80, "", true, 160, 1},
        {"{", 81, "", true, 162, 2},
        {"{", 153, "", true, 306, 3},   /* 76 pairs fill 152 of 153 */
        {"a", 160, "`", false, 161, 3}, /* the grave accent is not in the alphabet */
        {"\n", 160, "", true, 160, 1},
        {"\t", 1, "", false, 1, 1},
        {"\xff", 1, "", false, 1, 1},
    };
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        struct sea_buf text = SEA_BUF(4096);
        for (int n = 0; n < rows[i].times; n++) sea_buf_text(&text, rows[i].unit);
        sea_buf_text(&text, rows[i].tail);
        struct sea_segments got = sea_segments_of(sea_buf_view(&text));
        assert_int_equal(got.is_gsm, rows[i].is_gsm);
        assert_int_equal(got.units, rows[i].units);
        assert_int_equal(got.parts, rows[i].parts);
        sea_buf_free(&text);
    }
}

SEA_TESTS(cmocka_unit_test(the_vectors_of_the_alphabets_hold))
