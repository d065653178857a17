/* sea_redis.c: hiredis on libevent, with time-outs, bounds and reconnecting of our own (hiredis
 * 0.14 has none). */
#include "sea_redis.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/adapters/libevent.h>
#include <hiredis/async.h>
#include <openssl/sha.h>

#include "sea_clock.h"
#include "sea_enc.h"
#include "sea_log.h"
#include "sea_metrics_common.h"
#include "sea_random.h"
#include "sea_redis_url.h"

enum {
    TIMEOUT_MS = 1000,
    IN_FLIGHT_MAX = 1000,
    RECONNECT_FIRST_MS = 50,
    RECONNECT_MOST_MS = 5000,
    CAUSE_BYTES = 160,
};

/* Greeting: connected, and authentication, database and a first PING are under way. */
enum state { STATE_WAITING, STATE_CONNECTING, STATE_GREETING, STATE_UP };

/* A command without an answer; they are answered in the order they were sent. */
struct flight {
    struct sea_redis *redis;
    struct flight *next;
    sea_redis_answer *fn;
    void *arg;
    struct sea_redis_script *script;
    int64_t sent_us;
};

struct sea_redis {
    struct sea_redis_url url;
    int timeout_ms;
    size_t in_flight_max, in_flight;
    struct flight *first, **last;
    void (*on_change)(void *ctx, bool is_up);
    const char *channel;
    void (*on_message)(void *ctx, struct sea_str text);
    void *ctx;
    struct event_base *base;
    struct event *timer; /* of the next attempt, of connecting, or of the oldest command */
    redisAsyncContext *hiredis;
    enum state state;
    bool is_refused; /* the password or the database was, on this connection */
    bool is_late;    /* the connection is being given up because an answer was overdue */
    uint32_t failures;
    uint64_t connection; /* counts successful connects */
    char cause[CAUSE_BYTES];
};

static void set_timer(struct sea_redis *redis, int64_t ms)
{
    struct timeval wait = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
    sea_assert(event_add(redis->timer, &wait) == 0);
}

static bool is_armed(const struct sea_redis *redis)
{
    return evtimer_pending(redis->timer, NULL) != 0;
}

enum sea_err sea_redis_err(struct sea_str text)
{
    static const struct {
        const char *prefix;
        enum sea_err err;
    } table[] = {
        {"LOADING", SEA_ERR_RETRY},  {"BUSY", SEA_ERR_RETRY},       {"MASTERDOWN", SEA_ERR_RETRY},
        {"READONLY", SEA_ERR_RETRY}, {"OOM", SEA_ERR_RETRY},        {"MISCONF", SEA_ERR_RETRY},
        {"TRYAGAIN", SEA_ERR_RETRY}, {"NOREPLICAS", SEA_ERR_RETRY}, {"NOSCRIPT", SEA_ERR_RETRY},
        {"NOAUTH", SEA_ERR_FATAL},   {"NOPERM", SEA_ERR_FATAL},     {"WRONGPASS", SEA_ERR_FATAL},
    };
    for (size_t i = 0; i < SEA_COUNT(table); i++) {
        if (sea_str_starts(text, table[i].prefix)) return table[i].err;
    }
    return SEA_ERR_REJECT;
}

/* An error's first word; the rest may repeat what the command said. */
static struct sea_str code_of(struct sea_str text)
{
    const char *blank = text.len > 0 ? memchr(text.ptr, ' ', text.len) : NULL;
    return blank != NULL ? (struct sea_str){text.ptr, (size_t)(blank - text.ptr)} : text;
}

static enum sea_err judge(struct flight *flight, const redisReply *reply)
{
    const char *outcome = "ok";
    enum sea_err err = SEA_OK;
    if (reply == NULL) {
        outcome = flight->redis->is_late ? "timeout" : "lost";
        err = SEA_ERR_RETRY;
    } else if (reply->type == REDIS_REPLY_ERROR) {
        struct sea_str text = {reply->str, reply->len};
        outcome = "error";
        err = sea_redis_err(text);
        if (flight->script != NULL && sea_str_starts(text, "NOSCRIPT")) flight->script->loaded = 0;
        sea_log(SEA_LOG_WARN, "redis refused a command", SEA_F_STR("cause", code_of(text)),
                SEA_F_STR("script", flight->script != NULL ? flight->script->name : ""));
    }
    sea_metric_inc(&sea_m_redis_commands_total, outcome);
    return err;
}

