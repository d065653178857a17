/* sea_txn.c: fenced transactions: lock the source rows, run the work, write rows, seen ids and
 * outbox, commit, publish. */
#include <stdlib.h>
#include <string.h>

#include "sea_clock.h"
#include "sea_crash.h"
#include "sea_decode.h"
#include "sea_id.h"
#include "sea_log.h"
#include "sea_metrics_common.h"
#include "sea_worker_private.h"

enum { TXN_ARENA_MAX = 256 * 1024 * 1024 };

static const struct sea_pg_stmt LOCK = {"worker_lock",
                                        "SELECT number, epoch, clock.now_ms(),"
                                        " (SELECT offset_ms FROM clock.shift) FROM source WHERE "
                                        "number = ANY($1) ORDER BY number FOR UPDATE"};
static const struct sea_pg_stmt WRITE_SOURCE = {
    "worker_write_source",
    "UPDATE source s SET counter = v.counter, inputs = v.inputs, updated_at = now()"
    " FROM unnest($1::int[], $2::bigint[], $3::text[]) v (number, counter, inputs)"
    " WHERE s.number = v.number"};
static const struct sea_pg_stmt WRITE_OUTBOX = {
    "worker_write_outbox",
    "INSERT INTO outbox (number, base, count, frame)"
    " SELECT * FROM unnest($1::int[], $2::bigint[], $3::int[], $4::bytea[])"};
static const struct sea_pg_stmt WRITE_SEEN = {
    "worker_write_seen", "INSERT INTO seen (day, id) SELECT current_date, unnest($1::uuid[])"
                         " ON CONFLICT DO NOTHING"};
static const struct sea_pg_stmt ACQUIRE = {
    "worker_acquire", "UPDATE source SET epoch = epoch + 1 WHERE number = ANY($1)"
                      " RETURNING number, epoch, counter, incarnation, inputs"};
static const struct sea_pg_stmt REREAD = {
    "worker_reread",
    "SELECT number, epoch, counter, incarnation, inputs FROM source WHERE number = ANY($1)"};
static const struct sea_pg_stmt SEEN_DAYS = {
    "worker_seen_days", "SELECT format('CREATE TABLE IF NOT EXISTS seen_%s PARTITION OF seen FOR "
                        "VALUES FROM (%L) TO (%L)',"
                        " to_char(d, 'YYYYMMDD'), d::date, d::date + 1)"
                        " FROM generate_series(current_date, current_date + 2, interval '1 day') d"
                        " WHERE to_regclass('seen_' || to_char(d, 'YYYYMMDD')) IS NULL"
                        " UNION ALL"
                        " SELECT format('DROP TABLE IF EXISTS %s', c.oid::regclass) FROM "
                        "pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
                        " WHERE i.inhparent = 'seen'::regclass AND c.relname < 'seen_' || "
                        "to_char(current_date - 8, 'YYYYMMDD')"};

void worker_txn_init(struct sea_worker *worker)
{
    worker->arena = (struct sea_arena)SEA_ARENA(TXN_ARENA_MAX);
    worker->args = (struct sea_pg_args)SEA_PG_ARGS;
    for (size_t i = 0; i < SEA_NUMBERS; i++)
        worker->numbers[i].frame = (struct sea_buf)SEA_BUF(SEA_FRAME_MAX_BYTES);
}

void worker_txn_free(struct sea_worker *worker)
{
    sea_arena_free(&worker->arena);
    sea_pg_args_free(&worker->args);
    for (size_t i = 0; i < SEA_NUMBERS; i++) sea_buf_free(&worker->numbers[i].frame);
}

static void add_numbers(struct sea_pg_args *args, uint32_t numbers)
{
    sea_pg_array_begin(args, SEA_PG_I32);
    for (int32_t n = 0; n < SEA_NUMBERS; n++)
        if (numbers & (UINT32_C(1) << n)) sea_pg_add_i32(args, n);
    sea_pg_array_end(args);
}

/* Takes the row's state into `number`; false when the text isn't ours. */
static bool read_source(struct sea_worker *worker, const PGresult *rows, int i)
{
    struct number *number = &worker->numbers[sea_pg_i64(rows, i, 0)];
    if (!sea_inputs_parse(sea_pg_str(rows, i, 4), &number->inputs)) {
        sea_log(SEA_LOG_ERROR, "source row unreadable",
                SEA_F_I64("number", sea_pg_i64(rows, i, 0)));
        return false;
    }
    number->epoch = sea_pg_i64(rows, i, 1);
    number->counter = (uint64_t)sea_pg_i64(rows, i, 2);
    number->incarnation = (uint32_t)sea_pg_i64(rows, i, 3);
    return true;
}

