/* sea_parked.c: records that are valid but fail, and those of the same key that wait behind them.
 */
#include <stdlib.h>
#include <string.h>

#include "sea_clock.h"
#include "sea_log.h"
#include "sea_worker_private.h"

static const struct sea_pg_stmt KEYS = {
    "parked_keys", "SELECT DISTINCT number, topic, key FROM parked WHERE number = ANY($1)"};
static const struct sea_pg_stmt INSERT = {
    "parked_insert", "INSERT INTO parked (number, topic, key, \"offset\", is_cause, reason, record)"
                     " SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::bigint[], "
                     "$5::bool[], $6::text[], $7::bytea[])"
                     " ON CONFLICT DO NOTHING"};
static const struct sea_pg_stmt RELEASED = {
    "parked_released",
    "SELECT number, topic, key, \"offset\", record FROM parked p WHERE number = ANY($1) AND EXISTS"
    " (SELECT FROM parked r WHERE (r.number, r.topic, r.key) = (p.number, p.topic, p.key) AND "
    "r.is_released)"
    " ORDER BY number, topic, key, \"offset\" LIMIT 100"};
static const struct sea_pg_stmt DELETE = {
    "parked_delete",
    "DELETE FROM parked WHERE number = $1 AND topic = $2 AND key = $3 AND \"offset\" = $4"};
static const struct sea_pg_stmt FAILED_AGAIN = {
    "parked_failed_again", "UPDATE parked SET is_released = false, is_cause = (\"offset\" = $4), "
                           "attempts = attempts + (\"offset\" = $4)::int"
                           " WHERE number = $1 AND topic = $2 AND key = $3"};

static void add_key(struct sea_worker *worker, uint32_t number, enum sea_topic topic,
                    struct sea_str key)
{
    for (size_t i = 0; i < worker->parked_count; i++) {
        const struct parked_key *known = &worker->parked[i];
        if (known->number == number && known->topic == topic && sea_str_is(key, known->key)) return;
    }
    sea_assert(worker->parked_count < PARKED_KEYS_MAX);
    if (!worker->parked) worker->parked = sea_alloc(PARKED_KEYS_MAX * sizeof(*worker->parked));
    worker->parked[worker->parked_count++] = (struct parked_key){number, topic, sea_str_dup(key)};
}

void parked_forget(struct sea_worker *worker, uint32_t number)
{
    size_t kept = 0;
    for (size_t i = 0; i < worker->parked_count; i++) {
        if (worker->parked[i].number == number)
            free(worker->parked[i].key);
        else
            worker->parked[kept++] = worker->parked[i];
    }
    worker->parked_count = kept;
}

void parked_free(struct sea_worker *worker)
{
    for (size_t i = 0; i < worker->parked_count; i++) free(worker->parked[i].key);
    free(worker->parked);
    worker->parked = NULL;
    worker->parked_count = 0;
}

static void add_numbers(struct sea_pg_args *args, uint32_t numbers)
{
    sea_pg_array_begin(args, SEA_PG_I32);
    for (int32_t n = 0; n < SEA_NUMBERS; n++)
        if (numbers & (UINT32_C(1) << n)) sea_pg_add_i32(args, n);
    sea_pg_array_end(args);
}

enum sea_err parked_load(struct sea_worker *worker, uint32_t numbers)
{
    PGresult *rows = NULL;
    sea_pg_args_reset(&worker->args);
    add_numbers(&worker->args, numbers);
    enum sea_err err = sea_pg_query(worker->pg, &KEYS, &worker->args, &rows);
    if (err) return err;
    for (uint32_t n = 0; n < SEA_NUMBERS; n++)
        if (numbers & (UINT32_C(1) << n)) parked_forget(worker, n);
    for (int i = 0; i < sea_pg_count(rows); i++) {
        enum sea_topic topic;
        if (sea_topic_find(sea_pg_str(rows, i, 1), &topic))
            add_key(worker, (uint32_t)sea_pg_i64(rows, i, 0), topic, sea_pg_str(rows, i, 2));
    }
    sea_pg_clear(&rows);
    return SEA_OK;
}

static uint32_t number_of(const struct sea_record *record)
{
    return record->topic == SEA_TOPIC_PRIVACY ? SEA_NUMBER_PRIVACY : (uint32_t)record->partition;
}

bool worker_is_parked(const struct sea_worker *worker, const struct sea_record *record)
{
    uint32_t number = number_of(record);
    for (size_t i = 0; i < worker->parked_count; i++) {
        const struct parked_key *parked = &worker->parked[i];
        /* A parked consent also holds what would be sent to that contact; never the other way
         * round. */
        bool is_topic = parked->topic == record->topic || (parked->topic == SEA_TOPIC_CONSENTS &&
                                                           record->topic == SEA_TOPIC_OUTBOUND);
        if (parked->number == number && is_topic && sea_str_is(record->key, parked->key))
            return true;
    }
    return false;
}

