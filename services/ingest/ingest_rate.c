/* ingest_rate.c: the limit of a source's events. */
#include "ingest_rate.h"

static const int64_t SECOND_US = 1000000;

bool ingest_rate_take(struct ingest_rate *rate, const struct sea_source *source, uint32_t count,
                      int64_t now_us, uint32_t *ret_wait_s)
{
    if (!source->rate_per_s) return true;
    int64_t from_us = rate->full_at_us > now_us ? rate->full_at_us : now_us;
    int64_t full_at_us = from_us + count * SECOND_US / source->rate_per_s;
    int64_t over_us = full_at_us - now_us - source->burst * SECOND_US / source->rate_per_s;
    if (over_us > 0) {
        *ret_wait_s = (uint32_t)((over_us + SECOND_US - 1) / SECOND_US);
        return false;
    }
    rate->full_at_us = full_at_us;
    return true;
}
