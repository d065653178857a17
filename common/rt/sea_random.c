/* sea_random.c: random bytes from the kernel. */
#include "sea_random.h"

#include <errno.h>
#include <sys/random.h>

#include "sea_clock.h"
#include "sea_id.h"

void sea_random_bytes(void *ret, size_t len)
{
    uint8_t *at = ret;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR) continue;
        sea_assert(got > 0);
        at += got;
        len -= (size_t)got;
    }
}

uint64_t sea_random_below(uint64_t limit)
{
    sea_assert(limit > 0);
    uint64_t value,
        uneven = (UINT64_MAX % limit + 1) % limit; /* the tail that would favour small values */
    do sea_random_bytes(&value, sizeof value);
    while (value > UINT64_MAX - uneven);
    return value % limit;
}

struct sea_uuid sea_random_uuid7(void)
{
    uint8_t random[10];
    sea_random_bytes(random, sizeof random);
    return sea_uuid7(sea_clock_wall_ms(), random);
}

int64_t sea_random_backoff_ms(uint32_t attempt, int64_t first_ms, int64_t most_ms)
{
    sea_assert(first_ms > 0 && most_ms >= first_ms);
    int64_t wait_ms = first_ms;
    while (attempt-- > 0 && wait_ms < most_ms) wait_ms *= 2;
    if (wait_ms > most_ms) wait_ms = most_ms;
    return wait_ms - (int64_t)sea_random_below((uint64_t)wait_ms / 2 + 1);
}
