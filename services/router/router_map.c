/* router_map.c: open addressing with linear steps, at most half full. */
#include "router_map.h"

#include <string.h>

enum { FIRST_CAP = 64 };

void router_map_init(struct router_map *map, struct sea_arena *arena)
{
    *map = (struct router_map){.arena = arena};
}

/* FNV-1a, 64 bits. */
static uint64_t hash_of(struct sea_str key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (uint8_t)key.ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static struct router_map_slot *find(const struct router_map *map, struct sea_str key)
{
    for (size_t i = hash_of(key) & (map->cap - 1);; i = (i + 1) & (map->cap - 1)) {
        struct router_map_slot *slot = &map->slots[i];
        if (!slot->value || sea_str_eq(slot->key, key)) return slot;
    }
}

static void grow(struct router_map *map)
{
    struct router_map_slot *old = map->slots;
    size_t old_cap = map->cap;
    map->cap = old_cap ? old_cap * 2 : FIRST_CAP;
    map->slots = sea_arena_zero(map->arena, map->cap * sizeof(*map->slots));
    sea_assert(map->slots);
    for (size_t i = 0; i < old_cap; i++)
        if (old[i].value) *find(map, old[i].key) = old[i];
}

void *router_map_get(const struct router_map *map, struct sea_str key)
{
    return map->cap ? find(map, key)->value : NULL;
}

void **router_map_at(struct router_map *map, struct sea_str key)
{
    if ((map->count + 1) * 2 > map->cap) grow(map);
    struct router_map_slot *slot = find(map, key);
    if (!slot->value) {
        slot->key = key;
        map->count++; /* the caller fills it */
    }
    return &slot->value;
}

struct sea_str router_map_id(const struct sea_uuid *id)
{
    return (struct sea_str){(const char *)id->bytes, sizeof(id->bytes)};
}

struct sea_str router_map_key(const struct sea_key *key)
{
    return (struct sea_str){(const char *)key->bytes, sizeof(key->bytes)};
}
