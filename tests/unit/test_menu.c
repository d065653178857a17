/* Menus: what a file must have, and the machine that plays a dialogue through from its start. */
#include <stdio.h>
#include <stdlib.h>

#include "ingest_menu.h"
#include "sea_cmocka.h"
#include "sea_segment.h"

static const char HEAD[] = "menu: test\nversion: 3\nresume: 5m\nlanguage: en\nstart: top\n"
                           "words: {more: {en: 98 More}, back: {en: 0 Back}, wrong: {en: No.}}\n"
                           "steps:\n";

/* A menu of its own text, and places in it. */
struct played {
    struct sea_arena arena;
    struct sea_yaml_errors errors;
    struct sea_menu menu;
    bool is_good;
};

static void read_text(struct played *ret, const char *text)
{
    struct sea_yaml *yaml = NULL;
    *ret = (struct played){.arena = SEA_ARENA(1 << 22), .errors = SEA_YAML_ERRORS};
    ret->is_good = sea_yaml_parse("test.yaml", sea_str(text), &ret->arena, &ret->errors, &yaml) &&
                   sea_menu_read(yaml, &ret->errors, "test", &ret->menu);
    sea_yaml_close(&yaml);
}

static void read_steps(struct played *ret, const char *steps)
{
    char text[16384];
    snprintf(text, sizeof text, "%s%s", HEAD, steps);
    read_text(ret, text);
    if (!ret->is_good) fail_msg("%s", ret->errors.lines.ptr);
}

static void read_care(struct played *ret)
{
    struct sea_yaml *yaml = NULL;
    *ret = (struct played){.arena = SEA_ARENA(1 << 22), .errors = SEA_YAML_ERRORS};
    assert_true(sea_yaml_open(SEA_SOURCE_DIR "/deploy/config/menus/care.yaml", &ret->arena,
                              &ret->errors, &yaml));
    assert_true(sea_menu_read(yaml, &ret->errors, "care", &ret->menu));
    sea_yaml_close(&yaml);
}

static void lose(struct played *played)
{
    sea_yaml_errors_free(&played->errors);
    sea_arena_free(&played->arena);
}

static struct ingest_menu_place at(struct played *played, const char *inputs)
{
    struct ingest_menu_place place;
    assert_true(ingest_menu_run(&played->menu, sea_str(inputs), SEA_STR("REF12345"), &played->arena,
                                &place));
    return place;
}

static void shows(struct played *played, const char *inputs, const char *page)
{
    struct sea_str shown = at(played, inputs).page;
    if (!sea_str_is(shown, page)) fail_msg("after '%s': '%.*s'", inputs, (int)shown.len, shown.ptr);
}

static const char TREE[] =
    "  top: {say: {en: Hello}, choices: [{say: {en: One}, go: one}, {say: {en: Kiswahili}, "
    "language: sw, go: top}, {say: {en: Typed, sw: Andika}, go: typed}]}\n"
    "  one: {say: {en: First}, choices: [{say: {en: Top}, go: top}, {say: {en: End}, go: end}]}\n"
    "  typed: {say: {en: Which, sw: Ipi}, ask: order, go: one}\n"
    "  end: {say: {en: 'Done {reference}'}, end: booking}\n";

static void a_dialogue_goes_where_its_inputs_lead(void **state)
{
    struct played played;
    (void)state;
    read_steps(&played, TREE);
    shows(&played, "", "Hello\n1 One\n2 Kiswahili\n3 Typed");
    shows(&played, "1", "First\n1 Top\n2 End\n0 Back");
    shows(&played, "1*0", "Hello\n1 One\n2 Kiswahili\n3 Typed");
    shows(&played, "3", "Which\n0 Back");
    shows(&played, "3* AB-7 *2", "Done REF12345");
    assert_int_equal(played.menu.resume_ms, 300000);
    assert_int_equal(played.menu.version, 3);
    lose(&played);
}

static void what_is_no_answer_changes_nothing_and_is_said(void **state)
{
    static const char *const WRONG[] = {"9",  "0",   "98", "x",
                                        "1x", "001", "-1", "18446744073709551617"};
    struct played played;
    (void)state;
    read_steps(&played, TREE);
    for (size_t i = 0; i < SEA_COUNT(WRONG); i++)
        shows(&played, WRONG[i], "No.\nHello\n1 One\n2 Kiswahili\n3 Typed");
    shows(&played, "9*1", "First\n1 Top\n2 End\n0 Back");
    shows(&played, "3*a b", "No.\nWhich\n0 Back");
    shows(&played, "3*123456789012345678901234567890123", "No.\nWhich\n0 Back");
    shows(&played, "1*2*0", "No.\nDone REF12345");
    lose(&played);
}

