/* media_work.c: takes up what is due, records what landed, tidies up. */
#include <string.h>

#include "media_metrics.h"
#include "media_service.h"
#include "sea_clock.h"
#include "sea_crash.h"
#include "sea_erasure.h"
#include "sea_id.h"

static const int64_t ERASURE_MS = 1000;

void media_work_soon(struct media *service)
{
    event_active(service->step_event, EV_TIMEOUT, 0);
}

void media_work_committed(void *ctx)
{
    struct media *service = ctx;
    sea_metric_add(&sea_m_media_found_total, service->found_count);
    service->wants_pump = service->wants_pump || service->found_count > 0;
    service->found_count = 0;
    if (service->wants_pump) media_work_soon(service);
}

void media_work_rolled_back(void *ctx)
{
    struct media *service = ctx;
    service->found_count = 0;
}

/* ---- taking up ---- */

/* One file of a contact at a time: whoever names slow addresses delays nobody else's. */
static bool is_busy(const struct media *service, struct sea_key contact)
{
    for (const struct media_job *job = service->jobs; job != NULL; job = job->next)
        if (sea_key_eq(job->item.contact, contact)) return true;
    return false;
}

static void take_up(void *ctx, const struct media_item *item)
{
    struct media *service = ctx;
    if (service->jobs_count < (size_t)service->own.in_flight && !is_busy(service, item->contact))
        media_job_start(service, item);
}

static void pump(struct media *service)
{
    uint32_t numbers[SEA_NUMBERS];
    struct sea_key busy[MEDIA_IN_FLIGHT_MAX];
    struct media_due due = {.numbers = numbers,
                            .numbers_count = sea_worker_owned(service->worker, numbers),
                            .busy = busy,
                            .most = (size_t)service->own.in_flight};
    for (const struct media_job *job = service->jobs; job != NULL; job = job->next)
        busy[due.busy_count++] = job->item.contact;
    size_t before = service->jobs_count;
    service->wants_pump = false;
    if (before >= due.most || due.numbers_count == 0) return;
    if (media_store_due(&service->store, sea_worker_pg(service->worker), &due, take_up, service))
        return; /* PostgreSQL is away: with the next tick again */
    if (service->jobs_count == before) return;
    service->wants_pump = true; /* behind the taken ones there may be others */
    media_work_soon(service);
}

/* ---- what landed ---- */

static enum sea_err keep_bytes(struct media_job *job, struct sea_txn *txn)
{
    struct media *service = job->service;
    struct sea_str rest = sea_buf_view(&job->bytes);
    struct sea_buf sealed = SEA_BUF(MEDIA_PART_BYTES + SEA_SEAL_EXTRA_BYTES);
    enum sea_err err = sea_keys_ensure(service->keys, &job->item.contact, 1);
    for (uint32_t part = 0; !err && rest.len > 0; part++) {
        struct sea_str plain = {rest.ptr,
                                rest.len < MEDIA_PART_BYTES ? rest.len : MEDIA_PART_BYTES};
        struct sea_uuid id = media_part_id(job->item.id, part);
        struct sea_place place = media_part_place(&id);
        sea_buf_reset(&sealed);
        err = sea_keys_seal(service->keys, &job->item.contact, &place, plain, &sealed);
        sea_assert(err || !sealed.is_full);
        if (!err)
            err = media_store_part(&service->store, txn, job->item.id, part, sea_buf_view(&sealed));
        rest = (struct sea_str){rest.ptr + plain.len, rest.len - plain.len};
    }
    sea_buf_free(&sealed);
    return err;
}

/* Appends a piece that came with the message; *ret_is_there: it did. */
static enum sea_err add_piece(struct media_job *job, struct sea_txn *txn, uint32_t piece,
                              bool *ret_is_there)
{
    struct media *service = job->service;
    struct sea_uuid id = media_part_id(job->item.id, piece);
    struct sea_place place = media_part_place(&id);
    PGresult *rows = NULL;
    bool is_erased = false;
    enum sea_err err = media_store_piece(&service->store, txn, job->item.id, piece, &rows);
    if (err) return err;
    *ret_is_there = sea_pg_count(rows) > 0;
    if (*ret_is_there) {
        struct sea_sealed sealed = {job->item.contact, sea_pg_str(rows, 0, 0)};
        err = sea_keys_prefetch(service->keys, &sealed, 1);
        if (!err)
            err = sea_keys_unseal(service->keys, &job->item.contact, &place, sealed.bytes,
                                  &job->bytes, &is_erased);
    }
    sea_pg_clear(&rows);
    return err;
}

/* The bytes of a file that came inside its message. */
static enum sea_err assemble(struct media_job *job, struct sea_txn *txn, struct media_verdict *ret)
{
    enum sea_err err = SEA_OK;
    bool is_there = true;
    sea_buf_reset(&job->bytes); /* of a transaction that was lost */
    for (uint32_t i = 0; !err && is_there && !job->bytes.is_full && i < job->pieces; i++)
        err = add_piece(job, txn, i, &is_there);
    if (err && err != SEA_ERR_REJECT) return err;
    *ret = err                  ? media_refused("unreadable")
           : !is_there          ? media_failed(MEDIA_INCOMPLETE)
           : job->bytes.is_full ? media_refused("too_large")
                                : media_job_check(job);
    return SEA_OK;
}

