/* notify_chat_rows.c: set-based like notify_store.c. */
#include "notify_chat_rows.h"

#include "notify_chat.h"

static const int64_t DAY_MS = INT64_C(24) * 60 * 60 * 1000;

static const struct sea_pg_stmt ADD = {
    "notify_chat_add",
    "INSERT INTO chat (contact_key, id, draft_id, at, language, agent, is_automatic, sealed, gone) "
    "SELECT c, i, d, t, l, a, m, s, ($9::timestamptz AT TIME ZONE 'UTC')::date "
    "FROM unnest($1::bytea[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[], "
    "$7::bool[], $8::bytea[]) WITH ORDINALITY AS u(c, i, d, t, l, a, m, s, n) ORDER BY n"};

static const struct sea_pg_stmt BEGIN = {
    "notify_chat_begin",
    "SELECT (SELECT seq FROM chat WHERE contact_key = $1 AND id = $2), "
    "coalesce((SELECT min(seq) FROM (SELECT seq FROM chat WHERE contact_key = $1 "
    "ORDER BY seq DESC LIMIT $3) n), 1) - 1"};

/* State 5: accepted, and nothing more is known. */
static const struct sea_pg_stmt NEXT = {
    "notify_chat_next",
    "SELECT q.i, c.seq, c.at, c.id, c.draft_id, d.root_id, c.language, c.agent, c.sealed, "
    "c.is_automatic, d.state IS DISTINCT FROM 5 "
    "FROM unnest($1::bytea[], $2::bigint[]) WITH ORDINALITY AS q(contact, after, i) "
    "CROSS JOIN LATERAL (SELECT * FROM chat c WHERE c.contact_key = q.contact AND c.seq > q.after "
    "ORDER BY c.seq LIMIT $3) c LEFT JOIN delivery d ON d.id = c.id ORDER BY q.i, c.seq"};

enum sea_err notify_chat_rows_add(struct notify_store *store, struct sea_txn *txn,
                                  const struct notify_set *set)
{
    struct sea_pg_args *args = &store->args;
    struct notify_set shown = {0};
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i]->must_show) notify_set_add(txn->arena, &shown, set->items[i]);
    struct notify_delivery **items = shown.items;
    if (shown.count == 0) return SEA_OK;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_BYTES, shown.count, sea_pg_add_key(args, items[i]->contact_key));
    SEA_PG_ARRAY(args, SEA_PG_UUID, shown.count, sea_pg_add_uuid(args, items[i]->id));
    SEA_PG_ARRAY(args, SEA_PG_UUID, shown.count, sea_pg_add_uuid(args, items[i]->draft_id));
    SEA_PG_ARRAY(args, SEA_PG_TIME, shown.count, sea_pg_add_time(args, items[i]->at_ms));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, shown.count,
                 sea_pg_add_text(args, sea_str(items[i]->message->text->language)));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, shown.count,
                 const Seadesk__V1__AgentRef *agent = items[i]->message->draft->agent;
                 sea_pg_add_text(args, sea_str(agent != NULL ? agent->name : "")));
    SEA_PG_ARRAY(args, SEA_PG_BOOL, shown.count, sea_pg_add_bool(args, items[i]->is_automatic));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, shown.count,
                 const ProtobufCBinaryData *sealed = &items[i]->message->text->sealed;
                 sea_pg_add_bytes(args, sealed->data, sealed->len));
    sea_pg_arg_time(args, txn->now_ms + NOTIFY_CHAT_KEEP_DAYS * DAY_MS);
    return sea_pg_queue(txn->pg, &ADD, args);
}

enum sea_err notify_chat_rows_begin(struct notify_store *store, struct sea_pg *pg,
                                    struct sea_key contact, struct sea_uuid last,
                                    int64_t *ret_after, bool *ret_is_known)
{
    PGresult *rows = NULL;
    sea_pg_args_reset(&store->args);
    sea_pg_arg_key(&store->args, contact);
    sea_pg_arg_uuid(&store->args, last);
    sea_pg_arg_i64(&store->args, NOTIFY_CHAT_REPLAY_MAX);
    enum sea_err err = sea_pg_query(pg, &BEGIN, &store->args, &rows);
    if (err) return err;
    *ret_is_known = !sea_pg_is_null(rows, 0, 0);
    *ret_after = sea_pg_i64(rows, 0, *ret_is_known ? 0 : 1);
    sea_pg_clear(&rows);
    return SEA_OK;
}

static struct notify_chat_row read_row(const PGresult *rows, int row)
{
    return (struct notify_chat_row){
        .place = (size_t)sea_pg_i64(rows, row, 0) - 1,
        .seq = sea_pg_i64(rows, row, 1),
        .at_ms = sea_pg_time(rows, row, 2),
        .id = sea_pg_uuid(rows, row, 3),
        .draft_id = sea_pg_uuid(rows, row, 4),
        .root_id = sea_pg_uuid(rows, row, 5),
        .language = sea_pg_str(rows, row, 6),
        .agent = sea_pg_str(rows, row, 7),
        .sealed = sea_pg_str(rows, row, 8),
        .is_automatic = sea_pg_bool(rows, row, 9),
        .is_told = sea_pg_bool(rows, row, 10),
    };
}

enum sea_err notify_chat_rows_next(struct notify_store *store, struct sea_pg *pg,
                                   struct sea_arena *arena, const struct notify_chat_place *places,
                                   size_t places_count, size_t most, PGresult **ret_rows,
                                   struct notify_chat_row **ret, size_t *ret_count)
{
    struct sea_pg_args *args = &store->args;
    PGresult *rows = NULL;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_BYTES, places_count, sea_pg_add_key(args, places[i].contact));
    SEA_PG_ARRAY(args, SEA_PG_I64, places_count, sea_pg_add_i64(args, places[i].after));
    sea_pg_arg_i64(args, (int64_t)most);
    enum sea_err err = sea_pg_query(pg, &NEXT, args, &rows);
    if (err) return err;
    size_t count = (size_t)sea_pg_count(rows);
    struct notify_chat_row *found = sea_arena_alloc(arena, (count + 1) * sizeof(*found));
    sea_assert(found != NULL);
    for (size_t i = 0; i < count; i++) found[i] = read_row(rows, (int)i);
    *ret_rows = rows;
    *ret = found;
    *ret_count = count;
    return SEA_OK;
}
