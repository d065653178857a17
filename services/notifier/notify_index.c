/* notify_index.c: chained slots, doubled when they are full; FNV-1a. */
#include "notify_index.h"

#include <string.h>

enum { SLOTS_LEAST = 64 };

struct notify_index notify_index_in(struct sea_arena *arena)
{
    return (struct notify_index){.arena = arena};
}

static void put(struct notify_index *index, struct notify_entry *entry)
{
    struct notify_entry **slot = &index->slots[entry->hash & (index->slots_count - 1)];
    entry->next = *slot;
    *slot = entry;
}

static void grow(struct notify_index *index)
{
    struct notify_entry **old = index->slots;
    size_t old_count = index->slots_count;
    index->slots_count = old_count > 0 ? old_count * 2 : SLOTS_LEAST;
    index->slots = sea_arena_zero(index->arena, index->slots_count * sizeof(struct notify_entry *));
    sea_assert(index->slots != NULL);
    for (size_t i = 0; i < old_count; i++) {
        struct notify_entry *next = NULL;
        for (struct notify_entry *entry = old[i]; entry != NULL; entry = next) {
            next = entry->next;
            put(index, entry);
        }
    }
}

void notify_index_add(struct notify_index *index, uint64_t hash, void *value)
{
    struct notify_entry *entry = sea_arena_alloc(index->arena, sizeof(*entry));
    sea_assert(entry != NULL);
    if (index->count == index->slots_count) grow(index);
    *entry = (struct notify_entry){.hash = hash, .value = value};
    put(index, entry);
    index->count++;
}

static const struct notify_entry *from(const struct notify_entry *entry, uint64_t hash)
{
    while (entry != NULL && entry->hash != hash) entry = entry->next;
    return entry;
}

const struct notify_entry *notify_index_first(const struct notify_index *index, uint64_t hash)
{
    if (index->count == 0) return NULL;
    return from(index->slots[hash & (index->slots_count - 1)], hash);
}

const struct notify_entry *notify_index_next(const struct notify_entry *entry)
{
    return from(entry->next, entry->hash);
}

uint64_t notify_hash(struct sea_str first, struct sea_str second)
{
    const struct sea_str parts[] = {first, second};
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t p = 0; p < SEA_COUNT(parts); p++)
        for (size_t i = 0; i < parts[p].len; i++)
            hash = (hash ^ (uint8_t)parts[p].ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}
