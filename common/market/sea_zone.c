/* sea_zone.c: offsets at an instant, local times that exist twice or never, and calendar days. */
#include "sea_zone.h"

static const int64_t DAY_MS = INT64_C(24) * 3600 * 1000;

struct sea_zone_span sea_zone_span(const struct sea_zone *zone, int64_t at_ms)
{
    uint32_t low = 0, high = zone->step_count; /* steps before `low` are not after at_ms */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->steps[middle].at_s * 1000 <= at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct sea_zone_span){
        .from_ms = low > 0 ? zone->steps[low - 1].at_s * 1000 : INT64_MIN,
        .to_ms = low < zone->step_count ? zone->steps[low].at_s * 1000 : INT64_MAX,
        .offset_s = low > 0 ? zone->steps[low - 1].offset_s : zone->first_offset_s,
    };
}

int64_t sea_zone_local_ms(const struct sea_zone *zone, int64_t at_ms)
{
    return at_ms + (int64_t)sea_zone_span(zone, at_ms).offset_s * 1000;
}

/* Offsets are less than a day, so only the spans near by can hold the local time. */
enum sea_zone_local sea_zone_utc_ms(const struct sea_zone *zone, int64_t local_ms, int64_t *ret_ms)
{
    bool is_found = false;
    int64_t change_ms = 0;
    struct sea_zone_span span = sea_zone_span(zone, local_ms - DAY_MS);
    while (true) {
        int64_t at_ms = local_ms - (int64_t)span.offset_s * 1000;
        bool is_inside = at_ms >= span.from_ms && at_ms < span.to_ms;
        if (is_inside && is_found) return SEA_LOCAL_TWICE;
        if (is_inside) *ret_ms = at_ms;
        is_found = is_found || is_inside;
        if (at_ms >= span.to_ms) change_ms = span.to_ms;
        if (span.to_ms > local_ms + DAY_MS) break;
        span = sea_zone_span(zone, span.to_ms);
    }
    if (is_found) return SEA_LOCAL_ONCE;
    *ret_ms = change_ms;
    return SEA_LOCAL_NEVER;
}

/* Howard Hinnant's days_from_civil and its inverse, years from 1 March. */
int32_t sea_day_of(int32_t year, uint32_t month, uint32_t day)
{
    int32_t shifted = month <= 2 ? year - 1 : year;
    int32_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    int32_t year_of_era = shifted - era * 400;
    int32_t month_of_year = (int32_t)(month > 2 ? month - 3 : month + 9);
    int32_t day_of_year = (153 * month_of_year + 2) / 5 + (int32_t)day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

void sea_day_date(int32_t day, int32_t *ret_year, uint32_t *ret_month, uint32_t *ret_day)
{
    int32_t shifted = day + 719468;
    int32_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int32_t day_of_era = shifted - era * 146097;
    int32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t month_of_year = (5 * day_of_year + 2) / 153;
    *ret_day = (uint32_t)(day_of_year - (153 * month_of_year + 2) / 5 + 1);
    *ret_month = (uint32_t)(month_of_year < 10 ? month_of_year + 3 : month_of_year - 9);
    *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

uint32_t sea_day_weekday(int32_t day)
{
    return (uint32_t)(((day % 7) + 10) % 7); /* 1970-01-01 was a Thursday */
}
