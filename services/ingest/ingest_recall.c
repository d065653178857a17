/* ingest_recall.c: questions gathered during one turn of the loop, asked with one MGET. */
#include "ingest_recall.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sea_id.h"

enum { TIMEOUT_MS = 50, IN_FLIGHT_MAX = 16384, KEY_TEXT = 8 + SEA_UUID_TEXT };

struct ingest_recall {
    struct sea_redis *redis;
    struct event *flush;
    struct ingest_question *asked, **last; /* in this turn */
    char remember[24];                     /* ms, as text */
};

/* Questions that went together. */
struct trip {
    struct ingest_question *first;
};

static struct sea_str key_of(struct sea_uuid id, char ret[KEY_TEXT])
{
    memcpy(ret, "sd:idem:", 8);
    sea_uuid_print(id, ret + 8);
    return (struct sea_str){ret, KEY_TEXT - 1};
}

bool ingest_recall_knows(const redisReply *reply, size_t n, uint32_t *ret_check)
{
    uint64_t check;
    if (!sea_str_u64(sea_redis_str(sea_redis_at(reply, n)), &check)) return false;
    *ret_check = (uint32_t)check;
    return true;
}

static void answer_all(struct ingest_question *question, const redisReply *reply)
{
    size_t first = 0;
    while (question) {
        struct ingest_question *next = question->next;
        size_t count = question->count;
        question->answered(question, reply, first); /* it may be gone afterwards */
        first += count;
        question = next;
    }
}

static void on_answer(void *arg, enum sea_err err, const redisReply *reply)
{
    struct trip *trip = arg;
    answer_all(trip->first, err ? NULL : reply);
    free(trip);
}

/* Takes questions off the list, as many as go together. */
static struct trip *pack(struct ingest_recall *recall, struct sea_str *words,
                         char (*texts)[KEY_TEXT], size_t *ret_count)
{
    struct trip *trip = sea_alloc(sizeof(*trip));
    struct ingest_question **link = &trip->first, *question;
    size_t count = 0;
    while ((question = recall->asked) && count + question->count <= INGEST_RECALL_IDS_MAX) {
        for (size_t i = 0; i < question->count; i++, count++)
            words[1 + count] = key_of(question->ids[i], texts[count]);
        recall->asked = question->next;
        question->next = NULL;
        *link = question;
        link = &question->next;
    }
    if (!recall->asked) recall->last = &recall->asked;
    words[0] = SEA_STR("MGET");
    *ret_count = 1 + count;
    return trip;
}

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
    struct ingest_recall *recall = arg;
    struct sea_str words[1 + INGEST_RECALL_IDS_MAX];
    char texts[INGEST_RECALL_IDS_MAX][KEY_TEXT];
    (void)fd;
    (void)what;
    while (recall->asked) {
        size_t count;
        struct trip *trip = pack(recall, words, texts, &count);
        if (sea_redis_send(recall->redis, words, count, on_answer, trip))
            on_answer(trip, SEA_ERR_RETRY, NULL);
    }
}

bool ingest_recall_ask(struct ingest_recall *recall, struct ingest_question *question)
{
    if (!recall || question->count == 0 || question->count > INGEST_RECALL_IDS_MAX ||
        !sea_redis_is_up(recall->redis))
        return false;
    question->next = NULL;
    if (!recall->asked) event_active(recall->flush, 0, 0);
    *recall->last = question;
    recall->last = &question->next;
    return true;
}

struct sea_redis *ingest_recall_redis(const struct ingest_recall *recall)
{
    return recall ? recall->redis : NULL;
}

void ingest_recall_keep(struct ingest_recall *recall, struct sea_uuid id, uint32_t check)
{
    char key[KEY_TEXT], value[16];
    if (!recall || !sea_redis_is_up(recall->redis)) return;
    int len = snprintf(value, sizeof(value), "%u", check);
    const struct sea_str words[] = {SEA_STR("SET"),
                                    key_of(id, key),
                                    {value, (size_t)len},
                                    SEA_STR("PX"),
                                    sea_str(recall->remember)};
    if (sea_redis_send(recall->redis, words, SEA_COUNT(words), NULL, NULL))
        return; /* best effort: the consumer knows it too */
}

enum sea_err ingest_recall_open(struct ingest_recall **ret,
                                const struct ingest_recall_options *options)
{
    if (options->remember_ms == 0) return SEA_OK;
    struct ingest_recall *recall = sea_alloc(sizeof(*recall));
    const struct sea_redis_options redis = {.base = options->base,
                                            .url = options->url,
                                            .password = options->password,
                                            .timeout_ms = TIMEOUT_MS,
                                            .in_flight_max = IN_FLIGHT_MAX};
    enum sea_err err = sea_redis_open(&recall->redis, &redis);
    if (err) {
        free(recall);
        return err;
    }
    recall->last = &recall->asked;
    snprintf(recall->remember, sizeof(recall->remember), "%lld", (long long)options->remember_ms);
    recall->flush = event_new(options->base, -1, 0, on_flush, recall);
    sea_assert(recall->flush);
    *ret = recall;
    return SEA_OK;
}

void ingest_recall_close(struct ingest_recall **pointer)
{
    struct ingest_recall *recall = *pointer;
    if (!recall) return;
    *pointer = NULL;
    answer_all(recall->asked, NULL);
    sea_redis_close(&recall->redis);
    event_free(recall->flush);
    free(recall);
}
