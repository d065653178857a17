/* router_load.c: contacts, their tickets and their relatives. */
#include "router_load.h"

#include <string.h>

#include "sea_erasure.h"
#include "sea_id.h"

#define CONTACT                                                                                    \
    "c.contact_key, c.customer_id, c.conversation_id, c.channel, c.account, c.market, c.language," \
    " c.sealed, c.phone_hash, c.email_hash, c.is_service_refused, c.service_at,"                   \
    " c.is_marketing_granted, c.marketing_at, c.auto_since, c.auto_count, c.profile_at,"           \
    " c.profile_hash, c.created_at"
#define TICKET                                                                                     \
    "t.ticket_id, t.home_key, t.number, t.version, t.status, t.market, t.channel, t.account,"      \
    " t.language, t.is_language_sure, t.priority, t.queue, t.assignee, t.opened_at,"               \
    " array_to_string(t.order_ids, E'\\x1f'), t.tag_issue, t.tag_emotion, t.tag_version,"          \
    " t.tag_stage, t.asked_at, t.asked_next_at, t.last_in_at, t.replied_at, t.acknowledged_at,"    \
    " t.answered_at, t.resolved_at, t.snoozed_until, t.sort_at, t.due_at,"                         \
    " extract(year FROM t.gone)::int * 12 + extract(month FROM t.gone)::int - 1 - 1970 * 12,"      \
    " t.root_id"

enum { CONTACT_COLUMNS = 19, TICKET_COLUMNS = 31, OPENED_COLUMN = CONTACT_COLUMNS + 13 };
enum { DUE_MOST = 200 };

static const struct sea_pg_stmt CONTACTS = {
    "router_contacts", "SELECT " CONTACT ", " TICKET " FROM unnest($1::bytea[]) k (key)"
                       " LEFT JOIN contact c ON c.contact_key = k.key"
                       " LEFT JOIN LATERAL (SELECT * FROM ticket WHERE home_key = k.key"
                       "   ORDER BY opened_at DESC LIMIT 1) t ON true"};
static const struct sea_pg_stmt PROPOSED = {"router_proposed",
                                            "SELECT " CONTACT ", " TICKET " FROM ticket t"
                                            " JOIN contact c ON c.contact_key = t.home_key"
                                            " WHERE t.ticket_id = ANY ($1::uuid[])"};
static const struct sea_pg_stmt DUE = {
    "router_due", "SELECT " CONTACT ", " TICKET " FROM ticket t"
                  " JOIN contact c ON c.contact_key = t.home_key"
                  " WHERE t.number = ANY ($1::int[]) AND t.due_at <= $2 LIMIT $3"};
static const struct sea_pg_stmt TICKETS = {
    "router_tickets", "SELECT " TICKET " FROM ticket t WHERE t.ticket_id = ANY ($1::uuid[])"};
static const struct sea_pg_stmt RELATIVES = {
    "router_relatives",
    "SELECT " CONTACT ", t.last_in_at FROM contact c"
    " LEFT JOIN LATERAL (SELECT last_in_at FROM ticket WHERE home_key = c.contact_key"
    "   ORDER BY opened_at DESC LIMIT 1) t ON true"
    " WHERE c.customer_id IN (SELECT unnest($1::uuid[])"
    "   UNION SELECT customer_id FROM contact WHERE phone_hash = ANY ($2::bytea[])"
    "   UNION SELECT customer_id FROM contact WHERE email_hash = ANY ($3::bytea[]))"};

void router_keys_init(struct router_keys *keys, struct sea_arena *arena)
{
    memset(keys, 0, sizeof(*keys));
    router_map_init(&keys->seen, arena);
}

static void *grown(struct sea_arena *arena, const void *items, size_t count, size_t cap,
                   size_t size)
{
    char *more = sea_arena_alloc(arena, cap * size);
    sea_assert(more);
    if (count) memcpy(more, items, count * size);
    return more;
}

