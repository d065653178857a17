/* sla_store.c: clocks in PostgreSQL. */
#include "sla_store.h"

#include "sea_id.h"

#define CLOCK(alias, name)                                                                         \
    alias "." name "_state, " alias "." name "_due, " alias "." name "_warn, " alias "." name      \
          "_policy"
#define CLOCKS(alias)                                                                              \
    CLOCK(alias, "ack")                                                                            \
    ", " CLOCK(alias, "first") ", " CLOCK(alias, "next") ", " CLOCK(alias, "resolution")
#define COLUMNS                                                                                    \
    "t.ticket_id, t.home_key, t.number, t.rev, t.version, t.market, t.channel, t.asked_at,"        \
    " t.started_at, t.left_ms, t.withdrawn, t.root_id, t.cause_id, t.\"offset\", " CLOCKS("t")
enum { FIRST_CLOCK_COLUMN = 14, CLOCK_COLUMNS = 4 };

#define CLOCK_NAMES                                                                                \
    "ack_state, ack_due, ack_warn, ack_policy, first_state, first_due, first_warn, first_policy,"  \
    " next_state, next_due, next_warn, next_policy, resolution_state, resolution_due,"             \
    " resolution_warn, resolution_policy"

static const struct sea_pg_stmt LOAD = {
    "sla_load", "SELECT " COLUMNS " FROM ticket t WHERE t.ticket_id = ANY ($1::uuid[])"};
static const struct sea_pg_stmt INSERT = {
    "sla_insert",
    "INSERT INTO ticket (ticket_id, home_key, number, version, market, channel, asked_at,"
    " started_at, left_ms, withdrawn, next_at, root_id, cause_id, \"offset\", gone, " CLOCK_NAMES
    ", rev, created_at)"
    " SELECT ticket_id, home_key, number, version, market, channel, asked_at, started_at, left_ms,"
    " withdrawn, next_at, root_id, cause_id, \"offset\", (gone AT TIME ZONE 'UTC')::date,"
    " " CLOCK_NAMES ", 1, $32::timestamptz"
    " FROM unnest($1::uuid[], $2::bytea[], $3::int[], $4::bigint[], $5::text[], $6::text[],"
    " $7::timestamptz[], $8::timestamptz[], $9::bigint[], $10::int[], $11::timestamptz[],"
    " $12::uuid[], $13::uuid[], $14::bigint[], $15::timestamptz[],"
    " $16::int[], $17::timestamptz[], $18::timestamptz[], $19::text[],"
    " $20::int[], $21::timestamptz[], $22::timestamptz[], $23::text[],"
    " $24::int[], $25::timestamptz[], $26::timestamptz[], $27::text[],"
    " $28::int[], $29::timestamptz[], $30::timestamptz[], $31::text[])"
    " AS v (ticket_id, home_key, number, version, market, channel, asked_at, started_at, left_ms,"
    " withdrawn, next_at, root_id, cause_id, \"offset\", gone, " CLOCK_NAMES ")"};
static const struct sea_pg_stmt UPDATE = {
    "sla_update",
    "UPDATE ticket t SET rev = t.rev + 1, version = v.version, asked_at = v.asked_at,"
    " started_at = v.started_at, left_ms = v.left_ms, withdrawn = v.withdrawn,"
    " next_at = v.next_at,"
    " ack_state = v.ack_state, ack_due = v.ack_due, ack_warn = v.ack_warn,"
    " ack_policy = v.ack_policy,"
    " first_state = v.first_state, first_due = v.first_due, first_warn = v.first_warn,"
    " first_policy = v.first_policy,"
    " next_state = v.next_state, next_due = v.next_due, next_warn = v.next_warn,"
    " next_policy = v.next_policy,"
    " resolution_state = v.resolution_state, resolution_due = v.resolution_due,"
    " resolution_warn = v.resolution_warn, resolution_policy = v.resolution_policy"
    " FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::timestamptz[], $5::timestamptz[],"
    " $6::bigint[], $7::int[], $8::timestamptz[],"
    " $9::int[], $10::timestamptz[], $11::timestamptz[], $12::text[],"
    " $13::int[], $14::timestamptz[], $15::timestamptz[], $16::text[],"
    " $17::int[], $18::timestamptz[], $19::timestamptz[], $20::text[],"
    " $21::int[], $22::timestamptz[], $23::timestamptz[], $24::text[])"
    " AS v (ticket_id, rev, version, asked_at, started_at, left_ms, withdrawn, "
    "next_at, " CLOCK_NAMES ") WHERE t.ticket_id = v.ticket_id AND t.rev = v.rev"};
