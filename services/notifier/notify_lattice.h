/* notify_lattice.h: where a delivery stands and what may come after; whatever order words arrive
 * in, a state only rises, and a provider accepts a delivery at most once. Pure. */
#ifndef NOTIFY_LATTICE_H
#define NOTIFY_LATTICE_H

#include "sea_base.h"

/* Kept in the table; never renumber. */
enum notify_state {
    NOTIFY_WAITING = 1,   /* for its turn: an order, a budget, another try */
    NOTIFY_HELD = 2,      /* for a time */
    NOTIFY_SENDING = 3,   /* the request may have been written */
    NOTIFY_UNCERTAIN = 4, /* it may have been accepted, nobody told us */
    NOTIFY_ACCEPTED = 5,
    NOTIFY_DELIVERED = 6,
    NOTIFY_READ = 7,
    NOTIFY_FAILED = 8,    /* the provider refused it, or gave up */
    NOTIFY_DROPPED = 9,   /* by us, for good */
    NOTIFY_RETURNED = 10, /* to router, for other words */
};

/* Waiting, held or sending: something is still to be done. */
bool notify_state_is_open(enum notify_state state);

/* The state after the provider said `said` (WAITING: a clear "not now") by its answer or a receipt.
 * The same state when that is no news: said before, overtaken, or against what is settled. */
enum notify_state notify_lattice_join(enum notify_state now, enum notify_state said);

/* Whether going from one to the other passes acceptance, which then is to be told by itself. */
bool notify_lattice_is_acceptance(enum notify_state from, enum notify_state to);

#endif
