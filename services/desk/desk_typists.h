/* desk_typists.h: whose typing is told to the agents: so many a second at most, each with the
 * ticket that it belongs to, which is looked up once in a while and not each time. Pure. */
#ifndef DESK_TYPISTS_H
#define DESK_TYPISTS_H

#include "sea_base.h"

enum {
    DESK_TYPISTS_PER_S = 50, /* each costs a write to every reader of the stream */
    DESK_TYPISTS_PLACES = 1024,
};

struct desk_typist {
    struct sea_key contact;
    struct sea_uuid ticket_id; /* nil: none is open */
    int64_t until_ms;
};

/* Zeroed at first. Some contacts share a place: these are looked up more often. */
struct desk_typists {
    struct desk_typist places[DESK_TYPISTS_PLACES];
    int64_t second;
    uint32_t told; /* in that second */
};

enum desk_typist_step {
    DESK_TYPIST_DROP, /* too many */
    DESK_TYPIST_PASS, /* no ticket is open, which was found out a moment ago */
    DESK_TYPIST_FIND, /* look the ticket up, and call desk_typists_learn */
    DESK_TYPIST_TELL, /* *ret_ticket is known */
};

/* What to do about a contact that types at `mono_ms`. */
enum desk_typist_step desk_typists_hear(struct desk_typists *typists, struct sea_key contact,
                                        int64_t mono_ms, struct sea_uuid *ret_ticket_id);
/* What was found; nil: no open ticket. */
void desk_typists_learn(struct desk_typists *typists, struct sea_key contact,
                        struct sea_uuid ticket_id, int64_t mono_ms);

#endif
