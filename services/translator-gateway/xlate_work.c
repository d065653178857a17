/* xlate_work.c: records what landed, keeps work going, tidies up. */
#include "sea_clock.h"
#include "sea_crash.h"
#include "sea_erasure.h"
#include "sea_id.h"
#include "xlate_metrics.h"
#include "xlate_service.h"

static const int64_t ERASURE_MS = 1000;

enum { LANDED_MOST = 128 };

void xlate_work_soon(struct xlate *service)
{
    event_active(service->step_event, EV_TIMEOUT, 0);
}

void xlate_work_committed(void *ctx)
{
    struct xlate *service = ctx;
    service->wants_pump = true;
    xlate_work_soon(service);
}

struct landed {
    struct xlate *service;
    struct xlate_job *jobs[LANDED_MOST];
    struct xlate_row rows[LANDED_MOST];
    struct xlate_memory memory[LANDED_MOST];
    size_t count, rows_count, memory_count;
};

static enum sea_err finish_draft(struct landed *landed, struct sea_txn *txn, struct xlate_job *job,
                                 struct xlate_row *row)
{
    struct xlate *service = landed->service;
    const char *engine = service->settings->translation.name;
    struct xlate_verdict verdict;
    xlate_verdict_init(&verdict);
    xlate_item_decide(&job->item, service->settings, job->has_answer ? &job->answer : NULL,
                      &verdict);
    sea_assert(verdict.state != XLATE_WAITING);
    row->state = verdict.state;
    row->reason = verdict.state == XLATE_BLOCKED ? verdict.rule : verdict.reason;
    if (verdict.state == XLATE_TRANSLATED) row->engine = engine;
    enum sea_err err =
        xlate_item_tell_draft(txn, service->keys, &job->item, &verdict, engine, &row->event_id);
    xlate_count(&job->item, verdict.state, verdict.rule);
    bool is_new =
        verdict.state == XLATE_TRANSLATED && job->may_be_remembered && !job->was_remembered;
    if (is_new)
        landed->memory[landed->memory_count++] =
            (struct xlate_memory){job->hash, sea_buf_view(&job->raw)};
    xlate_verdict_free(&verdict);
    return err;
}

/* A failure is told once; then it is tried again in silence. */
static enum sea_err finish_foreign(struct landed *landed, struct sea_txn *txn,
                                   struct xlate_job *job, struct xlate_row *row)
{
    struct xlate *service = landed->service;
    const struct xlate_answer *answer = &job->answer;
    struct xlate_answer unreadable = {.reason = "unreadable"};
    if (job->item.is_erased) {
        row->state = XLATE_DROPPED;
        row->reason = "erased";
        return SEA_OK;
    }
    if (job->item.is_unreadable) answer = &unreadable;
    bool is_final =
        job->is_final || job->item.is_unreadable || job->item.tries + 1 >= XLATE_TRIES_MAX;
    row->state = answer->is_good ? XLATE_TRANSLATED : is_final ? XLATE_FAILED : XLATE_AGAIN;
    row->reason = answer->is_good ? "" : answer->reason;
    if (row->state == XLATE_AGAIN)
        row->due_ms = txn->now_ms + xlate_core_pause_ms(job->item.tries + 1);
    if (answer->is_good) row->engine = service->settings->translation.name;
    xlate_count(&job->item, row->state, "");
    if (!answer->is_good && job->item.was_told) return SEA_OK;
    return xlate_item_tell_foreign(txn, service->keys, &job->item, answer, row->engine,
                                   &row->event_id);
}

/* Nobody among the contacts is erased until the transaction ends; who was, meanwhile, is found by
 * the key that is gone. */
static enum sea_err guard(const struct landed *landed, struct sea_txn *txn)
{
    struct sea_keys *keys = landed->service->keys;
    struct sea_key contacts[LANDED_MOST];
    struct sea_erasures erasures;
    for (size_t i = 0; i < landed->count; i++) contacts[i] = landed->jobs[i]->item.contact;
    enum sea_err err = sea_erasure_guard(txn, keys, contacts, landed->count, &erasures);
    for (size_t i = 0; !err && i < landed->count; i++) {
        if (!sea_erasure_is_late(&erasures, contacts[i], 0)) continue;
        xlate_item_shut(&landed->jobs[i]->item);
        err = xlate_item_open(&landed->jobs[i]->item, keys);
    }
    return err;
}

