/* sea_calendar.h: when a desk is open or a person may be contacted, in real zones. Pure.
 *
 * Whether an instant is open depends on its local time alone, so that an hour which a change of
 * clocks repeats counts twice and one which it skips doesn't count. Windows are half-open: [09:00,
 * 18:00) is closed at 18:00. */
#ifndef SEA_CALENDAR_H
#define SEA_CALENDAR_H

#include "sea_base.h"
#include "sea_zone.h"

enum {
    SEA_DAY_MIN = 24 * 60,
    SEA_WEEK_MIN = 7 * SEA_DAY_MIN,
    SEA_WEEK_SPANS_MAX = 42,
    SEA_CALENDAR_HORIZON_DAYS = 400, /* nothing is looked for further away */
    SEA_CONTACT_MARGIN_MS = 60 * 1000,
};

struct sea_week_span {
    uint16_t from_min, to_min; /* local minutes since Monday 00:00; inside one day */
};

struct sea_calendar {
    struct sea_week_span spans[SEA_WEEK_SPANS_MAX]; /* ascending, apart */
    uint32_t span_count;
    const int32_t *closed_days; /* local days since 1970-01-01 that are closed whole; ascending */
    uint32_t closed_count;
};

/* Adds [from_min, to_min) of each weekday in the bit set `days` (bit 0: Monday); to_min <= from_min
 * runs into the next day. Overlaps are merged. False: no room. */
SEA_MUST_CHECK bool sea_calendar_add(struct sea_calendar *calendar, uint32_t days,
                                     uint16_t from_min, uint16_t to_min);

bool sea_calendar_is_open(const struct sea_calendar *calendar, const struct sea_zone *zone,
                          int64_t at_ms);

/* The first open instant at or after at_ms. False: none within the horizon. */
SEA_MUST_CHECK bool sea_calendar_next_open(const struct sea_calendar *calendar,
                                           const struct sea_zone *zone, int64_t at_ms,
                                           int64_t *ret_ms);

/* The instant at which budget_ms of open time have passed since from_ms; it may be the very end of
 * a window. No budget: the next open instant. False: not that much open time within the horizon. */
SEA_MUST_CHECK bool sea_calendar_deadline(const struct sea_calendar *calendar,
                                          const struct sea_zone *zone, int64_t from_ms,
                                          int64_t budget_ms, int64_t *ret_ms);

/* Open time in [from_ms, to_ms), at most the horizon's. */
int64_t sea_calendar_open_ms(const struct sea_calendar *calendar, const struct sea_zone *zone,
                             int64_t from_ms, int64_t to_ms);

/* The first instant at or after at_ms at which a message may be sent: open in all `zones` (where it
 * isn't sure in which of them a person lives) and still open SEA_CONTACT_MARGIN_MS later. False:
 * none within the horizon. */
SEA_MUST_CHECK bool sea_calendar_next_contact(const struct sea_calendar *calendar,
                                              const struct sea_zone *const *zones,
                                              uint32_t zone_count, int64_t at_ms, int64_t *ret_ms);

#endif
