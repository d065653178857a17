/* purge_shell.c: records in, due steps, keys destroyed, housekeeping. */
#include "purge_shell.h"

#include <string.h>

#include "purge_metrics.h"
#include "purge_store.h"
#include "sea_clock.h"
#include "sea_crash.h"
#include "sea_log.h"
#include "sea_metrics_common.h"

enum {
    TICK_MS = 500,
    LOOK_AGAIN_MS = 5000, /* after rows were found left */
    ROUNDS_PER_TICK = 4,
    ROTATIONS_PER_TICK = 4, /* steps of some hundred keys */
    FIRST_HOUSEKEEPING_MS = 2000,
    NEXT_BITE_MS = 1000,
    ARENA_MAX = 64 * 1024 * 1024,
};

static const uint32_t NUMBER[] = {SEA_NUMBER_PRIVACY};

/* ---- what is heard ---- */

static enum sea_err take(struct purge *purge, struct sea_txn *txn, const struct sea_record *record)
{
    struct purge_event event;
    const char *reason = purge_decode(txn, record, &event);
    if (reason) {
        sea_txn_refuse(txn, record, reason);
        purge->refused++;
        return SEA_OK;
    }
    switch (event.kind) {
    case PURGE_ASKED:
        purge->heard++;
        return purge_store_asked(txn, record, &event);
    case PURGE_RESOLVED:
        return purge_store_resolved(txn, record, &event, purge->rules.grace_ms > 0);
    case PURGE_ANSWERED:
        return purge_store_answered(txn, record, &event);
    case PURGE_OTHER:
        return SEA_OK;
    }
    return SEA_OK;
}

static enum sea_err apply(void *ctx, struct sea_txn *txn, const struct sea_record *records,
                          size_t count)
{
    enum sea_err err = SEA_OK;
    for (size_t i = 0; i < count && !err; i++) err = take(ctx, txn, &records[i]);
    return err;
}

static void rolled_back(void *ctx)
{
    struct purge *purge = ctx;
    purge->heard = purge->refused = 0;
}

static void committed(void *ctx)
{
    struct purge *purge = ctx;
    sea_metric_add(&purge_m_erasure_requests_total, purge->heard, "received");
    sea_metric_add(&purge_m_erasure_requests_total, purge->refused, "refused");
    rolled_back(ctx);
}

/* ---- what is due ---- */

static enum sea_err transact(struct purge *purge, enum sea_err (*fn)(void *, struct sea_txn *),
                             void *arg)
{
    return sea_worker_transact(purge->worker, NUMBER, 1, fn, arg);
}

/* Marked before, so that nothing is stored for the contacts meanwhile. May come again after a
 * crash: then the keys are destroyed already. */
static enum sea_err destroy(struct purge *purge, struct purge_moment *moment)
{
    const struct purge_open *open = moment->open;
    uint32_t count;
    uint64_t alive;
    SEA_CRASHPOINT("purge.marked");
    enum sea_err err =
        sea_keys_destroy(purge->keys, open->contacts, open->request.contact_count, &count);
    if (err) return err;
    SEA_CRASHPOINT("purge.destroyed");
    err = purge_days_fate(purge->days, open->contacts, open->request.contact_count,
                          open->marked_at_ms, &moment->keys_destroyed, &alive);
    if (!err) err = transact(purge, purge_store_order, moment);
    if (err) return err;
    SEA_CRASHPOINT("purge.ordered");
    sea_metric_add(&purge_m_erasure_keys_destroyed_total, count);
    sea_log(SEA_LOG_INFO, "keys destroyed", SEA_F_UUID("request_id", open->request_id),
            SEA_F_U64("contacts", open->request.contact_count), SEA_F_U64("keys", count));
    return SEA_OK;
}

/* *ret: nothing of before the erasure is left, in any store that can be asked. */
static enum sea_err is_clean(struct purge *purge, const struct purge_open *open, bool *ret)
{
    struct sea_buf left = SEA_BUF(4096);
    uint64_t destroyed = 0, alive = 0;
    enum sea_err err = purge_store_left(sea_worker_pg(purge->worker), open, &left);
    if (!err)
        err = purge_days_fate(purge->days, open->contacts, open->request.contact_count,
                              open->marked_at_ms, &destroyed, &alive);
    *ret = left.len == 0 && alive == 0;
    if (!err && !*ret) {
        sea_metric_inc(&purge_m_erasure_left_total);
        sea_log(SEA_LOG_ERROR, "rows are left after an erasure",
                SEA_F_UUID("request_id", open->request_id),
                SEA_F_STR("stores", sea_buf_view(&left)), SEA_F_U64("keys", alive));
    }
    sea_buf_free(&left);
    return err;
}

