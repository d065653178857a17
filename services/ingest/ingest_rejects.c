/* ingest_rejects.c: refused events in Redis: one stream for each source. */
#include "ingest_rejects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_metrics.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "sea_json.h"

enum { KEY_TEXT = 64, TIMEOUT_MS = 1000, JSON_MAX = 16 * 1024, ID_BYTES = 16 };

/* About as many, for as long as the dead letters. */
static const struct sea_str KEPT = {"1000", 4}, KEPT_MS = {"1209600000", 10};

/* One command, so that a batch of nothing but rejects finds room among those in flight. KEYS:
 * stream; ARGV: how many, id, sealed, how long. */
static struct sea_redis_script keep_script = {
    .name = "reject_keep",
    .source =
        "redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'id', ARGV[2], 'v', ARGV[3]) "
        "redis.call('PEXPIRE', KEYS[1], ARGV[4]) return 1"};

struct ingest_rejects {
    struct sea_redis *redis;
    struct sea_days *days;
};

/* A question under way. */
struct reading {
    struct ingest_rejects *rejects;
    uint32_t limit;
    ingest_rejects_fn *fn;
    void *ctx;
};

static struct sea_str key_of(const char *source, char ret[KEY_TEXT])
{
    int len = snprintf(ret, KEY_TEXT, "sd:reject:%s", source);
    sea_assert(len > 0 && len < KEY_TEXT); /* names have at most 40 bytes */
    return (struct sea_str){ret, (size_t)len};
}

static struct sea_place place_of(struct sea_str id)
{
    return (struct sea_place){SEA_STR("sd:reject"), SEA_STR("reject"), id};
}

/* What was refused for being too long is told by its beginning. */
static void print_text(struct sea_buf *out, const char *name, struct sea_str value)
{
    if (!value.len) return;
    sea_buf_printf(out, ",\"%s\":", name);
    sea_json_string(out, sea_utf8_cut(value, INGEST_ID_MAX));
}

static void print(const struct ingest_refusal *refusal, struct sea_buf *out)
{
    const struct ingest_problem *problem = refusal->problem;
    char id[SEA_UUID_TEXT], at[SEA_TIME_TEXT];
    sea_uuid_print(refusal->id, id);
    sea_time_print(refusal->at_ms, at);
    sea_buf_printf(out, "\"id\":\"%s\",\"at\":\"%s\",\"via\":\"%s\"", id, at,
                   refusal->topic ? "topic" : "http");
    if (refusal->topic) {
        print_text(out, "topic", sea_str(refusal->topic));
        sea_buf_printf(out, ",\"partition\":%d,\"offset\":%lld", refusal->partition,
                       (long long)refusal->offset);
    }
    print_text(out, "event_source", problem->source);
    print_text(out, "event_id", problem->id);
    print_text(out, "event_type", problem->type);
    sea_buf_printf(out, ",\"status\":%d", problem->status);
    print_text(out, "code", sea_str(problem->code));
    print_text(out, "detail", sea_str(problem->detail));
    print_text(out, "field", sea_str(problem->field));
    print_text(out, "reason", sea_str(problem->reason));
    if (problem->index >= 0) sea_buf_printf(out, ",\"index\":%d", problem->index);
}

static void on_kept(void *arg, enum sea_err err, const redisReply *reply)
{
    (void)arg;
    (void)reply;
    sea_metric_inc(&sea_m_ingest_rejects_total, err ? "lost" : "kept");
}

static void store(struct ingest_rejects *rejects, const char *source, struct sea_str id,
                  struct sea_str sealed)
{
    char key[KEY_TEXT];
    const struct sea_str words[] = {key_of(source, key), KEPT, id, sealed, KEPT_MS};
    if (sea_redis_run(rejects->redis, &keep_script, words, 1, SEA_COUNT(words), on_kept, NULL))
        on_kept(NULL, SEA_ERR_RETRY, NULL);
}

void ingest_rejects_keep(struct ingest_rejects *rejects, const struct sea_source *source,
                         const struct ingest_refusal *refusal)
{
    struct sea_buf json = SEA_BUF(JSON_MAX), sealed = SEA_BUF(JSON_MAX + SEA_SEAL_EXTRA_BYTES);
    struct sea_str id = {(const char *)refusal->id.bytes, ID_BYTES};
    const struct sea_place place = place_of(id);
    print(refusal, &json);
    if (json.is_full ||
        sea_days_seal(rejects->days, SEA_DAYS_DEAD, &place, sea_buf_view(&json), &sealed, NULL))
        on_kept(NULL, SEA_ERR_RETRY, NULL);
    else
        store(rejects, source->name, id, sea_buf_view(&sealed));
    sea_buf_free(&json);
    sea_buf_free(&sealed);
}

