/* sea_erasure.c: deletes, keeps the proof as a row, and publishes it after the life of a cached
 * key. */
#include "sea_erasure.h"

#include <stdlib.h>
#include <string.h>

#include "sea_config.h"
#include "sea_id.h"
#include "seadesk/v1/privacy.pb-c.h"

enum { PUBLISH_MOST = 20, CONTACTS_MOST = 1000 };

/* Real time: cached keys live by it. */
static const struct sea_pg_stmt KEEP = {
    "erasure_keep",
    "INSERT INTO erasure (request_id, key, cause_id, root_id, proof, due_at) VALUES ($1, $2, $3, "
    "$4, $5, $6) ON CONFLICT DO NOTHING"};

static const struct sea_pg_stmt GUARD = {
    "erasure_guard",
    "SELECT contact_key, erased_at, destroyed_at > clock_timestamp() - interval '2 minutes'"
    " FROM retention_purger.guard($1) ORDER BY contact_key"};

static const struct sea_pg_stmt DUE = {
    "erasure_due", "SELECT request_id FROM erasure WHERE due_at <= clock_timestamp() LIMIT 1"};

static const struct sea_pg_stmt TAKE = {
    "erasure_take",
    "DELETE FROM erasure WHERE request_id IN (SELECT request_id FROM erasure WHERE due_at <= "
    "clock_timestamp() ORDER BY due_at LIMIT $1) RETURNING key, cause_id, root_id, proof"};

enum sea_err sea_erasure_guard(struct sea_txn *txn, struct sea_keys *keys,
                               const struct sea_key *contacts, size_t count,
                               struct sea_erasures *ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    PGresult *rows = NULL;
    *ret = (struct sea_erasures){0};
    if (count == 0) return SEA_OK;
    SEA_PG_ARRAY(&args, SEA_PG_BYTES, count, sea_pg_add_key(&args, contacts[i]));
    enum sea_err err = sea_pg_query(txn->pg, &GUARD, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    size_t found = (size_t)sea_pg_count(rows);
    struct sea_erased *items = sea_arena_alloc(txn->arena, (found + 1) * sizeof(*items));
    sea_assert(items != NULL);
    for (size_t i = 0; i < found; i++) {
        items[i] = (struct sea_erased){sea_pg_key(rows, (int)i, 0), sea_pg_time(rows, (int)i, 1)};
        if (keys != NULL && sea_pg_bool(rows, (int)i, 2)) sea_keys_forget(keys, &items[i].contact);
    }
    sea_pg_clear(&rows);
    *ret = (struct sea_erasures){items, found};
    return SEA_OK;
}

static int by_contact(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct sea_key));
}

bool sea_erasure_is_late(const struct sea_erasures *erasures, struct sea_key contact,
                         int64_t happened_ms)
{
    const struct sea_erased *erased = erasures->count == 0
                                          ? NULL
                                          : bsearch(&contact, erasures->items, erasures->count,
                                                    sizeof(*erasures->items), by_contact);
    return erased != NULL && happened_ms <= erased->at_ms;
}

typedef Seadesk__V1__ErasureDone__StoreProof store_proof;

static enum sea_err run_store(struct sea_txn *txn, const struct sea_erasure_store *store,
                              const Seadesk__V1__ErasureOrdered *order, store_proof *ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    PGresult *rows = NULL;
    SEA_PG_ARRAY(&args, SEA_PG_BYTES, order->n_contact_keys,
                 sea_pg_add_bytes(&args, order->contact_keys[i].data, order->contact_keys[i].len));
    enum sea_err err = sea_pg_query(txn->pg, store->stmt, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    *ret = (store_proof)SEADESK__V1__ERASURE_DONE__STORE_PROOF__INIT;
    ret->store = (char *)(uintptr_t)store->name;
    ret->rows = (uint64_t)sea_pg_changed(rows);
    ret->state = (char *)(uintptr_t)(ret->rows > 0 ? store->state : "empty");
    sea_pg_clear(&rows);
    return SEA_OK;
}

static enum sea_err keep_proof(struct sea_txn *txn, const struct sea_record *record,
                               const Seadesk__V1__ErasureDone *proof, int64_t due_at_ms)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    struct sea_cause cause = sea_cause_of(record);
    struct sea_uuid request;
    size_t len = seadesk__v1__erasure_done__get_packed_size(proof);
    uint8_t *packed = sea_arena_alloc(txn->arena, len + 1);
    if (packed == NULL) return SEA_ERR_RETRY;
    seadesk__v1__erasure_done__pack(proof, packed);
    memcpy(request.bytes, proof->request_id.data, sizeof(request.bytes));
    sea_pg_arg_uuid(&args, request);
    sea_pg_arg_text(&args, record->key);
    sea_pg_arg_uuid(&args, cause.id);
    sea_pg_arg_uuid(&args, sea_uuid_is_nil(cause.root) ? cause.id : cause.root);
    sea_pg_arg_bytes(&args, packed, len);
    sea_pg_arg_time(&args, due_at_ms);
    enum sea_err err = sea_pg_queue(txn->pg, &KEEP, &args);
    sea_pg_args_free(&args);
    return err;
}

