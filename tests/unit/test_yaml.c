/* What the YAML reader accepts, and how it names what is wrong. */
#include "sea_cmocka.h"
#include "sea_yaml.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct sea_arena arena;
    struct sea_yaml_errors errors;
    struct sea_yaml *yaml, *parent;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.arena = SEA_ARENA(1 << 22), .errors = SEA_YAML_ERRORS};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    sea_yaml_close(&f->yaml);
    sea_yaml_close(&f->parent);
    sea_yaml_errors_free(&f->errors);
    sea_arena_free(&f->arena);
    return 0;
}

static bool parse(struct fixture *f, const char *text)
{
    sea_yaml_close(&f->yaml);
    sea_yaml_errors_free(&f->errors);
    return sea_yaml_parse("a.yaml", sea_str(text), &f->arena, &f->errors, &f->yaml);
}

static struct sea_yaml_map map_of(struct fixture *f, const char *text)
{
    struct sea_yaml_map map;
    assert_true(parse(f, text));
    assert_true(sea_yaml_map(sea_yaml_root(f->yaml), &map));
    return map;
}

static void assert_errors(struct fixture *f, const char *want)
{
    assert_string_equal(f->errors.lines.ptr ? f->errors.lines.ptr : "", want);
}

static void broken_files_are_refused_with_their_place(void **state)
{
    struct fixture *f = *state;
    static const char *const TEXT_WANT[][2] = {
        {"", "a.yaml: is empty, expected a mapping\n"},
        {"a: 1\nb: 2\na: 3\n", "a.yaml:3:1: key 'a' appears twice, first in line 1\n"},
        {"{a: 1}: 2\n", "a.yaml:1:1: a key of this kind is not supported, expected plain text\n"},
        {"a: \"x\\0y\"\n", "a.yaml:1:4: text holds a NUL character\n"},
        {"a: 1\n---\nb: 1\n", "a.yaml:2:1: a second document, expected one\n"},
    };
    for (size_t i = 0; i < SEA_COUNT(TEXT_WANT); i++) {
        assert_false(parse(f, TEXT_WANT[i][0]));
        assert_errors(f, TEXT_WANT[i][1]);
    }
    assert_false(parse(f, "a: [1, 2\nb: 3\n"));
    assert_non_null(strstr(f->errors.lines.ptr, "a.yaml:2:2: not YAML: "));
}

static void what_aliases_unfold_to_is_bounded(void **state)
{
    struct fixture *f = *state;
    char text[4096] = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; i++) {
        char line[128];
        snprintf(line, sizeof line, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n",
                 i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
        strcat(text, line);
    }
    assert_false(parse(f, text));
    assert_non_null(strstr(f->errors.lines.ptr, "too many values"));
    assert_false(parse(f, "a: &a [*a]\n"));
    assert_non_null(strstr(f->errors.lines.ptr, "nested too deeply"));
    assert_false(parse(f, "[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]\n"));
    assert_non_null(strstr(f->errors.lines.ptr, "nested too deeply"));
    assert_true(parse(f, "a: &a {x: 1}\nb: *a\n"));
}

/* The root, the list and its items are the values. */
static void the_number_of_values_is_bounded_exactly(void **state)
{
    struct fixture *f = *state;
    enum { ITEMS = SEA_YAML_VALUES_MAX - 2 };
    char *text = sea_alloc(2 * ITEMS + 16);
    for (size_t items = ITEMS; items <= ITEMS + 1; items++) {
        size_t len = 4;
        memcpy(text, "a: [", len);
        for (size_t i = 0; i < items; i++) {
            text[len++] = 'x';
            text[len++] = ',';
        }
        memcpy(text + len - 1, "]\n", 3); /* in place of the last comma */
        assert_int_equal(parse(f, text), items == ITEMS);
        assert_errors(f, items == ITEMS ? ""
                                        : "a.yaml:1:1: too many values, expected at most 50000\n");
    }
    free(text);
}

