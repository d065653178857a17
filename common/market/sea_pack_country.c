/* sea_pack_country.c: the countries of a market, their calling codes and the zones of their area
 * codes. */
#include <stdlib.h>
#include <string.h>

#include "sea_pack_private.h"

const struct sea_zone *sea_pack_zone(struct sea_pack_reader *reader, struct sea_yaml_node node)
{
    const char *name = NULL;
    if (!sea_yaml_text(node, &name)) return NULL;
    for (uint32_t i = 0; i < reader->zone_count; i++)
        if (!strcmp(reader->zones[i]->name, name)) return reader->zones[i];
    struct sea_zone *zone = sea_arena_zero(reader->arena, sizeof *zone);
    if (reader->zone_count == SEA_PACK_ZONES_MAX || !zone) {
        sea_yaml_error(node, "too many zones, expected at most %d", SEA_PACK_ZONES_MAX);
        return NULL;
    }
    if (!sea_zone_load(name, reader->arena, zone)) {
        sea_yaml_error(
            node, "no such zone '%s', expected a name of the system's time-zone database", name);
        return NULL;
    }
    reader->zones[reader->zone_count++] = zone;
    return zone;
}

static void add_prefix(struct sea_pack_reader *reader, struct sea_yaml_node node,
                       const struct sea_phone_prefix *like)
{
    struct sea_phone_prefix prefix = *like;
    if (!sea_yaml_text(node, &prefix.digits)) return;
    size_t len = strlen(prefix.digits);
    if (len > 11 || strspn(prefix.digits, "0123456789") != len || prefix.digits[0] == '0') {
        sea_yaml_error(node, "'%s', expected the first digits of an international number",
                       prefix.digits);
        return;
    }
    if (reader->prefix_count == SEA_PACK_PREFIXES_MAX) {
        sea_yaml_error(node, "too many prefixes, expected at most %d", SEA_PACK_PREFIXES_MAX);
        return;
    }
    reader->prefix_marks[reader->prefix_count] = sea_yaml_mark(node);
    reader->prefixes[reader->prefix_count++] = prefix;
}

static void add_prefixes(struct sea_pack_reader *reader, struct sea_yaml_node list,
                         const struct sea_phone_prefix *like)
{
    for (uint32_t i = 0; i < sea_yaml_count(list); i++)
        add_prefix(reader, sea_yaml_item(list, i), like);
}

/* Area codes of one zone, or of several where a number doesn't tell which: {zones: [A, B],
 * prefixes: […]}. */
static void read_area(struct sea_pack_reader *reader, struct sea_yaml_node node,
                      const struct sea_country *country)
{
    struct sea_yaml_map map;
    struct sea_phone_prefix like = {.country = country};
    if (!sea_yaml_map(node, &map)) return;
    struct sea_yaml_node zones = sea_yaml_need(&map, "zones");
    uint32_t count = sea_yaml_count(zones);
    if (count > SEA_ZONES_MAX) {
        sea_yaml_error(zones, "%u zones, expected at most %d", count, SEA_ZONES_MAX);
        count = 0;
    }
    for (uint32_t i = 0; i < count; i++)
        like.zones[i] = sea_pack_zone(reader, sea_yaml_item(zones, i));
    like.zone_count = count;
    add_prefixes(reader, sea_yaml_need(&map, "prefixes"), &like);
    sea_yaml_end(&map);
}

static bool is_country_code(const char *code)
{
    size_t len = strlen(code);
    return (len == 2 && strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2) ||
           (len == 3 && strspn(code, "0123456789") == 3);
}

static void read_country(struct sea_pack_reader *reader, struct sea_yaml_node node,
                         const struct sea_market *market)
{
    struct sea_yaml_map map;
    if (!sea_yaml_map(node, &map)) return;
    struct sea_country *country = sea_arena_zero(reader->arena, sizeof *country);
    if (!country || reader->country_count == SEA_PACK_COUNTRIES_MAX) {
        sea_yaml_error(node, "too many countries, expected at most %d", SEA_PACK_COUNTRIES_MAX);
        return;
    }
    country->market = market;
    struct sea_yaml_node code = sea_yaml_need(&map, "code");
    if (!sea_yaml_text(code, &country->code)) return;
    if (!is_country_code(country->code))
        sea_yaml_error(code, "'%s', expected two capital letters (ISO 3166) or a UN region number",
                       country->code);
    for (uint32_t i = 0; i < reader->country_count; i++)
        if (!strcmp(reader->countries[i]->code, country->code))
            sea_yaml_error(code, "country '%s' belongs to market %s already", country->code,
                           reader->countries[i]->market->code);
    reader->countries[reader->country_count++] = country;

    country->zone = sea_pack_zone(reader, sea_yaml_need(&map, "zone"));
    struct sea_phone_prefix like = {.country = country, .zones = {country->zone}, .zone_count = 1};
    add_prefixes(reader, sea_yaml_get(&map, "calling"), &like);
    struct sea_yaml_node areas = sea_yaml_get(&map, "areas");
    for (uint32_t i = 0; i < sea_yaml_count(areas); i++)
        read_area(reader, sea_yaml_item(areas, i), country);
    sea_yaml_end(&map);
}

void sea_pack_read_countries(struct sea_pack_reader *reader, struct sea_yaml_node list,
                             const struct sea_market *market)
{
    for (uint32_t i = 0; i < sea_yaml_count(list); i++)
        read_country(reader, sea_yaml_item(list, i), market);
}

/* Insertion sort: marks move along, and packs are read mostly in order. */
void sea_pack_sort_prefixes(struct sea_pack_reader *reader)
{
    for (uint32_t i = 1; i < reader->prefix_count; i++) {
        struct sea_phone_prefix prefix = reader->prefixes[i];
        struct sea_yaml_mark mark = reader->prefix_marks[i];
        uint32_t at = i;
        for (; at > 0 && strcmp(reader->prefixes[at - 1].digits, prefix.digits) > 0; at--) {
            reader->prefixes[at] = reader->prefixes[at - 1];
            reader->prefix_marks[at] = reader->prefix_marks[at - 1];
        }
        reader->prefixes[at] = prefix;
        reader->prefix_marks[at] = mark;
        if (at > 0 && !strcmp(reader->prefixes[at - 1].digits, prefix.digits))
            sea_yaml_errors_add(reader->errors, mark, "prefix '%s' belongs to country %s already",
                                prefix.digits, reader->prefixes[at - 1].country->code);
    }
}
