/* ingest_courier.c: rejects on their way to their sources. */
#include "ingest_courier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_metrics.h"
#include "sea_clock.h"
#include "sea_enc.h"
#include "sea_http_client.h"
#include "sea_log.h"
#include "sea_webhook.h"

enum { LEASE_MS = 60000, TIMEOUT_MS = 20000, TEXT_MAX = 64, BODY_MAX = 20 * 1024 };

/* What the next one is, if it is due now; it is then leased to whoever asked. KEYS: stream, state;
 * ARGV: lease. */
static struct sea_redis_script next_script = {
    .name = "reject_next",
    .source = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000) "
              "local s = redis.call('HMGET', KEYS[2], 'due', 'last', 'tries') "
              "if tonumber(s[1] or '0') > now then return false end "
              "local e = redis.call('XRANGE', KEYS[1], '(' .. (s[2] or '0'), '+', 'COUNT', 1) "
              "if #e == 0 then return false end "
              "redis.call('HSET', KEYS[2], 'due', now + ARGV[1]) "
              "redis.call('PEXPIRE', KEYS[2], 1209600000) "
              "return {e[1], tonumber(s[3] or '0')}"};

/* It is done with (wait 0), or due again after a while. KEYS: state; ARGV: cursor, wait. */
static struct sea_redis_script done_script = {
    .name = "reject_done",
    .source = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000) "
              "if tonumber(ARGV[2]) == 0 then "
              "redis.call('HSET', KEYS[1], 'last', ARGV[1], 'due', 0, 'tries', 0) else "
              "redis.call('HSET', KEYS[1], 'due', now + ARGV[2]) "
              "redis.call('HINCRBY', KEYS[1], 'tries', 1) end return 1"};

/* One source's address. */
struct hook {
    struct hook *next;
    struct ingest_courier *courier;
    char *name, *url;
    struct sea_mac *macs[SEA_SECRETS_MAX];
    size_t macs_count;
    bool is_old;  /* no longer in the settings: it goes when it is at rest */
    bool is_busy; /* asks, or posts */
    uint32_t tries;
    char cursor[INGEST_CURSOR_TEXT];
};

struct ingest_courier {
    struct ingest_rejects *rejects;
    struct sea_http_client *client;
    int64_t retry_ms;
    struct hook *hooks;
};

int64_t ingest_courier_wait_ms(int64_t retry_ms, uint32_t tries)
{
    /* Of a first wait of 5 s: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. */
    static const int64_t LADDER[] = {1, 60, 360, 1440, 3600, 7200, 10080, 14400, 17280};
    return tries >= 1 && tries <= SEA_COUNT(LADDER) ? retry_ms * LADDER[tries - 1] : 0;
}

static void free_hook(struct hook *hook)
{
    for (size_t i = 0; i < hook->macs_count; i++) sea_mac_close(&hook->macs[i]);
    free(hook->name);
    free(hook->url);
    free(hook);
}

static void sweep(struct ingest_courier *courier)
{
    for (struct hook **link = &courier->hooks; *link;) {
        struct hook *hook = *link;
        if (hook->is_old && !hook->is_busy) {
            *link = hook->next;
            free_hook(hook);
        } else {
            link = &hook->next;
        }
    }
}

static void ask(struct hook *hook);

static struct sea_str key_of(const struct hook *hook, const char *after, char ret[TEXT_MAX])
{
    int len = snprintf(ret, TEXT_MAX, "sd:reject:%s%s", hook->name, after);
    sea_assert(len > 0 && len < TEXT_MAX);
    return (struct sea_str){ret, (size_t)len};
}

/* wait_ms 0: the next one. */
static void settle(struct hook *hook, int64_t wait_ms)
{
    char key[TEXT_MAX], wait[24];
    int len = snprintf(wait, sizeof(wait), "%lld", (long long)wait_ms);
    const struct sea_str words[] = {
        key_of(hook, ":hook", key), sea_str(hook->cursor), {wait, (size_t)len}};
    hook->is_busy = false;
    if (sea_redis_run(ingest_rejects_redis(hook->courier->rejects), &done_script, words, 1,
                      SEA_COUNT(words), NULL, NULL))
        return; /* the lease ends, and it is posted again with the same id */
    if (wait_ms == 0 && !hook->is_old) ask(hook);
}

/* When to try again: as the ladder says, or later where the answer says so. */
static int64_t wait_of(const struct hook *hook, const struct sea_http_reply *reply)
{
    int64_t wait_ms = ingest_courier_wait_ms(hook->courier->retry_ms, hook->tries + 1);
    int64_t after_ms = sea_http_reply_retry_after_ms(reply);
    return wait_ms && after_ms > wait_ms ? after_ms : wait_ms;
}

static void on_reply(void *ctx, const struct sea_http_reply *reply)
{
    struct hook *hook = ctx;
    bool is_taken =
        reply->outcome == SEA_HTTP_ANSWERED && reply->status >= 200 && reply->status < 300;
    int64_t wait_ms = is_taken ? 0 : wait_of(hook, reply);
    sea_metric_inc(&sea_m_ingest_reject_posts_total, is_taken  ? "taken"
                                                     : wait_ms ? "again"
                                                               : "given_up");
    if (!is_taken)
        sea_log(SEA_LOG_WARN, "a source does not take its rejects", SEA_F_STR("source", hook->name),
                SEA_F_I64("status", reply->status), SEA_F_I64("wait_ms", wait_ms));
    settle(hook, wait_ms);
}

