/* media_store.c: the statements, and arrays to and from them. */
#include "media_store.h"

static const struct sea_pg_stmt INSERT = {
    "media_insert",
    "INSERT INTO item (item_id, event_id, index, number, \"offset\", contact_key, channel, account,"
    " source, gone, pieces, state, due_at, at)"
    " SELECT id, event, i, n, o, contact, channel, account, source,"
    " (gone AT TIME ZONE 'UTC')::date, pieces, 1, due, $13::timestamptz"
    " FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::bigint[], $6::bytea[],"
    " $7::text[], $8::text[], $9::bytea[], $10::timestamptz[], $11::int[], $12::timestamptz[])"
    " AS u(id, event, i, n, o, contact, channel, account, source, gone, pieces, due)"
    " ON CONFLICT (item_id) DO UPDATE SET \"offset\" = excluded.\"offset\","
    " channel = excluded.channel, account = excluded.account, source = excluded.source,"
    " gone = excluded.gone, pieces = excluded.pieces, due_at = excluded.due_at, at = excluded.at"
    " WHERE item.state = 1 AND item.source IS NULL AND excluded.source IS NOT NULL"};

/* Of a piece whose message hasn't come yet. */
static const struct sea_pg_stmt AWAIT = {
    "media_await",
    "INSERT INTO item (item_id, event_id, index, number, \"offset\", contact_key, channel, account,"
    " gone, state, at) VALUES ($1, $2, $3, $4, 0, $5, '', '',"
    " ($6::timestamptz AT TIME ZONE 'UTC')::date, 1, $7) ON CONFLICT (item_id) DO NOTHING"};

/* A piece of what is finished, or is to be fetched, isn't wanted. */
static const struct sea_pg_stmt ADD_PIECE = {
    "media_add_piece", "INSERT INTO part (item_id, part, sealed) SELECT $1, $2, $3 FROM item"
                       " WHERE item_id = $1 AND (state = 1 AND (source IS NULL OR pieces > 0)"
                       " OR reason = 'incomplete') ON CONFLICT DO NOTHING"};

/* What is whole is due at once, one that was given up as well. */
static const struct sea_pg_stmt WHOLE = {
    "media_whole",
    "UPDATE item i SET state = 1, due_at = $2 WHERE item_id = ANY ($1) AND pieces > 0"
    " AND (state = 1 OR reason = 'incomplete')"
    " AND pieces <= (SELECT count(*) FROM part p WHERE p.item_id = i.item_id)"};

static const struct sea_pg_stmt PIECE = {
    "media_piece", "SELECT sealed FROM part WHERE item_id = $1 AND part = $2"};

static const struct sea_pg_stmt DROP = {"media_drop", "DELETE FROM part WHERE item_id = $1"};

static const struct sea_pg_stmt DUE = {
    "media_due", "SELECT item_id, event_id, index, number, tries, contact_key, channel, account,"
                 " source FROM item WHERE number = ANY ($1)"
                 " AND due_at <= to_timestamp(clock.now_ms() / 1000.0)"
                 " AND contact_key <> ALL ($2) ORDER BY due_at LIMIT $3"};

static const struct sea_pg_stmt LOCK = {"media_lock",
                                        "SELECT due_at IS NOT NULL,"
                                        " (SELECT coalesce(sum(o.size), 0)::bigint FROM item o"
                                        " WHERE o.contact_key = i.contact_key)"
                                        " FROM item i WHERE item_id = $1 FOR UPDATE"};

static const struct sea_pg_stmt SETTLE = {
    "media_settle", "UPDATE item SET state = $2, reason = $3, tries = $4, due_at = $5,"
                    " source = CASE WHEN $5::timestamptz IS NULL AND $3 <> 'incomplete' THEN NULL"
                    " ELSE source END,"
                    " mime = $6, size = $7, sha256 = $8, at = $9 WHERE item_id = $1"};

static const struct sea_pg_stmt PART = {
    "media_part", "INSERT INTO part (item_id, part, sealed) VALUES ($1, $2, $3)"};

void media_store_free(struct media_store *store)
{
    sea_pg_args_free(&store->args);
}

enum sea_err media_store_insert(struct media_store *store, struct sea_txn *txn,
                                const struct media_item *items, size_t count)
{
    struct sea_pg_args *args = &store->args;
    if (count == 0) return SEA_OK;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, items[i].id));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, items[i].event_id));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)items[i].index));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)items[i].number));
    SEA_PG_ARRAY(args, SEA_PG_I64, count, sea_pg_add_i64(args, items[i].offset));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count, sea_pg_add_key(args, items[i].contact));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, items[i].channel));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, items[i].account));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count,
                 sea_pg_add_bytes(args, items[i].source.ptr, items[i].source.len));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, items[i].gone_ms));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)items[i].pieces));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, items[i].due_ms));
    sea_pg_arg_time(args, txn->now_ms);
    return sea_pg_queue(txn->pg, &INSERT, args);
}

enum sea_err media_store_add_piece(struct media_store *store, struct sea_txn *txn,
                                   const struct media_item *item, uint32_t piece,
                                   struct sea_str sealed)
{
    struct sea_pg_args *args = &store->args;
    sea_pg_args_reset(args);
    sea_pg_arg_uuid(args, item->id);
    sea_pg_arg_uuid(args, item->event_id);
    sea_pg_arg_i32(args, (int32_t)item->index);
    sea_pg_arg_i32(args, (int32_t)item->number);
    sea_pg_arg_key(args, item->contact);
    sea_pg_arg_time(args, item->gone_ms);
    sea_pg_arg_time(args, txn->now_ms);
    enum sea_err err = sea_pg_queue(txn->pg, &AWAIT, args);
    if (err) return err;
    sea_pg_args_reset(args);
    sea_pg_arg_uuid(args, item->id);
    sea_pg_arg_i32(args, (int32_t)piece);
    sea_pg_arg_bytes(args, sealed.ptr, sealed.len);
    return sea_pg_queue(txn->pg, &ADD_PIECE, args);
}

