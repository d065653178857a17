/* desk_store.c: results and opened texts of one answer. */
#include "desk_store.h"

#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "desk_metrics.h"
#include "sea_log.h"

enum { PLAIN_MAX_BYTES = 1 << 20, SEPARATOR = 0x1f };

void desk_read_open(struct desk_read *read, struct desk *desk)
{
    *read = (struct desk_read){.desk = desk,
                               .arena = SEA_ARENA(DESK_READ_ROWS_BYTES),
                               .texts = SEA_ARENA(DESK_READ_TEXTS_BYTES)};
}

void desk_read_close(struct desk_read *read)
{
    for (size_t i = 0; i < read->results_count; i++) sea_pg_clear(&read->results[i]);
    sea_arena_free(&read->arena);
    sea_arena_free(&read->texts);
}

enum sea_err desk_read_query(struct desk_read *read, const struct sea_pg_stmt *stmt,
                             const struct sea_pg_args *args, const PGresult **ret)
{
    PGresult *rows = NULL;
    sea_assert(read->results_count < DESK_READ_RESULTS_MAX);
    enum sea_err err = sea_pg_query(read->desk->pg, stmt, args, &rows);
    if (err) {
        sea_log(SEA_LOG_WARN, "not read", SEA_F_STR("statement", stmt->name),
                SEA_F_STR("cause", sea_pg_cause(read->desk->pg)));
        return err;
    }
    *ret = read->results[read->results_count++] = rows;
    return SEA_OK;
}

void desk_read_add_keys(struct sea_pg_args *args, const PGresult *contacts)
{
    SEA_PG_ARRAY(args, SEA_PG_BYTES, (size_t)sea_pg_count(contacts),
                 sea_pg_add_key(args, sea_pg_key(contacts, (int)i, 0)));
}

void *desk_read_zero(struct desk_read *read, size_t size)
{
    void *room = sea_arena_zero(&read->arena, size);
    sea_assert(room); /* lists are bounded */
    return room;
}

const struct sea_str *desk_read_split(struct desk_read *read, struct sea_str joined,
                                      size_t *ret_count)
{
    size_t count = joined.len > 0;
    for (size_t i = 0; i < joined.len; i++) count += joined.ptr[i] == SEPARATOR;
    struct sea_str *list = desk_read_zero(read, count * sizeof(*list));
    for (size_t n = 0; n < count; n++) {
        const char *end = memchr(joined.ptr, SEPARATOR, joined.len);
        list[n] = (struct sea_str){joined.ptr, end ? (size_t)(end - joined.ptr) : joined.len};
        size_t taken = list[n].len + (end != NULL);
        joined = (struct sea_str){joined.ptr + taken, joined.len - taken};
    }
    *ret_count = count;
    return list;
}

enum sea_err desk_read_fetch(struct desk_read *read, const PGresult *rows, int key_col, int col)
{
    int count = sea_pg_count(rows);
    struct sea_sealed *sealed = desk_read_zero(read, (size_t)count * sizeof(*sealed));
    size_t used = 0;
    for (int row = 0; row < count; row++) {
        if (sea_pg_is_null(rows, row, col)) continue;
        sealed[used++] =
            (struct sea_sealed){sea_pg_key(rows, row, key_col), sea_pg_str(rows, row, col)};
    }
    return used ? sea_keys_prefetch(read->desk->keys, sealed, used) : SEA_OK;
}

enum sea_err desk_read_unseal(struct desk_read *read, const struct desk_sealed *sealed,
                              struct sea_str *ret, bool *ret_erased)
{
    struct sea_buf plain = SEA_BUF(PLAIN_MAX_BYTES);
    struct sea_place place = {sea_str(sealed->table), sea_str(sealed->column), sealed->row};
    bool is_erased = false;
    *ret = (struct sea_str){NULL, 0};
    if (!sealed->bytes.len) return SEA_OK;
    enum sea_err err = sea_keys_unseal(read->desk->keys, &sealed->contact, &place, sealed->bytes,
                                       &plain, &is_erased);
    if (!err && plain.len) *ret = sea_arena_str(&read->texts, sea_buf_view(&plain));
    if (is_erased) sea_metric_inc(&sea_m_desk_unopened_total, "erased");
    if (ret_erased) *ret_erased = is_erased;
    if (err == SEA_ERR_REJECT) {
        sea_metric_inc(&sea_m_desk_unopened_total, "broken");
        sea_log(SEA_LOG_WARN, "a sealed text cannot be opened", SEA_F_STR("table", sealed->table),
                SEA_F_STR("column", sealed->column));
        err = SEA_OK;
    }
    sea_buf_free(&plain);
    return err;
}