enum sea_err sea_erasure_apply(struct sea_txn *txn, const char *service,
                               const struct sea_record *record,
                               const struct sea_erasure_store *stores, size_t count)
{
    store_proof proofs[SEA_ERASURE_STORES_MAX], *list[SEA_ERASURE_STORES_MAX];
    Seadesk__V1__ErasureDone done = SEADESK__V1__ERASURE_DONE__INIT;
    sea_assert(count <= SEA_ERASURE_STORES_MAX);
    if (!sea_record_is(record, &seadesk__v1__erasure_ordered__descriptor)) return SEA_OK;
    const Seadesk__V1__ErasureOrdered *order =
        sea_txn_decode(txn, &seadesk__v1__erasure_ordered__descriptor, record->value);
    if (order == NULL || order->request_id.len != sizeof(struct sea_uuid) ||
        order->n_contact_keys > CONTACTS_MOST) {
        sea_txn_refuse(txn, record, "malformed");
        return SEA_OK;
    }
    for (size_t i = 0; i < count; i++) {
        enum sea_err err = run_store(txn, &stores[i], order, &proofs[i]);
        if (err) return err;
        list[i] = &proofs[i];
    }
    done.request_id = order->request_id;
    done.service = (char *)(uintptr_t)service;
    done.stores = list;
    done.n_stores = count;
    int64_t wait_ms = sea_worker_config(txn->worker)->erasure_wait;
    return keep_proof(txn, record, &done, order->keys_destroyed_at_ms + wait_ms);
}

static enum sea_err publish(void *arg, struct sea_txn *txn)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    PGresult *rows = NULL;
    (void)arg;
    sea_pg_arg_i64(&args, PUBLISH_MOST);
    enum sea_err err = sea_pg_query(txn->pg, &TAKE, &args, &rows);
    sea_pg_args_free(&args);
    for (int row = 0; !err && row < sea_pg_count(rows); row++) {
        Seadesk__V1__ErasureDone *done =
            sea_txn_decode(txn, &seadesk__v1__erasure_done__descriptor, sea_pg_str(rows, row, 3));
        struct sea_cause cause = {.id = sea_pg_uuid(rows, row, 1),
                                  .root = sea_pg_uuid(rows, row, 2)};
        sea_assert(done != NULL);
        done->done_at_ms = txn->now_ms;
        /* Every service answers the same record: its name keeps the ids apart. */
        err = sea_txn_emit(txn, SEA_NUMBER_PRIVACY, SEA_TOPIC_PRIVACY, sea_pg_str(rows, row, 0),
                           &done->base, &cause, done->service, 0, NULL);
    }
    sea_pg_clear(&rows);
    return err;
}

void sea_erasure_publish(struct sea_worker *worker)
{
    static const uint32_t number = SEA_NUMBER_PRIVACY;
    PGresult *rows = NULL;
    if (!sea_worker_owns(worker, number)) return;
    if (sea_pg_query(sea_worker_pg(worker), &DUE, NULL, &rows) != SEA_OK) return;
    bool is_any = sea_pg_count(rows) > 0;
    sea_pg_clear(&rows);
    /* What fails now is still due in a second. */
    if (is_any && sea_worker_transact(worker, &number, 1, publish, NULL) != SEA_OK) return;
}
