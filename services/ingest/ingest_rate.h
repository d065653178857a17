/* ingest_rate.h: how many events a source may send: the generic cell rate algorithm (ITU-T I.371),
 * one number per source. Pure. */
#ifndef INGEST_RATE_H
#define INGEST_RATE_H

#include "sea_channels.h"

/* Zeroed at first. */
struct ingest_rate {
    int64_t full_at_us; /* when all that was taken will have been earned */
};

/* Takes `count` events at `now_us` (a clock that doesn't jump). False: too many; nothing is taken,
 * *ret_wait_s says in how many seconds they may come, at least 1. A source without a limit may send
 * any number. */
SEA_MUST_CHECK bool ingest_rate_take(struct ingest_rate *rate, const struct sea_source *source,
                                     uint32_t count, int64_t now_us, uint32_t *ret_wait_s);

#endif
