/* xlate_job.c: takes up waiting work, a key's drafts one at a time, asks the memory and the engine.
 */
#include <stdlib.h>
#include <string.h>

#include "sea_clock.h"
#include "sea_crash.h"
#include "sea_id.h"
#include "sea_language.h"
#include "sea_log.h"
#include "xlate_engine.h"
#include "xlate_metrics.h"
#include "xlate_service.h"

enum {
    WORDS_MAX = 256 * 1024,
    RESPONSE_MAX = 1024 * 1024,
    HASH_TEXT = 64,
    REDIS_KEEP_S = 7 * 24 * 60 * 60,
};

static void wipe(struct sea_buf *buf)
{
    if (buf->ptr != NULL) sodium_memzero(buf->ptr, buf->cap);
    sea_buf_free(buf);
}

void xlate_job_free(struct xlate_job *job)
{
    struct xlate *service = job->service;
    struct xlate_job **at = &service->jobs;
    while (*at != NULL && *at != job) at = &(*at)->next;
    if (*at == job) {
        *at = job->next;
        service->jobs_count--;
    }
    free((void *)(uintptr_t)job->item.record.ptr);
    free((void *)(uintptr_t)job->item.trace.ptr);
    xlate_item_free(&job->item);
    if (job->asked != NULL) sodium_memzero(job->asked, strlen(job->asked));
    free(job->asked);
    wipe(&job->masked.text);
    wipe(&job->raw);
    wipe(&job->words);
    free(job);
}

static void land(struct xlate_job *job, const char *failure, bool is_final)
{
    job->stage = XLATE_LANDED;
    job->is_final = is_final;
    job->has_answer = true;
    job->answer = (struct xlate_answer){failure == NULL, sea_buf_view(&job->words), failure};
    xlate_work_soon(job->service);
}

/* The translation with its placeholders is there. */
static void unmask(struct xlate_job *job)
{
    sea_buf_reset(&job->words);
    bool is_good =
        xlate_unmask(&job->masked, sea_buf_view(&job->raw), &job->words) && job->words.len > 0;
    if (!is_good) job->may_be_remembered = false;
    land(job, is_good ? NULL : "placeholders", true);
}

/* ---- the memory ---- */

static void redis_key(const struct xlate_job *job, char ret[HASH_TEXT])
{
    memcpy(ret, "sd:tm:", 6);
    sea_key_print(job->hash, ret + 6);
}

static void on_redis(void *arg, enum sea_err err, const redisReply *reply)
{
    struct xlate_job *job = arg;
    struct sea_str text = err ? SEA_STR("") : sea_redis_str(reply);
    job->stage = XLATE_ASKING;
    if (text.len > 0) {
        sea_metric_inc(&sea_m_translator_memory_total, "redis");
        sea_buf_str(&job->raw, text);
        job->was_remembered = true;
        unmask(job);
    }
    xlate_work_soon(job->service);
}

static void look(struct xlate_job *job)
{
    char key[HASH_TEXT];
    redis_key(job, key);
    const struct sea_str words[] = {SEA_STR("GET"), sea_str(key)};
    job->stage = XLATE_LOOKING;
    if (sea_redis_send(job->service->redis, words, SEA_COUNT(words), on_redis, job) != SEA_OK)
        job->stage = XLATE_ASKING;
}

void xlate_jobs_remembered(struct xlate *service, const struct xlate_job *job)
{
    char key[HASH_TEXT], seconds[12];
    redis_key(job, key);
    snprintf(seconds, sizeof(seconds), "%d", REDIS_KEEP_S);
    const struct sea_str words[] = {SEA_STR("SET"), sea_str(key), sea_buf_view(&job->raw),
                                    SEA_STR("EX"), sea_str(seconds)};
    /* Harmless to miss: the table has it. */
    if (sea_redis_send(service->redis, words, SEA_COUNT(words), NULL, NULL) != SEA_OK) return;
}

/* ---- the engine ---- */