static void an_end_tells_what_was_chosen_and_typed(void **state)
{
    struct played played;
    (void)state;
    read_steps(&played, TREE);
    struct ingest_menu_place place = at(&played, "3*AB-7*2");
    assert_true(place.is_over && place.is_last && place.act == SEA_MENU_BOOKING);
    assert_true(sea_str_is(place.order, "AB-7") && sea_str_is(place.told, "Typed > AB-7 > End"));
    assert_int_equal(place.path.len, 0);
    assert_false(at(&played, "3*AB-7").is_over);
    lose(&played);
}

static void the_path_leads_back_without_detours(void **state)
{
    struct played played;
    (void)state;
    read_steps(&played, TREE);
    assert_true(sea_str_is(at(&played, "1*0*x*3*AB-7").path, "3*AB-7"));
    assert_true(sea_str_is(at(&played, "1*1*1*1*1*1*1").path, "1")); /* the top again */
    assert_int_equal(at(&played, "1*1").path.len, 0);
    lose(&played);
}

static void texts_are_the_callers_language_else_english(void **state)
{
    struct played played;
    (void)state;
    read_care(&played);
    shows(&played, "2*1", "Andika namba ya oda yako.\n0 Rudi");
    shows(&played, "3*3*3",
          "Quand ?\n1 Demain matin\n2 Demain après-midi\n3 Samedi\n4 Autre "
          "choix\n0 Retour");
    assert_string_equal(at(&played, "2*3").language, "sw");
    assert_string_equal(at(&played, "2*0").language, "en");
    shows(&played, "4*3*4*4",
          "Ta yaya za mu taimaka?\n1 Ina odata\n2 Ku kira ni\n3 Yi alkawarin "
          "zuwa shago\n0 Baya");
    lose(&played);
}

static uint32_t units_of(struct sea_str page)
{
    return sea_segments_of(page).units;
}

static void long_steps_have_pages_of_182_characters_or_80(void **state)
{
    static const char *const SAYS[] = {"Choice of many", "Выбор из многих"};
    static const uint32_t MOST[] = {INGEST_MENU_GSM_UNITS, INGEST_MENU_UCS2_UNITS};
    (void)state;
    for (size_t n = 0; n < SEA_COUNT(SAYS); n++) {
        struct sea_buf steps = SEA_BUF(8192), inputs = SEA_BUF(512), wanted = SEA_BUF(128);
        struct played played;
        unsigned next = 1;
        sea_buf_text(&steps, "  top: {say: {en: Many}, choices: [");
        for (int i = 0; i < 20; i++)
            sea_buf_printf(&steps, "%s{say: {en: %s}, go: end}", i ? ", " : "", SAYS[n]);
        sea_buf_text(&steps, "]}\n  end: {say: {en: Bye}, end: nothing}\n");
        read_steps(&played, steps.ptr);
        for (bool has_more = true; has_more;) {
            struct sea_str page = at(&played, inputs.len ? inputs.ptr : "").page;
            assert_true(units_of(page) <= MOST[n]);
            for (;; next++) {
                sea_buf_reset(&wanted);
                sea_buf_printf(&wanted, "\n%u %s", next, SAYS[n]);
                if (!memmem(page.ptr, page.len, wanted.ptr + (next > 1), wanted.len - (next > 1)))
                    break;
            }
            has_more = memmem(page.ptr, page.len, "98 More", 7) != NULL;
            sea_buf_text(&inputs, inputs.len ? "*98" : "98");
        }
        assert_int_equal(next, 21); /* every choice stood whole on some page, in order */
        sea_buf_free(&steps);
        sea_buf_free(&inputs);
        sea_buf_free(&wanted);
        lose(&played);
    }
}

static void a_long_word_is_cut_and_turned_back(void **state)
{
    struct played played;
    char steps[1024], word[401];
    (void)state;
    memset(word, 'w', 400);
    word[400] = 0;
    snprintf(steps, sizeof steps, "  top: {say: {en: %s}, end: nothing}\n", word);
    read_steps(&played, steps);
    struct ingest_menu_place first = at(&played, ""), last = at(&played, "98*98");
    assert_int_equal(units_of(first.page), 175); /* and the 7 of going back, from page 2 on */
    assert_true(first.is_over && !first.is_last && last.is_last);
    assert_true(sea_str_eq(at(&played, "98*0").page, first.page));
    lose(&played);
}

