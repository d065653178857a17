/* sea_tail.h: reads whole topics from their end on, on the event loop, in no group and without
 * positions: for what is only worth knowing now. */
#ifndef SEA_TAIL_H
#define SEA_TAIL_H

#include "sea_kafka.h"

struct sea_tail;

struct sea_tail_options {
    const char *brokers, *client_id;
    struct event_base *base;
    const enum sea_topic *topics; /* all partitions of these; they needn't exist yet */
    size_t topics_count;
    /* In order per partition; `record` ends with the call. */
    void (*on_record)(void *ctx, const struct sea_record *record);
    /* Some records were given, and no more are there now, or enough for one turn of the loop. */
    void (*on_pause)(void *ctx);
    /* From here on nothing is missed, before it something may have been: every partition's end was
     * reached for the first time, or a log was cut. */
    void (*on_gap)(void *ctx);
    void *ctx;
};

/* Starts to read; waits for nothing. FATAL: the client cannot be made. */
SEA_MUST_CHECK enum sea_err sea_tail_open(struct sea_tail **ret,
                                          const struct sea_tail_options *options);
void sea_tail_close(struct sea_tail **tail);

/* Every partition's end was reached at least once. */
bool sea_tail_is_live(const struct sea_tail *tail);

#endif