/* What was erased meanwhile has no row any more, or no key, and nothing is told of it. */
static enum sea_err record(void *arg, struct sea_txn *txn)
{
    struct landed *landed = arg;
    struct xlate *service = landed->service;
    struct sea_uuid causes[LANDED_MOST];
    bool is_waiting[LANDED_MOST];
    landed->rows_count = 0;
    landed->memory_count = 0;
    for (size_t i = 0; i < landed->count; i++) causes[i] = landed->jobs[i]->item.cause_id;
    enum sea_err err = guard(landed, txn);
    if (!err) err = xlate_store_lock(&service->store, txn, causes, landed->count, is_waiting);
    for (size_t i = 0; !err && i < landed->count; i++) {
        struct xlate_job *job = landed->jobs[i];
        struct xlate_row *row = &landed->rows[landed->rows_count];
        if (!is_waiting[i]) continue;
        *row = (struct xlate_row){.item = &job->item, .reason = "", .engine = ""};
        err = job->item.kind == XLATE_DRAFT ? finish_draft(landed, txn, job, row)
                                            : finish_foreign(landed, txn, job, row);
        landed->rows_count++;
    }
    if (!err) err = xlate_store_update(&service->store, txn, landed->rows, landed->rows_count);
    if (!err)
        err = xlate_store_remember(&service->store, txn, service->settings->translation.name,
                                   landed->memory, landed->memory_count);
    return err;
}

static void collect(struct xlate *service, struct landed *ret)
{
    struct xlate_job *next = NULL;
    for (struct xlate_job *job = service->jobs; job != NULL && ret->count < LANDED_MOST;
         job = next) {
        next = job->next;
        if (job->stage != XLATE_LANDED) continue;
        if (sea_worker_owns(service->worker, job->item.number))
            ret->jobs[ret->count++] = job;
        else
            xlate_job_free(job); /* its new owner does it again */
    }
}

static size_t numbers_of(const struct landed *landed, uint32_t ret[SEA_NUMBERS])
{
    uint32_t set = 0;
    size_t count = 0;
    for (size_t i = 0; i < landed->count; i++) set |= UINT32_C(1) << landed->jobs[i]->item.number;
    for (uint32_t n = 0; n < SEA_PARTITIONS; n++)
        if (set & (UINT32_C(1) << n)) ret[count++] = n;
    return count;
}

static void settle(struct xlate *service)
{
    struct landed landed = {.service = service};
    uint32_t numbers[SEA_NUMBERS];
    collect(service, &landed);
    if (landed.count == 0) return;
    size_t numbers_count = numbers_of(&landed, numbers);
    if (sea_worker_transact(service->worker, numbers, numbers_count, record, &landed) != SEA_OK)
        return; /* with the next tick again, without those that were lost */
    SEA_CRASHPOINT("translator-gateway.settled");
    for (size_t i = 0; i < landed.count; i++) {
        struct xlate_job *job = landed.jobs[i];
        if (job->may_be_remembered && job->has_answer && job->answer.is_good)
            xlate_jobs_remembered(service, job);
        xlate_job_free(job);
    }
    service->wants_pump = true;
}

/* While draining, the app is held until what the engine has is recorded or given up. */
static void release_if_done(struct xlate *service)
{
    if (!service->is_holding || service->flying_count > 0) return;
    service->is_holding = false;
    sea_app_release(service->app);
}

void xlate_work_step(struct xlate *service)
{
    if (service->wants_pump) xlate_jobs_start(service);
    if (!sea_app_is_draining(service->app)) xlate_jobs_ask(service);
    settle(service);
    release_if_done(service);
    if (service->wants_pump && !sea_app_is_draining(service->app)) xlate_work_soon(service);
}

void xlate_work_tick(void *ctx)
{
    struct xlate *service = ctx;
    int64_t mono_ms = sea_clock_mono_ms();
    service->wants_pump = true;
    xlate_work_soon(service);
    sea_metric_set(&sea_m_translator_jobs, (double)service->jobs_count);
    sea_metric_set(&sea_m_translator_breaker_open,
                   xlate_breaker_is_open(&service->breaker) ? 1.0 : 0.0);
    if (mono_ms < service->erasure_mono_ms) return;
    service->erasure_mono_ms = mono_ms + ERASURE_MS;
    sea_erasure_publish(service->worker);
}