static void answered(redisAsyncContext *hiredis, void *data, void *arg)
{
    const redisReply *reply = data;
    struct flight *flight = arg;
    struct sea_redis *redis = flight->redis;
    (void)hiredis;
    sea_assert(redis->first == flight);
    redis->first = flight->next;
    if (redis->first == NULL) redis->last = &redis->first;
    redis->in_flight--;
    enum sea_err err = judge(flight, reply);
    if (reply != NULL) {
        sea_metric_observe(&sea_m_redis_duration_seconds,
                           (double)(sea_clock_mono_us() - flight->sent_us) / 1e6);
    }
    if (flight->fn != NULL) flight->fn(flight->arg, err, err == SEA_OK ? reply : NULL);
    free(flight);
}

/* Sends without asking for the state. */
static enum sea_err put(struct sea_redis *redis, const struct sea_str *words, size_t count,
                        const struct flight *like)
{
    const char *argv[SEA_REDIS_WORDS_MOST];
    size_t lens[SEA_REDIS_WORDS_MOST];
    sea_assert(count > 0 && count <= SEA_REDIS_WORDS_MOST);
    for (size_t i = 0; i < count; i++) {
        argv[i] = words[i].len > 0 ? words[i].ptr : "";
        lens[i] = words[i].len;
    }
    struct flight *flight = sea_alloc(sizeof *flight);
    *flight = *like;
    flight->redis = redis;
    flight->sent_us = sea_clock_mono_us();
    if (redisAsyncCommandArgv(redis->hiredis, answered, flight, (int)count, argv, lens) !=
        REDIS_OK) {
        free(flight);
        return SEA_ERR_RETRY; /* hiredis is about to give the connection up */
    }
    *redis->last = flight;
    redis->last = &flight->next;
    redis->in_flight++;
    if (!is_armed(redis)) set_timer(redis, redis->timeout_ms);
    return SEA_OK;
}

/* The connection is gone or given up: every outstanding command is answered, another attempt is
 * timed. */
static void lose(struct sea_redis *redis, const char *cause)
{
    redisAsyncContext *hiredis = redis->hiredis;
    bool was_up = redis->state == STATE_UP;
    redis->hiredis = NULL;
    redis->state = STATE_WAITING;
    snprintf(redis->cause, sizeof redis->cause, "%s", cause);
    sea_metric_inc(&sea_m_redis_connects_total, "failed");
    sea_log(SEA_LOG_WARN, "redis is away", SEA_F_STR("cause", redis->cause),
            SEA_F_U64("in_flight", redis->in_flight));
    if (hiredis != NULL) {
        hiredis->data = NULL;
        redisAsyncFree(hiredis); /* answers what is in flight */
    }
    evtimer_del(redis->timer);
    set_timer(redis,
              sea_random_backoff_ms(redis->failures++, RECONNECT_FIRST_MS, RECONNECT_MOST_MS));
    if (was_up && redis->on_change != NULL) redis->on_change(redis->ctx, false);
}

static void be_up(struct sea_redis *redis)
{
    redis->state = STATE_UP;
    redis->failures = 0;
    redis->cause[0] = '\0';
    sea_metric_inc(&sea_m_redis_connects_total, "ok");
    sea_log(SEA_LOG_INFO, "redis is there", SEA_F_STR("host", redis->url.host),
            SEA_F_I64("port", redis->url.port));
    if (redis->on_change != NULL) redis->on_change(redis->ctx, true);
}

/* {"subscribe", channel, 1}, {"message", channel, text}, and NULL at the end. */
static void heard(redisAsyncContext *hiredis, void *data, void *arg)
{
    struct sea_redis *redis = arg;
    const redisReply *reply = data;
    struct sea_str what = sea_redis_str(sea_redis_at(reply, 0));
    (void)hiredis;
    if (sea_str_is(what, "subscribe") && redis->state == STATE_GREETING) be_up(redis);
    if (sea_str_is(what, "message"))
        redis->on_message(redis->ctx, sea_redis_str(sea_redis_at(reply, 2)));
}

/* Only the kernel notices that a peer of whom nothing is asked is gone. */
static void listen_to_channel(struct sea_redis *redis)
{
    const char *argv[] = {"SUBSCRIBE", redis->channel};
    redisEnableKeepAlive(&redis->hiredis->c);
    redisAsyncCommandArgv(redis->hiredis, heard, redis, (int)SEA_COUNT(argv), argv, NULL);
}

static void greeted(void *arg, enum sea_err err, const redisReply *reply)
{
    struct sea_redis *redis = arg;
    (void)reply;
    if (redis->state != STATE_GREETING || redis->is_refused || err != SEA_OK)
        return; /* the time-out ends the attempt */
    if (redis->channel != NULL)
        listen_to_channel(redis);
    else
        be_up(redis);
}

