/* router_map.h: what a batch knows, found by its id: a hash table in the batch's memory. Pure. */
#ifndef ROUTER_MAP_H
#define ROUTER_MAP_H

#include "sea_arena.h"
#include "sea_base.h"

struct router_map_slot {
    struct sea_str key;
    void *value;
};

struct router_map {
    struct sea_arena *arena;
    struct router_map_slot *slots;
    size_t cap, count; /* cap: a power of two, or 0 */
};

void router_map_init(struct router_map *map, struct sea_arena *arena);
/* NULL when there is none. */
void *router_map_get(const struct router_map *map, struct sea_str key);
/* The place of the key's value, NULL in it when the key is new. `key` is borrowed for the batch.
 * The place holds until the next call. */
void **router_map_at(struct router_map *map, struct sea_str key);

/* Ids as keys. The bytes must live as long as the map. */
struct sea_str router_map_id(const struct sea_uuid *id);
struct sea_str router_map_key(const struct sea_key *key);

#endif
