/* sea_keys.c: the data keys of contacts: one round trip per batch, a cache, sealing and unsealing.
 */
#include "sea_keys.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "sea_clock.h"
#include "sea_keyring.h"
#include "sea_keys_cache.h"
#include "sea_log.h"
#include "sea_metrics_common.h"
#include "sea_random.h"

enum { SWEEP_S = 10, REWRAP_MOST = 500 };

struct sea_keys {
    struct sea_keyring ring;
    struct sea_keys_cache *cache;
    struct event *sweep;
    struct sea_pg_args args;
    struct sea_key contacts[SEA_KEYS_BATCH_MOST]; /* what the statement in work is about */
    uint32_t generations[SEA_KEYS_BATCH_MOST];
};

static const struct sea_pg_stmt ensure_stmt = {
    "keys_ensure", "SELECT contact, generation, wrapped FROM keys.ensure($1, $2, $3)"};
static const struct sea_pg_stmt open_stmt = {"keys_open",
                                             "SELECT n, wrapped FROM keys.open($1, $2)"};
static const struct sea_pg_stmt destroy_stmt = {"keys_destroy", "SELECT keys.destroy($1)"};
static const struct sea_pg_stmt stale_stmt = {
    "keys_stale", "SELECT contact, generation, purpose, day, wrapped FROM keys.stale($1, $2)"};
static const struct sea_pg_stmt rewrap_stmt = {"keys_rewrap",
                                               "SELECT 1 FROM keys.rewrap($1, $2, $3, $4)"};
static const struct sea_pg_stmt rewrap_days_stmt = {
    "keys_rewrap_days", "SELECT 1 FROM keys.rewrap_days($1, $2, $3, $4)"};
static const struct sea_pg_stmt retire_stmt = {"keys_retire", "SELECT keys.retire_wrappings()"};

static void sweep(evutil_socket_t fd, short what, void *arg)
{
    struct sea_keys *keys = arg;
    (void)fd;
    (void)what;
    sea_metric_set(&sea_m_keys_cached,
                   (double)sea_keys_cache_sweep(keys->cache, sea_clock_boot_ms()));
}

enum sea_err sea_keys_open(struct sea_keys **ret, const struct sea_keys_options *options,
                           struct event_base *base)
{
    static const struct timeval every = {SWEEP_S, 0};
    struct sea_keys *keys = sea_alloc(sizeof *keys);
    enum sea_err err = sea_keyring_open(&keys->ring, options);
    if (err != SEA_OK) {
        free(keys);
        return err;
    }
    keys->args = (struct sea_pg_args)SEA_PG_ARGS;
    sea_keys_cache_open(&keys->cache);
    if (base != NULL) {
        keys->sweep = event_new(base, -1, EV_PERSIST, sweep, keys);
        sea_assert(keys->sweep != NULL && event_add(keys->sweep, &every) == 0);
    }
    *ret = keys;
    return SEA_OK;
}

void sea_keys_close(struct sea_keys **keys)
{
    if (*keys == NULL) return;
    if ((*keys)->sweep != NULL) event_free((*keys)->sweep);
    sea_keys_cache_close(&(*keys)->cache);
    sea_keyring_close(&(*keys)->ring);
    sea_pg_args_free(&(*keys)->args);
    free(*keys);
    *keys = NULL;
}

enum sea_err sea_keys_check(struct sea_keys *keys)
{
    return sea_keyring_refresh(&keys->ring, INT64_MAX);
}

bool sea_keys_is_ready(void *keys, struct sea_buf *why)
{
    if (!sea_keys_check(keys)) return true;
    sea_buf_text(why, "the key store is away, not migrated (seadesk migrate), or of another master "
                      "key");
    return false;
}

static void add_contacts(struct sea_keys *keys, const struct sea_key *contacts, size_t count)
{
    SEA_PG_ARRAY(&keys->args, SEA_PG_BYTES, count, sea_pg_add_key(&keys->args, contacts[i]));
}

/* A fresh key for each contact, wrapped; which of them become keys the store decides. */
static void add_candidates(struct sea_keys *keys, size_t count)
{
    sea_pg_array_begin(&keys->args, SEA_PG_BYTES);
    for (size_t i = 0; i < count; i++) {
        struct sea_data_key key;
        uint8_t wrapped[SEA_WRAPPED_BYTES];
        struct sea_place place = sea_keyring_contact_place(&keys->contacts[i]);
        sea_random_bytes(key.bytes, sizeof key.bytes);
        sea_keyring_wrap(&keys->ring, &place, &key, wrapped);
        sea_pg_add_bytes(&keys->args, wrapped, sizeof wrapped);
        sodium_memzero(&key, sizeof key);
    }
    sea_pg_array_end(&keys->args);
}

