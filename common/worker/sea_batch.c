/* sea_batch.c: a batch of records becomes transactions: duplicates dropped, parked keys kept
 * waiting, a record that fails found by halving. */
#include <stdlib.h>
#include <string.h>

#include <stdio.h>

#include "sea_clock.h"
#include "sea_id.h"
#include "sea_log.h"
#include "sea_metrics_common.h"
#include "sea_worker_private.h"
#include "seadesk/v1/dlq.pb-c.h"

enum { DEAD_VALUE_MAX = 128 * 1024 };

static const struct sea_pg_stmt SEEN = {"worker_seen", "SELECT id FROM seen WHERE id = ANY($1)"};

static uint32_t number_of(const struct sea_record *record)
{
    return record->topic == SEA_TOPIC_PRIVACY ? SEA_NUMBER_PRIVACY : (uint32_t)record->partition;
}

/* What one run of a batch works on. */
struct run {
    struct sea_worker *worker;
    const struct sea_record *records;
    size_t count;
    const struct sea_record *culprit;       /* to be parked instead of applied */
    uint8_t verdicts[SEA_WORKER_BATCH_MAX]; /* enum verdict, for the counters after the commit */
};

enum verdict { APPLY, PARK, SKIP, REFUSE };

/* The first record after taking a number over must be the last one read, or the log is not what it
 * was. */
static bool is_verified(struct number *number, const struct sea_record *record)
{
    const struct sea_input_topic *input = &number->inputs.topics[record->topic];
    if (!number->verify[record->topic]) return true;
    number->verify[record->topic] = false;
    if (record->offset != input->position - 1) return true; /* that one has expired */
    if (sea_uuid_eq(record->headers.id, input->last)) return true;
    number->is_stopped = true;
    sea_metric_inc(&sea_m_lost_log_total, sea_topic_info(record->topic)->name);
    sea_log(SEA_LOG_ERROR, "log was replaced: partition number stopped",
            SEA_F_STR("topic", sea_topic_info(record->topic)->name),
            SEA_F_I64("partition", record->partition), SEA_F_I64("offset", record->offset));
    return false;
}

/* From ingest's or desk's calls: known by its id, since it has no place among its sender's records.
 */
static bool is_edge(const struct sea_record *record)
{
    return record->headers.src.len == 0;
}

/* To be looked up in `seen`. */
static bool is_seen_by_id(const struct sea_worker *worker, const struct sea_record *record)
{
    return is_edge(record) &&
           !(worker->ops->takes_repeated_commands && record->topic == SEA_TOPIC_COMMANDS);
}

static enum verdict judge(struct sea_worker *worker, const struct sea_record *record,
                          const struct sea_record *culprit)
{
    struct number *number = &worker->numbers[number_of(record)];
    struct sea_src src;
    if (!number->in_txn || number->is_stopped || !is_verified(number, record)) return SKIP;
    const struct sea_input_topic *input = &number->next.topics[record->topic];
    if (input->is_known && record->offset < input->position) return SKIP;
    sea_inputs_read(&number->next, record->topic, record->offset, record->headers.id);
    enum verdict good = record == culprit || worker_is_parked(worker, record) ? PARK : APPLY;
    if (is_edge(record)) return good; /* `seen` decides */
    if (!sea_src_parse(record->headers.src, &src)) return REFUSE;
    switch (sea_inputs_take(&number->next, record->topic, src, record->headers.pos)) {
    case SEA_DUPLICATE:
        return SKIP;
    case SEA_NEW:
        return good;
    case SEA_OLD_INCARNATION:
    case SEA_TOO_MANY_SENDERS:
        return REFUSE;
    }
    return REFUSE;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct sea_uuid));
}

static bool contains(const struct sea_uuid *ids, size_t count, struct sea_uuid id)
{
    return count && bsearch(&id, ids, count, sizeof(id), by_id);
}

/* The ids among `asked` that took effect before, sorted, in the arena. */
static enum sea_err load_seen(struct sea_txn *txn, const struct sea_uuid *asked, size_t count,
                              struct sea_uuid **ret, size_t *ret_count)
{
    struct sea_pg_args *args = &txn->worker->args;
    PGresult *rows = NULL;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, asked[i]));
    enum sea_err err = sea_pg_query(txn->pg, &SEEN, args, &rows);
    if (err) return err;
    *ret_count = (size_t)sea_pg_count(rows);
    *ret = sea_arena_alloc(txn->arena, (*ret_count + 1) * sizeof(**ret));
    for (size_t i = 0; *ret && i < *ret_count; i++) (*ret)[i] = sea_pg_uuid(rows, (int)i, 0);
    sea_pg_clear(&rows);
    if (!*ret) return SEA_ERR_RETRY;
    qsort(*ret, *ret_count, sizeof(**ret), by_id);
    return SEA_OK;
}

