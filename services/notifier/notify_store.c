/* notify_store.c: the statements, and arrays to and from them. */
#include "notify_store.h"

#include <string.h>

/* In this order in every statement that reads a delivery. */
#define COLUMNS                                                                                    \
    "id, number, state, version, tries, rung, redraft, class, is_automatic, contact_key, "         \
    "home_key, customer_id, seq, draft_id, message_id, ticket_id, channel, account, "              \
    "collapse_key, reason, due_at, release_at, provider_hash, outbound, event_id, cause_id, "      \
    "root_id, \"offset\", trace, created_at, at"

static const struct sea_pg_stmt ADD_CONSENTS = {
    "notify_add_consents",
    "INSERT INTO consent (contact_key, class, at, is_granted, source, channel, account, proof, "
    "cause_id, root_id, number, \"offset\", heard_at, gone) "
    "SELECT c, k, t, g, s, n, a, p, e, r, i, o, $14::timestamptz, (x AT TIME ZONE 'UTC')::date "
    "FROM unnest($1::bytea[], $2::int[], $3::timestamptz[], "
    "$4::bool[], $5::int[], $6::text[], $7::text[], $8::text[], $9::uuid[], $10::uuid[], "
    "$11::int[], $12::bigint[], $13::timestamptz[]) AS u(c, k, t, g, s, n, a, p, e, r, i, o, x) "
    "ON CONFLICT DO NOTHING"};

static const struct sea_pg_stmt ADD_WITHDRAWALS = {
    "notify_add_withdrawals",
    "INSERT INTO withdrawn AS w (contact_key, draft_id, collapse_key, reason, at) "
    "SELECT DISTINCT ON (c, d, k) c, d, k, r, t FROM unnest($1::bytea[], $2::uuid[], $3::text[], "
    "$4::text[], $5::timestamptz[]) AS u(c, d, k, r, t) ORDER BY c, d, k, t DESC "
    "ON CONFLICT (contact_key, draft_id, collapse_key) DO UPDATE "
    "SET reason = excluded.reason, at = excluded.at WHERE excluded.at > w.at"};

static const struct sea_pg_stmt LOAD_OPEN = {
    "notify_load_open",
    "SELECT " COLUMNS " FROM delivery WHERE contact_key = ANY($1) AND due_at IS "
    "NOT NULL ORDER BY id FOR UPDATE"};

static const struct sea_pg_stmt LOAD_NAMED = {
    "notify_load_named", "SELECT " COLUMNS " FROM delivery WHERE id = ANY($1) OR provider_hash = "
                         "ANY($2) ORDER BY id FOR UPDATE"};

static const struct sea_pg_stmt LOAD_SENDING = {
    "notify_load_sending", "SELECT " COLUMNS " FROM delivery WHERE number = $1 AND due_at IS NOT "
                           "NULL AND state = 3 ORDER BY id FOR UPDATE"};

/* Service: 1, marketing: 2 (ConsentClass). States 1 and 3: waiting and sending. */
static const struct sea_pg_stmt SURVEY = {
    "notify_survey",
    "SELECT q.i, p.state, p.state IN (1, 3), "
    "q.collapse <> '' AND EXISTS (SELECT FROM delivery d WHERE d.customer_id = q.customer AND "
    "d.seq > q.seq AND d.collapse_key = q.collapse), "
    "(SELECT w.reason FROM withdrawn w WHERE w.contact_key = q.contact AND (w.draft_id = q.draft "
    "OR (w.collapse_key <> '' AND w.collapse_key = q.collapse AND w.at >= q.drafted)) LIMIT 1), "
    "s.is_granted, r.at, m.is_granted, m.at, EXISTS (SELECT FROM delivery d WHERE d.id = q.id) "
    "FROM unnest($1::bytea[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::uuid[], "
    "$7::timestamptz[], $8::uuid[]) WITH ORDINALITY "
    "AS q(contact, customer, seq, prev, collapse, draft, drafted, id, i) "
    "LEFT JOIN LATERAL (SELECT state FROM delivery d WHERE q.prev > 0 AND d.customer_id = "
    "q.customer AND d.seq = q.prev ORDER BY rung DESC LIMIT 1) p ON true "
    "LEFT JOIN LATERAL (SELECT is_granted FROM consent c WHERE c.contact_key = q.contact AND "
    "c.class = 1 ORDER BY c.at DESC, is_granted LIMIT 1) s ON true "
    "LEFT JOIN LATERAL (SELECT at FROM consent c WHERE c.contact_key = q.contact AND c.class = 1 "
    "AND NOT is_granted ORDER BY c.at DESC LIMIT 1) r ON true "
    "LEFT JOIN LATERAL (SELECT is_granted, at FROM consent c WHERE c.contact_key = q.contact AND "
    "c.class = 2 ORDER BY c.at DESC, is_granted LIMIT 1) m ON true ORDER BY q.i"};