static const struct sea_pg_stmt NEXT = {
    "sla_next", "SELECT least((SELECT min(t.next_at) FROM ticket t"
                "  WHERE t.number = n.number AND t.next_at IS NOT NULL),"
                " (SELECT min(w.next_at) FROM wish w WHERE w.number = n.number)), clock.now_ms()"
                " FROM unnest($1::int[]) WITH ORDINALITY AS n (number, at) ORDER BY n.at"};
static const struct sea_pg_stmt DUE = {
    "sla_due",
    "SELECT " COLUMNS " FROM unnest($1::int[], $2::timestamptz[]) AS n (number, upto)"
    " CROSS JOIN LATERAL (SELECT * FROM ticket d WHERE d.number = n.number"
    "  AND d.next_at <= n.upto ORDER BY d.next_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS t"};
static const struct sea_pg_stmt WISHES_DUE = {
    "sla_wishes_due",
    "SELECT t.owner, t.key, t.name, t.topic_key, t.number, t.state, t.due, t.warn, t.root_id,"
    " t.cause_id FROM unnest($1::int[], $2::timestamptz[]) AS n (number, upto)"
    " CROSS JOIN LATERAL (SELECT * FROM wish d WHERE d.number = n.number"
    "  AND d.next_at <= n.upto ORDER BY d.next_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS t"};
static const struct sea_pg_stmt WISH_SET = {
    "sla_wish_set",
    "INSERT INTO wish (owner, key, name, topic_key, number, state, due, warn, root_id, cause_id,"
    " next_at)"
    " SELECT v.*, coalesce(v.warn, v.due) FROM unnest($1::text[], $2::bytea[], $3::text[],"
    " $4::text[], $5::int[], $6::int[], $7::timestamptz[], $8::timestamptz[], $9::uuid[],"
    " $10::uuid[]) AS v (owner, key, name, topic_key, number, state, due, warn, root_id, cause_id)"
    " ON CONFLICT (owner, key, name) DO UPDATE SET state = excluded.state, due = excluded.due,"
    " warn = excluded.warn, root_id = excluded.root_id, cause_id = excluded.cause_id,"
    " next_at = excluded.next_at"};
static const struct sea_pg_stmt WISH_GONE = {
    "sla_wish_gone",
    "DELETE FROM wish w USING unnest($1::text[], $2::bytea[], $3::text[]) AS v (owner, key, name)"
    " WHERE w.owner = v.owner AND w.key = v.key AND w.name = v.name"};
static const struct sea_pg_stmt FORGET = {"sla_forget",
                                          "DELETE FROM ticket WHERE home_key = ANY ($1::bytea[])"};
const struct sea_erasure_store sla_stores[1] = {{"sla_timer.ticket", "deleted", &FORGET}};

/* ---- reading ---- */

static struct sea_str read_text(struct sea_arena *arena, const PGresult *rows, int row, int col)
{
    struct sea_str text = sea_pg_str(rows, row, col);
    if (!text.len) return (struct sea_str){0};
    struct sea_str copy = sea_arena_str(arena, text);
    sea_assert(copy.ptr);
    return copy;
}

