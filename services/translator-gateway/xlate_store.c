/* xlate_store.c: the statements, and arrays to and from them. */
#include "xlate_store.h"

#include "sea_id.h"

static const struct sea_pg_stmt INSERT = {
    "xlate_insert",
    "INSERT INTO work (cause_id, root_id, number, kind, state, \"offset\", key, contact_key, "
    "due_at, record, trace, reason, engine, event_id, at) "
    "SELECT *, $15::timestamptz FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], "
    "$5::int[], $6::bigint[], $7::bytea[], $8::bytea[], $9::timestamptz[], $10::bytea[], "
    "$11::text[], $12::text[], $13::text[], $14::uuid[]) ON CONFLICT (cause_id) DO NOTHING"};

static const struct sea_pg_stmt UPDATE = {
    "xlate_update",
    "UPDATE work w SET state = u.state, due_at = u.due_at, reason = u.reason, engine = u.engine, "
    "event_id = COALESCE(u.event_id, w.event_id), tries = u.tries, at = $8::timestamptz, "
    "key = CASE WHEN u.due_at IS NULL THEN NULL ELSE w.key END, "
    "contact_key = CASE WHEN u.due_at IS NULL THEN NULL ELSE w.contact_key END, "
    "record = CASE WHEN u.due_at IS NULL THEN NULL ELSE w.record END "
    "FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::text[], $6::uuid[], "
    "$7::int[]) AS u(cause_id, state, due_at, reason, engine, event_id, tries) "
    "WHERE w.cause_id = u.cause_id"};

static const struct sea_pg_stmt BUSY = {
    "xlate_busy", "SELECT DISTINCT key FROM work WHERE number = ANY($1) AND due_at IS NOT NULL AND "
                  "kind = 1 AND key = ANY($2)"};

static const struct sea_pg_stmt LOCK = {
    "xlate_lock", "SELECT cause_id FROM work WHERE cause_id = ANY($1) AND due_at IS NOT NULL "
                  "ORDER BY cause_id FOR UPDATE"};

static const struct sea_pg_stmt DUE = {
    "xlate_due",
    "SELECT cause_id, root_id, number, kind, state, \"offset\", key, contact_key, tries, trace, "
    "record FROM work WHERE number = ANY($1) AND due_at <= to_timestamp(clock.now_ms() / 1000.0) "
    "ORDER BY \"offset\" LIMIT $2"};

static const struct sea_pg_stmt RECALL = {"xlate_recall",
                                          "SELECT hash, text FROM tm WHERE hash = ANY($1)"};

static const struct sea_pg_stmt REMEMBER = {
    "xlate_remember", "INSERT INTO tm (hash, text, engine, at) SELECT h, t, $3, $4::timestamptz "
                      "FROM unnest($1::bytea[], $2::text[]) AS u(h, t) ON CONFLICT DO NOTHING"};

void xlate_store_free(struct xlate_store *store)
{
    sea_pg_args_free(&store->args);
}

static void add_key_if(struct sea_pg_args *args, bool is_kept, struct sea_key key)
{
    if (is_kept)
        sea_pg_add_key(args, key);
    else
        sea_pg_add_null(args);
}

static void add_record_if(struct sea_pg_args *args, bool is_kept, struct sea_str record)
{
    if (is_kept)
        sea_pg_add_bytes(args, record.ptr, record.len);
    else
        sea_pg_add_null(args);
}

static void add_uuid_or_null(struct sea_pg_args *args, struct sea_uuid id)
{
    if (sea_uuid_is_nil(id))
        sea_pg_add_null(args);
    else
        sea_pg_add_uuid(args, id);
}

enum sea_err xlate_store_insert(struct xlate_store *store, struct sea_txn *txn,
                                const struct xlate_row *rows, size_t count)
{
    struct sea_pg_args *args = &store->args;
    if (count == 0) return SEA_OK;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, rows[i].item->cause_id));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, rows[i].item->root_id));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)rows[i].item->number));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)rows[i].item->kind));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)rows[i].state));
    SEA_PG_ARRAY(args, SEA_PG_I64, count, sea_pg_add_i64(args, rows[i].item->offset));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count,
                 add_key_if(args, rows[i].due_ms > 0, rows[i].item->key));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count,
                 add_key_if(args, rows[i].due_ms > 0, rows[i].item->contact));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, rows[i].due_ms));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count,
                 add_record_if(args, rows[i].due_ms > 0, rows[i].item->record));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, rows[i].item->trace));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, sea_str(rows[i].reason)));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, sea_str(rows[i].engine)));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, add_uuid_or_null(args, rows[i].event_id));
    sea_pg_arg_time(args, txn->now_ms);
    return sea_pg_queue(txn->pg, &INSERT, args);
}

enum sea_err xlate_store_update(struct xlate_store *store, struct sea_txn *txn,
                                const struct xlate_row *rows, size_t count)
{
    struct sea_pg_args *args = &store->args;
    if (count == 0) return SEA_OK;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, rows[i].item->cause_id));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)rows[i].state));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, rows[i].due_ms));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, sea_str(rows[i].reason)));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, sea_str(rows[i].engine)));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, add_uuid_or_null(args, rows[i].event_id));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)rows[i].item->tries + 1));
    sea_pg_arg_time(args, txn->now_ms);
    return sea_pg_queue(txn->pg, &UPDATE, args);
}

