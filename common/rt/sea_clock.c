/* sea_clock.c: the system's clocks. */
#include "sea_clock.h"

#include <time.h>

#include "sea_base.h"

static int64_t read_us(clockid_t clock)
{
    struct timespec now;
    sea_assert(clock_gettime(clock, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t sea_clock_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t sea_clock_mono_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t sea_clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t sea_clock_boot_ms(void)
{
    return read_us(CLOCK_BOOTTIME) / 1000;
}
