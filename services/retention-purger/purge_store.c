/* purge_store.c: retention-purger's rows. Requests are few: a statement each, all of them queued.
 */
#include "purge_store.h"

#include <string.h>

#include "sea_pg.h"

static const struct sea_pg_stmt STEP = {
    "purge_step",
    "INSERT INTO step (request_id, at, what, \"offset\", event_id, caused_by, root_id)"
    " SELECT $1, $2, $3, $4, $5, $6, r.root_id FROM request r WHERE r.request_id = $1"
    " ON CONFLICT DO NOTHING"};
static const struct sea_pg_stmt ASKED = {
    "purge_asked", "INSERT INTO request (request_id, customer_id, state, requested_by, "
                   "requested_at, root_id, cause_id, kind)"
                   " VALUES ($1, $2, 1, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"};
/* An export is done with that: desk hands over what it reads then. */
static const struct sea_pg_stmt RESOLVED = {
    "purge_resolved",
    "UPDATE request SET state = CASE kind WHEN 'erase' THEN 2 ELSE 5 END, verified_at = $3,"
    " reason = CASE WHEN kind = 'erase' OR $2 = 'unknown_customer' THEN $2 ELSE '' END,"
    " contacts = CASE kind WHEN 'erase' THEN $4::bytea[] ELSE '{}' END,"
    " done_at = CASE kind WHEN 'erase' THEN NULL ELSE $3::timestamptz END,"
    " contact_count = cardinality($4::bytea[]), cause_id = $5 WHERE request_id = $1 AND state = 1"};
static const struct sea_pg_stmt ANSWERED = {
    "purge_answered",
    "UPDATE request SET answered = answered || $2 WHERE request_id = $1 AND state = 4"
    " AND $2 <> ALL (answered)"};
static const struct sea_pg_stmt PROOFS = {
    "purge_proofs", "INSERT INTO proof (request_id, service, store, rows, state)"
                    " SELECT $1, $2, s.store, sum(s.rows), max(s.state)"
                    " FROM unnest($3::text[], $4::bigint[], $5::text[]) s (store, rows, state)"
                    " WHERE EXISTS (SELECT FROM request r WHERE r.request_id = $1 AND r.state = 4)"
                    " GROUP BY s.store ON CONFLICT DO NOTHING"};
static const struct sea_pg_stmt OPEN = {
    "purge_open",
    "SELECT r.request_id, r.customer_id, r.state, r.contact_count,"
    " (SELECT string_agg(c, ''::bytea ORDER BY c) FROM unnest(r.contacts) c),"
    " EXISTS (SELECT FROM hold h WHERE h.customer_id = r.customer_id AND h.released_at IS NULL),"
    " r.answered @> $1::text[], r.requested_at, r.verified_at, r.marked_at, r.destroyed_at,"
    " r.root_id, r.cause_id, clock.now_ms(), now()"
    " FROM request r WHERE r.state <> 5 ORDER BY r.requested_at LIMIT $2"};
static const struct sea_pg_stmt STATE = {
    "purge_state",
    "UPDATE request SET state = $2, reason = $3, cause_id = $4 WHERE request_id = $1"};
static const struct sea_pg_stmt LOCK_CUSTOMER = {
    "purge_lock_customer", "SELECT pg_advisory_xact_lock(lock_of(uuid_send($1)))"};
static const struct sea_pg_stmt IS_HELD = {
    "purge_is_held",
    "SELECT EXISTS (SELECT FROM hold WHERE customer_id = $1 AND released_at IS NULL)"};
static const struct sea_pg_stmt LOCK_CONTACTS = {
    "purge_lock_contacts",
    "SELECT pg_advisory_xact_lock(lock_of(ordered.c))"
    " FROM (SELECT DISTINCT c FROM unnest($1::bytea[]) c ORDER BY c) ordered"};
static const struct sea_pg_stmt MARK = {
    "purge_mark", "INSERT INTO erased (contact_key, at) SELECT c, $2 FROM unnest($1::bytea[]) c"
                  " ON CONFLICT (contact_key) DO UPDATE SET at = EXCLUDED.at, destroyed_at = NULL"};
