/* desk_store_person.c: customers, masked, and agents' presence, from router's and notifier's views.
 */
#include <string.h>

#include "desk.h"
#include "desk_mask.h"
#include "desk_store.h"
#include "sea_decode.h"

enum { MASKED_MAX_BYTES = 400 };

static const struct sea_pg_stmt CONTACTS = {
    "contacts", "SELECT contact_key, sealed, channel, account, market, language"
                " FROM router.customer_v WHERE customer_id = $1 ORDER BY created_at LIMIT 100"};

static const struct sea_pg_stmt CONSENTS = {
    "consents",
    "SELECT channel, account, class, is_granted, at, source, proof FROM notifier.consent_v"
    " WHERE contact_key = ANY ($1) ORDER BY channel, account, class"};

static const struct sea_pg_stmt REACH = {
    "reach", "SELECT contact_key, account, channel = $2, clock.now_ms() FROM router.customer_v"
             " WHERE customer_id = $1 ORDER BY created_at LIMIT 100"};

static const struct sea_pg_stmt PRESENCE = {
    "presence", "SELECT name, CASE WHEN lease_until < to_timestamp(clock.now_ms() / 1000.0)"
                " THEN 'offline' ELSE state END, weight, load, limits"
                " FROM router.agent_state_v WHERE agent = $1"};

static struct sea_str masked(struct desk_read *read, void (*mask)(struct sea_str, struct sea_buf *),
                             const char *plain)
{
    struct sea_buf out = SEA_BUF(MASKED_MAX_BYTES);
    mask(sea_str(plain), &out);
    struct sea_str kept =
        out.len ? sea_arena_str(&read->arena, sea_buf_view(&out)) : (struct sea_str){NULL, 0};
    sea_buf_free(&out);
    return kept;
}

/* The first contact that knows something says it. */
static void add_body(struct desk_read *read, const Seadesk__V1__ContactBody *body,
                     struct desk_customer *ret)
{
    if (!ret->name.len) ret->name = masked(read, desk_mask_name, body->name);
    if (!ret->phone.len) ret->phone = masked(read, desk_mask_phone, body->phone);
    if (!ret->email.len) ret->email = masked(read, desk_mask_email, body->email);
    if (!ret->locale.len) ret->locale = sea_arena_str(&read->arena, sea_str(body->locale));
    if (!ret->tier.len) ret->tier = sea_arena_str(&read->arena, sea_str(body->tier));
}

enum sea_err desk_store_contact(struct desk_read *read, const PGresult *rows, int row,
                                const Seadesk__V1__ContactBody **ret)
{
    struct sea_key key = sea_pg_key(rows, row, 0);
    struct desk_sealed sealed = {key,
                                 "router.contact",
                                 "sealed",
                                 {(const char *)key.bytes, sizeof(key.bytes)},
                                 sea_pg_str(rows, row, 1)};
    struct sea_str plain;
    *ret = NULL;
    enum sea_err err = desk_read_unseal(read, &sealed, &plain, NULL);
    if (!err && plain.len)
        *ret = sea_decode(&seadesk__v1__contact_body__descriptor, plain, &read->texts);
    return err;
}

static enum sea_err read_contact(struct desk_read *read, const PGresult *rows, int row,
                                 struct desk_contact *contact, struct desk_customer *ret)
{
    const Seadesk__V1__ContactBody *body;
    *contact = (struct desk_contact){.channel = sea_pg_str(rows, row, 2),
                                     .account = sea_pg_str(rows, row, 3)};
    if (!ret->market.len) ret->market = sea_pg_str(rows, row, 4);
    enum sea_err err = desk_store_contact(read, rows, row, &body);
    if (err || !body) return err;
    contact->id = masked(read, desk_mask_contact, body->contact_id);
    add_body(read, body, ret);
    return SEA_OK;
}

