/* seadesk_replay_rules.h: whether a record may still be taken, after others of its key were. Pure.
 */
#ifndef SEADESK_REPLAY_RULES_H
#define SEADESK_REPLAY_RULES_H

#include "sea_kafka.h"

enum { SEADESK_ATTEMPTS_MAX = 5 };

/* NULL: readers of the topic can order a late record themselves. Otherwise why not. */
const char *seadesk_replay_disorder(enum sea_topic topic);

/* What came from outside: its readers know each record by its id, so that ranges may be repeated.
 */
bool seadesk_replay_is_intake(enum sea_topic topic);

struct seadesk_replay_case {
    enum sea_topic topic;
    uint32_t attempts;   /* made before */
    bool is_later_taken; /* later records of the same key were applied */
    bool is_gone;        /* the topic no longer holds the record */
};
/* NULL: it may be replayed. Otherwise why it is refused. */
const char *seadesk_replay_refusal(const struct seadesk_replay_case *given);

#endif