/* Opens a wrapped key into the cache. */
static enum sea_err take_key(struct sea_keys *keys, struct sea_keys_entry *entry,
                             struct sea_str wrapped)
{
    struct sea_place place = sea_keyring_contact_place(&entry->contact);
    enum sea_err err = sea_keyring_unwrap(&keys->ring, &place, wrapped, &entry->key);
    if (err == SEA_ERR_RETRY)
        sea_keyring_forget(&keys->ring); /* wrapped with a key newer than those known */
    if (err == SEA_OK) sea_keys_cache_put(keys->cache, entry, sea_clock_boot_ms());
    sodium_memzero(&entry->key, sizeof entry->key);
    return err;
}

/* Asks for the current keys of contacts[0 … count-1]. */
static enum sea_err fetch_current(struct sea_keys *keys, size_t count)
{
    PGresult *rows;
    enum sea_err err = sea_keyring_refresh(&keys->ring, INT64_MAX);
    if (err != SEA_OK) return err;
    sea_pg_args_reset(&keys->args);
    add_contacts(keys, keys->contacts, count);
    add_candidates(keys, count);
    sea_pg_arg_i32(&keys->args, (int32_t)sea_keyring_newest(&keys->ring));
    err = sea_keyring_query(&keys->ring, &ensure_stmt, &keys->args, &rows);
    if (err != SEA_OK) return err;
    for (int i = 0; i < sea_pg_count(rows) && err == SEA_OK; i++) {
        struct sea_keys_entry entry = {.contact = sea_pg_key(rows, i, 0),
                                       .generation = (uint32_t)sea_pg_i64(rows, i, 1),
                                       .is_current = true};
        err = take_key(keys, &entry, sea_pg_str(rows, i, 2));
    }
    sea_pg_clear(&rows);
    return err;
}

/* Once more when the wrapping keys changed while we asked. */
static enum sea_err twice(struct sea_keys *keys, enum sea_err (*fetch)(struct sea_keys *, size_t),
                          size_t count)
{
    enum sea_err err = fetch(keys, count);
    return err == SEA_ERR_RETRY && sea_pg_is_connected(keys->ring.pg) ? fetch(keys, count) : err;
}

enum sea_err sea_keys_ensure(struct sea_keys *keys, const struct sea_key *contacts, size_t count)
{
    size_t missing = 0;
    int64_t now_ms = sea_clock_boot_ms();
    sea_assert(count <= SEA_KEYS_BATCH_MOST);
    for (size_t i = 0; i < count; i++) {
        if (sea_keys_cache_current(keys->cache, &contacts[i], now_ms) != NULL) continue;
        keys->contacts[missing++] = contacts[i];
    }
    if (count > missing) sea_metric_add(&sea_m_keys_opened_total, count - missing, "cached");
    if (missing == 0) return SEA_OK;
    enum sea_err err = twice(keys, fetch_current, missing);
    if (err == SEA_OK) sea_metric_add(&sea_m_keys_opened_total, missing, "fetched");
    return err;
}

/* Asks for the keys of contacts[0 … count-1] in their generations. */
static enum sea_err fetch_generations(struct sea_keys *keys, size_t count)
{
    PGresult *rows;
    enum sea_err err = sea_keyring_refresh(&keys->ring, INT64_MAX);
    if (err != SEA_OK) return err;
    sea_pg_args_reset(&keys->args);
    add_contacts(keys, keys->contacts, count);
    SEA_PG_ARRAY(&keys->args, SEA_PG_I32, count,
                 sea_pg_add_i32(&keys->args, (int32_t)keys->generations[i]));
    err = sea_keyring_query(&keys->ring, &open_stmt, &keys->args, &rows);
    if (err != SEA_OK) return err;
    for (int i = 0; i < sea_pg_count(rows) && err == SEA_OK; i++) {
        size_t n = (size_t)sea_pg_i64(rows, i, 0) - 1;
        sea_assert(n < count);
        struct sea_keys_entry entry = {.contact = keys->contacts[n],
                                       .generation = keys->generations[n]};
        entry.is_destroyed = sea_pg_is_null(rows, i, 1);
        sea_metric_inc(&sea_m_keys_opened_total, entry.is_destroyed ? "destroyed" : "fetched");
        if (entry.is_destroyed) {
            sea_keys_cache_put(keys->cache, &entry, sea_clock_boot_ms());
        } else {
            err = take_key(keys, &entry, sea_pg_str(rows, i, 1));
        }
    }
    sea_pg_clear(&rows);
    return err;
}

