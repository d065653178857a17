/* purge_core.h: what is done next for a request to forget somebody. Pure. */
#ifndef PURGE_CORE_H
#define PURGE_CORE_H

#include "sea_base.h"

/* As in the table request (deploy/sql/0060). */
enum purge_state {
    PURGE_RECEIVED = 1, /* router is asked for the customer's contacts */
    PURGE_VERIFIED,     /* contacts are known; the time of grace runs */
    PURGE_MARKED,       /* contacts are marked as erased, their keys are to be destroyed */
    PURGE_RUNNING,      /* keys are destroyed, the services delete their rows */
    PURGE_DONE,
    PURGE_HELD, /* a legal hold forbids it; it goes on when that is released */
};

enum purge_step {
    PURGE_WAIT,
    PURGE_HOLD,    /* VERIFIED to HELD */
    PURGE_GO_ON,   /* HELD to VERIFIED */
    PURGE_MARK,    /* VERIFIED to MARKED, in one transaction that holds the contacts' locks */
    PURGE_DESTROY, /* the keys, then MARKED to RUNNING with the order to the services */
    PURGE_FINISH,  /* to DONE with the certificate, once nothing is left */
};

/* A request as far as the decision needs it. */
struct purge_request {
    enum purge_state state;
    size_t contact_count;
    bool is_held;     /* a legal hold is open */
    bool is_answered; /* by all of purge_services */
    int64_t verified_at_ms;
    int64_t destroyed_at_ms; /* real clock; 0: not yet */
};

struct purge_rules {
    int64_t grace_ms; /* between knowing the contacts and destroying their keys */
    int64_t wait_ms;  /* after the destruction some cache may still hold a key */
};

/* `now_ms` is the deciding clock, `real_ms` the real one: caches don't live by the shifted one. */
enum purge_step purge_next(const struct purge_request *request, const struct purge_rules *rules,
                           int64_t now_ms, int64_t real_ms);

/* The services that keep something of contacts and must answer, ascending. */
extern const char *const purge_services[];
extern const size_t purge_services_count;
bool purge_is_service(struct sea_str name);

/* A store's or state's name in an answer: 1 … 64 of a-z 0-9 _ . : * - ; anything else is refused.
 */
bool purge_is_name(struct sea_str name);

enum { PURGE_DAY_MS = 86400000, PURGE_INTAKE_DAYS = 8, PURGE_DEAD_DAYS = 15 };
/* Keys of days before the returned one (since 1970-01-01) seal nothing that is still kept, when
 * what they seal is kept `days` full days, of which one is margin. */
int32_t purge_days_before(int64_t real_ms, int32_t days);

/* How far one partition was read, and what it holds. */
struct purge_progress {
    int64_t position;  /* next offset that the reader takes */
    int64_t low, high; /* of the log */
    int64_t day_ends;  /* offset of the first record after the day; -1: there is none */
};
/* No record of that day or before is still to be read. */
bool purge_has_passed(const struct purge_progress *progress);

#endif
