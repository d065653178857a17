/* ingest_session.c: sessions of adapters, in Redis. */
#include "ingest_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sea_id.h"

enum { KEY_TEXT = 8 + SEA_KEY_TEXT };

struct asked {
    void (*answered)(void *ctx, struct sea_str kept);
    void *ctx;
};

static struct sea_str name_of(struct sea_key key, char ret[KEY_TEXT])
{
    memcpy(ret, "sd:talk:", 8);
    sea_key_print(key, ret + 8);
    return (struct sea_str){ret, KEY_TEXT - 1};
}

static void on_answer(void *arg, enum sea_err err, const redisReply *reply)
{
    struct asked asked = *(struct asked *)arg;
    free(arg);
    asked.answered(asked.ctx, err ? (struct sea_str){NULL, 0} : sea_redis_str(reply));
}

void ingest_session_ask(struct sea_redis *redis, struct sea_key key,
                        void (*answered)(void *ctx, struct sea_str kept), void *ctx)
{
    char name[KEY_TEXT];
    const struct sea_str words[] = {SEA_STR("GET"), name_of(key, name)};
    struct asked *asked = sea_alloc(sizeof(*asked));
    *asked = (struct asked){answered, ctx};
    if (!redis || sea_redis_send(redis, words, SEA_COUNT(words), on_answer, asked))
        on_answer(asked, SEA_ERR_RETRY, NULL);
}

void ingest_session_keep(struct sea_redis *redis, struct sea_key key, struct sea_str text,
                         int64_t keep_ms)
{
    char name[KEY_TEXT], ms[24];
    snprintf(ms, sizeof(ms), "%lld", (long long)keep_ms);
    const struct sea_str set[] = {SEA_STR("SET"), name_of(key, name), text, SEA_STR("PX"),
                                  sea_str(ms)};
    const struct sea_str forget[] = {SEA_STR("DEL"), set[1]};
    enum sea_err err = SEA_OK;
    if (redis && keep_ms > 0) err = sea_redis_send(redis, set, SEA_COUNT(set), NULL, NULL);
    if (redis && keep_ms <= 0) err = sea_redis_send(redis, forget, SEA_COUNT(forget), NULL, NULL);
    if (err) return; /* best effort: the caller begins anew */
}