enum sea_err worker_acquire(struct sea_worker *worker, uint32_t numbers)
{
    PGresult *rows = NULL;
    sea_pg_args_reset(&worker->args);
    add_numbers(&worker->args, numbers);
    enum sea_err err = sea_pg_query(worker->pg, &ACQUIRE, &worker->args, &rows);
    if (err) return err;
    for (int i = 0; i < sea_pg_count(rows) && !err; i++)
        if (!read_source(worker, rows, i)) err = SEA_ERR_FATAL;
    sea_pg_clear(&rows);
    if (!err) err = parked_load(worker, numbers);
    if (!err) err = outbox_load(worker, numbers);
    return err;
}

void worker_lose(struct sea_worker *worker, uint32_t n)
{
    struct number *number = &worker->numbers[n];
    if (!number->is_owned) return;
    number->is_owned = false;
    outbox_orphan(worker, n);
    parked_forget(worker, n);
    if (worker->ops->lost) worker->ops->lost(worker->ctx, n);
}

enum sea_err worker_resync(struct sea_worker *worker)
{
    PGresult *rows = NULL;
    uint32_t owned = 0;
    uint64_t counters[SEA_NUMBERS];
    for (uint32_t n = 0; n < SEA_NUMBERS; n++) {
        counters[n] = worker->numbers[n].counter;
        if (worker->numbers[n].is_owned) owned |= UINT32_C(1) << n;
    }
    sea_pg_args_reset(&worker->args);
    add_numbers(&worker->args, owned);
    enum sea_err err = sea_pg_query(worker->pg, &REREAD, &worker->args, &rows);
    if (err) return err;
    for (int i = 0; i < sea_pg_count(rows) && !err; i++) {
        uint32_t n = (uint32_t)sea_pg_i64(rows, i, 0);
        if (sea_pg_i64(rows, i, 1) != worker->numbers[n].epoch)
            worker_lose(worker, n);
        else if (!read_source(worker, rows, i))
            err = SEA_ERR_FATAL;
        /* What was committed without our knowing is in the outbox and must go out, in order. */
        else if (worker->numbers[n].counter != counters[n])
            worker->outbox.needs_reload = true;
    }
    sea_pg_clear(&rows);
    if (!err) err = parked_load(worker, owned);
    if (!err) worker->needs_resync = false;
    return err;
}

/* Locks the source rows. FENCED: those of another owner are dropped, nothing is locked any more. */
static enum sea_err lock_sources(struct sea_worker *worker, uint32_t numbers)
{
    PGresult *rows = NULL;
    bool is_fenced = false;
    sea_pg_args_reset(&worker->args);
    add_numbers(&worker->args, numbers);
    enum sea_err err = sea_pg_query(worker->pg, &LOCK, &worker->args, &rows);
    if (err) return err;
    for (int i = 0; i < sea_pg_count(rows); i++) {
        uint32_t n = (uint32_t)sea_pg_i64(rows, i, 0);
        if (sea_pg_i64(rows, i, 1) != worker->numbers[n].epoch) {
            sea_log(SEA_LOG_WARN, "partition number fenced", SEA_F_U64("number", n));
            sea_metric_inc(&sea_m_fenced_total);
            worker_lose(worker, n);
            is_fenced = true;
        }
        worker->txn.now_ms = sea_pg_i64(rows, i, 2);
        worker->txn.shift_ms = sea_pg_i64(rows, i, 3);
    }
    sea_pg_clear(&rows);
    return is_fenced ? SEA_ERR_FENCED : SEA_OK;
}

static enum sea_err write_sources(struct sea_worker *worker, uint32_t numbers)
{
    struct sea_pg_args *args = &worker->args;
    struct sea_buf text = SEA_BUF(SEA_INPUTS_TEXT_MAX);
    sea_pg_args_reset(args);
    add_numbers(args, numbers);
    sea_pg_array_begin(args, SEA_PG_I64);
    for (size_t n = 0; n < SEA_NUMBERS; n++)
        if (worker->numbers[n].in_txn)
            sea_pg_add_i64(args, (int64_t)worker->numbers[n].next_counter);
    sea_pg_array_end(args);
    sea_pg_array_begin(args, SEA_PG_TEXT);
    for (size_t n = 0; n < SEA_NUMBERS; n++) {
        if (!worker->numbers[n].in_txn) continue;
        sea_buf_reset(&text);
        sea_inputs_print(&worker->numbers[n].next, &text);
        sea_assert(!text.is_full);
        sea_pg_add_text(args, sea_buf_view(&text));
    }
    sea_pg_array_end(args);
    sea_buf_free(&text);
    return sea_pg_queue(worker->pg, &WRITE_SOURCE, args);
}