static enum sea_err finish(struct purge *purge, struct purge_moment *moment)
{
    bool is_done = true;
    if (moment->open->request.state == PURGE_RUNNING) {
        if (sea_clock_mono_ms() < purge->finish_after_ms) return SEA_OK;
        enum sea_err err = is_clean(purge, moment->open, &is_done);
        if (err) return err;
    }
    if (!is_done) {
        purge->finish_after_ms = sea_clock_mono_ms() + LOOK_AGAIN_MS;
        return SEA_OK;
    }
    SEA_CRASHPOINT("purge.answered");
    enum sea_err err = transact(purge, purge_store_finish, moment);
    if (err) return err;
    sea_metric_inc(&purge_m_erasure_requests_total, "done");
    sea_log(SEA_LOG_INFO, "erasure done", SEA_F_UUID("request_id", moment->open->request_id));
    return SEA_OK;
}

static enum sea_err hold(struct purge *purge, struct purge_moment *moment)
{
    enum sea_err err = transact(purge, purge_store_hold, moment);
    if (!err) sea_metric_inc(&purge_m_erasure_requests_total, "held");
    return err;
}

static enum sea_err step(struct purge *purge, const struct purge_open *open, int64_t now_ms,
                         int64_t real_ms, bool *ret_is_moved)
{
    struct purge_moment moment = {.open = open, .signer = &purge->signer};
    enum purge_step next = purge_next(&open->request, &purge->rules, now_ms, real_ms);
    *ret_is_moved |= next != PURGE_WAIT && next != PURGE_FINISH;
    switch (next) {
    case PURGE_WAIT:
        return SEA_OK;
    case PURGE_HOLD:
        return hold(purge, &moment);
    case PURGE_GO_ON:
        return transact(purge, purge_store_go_on, &moment);
    case PURGE_MARK:
        return transact(purge, purge_store_mark, &moment);
    case PURGE_DESTROY:
        return destroy(purge, &moment);
    case PURGE_FINISH:
        return finish(purge, &moment);
    }
    return SEA_OK;
}

static void show_open(const struct purge_open *open, size_t count, int64_t now_ms)
{
    static const char *const NAMES[] = {[PURGE_RECEIVED] = "received",
                                        [PURGE_VERIFIED] = "verified",
                                        [PURGE_MARKED] = "running",
                                        [PURGE_RUNNING] = "running",
                                        [PURGE_HELD] = "held"};
    static const char *const SHOWN[] = {"received", "verified", "running", "held"};
    int64_t oldest_ms = 0;
    for (size_t i = 0; i < SEA_COUNT(SHOWN); i++)
        sea_metric_set(&purge_m_erasure_open, 0, SHOWN[i]);
    for (size_t i = 0; i < count; i++) {
        sea_metric_add(&purge_m_erasure_open, 1, NAMES[open[i].request.state]);
        if (open[i].request.state != PURGE_HELD && now_ms - open[i].requested_at_ms > oldest_ms)
            oldest_ms = now_ms - open[i].requested_at_ms;
    }
    sea_metric_set(&purge_m_erasure_oldest_seconds, (double)oldest_ms / 1000);
}

/* *ret_is_moved: something was done, so that the next step may be due at once. */
static enum sea_err look_at_requests(struct purge *purge, bool *ret_is_moved)
{
    struct purge_open *open;
    size_t count = 0;
    int64_t now_ms = 0, real_ms = 0;
    sea_arena_reset(&purge->arena);
    enum sea_err err = purge_store_open(sea_worker_pg(purge->worker), &purge->arena, &open, &count,
                                        &now_ms, &real_ms);
    if (err) return err;
    show_open(open, count, now_ms);
    for (size_t i = 0; i < count && !err; i++)
        err = step(purge, &open[i], now_ms, real_ms, ret_is_moved);
    return err;
}

/* ---- housekeeping ---- */

static enum sea_err expire(struct purge *purge)
{
    struct purge_expiry expiry = {.signer = &purge->signer};
    struct sea_buf overdue = SEA_BUF(4096);
    enum sea_err err = transact(purge, purge_store_expire, &expiry);
    /* Owners take a bounded bite each time. */
    if (!err && expiry.went) purge->house_at_ms = sea_clock_mono_ms() + NEXT_BITE_MS;
    if (!err) err = purge_store_overdue(sea_worker_pg(purge->worker), &overdue);
    if (!err) {
        sea_metric_add(&purge_m_expired_total, (double)expiry.went, "rows");
        sea_metric_set(&purge_m_expiry_overdue, overdue.len > 0);
        if (overdue.len)
            sea_log(SEA_LOG_ERROR, "partitions are there whose month is over",
                    SEA_F_STR("stores", sea_buf_view(&overdue)));
    }
    sea_buf_free(&overdue);
    return err;
}