static const struct sea_pg_stmt CONSENTS = {
    "notify_consents",
    "SELECT q.i, s.is_granted, r.at, m.is_granted, m.at "
    "FROM unnest($1::bytea[]) WITH ORDINALITY AS q(contact, i) "
    "LEFT JOIN LATERAL (SELECT is_granted FROM consent c WHERE c.contact_key = q.contact AND "
    "c.class = 1 ORDER BY c.at DESC, is_granted LIMIT 1) s ON true "
    "LEFT JOIN LATERAL (SELECT at FROM consent c WHERE c.contact_key = q.contact AND c.class = 1 "
    "AND NOT is_granted ORDER BY c.at DESC LIMIT 1) r ON true "
    "LEFT JOIN LATERAL (SELECT is_granted, at FROM consent c WHERE c.contact_key = q.contact AND "
    "c.class = 2 ORDER BY c.at DESC, is_granted LIMIT 1) m ON true ORDER BY q.i"};

static const struct sea_pg_stmt INSERT = {
    "notify_insert",
    "INSERT INTO delivery (" COLUMNS ", gone) SELECT " COLUMNS ", (gone AT TIME ZONE 'UTC')::date "
    "FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], "
    "$8::int[], $9::bool[], $10::bytea[], $11::bytea[], $12::uuid[], $13::bigint[], $14::uuid[], "
    "$15::uuid[], $16::uuid[], $17::text[], $18::text[], $19::text[], $20::text[], "
    "$21::timestamptz[], $22::timestamptz[], $23::bytea[], $24::bytea[], $25::uuid[], "
    "$26::uuid[], $27::uuid[], $28::bigint[], $29::text[], $30::timestamptz[], "
    "$31::timestamptz[], $32::timestamptz[]) AS u(" COLUMNS ", gone)"};

static const struct sea_pg_stmt UPDATE = {
    "notify_update",
    "UPDATE delivery d SET state = u.state, version = u.version, tries = u.tries, reason = "
    "u.reason, due_at = u.due_at, release_at = u.release_at, provider_hash = u.provider_hash, "
    "outbound = CASE WHEN u.keeps THEN d.outbound END, event_id = u.event_id, at = u.at "
    "FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::text[], $6::timestamptz[], "
    "$7::timestamptz[], $8::bytea[], $9::bool[], $10::uuid[], $11::timestamptz[]) "
    "AS u(id, state, version, tries, reason, due_at, release_at, provider_hash, keeps, event_id, "
    "at) WHERE d.id = u.id"};

/* The accounts that have waiting ones are found by as many probes of the index. Offsets say who
 * came first only within one partition, hence created_at before them. */
static const struct sea_pg_stmt DUE = {
    "notify_due",
    "WITH RECURSIVE a AS ((SELECT channel, account FROM delivery WHERE state IN (1, 2) "
    "ORDER BY channel, account LIMIT 1) UNION ALL "
    "SELECT n.channel, n.account FROM a CROSS JOIN LATERAL (SELECT channel, account FROM delivery "
    "d "
    "WHERE state IN (1, 2) AND (d.channel, d.account) > (a.channel, a.account) "
    "ORDER BY channel, account LIMIT 1) n) "
    "SELECT d.id, d.contact_key, d.number, q.k FROM a LEFT JOIN unnest($2::text[], $3::text[], "
    "$4::int[]) WITH ORDINALITY AS q(channel, account, most, k) USING (channel, account) "
    "CROSS JOIN LATERAL (SELECT id, contact_key, number, row_number() OVER (ORDER BY due_at, "
    "created_at, \"offset\") AS turn FROM delivery WHERE channel = a.channel AND account = "
    "a.account AND "
    "state IN (1, 2) AND number = ANY($1) AND due_at <= to_timestamp(clock.now_ms() / 1000.0) "
    "ORDER BY due_at, created_at, \"offset\" LIMIT coalesce(q.most, $5)) d ORDER BY d.turn "
    "LIMIT $6"};