static const struct sea_pg_stmt MARKED = {
    "purge_marked", "UPDATE request SET state = 3, reason = '', marked_at = now(), cause_id = $2"
                    " WHERE request_id = $1"};
static const struct sea_pg_stmt DESTROYED = {
    "purge_destroyed", "UPDATE erased SET destroyed_at = now() WHERE contact_key = ANY ($1)"};
static const struct sea_pg_stmt RUNNING = {
    "purge_running",
    "UPDATE request SET state = 4, destroyed_at = now(), keys_destroyed = $2, cause_id = $3"
    " WHERE request_id = $1 RETURNING destroyed_at"};
static const struct sea_pg_stmt ALL_PROOFS = {
    "purge_all_proofs", "SELECT service, store, state, rows FROM proof WHERE request_id = $1"
                        " ORDER BY service, store"};
static const struct sea_pg_stmt KEYS_DESTROYED = {
    "purge_keys_destroyed", "SELECT keys_destroyed FROM request WHERE request_id = $1"};
static const struct sea_pg_stmt DONE = {
    "purge_done",
    "UPDATE request SET state = 5, reason = $2, done_at = $3, certificate = $4, contacts = '{}',"
    " cause_id = $5 WHERE request_id = $1"};

static struct sea_pg_args *args_of(void)
{
    static struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_args_reset(&args);
    return &args;
}

static struct sea_uuid event_id_of(const struct sea_record *record)
{
    return record->headers.id;
}

static enum sea_err add_step(struct sea_txn *txn, struct sea_uuid request_id, const char *what,
                             const struct sea_record *record, struct sea_uuid event_id,
                             struct sea_uuid caused_by)
{
    struct sea_pg_args *args = args_of();
    sea_pg_arg_uuid(args, request_id);
    sea_pg_arg_time(args, txn->now_ms);
    sea_pg_arg_text(args, sea_str(what));
    if (record)
        sea_pg_arg_i64(args, record->offset);
    else
        sea_pg_arg_null(args);
    sea_pg_arg_uuid(args, event_id);
    if (sea_uuid_is_nil(caused_by))
        sea_pg_arg_null(args);
    else
        sea_pg_arg_uuid(args, caused_by);
    return sea_pg_queue(txn->pg, &STEP, args);
}

static void add_contacts(struct sea_pg_args *args, const struct sea_key *contacts, size_t count)
{
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count, sea_pg_add_key(args, contacts[i]));
}

/* ---- what a record says ---- */

enum sea_err purge_store_asked(struct sea_txn *txn, const struct sea_record *record,
                               const struct purge_event *event)
{
    struct sea_pg_args *args = args_of();
    struct sea_cause cause = sea_cause_of(record);
    sea_pg_arg_uuid(args, event->request_id);
    sea_pg_arg_uuid(args, event->customer_id);
    sea_pg_arg_text(args, event->asked_by);
    sea_pg_arg_time(args, txn->now_ms);
    sea_pg_arg_uuid(args, sea_uuid_is_nil(cause.root) ? cause.id : cause.root);
    sea_pg_arg_uuid(args, cause.id);
    sea_pg_arg_text(args, event->asked_for);
    enum sea_err err = sea_pg_queue(txn->pg, &ASKED, args);
    if (err) return err;
    bool is_export = sea_str_is(event->asked_for, "export");
    return add_step(txn, event->request_id, is_export ? "export requested" : "erasure requested",
                    record, event_id_of(record), (struct sea_uuid){{0}});
}

enum sea_err purge_store_resolved(struct sea_txn *txn, const struct sea_record *record,
                                  const struct purge_event *event, bool has_grace)
{
    struct sea_pg_args *args = args_of();
    const char *reason = event->contact_count == 0 ? "unknown_customer" : has_grace ? "grace" : "";
    sea_pg_arg_uuid(args, event->request_id);
    sea_pg_arg_text(args, sea_str(reason));
    sea_pg_arg_time(args, txn->now_ms);
    add_contacts(args, event->contacts, event->contact_count);
    sea_pg_arg_uuid(args, record->headers.id);
    enum sea_err err = sea_pg_queue(txn->pg, &RESOLVED, args);
    if (err) return err;
    return add_step(txn, event->request_id,
                    event->contact_count ? "contacts known" : "customer unknown", record,
                    event_id_of(record), (struct sea_uuid){{0}});
}