static void authenticated(void *arg, enum sea_err err, const redisReply *reply)
{
    struct sea_redis *redis = arg;
    (void)reply;
    if (err != SEA_OK && redis->state == STATE_GREETING) redis->is_refused = true;
}

static enum sea_err greet(struct sea_redis *redis)
{
    char database[12];
    int len = snprintf(database, sizeof database, "%d", redis->url.database);
    struct sea_str user = sea_str(redis->url.user), password = sea_str(redis->url.password);
    const struct sea_str auth[] = {SEA_STR("AUTH"), user, password};
    const struct sea_str auth_default[] = {SEA_STR("AUTH"), password};
    const struct sea_str select[] = {SEA_STR("SELECT"), {database, (size_t)len}};
    const struct sea_str ping[] = {SEA_STR("PING")};
    const struct flight check = {.fn = authenticated, .arg = redis},
                        last = {.fn = greeted, .arg = redis};
    enum sea_err err = SEA_OK;
    if (user.len > 0) {
        err = put(redis, auth, SEA_COUNT(auth), &check);
    } else if (password.len > 0) {
        err = put(redis, auth_default, SEA_COUNT(auth_default), &check);
    }
    if (err == SEA_OK) err = put(redis, select, SEA_COUNT(select), &check);
    if (err == SEA_OK) err = put(redis, ping, SEA_COUNT(ping), &last);
    return err;
}

static void connected(const redisAsyncContext *hiredis, int status)
{
    struct sea_redis *redis = hiredis->data;
    if (redis == NULL) return;
    if (status != REDIS_OK) {
        redis->hiredis = NULL; /* hiredis frees it after this */
        lose(redis, hiredis->errstr != NULL ? hiredis->errstr : "cannot connect");
        return;
    }
    redis->state = STATE_GREETING;
    redis->is_refused = false;
    redis->connection++;
    /* Freeing the connection here would pull it from under hiredis: a failure is left to the
     * time-out. */
    redis->is_refused = greet(redis) != SEA_OK;
}

static void disconnected(const redisAsyncContext *hiredis, int status)
{
    struct sea_redis *redis = hiredis->data;
    (void)status;
    if (redis == NULL) return;
    redis->hiredis = NULL; /* hiredis frees it after this */
    lose(redis, hiredis->errstr != NULL && hiredis->errstr[0] != '\0' ? hiredis->errstr
                                                                      : "connection closed");
}

static void connect_now(struct sea_redis *redis)
{
    redisAsyncContext *hiredis = redisAsyncConnect(redis->url.host, redis->url.port);
    sea_assert(hiredis != NULL);
    if (hiredis->err != 0) {
        char cause[CAUSE_BYTES];
        snprintf(cause, sizeof cause, "%s", hiredis->errstr);
        redisAsyncFree(hiredis);
        lose(redis, cause);
        return;
    }
    hiredis->data = redis;
    redis->hiredis = hiredis;
    redis->state = STATE_CONNECTING;
    sea_assert(redisLibeventAttach(hiredis, redis->base) == REDIS_OK);
    redisAsyncSetConnectCallback(hiredis, connected);
    redisAsyncSetDisconnectCallback(hiredis, disconnected);
    set_timer(redis, redis->timeout_ms);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct sea_redis *redis = arg;
    (void)fd;
    (void)what;
    if (redis->state == STATE_WAITING) {
        connect_now(redis);
    } else if (redis->state != STATE_UP) {
        bool is_refused = redis->state == STATE_GREETING && redis->is_refused;
        lose(redis, is_refused ? "refuses the password or the database" : "does not answer");
    } else if (redis->first != NULL) {
        int64_t age_ms = (sea_clock_mono_us() - redis->first->sent_us) / 1000;
        if (age_ms < redis->timeout_ms) {
            set_timer(redis, redis->timeout_ms - age_ms);
            return;
        }
        /* A later answer could not be told from the next one's: the connection is worth nothing any
         * more. */
        redis->is_late = true;
        lose(redis, "does not answer");
        redis->is_late = false;
    }
}