void notify_store_free(struct notify_store *store)
{
    sea_pg_args_free(&store->args);
}

enum sea_err notify_store_add_consents(struct notify_store *store, struct sea_txn *txn,
                                       const struct notify_consent_entry *entries, size_t count)
{
    struct sea_pg_args *args = &store->args;
    if (count == 0) return SEA_OK;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count, sea_pg_add_key(args, entries[i].contact));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)entries[i].said->class_));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, entries[i].said->at_ms));
    SEA_PG_ARRAY(args, SEA_PG_BOOL, count, sea_pg_add_bool(args, entries[i].said->is_granted));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)entries[i].said->source));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count,
                 sea_pg_add_text(args, sea_str(entries[i].said->channel)));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count,
                 sea_pg_add_text(args, sea_str(entries[i].said->account)));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, sea_str(entries[i].said->proof)));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, entries[i].record->headers.id));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count,
                 sea_pg_add_uuid(args, sea_cause_of(entries[i].record).root));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, entries[i].record->partition));
    SEA_PG_ARRAY(args, SEA_PG_I64, count, sea_pg_add_i64(args, entries[i].record->offset));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, entries[i].gone_ms));
    sea_pg_arg_time(args, txn->now_ms);
    return sea_pg_queue(txn->pg, &ADD_CONSENTS, args);
}

enum sea_err notify_store_add_withdrawals(struct notify_store *store, struct sea_txn *txn,
                                          const struct notify_withdrawal *items, size_t count)
{
    struct sea_pg_args *args = &store->args;
    if (count == 0) return SEA_OK;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count, sea_pg_add_key(args, items[i].contact));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, items[i].draft_id));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, items[i].collapse_key));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, items[i].reason));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, items[i].at_ms));
    return sea_pg_queue(txn->pg, &ADD_WITHDRAWALS, args);
}

static struct sea_str copied(struct sea_arena *arena, const PGresult *rows, int row, int col)
{
    return sea_arena_str(arena, sea_pg_str(rows, row, col));
}

static void read_delivery(struct sea_arena *arena, const PGresult *rows, int row,
                          struct notify_delivery *ret)
{
    *ret = (struct notify_delivery){
        .id = sea_pg_uuid(rows, row, 0),
        .number = (uint32_t)sea_pg_i64(rows, row, 1),
        .via = (uint32_t)sea_pg_i64(rows, row, 1),
        .state = (enum notify_state)sea_pg_i64(rows, row, 2),
        .version = (uint32_t)sea_pg_i64(rows, row, 3),
        .tries = (uint32_t)sea_pg_i64(rows, row, 4),
        .rung = (uint32_t)sea_pg_i64(rows, row, 5),
        .redraft = (uint32_t)sea_pg_i64(rows, row, 6),
        .class = (enum sea_message_class)sea_pg_i64(rows, row, 7),
        .is_automatic = sea_pg_bool(rows, row, 8),
        .contact_key = sea_pg_key(rows, row, 9),
        .home_key = sea_pg_key(rows, row, 10),
        .customer_id = sea_pg_uuid(rows, row, 11),
        .seq = (uint64_t)sea_pg_i64(rows, row, 12),
        .draft_id = sea_pg_uuid(rows, row, 13),
        .message_id = sea_pg_uuid(rows, row, 14),
        .ticket_id = sea_pg_uuid(rows, row, 15),
        .channel = copied(arena, rows, row, 16),
        .account = copied(arena, rows, row, 17),
        .collapse_key = copied(arena, rows, row, 18),
        .reason = copied(arena, rows, row, 19),
        .due_ms = sea_pg_time(rows, row, 20),
        .release_ms = sea_pg_time(rows, row, 21),
        .provider_hash = sea_pg_key(rows, row, 22),
        .outbound = copied(arena, rows, row, 23),
        .event_id = sea_pg_uuid(rows, row, 24),
        .cause_id = sea_pg_uuid(rows, row, 25),
        .root_id = sea_pg_uuid(rows, row, 26),
        .offset = sea_pg_i64(rows, row, 27),
        .trace = copied(arena, rows, row, 28),
        .created_ms = sea_pg_time(rows, row, 29),
        .at_ms = sea_pg_time(rows, row, 30),
    };
}

