/* sea_keyring.c: wrapping keys: fetched, made, and used to wrap and open keys. */
#include "sea_keyring.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "sea_clock.h"
#include "sea_enc.h"
#include "sea_log.h"
#include "sea_metrics_common.h"

enum {
    WRAPPINGS_MOST = 64, /* one a week, destroyed a little later */
    WRAPPINGS_MS = 45000,
    MASTER_HEX_DIGITS = 64,
    STATEMENT_TIMEOUT_MS = 5000,
};

struct sea_keyring_secrets {
    struct sea_data_key master, wrapping[WRAPPINGS_MOST]; /* the newest first */
    uint32_t ids[WRAPPINGS_MOST];
    size_t count;
    int64_t fetched_ms; /* CLOCK_BOOTTIME */
};

static const struct sea_pg_stmt wrappings_stmt = {
    "keys_wrappings", "SELECT id, wrapped, age_s FROM keys.wrappings()"};
static const struct sea_pg_stmt add_stmt = {
    "keys_add_wrapping", "SELECT id, wrapped, age_s FROM keys.add_wrapping($1, $2)"};

static const struct sea_place wrapping_place = {
    {"keys.wrapping_key", 17}, {"wrapped", 7}, {NULL, 0}};

/* Keys shall reach no disk: neither by a core dump nor by swapping. */
static void guard_memory(void *secrets, size_t size)
{
    static const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || sodium_mlock(secrets, size) != 0) {
        sea_log(SEA_LOG_WARN, "keys may be swapped or dumped to disk",
                SEA_F_STR("cause", strerror(errno)));
    }
}

enum sea_err sea_keyring_open(struct sea_keyring *ret, const struct sea_keys_options *options)
{
    sea_assert(sodium_init() >= 0);
    struct sea_keyring_secrets *secrets = sodium_malloc(sizeof *secrets);
    sea_assert(secrets != NULL);
    sodium_memzero(secrets, sizeof *secrets);
    guard_memory(secrets, sizeof *secrets);
    if (strlen(options->master_key) != MASTER_HEX_DIGITS ||
        !sea_hex_parse(sea_str(options->master_key), secrets->master.bytes, SEA_DATA_KEY_BYTES)) {
        sea_log(SEA_LOG_ERROR, "the master key is not 64 hex digits",
                SEA_F_STR("setting", "SEADESK_MASTER_KEY"));
        sodium_free(secrets);
        return SEA_ERR_FATAL;
    }
    const struct sea_pg_options pg = {.url = options->url,
                                      .user = options->user,
                                      .password = options->password,
                                      .name = options->name,
                                      .statement_timeout_ms = STATEMENT_TIMEOUT_MS};
    *ret = (struct sea_keyring){.secrets = secrets};
    sea_pg_open(&ret->pg, &pg);
    return SEA_OK;
}

void sea_keyring_close(struct sea_keyring *ring)
{
    sea_pg_close(&ring->pg);
    sodium_free(ring->secrets); /* overwrites it first */
    ring->secrets = NULL;
}

enum sea_err sea_keyring_query(struct sea_keyring *ring, const struct sea_pg_stmt *stmt,
                               const struct sea_pg_args *args, PGresult **ret)
{
    enum sea_err err = sea_pg_query(ring->pg, stmt, args, ret);
    if (err == SEA_OK) return SEA_OK;
    sea_metric_inc(&sea_m_keys_opened_total, "failed");
    if (err == SEA_ERR_RETRY) sea_keyring_forget(ring);
    return err;
}

/* Exactly one key in a place, out of or into memory that isn't the heap's. */
static struct sea_buf on_stack(void *memory, size_t size)
{
    return (struct sea_buf){.ptr = memory, .cap = size, .max = size - 1};
}

static void seal_key(const struct sea_data_key *outer, uint32_t generation,
                     const struct sea_place *place, const struct sea_data_key *key,
                     uint8_t ret[SEA_WRAPPED_BYTES])
{
    char memory[SEA_WRAPPED_BYTES + 1];
    struct sea_buf sealed = on_stack(memory, sizeof memory);
    sea_seal(&sealed, outer, generation, place,
             (struct sea_str){(const char *)key->bytes, sizeof key->bytes});
    sea_assert(sealed.len == SEA_WRAPPED_BYTES);
    memcpy(ret, sealed.ptr, SEA_WRAPPED_BYTES);
}

static bool unseal_key(const struct sea_data_key *outer, const struct sea_place *place,
                       struct sea_str wrapped, struct sea_data_key *ret)
{
    char memory[SEA_DATA_KEY_BYTES + 1];
    struct sea_buf plain = on_stack(memory, sizeof memory);
    bool is_good = sea_unseal(&plain, outer, place, wrapped) && plain.len == SEA_DATA_KEY_BYTES;
    if (is_good) memcpy(ret->bytes, plain.ptr, SEA_DATA_KEY_BYTES);
    sodium_memzero(memory, sizeof memory);
    return is_good;
}

