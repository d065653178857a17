/* sea_calendar.c: walks the open stretches of time in which neither the day nor the zone's offset
 * changes. */
#include "sea_calendar.h"

#include <string.h>

static const int64_t MINUTE_MS = INT64_C(60) * 1000;
static const int64_t DAY_MS = INT64_C(24) * 3600 * 1000;

struct piece {
    int64_t from_ms, to_ms;
};

static bool merge_span(struct sea_calendar *calendar, uint16_t from_min, uint16_t to_min)
{
    struct sea_week_span *spans = calendar->spans;
    uint32_t at = 0, last;
    while (at < calendar->span_count && spans[at].to_min < from_min) at++;
    for (last = at; last < calendar->span_count && spans[last].from_min <= to_min; last++) {
        if (spans[last].from_min / SEA_DAY_MIN != from_min / SEA_DAY_MIN) break;
        if (spans[last].from_min < from_min) from_min = spans[last].from_min;
        if (spans[last].to_min > to_min) to_min = spans[last].to_min;
    }
    if (last == at && calendar->span_count == SEA_WEEK_SPANS_MAX) return false;
    memmove(&spans[at + 1], &spans[last], (calendar->span_count - last) * sizeof spans[0]);
    spans[at] = (struct sea_week_span){from_min, to_min};
    calendar->span_count = calendar->span_count - (last - at) + 1;
    return true;
}

bool sea_calendar_add(struct sea_calendar *calendar, uint32_t days, uint16_t from_min,
                      uint16_t to_min)
{
    sea_assert(from_min <= SEA_DAY_MIN && to_min <= SEA_DAY_MIN);
    for (uint32_t day = 0; day < 7; day++) {
        if (!(days & 1u << day)) continue;
        uint32_t base = day * SEA_DAY_MIN, next = (day + 1) % 7 * SEA_DAY_MIN;
        uint32_t end = to_min > from_min ? base + to_min : base + SEA_DAY_MIN;
        if (base + from_min < end &&
            !merge_span(calendar, (uint16_t)(base + from_min), (uint16_t)end))
            return false;
        if (to_min <= from_min && to_min > 0 &&
            !merge_span(calendar, (uint16_t)next, (uint16_t)(next + to_min)))
            return false;
    }
    return true;
}

static bool is_closed_day(const struct sea_calendar *calendar, int64_t day)
{
    for (uint32_t i = 0; i < calendar->closed_count; i++)
        if (calendar->closed_days[i] == day) return true;
    return false;
}

static int64_t day_of(int64_t local_ms)
{
    return local_ms >= 0 ? local_ms / DAY_MS : -((-local_ms + DAY_MS - 1) / DAY_MS);
}

/* The open time of one weekday at or after `local_ms` of that day; false: none. */
static bool piece_of_day(const struct sea_calendar *calendar, int64_t day, int64_t local_ms,
                         struct piece *ret)
{
    if (is_closed_day(calendar, day)) return false;
    uint32_t base_min = sea_day_weekday((int32_t)day) * SEA_DAY_MIN;
    for (uint32_t i = 0; i < calendar->span_count; i++) {
        const struct sea_week_span *span = &calendar->spans[i];
        if (span->from_min < base_min || span->from_min >= base_min + SEA_DAY_MIN) continue;
        int64_t from_ms = day * DAY_MS + (span->from_min - base_min) * MINUTE_MS;
        int64_t to_ms = day * DAY_MS + (span->to_min - base_min) * MINUTE_MS;
        if (to_ms <= local_ms) continue;
        *ret = (struct piece){from_ms > local_ms ? from_ms : local_ms, to_ms};
        return true;
    }
    return false;
}

/* The first open time at or after at_ms and before limit_ms, cut where the local day or the offset
 * ends. */