static void read_clock(struct sea_arena *arena, const PGresult *rows, int row, int col,
                       struct sla_clock *ret)
{
    ret->state = (enum sla_state)sea_pg_i64(rows, row, col);
    ret->due_ms = sea_pg_time(rows, row, col + 1);
    ret->warn_ms = sea_pg_time(rows, row, col + 2);
    ret->policy = read_text(arena, rows, row, col + 3);
}

static void read_row(struct sla_batch *batch, const PGresult *rows, int i, struct sla_row *ret)
{
    *ret = (struct sla_row){.ticket = {.id = sea_pg_uuid(rows, i, 0),
                                       .version = (uint64_t)sea_pg_i64(rows, i, 4),
                                       .asked_ms = sea_pg_time(rows, i, 7),
                                       .started_ms = sea_pg_time(rows, i, 8),
                                       .left_ms = sea_pg_i64(rows, i, 9)},
                            .home = sea_pg_key(rows, i, 1),
                            .number = (uint32_t)sea_pg_i64(rows, i, 2),
                            .rev = (int32_t)sea_pg_i64(rows, i, 3),
                            .root = sea_pg_uuid(rows, i, 11),
                            .cause = sea_pg_uuid(rows, i, 12),
                            .offset = sea_pg_i64(rows, i, 13)};
    sla_row_place(batch->settings, ret, read_text(batch->arena, rows, i, 5),
                  read_text(batch->arena, rows, i, 6));
    for (int c = 0; c < SEA_CLOCK_COUNT; c++) {
        struct sla_clock *clock = &ret->ticket.clocks[c];
        read_clock(batch->arena, rows, i, FIRST_CLOCK_COLUMN + c * CLOCK_COLUMNS, clock);
        clock->is_withdrawn = sea_pg_i64(rows, i, 10) & (1 << c);
    }
}

enum sea_err sla_store_load(struct sea_pg_args *args, struct sea_txn *txn, struct sla_batch *batch)
{
    PGresult *rows = NULL;
    if (!batch->rows_count) return SEA_OK;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_UUID, batch->rows_count,
                 sea_pg_add_uuid(args, batch->rows[i].ticket.id));
    enum sea_err err = sea_pg_query(txn->pg, &LOAD, args, &rows);
    if (err) return err;
    for (int i = 0; i < sea_pg_count(rows); i++) {
        struct sla_row *row = sla_batch_find(batch, sea_pg_uuid(rows, i, 0));
        sea_assert(row);
        read_row(batch, rows, i, row);
    }
    sea_pg_clear(&rows);
    return SEA_OK;
}

enum sea_err sla_store_next(struct sea_pg_args *args, struct sea_pg *pg, const uint32_t *numbers,
                            size_t count, int64_t *ret_next_ms, int64_t *ret_now_ms)
{
    PGresult *rows = NULL;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)numbers[i]));
    enum sea_err err = sea_pg_query(pg, &NEXT, args, &rows);
    if (err) return err;
    sea_assert((size_t)sea_pg_count(rows) == count);
    for (size_t i = 0; i < count; i++) {
        ret_next_ms[i] = sea_pg_time(rows, (int)i, 0);
        *ret_now_ms = sea_pg_i64(rows, (int)i, 1);
    }
    sea_pg_clear(&rows);
    return SEA_OK;
}

static void add_ripe(struct sea_pg_args *args, const struct sla_ripe *ripe)
{
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_I32, ripe->count, sea_pg_add_i32(args, (int32_t)ripe->numbers[i]));
    SEA_PG_ARRAY(args, SEA_PG_TIME, ripe->count, sea_pg_add_time(args, ripe->upto_ms[i]));
    sea_pg_arg_i64(args, SLA_DUE_MAX);
}

static void read_wish(struct sea_arena *arena, const PGresult *rows, int i, struct sla_wish *ret)
{
    *ret = (struct sla_wish){.owner = read_text(arena, rows, i, 0),
                             .key = read_text(arena, rows, i, 1),
                             .name = read_text(arena, rows, i, 2),
                             .topic_key = read_text(arena, rows, i, 3),
                             .number = (uint32_t)sea_pg_i64(rows, i, 4),
                             .state = (enum sla_state)sea_pg_i64(rows, i, 5),
                             .due_ms = sea_pg_time(rows, i, 6),
                             .warn_ms = sea_pg_time(rows, i, 7),
                             .root = sea_pg_uuid(rows, i, 8),
                             .cause = sea_pg_uuid(rows, i, 9)};
}