enum sea_err sea_redis_open(struct sea_redis **ret, const struct sea_redis_options *options)
{
    struct sea_redis *redis = sea_alloc(sizeof *redis);
    if (!sea_redis_url_parse(sea_str(options->url), &redis->url)) {
        sea_log(SEA_LOG_ERROR, "the address of redis is malformed",
                SEA_F_STR("setting", "SEADESK_REDIS"));
        free(redis);
        return SEA_ERR_FATAL;
    }
    if (options->password != NULL && options->password[0] != '\0') {
        snprintf(redis->url.password, sizeof redis->url.password, "%s", options->password);
    }
    redis->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_MS;
    redis->in_flight_max = options->in_flight_max > 0 ? options->in_flight_max : IN_FLIGHT_MAX;
    redis->on_change = options->on_change;
    redis->channel = options->channel;
    redis->on_message = options->on_message;
    redis->ctx = options->ctx;
    redis->base = options->base;
    redis->last = &redis->first;
    snprintf(redis->cause, sizeof redis->cause, "connecting");
    redis->timer = evtimer_new(options->base, on_timer, redis);
    sea_assert(redis->timer != NULL);
    set_timer(redis, 0);
    *ret = redis;
    return SEA_OK;
}

void sea_redis_close(struct sea_redis **redis)
{
    struct sea_redis *each = *redis;
    if (each == NULL) return;
    each->state = STATE_WAITING;
    if (each->hiredis != NULL) {
        each->hiredis->data = NULL;
        redisAsyncFree(each->hiredis); /* answers what is in flight */
    }
    event_free(each->timer);
    explicit_bzero(&each->url, sizeof each->url);
    free(each);
    *redis = NULL;
}

bool sea_redis_is_up(const struct sea_redis *redis)
{
    return redis->state == STATE_UP;
}

const char *sea_redis_cause(const struct sea_redis *redis)
{
    return redis->cause;
}

/* Whether `commands` more may be sent now. */
static bool may_send(struct sea_redis *redis, size_t commands)
{
    sea_assert(redis->channel == NULL);
    if (redis->state == STATE_UP && redis->in_flight + commands <= redis->in_flight_max)
        return true;
    sea_metric_inc(&sea_m_redis_commands_total, "refused");
    return false;
}

enum sea_err sea_redis_send(struct sea_redis *redis, const struct sea_str *words, size_t count,
                            sea_redis_answer *fn, void *arg)
{
    const struct flight like = {.fn = fn, .arg = arg};
    return may_send(redis, 1) ? put(redis, words, count, &like) : SEA_ERR_RETRY;
}

static enum sea_err load(struct sea_redis *redis, struct sea_redis_script *script)
{
    uint8_t digest[SHA_DIGEST_LENGTH];
    const struct flight like = {.script = script};
    const struct sea_str words[] = {SEA_STR("SCRIPT"), SEA_STR("LOAD"), sea_str(script->source)};
    SHA1((const uint8_t *)script->source, strlen(script->source), digest);
    sea_hex_print(digest, sizeof digest, script->sha);
    enum sea_err err = put(redis, words, SEA_COUNT(words), &like);
    if (err == SEA_OK) script->loaded = redis->connection;
    return err;
}

enum sea_err sea_redis_run(struct sea_redis *redis, struct sea_redis_script *script,
                           const struct sea_str *words, size_t keys_count, size_t count,
                           sea_redis_answer *fn, void *arg)
{
    struct sea_str all[SEA_REDIS_WORDS_MOST];
    char number[24];
    int len = snprintf(number, sizeof number, "%zu", keys_count);
    sea_assert(keys_count <= count && count + 3 <= SEA_REDIS_WORDS_MOST);
    if (!may_send(redis, 2)) return SEA_ERR_RETRY;
    if (script->loaded != redis->connection && load(redis, script) != SEA_OK) return SEA_ERR_RETRY;
    all[0] = SEA_STR("EVALSHA");
    all[1] = sea_str(script->sha);
    all[2] = (struct sea_str){number, (size_t)len};
    for (size_t i = 0; i < count; i++) all[3 + i] = words[i];
    const struct flight like = {.fn = fn, .arg = arg, .script = script};
    return put(redis, all, count + 3, &like);
}

struct sea_str sea_redis_str(const redisReply *reply)
{
    bool is_text =
        reply != NULL && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS);
    return is_text ? (struct sea_str){reply->str, reply->len} : (struct sea_str){NULL, 0};
}

int64_t sea_redis_i64(const redisReply *reply)
{
    int64_t number = 0;
    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER) return reply->integer;
    return sea_str_i64(sea_redis_str(reply), &number) ? number : 0;
}

bool sea_redis_is_nil(const redisReply *reply)
{
    return reply == NULL || reply->type == REDIS_REPLY_NIL;
}

size_t sea_redis_count(const redisReply *reply)
{
    return reply != NULL && reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

const redisReply *sea_redis_at(const redisReply *reply, size_t n)
{
    return n < sea_redis_count(reply) ? reply->element[n] : NULL;
}
