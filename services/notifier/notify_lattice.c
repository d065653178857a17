/* notify_lattice.c: ranks, and the two exceptions: a refusal counts only before delivery, "not now"
 * only while sending. */
#include "notify_lattice.h"

static int rank_of(enum notify_state state)
{
    switch (state) {
    case NOTIFY_WAITING:
    case NOTIFY_HELD:
        return 0;
    case NOTIFY_SENDING:
        return 1;
    case NOTIFY_UNCERTAIN:
        return 2;
    case NOTIFY_ACCEPTED:
        return 3;
    case NOTIFY_DELIVERED:
        return 4;
    case NOTIFY_READ:
        return 5;
    case NOTIFY_FAILED:
    case NOTIFY_DROPPED:
    case NOTIFY_RETURNED:
        return 6;
    }
    return 6;
}

bool notify_state_is_open(enum notify_state state)
{
    return rank_of(state) <= rank_of(NOTIFY_SENDING);
}

enum notify_state notify_lattice_join(enum notify_state now, enum notify_state said)
{
    if (said == NOTIFY_WAITING) return now == NOTIFY_SENDING ? said : now;
    if (said == NOTIFY_FAILED) return rank_of(now) <= rank_of(NOTIFY_ACCEPTED) ? said : now;
    if (said == NOTIFY_UNCERTAIN) return now == NOTIFY_SENDING ? said : now;
    sea_assert(said == NOTIFY_ACCEPTED || said == NOTIFY_DELIVERED || said == NOTIFY_READ);
    return rank_of(said) > rank_of(now) ? said : now;
}

bool notify_lattice_is_acceptance(enum notify_state from, enum notify_state to)
{
    bool was = rank_of(from) >= rank_of(NOTIFY_ACCEPTED);
    bool is = rank_of(to) >= rank_of(NOTIFY_ACCEPTED) && rank_of(to) <= rank_of(NOTIFY_READ);
    return is && !was;
}