enum sea_err media_store_whole(struct media_store *store, struct sea_txn *txn,
                               const struct sea_uuid *ids, size_t count)
{
    struct sea_pg_args *args = &store->args;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, ids[i]));
    sea_pg_arg_time(args, txn->now_ms);
    return sea_pg_queue(txn->pg, &WHOLE, args);
}

enum sea_err media_store_due(struct media_store *store, struct sea_pg *pg,
                             const struct media_due *due,
                             void (*fn)(void *ctx, const struct media_item *item), void *ctx)
{
    struct sea_pg_args *args = &store->args;
    PGresult *rows = NULL;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_I32, due->numbers_count,
                 sea_pg_add_i32(args, (int32_t)due->numbers[i]));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, due->busy_count, sea_pg_add_key(args, due->busy[i]));
    sea_pg_arg_i64(args, (int64_t)due->most);
    enum sea_err err = sea_pg_query(pg, &DUE, args, &rows);
    if (err) return err;
    for (int row = 0; row < sea_pg_count(rows); row++) {
        struct media_item item = {
            .id = sea_pg_uuid(rows, row, 0),
            .event_id = sea_pg_uuid(rows, row, 1),
            .index = (uint32_t)sea_pg_i64(rows, row, 2),
            .number = (uint32_t)sea_pg_i64(rows, row, 3),
            .tries = (uint32_t)sea_pg_i64(rows, row, 4),
            .contact = sea_pg_key(rows, row, 5),
            .channel = sea_pg_str(rows, row, 6),
            .account = sea_pg_str(rows, row, 7),
            .source = sea_pg_str(rows, row, 8),
        };
        fn(ctx, &item);
    }
    sea_pg_clear(&rows);
    return SEA_OK;
}

enum sea_err media_store_lock(struct media_store *store, struct sea_txn *txn, struct sea_uuid id,
                              bool *ret_is_pending, uint64_t *ret_kept_bytes)
{
    PGresult *rows = NULL;
    sea_pg_args_reset(&store->args);
    sea_pg_arg_uuid(&store->args, id);
    enum sea_err err = sea_pg_query(txn->pg, &LOCK, &store->args, &rows);
    if (err) return err;
    *ret_is_pending = sea_pg_count(rows) > 0 && sea_pg_bool(rows, 0, 0);
    *ret_kept_bytes = sea_pg_count(rows) > 0 ? (uint64_t)sea_pg_i64(rows, 0, 1) : 0;
    sea_pg_clear(&rows);
    return SEA_OK;
}

enum sea_err media_store_settle(struct media_store *store, struct sea_txn *txn,
                                const struct media_item *item, const struct media_verdict *verdict,
                                const struct media_found *found)
{
    struct sea_pg_args *args = &store->args;
    bool is_done = verdict->state == MEDIA_DONE;
    int64_t due_ms = verdict->state == MEDIA_PENDING ? txn->now_ms + verdict->after_ms : 0;
    sea_pg_args_reset(args);
    sea_pg_arg_uuid(args, item->id);
    sea_pg_arg_i32(args, (int32_t)verdict->state);
    sea_pg_arg_text(args, sea_str(verdict->reason));
    sea_pg_arg_i32(args, (int32_t)item->tries + 1);
    sea_pg_arg_time(args, due_ms);
    sea_pg_arg_text(args, sea_str(is_done ? found->mime : ""));
    sea_pg_arg_i64(args, is_done ? (int64_t)found->size_bytes : 0);
    if (is_done)
        sea_pg_arg_bytes(args, found->sha256, sizeof(found->sha256));
    else
        sea_pg_arg_null(args);
    sea_pg_arg_time(args, txn->now_ms);
    return sea_pg_queue(txn->pg, &SETTLE, args);
}

enum sea_err media_store_drop(struct media_store *store, struct sea_txn *txn,
                              struct sea_uuid item_id)
{
    sea_pg_args_reset(&store->args);
    sea_pg_arg_uuid(&store->args, item_id);
    return sea_pg_queue(txn->pg, &DROP, &store->args);
}

enum sea_err media_store_piece(struct media_store *store, struct sea_txn *txn,
                               struct sea_uuid item_id, uint32_t piece, PGresult **ret)
{
    sea_pg_args_reset(&store->args);
    sea_pg_arg_uuid(&store->args, item_id);
    sea_pg_arg_i32(&store->args, (int32_t)piece);
    return sea_pg_query(txn->pg, &PIECE, &store->args, ret);
}

enum sea_err media_store_part(struct media_store *store, struct sea_txn *txn,
                              struct sea_uuid item_id, uint32_t part, struct sea_str sealed)
{
    struct sea_pg_args *args = &store->args;
    sea_pg_args_reset(args);
    sea_pg_arg_uuid(args, item_id);
    sea_pg_arg_i32(args, (int32_t)part);
    sea_pg_arg_bytes(args, sealed.ptr, sealed.len);
    return sea_pg_queue(txn->pg, &PART, args);
}
