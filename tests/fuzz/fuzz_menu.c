/* fuzz_menu.c: any bytes as a menu's file, and any as what is typed into it: a file that isn't
 * taken has an error, every page fits, and the path leads to the same step. Input: what is typed, a
 * NUL, the file. */
#include <stdlib.h>
#include <string.h>

#include "ingest_menu.h"
#include "sea_segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct ingest_menu_place *place)
{
    struct sea_segments segments = sea_segments_of(place->page);
    sea_assert(segments.units <= (segments.is_gsm ? (uint32_t)INGEST_MENU_GSM_UNITS
                                                  : (uint32_t)INGEST_MENU_UCS2_UNITS));
    sea_assert(place->is_over || !place->is_last);
    sea_assert(place->language);
}

static void play(const struct sea_menu *menu, struct sea_str inputs, struct sea_arena *arena)
{
    struct ingest_menu_place place, again;
    if (!ingest_menu_run(menu, inputs, SEA_STR("0123ABCD"), arena, &place)) return;
    check(&place);
    if (place.is_over || !ingest_menu_run(menu, place.path, SEA_STR("0123ABCD"), arena, &again))
        return;
    check(&again);
    sea_assert(!again.is_over && sea_str_eq(again.path, place.path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sea_arena arena = SEA_ARENA(1 << 22);
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_yaml *yaml = NULL;
    struct sea_menu menu;
    const char *end = size ? memchr(data, 0, size) : NULL;
    struct sea_str inputs = {(const char *)data, end ? (size_t)(end - (const char *)data) : 0};
    struct sea_str file = {end ? end + 1 : (const char *)data, size - inputs.len - (end != NULL)};
    if (inputs.len > 256) return 0;
    bool is_good = sea_yaml_parse("x", file, &arena, &errors, &yaml) &&
                   sea_menu_read(yaml, &errors, "care", &menu);
    sea_assert(is_good || errors.count > 0);
    if (is_good) play(&menu, inputs, &arena);
    sea_yaml_close(&yaml);
    sea_yaml_errors_free(&errors);
    sea_arena_free(&arena);
    return 0;
}
