/* purge_days.h: destroys the keys of days that every reader has passed and whose records are gone;
 * and asks the key store what became of contacts' keys. */
#ifndef PURGE_DAYS_H
#define PURGE_DAYS_H

#include "sea_pg.h"
#include "sea_worker.h"

struct purge_days;

struct purge_days_options {
    const char *brokers;
    const char *keys_url, *password; /* of the key store's database */
};

void purge_days_open(struct purge_days **ret, const struct purge_days_options *options);
void purge_days_close(struct purge_days **days);

/* Destroys what is due; `pg` reads how far router is. *ret_count: keys destroyed. Waits some
 * seconds at most, and only once a day does it ask the broker. */
SEA_MUST_CHECK enum sea_err purge_days_run(struct purge_days *days, struct sea_pg *pg,
                                           uint64_t *ret_count);

/* Generations of the contacts' keys made before `before_ms` (real clock): destroyed and alive. */
SEA_MUST_CHECK enum sea_err purge_days_fate(struct purge_days *days, const struct sea_key *contacts,
                                            size_t count, int64_t before_ms,
                                            uint64_t *ret_destroyed, uint64_t *ret_alive);

#endif
