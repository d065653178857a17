/* fuzz_zone.c: any bytes as a TZif file: what is taken is an ascending table in which every instant
 * goes to local time and back. */
#include <stdint.h>

#include "sea_zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct sea_zone *zone, int64_t at_ms)
{
    struct sea_zone_span span = sea_zone_span(zone, at_ms);
    int64_t local_ms = sea_zone_local_ms(zone, at_ms), back_ms = 0;
    sea_assert(span.from_ms <= at_ms && at_ms < span.to_ms);
    sea_assert(sea_zone_utc_ms(zone, local_ms, &back_ms) != SEA_LOCAL_NEVER);
    sea_assert(back_ms <= at_ms && sea_zone_local_ms(zone, back_ms) == local_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sea_zone_step steps[SEA_ZONE_STEPS_MAX];
    struct sea_zone zone;
    if (!sea_zone_parse((struct sea_str){(const char *)data, size}, steps, &zone)) return 0;
    sea_assert(zone.step_count <= SEA_ZONE_STEPS_MAX);
    int32_t offset_s = zone.first_offset_s;
    for (uint32_t i = 0; i < zone.step_count; i++) {
        sea_assert(i == 0 || zone.steps[i - 1].at_s < zone.steps[i].at_s);
        sea_assert(zone.steps[i].offset_s != offset_s);
        sea_assert(zone.steps[i].offset_s > -86400 && zone.steps[i].offset_s < 86400);
        offset_s = zone.steps[i].offset_s;
        check_round_trip(&zone, zone.steps[i].at_s * 1000);
        check_round_trip(&zone, zone.steps[i].at_s * 1000 - 1);
    }
    return 0;
}