static void too_large_a_file_is_refused(void **state)
{
    struct fixture *f = *state;
    struct sea_yaml *yaml = NULL;
    size_t len = SEA_YAML_FILE_MAX + 1;
    char *text = sea_alloc(len);
    memset(text, ' ', len);
    assert_false(
        sea_yaml_parse("b.yaml", (struct sea_str){text, len}, &f->arena, &f->errors, &yaml));
    assert_non_null(strstr(f->errors.lines.ptr, "b.yaml: is too large"));
    assert_false(sea_yaml_open("/nowhere/c.yaml", &f->arena, &f->errors, &yaml));
    assert_non_null(strstr(f->errors.lines.ptr, "/nowhere/c.yaml: No such file"));
    assert_null(yaml);
    free(text);
}

static void a_key_that_nobody_asks_for_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct sea_yaml_map map = map_of(f, "name: x\nanme: y\nsize: ~\n");
    const char *name = NULL;
    assert_true(sea_yaml_text(sea_yaml_need(&map, "name"), &name));
    assert_string_equal(name, "x");
    assert_true(sea_yaml_is_absent(sea_yaml_get(&map, "size")));
    sea_yaml_need(&map, "size");
    sea_yaml_end(&map);
    assert_errors(f, "a.yaml:1:1: missing key, expected 'size'\n"
                     "a.yaml:2:1: unknown key 'anme', expected one of: name, size\n");
}

static void all_mistakes_of_a_file_are_told_each_once(void **state)
{
    struct fixture *f = *state;
    struct sea_yaml_map map = map_of(f, "a: x\nb: [1]\n");
    int64_t number = 7;
    bool flag = true;
    for (int round = 0; round < 2; round++) {
        assert_false(sea_yaml_int(sea_yaml_get(&map, "a"), 1, 9, &number));
        assert_false(sea_yaml_bool(sea_yaml_get(&map, "b"), &flag));
        assert_false(sea_yaml_bool(sea_yaml_get(&map, "c"), &flag));
    }
    assert_int_equal(number, 7);
    assert_true(flag);
    assert_int_equal(f->errors.count, 2);
    assert_errors(f, "a.yaml:1:4: 'x', expected a whole number from 1 to 9\n"
                     "a.yaml:2:4: a list, expected true or false\n");
}

static void a_lower_layer_gives_what_the_upper_one_does_not(void **state)
{
    struct fixture *f = *state;
    struct sea_yaml_map map = map_of(f, "a: 1\nin: {x: 1, y: null}\nb: null\n"), in;
    const char *parent = "b: 2\na: 9\nin: {x: 8, y: 2, z: wrong}\nc: 3\nodd: 1\n";
    int64_t number = 0;
    assert_true(sea_yaml_parse("p.yaml", sea_str(parent), &f->arena, &f->errors, &f->parent));
    assert_true(sea_yaml_map_under(&map, sea_yaml_root(f->parent)));
    assert_true(sea_yaml_int(sea_yaml_get(&map, "a"), 0, 9, &number));
    assert_int_equal(number, 1);
    assert_true(sea_yaml_int(sea_yaml_get(&map, "b"), 0, 9, &number));
    assert_int_equal(number, 2);
    assert_true(sea_yaml_int(sea_yaml_get(&map, "c"), 0, 9, &number));
    assert_true(sea_yaml_sub(&map, "in", &in));
    assert_true(sea_yaml_int(sea_yaml_get(&in, "x"), 0, 9, &number));
    assert_int_equal(number, 1);
    assert_true(sea_yaml_int(sea_yaml_get(&in, "y"), 0, 9, &number));
    assert_int_equal(number, 2);
    assert_false(sea_yaml_int(sea_yaml_get(&in, "z"), 0, 9, &number));
    sea_yaml_end(&map);
    assert_errors(f, "p.yaml:3:21: 'wrong', expected a whole number from 0 to 9\n"
                     "p.yaml:5:1: unknown key 'odd', expected one of: a, b, c, in\n");
}