/* Whatever is typed: pages fit, and the path leads to the same place. */
static void random_inputs_keep_the_machines_promises(void **state)
{
    static const char *const INPUTS[] = {"1", "2", "3", "4", "0", "98", "FR-7", "", "9", "é"};
    struct played played;
    unsigned seed = 7;
    (void)state;
    read_care(&played);
    for (int round = 0; round < 2000; round++) {
        char inputs[256] = "";
        for (int i = rand_r(&seed) % 12; i > 0; i--) {
            strcat(inputs, INPUTS[(size_t)rand_r(&seed) % SEA_COUNT(INPUTS)]);
            if (i > 1) strcat(inputs, "*");
        }
        struct ingest_menu_place place = at(&played, inputs), again;
        struct sea_segments segments = sea_segments_of(place.page);
        assert_true(segments.units <=
                    (segments.is_gsm ? INGEST_MENU_GSM_UNITS : INGEST_MENU_UCS2_UNITS));
        char *path = sea_str_dup(place.path);
        again = at(&played, path);
        if (!place.is_over) assert_true(sea_str_eq(again.path, place.path) && !again.is_over);
        assert_true(place.is_over || place.path.len <= strlen(inputs));
        free(path);
        if (round % 100 == 99) {
            lose(&played);
            read_care(&played);
        }
    }
    lose(&played);
}

static void mistakes_of_a_file_are_told_with_their_line(void **state)
{
    static const struct {
        const char *steps, *error;
    } ROWS[] = {
        {"  top: {say: {en: a}, choices: [{say: {en: b}, go: nowhere}]}\n",
         "test.yaml:8:52: no step 'nowhere', expected one of 'steps'\n"},
        {"  top: {say: {en: a}, end: nothing}\n  lost: {say: {en: a}, end: nothing}\n",
         "test.yaml:9:3: no way leads to step 'lost', expected a 'go' or 'start'\n"},
        {"  top: {say: {sw: a}, end: nothing}\n",
         "test.yaml:8:14: missing key, expected a text in 'en'\n"},
        {"  top: {say: {en: a}, end: booking}\n",
         "test.yaml:8:19: variable {reference} is missing, expected every one of 'variables'\n"},
        {"  top: {say: {en: a}, ask: order}\n",
         "test.yaml:8:8: expected exactly one of: choices, ask with go, end\n"},
        {"  top: {say: {en: a}}\n",
         "test.yaml:8:8: expected exactly one of: choices, ask with go, end\n"},
        {"  top: {say: {en: a}, choices: []}\n", "test.yaml:8:32: 0 choices, expected 1 to 20\n"},
        {"  top: {say: {en: a}, choices: [{say: {en: b}, visit: {at: '09:00'}, go: top}]}\n",
         "test.yaml:8:55: expected exactly one of: in_days, on\n"},
        {"  top: {say: {en: a}, choices: [{say: {en: b}, visit: {on: day, at: '09:00'}, go: "
         "top}]}\n",
         "test.yaml:8:60: 'day', expected one of: mon, tue, wed, thu, fri, sat, sun\n"},
        {"  top: {say: {en: a}, end: dance}\n", "test.yaml:8:28: 'dance', expected one of: "
                                                "booking, call_back, order_status, nothing\n"},
    };
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(ROWS); i++) {
        struct played played;
        char text[4096];
        snprintf(text, sizeof text, "%s%s", HEAD, ROWS[i].steps);
        read_text(&played, text);
        assert_false(played.is_good);
        assert_string_equal(played.errors.lines.ptr, ROWS[i].error);
        lose(&played);
    }
}

static void a_file_without_its_words_says_all_that_is_missing(void **state)
{
    static const char *const WANTED[] = {"'resume'", "'language'", "'words'", "'start'",
                                         "'other', expected 'test' as the file is named"};
    struct played played;
    (void)state;
    read_text(&played, "menu: other\nversion: 1\nsteps: {top: {say: {en: a}, end: nothing}}\n");
    assert_false(played.is_good);
    for (size_t i = 0; i < SEA_COUNT(WANTED); i++)
        assert_non_null(strstr(played.errors.lines.ptr, WANTED[i]));
    lose(&played);
    read_text(&played, "menu: test\nversion: 1\nresume: 5m\nlanguage: en\nstart: top\n"
                       "words: {more: {en: 98 for all that follows}, back: {en: b}, wrong: {en: "
                       "w}}\nsteps: {top: {say: {en: a}, end: nothing}}\n");
    assert_string_equal(played.errors.lines.ptr,
                        "test.yaml:6:15: '98 for all that follows' is too long, expected at most "
                        "20 characters\n");
    lose(&played);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dialogue_goes_where_its_inputs_lead),
        cmocka_unit_test(what_is_no_answer_changes_nothing_and_is_said),
        cmocka_unit_test(an_end_tells_what_was_chosen_and_typed),
        cmocka_unit_test(the_path_leads_back_without_detours),
        cmocka_unit_test(texts_are_the_callers_language_else_english),
        cmocka_unit_test(long_steps_have_pages_of_182_characters_or_80),
        cmocka_unit_test(a_long_word_is_cut_and_turned_back),
        cmocka_unit_test(random_inputs_keep_the_machines_promises),
        cmocka_unit_test(mistakes_of_a_file_are_told_with_their_line),
        cmocka_unit_test(a_file_without_its_words_says_all_that_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
