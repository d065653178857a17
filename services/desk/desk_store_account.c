/* desk_store_account.c: desk's own rows. */
#include <stdio.h>
#include <string.h>

#include "desk.h"
#include "desk_store.h"

/* Migrations of desk: 0070 … 0079. */
enum { SCHEMA_VERSION = 74, SCHEMA_FIRST = 70, SCHEMA_LAST = 79 };

static const struct sea_pg_stmt ACCOUNT = {
    "account", "SELECT user_name, name, staff_number, role, password FROM account"
               " WHERE user_name = $1 AND is_active AND NOT (is_demo AND $2)"};

static const struct sea_pg_stmt HAS_ACCOUNT = {
    "has_account", "SELECT EXISTS (SELECT FROM account WHERE user_name = $1)"};

static const struct sea_pg_stmt DEMO_ACCOUNT = {
    "demo_account",
    "INSERT INTO account (user_name, role, name, staff_number, languages, skills, password, "
    "is_demo)"
    " VALUES ($1, $2, $3, $4, string_to_array($5, ','), string_to_array($6, ','), $7, true)"
    " ON CONFLICT DO NOTHING"};

static const struct sea_pg_stmt SCHEMA = {"schema",
                                          "SELECT coalesce(max(version), 0) FROM seadesk.migration"
                                          " WHERE version BETWEEN $1 AND $2"};

static const struct sea_pg_stmt SHIFT = {"shift", "SELECT offset_ms FROM clock.shift"};

static void copy(struct sea_str text, char *ret, size_t size)
{
    snprintf(ret, size, "%.*s", (int)text.len, text.len ? text.ptr : "");
}

enum sea_err desk_store_account(struct desk *desk, struct sea_str user, struct desk_account *ret,
                                bool *ret_found)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    PGresult *rows = NULL;
    sea_pg_arg_text(&args, user);
    sea_pg_arg_bool(&args, desk->config->mode == SEA_MODE_PRODUCTION);
    enum sea_err err = sea_pg_query(desk->pg, &ACCOUNT, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    *ret = (struct desk_account){.hash_len = 0};
    *ret_found = sea_pg_count(rows) > 0;
    if (*ret_found) {
        struct sea_str hash = sea_pg_str(rows, 0, 4);
        copy(sea_pg_str(rows, 0, 0), ret->who.user, sizeof(ret->who.user));
        copy(sea_pg_str(rows, 0, 1), ret->who.name, sizeof(ret->who.name));
        copy(sea_pg_str(rows, 0, 2), ret->who.staff_number, sizeof(ret->who.staff_number));
        copy(hash, ret->hash, sizeof(ret->hash));
        ret->hash_len = strlen(ret->hash);
        *ret_found = desk_role_parse(sea_pg_str(rows, 0, 3), &ret->who.role);
    }
    sea_pg_clear(&rows);
    return SEA_OK;
}

enum sea_err desk_store_has_account(struct desk *desk, const char *user, bool *ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    PGresult *rows = NULL;
    sea_pg_arg_text(&args, sea_str(user));
    enum sea_err err = sea_pg_query(desk->pg, &HAS_ACCOUNT, &args, &rows);
    sea_pg_args_free(&args);
    if (!err) *ret = sea_pg_bool(rows, 0, 0);
    sea_pg_clear(&rows);
    return err;
}

enum sea_err desk_store_demo_account(struct desk *desk, const struct desk_new_account *account,
                                     const char *hash)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    PGresult *rows = NULL;
    sea_pg_arg_text(&args, sea_str(account->user));
    sea_pg_arg_text(&args, sea_str(account->role));
    sea_pg_arg_text(&args, sea_str(account->name));
    sea_pg_arg_text(&args, sea_str(account->staff_number));
    sea_pg_arg_text(&args, sea_str(account->languages));
    sea_pg_arg_text(&args, sea_str(account->skills));
    sea_pg_arg_text(&args, sea_str(hash));
    enum sea_err err = sea_pg_query(desk->pg, &DEMO_ACCOUNT, &args, &rows);
    sea_pg_args_free(&args);
    sea_pg_clear(&rows);
    return err;
}

enum sea_err desk_store_schema(struct desk *desk, bool *ret_known)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    PGresult *rows = NULL;
    sea_pg_arg_i32(&args, SCHEMA_FIRST);
    sea_pg_arg_i32(&args, SCHEMA_LAST);
    enum sea_err err = sea_pg_query(desk->pg, &SCHEMA, &args, &rows);
    sea_pg_args_free(&args);
    if (!err) *ret_known = sea_pg_i64(rows, 0, 0) >= SCHEMA_VERSION;
    sea_pg_clear(&rows);
    return err;
}

enum sea_err desk_store_shift(struct desk *desk, int64_t *ret_ms)
{
    PGresult *rows = NULL;
    enum sea_err err = sea_pg_query(desk->pg, &SHIFT, NULL, &rows);
    if (err) return err;
    *ret_ms = sea_pg_i64(rows, 0, 0);
    sea_pg_clear(&rows);
    return SEA_OK;
}