static void keys_that_are_data_come_once_from_all_layers(void **state)
{
    struct fixture *f = *state;
    struct sea_yaml_map map = map_of(f, "de: 1\nfr: 2\n");
    assert_true(
        sea_yaml_parse("p.yaml", sea_str("fr: 3\nes: 4\n"), &f->arena, &f->errors, &f->parent));
    assert_true(sea_yaml_map_under(&map, sea_yaml_root(f->parent)));
    char seen[32] = "";
    const char *key;
    struct sea_yaml_node node;
    for (uint32_t cursor = 0; sea_yaml_next(&map, &cursor, &key, &node);) strcat(seen, key);
    assert_string_equal(seen, "defres");
}

static void durations_have_units_in_falling_order(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        int64_t want_ms; /* -1: refused */
    } CASES[] = {{"90s", 90000}, {"2h", 7200000},  {"1d", 86400000},   {"1h30m", 5400000},
                 {"250ms", 250}, {"1m5ms", 60005}, {"0s", 0},          {"90", -1},
                 {"1m1h", -1},   {"1h1h", -1},     {"h", -1},          {"-1h", -1},
                 {"'1h '", -1},  {"3d", -1},       {"9999999999s", -1}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        char text[64];
        int64_t ms = -1;
        snprintf(text, sizeof text, "a: %s\n", CASES[i].text);
        struct sea_yaml_map map = map_of(f, text);
        bool is_good = sea_yaml_duration(sea_yaml_get(&map, "a"), 0, 2 * 86400000, &ms);
        assert_int_equal(is_good, CASES[i].want_ms >= 0);
        assert_int_equal(ms, CASES[i].want_ms);
        assert_int_equal(f->errors.count, !is_good);
    }
    struct sea_yaml_map map = map_of(f, "a: 1s\n");
    int64_t ms;
    sea_yaml_duration(sea_yaml_get(&map, "a"), 60000, 2 * 86400000, &ms);
    assert_errors(f,
                  "a.yaml:1:4: '1s', expected a duration such as 90s or 1h30m, from 60s to 2d\n");
}

static void times_dates_periods_and_percentages_are_checked(void **state)
{
    struct fixture *f = *state;
    struct sea_yaml_map map =
        map_of(f, "t: '09:30'\nm: '24:00'\nd: 2026-12-25\np: P1Y6M\nw: P2W3D\nq: 75%\n"
                  "i: 2026-11-22T08:15:00+02:00\n");
    uint16_t minute = 0;
    int32_t day = 0;
    uint32_t months = 0, days = 0, percent = 0;
    int64_t ms = 0;
    assert_true(sea_yaml_daytime(sea_yaml_get(&map, "t"), &minute));
    assert_int_equal(minute, 570);
    assert_true(sea_yaml_daytime(sea_yaml_get(&map, "m"), &minute));
    assert_int_equal(minute, 1440);
    assert_true(sea_yaml_date(sea_yaml_get(&map, "d"), &day));
    assert_int_equal(day, 20812);
    assert_true(sea_yaml_period(sea_yaml_get(&map, "p"), &months, &days));
    assert_true(months == 18 && days == 0);
    assert_true(sea_yaml_period(sea_yaml_get(&map, "w"), &months, &days));
    assert_true(months == 0 && days == 17);
    assert_true(sea_yaml_percent(sea_yaml_get(&map, "q"), &percent));
    assert_int_equal(percent, 75);
    assert_true(sea_yaml_instant(sea_yaml_get(&map, "i"), &ms));
    assert_int_equal(ms, 1795328100000);

    static const char *const WRONG[] = {"24:01", "9:30", "09:60",      "0930",  "P",  "P1H",
                                        "1M",    "P0D",  "P1M1Y",      "P1M1M", "75", "101%",
                                        "%",     "-1%",  "2026-02-30", "26-1-1"};
    for (size_t i = 0; i < SEA_COUNT(WRONG); i++) {
        char text[64];
        snprintf(text, sizeof text, "a: '%s'\n", WRONG[i]);
        map = map_of(f, text);
        struct sea_yaml_node node = sea_yaml_get(&map, "a");
        assert_false(sea_yaml_daytime(node, &minute) || sea_yaml_period(node, &months, &days) ||
                     sea_yaml_percent(node, &percent) || sea_yaml_date(node, &day));
        assert_int_equal(f->errors.count, 4);
    }
}