static enum sea_err load(struct notify_store *store, struct sea_txn *txn,
                         const struct sea_pg_stmt *stmt, struct notify_set *ret)
{
    PGresult *rows = NULL;
    enum sea_err err = sea_pg_query(txn->pg, stmt, &store->args, &rows);
    if (err) return err;
    for (int row = 0; row < sea_pg_count(rows); row++) {
        struct notify_delivery *item = sea_arena_alloc(txn->arena, sizeof(*item));
        sea_assert(item != NULL);
        read_delivery(txn->arena, rows, row, item);
        notify_set_add(txn->arena, ret, item);
    }
    sea_pg_clear(&rows);
    return SEA_OK;
}

enum sea_err notify_store_load_open(struct notify_store *store, struct sea_txn *txn,
                                    const struct sea_key *contacts, size_t count,
                                    struct notify_set *ret)
{
    if (count == 0) return SEA_OK;
    sea_pg_args_reset(&store->args);
    SEA_PG_ARRAY(&store->args, SEA_PG_BYTES, count, sea_pg_add_key(&store->args, contacts[i]));
    return load(store, txn, &LOAD_OPEN, ret);
}

enum sea_err notify_store_load_named(struct notify_store *store, struct sea_txn *txn,
                                     const struct sea_uuid *ids, size_t ids_count,
                                     const struct sea_key *hashes, size_t hashes_count,
                                     struct notify_set *ret)
{
    if (ids_count + hashes_count == 0) return SEA_OK;
    sea_pg_args_reset(&store->args);
    SEA_PG_ARRAY(&store->args, SEA_PG_UUID, ids_count, sea_pg_add_uuid(&store->args, ids[i]));
    SEA_PG_ARRAY(&store->args, SEA_PG_BYTES, hashes_count, sea_pg_add_key(&store->args, hashes[i]));
    return load(store, txn, &LOAD_NAMED, ret);
}

enum sea_err notify_store_load_sending(struct notify_store *store, struct sea_txn *txn,
                                       uint32_t number, struct notify_set *ret)
{
    sea_pg_args_reset(&store->args);
    sea_pg_arg_i32(&store->args, (int32_t)number);
    return load(store, txn, &LOAD_SENDING, ret);
}

/* Columns from `col`: the newest word on service notices, their newest refusal, the newest word on
 * marketing and its time. */
static struct notify_consent read_consent(const PGresult *rows, int row, int col)
{
    bool is_marketing_said = !sea_pg_is_null(rows, row, col + 2);
    bool is_marketing_granted = sea_pg_bool(rows, row, col + 2);
    return (struct notify_consent){
        .is_service_refused = !sea_pg_is_null(rows, row, col) && !sea_pg_bool(rows, row, col),
        .refused_at_ms = sea_pg_time(rows, row, col + 1),
        .is_marketing_refused = is_marketing_said && !is_marketing_granted,
        .marketing_granted_at_ms = is_marketing_granted ? sea_pg_time(rows, row, col + 3) : 0,
    };
}