void router_keys_add(struct router_keys *keys, struct sea_key key)
{
    if (sea_key_is_nil(key) || router_map_get(&keys->seen, router_map_key(&key))) return;
    if (keys->count == keys->cap) {
        keys->cap = keys->cap ? keys->cap * 2 : 64;
        keys->items =
            grown(keys->seen.arena, keys->items, keys->count, keys->cap, sizeof(*keys->items));
    }
    keys->items[keys->count++] = key;
    struct sea_str lasting = sea_arena_str(keys->seen.arena, router_map_key(&key));
    sea_assert(lasting.ptr);
    *router_map_at(&keys->seen, lasting) = keys;
}

void router_texts_init(struct router_texts *texts, struct sea_arena *arena)
{
    memset(texts, 0, sizeof(*texts));
    router_map_init(&texts->seen, arena);
}

void router_texts_add(struct router_texts *texts, struct sea_str text)
{
    if (!text.len || router_map_get(&texts->seen, text)) return;
    if (texts->count == texts->cap) {
        texts->cap = texts->cap ? texts->cap * 2 : 64;
        texts->items =
            grown(texts->seen.arena, texts->items, texts->count, texts->cap, sizeof(*texts->items));
    }
    texts->items[texts->count++] = text;
    *router_map_at(&texts->seen, text) = texts;
}

static void key_array(struct sea_pg_args *args, const struct router_keys *keys)
{
    SEA_PG_ARRAY(args, SEA_PG_BYTES, keys->count, sea_pg_add_key(args, keys->items[i]));
}

void router_keys_arg(struct sea_pg_args *args, const struct router_keys *ids)
{
    sea_pg_array_begin(args, SEA_PG_UUID);
    for (size_t i = 0; i < ids->count; i++) {
        struct sea_uuid id;
        memcpy(id.bytes, ids->items[i].bytes, sizeof(id.bytes));
        sea_pg_add_uuid(args, id);
    }
    sea_pg_array_end(args);
}

enum sea_err router_load_guard(struct router_batch *batch, const struct router_keys *contacts)
{
    struct sea_erasures erasures;
    enum sea_err err = sea_erasure_guard(batch->txn, batch->tools->keys, contacts->items,
                                         contacts->count, &erasures);
    for (size_t i = 0; !err && i < erasures.count; i++) {
        struct router_forgotten *gone = router_batch_alloc(batch, sizeof(*gone));
        *gone = (struct router_forgotten){erasures.items[i].contact, erasures.items[i].at_ms};
        *router_map_at(&batch->forgotten, router_map_key(&gone->key)) = gone;
    }
    return err;
}

static const struct sea_market *market_of(const struct router_batch *batch, struct sea_str code)
{
    const struct sea_markets *markets = batch->plan.rules->markets;
    const struct sea_market *market = sea_market_by_code(markets, code);
    return market ? market : markets->global;
}

static struct router_contact *read_contact(struct router_batch *batch, const PGresult *rows, int i)
{
    struct router_contact *contact = router_batch_contact(batch, sea_pg_key(rows, i, 0));
    if (contact) return contact;
    contact = router_batch_alloc(batch, sizeof(*contact));
    int at = 0;
    contact->key = sea_pg_key(rows, i, at++);
    contact->customer = sea_pg_uuid(rows, i, at++);
    contact->conversation = sea_pg_uuid(rows, i, at++);
    contact->channel = sea_pg_str(rows, i, at++);
    contact->account = sea_pg_str(rows, i, at++);
    contact->market = market_of(batch, sea_pg_str(rows, i, at++));
    contact->language = sea_pg_str(rows, i, at++);
    contact->sealed = sea_pg_str(rows, i, at++);
    contact->phone_hash = sea_pg_key(rows, i, at++);
    contact->email_hash = sea_pg_key(rows, i, at++);
    contact->is_service_refused = sea_pg_bool(rows, i, at++);
    contact->service_at_ms = sea_pg_time(rows, i, at++);
    contact->is_marketing_granted = sea_pg_bool(rows, i, at++);
    contact->marketing_at_ms = sea_pg_time(rows, i, at++);
    contact->auto_since_ms = sea_pg_time(rows, i, at++);
    contact->auto_count = (uint32_t)sea_pg_i64(rows, i, at++);
    contact->profile_at_ms = sea_pg_time(rows, i, at++);
    contact->profile_hash = sea_pg_key(rows, i, at++);
    contact->created_at_ms = sea_pg_time(rows, i, at++);
    sea_assert(at == CONTACT_COLUMNS);
    contact->is_stored = true;
    router_batch_add_contact(batch, contact);
    return contact;
}

