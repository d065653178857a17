/* ingest_recall.h: the memory of duplicates that all instances share, in Redis: sd:idem:ID, with
 * the check as its value, for as long as INGEST_REMEMBER says. Best effort: Redis away or slow
 * means "not known". */
#ifndef INGEST_RECALL_H
#define INGEST_RECALL_H

#include "sea_redis.h"

struct event_base;
struct ingest_recall;

enum { INGEST_RECALL_IDS_MAX = 1000 }; /* of one question */

struct ingest_recall_options {
    struct event_base *base;
    const char *url, *password;
    int64_t remember_ms; /* 0: Redis isn't used at all */
};

/* Ids to look up; the owner keeps it until `answered` is called, which ingest_recall_ask never does
 * itself. */
struct ingest_question {
    struct ingest_question *next;
    const struct sea_uuid *ids;
    size_t count; /* at most INGEST_RECALL_IDS_MAX */
    /* `reply` is the array of checks, from `first` on; NULL: nothing is known. */
    void (*answered)(struct ingest_question *question, const redisReply *reply, size_t first);
    void *ctx;
};

SEA_MUST_CHECK enum sea_err ingest_recall_open(struct ingest_recall **ret,
                                               const struct ingest_recall_options *options);
/* Answers what was asked. Closed (NULL), the calls below do nothing. */
void ingest_recall_close(struct ingest_recall **recall);

/* All questions of one turn of the loop travel together. False: it won't be answered, go on
 * without. */
bool ingest_recall_ask(struct ingest_recall *recall, struct ingest_question *question);
void ingest_recall_keep(struct ingest_recall *recall, struct sea_uuid id, uint32_t check);

/* The connection, for what else may be lost; NULL: closed, or Redis isn't used. */
struct sea_redis *ingest_recall_redis(const struct ingest_recall *recall);

/* Whether the n-th id of an answer was known, and its check. */
bool ingest_recall_knows(const redisReply *reply, size_t n, uint32_t *ret_check);

#endif
