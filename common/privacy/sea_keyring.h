/* sea_keyring.h: a connection to the key store and the wrapping keys it gives; used by sea_keys and
 * sea_days alone. */
#ifndef SEA_KEYRING_H
#define SEA_KEYRING_H

#include "sea_keys.h"
#include "sea_pg.h"
#include "sea_seal.h"

struct sea_keyring {
    struct sea_pg *pg;
    struct sea_keyring_secrets *secrets; /* in locked memory */
};

/* FATAL: the master key isn't 64 hex digits. Connects on first use. */
SEA_MUST_CHECK enum sea_err sea_keyring_open(struct sea_keyring *ret,
                                             const struct sea_keys_options *options);
void sea_keyring_close(struct sea_keyring *ring);

/* Fetches the wrapping keys when what is known is older than the cache's limit; makes the first one
 * when there is none. A key younger than `least_age_s` is left the newest, else a new one is added;
 * INT64_MAX never adds but the first. */
SEA_MUST_CHECK enum sea_err sea_keyring_refresh(struct sea_keyring *ring, int64_t least_age_s);
void sea_keyring_forget(
    struct sea_keyring *ring); /* wrapping keys are fetched again before the next use */

uint32_t sea_keyring_newest(const struct sea_keyring *ring); /* id of what wraps; after a refresh */
/* A wrapped key in its place. */
enum { SEA_WRAPPED_BYTES = SEA_DATA_KEY_BYTES + SEA_SEAL_EXTRA_BYTES };
void sea_keyring_wrap(const struct sea_keyring *ring, const struct sea_place *place,
                      const struct sea_data_key *key, uint8_t ret[SEA_WRAPPED_BYTES]);
/* RETRY: the wrapping key isn't known yet, refresh; FATAL: it is another master key's, or the store
 * was tampered with. */
SEA_MUST_CHECK enum sea_err sea_keyring_unwrap(const struct sea_keyring *ring,
                                               const struct sea_place *place,
                                               struct sea_str wrapped, struct sea_data_key *ret);

/* A statement that returns rows; its failure is counted, sea_pg logged it. 55000
 * (object_not_in_prerequisite_state): the newest wrapping key was retired meanwhile; it is
 * forgotten, RETRY. */
SEA_MUST_CHECK enum sea_err sea_keyring_query(struct sea_keyring *ring,
                                              const struct sea_pg_stmt *stmt,
                                              const struct sea_pg_args *args, PGresult **ret);

struct sea_place sea_keyring_contact_place(const struct sea_key *contact);
struct sea_place sea_keyring_day_place(const char *purpose, const uint32_t *day);

#endif