enum sea_err sla_store_due(struct sea_pg_args *args, struct sea_txn *txn,
                           const struct sla_ripe *ripe, struct sla_batch *batch)
{
    PGresult *rows = NULL;
    add_ripe(args, ripe);
    enum sea_err err = sea_pg_query(txn->pg, &DUE, args, &rows);
    if (err) return err;
    batch->rows_count = (size_t)sea_pg_count(rows);
    batch->rows = sla_batch_alloc(batch->arena, batch->rows_count * sizeof(*batch->rows));
    for (size_t i = 0; i < batch->rows_count; i++) read_row(batch, rows, (int)i, &batch->rows[i]);
    sea_pg_clear(&rows);
    err = sea_pg_query(txn->pg, &WISHES_DUE, args, &rows);
    if (err) return err;
    batch->wishes_count = (size_t)sea_pg_count(rows);
    batch->wishes = sla_batch_alloc(batch->arena, batch->wishes_count * sizeof(*batch->wishes));
    for (size_t i = 0; i < batch->wishes_count; i++)
        read_wish(batch->arena, rows, (int)i, &batch->wishes[i]);
    sea_pg_clear(&rows);
    return SEA_OK;
}

/* ---- writing ---- */

/* One array parameter: what `add` adds of every `row` of `rows`. */
#define COLUMN(type, add) SEA_PG_ARRAY(args, type, count, row = &rows[i]; add)

static void add_policy(struct sea_pg_args *args, struct sea_str policy)
{
    if (policy.len)
        sea_pg_add_text(args, policy);
    else
        sea_pg_add_null(args);
}

static int32_t withdrawn(const struct sla_ticket *ticket)
{
    int32_t bits = 0;
    for (int c = 0; c < SEA_CLOCK_COUNT; c++)
        if (ticket->clocks[c].is_withdrawn) bits |= 1 << c;
    return bits;
}

static void add_clocks(struct sea_pg_args *args, const struct sla_row *rows, size_t count)
{
    const struct sla_row *row;
    for (int c = 0; c < SEA_CLOCK_COUNT; c++) {
        COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)row->ticket.clocks[c].state));
        COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->ticket.clocks[c].due_ms));
        COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->ticket.clocks[c].warn_ms));
        COLUMN(SEA_PG_TEXT, add_policy(args, row->ticket.clocks[c].policy));
    }
}

/* When a row that begins now is to be forgotten: with the conversation; 0: there is no rule. */
static int64_t gone_ms(const struct sla_row *row, int64_t now_ms)
{
    struct sea_period keep = row->ticket.market->retention[SEA_RETAIN_CONVERSATION];
    return keep.months || keep.days ? sea_period_end_ms(keep, now_ms) : 0;
}

static enum sea_err insert(struct sea_pg_args *args, struct sea_txn *txn,
                           const struct sla_row *rows, size_t count)
{
    const struct sla_row *row;
    if (!count) return SEA_OK;
    sea_pg_args_reset(args);
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, row->ticket.id));
    COLUMN(SEA_PG_BYTES, sea_pg_add_key(args, row->home));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)row->number));
    COLUMN(SEA_PG_I64, sea_pg_add_i64(args, (int64_t)row->ticket.version));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->market));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->channel));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->ticket.asked_ms));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->ticket.started_ms));
    COLUMN(SEA_PG_I64, sea_pg_add_i64(args, row->ticket.left_ms));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, withdrawn(&row->ticket)));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, sla_core_next_ms(&row->ticket)));
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, row->root));
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, row->cause));
    COLUMN(SEA_PG_I64, sea_pg_add_i64(args, row->offset));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, gone_ms(row, txn->now_ms)));
    add_clocks(args, rows, count);
    sea_pg_arg_time(args, txn->now_ms);
    return sea_pg_queue(txn->pg, &INSERT, args);
}