/* An entry is [cursor, ["id", id, "v", sealed]]. */
enum sea_err ingest_rejects_unseal(struct ingest_rejects *rejects, const redisReply *entry,
                                   struct sea_buf *ret_json)
{
    const redisReply *fields = sea_redis_at(entry, 1);
    const struct sea_place place = place_of(sea_redis_str(sea_redis_at(fields, 1)));
    bool is_gone = false;
    enum sea_err err = sea_days_unseal(rejects->days, SEA_DAYS_DEAD, &place,
                                       sea_redis_str(sea_redis_at(fields, 3)), ret_json, &is_gone);
    return !err && is_gone ? SEA_ERR_REJECT : err;
}

/* One page; what nobody can read any more is left out. */
static void show(const struct reading *reading, const redisReply *reply)
{
    struct ingest_reject list[INGEST_REJECTS_PAGE_MAX];
    struct sea_buf texts[INGEST_REJECTS_PAGE_MAX];
    size_t all = sea_redis_count(reply), count = 0;
    size_t most = all < reading->limit ? all : reading->limit;
    enum sea_err err = SEA_OK;
    for (size_t i = 0; i < most && err != SEA_ERR_RETRY; i++) {
        const redisReply *entry = sea_redis_at(reply, i);
        texts[count] = (struct sea_buf)SEA_BUF(JSON_MAX);
        err = ingest_rejects_unseal(reading->rejects, entry, &texts[count]);
        if (err) {
            sea_buf_free(&texts[count]);
            continue;
        }
        list[count] =
            (struct ingest_reject){sea_redis_at(entry, 0)->str, sea_buf_view(&texts[count])};
        count++;
    }
    bool is_away = err == SEA_ERR_RETRY;
    const char *next =
        all > reading->limit ? sea_redis_at(sea_redis_at(reply, most - 1), 0)->str : NULL;
    reading->fn(reading->ctx, is_away ? SEA_ERR_RETRY : SEA_OK, list, is_away ? 0 : count, next);
    while (count > 0) sea_buf_free(&texts[--count]);
}

static void on_read(void *arg, enum sea_err err, const redisReply *reply)
{
    struct reading *reading = arg;
    if (err)
        reading->fn(reading->ctx, SEA_ERR_RETRY, NULL, 0, NULL);
    else
        show(reading, reply);
    free(reading);
}

void ingest_rejects_read(struct ingest_rejects *rejects, const char *source, struct sea_str after,
                         uint32_t limit, ingest_rejects_fn *fn, void *ctx)
{
    char key[KEY_TEXT], from[INGEST_CURSOR_TEXT + 2] = "-", count[16];
    sea_assert(after.len < INGEST_CURSOR_TEXT && limit > 0 && limit <= INGEST_REJECTS_PAGE_MAX);
    if (after.len) snprintf(from, sizeof(from), "(%.*s", (int)after.len, after.ptr);
    snprintf(count, sizeof(count), "%u", limit + 1);
    struct reading *reading = sea_alloc(sizeof(*reading));
    *reading = (struct reading){rejects, limit, fn, ctx};
    const struct sea_str words[] = {SEA_STR("XRANGE"), key_of(source, key), sea_str(from),
                                    SEA_STR("+"),      SEA_STR("COUNT"),    sea_str(count)};
    if (sea_redis_send(rejects->redis, words, SEA_COUNT(words), on_read, reading))
        on_read(reading, SEA_ERR_RETRY, NULL);
}

bool ingest_rejects_is_cursor(struct sea_str text)
{
    const char *dash = text.len ? memchr(text.ptr, '-', text.len) : NULL;
    uint64_t number;
    if (!dash || text.len >= INGEST_CURSOR_TEXT) return false;
    struct sea_str first = {text.ptr, (size_t)(dash - text.ptr)};
    struct sea_str second = {dash + 1, text.len - first.len - 1};
    return sea_str_u64(first, &number) && sea_str_u64(second, &number);
}

struct sea_redis *ingest_rejects_redis(struct ingest_rejects *rejects)
{
    return rejects->redis;
}

enum sea_err ingest_rejects_open(struct ingest_rejects **ret,
                                 const struct ingest_rejects_options *options)
{
    struct ingest_rejects *rejects = sea_alloc(sizeof(*rejects));
    const struct sea_redis_options redis = {.base = options->base,
                                            .url = options->url,
                                            .password = options->password,
                                            .timeout_ms = TIMEOUT_MS};
    rejects->days = options->days;
    enum sea_err err = sea_redis_open(&rejects->redis, &redis);
    if (err)
        free(rejects);
    else
        *ret = rejects;
    return err;
}

void ingest_rejects_close(struct ingest_rejects **pointer)
{
    struct ingest_rejects *rejects = *pointer;
    if (!rejects) return;
    sea_redis_close(&rejects->redis);
    free(rejects);
    *pointer = NULL;
}