static void names_and_lists_are_checked(void **state)
{
    struct fixture *f = *state;
    static const char *const NAMES[] = {"calendar", "business"};
    struct sea_yaml_map map =
        map_of(f, "a: business\nb: busy\nc: [x, \"y z\"]\nd: [x, null]\ne: {}\n");
    uint32_t choice = 9, count = 0;
    const char *const *list = NULL;
    assert_true(sea_yaml_choice(sea_yaml_get(&map, "a"), NAMES, 2, &choice));
    assert_int_equal(choice, 1);
    assert_false(sea_yaml_choice(sea_yaml_get(&map, "b"), NAMES, 2, &choice));
    assert_true(sea_yaml_texts(sea_yaml_get(&map, "c"), &list, &count));
    assert_int_equal(count, 2);
    assert_string_equal(list[1], "y z");
    assert_false(sea_yaml_texts(sea_yaml_get(&map, "d"), &list, &count));
    assert_false(sea_yaml_texts(sea_yaml_get(&map, "e"), &list, &count));
    assert_errors(f, "a.yaml:2:4: 'busy', expected one of: calendar, business\n"
                     "a.yaml:4:4: an item is null, expected text\n"
                     "a.yaml:5:4: a mapping, expected a list\n");
}

static void a_walk_names_the_path_of_every_value(void **state)
{
    struct fixture *f = *state;
    assert_true(parse(f, "a: 1\nb: {c: [x, {d: y}]}\n"));
    struct sea_yaml_walk walk;
    struct sea_yaml_node node;
    struct sea_buf paths = SEA_BUF(1000);
    sea_yaml_walk(f->yaml, &walk);
    while (sea_yaml_walk_next(&walk, &node)) {
        struct sea_buf path = SEA_BUF(100);
        sea_yaml_walk_path(&walk, &path);
        sea_buf_printf(&paths, "%s|", path.ptr ? path.ptr : "");
        sea_buf_free(&path);
    }
    assert_string_equal(paths.ptr, "|a|b|b.c|b.c[0]|b.c[1]|b.c[1].d|");
    sea_buf_free(&paths);
}

static void the_list_of_mistakes_is_bounded(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 300; i++)
        sea_yaml_errors_add(&f->errors, (struct sea_yaml_mark){"x", i + 1, 1}, "wrong");
    size_t lines = 0;
    for (const char *c = f->errors.lines.ptr; *c; c++) lines += *c == '\n';
    assert_int_equal(lines, SEA_YAML_ERRORS_MAX);
    assert_int_equal(f->errors.count, 300);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
SEA_TESTS(CASE(broken_files_are_refused_with_their_place), CASE(what_aliases_unfold_to_is_bounded),
          CASE(the_number_of_values_is_bounded_exactly), CASE(too_large_a_file_is_refused),
          CASE(a_key_that_nobody_asks_for_is_an_error),
          CASE(all_mistakes_of_a_file_are_told_each_once),
          CASE(a_lower_layer_gives_what_the_upper_one_does_not),
          CASE(keys_that_are_data_come_once_from_all_layers),
          CASE(durations_have_units_in_falling_order),
          CASE(times_dates_periods_and_percentages_are_checked), CASE(names_and_lists_are_checked),
          CASE(a_walk_names_the_path_of_every_value), CASE(the_list_of_mistakes_is_bounded))