enum sea_err desk_store_consents(struct desk_read *read, const PGresult *contacts,
                                 const struct desk_allowed **ret, size_t *ret_count)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const PGresult *rows = NULL;
    desk_read_add_keys(&args, contacts);
    enum sea_err err = desk_read_query(read, &CONSENTS, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    size_t count = (size_t)sea_pg_count(rows);
    struct desk_allowed *allowed = desk_read_zero(read, count * sizeof(*allowed));
    for (size_t i = 0; i < count; i++)
        allowed[i] = (struct desk_allowed){.channel = sea_pg_str(rows, (int)i, 0),
                                           .account = sea_pg_str(rows, (int)i, 1),
                                           .class = sea_pg_str(rows, (int)i, 2),
                                           .is_granted = sea_pg_bool(rows, (int)i, 3),
                                           .at_ms = sea_pg_time(rows, (int)i, 4),
                                           .source = sea_pg_str(rows, (int)i, 5),
                                           .proof = sea_pg_str(rows, (int)i, 6)};
    *ret = allowed;
    *ret_count = count;
    return SEA_OK;
}

enum sea_err desk_store_customer(struct desk_read *read, struct sea_uuid id,
                                 struct desk_customer *ret, bool *ret_found)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const PGresult *rows = NULL;
    sea_pg_arg_uuid(&args, id);
    enum sea_err err = desk_read_query(read, &CONTACTS, &args, &rows);
    sea_pg_args_free(&args);
    *ret_found = !err && sea_pg_count(rows) > 0;
    if (*ret_found) err = desk_read_fetch(read, rows, 0, 1);
    if (err || !*ret_found) return err;
    size_t count = (size_t)sea_pg_count(rows);
    struct desk_contact *contacts = desk_read_zero(read, count * sizeof(*contacts));
    *ret = (struct desk_customer){.id = id, .contacts = contacts, .contacts_count = count};
    for (size_t i = 0; i < count && !err; i++)
        err = read_contact(read, rows, (int)i, &contacts[i], ret);
    for (size_t i = 0; i < count && !ret->locale.len; i++)
        ret->locale = sea_pg_str(rows, (int)i, 5);
    return err ? err : desk_store_consents(read, rows, &ret->allowed, &ret->allowed_count);
}

enum sea_err desk_store_reach(struct desk_read *read, struct sea_uuid customer_id,
                              struct sea_str channel, const struct desk_reach **ret,
                              size_t *ret_count, bool *ret_found, int64_t *ret_now_ms)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const PGresult *rows = NULL;
    sea_pg_arg_uuid(&args, customer_id);
    sea_pg_arg_text(&args, channel);
    enum sea_err err = desk_read_query(read, &REACH, &args, &rows);
    sea_pg_args_free(&args);
    *ret_found = !err && sea_pg_count(rows) > 0;
    if (!*ret_found) return err;
    struct desk_reach *list = desk_read_zero(read, (size_t)sea_pg_count(rows) * sizeof(*list));
    *ret_count = 0;
    for (int row = 0; row < sea_pg_count(rows); row++) {
        *ret_now_ms = sea_pg_i64(rows, row, 3);
        if (!sea_pg_bool(rows, row, 2)) continue;
        list[(*ret_count)++] =
            (struct desk_reach){sea_pg_key(rows, row, 0), sea_pg_str(rows, row, 1)};
    }
    *ret = list;
    return SEA_OK;
}

enum sea_err desk_store_presence(struct desk_read *read, struct sea_str user,
                                 struct desk_presence *ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const PGresult *rows = NULL;
    sea_pg_arg_text(&args, user);
    enum sea_err err = desk_read_query(read, &PRESENCE, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    *ret = (struct desk_presence){.user = user, .state = SEA_STR("offline")};
    if (!sea_pg_count(rows)) return SEA_OK;
    ret->name = sea_pg_str(rows, 0, 0);
    ret->state = sea_pg_str(rows, 0, 1);
    ret->weight = sea_pg_i64(rows, 0, 2);
    ret->load = sea_pg_i64(rows, 0, 3);
    ret->limits = sea_pg_str(rows, 0, 4);
    return SEA_OK;
}