static bool has_frame(const struct number *number)
{
    return number->in_txn && number->frame_count > 0;
}

static enum sea_err write_outbox(struct sea_worker *worker)
{
    struct sea_pg_args *args = &worker->args;
    struct number *numbers = worker->numbers;
    bool is_any = false;
    sea_pg_args_reset(args);
    sea_pg_array_begin(args, SEA_PG_I32);
    for (int32_t n = 0; n < SEA_NUMBERS; n++)
        if (has_frame(&numbers[n])) sea_pg_add_i32(args, n), is_any = true;
    sea_pg_array_end(args);
    if (!is_any) return SEA_OK;
    sea_pg_array_begin(args, SEA_PG_I64);
    for (size_t n = 0; n < SEA_NUMBERS; n++)
        if (has_frame(&numbers[n])) sea_pg_add_i64(args, (int64_t)numbers[n].counter + 1);
    sea_pg_array_end(args);
    sea_pg_array_begin(args, SEA_PG_I32);
    for (size_t n = 0; n < SEA_NUMBERS; n++)
        if (has_frame(&numbers[n])) sea_pg_add_i32(args, (int32_t)numbers[n].frame_count);
    sea_pg_array_end(args);
    sea_pg_array_begin(args, SEA_PG_BYTES);
    for (size_t n = 0; n < SEA_NUMBERS; n++)
        if (has_frame(&numbers[n]))
            sea_pg_add_bytes(args, numbers[n].frame.ptr, numbers[n].frame.len);
    sea_pg_array_end(args);
    return sea_pg_queue(worker->pg, &WRITE_OUTBOX, args);
}

static enum sea_err write_seen(struct sea_worker *worker)
{
    if (!worker->seen_count) return SEA_OK;
    sea_pg_args_reset(&worker->args);
    sea_pg_array_begin(&worker->args, SEA_PG_UUID);
    for (size_t i = 0; i < worker->seen_count; i++) sea_pg_add_uuid(&worker->args, worker->seen[i]);
    sea_pg_array_end(&worker->args);
    return sea_pg_queue(worker->pg, &WRITE_SEEN, &worker->args);
}

static enum sea_err write_all(struct sea_worker *worker, uint32_t numbers)
{
    bool is_any;
    enum sea_err err = write_sources(worker, numbers);
    if (!err) err = write_outbox(worker);
    if (!err) err = write_seen(worker);
    if (!err) err = parked_queue_insert(worker);
    if (!err) err = outbox_queue_deletes(worker, &is_any);
    return err;
}

static void txn_enter(struct sea_worker *worker, uint32_t numbers)
{
    for (size_t n = 0; n < SEA_NUMBERS; n++) {
        struct number *number = &worker->numbers[n];
        number->in_txn = numbers & (UINT32_C(1) << n);
        if (!number->in_txn) continue;
        number->next = number->inputs;
        number->next_counter = number->counter;
        number->frame_count = 0;
        sea_buf_reset(&number->frame);
    }
    worker->seen_count = worker->to_park_count = 0;
    sea_arena_reset(&worker->arena);
    worker->txn = (struct sea_txn){.worker = worker, .pg = worker->pg, .arena = &worker->arena};
}

/* The commit is known: the new state is the state, and what was said goes out. */
static void txn_adopt(struct sea_worker *worker)
{
    for (uint32_t n = 0; n < SEA_NUMBERS; n++) {
        struct number *number = &worker->numbers[n];
        if (!number->in_txn) continue;
        if (number->frame_count) {
            size_t len;
            char *frame = sea_buf_take(&number->frame, &len);
            outbox_add(worker, n, number->counter + 1, number->frame_count, frame, len);
        }
        number->inputs = number->next;
        number->counter = number->next_counter;
    }
    outbox_deleted(worker);
    parked_remember(worker);
    worker->last_commit_ms = sea_clock_mono_ms();
    SEA_CRASHPOINT("worker.before_publish");
    outbox_pump(worker);
}

static const char *outcome_of(enum sea_err err)
{
    switch (err) {
    case SEA_OK:
        return "committed";
    case SEA_ERR_RETRY:
        return "retried";
    case SEA_ERR_FENCED:
        return "fenced";
    case SEA_ERR_REJECT:
    case SEA_ERR_FATAL:
        break;
    }
    return "rolled_back";
}

