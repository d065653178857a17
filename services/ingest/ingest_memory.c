/* ingest_memory.c: two open-addressed tables of ids; ids are UUIDv5, so their bytes are good
 * hashes. */
#include "ingest_memory.h"

#include <stdlib.h>
#include <string.h>

#include "sea_id.h"

enum { SLOTS = INGEST_MEMORY_IDS * 2 };

struct slot {
    struct sea_uuid id; /* nil: free */
    uint32_t check;
};

struct ingest_memory {
    struct slot *young, *old;
    size_t count; /* in young */
};

void ingest_memory_open(struct ingest_memory **ret)
{
    struct ingest_memory *memory = sea_alloc(sizeof(*memory));
    memory->young = sea_alloc(SLOTS * sizeof(*memory->young));
    memory->old = sea_alloc(SLOTS * sizeof(*memory->old));
    *ret = memory;
}

void ingest_memory_close(struct ingest_memory **memory)
{
    if (!*memory) return;
    free((*memory)->young);
    free((*memory)->old);
    free(*memory);
    *memory = NULL;
}

/* Where the id is, or the free slot where it would go. */
static struct slot *slot_of(struct slot *table, struct sea_uuid id)
{
    uint32_t hash;
    memcpy(&hash, id.bytes, sizeof(hash));
    for (size_t i = hash % SLOTS;; i = (i + 1) % SLOTS)
        if (sea_uuid_is_nil(table[i].id) || sea_uuid_eq(table[i].id, id)) return &table[i];
}

bool ingest_memory_knows(const struct ingest_memory *memory, struct sea_uuid id,
                         uint32_t *ret_check)
{
    const struct slot *slot = slot_of(memory->young, id);
    if (sea_uuid_is_nil(slot->id)) slot = slot_of(memory->old, id);
    if (sea_uuid_is_nil(slot->id)) return false;
    *ret_check = slot->check;
    return true;
}

void ingest_memory_keep(struct ingest_memory *memory, struct sea_uuid id, uint32_t check)
{
    struct slot *slot = slot_of(memory->young, id);
    if (sea_uuid_is_nil(id) || !sea_uuid_is_nil(slot->id)) return;
    if (memory->count == INGEST_MEMORY_IDS) {
        struct slot *oldest = memory->old;
        memory->old = memory->young;
        memory->young = oldest;
        memset(oldest, 0, SLOTS * sizeof(*oldest));
        memory->count = 0;
        slot = slot_of(memory->young, id);
    }
    *slot = (struct slot){id, check};
    memory->count++;
}
