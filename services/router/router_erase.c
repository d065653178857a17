/* router_erase.c: erasures, which no core decides. */
#include "router_erase.h"

#include "router_load.h"
#include "sea_erasure.h"
#include "sea_id.h"

enum { CONTACTS_MOST = 1000 };

static const struct sea_pg_stmt CONTACTS = {
    "router_subject", "SELECT contact_key FROM contact WHERE customer_id = $1 LIMIT $2"};

/* What came after the mark belongs to the person's new life here, and stays. */
#define BEFORE "(SELECT max(erased_at) FROM retention_purger.guard($1::bytea[]))"
#define TICKETS                                                                                    \
    "(SELECT ticket_id FROM ticket WHERE home_key = ANY ($1::bytea[]) AND opened_at <= " BEFORE ")"

static const struct sea_pg_stmt DECISIONS = {"router_erase_decisions",
                                             "DELETE FROM decision WHERE ticket_id IN " TICKETS};
static const struct sea_pg_stmt MESSAGES = {
    "router_erase_messages",
    "DELETE FROM message WHERE home_key = ANY ($1::bytea[]) AND routed_at <= " BEFORE};
static const struct sea_pg_stmt TICKET = {"router_erase_tickets",
                                          "DELETE FROM ticket WHERE ticket_id IN " TICKETS};
static const struct sea_pg_stmt CALLS = {
    "router_erase_calls",
    "DELETE FROM call WHERE home_key = ANY ($1::bytea[]) AND created_at <= " BEFORE};
static const struct sea_pg_stmt NOTICES = {
    "router_erase_notices",
    "DELETE FROM notice WHERE crm_key = ANY ($1::bytea[]) AND decided_at <= " BEFORE};
static const struct sea_pg_stmt ORDERS = {
    "router_erase_orders", "DELETE FROM known_order WHERE crm_key = ANY ($1::bytea[])"};
static const struct sea_pg_stmt CUSTOMERS = {
    "router_erase_customers",
    "DELETE FROM customer WHERE customer_id IN (SELECT customer_id FROM contact"
    " WHERE contact_key = ANY ($1::bytea[]) AND created_at <= " BEFORE ")"};
static const struct sea_pg_stmt CONTACT = {
    "router_erase_contacts",
    "DELETE FROM contact WHERE contact_key = ANY ($1::bytea[]) AND created_at <= " BEFORE};

static const struct sea_erasure_store STORES[] = {
    {"router.decision", "deleted", &DECISIONS}, {"router.message", "deleted", &MESSAGES},
    {"router.call", "deleted", &CALLS},         {"router.ticket", "deleted", &TICKET},
    {"router.notice", "deleted", &NOTICES},     {"router.known_order", "deleted", &ORDERS},
    {"router.customer", "deleted", &CUSTOMERS}, {"router.contact", "deleted", &CONTACT},
};

enum sea_err router_erase_requested(struct router_batch *batch, const struct router_item *item)
{
    const Seadesk__V1__ErasureRequested *from = item->requested;
    struct sea_pg_args *args = &batch->tools->args;
    struct sea_cause cause = {item->cause.id, item->cause.root, item->cause.trace};
    Seadesk__V1__SubjectResolved to = SEADESK__V1__SUBJECT_RESOLVED__INIT;
    PGresult *rows = NULL;
    if (from->request_id.len != 16 || from->customer_id.len != 16) {
        sea_txn_refuse(batch->txn, item->record, "malformed");
        return SEA_OK;
    }
    sea_pg_args_reset(args);
    sea_pg_arg_uuid(args, router_uuid_of(from->customer_id));
    sea_pg_arg_i64(args, CONTACTS_MOST);
    enum sea_err err = sea_pg_query(batch->txn->pg, &CONTACTS, args, &rows);
    if (err) return err;
    router_batch_keep(batch, rows);
    size_t count = (size_t)sea_pg_count(rows);
    ProtobufCBinaryData *keys = router_batch_alloc(batch, (count + 1) * sizeof(*keys));
    for (size_t i = 0; i < count; i++) {
        struct sea_str key = sea_pg_str(rows, (int)i, 0);
        keys[i] = (ProtobufCBinaryData){key.len, (uint8_t *)(uintptr_t)key.ptr};
    }
    to.request_id = from->request_id;
    to.customer_id = from->customer_id;
    to.contact_keys = keys;
    to.n_contact_keys = count;
    to.is_found = count > 0;
    return sea_txn_emit(batch->txn, item->cause.number, SEA_TOPIC_PRIVACY, item->record->key,
                        &to.base, &cause, "subject", 0, NULL);
}

enum sea_err router_erase_ordered(struct router_batch *batch, const struct router_item *item)
{
    return sea_erasure_apply(batch->txn, "router", item->record, STORES, SEA_COUNT(STORES));
}