static enum sea_err add_proofs(struct sea_txn *txn, const struct purge_event *event)
{
    struct sea_pg_args *args = args_of();
    if (!event->store_count) return SEA_OK;
    sea_pg_arg_uuid(args, event->request_id);
    sea_pg_arg_text(args, event->service);
    SEA_PG_ARRAY(args, SEA_PG_TEXT, event->store_count,
                 sea_pg_add_text(args, event->stores[i].store));
    SEA_PG_ARRAY(args, SEA_PG_I64, event->store_count,
                 sea_pg_add_i64(args, (int64_t)event->stores[i].rows));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, event->store_count,
                 sea_pg_add_text(args, event->stores[i].state));
    return sea_pg_queue(txn->pg, &PROOFS, args);
}

enum sea_err purge_store_answered(struct sea_txn *txn, const struct sea_record *record,
                                  const struct purge_event *event)
{
    struct sea_buf what = SEA_BUF(128);
    enum sea_err err = add_proofs(txn, event);
    if (err) return err;
    struct sea_pg_args *args = args_of();
    sea_pg_arg_uuid(args, event->request_id);
    sea_pg_arg_text(args, event->service);
    err = sea_pg_queue(txn->pg, &ANSWERED, args);
    if (err) return err;
    sea_buf_printf(&what, "%.*s deleted its rows", (int)event->service.len, event->service.ptr);
    err = add_step(txn, event->request_id, what.ptr, record, event_id_of(record),
                   (struct sea_uuid){{0}});
    sea_buf_free(&what);
    return err;
}

/* ---- what isn't done ---- */

static void read_open(const PGresult *rows, int i, struct sea_arena *arena, struct purge_open *ret)
{
    struct sea_str contacts = sea_pg_str(rows, i, 4);
    *ret = (struct purge_open){
        .request = {.state = (enum purge_state)sea_pg_i64(rows, i, 2),
                    .contact_count = contacts.len / sizeof(struct sea_key),
                    .is_held = sea_pg_bool(rows, i, 5),
                    .is_answered = sea_pg_bool(rows, i, 6),
                    .verified_at_ms = sea_pg_time(rows, i, 8),
                    .destroyed_at_ms = sea_pg_time(rows, i, 10)},
        .request_id = sea_pg_uuid(rows, i, 0),
        .customer_id = sea_pg_uuid(rows, i, 1),
        .requested_at_ms = sea_pg_time(rows, i, 7),
        .marked_at_ms = sea_pg_time(rows, i, 9),
        .destroyed_at_ms = sea_pg_time(rows, i, 10),
        .cause = {.id = sea_pg_uuid(rows, i, 12), .root = sea_pg_uuid(rows, i, 11)},
    };
    ret->contacts = sea_arena_alloc(arena, contacts.len + 1);
    sea_assert(ret->contacts);
    if (contacts.len) memcpy(ret->contacts, contacts.ptr, contacts.len);
}

enum sea_err purge_store_open(struct sea_pg *pg, struct sea_arena *arena, struct purge_open **ret,
                              size_t *ret_count, int64_t *ret_now_ms, int64_t *ret_real_ms)
{
    PGresult *rows = NULL;
    struct sea_pg_args *args = args_of();
    SEA_PG_ARRAY(args, SEA_PG_TEXT, purge_services_count,
                 sea_pg_add_text(args, sea_str(purge_services[i])));
    sea_pg_arg_i32(args, PURGE_OPEN_MOST);
    enum sea_err err = sea_pg_query(pg, &OPEN, args, &rows);
    if (err) return err;
    int count = sea_pg_count(rows);
    *ret = sea_arena_zero(arena, ((size_t)count + 1) * sizeof(**ret));
    sea_assert(*ret);
    for (int i = 0; i < count; i++) {
        read_open(rows, i, arena, &(*ret)[i]);
        *ret_now_ms = sea_pg_i64(rows, i, 13);
        *ret_real_ms = sea_pg_time(rows, i, 14);
    }
    *ret_count = (size_t)count;
    sea_pg_clear(&rows);
    return SEA_OK;
}

/* ---- the steps ---- */