static enum sea_err take_rows(struct sea_keyring *ring, const PGresult *rows)
{
    struct sea_keyring_secrets *secrets = ring->secrets;
    sodium_memzero(secrets->wrapping, sizeof secrets->wrapping);
    secrets->count = 0;
    for (int i = 0; i < sea_pg_count(rows) && secrets->count < WRAPPINGS_MOST; i++) {
        struct sea_data_key *key = &secrets->wrapping[secrets->count];
        if (!unseal_key(&secrets->master, &wrapping_place, sea_pg_str(rows, i, 1), key)) {
            sea_log(SEA_LOG_ERROR, "the master key does not open the key store",
                    SEA_F_STR("setting", "SEADESK_MASTER_KEY"),
                    SEA_F_I64("wrapping", sea_pg_i64(rows, i, 0)));
            return SEA_ERR_FATAL;
        }
        secrets->ids[secrets->count++] = (uint32_t)sea_pg_i64(rows, i, 0);
    }
    secrets->fetched_ms = sea_clock_boot_ms();
    return SEA_OK;
}

static enum sea_err add(struct sea_keyring *ring, int64_t least_age_s)
{
    struct sea_data_key key;
    struct sea_pg_args args = SEA_PG_ARGS;
    uint8_t wrapped[SEA_WRAPPED_BYTES];
    PGresult *rows;
    randombytes_buf(key.bytes, sizeof key.bytes);
    seal_key(&ring->secrets->master, 0, &wrapping_place, &key, wrapped);
    sodium_memzero(&key, sizeof key);
    sea_pg_arg_bytes(&args, wrapped, sizeof wrapped);
    sea_pg_arg_i64(&args, least_age_s);
    enum sea_err err = sea_keyring_query(ring, &add_stmt, &args, &rows);
    sea_pg_args_free(&args);
    if (err != SEA_OK) return err;
    err = take_rows(ring, rows);
    sea_pg_clear(&rows);
    return err;
}

enum sea_err sea_keyring_refresh(struct sea_keyring *ring, int64_t least_age_s)
{
    /* As much as keeps "now - age" a time that PostgreSQL knows. */
    enum { CENTURY_DAYS = 36500, DAY_S = 86400 };
    PGresult *rows;
    bool is_fresh =
        ring->secrets->count > 0 && sea_clock_boot_ms() - ring->secrets->fetched_ms < WRAPPINGS_MS;
    if (is_fresh && least_age_s == INT64_MAX) return SEA_OK;
    enum sea_err err = sea_keyring_query(ring, &wrappings_stmt, NULL, &rows);
    if (err != SEA_OK) return err;
    bool is_wanted = sea_pg_count(rows) == 0 || sea_pg_i64(rows, 0, 2) >= least_age_s;
    err = take_rows(ring, rows);
    sea_pg_clear(&rows);
    if (err != SEA_OK || !is_wanted) return err;
    return add(ring, least_age_s == INT64_MAX ? (int64_t)CENTURY_DAYS * DAY_S : least_age_s);
}

void sea_keyring_forget(struct sea_keyring *ring)
{
    sodium_memzero(ring->secrets->wrapping, sizeof ring->secrets->wrapping);
    ring->secrets->count = 0;
}

uint32_t sea_keyring_newest(const struct sea_keyring *ring)
{
    sea_assert(ring->secrets->count > 0);
    return ring->secrets->ids[0];
}

void sea_keyring_wrap(const struct sea_keyring *ring, const struct sea_place *place,
                      const struct sea_data_key *key, uint8_t ret[SEA_WRAPPED_BYTES])
{
    seal_key(&ring->secrets->wrapping[0], sea_keyring_newest(ring), place, key, ret);
}

enum sea_err sea_keyring_unwrap(const struct sea_keyring *ring, const struct sea_place *place,
                                struct sea_str wrapped, struct sea_data_key *ret)
{
    uint32_t id;
    if (!sea_seal_generation(wrapped, &id)) return SEA_ERR_FATAL;
    for (size_t i = 0; i < ring->secrets->count; i++) {
        if (ring->secrets->ids[i] != id) continue;
        if (unseal_key(&ring->secrets->wrapping[i], place, wrapped, ret)) return SEA_OK;
        sea_log(SEA_LOG_ERROR, "a wrapped key is broken", SEA_F_STR("table", place->table),
                SEA_F_U64("wrapping", id));
        return SEA_ERR_FATAL;
    }
    return SEA_ERR_RETRY;
}

struct sea_place sea_keyring_contact_place(const struct sea_key *contact)
{
    return (struct sea_place){SEA_STR("keys.contact_key"),
                              SEA_STR("wrapped"),
                              {(const char *)contact->bytes, sizeof contact->bytes}};
}

struct sea_place sea_keyring_day_place(const char *purpose, const uint32_t *day)
{
    return (struct sea_place){
        SEA_STR("keys.day_key"), sea_str(purpose), {(const char *)day, sizeof *day}};
}
