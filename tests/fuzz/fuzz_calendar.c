/* fuzz_calendar.c: any week in any zone: deadlines take exactly their budget of open time, in
 * order, and what is said to be the next open instant is open and has nothing open before it. */
#include <stdint.h>
#include <string.h>

#include "sea_calendar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t START_S = 1767225600; /* 2026-01-01 */

struct input {
    const uint8_t *data;
    size_t size;
};

static uint32_t take(struct input *input, uint32_t below)
{
    uint32_t number = 0;
    for (int i = 0; i < 3 && input->size > 0; i++, input->size--)
        number = number << 8 | *input->data++;
    return number % below;
}

static struct sea_zone take_zone(struct input *input, struct sea_zone_step steps[8])
{
    struct sea_zone zone = {.steps = steps,
                            .first_offset_s = 900 * (int32_t)take(input, 96) - 43200};
    int64_t at_s = START_S;
    uint32_t count = take(input, 8);
    for (; zone.step_count < count; zone.step_count++) {
        at_s += 3600 + 60 * (int64_t)take(input, 100000);
        steps[zone.step_count] =
            (struct sea_zone_step){at_s, 900 * (int32_t)take(input, 96) - 43200};
    }
    return zone;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int32_t CLOSED[] = {20460, 20461, 20500};
    struct input input = {data, size};
    struct sea_zone_step steps[8];
    struct sea_zone zone = take_zone(&input, steps);
    struct sea_calendar calendar = {.closed_days = CLOSED, .closed_count = take(&input, 4)};
    for (uint32_t n = take(&input, 5); n > 0; n--) {
        uint32_t days = take(&input, 128);
        uint16_t from_min = (uint16_t)take(&input, 1440), to_min = (uint16_t)take(&input, 1441);
        if (!sea_calendar_add(&calendar, days, from_min, to_min)) return 0;
    }
    int64_t from_ms = START_S * 1000 + 1000 * (int64_t)take(&input, 10000000);
    int64_t budget_ms = 1000 * (int64_t)take(&input, 400000), due_ms = 0, later_ms = 0, open_ms = 0;

    bool has_open = sea_calendar_next_open(&calendar, &zone, from_ms, &open_ms);
    if (has_open) {
        sea_assert(open_ms >= from_ms && sea_calendar_is_open(&calendar, &zone, open_ms));
        sea_assert(sea_calendar_open_ms(&calendar, &zone, from_ms, open_ms) == 0);
    }
    if (!sea_calendar_deadline(&calendar, &zone, from_ms, budget_ms, &due_ms)) return 0;
    sea_assert(has_open && due_ms >= open_ms && due_ms - from_ms >= budget_ms);
    sea_assert(sea_calendar_open_ms(&calendar, &zone, from_ms, due_ms) == budget_ms);
    if (sea_calendar_deadline(&calendar, &zone, from_ms, budget_ms + 1000, &later_ms))
        sea_assert(later_ms >= due_ms + 1000);

    const struct sea_zone *zones[] = {&zone};
    if (sea_calendar_next_contact(&calendar, zones, 1, from_ms, &open_ms)) {
        sea_assert(sea_calendar_is_open(&calendar, &zone, open_ms));
        sea_assert(sea_calendar_open_ms(&calendar, &zone, open_ms,
                                        open_ms + SEA_CONTACT_MARGIN_MS) == SEA_CONTACT_MARGIN_MS);
    }
    return 0;
}
