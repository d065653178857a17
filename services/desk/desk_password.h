/* desk_password.h: passwords are checked on a thread of their own, one at a time, so that the event
 * loop never waits for argon2id (RFC 9106). */
#ifndef DESK_PASSWORD_H
#define DESK_PASSWORD_H

#include <sodium.h>

#include "sea_base.h"

struct event_base;
struct desk_passwords;

enum { DESK_PASSWORDS_WAITING_MAX = 32, DESK_HASH_TEXT = crypto_pwhash_STRBYTES };

/* The hash as it is stored. RETRY: not enough memory now. */
SEA_MUST_CHECK enum sea_err desk_password_hash(struct sea_str password, int64_t passes,
                                               int64_t memory_bytes, char ret[DESK_HASH_TEXT]);

/* `passes` and `memory_bytes` as for desk_password_hash. RETRY: not enough memory. */
SEA_MUST_CHECK enum sea_err desk_passwords_open(struct desk_passwords **ret,
                                                struct event_base *base, int64_t passes,
                                                int64_t memory_bytes);
/* Waits for the check at hand; the others are called wrong. */
void desk_passwords_close(struct desk_passwords **passwords);

/* Calls `fn` on the loop, later. An empty `hash` takes as long as a new one and is never right.
 * Copies both texts. RETRY, and no call: too many wait already. */
SEA_MUST_CHECK enum sea_err desk_passwords_check(struct desk_passwords *passwords,
                                                 struct sea_str hash, struct sea_str password,
                                                 void (*fn)(void *ctx, bool is_right), void *ctx);

#endif
