/* seadesk_replay_range.h: gives a service what came from outside between two offsets, as far as it
 * has not taken effect. */
#ifndef SEADESK_REPLAY_RANGE_H
#define SEADESK_REPLAY_RANGE_H

#include "seadesk_db.h"

enum { SEADESK_REPLAY_TEXT = 256 };

struct seadesk_replay_range {
    struct seadesk *seadesk;
    const struct seadesk_schema *schema;
    enum sea_topic topic;
    int32_t partition;
    int64_t from, to; /* offsets, `to` not in it */
    bool is_dry;      /* counts only */
};

/* DONE or FAILED with what to tell in `ret`; AWAY, told on standard error, when Kafka or PostgreSQL
 * doesn't answer. What was given before a failure stays given: the same call goes on. */
SEA_MUST_CHECK int seadesk_replay_range(const struct seadesk_replay_range *range,
                                        char ret[SEADESK_REPLAY_TEXT]);

#endif
