/* sla_watch.h: when a clock that is due may fire. Pure.
 *
 * Its proof may be in the log and not read yet. So a number's clocks fire once its input has been
 * read up to where it ended after they were due; at the latest SLA_GRACE_MS later, and that is
 * told. `wall` is this machine's clock, `now` the deciding one, which may be shifted. */
#ifndef SLA_WATCH_H
#define SLA_WATCH_H

#include "sea_base.h"

enum {
    SLA_TICK_MS = 200,
    SLA_GRACE_MS = 2000 - 2 * SLA_TICK_MS, /* 2 s after due, with the ticks until it is seen */
    SLA_JUMP_MS = 1000, /* the deciding clock was shifted by more than this: a jump */
};

struct sla_watch {
    int64_t since_ms;     /* wall: before that nobody watched; 0: not watched yet */
    int64_t asked_now_ms; /* 0: nothing is asked */
    int64_t asked_wall_ms;
};

/* A watcher of a number that begins, or whose clock was shifted. */
void sla_watch_start(struct sla_watch *watch, int64_t wall_ms);

/* The wall time that the input must have been read to before what is due now may fire; 0: nothing
 * is due. `next_ms`: the first moment of the number's clocks, 0: none. */
int64_t sla_watch_ask(struct sla_watch *watch, int64_t next_ms, int64_t now_ms, int64_t wall_ms);

/* With the answer: true when clocks fire, those up to *ret_upto_ms; those after *ret_sure_ms are
 * decided late. */
bool sla_watch_answer(struct sla_watch *watch, bool is_reached, int64_t next_ms, int64_t now_ms,
                      int64_t wall_ms, int64_t *ret_upto_ms, int64_t *ret_sure_ms);

#endif