static void add_records(struct sea_worker *worker)
{
    struct sea_pg_args *args = &worker->args;
    struct sea_buf frame = SEA_BUF(SEA_FRAME_MAX_BYTES);
    sea_pg_array_begin(args, SEA_PG_BYTES);
    for (size_t i = 0; i < worker->to_park_count; i++) {
        const struct sea_record *record = worker->to_park[i];
        struct sea_outgoing out = {record->topic, record->key, record->value, record->headers};
        sea_buf_reset(&frame);
        sea_frame_add(&frame, (struct sea_src){worker->self, number_of(record), 0}, &out);
        sea_pg_add_bytes(args, frame.ptr, frame.len);
    }
    sea_pg_array_end(args);
    sea_buf_free(&frame);
}

enum sea_err parked_queue_insert(struct sea_worker *worker)
{
    struct sea_pg_args *args = &worker->args;
    size_t count = worker->to_park_count;
    if (!count) return SEA_OK;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_I32, count,
                 sea_pg_add_i32(args, (int32_t)number_of(worker->to_park[i])));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count,
                 sea_pg_add_text(args, sea_str(sea_topic_info(worker->to_park[i]->topic)->name)));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, worker->to_park[i]->key));
    SEA_PG_ARRAY(args, SEA_PG_I64, count, sea_pg_add_i64(args, worker->to_park[i]->offset));
    SEA_PG_ARRAY(args, SEA_PG_BOOL, count,
                 sea_pg_add_bool(args, worker->to_park[i] == worker->culprit));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count,
                 sea_pg_add_text(args, worker->to_park[i] == worker->culprit ? SEA_STR("failed")
                                                                             : SEA_STR("behind")));
    add_records(worker);
    return sea_pg_queue(worker->pg, &INSERT, args);
}

void parked_remember(struct sea_worker *worker)
{
    for (size_t i = 0; i < worker->to_park_count; i++) {
        const struct sea_record *record = worker->to_park[i];
        add_key(worker, number_of(record), record->topic, record->key);
    }
}

/* One released row, as the transaction sees it. */
struct released {
    struct sea_worker *worker;
    struct sea_record record;
};

static void key_args(struct sea_pg_args *args, const struct sea_record *record)
{
    sea_pg_args_reset(args);
    sea_pg_arg_i32(args, (int32_t)number_of(record));
    sea_pg_arg_text(args, sea_str(sea_topic_info(record->topic)->name));
    sea_pg_arg_text(args, record->key);
    sea_pg_arg_i64(args, record->offset);
}

static enum sea_err apply_released(void *arg, struct sea_txn *txn)
{
    struct released *released = arg;
    struct sea_worker *worker = released->worker;
    enum sea_err err = worker->ops->apply(worker->ctx, txn, &released->record, 1);
    if (err) return err;
    key_args(&worker->args, &released->record);
    return sea_pg_queue(txn->pg, &DELETE, &worker->args);
}

static enum sea_err mark_failed_again(void *arg, struct sea_txn *txn)
{
    struct released *released = arg;
    key_args(&released->worker->args, &released->record);
    return sea_pg_queue(txn->pg, &FAILED_AGAIN, &released->worker->args);
}

static bool read_released(const PGresult *rows, int i, struct released *ret)
{
    struct sea_frame_reader reader;
    struct sea_outgoing out;
    if (!sea_frame_open(&reader, sea_pg_str(rows, i, 4), 0) || !sea_frame_next(&reader, &out))
        return false;
    ret->record = (struct sea_record){
        .topic = out.topic,
        .partition = out.topic == SEA_TOPIC_PRIVACY ? 0 : (int32_t)sea_pg_i64(rows, i, 0),
        .offset = sea_pg_i64(rows, i, 3),
        .key = out.key,
        .value = out.value,
        .headers = out.headers,
    };
    return true;
}

enum sea_err parked_release(struct sea_worker *worker)
{
    PGresult *rows = NULL;
    uint32_t owned = 0;
    /* A replayed record's key isn't known before its row is seen. */
    if (!worker->parked_count && sea_clock_mono_ms() < worker->released_look_ms) return SEA_OK;
    worker->released_look_ms = sea_clock_mono_ms() + RELEASED_LOOK_MS;
    for (uint32_t n = 0; n < SEA_NUMBERS; n++)
        if (worker->numbers[n].is_owned) owned |= UINT32_C(1) << n;
    sea_pg_args_reset(&worker->args);
    add_numbers(&worker->args, owned);
    enum sea_err err = sea_pg_query(worker->pg, &RELEASED, &worker->args, &rows);
    if (err) return err;
    for (int i = 0; i < sea_pg_count(rows) && !err; i++) {
        struct released released = {.worker = worker};
        if (!read_released(rows, i, &released)) continue;
        uint32_t number = UINT32_C(1) << number_of(&released.record);
        err = worker_run(worker, number, apply_released, &released);
        if (err == SEA_ERR_REJECT) {
            sea_log(SEA_LOG_WARN, "released record failed again",
                    SEA_F_STR("topic", sea_topic_info(released.record.topic)->name),
                    SEA_F_I64("offset", released.record.offset));
            err = worker_run(worker, number, mark_failed_again, &released);
            break; /* the rest of its key waits; other keys come with the next look */
        }
    }
    int count = sea_pg_count(rows);
    sea_pg_clear(&rows);
    if (!err && count > 0) err = parked_load(worker, owned);
    return err;
}