static bool is_in_batch(const struct sea_worker *worker, struct sea_uuid id)
{
    for (size_t i = 0; i < worker->seen_count; i++)
        if (sea_uuid_eq(worker->seen[i], id)) return true;
    return false;
}

/* Leaves in `fresh` what is to be applied, in order. */
static enum sea_err sift(struct run *run, struct sea_txn *txn, struct sea_record *fresh,
                         size_t *ret_count)
{
    struct sea_worker *worker = run->worker;
    uint8_t *verdicts = run->verdicts;
    struct sea_uuid asked[SEA_WORKER_BATCH_MAX], *seen = NULL;
    size_t asked_count = 0, seen_count = 0, kept = 0;
    for (size_t i = 0; i < run->count; i++) {
        verdicts[i] = (uint8_t)judge(worker, &run->records[i], run->culprit);
        if (verdicts[i] <= PARK && is_seen_by_id(worker, &run->records[i]))
            asked[asked_count++] = run->records[i].headers.id;
    }
    if (asked_count) {
        enum sea_err err = load_seen(txn, asked, asked_count, &seen, &seen_count);
        if (err) return err;
    }
    for (size_t i = 0; i < run->count; i++) {
        const struct sea_record *record = &run->records[i];
        if (verdicts[i] == REFUSE) sea_txn_refuse(txn, record, "bad-source");
        if (verdicts[i] > PARK) continue;
        if (is_seen_by_id(worker, record)) {
            struct sea_uuid id = record->headers.id;
            if (contains(seen, seen_count, id) || is_in_batch(worker, id)) {
                verdicts[i] = SKIP;
                continue;
            }
            worker->seen[worker->seen_count++] = id;
        }
        if (verdicts[i] == PARK)
            worker->to_park[worker->to_park_count++] = record;
        else
            fresh[kept++] = *record;
    }
    *ret_count = kept;
    return SEA_OK;
}

static enum sea_err apply(void *arg, struct sea_txn *txn)
{
    struct run *run = arg;
    size_t count = 0;
    struct sea_record *fresh = sea_arena_alloc(txn->arena, run->count * sizeof(*fresh));
    if (!fresh) return SEA_ERR_RETRY;
    run->worker->culprit = run->culprit;
    enum sea_err err = sift(run, txn, fresh, &count);
    if (!err && count) err = run->worker->ops->apply(run->worker->ctx, txn, fresh, count);
    return err;
}

static uint32_t numbers_of(const struct sea_worker *worker, const struct sea_record *records,
                           size_t count)
{
    uint32_t numbers = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t n = number_of(&records[i]);
        if (worker->numbers[n].is_owned && !worker->numbers[n].is_stopped)
            numbers |= UINT32_C(1) << n;
    }
    return numbers;
}

static void count_records(const struct run *run)
{
    static const char *const OUTCOMES[] = {
        [APPLY] = "applied", [PARK] = "parked", [SKIP] = "duplicate", [REFUSE] = "refused"};
    for (size_t i = 0; i < run->count; i++) {
        const struct sea_record *record = &run->records[i];
        sea_metric_inc(&sea_m_consumed_total, sea_topic_info(record->topic)->name,
                       OUTCOMES[run->verdicts[i]]);
        if (run->verdicts[i] == SKIP)
            sea_metric_inc(&sea_m_duplicates_total, is_edge(record) ? "id" : "position");
    }
    sea_metric_observe(&sea_m_batch_records, (double)run->count);
}

