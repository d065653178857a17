/* desk_store_phone.c: telephone calls from router's view, the recording's reference opened. */
#include "desk.h"
#include "desk_store.h"

#define COLUMNS                                                                                    \
    "home_key, sealed, call_id, direction, outcome, agent, rings, started_at, answered_at, "       \
    "ended_at"
#define NEWEST " ORDER BY created_at DESC LIMIT 200) AS c ORDER BY created_at"

static const struct sea_pg_stmt OF_TICKET = {
    "calls", "SELECT " COLUMNS " FROM (SELECT * FROM router.call_v WHERE ticket_id = $1" NEWEST};
static const struct sea_pg_stmt OWN = {
    "own_calls",
    "SELECT " COLUMNS " FROM (SELECT * FROM router.call_v WHERE home_key = ANY ($1)" NEWEST};

static enum sea_err read_call(struct desk_read *read, const PGresult *rows, int row,
                              struct desk_phone_call *ret)
{
    *ret = (struct desk_phone_call){.id = sea_pg_uuid(rows, row, 2),
                                    .direction = sea_pg_str(rows, row, 3),
                                    .outcome = sea_pg_str(rows, row, 4),
                                    .agent = sea_pg_str(rows, row, 5),
                                    .rings = sea_pg_i64(rows, row, 6),
                                    .started_at_ms = sea_pg_time(rows, row, 7),
                                    .answered_at_ms = sea_pg_time(rows, row, 8),
                                    .ended_at_ms = sea_pg_time(rows, row, 9)};
    struct desk_sealed sealed = {sea_pg_key(rows, row, 0),
                                 "router.call",
                                 "sealed",
                                 {(const char *)ret->id.bytes, sizeof(ret->id.bytes)},
                                 sea_pg_str(rows, row, 1)};
    return desk_read_unseal(read, &sealed, &ret->recording, NULL);
}

static enum sea_err read_calls(struct desk_read *read, const struct sea_pg_stmt *stmt,
                               const struct sea_pg_args *args, const struct desk_phone_call **ret,
                               size_t *ret_count)
{
    const PGresult *rows = NULL;
    enum sea_err err = desk_read_query(read, stmt, args, &rows);
    if (!err) err = desk_read_fetch(read, rows, 0, 1);
    if (err) return err;
    size_t count = (size_t)sea_pg_count(rows);
    struct desk_phone_call *calls = desk_read_zero(read, count * sizeof(*calls));
    for (size_t i = 0; i < count && !err; i++) err = read_call(read, rows, (int)i, &calls[i]);
    *ret = calls;
    *ret_count = count;
    return err;
}

enum sea_err desk_store_calls(struct desk_read *read, struct sea_uuid ticket_id,
                              const struct desk_phone_call **ret, size_t *ret_count)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_uuid(&args, ticket_id);
    enum sea_err err = read_calls(read, &OF_TICKET, &args, ret, ret_count);
    sea_pg_args_free(&args);
    return err;
}

enum sea_err desk_store_own_calls(struct desk_read *read, const PGresult *contacts,
                                  struct desk_export *ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const struct desk_phone_call *found = NULL;
    desk_read_add_keys(&args, contacts);
    enum sea_err err = read_calls(read, &OWN, &args, &found, &ret->calls_count);
    sea_pg_args_free(&args);
    if (err) return err;
    struct desk_phone_call *own = desk_read_zero(read, ret->calls_count * sizeof(*own));
    for (size_t i = 0; i < ret->calls_count; i++) {
        own[i] = found[i];
        own[i].agent = (struct sea_str){NULL, 0};
    }
    ret->calls = own;
    return SEA_OK;
}
