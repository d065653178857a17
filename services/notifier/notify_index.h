/* notify_index.h: values found by a hash, in an arena; whoever asks compares what was hashed. Pure.
 */
#ifndef NOTIFY_INDEX_H
#define NOTIFY_INDEX_H

#include "sea_arena.h"
#include "sea_base.h"

struct notify_entry {
    struct notify_entry *next; /* of the same slot */
    uint64_t hash;
    void *value;
};

struct notify_index {
    struct sea_arena *arena;
    struct notify_entry **slots;
    size_t slots_count, count;
};

/* Empty; grows with what is added, and ends with the arena. */
struct notify_index notify_index_in(struct sea_arena *arena);
void notify_index_add(struct notify_index *index, uint64_t hash, void *value);
/* Those of this hash, in no certain order; NULL at the end. */
const struct notify_entry *notify_index_first(const struct notify_index *index, uint64_t hash);
const struct notify_entry *notify_index_next(const struct notify_entry *entry);

/* Of two parts; keys are keyed hashes and random ids already, others are our own. */
uint64_t notify_hash(struct sea_str first, struct sea_str second);

#endif