enum sea_err worker_batch(struct sea_worker *worker, const struct sea_record *records, size_t count)
{
    size_t chunk = count;
    const struct sea_record *culprit = NULL;
    for (size_t done = 0; done < count;) {
        size_t n = chunk < count - done ? chunk : count - done;
        struct run run = {
            .worker = worker, .records = records + done, .count = n, .culprit = culprit};
        uint32_t numbers = numbers_of(worker, run.records, n);
        int64_t began_us = sea_clock_mono_us();
        enum sea_err err = numbers ? worker_run(worker, numbers, apply, &run) : SEA_OK;
        if (!err && numbers) {
            count_records(&run);
            sea_metric_observe(&sea_m_process_duration_seconds,
                               (double)(sea_clock_mono_us() - began_us) / 1e6, "batch");
        }
        if (err == SEA_ERR_FENCED) continue; /* the fenced numbers are gone: again without them */
        if (err == SEA_ERR_REJECT && n > 1) {
            chunk = n / 2;
            continue;
        }
        if (err == SEA_ERR_REJECT && !culprit) {
            culprit = &records[done];
            sea_log(SEA_LOG_ERROR, "record parked",
                    SEA_F_STR("topic", sea_topic_info(culprit->topic)->name),
                    SEA_F_I64("partition", culprit->partition),
                    SEA_F_I64("offset", culprit->offset));
            continue;
        }
        if (err) return err == SEA_ERR_REJECT ? SEA_ERR_FATAL : err;
        done += n;
        culprit = NULL;
    }
    return SEA_OK;
}

/* The value, sealed: a record that can't be read may hold anything. Without a day key the letter
 * goes without it: its coordinates lead to the record for as long as the topic keeps it. */
static void seal_value(struct sea_txn *txn, const struct sea_record *record, struct sea_uuid id,
                       Seadesk__V1__DeadLetter *letter)
{
    struct sea_buf sealed = SEA_BUF(SEA_RECORD_MAX_BYTES);
    struct sea_place place = {
        SEA_STR("seadesk.dlq"), SEA_STR("sealed_value"), {(const char *)id.bytes, 16}};
    uint32_t day = 0;
    struct sea_str value = {
        record->value.ptr, record->value.len < DEAD_VALUE_MAX ? record->value.len : DEAD_VALUE_MAX};
    if (!sea_days_seal(txn->worker->days, SEA_DAYS_DEAD, &place, value, &sealed, &day)) {
        struct sea_str kept = sea_arena_str(txn->arena, sea_buf_view(&sealed));
        letter->sealed_value = (ProtobufCBinaryData){kept.len, (uint8_t *)(uintptr_t)kept.ptr};
        letter->day = (int32_t)day;
    }
    sea_buf_free(&sealed);
}

void sea_txn_refuse(struct sea_txn *txn, const struct sea_record *record, const char *reason)
{
    Seadesk__V1__DeadLetter letter = SEADESK__V1__DEAD_LETTER__INIT;
    struct sea_cause cause = sea_cause_of(record);
    struct sea_uuid none = {{0}};
    char where[96];
    struct sea_str parts[3];
    snprintf(where, sizeof(where), "%s/%d/%lld", sea_topic_info(record->topic)->name,
             record->partition, (long long)record->offset);
    parts[0] = sea_str("dead-letter");
    parts[1] = sea_str(txn->worker->ops->service);
    parts[2] = sea_str(where);
    /* A record without a readable id still gets one, from its place. */
    if (memcmp(cause.id.bytes, none.bytes, 16) == 0) cause.id = sea_uuid5(parts, 3);
    if (memcmp(cause.root.bytes, none.bytes, 16) == 0) cause.root = cause.id;
    letter.service = (char *)(uintptr_t)txn->worker->ops->service;
    letter.topic = (char *)(uintptr_t)sea_topic_info(record->topic)->name;
    letter.partition = record->partition;
    letter.offset = record->offset;
    letter.reason = (char *)(uintptr_t)reason;
    letter.ce_id = (ProtobufCBinaryData){16, cause.id.bytes};
    letter.ce_type = sea_arena_dup(txn->arena, record->headers.type);
    letter.at_ms = txn->now_ms;
    letter.key = (ProtobufCBinaryData){record->key.len, (uint8_t *)(uintptr_t)record->key.ptr};
    seal_value(txn, record, sea_uuid_derive(cause.id, "dead-letter", 0), &letter);
    if (!letter.ce_type) letter.ce_type = (char *)(uintptr_t)protobuf_c_empty_string;
    sea_metric_inc(&sea_m_dead_letters_total, letter.topic, reason);
    sea_log(SEA_LOG_WARN, "record refused", SEA_F_STR("reason", reason),
            SEA_F_STR("topic", letter.topic), SEA_F_I64("partition", record->partition),
            SEA_F_I64("offset", record->offset));
    enum sea_err err = sea_txn_emit(txn, number_of(record), SEA_TOPIC_DLQ, record->key,
                                    &letter.base, &cause, "dead-letter", 0, NULL);
    sea_assert(err == SEA_OK); /* a dead letter is small */
}
