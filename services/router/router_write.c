/* router_write.c: contacts, tickets, decisions, outcomes, orders, notices and agents. */
#include "router_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router_calls.h"
#include "router_codes.h"
#include "router_load.h"
#include "router_metrics.h"
#include "router_seal.h"
#include "router_write_parts.h"
#include "sea_id.h"

#define CONTACT_NAMES                                                                              \
    "contact_key, customer_id, conversation_id, channel, account, market, language, sealed,"       \
    " phone_hash, email_hash, is_service_refused, service_at, is_marketing_granted, marketing_at," \
    " auto_since, auto_count, profile_at, profile_hash, created_at"
#define CONTACT_ARRAYS                                                                             \
    "unnest($1::bytea[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],"  \
    " $8::bytea[], $9::bytea[], $10::bytea[], $11::bool[], $12::timestamptz[], $13::bool[],"       \
    " $14::timestamptz[], $15::timestamptz[], $16::int[], $17::timestamptz[], $18::bytea[],"       \
    " $19::timestamptz[])"

static const struct sea_pg_stmt DELETE_FORGOTTEN = {
    "router_delete_forgotten", "DELETE FROM contact WHERE contact_key = ANY ($1::bytea[])"};
static const struct sea_pg_stmt INSERT_CONTACTS = {
    "router_insert_contacts", "INSERT INTO contact (" CONTACT_NAMES
                              ") SELECT * FROM " CONTACT_ARRAYS " ON CONFLICT DO NOTHING"};
static const struct sea_pg_stmt UPDATE_CONTACTS = {
    "router_update_contacts",
    "UPDATE contact c SET market = u.market, language = u.language,"
    " sealed = COALESCE(u.sealed, c.sealed), phone_hash = COALESCE(u.phone_hash, c.phone_hash),"
    " email_hash = COALESCE(u.email_hash, c.email_hash),"
    " is_service_refused = u.is_service_refused, service_at = u.service_at,"
    " is_marketing_granted = u.is_marketing_granted, marketing_at = u.marketing_at,"
    " auto_since = u.auto_since, auto_count = u.auto_count, profile_at = u.profile_at,"
    " profile_hash = u.profile_hash"
    " FROM " CONTACT_ARRAYS " u (" CONTACT_NAMES ") WHERE c.contact_key = u.contact_key"};
static const struct sea_pg_stmt MOVE_CONTACTS = {
    "router_move_contacts",
    "UPDATE contact c SET customer_id = u.customer_id, conversation_id = u.conversation_id"
    " FROM unnest($1::bytea[], $2::uuid[], $3::uuid[])"
    " u (contact_key, customer_id, conversation_id) WHERE c.contact_key = u.contact_key"};
static const struct sea_pg_stmt NUMBER_DRAFTS = {
    "router_number_drafts",
    "INSERT INTO customer (customer_id, seq) SELECT * FROM unnest($1::uuid[], $2::bigint[])"
    " ON CONFLICT (customer_id) DO UPDATE SET seq = customer.seq + excluded.seq"
    " RETURNING customer_id, seq"};
static const struct sea_pg_stmt INSERT_DECISIONS = {
    "router_insert_decisions",
    "INSERT INTO decision (ticket_id, at, by, what, reason, root_id, event_id, topic, number,"
    " \"offset\") SELECT d.ticket_id, $1, d.by, d.what, d.reason, d.root_id, d.event_id, d.topic,"
    " d.number, d.pos"
    " FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[],"
    " $8::text[], $9::int[], $10::bigint[])"
    " d (ticket_id, by, what, reason, root_id, event_id, topic, number, pos)"};
static const struct sea_pg_stmt INSERT_OUTCOMES = {
    "router_insert_outcomes",
    "INSERT INTO command (command_id, body_hash, ticket_id, reason, version, at, root_id, number,"
    " \"offset\") SELECT c.id, c.hash, c.ticket, c.reason, c.version, $1, c.root, c.number, c.pos"
    " FROM unnest($2::uuid[], $3::bytea[], $4::uuid[], $5::text[], $6::bigint[], $7::uuid[],"
    " $8::int[], $9::bigint[]) c (id, hash, ticket, reason, version, root, number, pos)"
    " ON CONFLICT DO NOTHING"};