enum sea_err notify_store_survey(struct notify_store *store, struct sea_txn *txn,
                                 const struct notify_set *set, struct notify_survey *ret)
{
    struct sea_pg_args *args = &store->args;
    struct notify_delivery **items = set->items;
    PGresult *rows = NULL;
    if (set->count == 0) return SEA_OK;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_BYTES, set->count, sea_pg_add_key(args, items[i]->contact_key));
    SEA_PG_ARRAY(args, SEA_PG_UUID, set->count, sea_pg_add_uuid(args, items[i]->customer_id));
    SEA_PG_ARRAY(args, SEA_PG_I64, set->count, sea_pg_add_i64(args, (int64_t)items[i]->seq));
    SEA_PG_ARRAY(args, SEA_PG_I64, set->count,
                 sea_pg_add_i64(args, (int64_t)items[i]->order.prev_seq));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, set->count, sea_pg_add_text(args, items[i]->collapse_key));
    SEA_PG_ARRAY(args, SEA_PG_UUID, set->count, sea_pg_add_uuid(args, items[i]->draft_id));
    SEA_PG_ARRAY(args, SEA_PG_TIME, set->count,
                 sea_pg_add_time(args, items[i]->order.drafted_at_ms));
    SEA_PG_ARRAY(args, SEA_PG_UUID, set->count, sea_pg_add_uuid(args, items[i]->id));
    enum sea_err err = sea_pg_query(txn->pg, &SURVEY, args, &rows);
    if (err) return err;
    sea_assert((size_t)sea_pg_count(rows) == set->count);
    for (int row = 0; row < (int)set->count; row++)
        ret[row] = (struct notify_survey){
            .is_predecessor_seen = !sea_pg_is_null(rows, row, 1),
            .is_predecessor_under_way = sea_pg_bool(rows, row, 2),
            .is_overtaken = sea_pg_bool(rows, row, 3),
            .withdrawn = copied(txn->arena, rows, row, 4),
            .consent = read_consent(rows, row, 5),
            .is_known = sea_pg_bool(rows, row, 9),
        };
    sea_pg_clear(&rows);
    return SEA_OK;
}

enum sea_err notify_store_consents(struct notify_store *store, struct sea_pg *pg,
                                   const struct sea_key *contacts, size_t count,
                                   struct notify_consent *ret)
{
    PGresult *rows = NULL;
    if (count == 0) return SEA_OK;
    sea_pg_args_reset(&store->args);
    SEA_PG_ARRAY(&store->args, SEA_PG_BYTES, count, sea_pg_add_key(&store->args, contacts[i]));
    enum sea_err err = sea_pg_query(pg, &CONSENTS, &store->args, &rows);
    if (err) return err;
    sea_assert((size_t)sea_pg_count(rows) == count);
    for (int row = 0; row < (int)count; row++) ret[row] = read_consent(rows, row, 1);
    sea_pg_clear(&rows);
    return SEA_OK;
}

static void add_uuid_or_null(struct sea_pg_args *args, struct sea_uuid id)
{
    if (sea_uuid_is_nil(id))
        sea_pg_add_null(args);
    else
        sea_pg_add_uuid(args, id);
}

static void add_key_or_null(struct sea_pg_args *args, struct sea_key key)
{
    if (sea_key_is_nil(key))
        sea_pg_add_null(args);
    else
        sea_pg_add_key(args, key);
}

/* The record stays while something is to be done, and until delivery while a further rung could
 * follow. */
static bool keeps_outbound(const struct notify_delivery *item)
{
    bool may_fail = item->state == NOTIFY_ACCEPTED || item->state == NOTIFY_UNCERTAIN;
    return notify_state_is_open(item->state) ||
           (may_fail && item->rung + 1 < item->order.rungs_count);
}

static enum sea_err queue_inserts(struct notify_store *store, struct sea_txn *txn,
                                  struct notify_delivery **items, const int64_t *gone_ms,
                                  size_t count)
{
    struct sea_pg_args *args = &store->args;
    if (count == 0) return SEA_OK;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, items[i]->id));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)items[i]->number));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)items[i]->state));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)items[i]->version));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)items[i]->tries));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)items[i]->rung));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)items[i]->redraft));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)items[i]->class));
    SEA_PG_ARRAY(args, SEA_PG_BOOL, count, sea_pg_add_bool(args, items[i]->is_automatic));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count, sea_pg_add_key(args, items[i]->contact_key));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count, sea_pg_add_key(args, items[i]->home_key));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, items[i]->customer_id));
    SEA_PG_ARRAY(args, SEA_PG_I64, count, sea_pg_add_i64(args, (int64_t)items[i]->seq));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, items[i]->draft_id));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, items[i]->message_id));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, add_uuid_or_null(args, items[i]->ticket_id));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, items[i]->channel));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, items[i]->account));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, items[i]->collapse_key));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, items[i]->reason));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, items[i]->due_ms));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, items[i]->release_ms));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count, add_key_or_null(args, items[i]->provider_hash));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count,
                 if (keeps_outbound(items[i]))
                     sea_pg_add_bytes(args, items[i]->outbound.ptr, items[i]->outbound.len);
                 else sea_pg_add_null(args));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, items[i]->event_id));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, items[i]->cause_id));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, items[i]->root_id));
    SEA_PG_ARRAY(args, SEA_PG_I64, count, sea_pg_add_i64(args, items[i]->offset));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, items[i]->trace));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, items[i]->created_ms));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, items[i]->at_ms));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, gone_ms[i]));
    return sea_pg_queue(txn->pg, &INSERT, args);
}