struct settling {
    struct media_job *job;
    struct media_verdict verdict;
    uint64_t kept_bytes; /* of the contact's other files */
    bool is_over;        /* the row is gone or finished, or its key destroyed: nothing is stored */
};

/* Nobody is erased until the transaction ends; who was, meanwhile, is found by the key that is
 * gone. */
static enum sea_err check(struct settling *settling, struct sea_txn *txn)
{
    struct media_job *job = settling->job;
    struct sea_erasures erasures;
    struct sea_buf source = SEA_BUF(64 * 1024);
    bool is_pending = false, is_erased = false;
    enum sea_err err = sea_erasure_guard(txn, job->service->keys, &job->item.contact, 1, &erasures);
    if (!err)
        err = media_store_lock(&job->service->store, txn, job->item.id, &is_pending,
                               &settling->kept_bytes);
    if (!err && is_pending && sea_erasure_is_late(&erasures, job->item.contact, 0))
        err = media_open_source(job->service, &job->item, &source, &is_erased);
    if (err == SEA_ERR_REJECT) err = SEA_OK; /* unreadable: the verdict says so */
    settling->is_over = !is_pending || is_erased;
    sea_buf_wipe(&source);
    return err;
}

/* Bytes that were fetched are written down; those that came as pieces lie there already. */
static enum sea_err store(const struct settling *settling, struct sea_txn *txn)
{
    struct media_job *job = settling->job;
    bool is_done = settling->verdict.state == MEDIA_DONE;
    bool may_mend = strcmp(settling->verdict.reason, MEDIA_INCOMPLETE) == 0;
    if (job->pieces == 0) return is_done ? keep_bytes(job, txn) : SEA_OK;
    return is_done || may_mend ? SEA_OK : media_store_drop(&job->service->store, txn, job->item.id);
}

static enum sea_err record(void *arg, struct sea_txn *txn)
{
    struct settling *settling = arg;
    struct media_job *job = settling->job;
    struct media_verdict *verdict = &settling->verdict;
    struct media_found found = {.size_bytes = 0};
    enum sea_err err = check(settling, txn);
    if (err || settling->is_over) return err;
    *verdict = job->verdict;
    if (verdict->state == MEDIA_DONE && job->pieces > 0) err = assemble(job, txn, verdict);
    if (verdict->state == MEDIA_DONE) *verdict = media_quota(settling->kept_bytes, job->bytes.len);
    if (!err && verdict->state == MEDIA_DONE) {
        found.size_bytes = job->bytes.len;
        found.mime = media_mime_of(sea_buf_view(&job->bytes));
        memcpy(found.sha256, job->sha256, sizeof(found.sha256));
    }
    if (!err) err = store(settling, txn);
    if (!err) err = media_store_settle(&job->service->store, txn, &job->item, verdict, &found);
    if (!err) SEA_CRASHPOINT("media-fetcher.stored");
    return err;
}

static void count(const struct settling *settling)
{
    static const char *const OUTCOMES[] = {[MEDIA_PENDING] = "again",
                                           [MEDIA_DONE] = "done",
                                           [MEDIA_FAILED] = "failed",
                                           [MEDIA_REFUSED] = "refused"};
    const struct media_job *job = settling->job;
    sea_metric_inc(&sea_m_media_tries_total,
                   settling->is_over ? "erased" : OUTCOMES[settling->verdict.state]);
    if (!settling->is_over && settling->verdict.state == MEDIA_DONE)
        sea_metric_add(&sea_m_media_bytes_total, job->bytes.len);
}

/* False: with the next tick again. */
static bool settle(struct media *service, struct media_job *job)
{
    struct settling settling = {.job = job};
    uint32_t number = job->item.number;
    if (sea_worker_owns(service->worker, number)) {
        enum sea_err err = sea_worker_transact(service->worker, &number, 1, record, &settling);
        if (err == SEA_ERR_REJECT) job->verdict = media_failed("unstorable");
        if (err) return false;
        count(&settling);
    } /* else its new owner does it again */
    media_job_free(job);
    service->wants_pump = true;
    return true;
}

/* One that can't be settled now, whose customer is being erased, holds up no other. */
static void settle_landed(struct media *service)
{
    struct media_job *next = NULL;
    for (struct media_job *job = service->jobs; job != NULL; job = next) {
        next = job->next;
        if (!job->is_landed || settle(service, job)) continue;
        if (!sea_pg_is_connected(sea_worker_pg(service->worker))) return;
    }
}

/* While draining nothing is taken up; what is under way at the end is due at the next start. */
void media_work_step(struct media *service)
{
    settle_landed(service);
    if (service->wants_pump && !sea_app_is_draining(service->app)) pump(service);
}

void media_work_tick(void *ctx)
{
    struct media *service = ctx;
    int64_t mono_ms = sea_clock_mono_ms();
    service->wants_pump = true;
    media_work_soon(service);
    sea_metric_set(&sea_m_media_in_flight, (double)service->jobs_count);
    if (mono_ms < service->erasure_mono_ms) return;
    service->erasure_mono_ms = mono_ms + ERASURE_MS;
    sea_erasure_publish(service->worker);
}