static void add_numbers(struct sea_pg_args *args, const uint32_t *numbers, size_t count)
{
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)numbers[i]));
}

enum sea_err xlate_store_busy_keys(struct xlate_store *store, struct sea_txn *txn,
                                   const struct sea_key *keys, size_t count, struct sea_key *ret,
                                   size_t *ret_count)
{
    uint32_t numbers[SEA_NUMBERS];
    size_t numbers_count = sea_worker_owned(txn->worker, numbers);
    PGresult *rows = NULL;
    *ret_count = 0;
    if (count == 0) return SEA_OK;
    sea_pg_args_reset(&store->args);
    add_numbers(&store->args, numbers, numbers_count);
    SEA_PG_ARRAY(&store->args, SEA_PG_BYTES, count, sea_pg_add_key(&store->args, keys[i]));
    enum sea_err err = sea_pg_query(txn->pg, &BUSY, &store->args, &rows);
    if (err) return err;
    for (int row = 0; row < sea_pg_count(rows); row++)
        ret[(*ret_count)++] = sea_pg_key(rows, row, 0);
    sea_pg_clear(&rows);
    return SEA_OK;
}

enum sea_err xlate_store_lock(struct xlate_store *store, struct sea_txn *txn,
                              const struct sea_uuid *causes, size_t count, bool *is_waiting)
{
    PGresult *rows = NULL;
    sea_pg_args_reset(&store->args);
    SEA_PG_ARRAY(&store->args, SEA_PG_UUID, count, sea_pg_add_uuid(&store->args, causes[i]));
    enum sea_err err = sea_pg_query(txn->pg, &LOCK, &store->args, &rows);
    if (err) return err;
    for (size_t i = 0; i < count; i++) {
        is_waiting[i] = false;
        for (int row = 0; row < sea_pg_count(rows) && !is_waiting[i]; row++)
            is_waiting[i] = sea_uuid_eq(sea_pg_uuid(rows, row, 0), causes[i]);
    }
    sea_pg_clear(&rows);
    return SEA_OK;
}

enum sea_err xlate_store_due(struct xlate_store *store, struct sea_pg *pg, const uint32_t *numbers,
                             size_t numbers_count, size_t most,
                             void (*fn)(void *ctx, const struct xlate_item *item), void *ctx)
{
    PGresult *rows = NULL;
    sea_pg_args_reset(&store->args);
    add_numbers(&store->args, numbers, numbers_count);
    sea_pg_arg_i64(&store->args, (int64_t)most);
    enum sea_err err = sea_pg_query(pg, &DUE, &store->args, &rows);
    if (err) return err;
    for (int row = 0; row < sea_pg_count(rows); row++) {
        struct xlate_item item = {
            .cause_id = sea_pg_uuid(rows, row, 0),
            .root_id = sea_pg_uuid(rows, row, 1),
            .number = (uint32_t)sea_pg_i64(rows, row, 2),
            .kind = (enum xlate_kind)sea_pg_i64(rows, row, 3),
            .was_told = sea_pg_i64(rows, row, 4) == XLATE_AGAIN,
            .offset = sea_pg_i64(rows, row, 5),
            .key = sea_pg_key(rows, row, 6),
            .contact = sea_pg_key(rows, row, 7),
            .tries = (uint32_t)sea_pg_i64(rows, row, 8),
            .trace = sea_pg_str(rows, row, 9),
            .record = sea_pg_str(rows, row, 10),
        };
        fn(ctx, &item);
    }
    sea_pg_clear(&rows);
    return SEA_OK;
}

enum sea_err xlate_store_recall(struct xlate_store *store, struct sea_pg *pg,
                                const struct sea_key *hashes, size_t count, bool *found,
                                struct sea_buf **ret)
{
    PGresult *rows = NULL;
    if (count == 0) return SEA_OK;
    sea_pg_args_reset(&store->args);
    SEA_PG_ARRAY(&store->args, SEA_PG_BYTES, count, sea_pg_add_key(&store->args, hashes[i]));
    enum sea_err err = sea_pg_query(pg, &RECALL, &store->args, &rows);
    if (err) return err;
    for (size_t i = 0; i < count; i++) {
        found[i] = false;
        for (int row = 0; row < sea_pg_count(rows) && !found[i]; row++) {
            found[i] = sea_key_eq(sea_pg_key(rows, row, 0), hashes[i]);
            if (found[i]) sea_buf_str(ret[i], sea_pg_str(rows, row, 1));
        }
    }
    sea_pg_clear(&rows);
    return SEA_OK;
}

enum sea_err xlate_store_remember(struct xlate_store *store, struct sea_txn *txn,
                                  const char *engine, const struct xlate_memory *items,
                                  size_t count)
{
    struct sea_pg_args *args = &store->args;
    if (count == 0) return SEA_OK;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count, sea_pg_add_key(args, items[i].hash));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, items[i].text));
    sea_pg_arg_text(args, sea_str(engine));
    sea_pg_arg_time(args, txn->now_ms);
    return sea_pg_queue(txn->pg, &REMEMBER, args);
}