static void read_orders(struct router_ticket *ticket, struct sea_str joined)
{
    while (joined.len && ticket->order_count < ROUTER_ORDERS_MAX) {
        const char *end = memchr(joined.ptr, '\x1f', joined.len);
        size_t len = end ? (size_t)(end - joined.ptr) : joined.len;
        ticket->orders[ticket->order_count++] = (struct sea_str){joined.ptr, len};
        size_t step = end ? len + 1 : len;
        joined = (struct sea_str){joined.ptr + step, joined.len - step};
    }
}

static int read_times(struct router_ticket *ticket, const PGresult *rows, int i, int at)
{
    int64_t *const times[] = {&ticket->asked_at_ms,        &ticket->asked_next_at_ms,
                              &ticket->last_in_at_ms,      &ticket->replied_at_ms,
                              &ticket->acknowledged_at_ms, &ticket->answered_at_ms,
                              &ticket->resolved_at_ms,     &ticket->snoozed_until_ms,
                              &ticket->sort_at_ms,         &ticket->due_at_ms};
    for (size_t n = 0; n < SEA_COUNT(times); n++) *times[n] = sea_pg_time(rows, i, at++);
    return at;
}

/* A row from before its contact was forgotten, not deleted yet: as if it weren't there. */
static bool is_forgotten(const struct router_batch *batch, struct sea_key key, int64_t since_ms)
{
    const struct router_forgotten *gone = router_map_get(&batch->forgotten, router_map_key(&key));
    return gone && since_ms <= gone->at_ms;
}

/* The ticket in the columns from `first`; its contact is set by the caller. */
static struct router_ticket *read_ticket(struct router_batch *batch, const PGresult *rows, int i,
                                         int first)
{
    struct router_ticket *ticket = router_batch_ticket(batch, sea_pg_uuid(rows, i, first));
    if (ticket) return ticket;
    ticket = router_batch_alloc(batch, sizeof(*ticket));
    int at = first;
    ticket->id = sea_pg_uuid(rows, i, at++);
    ticket->home = sea_pg_key(rows, i, at++);
    ticket->number = (uint32_t)sea_pg_i64(rows, i, at++);
    ticket->version = ticket->stored_version = (uint64_t)sea_pg_i64(rows, i, at++);
    ticket->status = ticket->stored_status = (enum router_status)sea_pg_i64(rows, i, at++);
    ticket->market = market_of(batch, sea_pg_str(rows, i, at++));
    ticket->channel = sea_pg_str(rows, i, at++);
    ticket->account = sea_pg_str(rows, i, at++);
    ticket->language = sea_pg_str(rows, i, at++);
    ticket->is_language_sure = sea_pg_bool(rows, i, at++);
    ticket->priority = ticket->stored_priority = (int32_t)sea_pg_i64(rows, i, at++);
    ticket->queue = ticket->stored_queue = sea_pg_str(rows, i, at++);
    ticket->assignee = sea_pg_str(rows, i, at++);
    ticket->opened_at_ms = sea_pg_time(rows, i, at++);
    read_orders(ticket, sea_pg_str(rows, i, at++));
    ticket->tags.issue = sea_pg_str(rows, i, at++);
    ticket->tags.emotion = sea_pg_str(rows, i, at++);
    ticket->tags.version = sea_pg_str(rows, i, at++);
    ticket->tags.stage = sea_pg_str(rows, i, at++);
    at = read_times(ticket, rows, i, at);
    ticket->stored_sort_at_ms = ticket->sort_at_ms;
    ticket->gone_month = (uint32_t)sea_pg_i64(rows, i, at++);
    ticket->root = sea_pg_uuid(rows, i, at++);
    sea_assert(at == first + TICKET_COLUMNS);
    router_batch_add_ticket(batch, ticket);
    return ticket;
}

