/* desk_store_export.c: what is kept of one person, unmasked, for a request to hand it over. Nobody
 * else's words but those written to or about the person: agents stay unnamed. */
#include <string.h>

#include "desk.h"
#include "desk_store.h"

static const struct sea_pg_stmt ALLOWED = {
    "export_allowed", "SELECT customer_id, state = 'done', done_at > to_timestamp(clock.now_ms()"
                      " / 1000.0) - interval '7 days' FROM retention_purger.request_v"
                      " WHERE request_id = $1 AND kind = 'export'"};

static const struct sea_pg_stmt CONTACTS = {
    "export_contacts", "SELECT contact_key, sealed, channel, account, market, language, created_at"
                       " FROM router.customer_v WHERE customer_id = $1 ORDER BY created_at"
                       " LIMIT 1000"};

static const struct sea_pg_stmt TICKETS = {
    "export_tickets",
    "SELECT home_key, sealed_subject, ticket_id, status, market, channel, language, opened_at,"
    " resolved_at, array_to_string(order_ids, E'\\x1f') FROM router.ticket_v"
    " WHERE home_key = ANY ($1) ORDER BY opened_at DESC LIMIT 1000"};

static const struct sea_pg_stmt ORDERS = {
    "export_orders", "SELECT order_id, market FROM router.order_v WHERE customer_id = $1"
                     " ORDER BY order_id LIMIT 1000"};

static const struct sea_pg_stmt CERTIFICATES = {
    "export_certificates", "SELECT certificate FROM retention_purger.request_v"
                           " WHERE customer_id = $1 AND certificate IS NOT NULL"
                           " ORDER BY done_at DESC LIMIT 1000"};

static enum sea_err read_contact(struct desk_read *read, const PGresult *rows, int row,
                                 struct desk_own_contact *ret)
{
    const Seadesk__V1__ContactBody *body;
    *ret = (struct desk_own_contact){.channel = sea_pg_str(rows, row, 2),
                                     .account = sea_pg_str(rows, row, 3),
                                     .market = sea_pg_str(rows, row, 4),
                                     .language = sea_pg_str(rows, row, 5),
                                     .since_ms = sea_pg_time(rows, row, 6)};
    enum sea_err err = desk_store_contact(read, rows, row, &body);
    if (err || !body) return err;
    ret->id = sea_str(body->contact_id);
    ret->name = sea_str(body->name);
    ret->phone = sea_str(body->phone);
    ret->email = sea_str(body->email);
    ret->locale = sea_str(body->locale);
    ret->tier = sea_str(body->tier);
    ret->observance = sea_str(body->observance);
    ret->handset = sea_str(body->handset);
    return SEA_OK;
}

static enum sea_err read_contacts(struct desk_read *read, const PGresult *rows,
                                  struct desk_export *ret)
{
    size_t count = (size_t)sea_pg_count(rows);
    struct desk_own_contact *list = desk_read_zero(read, count * sizeof(*list));
    enum sea_err err = desk_read_fetch(read, rows, 0, 1);
    for (size_t i = 0; i < count && !err; i++) err = read_contact(read, rows, (int)i, &list[i]);
    ret->contacts = list;
    ret->contacts_count = count;
    return err;
}