static enum sea_err queue_updates(struct notify_store *store, struct sea_txn *txn,
                                  struct notify_delivery **items, size_t count)
{
    struct sea_pg_args *args = &store->args;
    if (count == 0) return SEA_OK;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, items[i]->id));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)items[i]->state));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)items[i]->version));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)items[i]->tries));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, items[i]->reason));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, items[i]->due_ms));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, items[i]->release_ms));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count, add_key_or_null(args, items[i]->provider_hash));
    SEA_PG_ARRAY(args, SEA_PG_BOOL, count, sea_pg_add_bool(args, keeps_outbound(items[i])));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, items[i]->event_id));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, items[i]->at_ms));
    return sea_pg_queue(txn->pg, &UPDATE, args);
}

enum sea_err notify_store_write(struct notify_store *store, struct sea_txn *txn,
                                const struct notify_set *set, const int64_t *gone_ms)
{
    struct notify_delivery **inserts =
        sea_arena_alloc(txn->arena, (set->count + 1) * sizeof(*inserts));
    struct notify_delivery **updates =
        sea_arena_alloc(txn->arena, (set->count + 1) * sizeof(*updates));
    int64_t *gone = sea_arena_alloc(txn->arena, (set->count + 1) * sizeof(*gone));
    size_t inserts_count = 0, updates_count = 0;
    if (inserts == NULL || updates == NULL || gone == NULL) return SEA_ERR_RETRY;
    for (size_t i = 0; i < set->count; i++) {
        struct notify_delivery *item = set->items[i];
        if (item->is_new) {
            gone[inserts_count] = gone_ms[i];
            inserts[inserts_count++] = item;
        } else if (item->is_changed) {
            updates[updates_count++] = item;
        }
    }
    enum sea_err err = queue_inserts(store, txn, inserts, gone, inserts_count);
    return err ? err : queue_updates(store, txn, updates, updates_count);
}

enum sea_err notify_store_due(struct notify_store *store, struct sea_pg *pg,
                              const uint32_t *numbers, size_t numbers_count,
                              struct notify_due_share *shares, size_t shares_count, uint32_t usual,
                              struct notify_due *ret, size_t cap, size_t *ret_count)
{
    struct sea_pg_args *args = &store->args;
    PGresult *rows = NULL;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_I32, numbers_count, sea_pg_add_i32(args, (int32_t)numbers[i]));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, shares_count, sea_pg_add_text(args, shares[i].channel));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, shares_count, sea_pg_add_text(args, shares[i].account));
    SEA_PG_ARRAY(args, SEA_PG_I32, shares_count, sea_pg_add_i32(args, (int32_t)shares[i].most));
    sea_pg_arg_i64(args, (int64_t)usual);
    sea_pg_arg_i64(args, (int64_t)cap);
    enum sea_err err = sea_pg_query(pg, &DUE, args, &rows);
    if (err) return err;
    *ret_count = (size_t)sea_pg_count(rows);
    for (size_t i = 0; i < shares_count; i++) shares[i].found = 0;
    for (int row = 0; row < (int)*ret_count; row++) {
        size_t share = (size_t)sea_pg_i64(rows, row, 3);
        if (share > 0) shares[share - 1].found++;
        ret[row] = (struct notify_due){sea_pg_uuid(rows, row, 0), sea_pg_key(rows, row, 1),
                                       (uint32_t)sea_pg_i64(rows, row, 2)};
    }
    sea_pg_clear(&rows);
    return SEA_OK;
}
