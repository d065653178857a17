/* order_tracked.c: numbers, the orders that named them, and the facts that wait for one
 * (deploy/sql/0021_order_tracker_named.sql). Both stand under the number's key, so in one
 * partition: whichever comes first is there when the other comes. */
#include "order_tracked.h"

#include <string.h>

#include "sea_id.h"
#include "seadesk/v1/parcels.pb-c.h"

/* An order that is being erased is waited for, and is gone then. */
static const struct sea_pg_stmt NAME = {
    "order_name_parcels",
    "INSERT INTO named (parcel_key, order_id, parcel_id, at)"
    " SELECT v.parcel_key, v.order_id, v.parcel_id, $4 FROM unnest($1::text[], $2::text[],"
    " $3::text[]) AS v (parcel_key, order_id, parcel_id) JOIN orders o ON o.order_id = v.order_id"
    " ORDER BY v.order_id FOR KEY SHARE OF o ON CONFLICT DO NOTHING"};
static const struct sea_pg_stmt WAIT = {
    "order_wait_for_name",
    "INSERT INTO unnamed (event_id, root_id, parcel_key, fact, value, at, number, \"offset\")"
    " SELECT v.event_id, v.root_id, v.parcel_key, v.fact, v.value, $8, v.number, v.\"offset\""
    " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bytea[], $6::int[],"
    " $7::bigint[]) AS v (event_id, root_id, parcel_key, fact, value, number, \"offset\")"
    " ON CONFLICT DO NOTHING"};
static const struct sea_pg_stmt TAKE = {
    "order_take_named",
    "WITH taken AS (DELETE FROM unnamed u WHERE u.parcel_key = ANY ($1::text[]) AND EXISTS"
    " (SELECT FROM named n WHERE n.parcel_key = u.parcel_key) RETURNING u.*)"
    " SELECT t.event_id, t.root_id, t.parcel_key, t.value, n.order_id, n.parcel_id, n.rank"
    " FROM taken t CROSS JOIN LATERAL (SELECT order_id, parcel_id,"
    " row_number() OVER (ORDER BY at, order_id) AS rank FROM named"
    " WHERE parcel_key = t.parcel_key ORDER BY at, order_id LIMIT $2::bigint) AS n"
    " ORDER BY t.at, t.\"offset\", n.rank"};

const char *order_tracked_add(struct order_batch *batch, const struct sea_record *record,
                              const char *tracking_number, struct sea_str order_id,
                              struct sea_str parcel_id, enum order_fact fact)
{
    struct sea_str number = sea_str(tracking_number);
    char *key = order_batch_alloc(batch, number.len);
    struct sea_str parcel_key = {key, sea_parcel_key(number, key)};
    if (!parcel_key.len) return "no-order-id";
    if (parcel_key.len > ORDER_ID_MAX_BYTES) return "id-too-long";
    if (sea_partition_of(parcel_key, SEA_PARTITIONS) != (uint32_t)record->partition)
        return "wrong-key";
    batch->tracked[batch->tracked_count++] =
        (struct order_tracked){record, parcel_key, order_id, parcel_id, fact};
    return NULL;
}

enum sea_err order_tracked_name(struct sea_txn *txn, const struct order_item *item,
                                const struct order_parcel *parcel)
{
    struct sea_str number = item->event.tracking_number;
    if (!number.len || sea_str_eq(number, parcel->tracking_number)) return SEA_OK;
    Seadesk__V1__ParcelNamed named = SEADESK__V1__PARCEL_NAMED__INIT;
    struct sea_cause cause = sea_cause_of(item->record);
    char key[ORDER_ID_MAX_BYTES];
    if (number.len > sizeof(key)) return SEA_OK;
    struct sea_str parcel_key = {key, sea_parcel_key(number, key)};
    if (!parcel_key.len) return SEA_OK; /* nobody asks for it */
    named.order_id = item->message->order_id;
    named.parcel_id = item->message->parcel_id;
    named.tracking_number = item->message->tracking_number;
    return sea_txn_emit(txn, (uint32_t)item->record->partition, SEA_TOPIC_PARCELS, parcel_key,
                        &named.base, &cause, "parcel", 0, NULL);
}

