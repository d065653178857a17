/* sea_keys_cache.h: contacts' keys for under a minute, in locked memory of a fixed size; used by
 * sea_keys alone. */
#ifndef SEA_KEYS_CACHE_H
#define SEA_KEYS_CACHE_H

#include "sea_base.h"
#include "sea_seal.h"

enum { SEA_KEYS_CACHE_MS = 45000 };

struct sea_keys_cache;

struct sea_keys_entry {
    struct sea_key contact;
    uint32_t generation; /* 0: a free place */
    bool is_current;     /* this generation seals; there is at most one per contact */
    bool is_destroyed;   /* there is no such key any more */
    int64_t until_ms;
    struct sea_data_key key;
};

void sea_keys_cache_open(struct sea_keys_cache **ret);
void sea_keys_cache_close(struct sea_keys_cache **cache);

/* NULL: not known, or not any more at `now_ms`. Valid until the next put or drop. */
const struct sea_keys_entry *sea_keys_cache_find(const struct sea_keys_cache *cache,
                                                 const struct sea_key *contact, uint32_t generation,
                                                 int64_t now_ms);
const struct sea_keys_entry *sea_keys_cache_current(const struct sea_keys_cache *cache,
                                                    const struct sea_key *contact, int64_t now_ms);
/* Copies the entry with its time set; takes the place of the one that would be forgotten first when
 * its set is full. */
void sea_keys_cache_put(struct sea_keys_cache *cache, const struct sea_keys_entry *entry,
                        int64_t now_ms);
void sea_keys_cache_drop(struct sea_keys_cache *cache, const struct sea_key *contact);
/* Overwrites what is past its time; returns how many are left. */
size_t sea_keys_cache_sweep(struct sea_keys_cache *cache, int64_t now_ms);

#endif
