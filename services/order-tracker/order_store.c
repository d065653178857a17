/* order_store.c: orders in PostgreSQL (deploy/sql/0020_order_tracker.sql). */
#include "order_store.h"

static const struct sea_pg_stmt LOAD = {
    "order_load",
    "SELECT o.order_id, o.market, o.contact_key, o.version, o.milestone, o.is_told, o.placed_at,"
    " o.paid_at, o.cancelled_at, o.parcels_fact, o.parcels_at, o.parcels_sequence,"
    " p.parcel_id, p.carrier, p.tracking_number, p.milestone, p.is_told, p.dispatched_at,"
    " p.in_customs_at, p.out_for_delivery_at, p.delivered_at, p.returned_at, p.moved_fact,"
    " p.moved_at, p.moved_sequence,"
    " x.class, x.since, x.reason, x.expected_at, x.ended_at, x.is_told, x.tolds, x.opened_fact,"
    " x.opened_at, x.opened_sequence, x.closed_fact, x.closed_at, x.closed_sequence"
    " FROM orders o LEFT JOIN parcel p ON p.order_id = o.order_id"
    " LEFT JOIN exception x ON x.order_id = p.order_id AND x.parcel_id = p.parcel_id"
    " WHERE o.order_id = ANY ($1::text[]) ORDER BY o.order_id FOR NO KEY UPDATE OF o"};
static const struct sea_pg_stmt WRITE_EVENTS = {
    "order_write_events",
    "INSERT INTO event (event_id, root_id, order_id, parcel_id, fact, outcome, is_historical,"
    " occurred_at, received_at, sequence, reason, expected_at, location, carrier, tracking_number,"
    " amount, currency, source, about, notice_id, number, \"offset\", is_tracked,"
    " at)"
    " SELECT v.*, $24::timestamptz FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[],"
    " $5::int[], $6::int[], $7::bool[], $8::timestamptz[], $9::timestamptz[], $10::bigint[],"
    " $11::text[], $12::timestamptz[], $13::text[], $14::text[], $15::text[], $16::bigint[],"
    " $17::text[], $18::text[], $19::text[], $20::uuid[], $21::int[], $22::bigint[],"
    " $23::bool[]) v"
    " ON CONFLICT DO NOTHING" /* what a tracker still says after its id was forgotten */};
static const struct sea_pg_stmt WRITE_ORDERS = {
    "order_write_orders",
    "INSERT INTO orders (order_id, market, contact_key, version, milestone, is_told, placed_at,"
    " paid_at, cancelled_at, parcels_fact, parcels_at, parcels_sequence, gone)"
    " SELECT order_id, market, contact_key, version, milestone, is_told, placed_at, paid_at,"
    " cancelled_at, parcels_fact, parcels_at, parcels_sequence, (gone AT TIME ZONE 'UTC')::date"
    " FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[], $5::int[], $6::bool[],"
    " $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::int[], $11::timestamptz[],"
    " $12::bigint[], $13::timestamptz[]) AS v (order_id, market, contact_key, version, milestone,"
    " is_told, placed_at, paid_at, cancelled_at, parcels_fact, parcels_at, parcels_sequence, gone)"
    " ON CONFLICT (order_id) DO UPDATE SET market = excluded.market,"
    " contact_key = excluded.contact_key, version = excluded.version,"
    " milestone = excluded.milestone, is_told = excluded.is_told, placed_at = excluded.placed_at,"
    " paid_at = excluded.paid_at, cancelled_at = excluded.cancelled_at,"
    " parcels_fact = excluded.parcels_fact, parcels_at = excluded.parcels_at,"
    " parcels_sequence = excluded.parcels_sequence"};
static const struct sea_pg_stmt WRITE_PARCELS = {
    "order_write_parcels",
    "INSERT INTO parcel (order_id, parcel_id, carrier, tracking_number, milestone, is_told,"
    " dispatched_at, in_customs_at, out_for_delivery_at, delivered_at, returned_at, moved_fact,"
    " moved_at, moved_sequence)"
    " SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::bool[],"
    " $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[],"
    " $11::timestamptz[], $12::int[], $13::timestamptz[], $14::bigint[])"
    " ON CONFLICT (order_id, parcel_id) DO UPDATE SET carrier = excluded.carrier,"
    " tracking_number = excluded.tracking_number, milestone = excluded.milestone,"
    " is_told = excluded.is_told, dispatched_at = excluded.dispatched_at,"
    " in_customs_at = excluded.in_customs_at, out_for_delivery_at = excluded.out_for_delivery_at,"
    " delivered_at = excluded.delivered_at, returned_at = excluded.returned_at,"
    " moved_fact = excluded.moved_fact, moved_at = excluded.moved_at,"
    " moved_sequence = excluded.moved_sequence"};