/* The rows of one kind: names have an order. */
static size_t rows_of(const struct order_batch *batch, bool is_name, struct order_tracked *ret)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->tracked_count; i++)
        if ((batch->tracked[i].order_id.len > 0) == is_name) ret[count++] = batch->tracked[i];
    return count;
}

static enum sea_err write_names(struct sea_pg_args *args, struct sea_txn *txn,
                                const struct order_tracked *rows, size_t count)
{
    if (!count) return SEA_OK;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, rows[i].parcel_key));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, rows[i].order_id));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, rows[i].parcel_id));
    sea_pg_arg_time(args, txn->now_ms);
    return sea_pg_queue(txn->pg, &NAME, args);
}

static enum sea_err write_facts(struct sea_pg_args *args, struct sea_txn *txn,
                                const struct order_tracked *rows, size_t count)
{
    if (!count) return SEA_OK;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, rows[i].record->headers.id));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, order_batch_root(rows[i].record)));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, rows[i].parcel_key));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)rows[i].fact));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count,
                 sea_pg_add_bytes(args, rows[i].record->value.ptr, rows[i].record->value.len));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, rows[i].record->partition));
    SEA_PG_ARRAY(args, SEA_PG_I64, count, sea_pg_add_i64(args, rows[i].record->offset));
    sea_pg_arg_time(args, txn->now_ms);
    return sea_pg_queue(txn->pg, &WAIT, args);
}

static char *text_of(struct sea_txn *txn, const PGresult *rows, int row, int col)
{
    char *copy = sea_arena_dup(txn->arena, sea_pg_str(rows, row, col));
    sea_assert(copy);
    return copy;
}

/* As the tracker said it, of the order's own parcel: that one knows its number. */
static enum sea_err pass_on(struct sea_txn *txn, const PGresult *rows, int row)
{
    Seadesk__V1__ParcelFact *parcel =
        sea_txn_decode(txn, &seadesk__v1__parcel_fact__descriptor, sea_pg_str(rows, row, 3));
    sea_assert(parcel && parcel->fact);
    Seadesk__V1__OrderEvent *event = parcel->fact;
    struct sea_cause cause = {.id = sea_pg_uuid(rows, row, 0), .root = sea_pg_uuid(rows, row, 1)};
    event->order_id = text_of(txn, rows, row, 4);
    event->parcel_id = text_of(txn, rows, row, 5);
    event->tracking_number = (char *)(uintptr_t)protobuf_c_empty_string;
    return sea_txn_emit(txn, sea_partition_of(sea_pg_str(rows, row, 2), SEA_PARTITIONS),
                        SEA_TOPIC_PARCELS, sea_str(event->order_id), &parcel->base, &cause,
                        "orders", (uint32_t)sea_pg_i64(rows, row, 6), NULL);
}

static enum sea_err take(struct sea_pg_args *args, struct sea_txn *txn,
                         const struct order_batch *batch, uint32_t *ret_found)
{
    PGresult *rows = NULL;
    uint32_t found = 0;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_TEXT, batch->tracked_count,
                 sea_pg_add_text(args, batch->tracked[i].parcel_key));
    sea_pg_arg_i64(args, ORDER_SHARERS_MAX);
    enum sea_err err = sea_pg_query(txn->pg, &TAKE, args, &rows);
    for (int row = 0; !err && row < sea_pg_count(rows); row++) {
        err = pass_on(txn, rows, row);
        if (sea_pg_i64(rows, row, 6) == 1) found++;
    }
    if (!err) *ret_found = found;
    sea_pg_clear(&rows);
    return err;
}

enum sea_err order_tracked_apply(struct sea_pg_args *args, struct sea_txn *txn,
                                 const struct order_batch *batch, uint32_t *ret_heard,
                                 uint32_t *ret_found)
{
    if (!batch->tracked_count) return SEA_OK;
    struct order_tracked *rows =
        sea_arena_alloc(batch->arena, batch->tracked_count * sizeof(*rows));
    sea_assert(rows);
    enum sea_err err = write_names(args, txn, rows, rows_of(batch, true, rows));
    size_t facts = rows_of(batch, false, rows);
    if (!err) err = write_facts(args, txn, rows, facts);
    *ret_heard = (uint32_t)facts;
    if (!err) err = take(args, txn, batch, ret_found);
    return err;
}