static const struct sea_pg_stmt UPSERT_ORDERS = {
    "router_upsert_orders",
    "INSERT INTO known_order (order_id, crm_key, market, milestone, milestone_at, exception, "
    "reason,"
    " expected_at, since_at, version, gone)"
    " SELECT o.*, date_trunc('month', $1::timestamptz + interval '25 months')::date"
    " FROM unnest($2::text[], $3::bytea[], $4::text[], $5::int[], $6::timestamptz[], $7::int[],"
    " $8::text[], $9::timestamptz[], $10::timestamptz[], $11::bigint[]) o"
    " ON CONFLICT (order_id) DO UPDATE SET crm_key = excluded.crm_key, market = excluded.market,"
    " milestone = excluded.milestone, milestone_at = excluded.milestone_at,"
    " exception = excluded.exception, reason = excluded.reason, expected_at = excluded.expected_at,"
    " since_at = excluded.since_at, version = excluded.version, gone = excluded.gone"};
static const struct sea_pg_stmt UPSERT_NOTICES = {
    "router_upsert_notices",
    "INSERT INTO notice (order_id, about, parcel_id, state, number, crm_key, collapse_key, at,"
    " message_id, draft_id, to_key, due_at, give_up_at, due, root_id, event_id, \"offset\","
    " decided_at, gone)"
    " SELECT n.*, $1, date_trunc('month', $1::timestamptz + interval '25 months')::date"
    " FROM unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::bytea[], "
    "$8::text[],"
    " $9::timestamptz[], $10::uuid[], $11::uuid[], $12::bytea[], $13::timestamptz[],"
    " $14::timestamptz[], $15::bytea[], $16::uuid[], $17::uuid[], $18::bigint[]) n"
    " ON CONFLICT (order_id, about, parcel_id, at) DO UPDATE SET state = excluded.state,"
    " message_id = excluded.message_id, draft_id = excluded.draft_id, to_key = excluded.to_key,"
    " due_at = excluded.due_at, give_up_at = excluded.give_up_at, due = excluded.due,"
    " decided_at = excluded.decided_at"};
static const struct sea_pg_stmt UPSERT_AGENTS = {
    "router_upsert_agents",
    "INSERT INTO agent (agent, name, state, weight, limits, load, counts, lease_until, version)"
    " SELECT a.agent, a.name, a.state, a.weight, a.limits, a.load, a.counts,"
    " COALESCE(a.lease_until, 'epoch'), 1"
    " FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::text[], $6::int[], $7::text[],"
    " $8::timestamptz[]) a (agent, name, state, weight, limits, load, counts, lease_until)"
    " ON CONFLICT (agent) DO UPDATE SET name = excluded.name, state = excluded.state,"
    " weight = excluded.weight, limits = excluded.limits, load = excluded.load,"
    " counts = excluded.counts, lease_until = excluded.lease_until, version = agent.version + 1"};
static const struct sea_pg_stmt MAKE_MONTHS = {
    "router_make_months",
    "SELECT make_months(array_agg(DISTINCT (date '1970-01-01' + make_interval(months => m))::date))"
    " FROM unnest($1::int[]) m"};

/* ── arrays: one column after another, a row for each item that `is_meant` picks ── */

#define EACH(type, item, list) for (const type *item = (list); item; item = item->next)

void router_arg_key(struct sea_pg_args *args, struct sea_key key)
{
    if (sea_key_is_nil(key))
        sea_pg_add_null(args);
    else
        sea_pg_add_key(args, key);
}

void router_arg_uuid(struct sea_pg_args *args, struct sea_uuid id)
{
    if (sea_uuid_is_nil(id))
        sea_pg_add_null(args);
    else
        sea_pg_add_uuid(args, id);
}

void router_arg_bytes(struct sea_pg_args *args, struct sea_str bytes)
{
    if (bytes.len)
        sea_pg_add_bytes(args, bytes.ptr, bytes.len);
    else
        sea_pg_add_null(args);
}

