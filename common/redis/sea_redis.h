/* sea_redis.h: one asynchronous connection to Redis on the event loop: it comes back by itself,
 * every command has a time-out, what is in flight is bounded. One thread.
 *
 * Redis proposes, PostgreSQL decides: nothing that is put here may be needed for correctness.
 * SIGPIPE must be ignored. */
#ifndef SEA_REDIS_H
#define SEA_REDIS_H

#include <hiredis/hiredis.h>

#include "sea_base.h"

struct event_base;
struct sea_redis;

struct sea_redis_options {
    struct event_base *base;
    const char *url;      /* SEADESK_REDIS: redis://[user[:password]@]host[:port][/database] */
    const char *password; /* SEADESK_REDIS_PASSWORD; NULL or "": as the url says */
    int timeout_ms;       /* of a command and of connecting; 0: 1000 */
    size_t in_flight_max; /* commands without an answer; 0: 1000 */
    /* Ready for commands, or no more. After a loss Redis may be empty: rebuild. May be NULL. */
    void (*on_change)(void *ctx, bool is_up);
    /* Not NULL: a connection that listens to this channel (redis.io, "Pub/Sub") and sends nothing.
     * What is published while it is away is lost. */
    const char *channel;
    void (*on_message)(void *ctx, struct sea_str text);
    void *ctx;
};

/* Starts to connect. FATAL: the url is malformed. A host name is looked up without asynchrony: use
 * addresses, or names that /etc/hosts knows. */
SEA_MUST_CHECK enum sea_err sea_redis_open(struct sea_redis **ret,
                                           const struct sea_redis_options *options);
/* Calls every outstanding answer with RETRY first. Not from within an answer. */
void sea_redis_close(struct sea_redis **redis);

bool sea_redis_is_up(const struct sea_redis *redis);
const char *sea_redis_cause(const struct sea_redis *redis); /* why it is not up, for /readyz */

/* An answer. OK: `reply` is it, and lives until the call returns. RETRY: none came, and whether the
 * command took effect is unknown; or Redis is loading, full, a replica. REJECT: the command was
 * wrong. FATAL: not permitted. When it isn't OK `reply` is NULL; the cause was logged. */
typedef void sea_redis_answer(void *arg, enum sea_err err, const redisReply *reply);

/* Sends a command of `count` words. OK: `fn` (may be NULL) will be called exactly once, later.
 * RETRY: Redis is away or too much is in flight; `fn` will not be called. Not of one that listens.
 */
SEA_MUST_CHECK enum sea_err sea_redis_send(struct sea_redis *redis, const struct sea_str *words,
                                           size_t count, sea_redis_answer *fn, void *arg);

/* A Lua script: a static object of the file that uses it, of one connection. It is loaded before
 * its first use on each connection, and again after Redis forgot it (then that one call is answered
 * RETRY). */
struct sea_redis_script {
    const char *name; /* for logs */
    const char *source;
    char sha[41];
    uint64_t loaded; /* on which connection */
};

enum { SEA_REDIS_WORDS_MOST = 1024 };

/* Runs the script with `keys_count` keys, the first of `words`, the others are its arguments. As
 * sea_redis_send. */
SEA_MUST_CHECK enum sea_err sea_redis_run(struct sea_redis *redis, struct sea_redis_script *script,
                                          const struct sea_str *words, size_t keys_count,
                                          size_t count, sea_redis_answer *fn, void *arg);

/* The caller's reaction to an error reply's text (redis.io, "RESP errors"). */
enum sea_err sea_redis_err(struct sea_str text);

/* Parts of replies; anything that isn't there or of another type counts as absent. */
struct sea_str sea_redis_str(const redisReply *reply); /* text; empty for others */
int64_t sea_redis_i64(const redisReply *reply); /* an integer, or a text that is one; else 0 */
bool sea_redis_is_nil(const redisReply *reply);
size_t sea_redis_count(const redisReply *reply);                   /* of an array; else 0 */
const redisReply *sea_redis_at(const redisReply *reply, size_t n); /* NULL beyond the end */

#endif
