/* ingest_hold.h: intakes wait for company before their records go to the broker. A broker that
 * takes its time gets fewer, larger requests; one that is quick keeps nobody waiting. */
#ifndef INGEST_HOLD_H
#define INGEST_HOLD_H

#include "ingest_intake.h"

struct ingest_hold;

/* Let go together, the oldest first, as long after the first of them came as the broker has lately
 * taken to acknowledge, but no longer than `max_ms`; `let_go` is called for each, and may call
 * ingest_hold_add and ingest_hold_saw. */
void ingest_hold_open(struct ingest_hold **ret, struct event_base *base, int max_ms,
                      void (*let_go)(struct ingest_intake *intake));
/* Forgets those that are held. */
void ingest_hold_close(struct ingest_hold **hold);

/* Takes one to hold; when there is no reason to wait, it is let go before this returns. */
void ingest_hold_add(struct ingest_hold *hold, struct ingest_intake *intake);
/* What the broker took from letting go to the acknowledgement. */
void ingest_hold_saw(struct ingest_hold *hold, int64_t trip_us);
/* The oldest one, no longer held; NULL: none is. */
struct ingest_intake *ingest_hold_take(struct ingest_hold *hold);

#endif
