/* sea_random.h: random bytes from the kernel, and what is made of them. Safe from any thread. */
#ifndef SEA_RANDOM_H
#define SEA_RANDOM_H

#include "sea_base.h"

void sea_random_bytes(void *ret, size_t len);
uint64_t sea_random_below(uint64_t limit); /* 0 … limit-1, evenly; limit > 0 */
struct sea_uuid sea_random_uuid7(void);    /* of now */

/* How long to wait before the `attempt`-th try (from 0): doubling from `first_ms` to `most_ms`,
 * then a random part of the upper half, so that many who lost the same server do not come back at
 * once. */
int64_t sea_random_backoff_ms(uint32_t attempt, int64_t first_ms, int64_t most_ms);

#endif
