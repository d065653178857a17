/* router_case_visit.c: a visit that was booked. */
#include "router_case.h"

enum { DAY_MS = 86400000, MINUTE_MS = 60000 };

int64_t router_case_visit_ms(const struct sea_zone *zone, const struct sea_visit *visit,
                             int64_t booked_ms)
{
    int32_t today = (int32_t)(sea_zone_local_ms(zone, booked_ms) / DAY_MS);
    uint32_t days = visit->days;
    int64_t at_ms = 0;
    if (!visit->days && !visit->weekday) return 0;
    if (visit->weekday) {
        days = (visit->weekday - 1 + 7 - sea_day_weekday(today)) % 7;
        if (days == 0) days = 7;
    }
    int64_t local_ms = (today + (int64_t)days) * DAY_MS + (int64_t)visit->minute * MINUTE_MS;
    (void)sea_zone_utc_ms(zone, local_ms, &at_ms);
    return at_ms;
}
