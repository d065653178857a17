/* desk_publish.h: records of the desk's own making, straight to the log (acks=all, no sd-src: their
 * readers know duplicates by ce_id), and waiting for what router says of a command. */
#ifndef DESK_PUBLISH_H
#define DESK_PUBLISH_H

#include "desk_call.h"
#include "desk_heard.h"
#include "sea_kafka.h"

struct desk_publisher;

enum {
    DESK_WAITING_MAX = 1024,
    DESK_COMMAND_WAIT_MS = 500,
    DESK_ACK_TIMEOUT_MS = 5000,
    DESK_HASH_BYTES = 32
};

SEA_MUST_CHECK enum sea_err desk_publisher_open(struct desk_publisher **ret, struct desk *desk);
/* Everything still unanswered is answered 503. */
void desk_publisher_close(struct desk_publisher **publisher);
bool desk_publisher_is_up(struct desk_publisher *publisher); /* asks the broker when it must */

/* Ids and trace of what a call publishes: the root of its story. `id` is derived from who asks and
 * their Idempotency-Key, and random without one. */
struct desk_cause {
    struct sea_uuid id;
    struct sea_headers headers; /* without id and type */
    char trace[SEA_TRACEPARENT_TEXT];
};
void desk_cause_of(const struct desk_call *call, const char *kind, struct desk_cause *ret);

/* Publishes `count` records and calls `done` once all are acknowledged, or with RETRY when one is
 * not, or at once when they can't be sent. */
typedef void desk_published(struct desk_call *call, enum sea_err err);
void desk_publish(struct desk_call *call, const struct sea_outgoing *records, size_t count,
                  desk_published *done);

/* What came of a command. */
struct desk_outcome {
    bool is_known; /* else: acknowledged, but router has not spoken within DESK_COMMAND_WAIT_MS */
    const char *reason; /* NULL: done */
};
typedef void desk_commanded(struct desk_call *call, enum sea_err err,
                            const struct desk_outcome *outcome);
/* Publishes a command and waits for its outcome. `body_hash`, DESK_HASH_BYTES that live as long as
 * the call, tells it from what is said of the same id with another body. */
void desk_publish_command(struct desk_call *call, const struct sea_outgoing *record,
                          const uint8_t *body_hash, desk_commanded *done);

/* Heard on the topic of tickets: the outcome of a command. */
void desk_publisher_hear(struct desk_publisher *publisher, const struct desk_heard *heard);

#endif
