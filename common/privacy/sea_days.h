/* sea_days.h: day keys: what seals before it is known whose text it is, and the dead letters.
 *
 * A thread of its own fetches them from the key store, today's and those of the next two days ahead
 * of time, so that sealing never waits and goes on while PostgreSQL is away. Safe from any thread.
 */
#ifndef SEA_DAYS_H
#define SEA_DAYS_H

#include "sea_keys.h"

enum sea_days_purpose {
    SEA_DAYS_INTAKE, /* what ingest puts on the topics; only ingest, router and media-fetcher may
                        have these */
    SEA_DAYS_DEAD,   /* values on seadesk.dlq */
    SEA_DAYS_PURPOSES
};

struct sea_days;

/* Starts the thread; `purposes` is a set of 1 << SEA_DAYS_…. FATAL: the master key is malformed. */
SEA_MUST_CHECK enum sea_err
sea_days_open(struct sea_days **ret, const struct sea_keys_options *options, unsigned purposes);
void sea_days_close(struct sea_days **days); /* waits for the thread, at most some seconds */

/* The keys of today and tomorrow are there: what needs them may start. */
bool sea_days_is_ready(struct sea_days *days);
/* The same as a check for /readyz (sea_app_ready_check); `days` is the struct sea_days. */
bool sea_days_has_keys(void *days, struct sea_buf *why);

uint32_t sea_days_of(int64_t time_ms); /* days since 1970-01-01, UTC */

/* Appends `plain` sealed with today's key (by the real clock); *ret_day, when not NULL, is that
 * day, which stands in the sealed text as its generation too. RETRY: there is no such key yet. For
 * a record `place` is its topic, the message's field and the 16 bytes of ce_id. */
SEA_MUST_CHECK enum sea_err sea_days_seal(struct sea_days *days, enum sea_days_purpose purpose,
                                          const struct sea_place *place, struct sea_str plain,
                                          struct sea_buf *ret, uint32_t *ret_day);
/* Appends the plain text. REJECT: forged, cut, or not of this place; RETRY: the store has not been
 * asked yet. *ret_is_gone: the day's key was destroyed; then OK and nothing is appended. */
SEA_MUST_CHECK enum sea_err sea_days_unseal(struct sea_days *days, enum sea_days_purpose purpose,
                                            const struct sea_place *place, struct sea_str sealed,
                                            struct sea_buf *ret, bool *ret_is_gone);

#endif