static const struct sea_pg_stmt WRITE_EXCEPTIONS = {
    "order_write_exceptions",
    "INSERT INTO exception (order_id, parcel_id, class, since, reason, expected_at, ended_at,"
    " is_told, tolds, opened_fact, opened_at, opened_sequence, closed_fact, closed_at,"
    " closed_sequence)"
    " SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::text[],"
    " $6::timestamptz[], $7::timestamptz[], $8::bool[], $9::int[], $10::int[],"
    " $11::timestamptz[], $12::bigint[], $13::int[], $14::timestamptz[], $15::bigint[])"
    " ON CONFLICT (order_id, parcel_id, class) DO UPDATE SET since = excluded.since,"
    " reason = excluded.reason, expected_at = excluded.expected_at, ended_at = excluded.ended_at,"
    " is_told = excluded.is_told, tolds = excluded.tolds, opened_fact = excluded.opened_fact,"
    " opened_at = excluded.opened_at, opened_sequence = excluded.opened_sequence,"
    " closed_fact = excluded.closed_fact, closed_at = excluded.closed_at,"
    " closed_sequence = excluded.closed_sequence"};
static const struct sea_pg_stmt LOCK = {"order_lock",
                                        "SELECT order_id FROM orders WHERE contact_key = "
                                        "ANY ($1::bytea[]) ORDER BY order_id FOR UPDATE"};

#define OF_THEM                                                                                    \
    " WHERE order_id IN (SELECT o.order_id FROM orders o WHERE o.contact_key = ANY ($1::bytea[]))"
static const struct sea_pg_stmt FORGET_EVENTS = {"order_forget_events",
                                                 "DELETE FROM event" OF_THEM};
static const struct sea_pg_stmt FORGET_EXCEPTIONS = {"order_forget_exceptions",
                                                     "DELETE FROM exception" OF_THEM};
static const struct sea_pg_stmt FORGET_PARCELS = {"order_forget_parcels",
                                                  "DELETE FROM parcel" OF_THEM};
static const struct sea_pg_stmt FORGET_NAMED = {"order_forget_named", "DELETE FROM named" OF_THEM};
static const struct sea_pg_stmt FORGET_ORDERS = {
    "order_forget_orders", "DELETE FROM orders WHERE contact_key = ANY ($1::bytea[])"};
const struct sea_erasure_store order_stores[ORDER_STORES] = {
    {"order_tracker.event", "deleted", &FORGET_EVENTS},
    {"order_tracker.exception", "deleted", &FORGET_EXCEPTIONS},
    {"order_tracker.parcel", "deleted", &FORGET_PARCELS},
    {"order_tracker.named", "deleted", &FORGET_NAMED},
    {"order_tracker.orders", "deleted", &FORGET_ORDERS},
};

/* ---- reading ---- */

static void add_ids(struct sea_pg_args *args, const struct order_batch *batch)
{
    SEA_PG_ARRAY(args, SEA_PG_TEXT, batch->orders_count,
                 sea_pg_add_text(args, batch->orders[i].order_id));
}

static struct sea_str read_text(struct order_batch *batch, const PGresult *rows, int row, int col)
{
    struct sea_str text = sea_pg_str(rows, row, col);
    if (!text.len) return (struct sea_str){0};
    struct sea_str copy = sea_arena_str(batch->arena, text);
    sea_assert(copy.ptr);
    return copy;
}

/* Fact, time and sequence stand in three columns from `col`. */
static struct order_place read_place(const PGresult *rows, int row, int col)
{
    return (struct order_place){.fact = (enum order_fact)sea_pg_i64(rows, row, col),
                                .at_ms = sea_pg_time(rows, row, col + 1),
                                .has_sequence = !sea_pg_is_null(rows, row, col + 2),
                                .sequence = sea_pg_i64(rows, row, col + 2)};
}