/* Runs a statement that gives contacts, each with a ticket or none. */
static enum sea_err load_pairs(struct router_batch *batch, const struct sea_pg_stmt *stmt)
{
    PGresult *rows = NULL;
    enum sea_err err = sea_pg_query(batch->txn->pg, stmt, &batch->tools->args, &rows);
    if (err) return err;
    router_batch_keep(batch, rows);
    for (int i = 0; i < sea_pg_count(rows); i++) {
        if (sea_pg_is_null(rows, i, 0)) continue;
        struct sea_key key = sea_pg_key(rows, i, 0);
        if (is_forgotten(batch, key, sea_pg_time(rows, i, CONTACT_COLUMNS - 1))) continue;
        struct router_contact *contact = read_contact(batch, rows, i);
        if (sea_pg_is_null(rows, i, CONTACT_COLUMNS)) continue;
        if (is_forgotten(batch, key, sea_pg_time(rows, i, OPENED_COLUMN))) continue;
        struct router_ticket *ticket = read_ticket(batch, rows, i, CONTACT_COLUMNS);
        ticket->contact = contact;
        if (ticket->last_in_at_ms > contact->last_in_at_ms)
            contact->last_in_at_ms = ticket->last_in_at_ms;
        *router_map_at(&batch->newest, router_map_key(&contact->key)) = ticket;
    }
    return SEA_OK;
}

enum sea_err router_load_contacts(struct router_batch *batch, const struct router_keys *contacts)
{
    if (!contacts->count) return SEA_OK;
    sea_pg_args_reset(&batch->tools->args);
    key_array(&batch->tools->args, contacts);
    return load_pairs(batch, &CONTACTS);
}

enum sea_err router_load_proposed(struct router_batch *batch, const struct router_keys *tickets)
{
    if (!tickets->count) return SEA_OK;
    sea_pg_args_reset(&batch->tools->args);
    router_keys_arg(&batch->tools->args, tickets);
    return load_pairs(batch, &PROPOSED);
}

enum sea_err router_load_due(struct router_batch *batch, const uint32_t *numbers, size_t count)
{
    struct sea_pg_args *args = &batch->tools->args;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)numbers[i]));
    sea_pg_arg_time(args, batch->txn->now_ms);
    sea_pg_arg_i64(args, DUE_MOST);
    return load_pairs(batch, &DUE);
}

enum sea_err router_load_tickets(struct router_batch *batch, const struct router_keys *tickets)
{
    struct sea_pg_args *args = &batch->tools->args;
    PGresult *rows = NULL;
    if (!tickets->count) return SEA_OK;
    sea_pg_args_reset(args);
    router_keys_arg(args, tickets);
    enum sea_err err = sea_pg_query(batch->txn->pg, &TICKETS, args, &rows);
    if (err) return err;
    router_batch_keep(batch, rows);
    for (int i = 0; i < sea_pg_count(rows); i++) {
        struct router_ticket *ticket = read_ticket(batch, rows, i, 0);
        ticket->contact = router_batch_contact(batch, ticket->home);
    }
    return SEA_OK;
}

enum sea_err router_load_relatives(struct router_batch *batch, const struct router_keys *customers,
                                   const struct router_keys *phones,
                                   const struct router_keys *emails)
{
    struct sea_pg_args *args = &batch->tools->args;
    PGresult *rows = NULL;
    if (!customers->count && !phones->count && !emails->count) return SEA_OK;
    sea_pg_args_reset(args);
    router_keys_arg(args, customers);
    key_array(args, phones);
    key_array(args, emails);
    enum sea_err err = sea_pg_query(batch->txn->pg, &RELATIVES, args, &rows);
    if (err) return err;
    router_batch_keep(batch, rows);
    struct router_keys found;
    router_keys_init(&found, batch->txn->arena);
    for (int i = 0; i < sea_pg_count(rows); i++) {
        if (router_batch_contact(batch, sea_pg_key(rows, i, 0))) continue;
        struct router_contact *contact = read_contact(batch, rows, i);
        contact->last_in_at_ms = sea_pg_time(rows, i, CONTACT_COLUMNS);
        router_keys_add(&found, contact->key);
    }
    return router_load_guard(batch, &found);
}