void router_arg_offset(struct sea_pg_args *args, const struct router_cause *cause)
{
    if (cause->topic)
        sea_pg_add_i64(args, cause->offset);
    else
        sea_pg_add_null(args);
}

static enum sea_err seal_contact(struct router_batch *batch, struct router_contact *contact)
{
    Seadesk__V1__ContactBody body = SEADESK__V1__CONTACT_BODY__INIT;
    Seadesk__V1__Thread thread = SEADESK__V1__THREAD__INIT;
    struct sea_place place = {SEA_STR("router.contact"), SEA_STR("sealed"),
                              router_map_key(&contact->key)};
    char phone[24] = "";
    contact->sealed = (struct sea_str){"", 0};
    if (!contact->is_opened || !contact->address.len) return SEA_OK;
    if (contact->phone.len && contact->phone.len < sizeof(phone) - 1)
        snprintf(phone, sizeof(phone), "+%.*s", (int)contact->phone.len, contact->phone.ptr);
    body.contact_id = router_c_str(batch, contact->address);
    body.name = router_c_str(batch, contact->name);
    body.phone = phone;
    body.email = router_c_str(batch, contact->email);
    body.locale = router_c_str(batch, contact->locale);
    body.tier = router_c_str(batch, contact->tier);
    body.observance = router_c_str(batch, contact->observance);
    body.handset = router_c_str(batch, contact->handset);
    thread.id = router_c_str(batch, contact->thread);
    thread.subject = router_c_str(batch, contact->subject);
    if (contact->thread.len) body.thread = &thread;
    return router_seal_message(batch, contact->key, &place, &body.base, &contact->sealed);
}

struct contact_list {
    struct router_contact **items;
    size_t count;
};

static int by_key(const void *a, const void *b)
{
    const struct router_contact *const *x = a, *const *y = b;
    return memcmp((*x)->key.bytes, (*y)->key.bytes, sizeof((*x)->key.bytes));
}

/* In ascending order: everybody locks rows in the same one. */
static struct contact_list pick_contacts(struct router_batch *batch,
                                         bool (*is_meant)(const struct router_contact *))
{
    struct contact_list list = {
        router_batch_alloc(batch, (batch->contacts.count + 1) * sizeof(*list.items)), 0};
    for (size_t i = 0; i < batch->contacts.cap; i++) {
        struct router_contact *contact = batch->contacts.slots[i].value;
        if (contact && is_meant(contact)) list.items[list.count++] = contact;
    }
    if (list.count > 1) qsort(list.items, list.count, sizeof(*list.items), by_key);
    return list;
}

static bool is_new(const struct router_contact *contact)
{
    return !contact->is_stored;
}

static bool is_changed(const struct router_contact *contact)
{
    return contact->is_stored && contact->is_changed;
}

static bool is_moved(const struct router_contact *contact)
{
    return contact->is_stored && contact->is_moved;
}

#define COLUMN(type, add)                                                                          \
    SEA_PG_ARRAY(args, type, list->count, const struct router_contact *c = list->items[i]; add)

static void contact_arrays(struct sea_pg_args *args, const struct contact_list *list)
{
    sea_pg_args_reset(args);
    COLUMN(SEA_PG_BYTES, sea_pg_add_key(args, c->key));
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, c->customer));
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, c->conversation));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, c->channel));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, c->account));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, sea_str(c->market->code)));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, c->language));
    COLUMN(SEA_PG_BYTES, router_arg_bytes(args, c->sealed));
    COLUMN(SEA_PG_BYTES, router_arg_key(args, c->phone_hash));
    COLUMN(SEA_PG_BYTES, router_arg_key(args, c->email_hash));
    COLUMN(SEA_PG_BOOL, sea_pg_add_bool(args, c->is_service_refused));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, c->service_at_ms));
    COLUMN(SEA_PG_BOOL, sea_pg_add_bool(args, c->is_marketing_granted));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, c->marketing_at_ms));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, c->auto_since_ms));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)c->auto_count));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, c->profile_at_ms));
    COLUMN(SEA_PG_BYTES, router_arg_key(args, c->profile_hash));
    COLUMN(SEA_PG_TIME, sea_pg_add_time(args, c->created_at_ms));
}