static void read_order(struct order_batch *batch, const PGresult *rows, int row, struct order *ret)
{
    ret->is_new = false;
    ret->market = read_text(batch, rows, row, 1);
    ret->has_contact = !sea_pg_is_null(rows, row, 2);
    ret->contact = sea_pg_key(rows, row, 2);
    ret->version = (uint64_t)sea_pg_i64(rows, row, 3);
    ret->progress.milestone = (enum order_milestone)sea_pg_i64(rows, row, 4);
    ret->progress.is_told = sea_pg_bool(rows, row, 5);
    ret->progress.at_ms[MILESTONE_PLACED] = sea_pg_time(rows, row, 6);
    ret->progress.at_ms[MILESTONE_PAID] = sea_pg_time(rows, row, 7);
    ret->progress.at_ms[MILESTONE_CANCELLED] = sea_pg_time(rows, row, 8);
    ret->parcels_at = read_place(rows, row, 9);
}

static void read_parcel(struct order_batch *batch, const PGresult *rows, int row,
                        struct order_parcel *ret)
{
    ret->is_dirty = false;
    ret->carrier = read_text(batch, rows, row, 13);
    ret->tracking_number = read_text(batch, rows, row, 14);
    ret->progress.milestone = (enum order_milestone)sea_pg_i64(rows, row, 15);
    ret->progress.is_told = sea_pg_bool(rows, row, 16);
    for (int m = MILESTONE_DISPATCHED; m <= MILESTONE_RETURNED; m++)
        ret->progress.at_ms[m] = sea_pg_time(rows, row, 17 + m - MILESTONE_DISPATCHED);
    ret->moved = read_place(rows, row, 22);
}

static void read_exception(struct order_batch *batch, const PGresult *rows, int row,
                           struct order_exception *ret)
{
    ret->since_ms = sea_pg_time(rows, row, 26);
    ret->reason = read_text(batch, rows, row, 27);
    ret->expected_at_ms = sea_pg_time(rows, row, 28);
    ret->closed_at_ms = sea_pg_time(rows, row, 29);
    ret->is_told = sea_pg_bool(rows, row, 30);
    ret->tolds = (uint32_t)sea_pg_i64(rows, row, 31);
    ret->opened = read_place(rows, row, 32);
    ret->closed = read_place(rows, row, 35);
}

/* Locks the batch's contacts against being erased, and says which were. */
static enum sea_err guard(struct sea_txn *txn, struct order_batch *batch)
{
    size_t count = 0;
    struct sea_key *contacts =
        order_batch_alloc(batch, (batch->items_count + batch->orders_count) * sizeof(*contacts));
    for (size_t i = 0; i < batch->items_count; i++)
        if (batch->items[i].event.has_contact) contacts[count++] = batch->items[i].event.contact;
    for (size_t i = 0; i < batch->orders_count; i++)
        if (batch->orders[i].has_contact) contacts[count++] = batch->orders[i].contact;
    return sea_erasure_guard(txn, NULL, contacts, count, &batch->erasures);
}

enum sea_err order_store_load(struct sea_pg_args *args, struct sea_txn *txn,
                              struct order_batch *batch)
{
    PGresult *rows = NULL;
    sea_pg_args_reset(args);
    add_ids(args, batch);
    enum sea_err err = sea_pg_query(txn->pg, &LOAD, args, &rows);
    if (err) return err;
    for (int row = 0; row < sea_pg_count(rows); row++) {
        struct order *order = order_batch_find(batch, sea_pg_str(rows, row, 0));
        sea_assert(order);
        if (order->is_new) read_order(batch, rows, row, order);
        if (sea_pg_is_null(rows, row, 12)) continue;
        struct order_parcel *parcel =
            order_batch_parcel(batch, order, read_text(batch, rows, row, 12));
        sea_assert(parcel);
        if (parcel->is_dirty) read_parcel(batch, rows, row, parcel);
        if (sea_pg_is_null(rows, row, 25)) continue;
        int64_t class = sea_pg_i64(rows, row, 25);
        sea_assert(class > 0 && class < ORDER_CLASSES);
        read_exception(batch, rows, row, &parcel->exceptions[class]);
    }
    sea_pg_clear(&rows);
    return guard(txn, batch);
}

/* ---- writing ---- */

/* One array parameter: what `add` adds of every `row` of `rows`. */
#define COLUMN(type, add) SEA_PG_ARRAY(args, type, count, row = &rows[i]; add)