enum sea_err sea_keys_prefetch(struct sea_keys *keys, const struct sea_sealed *sealed, size_t count)
{
    size_t missing = 0;
    uint32_t generation;
    int64_t now_ms = sea_clock_boot_ms();
    sea_assert(count <= SEA_KEYS_BATCH_MOST);
    for (size_t i = 0; i < count; i++) {
        if (!sea_seal_generation(sealed[i].bytes, &generation) || generation == 0 ||
            generation > INT32_MAX)
            continue;
        if (sea_keys_cache_find(keys->cache, &sealed[i].contact, generation, now_ms) != NULL) {
            sea_metric_inc(&sea_m_keys_opened_total, "cached");
            continue;
        }
        keys->contacts[missing] = sealed[i].contact;
        keys->generations[missing++] = generation;
    }
    return missing > 0 ? twice(keys, fetch_generations, missing) : SEA_OK;
}

enum sea_err sea_keys_seal(struct sea_keys *keys, const struct sea_key *contact,
                           const struct sea_place *place, struct sea_str plain, struct sea_buf *ret)
{
    const struct sea_keys_entry *entry =
        sea_keys_cache_current(keys->cache, contact, sea_clock_boot_ms());
    if (entry == NULL) {
        enum sea_err err = sea_keys_ensure(keys, contact, 1);
        if (err != SEA_OK) return err;
        entry = sea_keys_cache_current(keys->cache, contact, sea_clock_boot_ms());
        if (entry == NULL) return SEA_ERR_RETRY; /* destroyed in the instant after it was made */
    }
    sea_seal(ret, &entry->key, entry->generation, place, plain);
    return SEA_OK;
}

enum sea_err sea_keys_unseal(struct sea_keys *keys, const struct sea_key *contact,
                             const struct sea_place *place, struct sea_str sealed,
                             struct sea_buf *ret, bool *ret_is_erased)
{
    uint32_t generation;
    if (!sea_seal_generation(sealed, &generation) || generation == 0 || generation > INT32_MAX)
        return SEA_ERR_REJECT;
    const struct sea_keys_entry *entry =
        sea_keys_cache_find(keys->cache, contact, generation, sea_clock_boot_ms());
    if (entry == NULL) {
        const struct sea_sealed one = {*contact, sealed};
        enum sea_err err = sea_keys_prefetch(keys, &one, 1);
        if (err != SEA_OK) return err;
        entry = sea_keys_cache_find(keys->cache, contact, generation, sea_clock_boot_ms());
        if (entry == NULL) return SEA_ERR_RETRY;
    }
    *ret_is_erased = entry->is_destroyed;
    if (entry->is_destroyed) return SEA_OK;
    return sea_unseal(ret, &entry->key, place, sealed) ? SEA_OK : SEA_ERR_REJECT;
}

void sea_keys_forget(struct sea_keys *keys, const struct sea_key *contact)
{
    sea_keys_cache_drop(keys->cache, contact);
}

enum sea_err sea_keys_destroy(struct sea_keys *keys, const struct sea_key *contacts, size_t count,
                              uint32_t *ret_count)
{
    PGresult *rows;
    sea_pg_args_reset(&keys->args);
    add_contacts(keys, contacts, count);
    enum sea_err err = sea_keyring_query(&keys->ring, &destroy_stmt, &keys->args, &rows);
    if (err != SEA_OK) return err;
    *ret_count = (uint32_t)sea_pg_i64(rows, 0, 0);
    sea_pg_clear(&rows);
    for (size_t i = 0; i < count; i++) sea_keys_cache_drop(keys->cache, &contacts[i]);
    return SEA_OK;
}

static bool is_day(const PGresult *rows, int row)
{
    return sea_pg_is_null(rows, row, 0);
}