static enum sea_err delete_forgotten(struct router_batch *batch, const struct contact_list *list)
{
    struct sea_pg_args *args = &batch->tools->args;
    size_t count = 0;
    sea_pg_args_reset(args);
    sea_pg_array_begin(args, SEA_PG_BYTES);
    for (size_t i = 0; i < list->count; i++) {
        if (!router_map_get(&batch->forgotten, router_map_key(&list->items[i]->key))) continue;
        sea_pg_add_key(args, list->items[i]->key);
        count++;
    }
    sea_pg_array_end(args);
    return count ? sea_pg_queue(batch->txn->pg, &DELETE_FORGOTTEN, args) : SEA_OK;
}

static enum sea_err insert_contacts(struct router_batch *batch, const struct contact_list *list)
{
    PGresult *rows = NULL;
    if (!list->count) return SEA_OK;
    enum sea_err err = delete_forgotten(batch, list);
    if (err) return err;
    contact_arrays(&batch->tools->args, list);
    err = sea_pg_query(batch->txn->pg, &INSERT_CONTACTS, &batch->tools->args, &rows);
    if (err) return err;
    bool is_whole = sea_pg_changed(rows) == (int64_t)list->count;
    sea_pg_clear(&rows);
    if (is_whole) return SEA_OK;
    sea_metric_inc(&sea_m_router_conflicts_total);
    return SEA_ERR_RETRY;
}

static enum sea_err write_contacts(struct router_batch *batch)
{
    struct sea_pg_args *args = &batch->tools->args;
    struct contact_list added = pick_contacts(batch, is_new);
    struct contact_list changed = pick_contacts(batch, is_changed);
    struct contact_list moved = pick_contacts(batch, is_moved);
    const struct contact_list *list = &moved;
    enum sea_err err = SEA_OK;
    for (size_t i = 0; !err && i < added.count; i++) err = seal_contact(batch, added.items[i]);
    for (size_t i = 0; !err && i < changed.count; i++) err = seal_contact(batch, changed.items[i]);
    if (!err) err = insert_contacts(batch, &added);
    if (!err && changed.count) {
        contact_arrays(args, &changed);
        err = sea_pg_queue(batch->txn->pg, &UPDATE_CONTACTS, args);
    }
    if (err || !moved.count) return err;
    sea_pg_args_reset(args);
    COLUMN(SEA_PG_BYTES, sea_pg_add_key(args, c->key));
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, c->customer));
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, c->conversation));
    return sea_pg_queue(batch->txn->pg, &MOVE_CONTACTS, args);
}
#undef COLUMN

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct sea_uuid));
}

/* Draws the drafts' places under their customers' locks. */
static enum sea_err number_drafts(struct router_batch *batch)
{
    struct sea_pg_args *args = &batch->tools->args;
    PGresult *rows = NULL;
    size_t all = 0, count = 0;
    EACH(struct router_draft, draft, batch->plan.drafts) all++;
    if (!all) return SEA_OK;
    struct sea_uuid *ids = router_batch_alloc(batch, all * sizeof(*ids));
    EACH(struct router_draft, draft, batch->plan.drafts) ids[count++] = draft->customer;
    qsort(ids, all, sizeof(*ids), by_id);
    sea_pg_args_reset(args);
    sea_pg_array_begin(args, SEA_PG_UUID);
    for (size_t i = 0; i < all; i++)
        if (i == 0 || !sea_uuid_eq(ids[i], ids[i - 1])) sea_pg_add_uuid(args, ids[i]);
    sea_pg_array_end(args);
    sea_pg_array_begin(args, SEA_PG_I64);
    for (size_t i = 0, n = 1; i < all; i++, n++) {
        if (i + 1 < all && sea_uuid_eq(ids[i], ids[i + 1])) continue;
        sea_pg_add_i64(args, (int64_t)n);
        n = 0;
    }
    sea_pg_array_end(args);
    enum sea_err err = sea_pg_query(batch->txn->pg, &NUMBER_DRAFTS, args, &rows);
    if (err) return err;
    for (int i = 0; i < sea_pg_count(rows); i++) {
        struct sea_uuid id = sea_pg_uuid(rows, i, 0);
        uint64_t drawn = 0, newest = (uint64_t)sea_pg_i64(rows, i, 1);
        for (size_t n = 0; n < all; n++) drawn += sea_uuid_eq(ids[n], id);
        router_plan_number_drafts(&batch->plan, id, newest - drawn);
    }
    sea_pg_clear(&rows);
    return SEA_OK;
}