static enum sea_err read_tickets(struct desk_read *read, const PGresult *contacts,
                                 struct desk_export *ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const PGresult *rows = NULL;
    desk_read_add_keys(&args, contacts);
    enum sea_err err = desk_read_query(read, &TICKETS, &args, &rows);
    sea_pg_args_free(&args);
    if (!err) err = desk_read_fetch(read, rows, 0, 1);
    if (err) return err;
    size_t count = (size_t)sea_pg_count(rows);
    struct desk_own_ticket *list = desk_read_zero(read, count * sizeof(*list));
    for (int row = 0; row < (int)count && !err; row++) {
        struct desk_own_ticket *ticket = &list[row];
        *ticket = (struct desk_own_ticket){.id = sea_pg_uuid(rows, row, 2),
                                           .status = sea_pg_str(rows, row, 3),
                                           .market = sea_pg_str(rows, row, 4),
                                           .channel = sea_pg_str(rows, row, 5),
                                           .language = sea_pg_str(rows, row, 6),
                                           .opened_at_ms = sea_pg_time(rows, row, 7),
                                           .resolved_at_ms = sea_pg_time(rows, row, 8)};
        ticket->order_ids =
            desk_read_split(read, sea_pg_str(rows, row, 9), &ticket->order_ids_count);
        struct desk_sealed sealed = {sea_pg_key(rows, row, 0),
                                     "router.ticket",
                                     "sealed_subject",
                                     {(const char *)ticket->id.bytes, sizeof(ticket->id.bytes)},
                                     sea_pg_str(rows, row, 1)};
        err = desk_read_unseal(read, &sealed, &ticket->subject, NULL);
    }
    ret->tickets = list;
    ret->tickets_count = count;
    return err;
}

static enum sea_err by_id(struct desk_read *read, const struct sea_pg_stmt *stmt,
                          struct sea_uuid id, const PGresult **ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_uuid(&args, id);
    enum sea_err err = desk_read_query(read, stmt, &args, ret);
    sea_pg_args_free(&args);
    return err;
}

static enum sea_err read_links(struct desk_read *read, struct desk_export *ret)
{
    const PGresult *orders = NULL, *certificates = NULL;
    enum sea_err err = by_id(read, &ORDERS, ret->customer_id, &orders);
    if (!err) err = by_id(read, &CERTIFICATES, ret->customer_id, &certificates);
    if (err) return err;
    ret->orders_count = (size_t)sea_pg_count(orders);
    struct desk_own_order *links = desk_read_zero(read, ret->orders_count * sizeof(*links));
    for (size_t i = 0; i < ret->orders_count; i++)
        links[i] =
            (struct desk_own_order){sea_pg_str(orders, (int)i, 0), sea_pg_str(orders, (int)i, 1)};
    ret->certificates_count = (size_t)sea_pg_count(certificates);
    struct sea_str *texts = desk_read_zero(read, ret->certificates_count * sizeof(*texts));
    for (size_t i = 0; i < ret->certificates_count; i++)
        texts[i] = sea_pg_str(certificates, (int)i, 0);
    ret->orders = links;
    ret->certificates = texts;
    return SEA_OK;
}

enum sea_err desk_store_export_state(struct desk_read *read, struct sea_uuid request_id,
                                     struct desk_export *ret, enum desk_export_state *ret_state)
{
    const PGresult *rows = NULL;
    enum sea_err err = by_id(read, &ALLOWED, request_id, &rows);
    if (err) return err;
    *ret_state = DESK_EXPORT_UNKNOWN;
    *ret = (struct desk_export){.request_id = request_id};
    if (!sea_pg_count(rows)) return SEA_OK;
    ret->customer_id = sea_pg_uuid(rows, 0, 0);
    *ret_state = !sea_pg_bool(rows, 0, 1)  ? DESK_EXPORT_EARLY
                 : sea_pg_bool(rows, 0, 2) ? DESK_EXPORT_OPEN
                                           : DESK_EXPORT_OVER;
    return SEA_OK;
}

enum sea_err desk_store_export(struct desk_read *read, const struct desk_cursor *after,
                               struct desk_export *ret)
{
    const PGresult *contacts = NULL;
    enum sea_err err = by_id(read, &CONTACTS, ret->customer_id, &contacts);
    if (!err && !after) {
        err = read_contacts(read, contacts, ret);
        if (!err) err = desk_store_consents(read, contacts, &ret->consents, &ret->consents_count);
        if (!err) err = read_tickets(read, contacts, ret);
        if (!err) err = desk_store_own_calls(read, contacts, ret);
        if (!err) err = read_links(read, ret);
    }
    return err ? err : desk_store_own_messages(read, contacts, after, ret);
}
