/* fuzz_yaml.c: any bytes as a configuration file: a file that isn't taken has an error, one that is
 * can be walked to its end, and every conversion of every value either gives something or adds an
 * error. */
#include <stdint.h>
#include <stdlib.h>

#include "sea_example.h"
#include "sea_yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void convert(struct sea_yaml_node node)
{
    static const char *const NAMES[] = {"a", "b"};
    const char *text;
    const char *const *texts;
    uint32_t number, other;
    int64_t wide;
    uint16_t minute;
    int32_t day;
    bool flag;
    struct sea_yaml_map map, inner;
    sea_yaml_text(node, &text);
    sea_yaml_texts(node, &texts, &number);
    sea_yaml_int(node, -5, 5, &wide);
    sea_yaml_bool(node, &flag);
    sea_yaml_choice(node, NAMES, 2, &number);
    sea_yaml_percent(node, &number);
    if (sea_yaml_duration(node, 0, INT64_MAX, &wide)) sea_assert(wide >= 0);
    if (sea_yaml_daytime(node, &minute)) sea_assert(minute <= 1440);
    sea_yaml_date(node, &day);
    sea_yaml_instant(node, &wide);
    if (sea_yaml_period(node, &number, &other)) sea_assert(number + other > 0);
    if (!sea_yaml_map(node, &map)) return;
    sea_yaml_map_under(&map, sea_yaml_get(&map, "a"));
    sea_yaml_sub(&map, "a", &inner);
    sea_yaml_need(&map, "b");
    for (uint32_t cursor = 0; sea_yaml_next(&map, &cursor, &text, &node);) sea_assert(*text);
    sea_yaml_end(&map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sea_arena arena = SEA_ARENA(1 << 22);
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_examples examples = {0};
    struct sea_yaml *yaml = NULL;
    struct sea_yaml_walk walk;
    struct sea_yaml_node node;
    if (sea_yaml_parse("x", (struct sea_str){(const char *)data, size}, &arena, &errors, &yaml)) {
        sea_examples_add(&examples, yaml);
        sea_yaml_walk(yaml, &walk);
        while (sea_yaml_walk_next(&walk, &node) && walk.values < 200) convert(node);
    } else {
        sea_assert(errors.count > 0 && !yaml);
    }
    sea_yaml_close(&yaml);
    sea_yaml_errors_free(&errors);
    sea_arena_free(&arena);
    return 0;
}
