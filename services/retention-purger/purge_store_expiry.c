/* purge_store_expiry.c: what expired, what is left, and the signed rows of both. */
#include "purge_store.h"
#include "sea_pg.h"

static const struct sea_pg_stmt LEFT = {"purge_left",
                                        "SELECT string_agg(store, ', ') FROM left_of($1)"};
static const struct sea_pg_stmt OVERDUE = {"purge_overdue",
                                           "SELECT string_agg(store, ', ') FROM overdue("
                                           "to_timestamp(clock.now_ms() / 1000.0)::date)"};
static const struct sea_pg_stmt EXPIRE = {
    "purge_expire",
    "SELECT owner, went FROM expire(to_timestamp($1::bigint / 1000.0)::date) WHERE went > 0"};
static const struct sea_pg_stmt RAN = {
    "purge_ran",
    "INSERT INTO run (at, what, store, count, certificate) VALUES ($1, $2, $3, $4, $5)"};
/* Marks outlive whatever could still bring an old record: topics keep 90 days at most. Proofs are
 * kept three years. */
static const struct sea_pg_stmt OWN_MARKS = {"purge_own_marks",
                                             "DELETE FROM erased WHERE at < $1 - interval '90 days'"
                                             " AND destroyed_at IS NOT NULL"};
static const struct sea_pg_stmt OWN_REQUESTS = {
    "purge_own_requests",
    "WITH gone AS (DELETE FROM request WHERE state = 5 AND done_at < $1 - interval '3 years'"
    " RETURNING request_id),"
    " steps AS (DELETE FROM step s USING gone g WHERE s.request_id = g.request_id)"
    " DELETE FROM proof p USING gone g WHERE p.request_id = g.request_id"};
static const struct sea_pg_stmt OWN_RUNS = {"purge_own_runs",
                                            "DELETE FROM run WHERE at < $1 - interval '3 years'"};

static enum sea_err first_text(struct sea_pg *pg, const struct sea_pg_stmt *stmt,
                               const struct sea_pg_args *args, struct sea_buf *ret)
{
    PGresult *rows = NULL;
    enum sea_err err = sea_pg_query(pg, stmt, args, &rows);
    if (err) return err;
    sea_buf_str(ret, sea_pg_str(rows, 0, 0));
    sea_pg_clear(&rows);
    return SEA_OK;
}

enum sea_err purge_store_left(struct sea_pg *pg, const struct purge_open *open, struct sea_buf *ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_uuid(&args, open->request_id);
    enum sea_err err = first_text(pg, &LEFT, &args, ret);
    sea_pg_args_free(&args);
    return err;
}

enum sea_err purge_store_overdue(struct sea_pg *pg, struct sea_buf *ret)
{
    return first_text(pg, &OVERDUE, NULL, ret);
}

static enum sea_err keep_run(struct sea_txn *txn, const struct purge_signer *signer,
                             const struct purge_run *run)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    struct sea_buf statement = SEA_BUF(1024), certificate = SEA_BUF(4096);
    purge_run_print(run, &statement);
    purge_sign(signer, sea_buf_view(&statement), &certificate);
    sea_pg_arg_time(&args, run->at_ms);
    sea_pg_arg_text(&args, sea_str(run->what));
    sea_pg_arg_text(&args, run->store);
    sea_pg_arg_i64(&args, (int64_t)run->count);
    sea_pg_arg_text(&args, sea_buf_view(&certificate));
    enum sea_err err = sea_pg_queue(txn->pg, &RAN, &args);
    sea_pg_args_free(&args);
    sea_buf_free(&statement);
    sea_buf_free(&certificate);
    return err;
}

enum sea_err purge_store_ran(void *arg, struct sea_txn *txn)
{
    const struct purge_ran *ran = arg;
    struct purge_run run = {ran->what, sea_str(ran->store), ran->count, txn->now_ms};
    return keep_run(txn, ran->signer, &run);
}

static enum sea_err forget_own(struct sea_txn *txn)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_time(&args, txn->now_ms);
    enum sea_err err = sea_pg_queue(txn->pg, &OWN_MARKS, &args);
    if (!err) err = sea_pg_queue(txn->pg, &OWN_REQUESTS, &args);
    if (!err) err = sea_pg_queue(txn->pg, &OWN_RUNS, &args);
    sea_pg_args_free(&args);
    return err;
}

enum sea_err purge_store_expire(void *arg, struct sea_txn *txn)
{
    struct purge_expiry *expiry = arg;
    PGresult *rows = NULL;
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_i64(&args, txn->now_ms);
    enum sea_err err = sea_pg_query(txn->pg, &EXPIRE, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    expiry->went = 0;
    for (int i = 0; i < sea_pg_count(rows) && !err; i++) {
        struct purge_run run = {"expired", sea_pg_str(rows, i, 0), (uint64_t)sea_pg_i64(rows, i, 1),
                                txn->now_ms};
        expiry->went += run.count;
        err = keep_run(txn, expiry->signer, &run);
    }
    sea_pg_clear(&rows);
    return err ? err : forget_own(txn);
}
