/* sea_pack_private.h: what the files that load packs share. */
#ifndef SEA_PACK_PRIVATE_H
#define SEA_PACK_PRIVATE_H

#include "sea_pack.h"

enum { SEA_PACK_ZONES_MAX = 512, SEA_PACK_COUNTRIES_MAX = 300, SEA_PACK_PREFIXES_MAX = 4000 };

/* Lives while packs are loaded; what it points to is in the arena. */
struct sea_pack_reader {
    struct sea_arena *arena;
    struct sea_yaml_errors *errors;
    bool (*is_channel)(struct sea_str name);
    struct sea_zone *zones[SEA_PACK_ZONES_MAX];
    uint32_t zone_count;
    struct sea_country *countries[SEA_PACK_COUNTRIES_MAX];
    uint32_t country_count;
    struct sea_phone_prefix prefixes[SEA_PACK_PREFIXES_MAX];
    struct sea_yaml_mark prefix_marks[SEA_PACK_PREFIXES_MAX];
    uint32_t prefix_count;
};

/* The zone a node names, each zone read once; NULL: absent, or an error was added. */
const struct sea_zone *sea_pack_zone(struct sea_pack_reader *reader, struct sea_yaml_node node);

/* Reads what inherits, from a mapping whose layers are the pack and its ancestors. */
void sea_pack_read_fields(struct sea_pack_reader *reader, struct sea_yaml_map *pack,
                          struct sea_market *market);
/* Reads `countries`, which doesn't. */
void sea_pack_read_countries(struct sea_pack_reader *reader, struct sea_yaml_node list,
                             const struct sea_market *market);
/* Sorts the prefixes and reports those that are claimed twice. */
void sea_pack_sort_prefixes(struct sea_pack_reader *reader);

#endif