static void add_optional(struct sea_pg_args *args, bool is_there, int64_t value)
{
    if (is_there)
        sea_pg_add_i64(args, value);
    else
        sea_pg_add_null(args);
}

static void add_contact(struct sea_pg_args *args, const struct order *order)
{
    if (order->has_contact)
        sea_pg_add_key(args, order->contact);
    else
        sea_pg_add_null(args);
}

static void add_notice_id(struct sea_pg_args *args, const struct order_item *item)
{
    if (item->about)
        sea_pg_add_uuid(args, item->notice_id);
    else
        sea_pg_add_null(args);
}

static enum sea_err write_events(struct sea_pg_args *args, struct sea_txn *txn,
                                 const struct order_batch *batch)
{
    const struct order_item *row;
    size_t count = 0;
    struct order_item *rows = sea_arena_alloc(batch->arena, batch->items_count * sizeof(*rows));
    sea_assert(rows);
    for (size_t i = 0; i < batch->items_count; i++)
        if (!batch->items[i].is_erased) rows[count++] = batch->items[i];
    if (!count) return SEA_OK;
    sea_pg_args_reset(args);
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, row->record->headers.id));
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, order_batch_root(row->record)));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->order_id));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->parcel_id));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)row->event.fact));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)row->outcome));
    COLUMN(SEA_PG_BOOL, sea_pg_add_bool(args, row->event.is_historical));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->event.place.at_ms));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->received_at_ms));
    COLUMN(SEA_PG_I64,
           add_optional(args, row->event.place.has_sequence, row->event.place.sequence));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->event.reason));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->event.expected_at_ms));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->event.location));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->event.carrier));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->event.tracking_number));
    COLUMN(SEA_PG_I64, add_optional(args, row->message->amount,
                                    row->message->amount ? row->message->amount->minor : 0));
    COLUMN(SEA_PG_TEXT,
           sea_pg_add_text(args, row->message->amount ? sea_str(row->message->amount->currency)
                                                      : SEA_STR("")));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, sea_str(row->message->source)));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, sea_str(row->about)));
    COLUMN(SEA_PG_UUID, add_notice_id(args, row));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, row->record->partition));
    COLUMN(SEA_PG_I64, sea_pg_add_i64(args, row->record->offset));
    COLUMN(SEA_PG_BOOL, sea_pg_add_bool(args, row->record->topic == SEA_TOPIC_PARCELS));
    sea_pg_arg_time(args, txn->now_ms);
    return sea_pg_queue(txn->pg, &WRITE_EVENTS, args);
}

/* When an order that begins now is to be forgotten; 0: its market has no rule. */
static int64_t gone_ms(const struct sea_markets *markets, const struct order *order, int64_t now_ms)
{
    const struct sea_market *market = sea_market_by_code(markets, order->market);
    struct sea_period keep = (market ? market : markets->global)->retention[SEA_RETAIN_ORDER];
    return keep.months || keep.days ? sea_period_end_ms(keep, now_ms) : 0;
}

static enum sea_err write_orders(struct sea_pg_args *args, struct sea_txn *txn,
                                 const struct order_batch *batch, const struct sea_markets *markets)
{
    const struct order *row;
    size_t count = 0;
    struct order *rows = sea_arena_alloc(batch->arena, batch->orders_count * sizeof(*rows));
    sea_assert(rows);
    for (size_t i = 0; i < batch->orders_count; i++)
        if (batch->orders[i].is_dirty) rows[count++] = batch->orders[i];
    if (!count) return SEA_OK;
    sea_pg_args_reset(args);
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->order_id));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->market));
    COLUMN(SEA_PG_BYTES, add_contact(args, row));
    COLUMN(SEA_PG_I64, sea_pg_add_i64(args, (int64_t)row->version));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)row->progress.milestone));
    COLUMN(SEA_PG_BOOL, sea_pg_add_bool(args, row->progress.is_told));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->progress.at_ms[MILESTONE_PLACED]));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->progress.at_ms[MILESTONE_PAID]));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->progress.at_ms[MILESTONE_CANCELLED]));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)row->parcels_at.fact));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->parcels_at.at_ms));
    COLUMN(SEA_PG_I64, add_optional(args, row->parcels_at.has_sequence, row->parcels_at.sequence));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, gone_ms(markets, row, txn->now_ms)));
    return sea_pg_queue(txn->pg, &WRITE_ORDERS, args);
}