/* The id of what a step makes. */
static struct sea_uuid step_id(const struct purge_open *open, const char *kind)
{
    return sea_uuid_derive(open->cause.id, kind, 0);
}

static enum sea_err set_state(struct sea_txn *txn, const struct purge_open *open,
                              enum purge_state state, const char *reason, const char *what)
{
    struct sea_pg_args *args = args_of();
    struct sea_uuid id = step_id(open, what);
    sea_pg_arg_uuid(args, open->request_id);
    sea_pg_arg_i32(args, (int32_t)state);
    sea_pg_arg_text(args, sea_str(reason));
    sea_pg_arg_uuid(args, id);
    enum sea_err err = sea_pg_queue(txn->pg, &STATE, args);
    if (err) return err;
    return add_step(txn, open->request_id, what, NULL, id, open->cause.id);
}

enum sea_err purge_store_hold(void *arg, struct sea_txn *txn)
{
    const struct purge_moment *moment = arg;
    return set_state(txn, moment->open, PURGE_HELD, "legal_hold", "held by a legal hold");
}

enum sea_err purge_store_go_on(void *arg, struct sea_txn *txn)
{
    const struct purge_moment *moment = arg;
    return set_state(txn, moment->open, PURGE_VERIFIED, "", "legal hold released");
}

static enum sea_err query_and_drop(struct sea_pg *pg, const struct sea_pg_stmt *stmt,
                                   const struct sea_pg_args *args, bool *ret_first)
{
    PGresult *rows = NULL;
    enum sea_err err = sea_pg_query(pg, stmt, args, &rows);
    if (err) return err;
    if (ret_first) *ret_first = sea_pg_bool(rows, 0, 0);
    sea_pg_clear(&rows);
    return SEA_OK;
}

/* A hold opens under the same lock, so either it is seen here or it is refused as too late. */
static enum sea_err look_for_hold(struct sea_txn *txn, struct purge_moment *moment)
{
    struct sea_pg_args *args = args_of();
    sea_pg_arg_uuid(args, moment->open->customer_id);
    enum sea_err err = query_and_drop(txn->pg, &LOCK_CUSTOMER, args, NULL);
    return err ? err : query_and_drop(txn->pg, &IS_HELD, args, &moment->is_held);
}

enum sea_err purge_store_mark(void *arg, struct sea_txn *txn)
{
    struct purge_moment *moment = arg;
    const struct purge_open *open = moment->open;
    struct sea_uuid id = step_id(open, "marked");
    enum sea_err err = look_for_hold(txn, moment);
    if (err || moment->is_held) return err;
    struct sea_pg_args *args = args_of();
    add_contacts(args, open->contacts, open->request.contact_count);
    err = query_and_drop(txn->pg, &LOCK_CONTACTS, args, NULL);
    if (err) return err;
    sea_pg_arg_time(args, txn->now_ms);
    err = sea_pg_queue(txn->pg, &MARK, args);
    if (err) return err;
    args = args_of();
    sea_pg_arg_uuid(args, open->request_id);
    sea_pg_arg_uuid(args, id);
    err = sea_pg_queue(txn->pg, &MARKED, args);
    if (err) return err;
    return add_step(txn, open->request_id, "contacts marked as erased", NULL, id, open->cause.id);
}

enum sea_err purge_store_order(void *arg, struct sea_txn *txn)
{
    const struct purge_moment *moment = arg;
    const struct purge_open *open = moment->open;
    PGresult *rows = NULL;
    struct sea_uuid id;
    struct sea_pg_args *args = args_of();
    add_contacts(args, open->contacts, open->request.contact_count);
    enum sea_err err = sea_pg_queue(txn->pg, &DESTROYED, args);
    if (err) return err;
    args = args_of();
    sea_pg_arg_uuid(args, open->request_id);
    sea_pg_arg_i32(args, (int32_t)moment->keys_destroyed);
    sea_pg_arg_uuid(args, step_id(open, "erasure-ordered"));
    err = sea_pg_query(txn->pg, &RUNNING, args, &rows);
    if (err) return err;
    int64_t destroyed_at_ms = sea_pg_count(rows) ? sea_pg_time(rows, 0, 0) : 0;
    sea_pg_clear(&rows);
    err = purge_emit_order(txn, open->request_id, open->customer_id, open->contacts,
                           open->request.contact_count, destroyed_at_ms, &open->cause, &id);
    if (err) return err;
    return add_step(txn, open->request_id, "keys destroyed, services told to delete", NULL, id,
                    open->cause.id);
}