static enum sea_err update(struct sea_pg_args *args, struct sea_txn *txn,
                           const struct sla_row *rows, size_t count)
{
    const struct sla_row *row;
    PGresult *result = NULL;
    if (!count) return SEA_OK;
    sea_pg_args_reset(args);
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, row->ticket.id));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, row->rev));
    COLUMN(SEA_PG_I64, sea_pg_add_i64(args, (int64_t)row->ticket.version));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->ticket.asked_ms));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->ticket.started_ms));
    COLUMN(SEA_PG_I64, sea_pg_add_i64(args, row->ticket.left_ms));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, withdrawn(&row->ticket)));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, sla_core_next_ms(&row->ticket)));
    add_clocks(args, rows, count);
    enum sea_err err = sea_pg_query(txn->pg, &UPDATE, args, &result);
    if (err) return err;
    /* Another process changed one of them since it was read: the whole batch is decided anew. */
    if (sea_pg_changed(result) != (int64_t)count) err = SEA_ERR_RETRY;
    sea_pg_clear(&result);
    return err;
}

static enum sea_err set_wishes(struct sea_pg_args *args, struct sea_txn *txn,
                               const struct sla_wish *rows, size_t count)
{
    const struct sla_wish *row;
    if (!count) return SEA_OK;
    sea_pg_args_reset(args);
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->owner));
    COLUMN(SEA_PG_BYTES, sea_pg_add_bytes(args, row->key.ptr, row->key.len));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->name));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->topic_key));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)row->number));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)row->state));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->due_ms));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, row->warn_ms));
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, row->root));
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, row->cause));
    return sea_pg_queue(txn->pg, &WISH_SET, args);
}

static enum sea_err drop_wishes(struct sea_pg_args *args, struct sea_txn *txn,
                                const struct sla_wish *rows, size_t count)
{
    const struct sla_wish *row;
    if (!count) return SEA_OK;
    sea_pg_args_reset(args);
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->owner));
    COLUMN(SEA_PG_BYTES, sea_pg_add_bytes(args, row->key.ptr, row->key.len));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, row->name));
    return sea_pg_queue(txn->pg, &WISH_GONE, args);
}

static enum sea_err write_wishes(struct sea_pg_args *args, struct sea_txn *txn,
                                 const struct sla_batch *batch)
{
    size_t set = 0, gone = batch->wishes_count;
    struct sla_wish *sorted = sla_batch_alloc(batch->arena, batch->wishes_count * sizeof(*sorted));
    for (size_t i = 0; i < batch->wishes_count; i++)
        sorted[batch->wishes[i].is_cancelled ? --gone : set++] = batch->wishes[i];
    enum sea_err err = set_wishes(args, txn, sorted, set);
    if (!err) err = drop_wishes(args, txn, sorted + gone, batch->wishes_count - gone);
    return err;
}

enum sea_err sla_store_write(struct sea_pg_args *args, struct sea_txn *txn,
                             const struct sla_batch *batch)
{
    size_t fresh = 0, changed = 0;
    size_t size = batch->rows_count * sizeof(struct sla_row);
    struct sla_row *inserts = sla_batch_alloc(batch->arena, size);
    struct sla_row *updates = sla_batch_alloc(batch->arena, size);
    for (size_t i = 0; i < batch->rows_count; i++) {
        if (!batch->rows[i].ticket.is_dirty) continue;
        if (batch->rows[i].rev)
            updates[changed++] = batch->rows[i];
        else
            inserts[fresh++] = batch->rows[i];
    }
    enum sea_err err = insert(args, txn, inserts, fresh);
    if (!err) err = write_wishes(args, txn, batch);
    if (!err) err = update(args, txn, updates, changed);
    return err;
}