struct parcel_row {
    struct sea_str order_id;
    const struct order_parcel *parcel;
    const struct order_exception *exception; /* one of the parcel's, of this class */
    int32_t class;
};

static enum sea_err write_parcels(struct sea_pg_args *args, struct sea_txn *txn,
                                  const struct parcel_row *rows, size_t count)
{
    const struct parcel_row *row;
    if (!count) return SEA_OK;
    sea_pg_args_reset(args);
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->order_id));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->parcel->parcel_id));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->parcel->carrier));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->parcel->tracking_number));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)row->parcel->progress.milestone));
    COLUMN(SEA_PG_BOOL, sea_pg_add_bool(args, row->parcel->progress.is_told));
    for (int m = MILESTONE_DISPATCHED; m <= MILESTONE_RETURNED; m++)
        COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->parcel->progress.at_ms[m]));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)row->parcel->moved.fact));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->parcel->moved.at_ms));
    COLUMN(SEA_PG_I64,
           add_optional(args, row->parcel->moved.has_sequence, row->parcel->moved.sequence));
    return sea_pg_queue(txn->pg, &WRITE_PARCELS, args);
}

static enum sea_err write_exceptions(struct sea_pg_args *args, struct sea_txn *txn,
                                     const struct parcel_row *rows, size_t count)
{
    const struct parcel_row *row;
    if (!count) return SEA_OK;
    sea_pg_args_reset(args);
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->order_id));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->parcel->parcel_id));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, row->class));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->exception->since_ms));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->exception->reason));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->exception->expected_at_ms));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->exception->closed_at_ms));
    COLUMN(SEA_PG_BOOL, sea_pg_add_bool(args, row->exception->is_told));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)row->exception->tolds));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)row->exception->opened.fact));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->exception->opened.at_ms));
    COLUMN(SEA_PG_I64, add_optional(args, row->exception->opened.has_sequence,
                                    row->exception->opened.sequence));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)row->exception->closed.fact));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->exception->closed.at_ms));
    COLUMN(SEA_PG_I64, add_optional(args, row->exception->closed.has_sequence,
                                    row->exception->closed.sequence));
    return sea_pg_queue(txn->pg, &WRITE_EXCEPTIONS, args);
}

static enum sea_err write_changed_parcels(struct sea_pg_args *args, struct sea_txn *txn,
                                          const struct order_batch *batch)
{
    /* An item touches one parcel, and at most every class of it. */
    size_t most = 2 * batch->items_count * ORDER_CLASSES, parcels_count = 0, exceptions_count = 0;
    struct parcel_row *parcels = sea_arena_alloc(batch->arena, most * sizeof(*parcels));
    struct parcel_row *exceptions = sea_arena_alloc(batch->arena, most * sizeof(*exceptions));
    sea_assert(parcels && exceptions);
    for (size_t i = 0; i < batch->orders_count; i++) {
        const struct order *order = &batch->orders[i];
        for (const struct order_parcel *parcel = order->parcels; parcel; parcel = parcel->next) {
            sea_assert(parcels_count < most && exceptions_count + ORDER_CLASSES <= most);
            if (parcel->is_dirty)
                parcels[parcels_count++] = (struct parcel_row){order->order_id, parcel, NULL, 0};
            for (int32_t class = 1; class < ORDER_CLASSES; class ++)
                if (parcel->exceptions[class].is_dirty)
                    exceptions[exceptions_count++] = (struct parcel_row){
                        order->order_id, parcel, &parcel->exceptions[class], class};
        }
    }
    enum sea_err err = write_parcels(args, txn, parcels, parcels_count);
    if (!err) err = write_exceptions(args, txn, exceptions, exceptions_count);
    return err;
}

enum sea_err order_store_write(struct sea_pg_args *args, struct sea_txn *txn,
                               const struct order_batch *batch, const struct sea_markets *markets)
{
    enum sea_err err = write_orders(args, txn, batch, markets);
    if (!err) err = write_changed_parcels(args, txn, batch);
    if (!err) err = write_events(args, txn, batch);
    return err;
}

enum sea_err order_store_lock(struct sea_pg_args *args, struct sea_txn *txn,
                              const ProtobufCBinaryData *contacts, size_t count)
{
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count,
                 sea_pg_add_bytes(args, contacts[i].data, contacts[i].len));
    return sea_pg_queue(txn->pg, &LOCK, args);
}
