/* sea_keys.h: the data keys of contacts, from the key store (deploy/sql/keys), and sealing with
 * them.
 *
 * A batch first says which contacts it is about (ensure those it seals for, prefetch those it
 * opens): one round trip for all that aren't cached. Then it seals and unseals one text after
 * another. Keys live under 60 s in locked memory and never leave it. Synchronous; one thread. */
#ifndef SEA_KEYS_H
#define SEA_KEYS_H

#include "sea_base.h"
#include "sea_buf.h"
#include "sea_seal.h"

struct event_base;
struct sea_keys;

struct sea_keys_options {
    const char *url;        /* SEADESK_KEYS_POSTGRES */
    const char *user;       /* the service's role, seadesk_router …; NULL: as the url says */
    const char *password;   /* NULL: as the url says */
    const char *name;       /* application_name */
    const char *master_key; /* SEADESK_MASTER_KEY: 64 hex digits */
};

/* Makes the store without connecting. `base` times the forgetting of keys; NULL: only calls do.
 * FATAL: the master key is malformed. */
SEA_MUST_CHECK enum sea_err sea_keys_open(struct sea_keys **ret,
                                          const struct sea_keys_options *options,
                                          struct event_base *base);
void sea_keys_close(struct sea_keys **keys);

/* The store answers and the master key fits: RETRY or FATAL when not. */
SEA_MUST_CHECK enum sea_err sea_keys_check(struct sea_keys *keys);
/* The same as a check for /readyz (sea_app_ready_check); `keys` is the struct sea_keys. */
bool sea_keys_is_ready(void *keys, struct sea_buf *why);

enum { SEA_KEYS_BATCH_MOST = 2048 };

/* Fetches the current keys of contacts; makes those that are missing, and a new generation where
 * the last one was destroyed. `contacts` may repeat. */
SEA_MUST_CHECK enum sea_err sea_keys_ensure(struct sea_keys *keys, const struct sea_key *contacts,
                                            size_t count);

/* What is sealed, and whose it is. */
struct sea_sealed {
    struct sea_key contact;
    struct sea_str bytes;
};
/* Fetches the keys that `sealed` needs; broken ones are passed over, unseal will say so. */
SEA_MUST_CHECK enum sea_err sea_keys_prefetch(struct sea_keys *keys,
                                              const struct sea_sealed *sealed, size_t count);

/* Appends `plain`, sealed with the contact's current key. Asks the store only for a contact that
 * was not ensured lately. `ret->is_full` is the caller's to look at. */
SEA_MUST_CHECK enum sea_err sea_keys_seal(struct sea_keys *keys, const struct sea_key *contact,
                                          const struct sea_place *place, struct sea_str plain,
                                          struct sea_buf *ret);
/* Appends the plain text. REJECT: forged, cut, or not of this place. *ret_is_erased: its key was
 * destroyed; then OK and nothing is appended. */
SEA_MUST_CHECK enum sea_err sea_keys_unseal(struct sea_keys *keys, const struct sea_key *contact,
                                            const struct sea_place *place, struct sea_str sealed,
                                            struct sea_buf *ret, bool *ret_is_erased);

/* Forgets the keys of a contact at once, before their time. */
void sea_keys_forget(struct sea_keys *keys, const struct sea_key *contact);

/* For retention-purger alone: destroys all keys of the contacts; *ret_count: how many there were.
 */
SEA_MUST_CHECK enum sea_err sea_keys_destroy(struct sea_keys *keys, const struct sea_key *contacts,
                                             size_t count, uint32_t *ret_count);
/* For retention-purger alone, one step of the rotation: adds a wrapping key when the newest is
 * `age_s` old, rewraps some hundred keys with it, and once none is left destroys the older wrapping
 * keys. *ret_is_done: nothing is left to do. */
SEA_MUST_CHECK enum sea_err sea_keys_rotate(struct sea_keys *keys, int64_t age_s,
                                            bool *ret_is_done);

#endif