static bool next_piece(const struct sea_calendar *calendar, const struct sea_zone *zone,
                       int64_t at_ms, int64_t limit_ms, struct piece *ret)
{
    while (at_ms < limit_ms) {
        struct sea_zone_span span = sea_zone_span(zone, at_ms);
        int64_t offset_ms = (int64_t)span.offset_s * 1000;
        int64_t day = day_of(at_ms + offset_ms);
        int64_t end_ms = (day + 1) * DAY_MS - offset_ms;
        if (span.to_ms < end_ms) end_ms = span.to_ms;
        struct piece piece;
        if (piece_of_day(calendar, day, at_ms + offset_ms, &piece)) {
            int64_t from_ms = piece.from_ms - offset_ms, to_ms = piece.to_ms - offset_ms;
            if (to_ms > end_ms) to_ms = end_ms;
            if (from_ms < to_ms && from_ms < limit_ms) {
                *ret = (struct piece){from_ms, to_ms < limit_ms ? to_ms : limit_ms};
                return true;
            }
        }
        at_ms = end_ms;
    }
    return false;
}

static int64_t horizon(int64_t from_ms)
{
    return from_ms + SEA_CALENDAR_HORIZON_DAYS * DAY_MS;
}

bool sea_calendar_is_open(const struct sea_calendar *calendar, const struct sea_zone *zone,
                          int64_t at_ms)
{
    struct piece piece;
    return next_piece(calendar, zone, at_ms, at_ms + 1, &piece);
}

bool sea_calendar_next_open(const struct sea_calendar *calendar, const struct sea_zone *zone,
                            int64_t at_ms, int64_t *ret_ms)
{
    return sea_calendar_deadline(calendar, zone, at_ms, 0, ret_ms);
}

bool sea_calendar_deadline(const struct sea_calendar *calendar, const struct sea_zone *zone,
                           int64_t from_ms, int64_t budget_ms, int64_t *ret_ms)
{
    sea_assert(budget_ms >= 0);
    struct piece piece;
    int64_t at_ms = from_ms, limit_ms = horizon(from_ms);
    while (next_piece(calendar, zone, at_ms, limit_ms, &piece)) {
        if (budget_ms <= piece.to_ms - piece.from_ms) {
            *ret_ms = piece.from_ms + budget_ms;
            return true;
        }
        budget_ms -= piece.to_ms - piece.from_ms;
        at_ms = piece.to_ms;
    }
    return false;
}

int64_t sea_calendar_open_ms(const struct sea_calendar *calendar, const struct sea_zone *zone,
                             int64_t from_ms, int64_t to_ms)
{
    struct piece piece;
    int64_t sum_ms = 0, limit_ms = to_ms < horizon(from_ms) ? to_ms : horizon(from_ms);
    for (int64_t at_ms = from_ms; next_piece(calendar, zone, at_ms, limit_ms, &piece);
         at_ms = piece.to_ms)
        sum_ms += piece.to_ms - piece.from_ms;
    return sum_ms;
}

/* The first instant at or after at_ms that is open now and through the margin. */
static bool next_lasting(const struct sea_calendar *calendar, const struct sea_zone *zone,
                         int64_t at_ms, int64_t limit_ms, int64_t *ret_ms)
{
    struct piece piece, more;
    while (next_piece(calendar, zone, at_ms, limit_ms, &piece)) {
        int64_t open_ms = piece.from_ms;
        while (piece.to_ms - open_ms < SEA_CONTACT_MARGIN_MS &&
               next_piece(calendar, zone, piece.to_ms, limit_ms, &more) &&
               more.from_ms == piece.to_ms)
            piece.to_ms = more.to_ms;
        if (piece.to_ms - open_ms >= SEA_CONTACT_MARGIN_MS) {
            *ret_ms = open_ms;
            return true;
        }
        at_ms = piece.to_ms;
    }
    return false;
}

bool sea_calendar_next_contact(const struct sea_calendar *calendar,
                               const struct sea_zone *const *zones, uint32_t zone_count,
                               int64_t at_ms, int64_t *ret_ms)
{
    int64_t limit_ms = horizon(at_ms), common_ms = at_ms;
    sea_assert(zone_count > 0);
    /* Each zone moves the instant forward until all agree; every round but the last makes it later.
     */
    for (uint32_t agreed = 0, i = 0; agreed < zone_count; i = (i + 1) % zone_count) {
        int64_t open_ms = 0;
        if (!next_lasting(calendar, zones[i], common_ms, limit_ms, &open_ms)) return false;
        agreed = open_ms == common_ms ? agreed + 1 : 1;
        common_ms = open_ms;
    }
    *ret_ms = common_ms;
    return true;
}