static enum sea_err load_proofs(struct sea_txn *txn, const struct purge_open *open, PGresult **ret,
                                struct purge_store **ret_stores)
{
    struct sea_pg_args *args = args_of();
    sea_pg_arg_uuid(args, open->request_id);
    enum sea_err err = sea_pg_query(txn->pg, &ALL_PROOFS, args, ret);
    if (err) return err;
    size_t count = (size_t)sea_pg_count(*ret);
    *ret_stores = sea_arena_zero(txn->arena, (count + 1) * sizeof(**ret_stores));
    sea_assert(*ret_stores);
    for (size_t i = 0; i < count; i++)
        (*ret_stores)[i] = (struct purge_store){.service = sea_pg_str(*ret, (int)i, 0),
                                                .store = sea_pg_str(*ret, (int)i, 1),
                                                .state = sea_pg_str(*ret, (int)i, 2),
                                                .rows = (uint64_t)sea_pg_i64(*ret, (int)i, 3)};
    return SEA_OK;
}

static enum sea_err load_keys_destroyed(struct sea_txn *txn, const struct purge_open *open,
                                        uint64_t *ret)
{
    PGresult *rows = NULL;
    struct sea_pg_args *args = args_of();
    sea_pg_arg_uuid(args, open->request_id);
    enum sea_err err = sea_pg_query(txn->pg, &KEYS_DESTROYED, args, &rows);
    if (err) return err;
    *ret = sea_pg_count(rows) ? (uint64_t)sea_pg_i64(rows, 0, 0) : 0;
    sea_pg_clear(&rows);
    return SEA_OK;
}

/* Appends the signed certificate. */
static enum sea_err certify(struct sea_txn *txn, const struct purge_moment *moment,
                            struct sea_buf *ret)
{
    const struct purge_open *open = moment->open;
    PGresult *rows = NULL;
    struct purge_erasure erasure = {.request_id = open->request_id,
                                    .requested_at_ms = open->requested_at_ms,
                                    .destroyed_at_ms = open->destroyed_at_ms,
                                    .done_at_ms = txn->now_ms,
                                    .contacts = open->request.contact_count};
    struct purge_store *stores = NULL;
    struct sea_buf statement = SEA_BUF(PURGE_CERTIFICATE_MAX);
    enum sea_err err = load_keys_destroyed(txn, open, &erasure.keys_destroyed);
    if (!err) err = load_proofs(txn, open, &rows, &stores);
    if (err) return err;
    erasure.stores = stores;
    erasure.store_count = (size_t)sea_pg_count(rows);
    purge_erasure_print(&erasure, &statement);
    sea_assert(!statement.is_full);
    purge_sign(moment->signer, sea_buf_view(&statement), ret);
    sea_buf_free(&statement);
    sea_pg_clear(&rows);
    return SEA_OK;
}

enum sea_err purge_store_finish(void *arg, struct sea_txn *txn)
{
    const struct purge_moment *moment = arg;
    const struct purge_open *open = moment->open;
    struct sea_buf certificate = SEA_BUF(2 * PURGE_CERTIFICATE_MAX);
    struct sea_uuid id = step_id(open, "done");
    enum sea_err err = certify(txn, moment, &certificate);
    if (!err) {
        struct sea_pg_args *args = args_of();
        sea_pg_arg_uuid(args, open->request_id);
        sea_pg_arg_text(args,
                        open->request.contact_count ? SEA_STR("") : SEA_STR("unknown_customer"));
        sea_pg_arg_time(args, txn->now_ms);
        sea_pg_arg_text(args, sea_buf_view(&certificate));
        sea_pg_arg_uuid(args, id);
        err = sea_pg_queue(txn->pg, &DONE, args);
    }
    sea_buf_free(&certificate);
    if (err) return err;
    return add_step(txn, open->request_id, "erasure done, certificate kept", NULL, id,
                    open->cause.id);
}
