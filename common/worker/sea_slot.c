/* sea_slot.c: the number of this process among those of its service: the first free advisory lock,
 * held by a connection of its own for as long as the process works; it names the static member of
 * the consumer group. */
#include "sea_clock.h"
#include "sea_log.h"
#include "sea_worker_private.h"

enum { SLOTS_MAX = 64, SLOT_GRACE_MS = 5000 };

static const struct sea_pg_stmt TRY_LOCK = {
    "slot_try_lock", "SELECT pg_try_advisory_lock(hashtext('seadesk slot ' || $1), $2)"};
static const struct sea_pg_stmt KNOW = {"slot_know",
                                        "INSERT INTO slot (slot, knows) VALUES ($1, $2)"
                                        " ON CONFLICT (slot) DO UPDATE SET knows = excluded.knows"};
/* A slot is live while its lock is held: pg_locks names the two halves of its key. */
static const struct sea_pg_stmt SUBSCRIPTION = {
    "slot_subscription",
    "SELECT least(v.version, (SELECT min(s.knows) FROM slot s JOIN pg_locks l ON"
    " l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.objid::bigint = s.slot"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND l.classid::bigint = hashtext('seadesk slot ' || $1)::bigint & 4294967295))"
    " FROM subscription v"};
static const struct sea_pg_stmt PING = {"slot_ping", "SELECT 1"};

static enum sea_err try_slot(struct sea_worker *worker, int slot, bool *ret_has)
{
    PGresult *rows = NULL;
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_text(&args, sea_str(worker->ops->service));
    sea_pg_arg_i32(&args, slot);
    enum sea_err err = sea_pg_query(worker->slot_pg, &TRY_LOCK, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    *ret_has = sea_pg_bool(rows, 0, 0);
    sea_pg_clear(&rows);
    return SEA_OK;
}

/* The newest list of topics that this program knows. */
static int32_t known_version(const struct sea_worker *worker)
{
    const struct sea_worker_ops *ops = worker->ops;
    return ops->later_count ? ops->later[ops->later_count - 1].version : 0;
}

/* Said before anybody counts this slot as one that reads a topic. */
static enum sea_err say_known(struct sea_worker *worker, int slot)
{
    PGresult *rows = NULL;
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_i32(&args, slot);
    sea_pg_arg_i32(&args, known_version(worker));
    enum sea_err err = sea_pg_query(worker->slot_pg, &KNOW, &args, &rows);
    sea_pg_args_free(&args);
    sea_pg_clear(&rows);
    return err;
}

enum sea_err slot_subscription(struct sea_worker *worker, int32_t *ret_version)
{
    PGresult *rows = NULL;
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_text(&args, sea_str(worker->ops->service));
    enum sea_err err = sea_pg_query(worker->slot_pg, &SUBSCRIPTION, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    *ret_version = (int32_t)sea_pg_i64(rows, 0, 0);
    sea_pg_clear(&rows);
    return SEA_OK;
}

enum sea_err slot_take(struct sea_worker *worker, const struct sea_pg_options *options)
{
    if (!worker->slot_pg) sea_pg_open(&worker->slot_pg, options);
    for (int slot = 0; slot < SLOTS_MAX; slot++) {
        bool has = false;
        enum sea_err err = try_slot(worker, slot, &has);
        if (err) return err;
        if (!has) continue;
        err = say_known(worker, slot);
        if (err) return err;
        worker->slot = slot;
        worker->slot_generation = sea_pg_generation(worker->slot_pg);
        sea_log(SEA_LOG_INFO, "slot taken", SEA_F_I64("slot", slot));
        return SEA_OK;
    }
    sea_log(SEA_LOG_ERROR, "no free slot", SEA_F_I64("slots", SLOTS_MAX));
    return SEA_ERR_RETRY;
}

bool slot_keep(struct sea_worker *worker)
{
    PGresult *rows = NULL;
    int64_t now_ms = sea_clock_mono_ms();
    bool has = !sea_pg_query(worker->slot_pg, &PING, NULL, &rows);
    sea_pg_clear(&rows);
    if (has && sea_pg_generation(worker->slot_pg) != worker->slot_generation) {
        has = false;
        if (!try_slot(worker, worker->slot, &has) && has)
            worker->slot_generation = sea_pg_generation(worker->slot_pg);
    }
    if (has) {
        worker->slot_lost_ms = 0;
        return true;
    }
    if (!worker->slot_lost_ms) worker->slot_lost_ms = now_ms;
    return now_ms - worker->slot_lost_ms < SLOT_GRACE_MS;
}