static void on_reply(void *ctx, const struct sea_http_reply *reply)
{
    struct xlate_job *job = ctx;
    struct xlate *service = job->service;
    bool is_answer = reply->outcome == SEA_HTTP_ANSWERED;
    enum xlate_engine_outcome outcome =
        is_answer ? xlate_engine_read(reply->status, reply->body, &job->raw) : XLATE_ENGINE_FAILED;
    service->flying_count--;
    SEA_CRASHPOINT("translator-gateway.answered");
    if (outcome == XLATE_ENGINE_FAILED)
        xlate_breaker_failed(&service->breaker, sea_clock_mono_ms());
    else
        xlate_breaker_succeeded(&service->breaker);
    switch (outcome) {
    case XLATE_ENGINE_GOOD:
        unmask(job);
        break;
    case XLATE_ENGINE_REFUSED:
        land(job, "language", true);
        break;
    case XLATE_ENGINE_FAILED:
        land(job, reply->is_timeout ? "timeout" : "engine", false);
        break;
    }
}

static void ask_engine(struct xlate_job *job)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct xlate *service = job->service;
    const struct sea_translation *engine = &service->settings->translation;
    struct xlate_engine_question question = {
        .text = sea_buf_view(&job->masked.text),
        .source = sea_str(job->source),
        .target = sea_str(job->target),
        .api_key = engine->api_key.count > 0 ? engine->api_key.live[0] : SEA_STR("")};
    struct sea_buf url = SEA_BUF(2048), body = SEA_BUF(4 * XLATE_TEXT_MAX_BYTES);
    if (!xlate_breaker_may_call(&service->breaker, sea_clock_mono_ms())) {
        land(job, "engine_away", false);
        return;
    }
    sea_buf_printf(&url, "%s/translate", engine->url);
    xlate_engine_ask(&question, &body);
    struct sea_http_call call = {
        .peer = "engine",
        .method = SEA_HTTP_POST,
        .url = url.ptr,
        .headers = headers,
        .body = sea_buf_view(&body),
        .timeout_ms = (uint32_t)engine->timeout_ms,
        .response_max_bytes = RESPONSE_MAX,
        .may_repeat = true,
    };
    job->stage = XLATE_FLYING;
    service->flying_count++;
    if (sea_http_client_send(service->client, &call, on_reply, job) == NULL) {
        service->flying_count--;
        job->stage = XLATE_ASKING; /* with the next step */
    }
    sea_buf_free(&url);
    wipe(&body);
}

/* Those whom Redis didn't help: the table first, all at once. */
static bool recall(struct xlate *service)
{
    struct xlate_job *jobs[XLATE_JOBS_MAX];
    struct sea_key hashes[XLATE_JOBS_MAX];
    struct sea_buf *texts[XLATE_JOBS_MAX];
    bool found[XLATE_JOBS_MAX];
    size_t count = 0;
    for (struct xlate_job *job = service->jobs; job != NULL; job = job->next) {
        if (job->stage != XLATE_ASKING || !job->may_be_remembered || job->was_looked_up) continue;
        jobs[count] = job;
        hashes[count] = job->hash;
        texts[count++] = &job->raw;
    }
    if (xlate_store_recall(&service->store, sea_worker_pg(service->worker), hashes, count, found,
                           texts) != SEA_OK)
        return false;
    for (size_t i = 0; i < count; i++) {
        jobs[i]->was_looked_up = true;
        sea_metric_inc(&sea_m_translator_memory_total, found[i] ? "postgres" : "miss");
        if (!found[i]) continue;
        jobs[i]->was_remembered = true;
        unmask(jobs[i]);
    }
    return true;
}

void xlate_jobs_ask(struct xlate *service)
{
    if (!recall(service)) return;
    for (struct xlate_job *job = service->jobs; job != NULL; job = job->next)
        if (job->stage == XLATE_ASKING &&
            service->flying_count < service->settings->translation.in_flight)
            ask_engine(job);
}

/* ---- taking up ---- */

static bool is_in_hand(const struct xlate *service, const struct xlate_item *item)
{
    for (const struct xlate_job *job = service->jobs; job != NULL; job = job->next) {
        if (sea_uuid_eq(job->item.cause_id, item->cause_id)) return true;
        if (item->kind == XLATE_DRAFT && job->item.kind == XLATE_DRAFT &&
            sea_key_eq(job->item.key, item->key))
            return true;
    }
    return false;
}