#define COLUMN(type, struct_type, list, add)                                                       \
    do {                                                                                           \
        sea_pg_array_begin(args, type);                                                            \
        EACH(struct_type, d, list)                                                                 \
        {                                                                                          \
            add;                                                                                   \
        }                                                                                          \
        sea_pg_array_end(args);                                                                    \
    } while (0)

static void add_topic(struct sea_pg_args *args, const char *topic)
{
    if (topic)
        sea_pg_add_text(args, sea_str(topic));
    else
        sea_pg_add_null(args);
}

static enum sea_err write_decisions(struct router_batch *batch)
{
    struct sea_pg_args *args = &batch->tools->args;
    const struct router_decision *list = batch->plan.decisions;
    if (!list) return SEA_OK;
    sea_pg_args_reset(args);
    sea_pg_arg_time(args, batch->txn->now_ms);
    COLUMN(SEA_PG_UUID, struct router_decision, list, sea_pg_add_uuid(args, d->ticket_id));
    COLUMN(SEA_PG_TEXT, struct router_decision, list, sea_pg_add_text(args, d->by));
    COLUMN(SEA_PG_TEXT, struct router_decision, list, sea_pg_add_text(args, sea_str(d->what)));
    COLUMN(SEA_PG_TEXT, struct router_decision, list, sea_pg_add_text(args, d->reason));
    COLUMN(SEA_PG_UUID, struct router_decision, list, sea_pg_add_uuid(args, d->cause->root));
    COLUMN(SEA_PG_UUID, struct router_decision, list, sea_pg_add_uuid(args, d->cause->id));
    COLUMN(SEA_PG_TEXT, struct router_decision, list, add_topic(args, d->cause->topic));
    COLUMN(SEA_PG_I32, struct router_decision, list,
           sea_pg_add_i32(args, (int32_t)d->cause->number));
    COLUMN(SEA_PG_I64, struct router_decision, list, router_arg_offset(args, d->cause));
    return sea_pg_queue(batch->txn->pg, &INSERT_DECISIONS, args);
}

#define OUTCOME(type, add)                                                                         \
    COLUMN(type, struct router_outcome, batch->plan.outcomes, if (!d->is_stored) add)

static enum sea_err write_outcomes(struct router_batch *batch)
{
    struct sea_pg_args *args = &batch->tools->args;
    if (!batch->plan.outcomes) return SEA_OK;
    sea_pg_args_reset(args);
    sea_pg_arg_time(args, batch->txn->now_ms);
    OUTCOME(SEA_PG_UUID, sea_pg_add_uuid(args, d->command_id));
    OUTCOME(SEA_PG_BYTES, sea_pg_add_bytes(args, d->body_hash, sizeof(d->body_hash)));
    OUTCOME(SEA_PG_UUID, router_arg_uuid(args, d->ticket_id));
    OUTCOME(SEA_PG_TEXT, sea_pg_add_text(args, sea_str(d->reason)));
    OUTCOME(SEA_PG_I64, sea_pg_add_i64(args, (int64_t)d->version));
    OUTCOME(SEA_PG_UUID, sea_pg_add_uuid(args, d->cause->root));
    OUTCOME(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)d->cause->number));
    OUTCOME(SEA_PG_I64, router_arg_offset(args, d->cause));
    return sea_pg_queue(batch->txn->pg, &INSERT_OUTCOMES, args);
}
#undef COLUMN
#undef OUTCOME