static void sign(struct hook *hook, struct sea_str id, struct sea_str timestamp,
                 struct sea_str body, struct sea_buf *out)
{
    char signature[SEA_WEBHOOK_SIGNATURE_TEXT];
    sea_buf_text(out, "webhook-signature:");
    for (size_t i = 0; i < hook->macs_count; i++) {
        sea_webhook_standard_sign(hook->macs[i], id, timestamp, body, signature);
        sea_buf_printf(out, " %s", signature);
    }
}

static void post(struct hook *hook, struct sea_str body)
{
    char id[TEXT_MAX + 16], timestamp[40];
    struct sea_buf signature = SEA_BUF(512);
    snprintf(id, sizeof(id), "webhook-id: rej_%s", hook->cursor);
    snprintf(timestamp, sizeof(timestamp), "webhook-timestamp: %lld",
             (long long)(sea_clock_wall_ms() / 1000));
    sign(hook, sea_str(strchr(id, ' ') + 1), sea_str(strchr(timestamp, ' ') + 1), body, &signature);
    const char *headers[] = {"Content-Type: application/json", id, timestamp, signature.ptr, NULL};
    const struct sea_http_call call = {.peer = "rejects",
                                       .method = SEA_HTTP_POST,
                                       .url = hook->url,
                                       .headers = headers,
                                       .body = body,
                                       .timeout_ms = TIMEOUT_MS};
    if (!sea_http_client_send(hook->courier->client, &call, on_reply, hook))
        settle(hook, hook->courier->retry_ms);
    sea_buf_free(&signature);
}

static void deliver(struct hook *hook, const redisReply *entry)
{
    struct sea_buf inside = SEA_BUF(BODY_MAX), body = SEA_BUF(BODY_MAX);
    struct sea_str cursor = sea_redis_str(sea_redis_at(entry, 0));
    char now[SEA_TIME_TEXT];
    sea_time_print(sea_clock_wall_ms(), now);
    snprintf(hook->cursor, sizeof(hook->cursor), "%.*s", (int)cursor.len, cursor.ptr);
    enum sea_err err = ingest_rejects_unseal(hook->courier->rejects, entry, &inside);
    sea_buf_printf(&body,
                   "{\"type\":\"seadesk.event.rejected\",\"timestamp\":\"%s\","
                   "\"data\":{\"source\":\"%s\",%s}}",
                   now, hook->name, inside.ptr ? inside.ptr : "");
    if (err)
        settle(hook, err == SEA_ERR_RETRY ? hook->courier->retry_ms : 0);
    else
        post(hook, sea_buf_view(&body));
    sea_buf_free(&inside);
    sea_buf_free(&body);
}

static void on_next(void *arg, enum sea_err err, const redisReply *reply)
{
    struct hook *hook = arg;
    hook->is_busy = false;
    if (err || sea_redis_count(reply) != 2 || hook->is_old) return;
    hook->is_busy = true;
    hook->tries = (uint32_t)sea_redis_i64(sea_redis_at(reply, 1));
    deliver(hook, sea_redis_at(reply, 0));
}

static void ask(struct hook *hook)
{
    char stream[TEXT_MAX], state[TEXT_MAX], lease[16];
    int len = snprintf(lease, sizeof(lease), "%d", LEASE_MS);
    const struct sea_str words[] = {
        key_of(hook, "", stream), key_of(hook, ":hook", state), {lease, (size_t)len}};
    hook->is_busy = !sea_redis_run(ingest_rejects_redis(hook->courier->rejects), &next_script,
                                   words, 2, SEA_COUNT(words), on_next, hook);
}

void ingest_courier_look(struct ingest_courier *courier)
{
    sweep(courier);
    for (struct hook *hook = courier->hooks; hook; hook = hook->next)
        if (!hook->is_busy && !hook->is_old) ask(hook);
}

void ingest_courier_load(struct ingest_courier *courier, const struct sea_channels *channels)
{
    for (struct hook *hook = courier->hooks; hook; hook = hook->next) hook->is_old = true;
    sweep(courier);
    for (uint32_t i = 0; i < channels->source_count; i++) {
        const struct sea_source *source = &channels->sources[i];
        if (!source->rejects_url) continue;
        struct hook *hook = sea_alloc(sizeof(*hook));
        hook->courier = courier;
        hook->name = sea_strdup(source->name);
        hook->url = sea_strdup(source->rejects_url);
        for (uint32_t k = 0; k < source->rejects_signing.count; k++)
            if (sea_webhook_standard_open(&hook->macs[hook->macs_count],
                                          source->rejects_signing.live[k]))
                hook->macs_count++;
        hook->next = courier->hooks;
        courier->hooks = hook;
    }
}

enum sea_err ingest_courier_open(struct ingest_courier **ret,
                                 const struct ingest_courier_options *options)
{
    struct ingest_courier *courier = sea_alloc(sizeof(*courier));
    const struct sea_http_client_config client = {.in_flight_max = 64, .per_host_max = 4};
    courier->rejects = options->rejects;
    courier->retry_ms = options->retry_ms;
    enum sea_err err = sea_http_client_open(&courier->client, options->base, &client);
    if (err)
        free(courier);
    else
        *ret = courier;
    return err;
}

void ingest_courier_close(struct ingest_courier **pointer)
{
    struct ingest_courier *courier = *pointer;
    if (!courier) return;
    sea_http_client_close(&courier->client);
    for (struct hook *hook; (hook = courier->hooks);) {
        courier->hooks = hook->next;
        free_hook(hook);
    }
    free(courier);
    *pointer = NULL;
}
