/* sea_keys_cache.c: sets of a few places each; a contact's key, being a hash already, names its
 * set. */
#include "sea_keys_cache.h"

#include <sodium.h>

#include "sea_id.h"

enum { SETS = 512, WAYS = 8 };

struct sea_keys_cache {
    struct sea_keys_entry sets[SETS][WAYS];
};

void sea_keys_cache_open(struct sea_keys_cache **ret)
{
    sea_assert(sodium_init() >= 0);
    struct sea_keys_cache *cache = sodium_malloc(sizeof *cache);
    sea_assert(cache != NULL);
    sodium_memzero(cache, sizeof *cache);
    *ret = cache;
}

void sea_keys_cache_close(struct sea_keys_cache **cache)
{
    sodium_free(*cache); /* overwrites it first */
    *cache = NULL;
}

static size_t set_of(const struct sea_key *contact)
{
    return sea_spread(contact->bytes) % SETS;
}

static bool is_alive(const struct sea_keys_entry *entry, const struct sea_key *contact,
                     int64_t now_ms)
{
    return entry->generation != 0 && entry->until_ms > now_ms &&
           sea_key_eq(entry->contact, *contact);
}

const struct sea_keys_entry *sea_keys_cache_find(const struct sea_keys_cache *cache,
                                                 const struct sea_key *contact, uint32_t generation,
                                                 int64_t now_ms)
{
    const struct sea_keys_entry *set = cache->sets[set_of(contact)];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].generation == generation && is_alive(&set[i], contact, now_ms)) return &set[i];
    }
    return NULL;
}

const struct sea_keys_entry *sea_keys_cache_current(const struct sea_keys_cache *cache,
                                                    const struct sea_key *contact, int64_t now_ms)
{
    const struct sea_keys_entry *set = cache->sets[set_of(contact)];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].is_current && is_alive(&set[i], contact, now_ms)) return &set[i];
    }
    return NULL;
}

void sea_keys_cache_put(struct sea_keys_cache *cache, const struct sea_keys_entry *entry,
                        int64_t now_ms)
{
    struct sea_keys_entry *set = cache->sets[set_of(&entry->contact)], *place = &set[0];
    sea_assert(entry->generation != 0 && !(entry->is_current && entry->is_destroyed));
    for (size_t i = 0; i < WAYS; i++) {
        bool is_same_contact = set[i].generation != 0 && sea_key_eq(set[i].contact, entry->contact);
        if (is_same_contact && entry->is_current) set[i].is_current = false;
    }
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].generation == entry->generation && sea_key_eq(set[i].contact, entry->contact)) {
            place = &set[i];
            break;
        }
        if (set[i].until_ms < place->until_ms) place = &set[i]; /* a free place's is 0 */
    }
    *place = *entry;
    place->until_ms = now_ms + SEA_KEYS_CACHE_MS;
}

void sea_keys_cache_drop(struct sea_keys_cache *cache, const struct sea_key *contact)
{
    struct sea_keys_entry *set = cache->sets[set_of(contact)];
    for (size_t i = 0; i < WAYS; i++) {
        if (sea_key_eq(set[i].contact, *contact)) sodium_memzero(&set[i], sizeof set[i]);
    }
}

size_t sea_keys_cache_sweep(struct sea_keys_cache *cache, int64_t now_ms)
{
    size_t left = 0;
    for (size_t s = 0; s < SETS; s++) {
        for (size_t i = 0; i < WAYS; i++) {
            struct sea_keys_entry *entry = &cache->sets[s][i];
            if (entry->generation == 0) continue;
            if (entry->until_ms > now_ms) {
                left++;
            } else {
                sodium_memzero(entry, sizeof *entry);
            }
        }
    }
    return left;
}