#define COLUMN(type, map, struct_type, add)                                                        \
    do {                                                                                           \
        sea_pg_array_begin(args, type);                                                            \
        for (size_t i = 0; i < (map)->cap; i++) {                                                  \
            const struct_type *o = (map)->slots[i].value;                                          \
            if (o && o->is_changed) add;                                                           \
        }                                                                                          \
        sea_pg_array_end(args);                                                                    \
    } while (0)
#define ORDER(type, add) COLUMN(type, &batch->orders, struct router_order, add)

static enum sea_err write_orders(struct router_batch *batch)
{
    struct sea_pg_args *args = &batch->tools->args;
    bool is_any = false;
    for (size_t i = 0; i < batch->orders.cap && !is_any; i++) {
        const struct router_order *order = batch->orders.slots[i].value;
        is_any = order && order->is_changed;
    }
    if (!is_any) return SEA_OK;
    sea_pg_args_reset(args);
    sea_pg_arg_time(args, batch->txn->now_ms);
    ORDER(SEA_PG_TEXT, sea_pg_add_text(args, o->id));
    ORDER(SEA_PG_BYTES, router_arg_key(args, o->crm));
    ORDER(SEA_PG_TEXT, sea_pg_add_text(args, o->market));
    ORDER(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)o->milestone));
    ORDER(SEA_PG_TIME, sea_pg_add_time(args, o->milestone_at_ms));
    ORDER(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)o->exception));
    ORDER(SEA_PG_TEXT, sea_pg_add_text(args, o->reason));
    ORDER(SEA_PG_TIME, sea_pg_add_time(args, o->expected_at_ms));
    ORDER(SEA_PG_TIME, sea_pg_add_time(args, o->since_ms));
    ORDER(SEA_PG_I64, sea_pg_add_i64(args, (int64_t)o->version));
    return sea_pg_queue(batch->txn->pg, &UPSERT_ORDERS, args);
}
#undef ORDER

static enum sea_err write_agents(struct router_batch *batch)
{
    struct sea_pg_args *args = &batch->tools->args;
    struct sea_buf limits = SEA_BUF(4096), counts = SEA_BUF(4096);
    size_t count = 0;
    struct router_agent **agents =
        router_batch_alloc(batch, (batch->agents.count + 1) * sizeof(*agents));
    for (size_t i = 0; i < batch->agents.cap; i++) {
        struct router_agent *agent = batch->agents.slots[i].value;
        if (agent && agent->is_changed) agents[count++] = agent;
    }
    if (!count) return SEA_OK;
    sea_pg_args_reset(args);
#define AGENT(type, add)                                                                           \
    SEA_PG_ARRAY(args, type, count, const struct router_agent *a = agents[i]; add)
    AGENT(SEA_PG_TEXT, sea_pg_add_text(args, a->user));
    AGENT(SEA_PG_TEXT, sea_pg_add_text(args, a->name));
    AGENT(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)a->state));
    AGENT(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)a->weight));
    AGENT(SEA_PG_TEXT, sea_buf_reset(&limits); sea_buf_reset(&counts);
          router_limits_print(a, &limits, &counts); sea_pg_add_text(args, sea_buf_view(&limits)));
    AGENT(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)a->load));
    AGENT(SEA_PG_TEXT, sea_buf_reset(&limits); sea_buf_reset(&counts);
          router_limits_print(a, &limits, &counts); sea_pg_add_text(args, sea_buf_view(&counts)));
    AGENT(SEA_PG_TIME, sea_pg_add_time(args, a->lease_until_ms));
#undef AGENT
    sea_buf_free(&limits);
    sea_buf_free(&counts);
    return sea_pg_queue(batch->txn->pg, &UPSERT_AGENTS, args);
}
#undef COLUMN

/* All notices of the batch that changed, of whatever order. */
static size_t pick_notices(struct router_batch *batch, struct router_notice **ret, size_t cap)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->notices.cap; i++) {
        const struct router_notices *of_order = batch->notices.slots[i].value;
        for (uint32_t n = 0; of_order && n < of_order->count; n++) {
            if (!of_order->items[n]->is_changed) continue;
            if (ret) {
                sea_assert(count < cap);
                ret[count] = of_order->items[n];
            }
            count++;
        }
    }
    return count;
}

