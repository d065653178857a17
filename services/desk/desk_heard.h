/* desk_heard.h: what a record of a topic means for the live stream. */
#ifndef DESK_HEARD_H
#define DESK_HEARD_H

#include "desk_event.h"
#include "sea_arena.h"
#include "sea_kafka.h"

enum { DESK_HEARD_EVENTS_MAX = 2 };

struct desk_heard {
    struct desk_event events[DESK_HEARD_EVENTS_MAX];
    size_t count;
    bool is_outcome; /* of a command */
    struct sea_uuid command_id;
    struct sea_str body_hash; /* of the body that is answered; empty: not said; in the arena */
    const char *reason;       /* NULL: it was done; in the arena */
};

/* Records of other types and malformed ones mean nothing. */
void desk_heard_of(const struct sea_record *record, struct sea_arena *arena,
                   struct desk_heard *ret);

#endif