static enum sea_err destroy_days(struct purge *purge)
{
    struct purge_ran ran = {&purge->signer, "day_keys", "keys.day_key", 0};
    enum sea_err err = purge_days_run(purge->days, sea_worker_pg(purge->worker), &ran.count);
    if (err || !ran.count) return err;
    sea_metric_add(&purge_m_expired_total, (double)ran.count, "day_keys");
    return transact(purge, purge_store_ran, &ran);
}

static enum sea_err rotate(struct purge *purge)
{
    enum sea_err err = SEA_OK;
    for (int i = 0; i < ROTATIONS_PER_TICK && purge->is_rotating && !err; i++) {
        bool is_done = false;
        err = sea_keys_rotate(purge->keys, purge->own.rotation / 1000, &is_done);
        if (!err && is_done) {
            purge->is_rotating = false;
            sea_metric_inc(&purge_m_key_rotations_total, "done");
        }
    }
    if (err) sea_metric_inc(&purge_m_key_rotations_total, "failed");
    return err;
}

static void keep_house(struct purge *purge)
{
    int64_t now_ms = sea_clock_mono_ms();
    if (purge->is_rotating) (void)rotate(purge);
    if (now_ms < purge->house_at_ms) return;
    purge->house_at_ms = now_ms + purge->own.housekeeping;
    purge->is_rotating = true;
    enum sea_err expired = expire(purge), days = destroy_days(purge);
    if (expired || days)
        sea_log(SEA_LOG_WARN, "housekeeping failed, it is tried again",
                SEA_F_STR("what", expired ? "expiry" : "day keys"));
}

static void tick(void *ctx)
{
    struct purge *purge = ctx;
    if (!sea_worker_owns(purge->worker, SEA_NUMBER_PRIVACY)) return;
    enum sea_err err = SEA_OK;
    bool is_moved = true;
    for (int i = 0; i < ROUNDS_PER_TICK && is_moved && !err; i++) {
        is_moved = false;
        err = look_at_requests(purge, &is_moved);
    }
    if (err) {
        sea_log(SEA_LOG_WARN, "erasures wait for a dependency");
        return;
    }
    keep_house(purge);
}

/* ---- open and close ---- */

static const struct sea_worker_ops OPS = {
    .service = "retention-purger",
    .topics = (const enum sea_topic[]){SEA_TOPIC_PRIVACY},
    .topics_count = 1,
    .apply = apply,
    .committed = committed,
    .rolled_back = rolled_back,
    .tick = tick,
    .tick_ms = TICK_MS,
};

enum sea_err purge_open(struct purge *purge, struct sea_app *app, const struct sea_config *config)
{
    struct sea_keys_options keys = {.url = config->keys_postgres,
                                    .user = "seadesk_retention_purger",
                                    .password = config->postgres_password,
                                    .name = "retention-purger",
                                    .master_key = config->master_key};
    struct purge_days_options days = {config->kafka, config->keys_postgres,
                                      config->postgres_password};
    if (!purge_signer_init(&purge->signer, sea_str(config->master_key))) {
        sea_log(SEA_LOG_ERROR, "SEADESK_MASTER_KEY is not 64 hex digits");
        return SEA_ERR_FATAL;
    }
    sea_log(SEA_LOG_INFO, "certificates are signed with this key",
            SEA_F_STR("kid", purge->signer.id));
    purge->rules = (struct purge_rules){purge->own.grace, config->erasure_wait};
    purge->arena = (struct sea_arena)SEA_ARENA(ARENA_MAX);
    purge->house_at_ms = sea_clock_mono_ms() + FIRST_HOUSEKEEPING_MS;
    enum sea_err err = sea_keys_open(&purge->keys, &keys, sea_app_base(app));
    if (err) return err;
    purge_days_open(&purge->days, &days);
    sea_app_ready_check(app, "keys", sea_keys_is_ready, purge->keys);
    return sea_worker_open(&purge->worker, app, config, &OPS, purge);
}

void purge_close(struct purge *purge)
{
    sea_worker_close(&purge->worker);
    purge_days_close(&purge->days);
    sea_keys_close(&purge->keys);
    sea_arena_free(&purge->arena);
    explicit_bzero(&purge->signer, sizeof(purge->signer));
}