static enum sea_err write_notices(struct router_batch *batch)
{
    struct sea_pg_args *args = &batch->tools->args;
    size_t count = pick_notices(batch, NULL, 0);
    if (!count) return SEA_OK;
    struct router_notice **list = router_batch_alloc(batch, count * sizeof(struct router_notice *));
    pick_notices(batch, list, count);
    sea_pg_args_reset(args);
    sea_pg_arg_time(args, batch->txn->now_ms);
#define NOTICE(type, add)                                                                          \
    SEA_PG_ARRAY(args, type, count, const struct router_notice *n = list[i]; add)
    NOTICE(SEA_PG_TEXT, sea_pg_add_text(args, n->order_id));
    NOTICE(SEA_PG_TEXT, sea_pg_add_text(args, n->about));
    NOTICE(SEA_PG_TEXT, sea_pg_add_text(args, n->parcel_id));
    NOTICE(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)n->state));
    NOTICE(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)n->cause->number));
    NOTICE(SEA_PG_BYTES, router_arg_key(args, n->crm));
    NOTICE(SEA_PG_TEXT, sea_pg_add_text(args, n->collapse_key));
    NOTICE(SEA_PG_TIME, sea_pg_add_time(args, n->at_ms ? n->at_ms : 1));
    NOTICE(SEA_PG_UUID, router_arg_uuid(args, n->message_id));
    NOTICE(SEA_PG_UUID, router_arg_uuid(args, n->draft_id));
    NOTICE(SEA_PG_BYTES, router_arg_key(args, n->to));
    NOTICE(SEA_PG_TIME, sea_pg_add_time(args, n->due_at_ms));
    NOTICE(SEA_PG_TIME, sea_pg_add_time(args, n->give_up_at_ms));
    NOTICE(SEA_PG_BYTES,
           router_arg_bytes(args, n->due_at_ms ? n->record : (struct sea_str){"", 0}));
    NOTICE(SEA_PG_UUID, sea_pg_add_uuid(args, n->cause->root));
    NOTICE(SEA_PG_UUID, sea_pg_add_uuid(args, n->cause->id));
    NOTICE(SEA_PG_I64, router_arg_offset(args, n->cause));
#undef NOTICE
    return sea_pg_queue(batch->txn->pg, &UPSERT_NOTICES, args);
}

enum sea_err router_write(struct router_batch *batch)
{
    enum sea_err err = router_seal_ready(batch);
    if (!err) err = number_drafts(batch);
    if (!err) err = write_contacts(batch);
    if (!err) err = router_write_messages(batch);
    if (!err) err = router_write_sent(batch);
    if (!err) err = write_decisions(batch);
    if (!err) err = write_outcomes(batch);
    if (!err) err = write_orders(batch);
    if (!err) err = write_notices(batch);
    if (!err) err = write_agents(batch);
    if (!err) err = router_calls_write(batch);
    if (!err) err = router_write_tickets(batch);
    return err;
}

enum sea_err router_write_months(struct router_tools *tools, struct sea_pg *pg, int64_t now_ms)
{
    static const int64_t AHEAD_MS = INT64_C(35) * 24 * 3600 * 1000;
    const struct sea_markets *markets = tools->rules->markets;
    struct sea_pg_args args = SEA_PG_ARGS;
    PGresult *rows = NULL;
    bool made[ROUTER_MONTHS_MAX] = {false};
    sea_pg_array_begin(&args, SEA_PG_I32);
    for (uint32_t i = 0; i < markets->count * 2; i++) {
        uint32_t month = router_gone_month(&markets->items[i / 2], now_ms + i % 2 * AHEAD_MS);
        if (month >= ROUTER_MONTHS_MAX) continue;
        sea_pg_add_i32(&args, (int32_t)month);
        made[month] = true;
    }
    sea_pg_array_end(&args);
    enum sea_err err = sea_pg_query(pg, &MAKE_MONTHS, &args, &rows);
    sea_pg_clear(&rows);
    sea_pg_args_free(&args);
    if (!err) memcpy(tools->months, made, sizeof(made));
    return err;
}