enum sea_err worker_run(struct sea_worker *worker, uint32_t numbers,
                        enum sea_err (*fn)(void *arg, struct sea_txn *txn), void *arg)
{
    sea_assert(numbers);
    enum sea_err err = worker->needs_resync ? worker_resync(worker) : SEA_OK;
    if (err) return err;
    for (uint32_t n = 0; n < SEA_NUMBERS; n++)
        if ((numbers & (UINT32_C(1) << n)) && !worker->numbers[n].is_owned) return SEA_ERR_FENCED;
    err = outbox_reload_if_needed(worker);
    if (err) return err;
    txn_enter(worker, numbers);
    if (!err) err = sea_pg_begin(worker->pg);
    if (!err) err = lock_sources(worker, numbers);
    if (!err) err = fn(arg, &worker->txn);
    if (!err) err = write_all(worker, numbers);
    if (!err) {
        SEA_CRASHPOINT("worker.before_commit");
        err = sea_pg_commit(worker->pg);
        if (!err) SEA_CRASHPOINT("worker.after_commit");
    }
    if (err) {
        sea_pg_rollback(worker->pg);
        outbox_kept(worker);
        if (worker->ops->rolled_back) worker->ops->rolled_back(worker->ctx);
        /* Lost in commit or before: the rows tell which. */
        if (err == SEA_ERR_RETRY) worker->needs_resync = true;
        sea_metric_inc(&sea_m_transactions_total, outcome_of(err));
        return err;
    }
    txn_adopt(worker);
    if (worker->ops->committed) worker->ops->committed(worker->ctx);
    sea_metric_inc(&sea_m_transactions_total, outcome_of(err));
    return SEA_OK;
}

struct sea_cause sea_cause_of(const struct sea_record *record)
{
    return (struct sea_cause){record->headers.id, record->headers.root, record->headers.trace};
}

enum sea_err sea_txn_emit(struct sea_txn *txn, uint32_t n, enum sea_topic topic, struct sea_str key,
                          const ProtobufCMessage *message, const struct sea_cause *cause,
                          const char *kind, uint32_t index, struct sea_uuid *ret_id)
{
    struct number *number = &txn->worker->numbers[n];
    sea_assert(n < SEA_NUMBERS && number->in_txn);
    size_t len = protobuf_c_message_get_packed_size(message);
    if (len > SEA_RECORD_MAX_BYTES) return SEA_ERR_REJECT;
    uint8_t *value = sea_arena_alloc(txn->arena, len ? len : 1);
    if (!value) return SEA_ERR_REJECT;
    protobuf_c_message_pack(message, value);

    struct sea_outgoing out = {
        .topic = topic,
        .key = key,
        .value = {(const char *)value, len},
        .headers = {.id = sea_uuid_derive(cause->id, kind, index),
                    .type = sea_str(message->descriptor->name),
                    .source = sea_str(txn->worker->source),
                    .time_ms = txn->now_ms,
                    .root = sea_uuid_is_nil(cause->root) ? cause->id : cause->root,
                    .trace = cause->trace},
    };
    sea_frame_add(&number->frame, (struct sea_src){txn->worker->self, n, number->incarnation},
                  &out);
    if (number->frame.is_full) return SEA_ERR_REJECT;
    number->frame_count++;
    number->next_counter++;
    if (ret_id) *ret_id = out.headers.id;
    return SEA_OK;
}

void *sea_txn_decode(struct sea_txn *txn, const ProtobufCMessageDescriptor *type,
                     struct sea_str value)
{
    return sea_decode(type, value, txn->arena);
}

bool sea_record_is(const struct sea_record *record, const ProtobufCMessageDescriptor *type)
{
    return sea_str_is(record->headers.type, type->name);
}

enum sea_err worker_housekeeping(struct sea_worker *worker)
{
    PGresult *rows = NULL;
    enum sea_err err = sea_pg_query(worker->pg, &SEEN_DAYS, NULL, &rows);
    for (int i = 0; !err && i < sea_pg_count(rows); i++) {
        char *sql = sea_str_dup(sea_pg_str(rows, i, 0));
        err = sea_pg_script(worker->pg, sql);
        free(sql);
        /* Another instance made or dropped it in the same moment. */
        if (err == SEA_ERR_REJECT || err == SEA_ERR_FATAL) err = SEA_OK;
    }
    sea_pg_clear(&rows);
    return err;
}
