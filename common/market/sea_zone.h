/* sea_zone.h: local time of a zone as a table of offsets. Pure: the table comes from a TZif file
 * (RFC 8536) that somebody else has read. Instants are Unix time; a local time is counted as if the
 * zone were UTC. */
#ifndef SEA_ZONE_H
#define SEA_ZONE_H

#include "sea_base.h"

enum {
    SEA_ZONE_YEAR_MIN =
        1970, /* the table covers these years; outside them the nearest offset holds */
    SEA_ZONE_YEAR_MAX = 2100,
    SEA_ZONE_STEPS_MAX = 512,
};

struct sea_zone_step {
    int64_t at_s;     /* from this instant … */
    int32_t offset_s; /* … local time is UTC plus this */
};

struct sea_zone {
    const char *name; /* America/Sao_Paulo */
    int32_t first_offset_s;
    const struct sea_zone_step *steps; /* ascending; neighbours differ in offset */
    uint32_t step_count;
};

/* A stretch of time in which the offset stays the same: [from_ms, to_ms). */
struct sea_zone_span {
    int64_t from_ms, to_ms;
    int32_t offset_s;
};

/* Expands a TZif file of version 2 or later with its footer (the POSIX rule for later years) into
 * `steps`, which *ret then borrows; the name is left to the caller. False: malformed, version 1, or
 * too many steps. */
SEA_MUST_CHECK bool sea_zone_parse(struct sea_str tzif,
                                   struct sea_zone_step steps[SEA_ZONE_STEPS_MAX],
                                   struct sea_zone *ret);

struct sea_zone_span sea_zone_span(const struct sea_zone *zone, int64_t at_ms);
int64_t sea_zone_local_ms(const struct sea_zone *zone, int64_t at_ms);

/* What a local time is on the day of a change. */
enum sea_zone_local {
    SEA_LOCAL_ONCE,
    SEA_LOCAL_TWICE, /* clocks went back: *ret_ms is the first of the two instants */
    SEA_LOCAL_NEVER, /* clocks went forward over it: *ret_ms is the instant of the change */
};
enum sea_zone_local sea_zone_utc_ms(const struct sea_zone *zone, int64_t local_ms, int64_t *ret_ms);

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back. */
int32_t sea_day_of(int32_t year, uint32_t month, uint32_t day);
void sea_day_date(int32_t day, int32_t *ret_year, uint32_t *ret_month, uint32_t *ret_day);
uint32_t sea_day_weekday(int32_t day); /* 0 is Monday */

#endif