static enum sea_err rewrap_one(struct sea_keys *keys, const PGresult *rows, int row)
{
    struct sea_data_key key;
    uint8_t wrapped[SEA_WRAPPED_BYTES];
    struct sea_key contact = sea_pg_key(rows, row, 0);
    uint32_t day = (uint32_t)sea_pg_i64(rows, row, 3);
    char purpose[16] = "";
    struct sea_str text = sea_pg_str(rows, row, 2);
    sea_assert(text.len < sizeof purpose);
    if (text.len > 0) memcpy(purpose, text.ptr, text.len);
    struct sea_place place = is_day(rows, row) ? sea_keyring_day_place(purpose, &day)
                                               : sea_keyring_contact_place(&contact);
    enum sea_err err = sea_keyring_unwrap(&keys->ring, &place, sea_pg_str(rows, row, 4), &key);
    if (err != SEA_OK) return err;
    sea_keyring_wrap(&keys->ring, &place, &key, wrapped);
    sea_pg_add_bytes(&keys->args, wrapped, sizeof wrapped);
    sodium_memzero(&key, sizeof key);
    return SEA_OK;
}

/* Rewraps the rows of contacts, or those of days. */
static enum sea_err rewrap(struct sea_keys *keys, const PGresult *rows, bool is_of_days)
{
    int count = sea_pg_count(rows);
    enum sea_err err = SEA_OK;
    PGresult *none;
    sea_pg_args_reset(&keys->args);
    sea_pg_array_begin(&keys->args, is_of_days ? SEA_PG_TEXT : SEA_PG_BYTES);
    for (int i = 0; i < count; i++) {
        if (is_day(rows, i) != is_of_days) continue;
        if (is_of_days) {
            sea_pg_add_text(&keys->args, sea_pg_str(rows, i, 2));
        } else {
            sea_pg_add_key(&keys->args, sea_pg_key(rows, i, 0));
        }
    }
    sea_pg_array_end(&keys->args);
    sea_pg_array_begin(&keys->args, SEA_PG_I32);
    for (int i = 0; i < count; i++) {
        if (is_day(rows, i) != is_of_days) continue;
        sea_pg_add_i32(&keys->args, (int32_t)sea_pg_i64(rows, i, is_of_days ? 3 : 1));
    }
    sea_pg_array_end(&keys->args);
    sea_pg_array_begin(&keys->args, SEA_PG_BYTES);
    for (int i = 0; i < count && err == SEA_OK; i++) {
        if (is_day(rows, i) == is_of_days) err = rewrap_one(keys, rows, i);
    }
    sea_pg_array_end(&keys->args);
    if (err != SEA_OK) return err;
    sea_pg_arg_i32(&keys->args, (int32_t)sea_keyring_newest(&keys->ring));
    err = sea_keyring_query(&keys->ring, is_of_days ? &rewrap_days_stmt : &rewrap_stmt, &keys->args,
                            &none);
    if (err == SEA_OK) sea_pg_clear(&none);
    return err;
}

enum sea_err sea_keys_rotate(struct sea_keys *keys, int64_t age_s, bool *ret_is_done)
{
    PGresult *rows;
    enum sea_err err = sea_keyring_refresh(&keys->ring, age_s);
    if (err != SEA_OK) return err;
    sea_pg_args_reset(&keys->args);
    sea_pg_arg_i32(&keys->args, (int32_t)sea_keyring_newest(&keys->ring));
    sea_pg_arg_i32(&keys->args, REWRAP_MOST);
    err = sea_keyring_query(&keys->ring, &stale_stmt, &keys->args, &rows);
    if (err != SEA_OK) return err;
    bool is_done = sea_pg_count(rows) == 0;
    if (!is_done) err = rewrap(keys, rows, false);
    if (!is_done && err == SEA_OK) err = rewrap(keys, rows, true);
    sea_pg_clear(&rows);
    if (err == SEA_ERR_RETRY) sea_keyring_forget(&keys->ring);
    if (err != SEA_OK) return err;
    if (is_done) {
        err = sea_keyring_query(&keys->ring, &retire_stmt, NULL, &rows);
        if (err != SEA_OK) return err;
        sea_log(SEA_LOG_INFO, "wrapping keys destroyed",
                SEA_F_I64("count", sea_pg_i64(rows, 0, 0)));
        sea_pg_clear(&rows);
        sea_keyring_forget(&keys->ring);
    }
    *ret_is_done = is_done;
    return SEA_OK;
}
