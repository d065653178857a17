/* ingest_parts.h: messages that come in parts (long SMS): what is there of each, until it is whole
 * or its time is over. In memory only: a part is acknowledged once the message with it is on the
 * log (docs/decisions/0013). Pure: the clock is an argument. */
#ifndef INGEST_PARTS_H
#define INGEST_PARTS_H

#include "ingest_item.h"
#include "sea_channels.h"

enum {
    INGEST_PARTS_MAX = 20, /* of a message */
    INGEST_PART_BYTES_MAX = 4096,
    INGEST_PART_ID_MAX = 500, /* an incomplete message's id is longer than its part's */
    INGEST_PARTS_MESSAGES_MAX = 1000,
    INGEST_PARTS_BYTES_MAX = 8 * 1024 * 1024, /* of all of them */
};

struct ingest_parts;

void ingest_parts_open(struct ingest_parts **ret, int64_t wait_ms);
void ingest_parts_close(struct ingest_parts **parts);

/* The message that `item` is a part of, by its account, contact and reference. */
struct sea_uuid ingest_parts_id(const struct ingest_item *item);

enum ingest_parts_state {
    INGEST_PARTS_WAIT,  /* for the others */
    INGEST_PARTS_WHOLE, /* all are there */
    INGEST_PARTS_OVER,  /* some didn't come in time: what is there goes on */
    INGEST_PARTS_FULL,  /* no room: the part wasn't kept */
};
/* Keeps a part; one that comes again changes nothing. `source` and `body` are those of its request,
 * for who passes on what is over. */
enum ingest_parts_state ingest_parts_add(struct ingest_parts *parts, const struct ingest_item *item,
                                         struct sea_str source, struct sea_str body,
                                         int64_t now_ms);
/* Makes `item` all that is there of its message: text, ids, is_incomplete. The same parts give the
 * same ids in whatever order they came. False: the arena is full. */
SEA_MUST_CHECK bool ingest_parts_join(const struct ingest_parts *parts, struct sea_arena *arena,
                                      const struct sea_account *account, struct ingest_item *item);
/* What is there of it is on the log now. */
void ingest_parts_passed(struct ingest_parts *parts, struct sea_uuid id);

/* A message whose time is over, and which nobody passed on: source and body of one of its parts.
 * False: none. What was passed on is forgotten as long after that again. */
struct ingest_parts_left {
    struct sea_uuid id;
    struct sea_str source, body;
};
bool ingest_parts_over(struct ingest_parts *parts, int64_t now_ms, struct ingest_parts_left *ret);

#endif
