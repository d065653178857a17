/* ingest_rejects.h: what was refused of each source, for the source to look at: the last 1,000 of
 * the last 14 days as a stream in Redis, sealed. Best effort, as everything in Redis: events of
 * topics stand in the dead letters besides, those of HTTP were answered. */
#ifndef INGEST_REJECTS_H
#define INGEST_REJECTS_H

#include "ingest_item.h"
#include "sea_channels.h"
#include "sea_days.h"
#include "sea_redis.h"

struct ingest_rejects;

struct ingest_rejects_options {
    struct event_base *base;
    const char *url, *password; /* Redis */
    struct sea_days *days;
};

SEA_MUST_CHECK enum sea_err ingest_rejects_open(struct ingest_rejects **ret,
                                                const struct ingest_rejects_options *options);
void ingest_rejects_close(struct ingest_rejects **rejects);

/* Where it was refused; topic NULL: over HTTP. */
struct ingest_refusal {
    struct sea_uuid id; /* the same when it is refused again */
    const struct ingest_problem *problem;
    int64_t at_ms;
    const char *topic;
    int32_t partition;
    int64_t offset;
};

void ingest_rejects_keep(struct ingest_rejects *rejects, const struct sea_source *source,
                         const struct ingest_refusal *refusal);

enum { INGEST_REJECTS_PAGE_MAX = 100, INGEST_CURSOR_TEXT = 42 };

/* One refused event: its place in the stream, and what is said of it as JSON. */
struct ingest_reject {
    const char *cursor;
    struct sea_str json;
};
/* OK, with the items, oldest first, and the cursor after which there are more (NULL: there are
 * none); RETRY: Redis or the key store is away. */
typedef void ingest_rejects_fn(void *ctx, enum sea_err err, const struct ingest_reject *list,
                               size_t count, const char *next);

/* Up to `limit` that came after `after` ("": from the first). `fn` follows once, maybe at once. */
void ingest_rejects_read(struct ingest_rejects *rejects, const char *source, struct sea_str after,
                         uint32_t limit, ingest_rejects_fn *fn, void *ctx);
/* Whether a text is a cursor. */
bool ingest_rejects_is_cursor(struct sea_str text);

/* For ingest_courier.c. */
struct sea_redis *ingest_rejects_redis(struct ingest_rejects *rejects);
/* One entry of a reply of XRANGE. OK: *ret_json is appended; REJECT: unreadable for ever. */
SEA_MUST_CHECK enum sea_err ingest_rejects_unseal(struct ingest_rejects *rejects,
                                                  const redisReply *entry,
                                                  struct sea_buf *ret_json);

#endif