/* For the engine: masked, and looked up where a template's words are asked for. What a person wrote
 * may name somebody, which no mask finds: it is remembered nowhere. */
static void question(struct xlate_job *job, struct sea_str text, struct sea_str source,
                     struct sea_str target)
{
    struct xlate *service = job->service;
    const char *engine = service->settings->translation.name;
    struct sea_buf name = SEA_BUF(4 * XLATE_TEXT_MAX_BYTES);
    job->asked = sea_str_dup(text);
    snprintf(job->source, sizeof(job->source), "%.*s", (int)source.len, source.ptr);
    snprintf(job->target, sizeof(job->target), "%.*s", (int)target.len, target.ptr);
    if (!xlate_mask((struct sea_str){job->asked, text.len}, &job->masked)) {
        land(job, "unmaskable", true);
        return;
    }
    job->stage = XLATE_ASKING;
    if (job->item.kind != XLATE_DRAFT || job->item.draft->template_ == NULL) return;
    sea_buf_printf(&name, "%s %s %s ", engine, job->source, job->target);
    sea_buf_str(&name, sea_buf_view(&job->masked.text));
    job->hash = sea_lookup_key(&service->pepper, SEA_LOOKUP_MEMORY, sea_buf_view(&name));
    job->may_be_remembered = true;
    wipe(&name);
    look(job);
}

static void begin(struct xlate_job *job)
{
    struct xlate *service = job->service;
    struct xlate_verdict verdict;
    job->stage = XLATE_LANDED; /* unless the engine is needed */
    if (job->item.is_erased || job->item.is_unreadable) return;
    if (job->item.kind == XLATE_FOREIGN) {
        const Seadesk__V1__TranslationWanted *wanted = job->item.wanted;
        question(job, sea_buf_view(&job->item.text), sea_str(wanted->text->language),
                 sea_str(wanted->to_language));
        return;
    }
    xlate_verdict_init(&verdict);
    xlate_item_decide(&job->item, service->settings, NULL, &verdict);
    if (verdict.state == XLATE_WAITING)
        question(job, verdict.ask, verdict.ask_language, sea_str(job->item.draft->language));
    xlate_verdict_free(&verdict);
}

static void take_up(void *ctx, const struct xlate_item *item)
{
    struct xlate *service = ctx;
    if (service->jobs_count == XLATE_JOBS_MAX || service->is_keys_away || is_in_hand(service, item))
        return;
    struct xlate_job *job = sea_alloc(sizeof(*job));
    struct xlate_job **end = &service->jobs;
    *job = (struct xlate_job){.service = service,
                              .item = *item,
                              .masked = XLATE_MASKED,
                              .raw = SEA_BUF(WORDS_MAX),
                              .words = SEA_BUF(WORDS_MAX)};
    job->item.record = (struct sea_str){sea_str_dup(item->record), item->record.len};
    job->item.trace = (struct sea_str){sea_str_dup(item->trace), item->trace.len};
    while (*end != NULL) end = &(*end)->next;
    *end = job;
    service->jobs_count++;
    bool is_read = xlate_item_read(&job->item);
    sea_assert(is_read); /* it was when its row was written */
    service->is_keys_away = xlate_item_open(&job->item, service->keys) != SEA_OK;
    if (service->is_keys_away)
        xlate_job_free(job); /* with a later tick */
    else
        begin(job);
}

void xlate_jobs_start(struct xlate *service)
{
    uint32_t numbers[SEA_NUMBERS];
    size_t count = sea_worker_owned(service->worker, numbers);
    service->wants_pump = false;
    service->is_keys_away = false;
    if (count == 0 || sea_app_is_draining(service->app)) return;
    if (xlate_store_due(&service->store, sea_worker_pg(service->worker), numbers, count,
                        XLATE_DUE_MAX, take_up, service) != SEA_OK)
        return; /* with the next tick */
    xlate_work_soon(service);
}
