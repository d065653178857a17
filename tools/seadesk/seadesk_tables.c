/* seadesk_tables.c: reads the catalogue of both databases. */
#include "seadesk_tables.h"

#include "seadesk_db.h"

enum { ARENA_MAX = 8 * 1024 * 1024, TABLES_MAX = 1000 };

static const struct sea_pg_stmt COLUMNS = {
    "tables_columns",
    "SELECT n.nspname || '.' || c.relname, a.attname::text, a.attnum = min(a.attnum) OVER "
    "(PARTITION "
    "BY c.oid), count(*) OVER (PARTITION BY c.oid)"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
    " AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'seadesk') AND n.nspname NOT LIKE "
    "'pg_t%'"
    " ORDER BY 1, a.attnum"};

static bool add_rows(struct seadesk_tables *tables, const PGresult *rows)
{
    for (int i = 0; i < sea_pg_count(rows); i++) {
        if (sea_pg_bool(rows, i, 2)) {
            if (tables->count == TABLES_MAX) return false;
            size_t columns = (size_t)sea_pg_i64(rows, i, 3);
            struct seadesk_table *fresh = &tables->items[tables->count++];
            fresh->name = sea_arena_dup(&tables->arena, sea_pg_str(rows, i, 0));
            fresh->columns = sea_arena_zero(&tables->arena, columns * sizeof(*fresh->columns));
            if (!fresh->name || !fresh->columns) return false;
        }
        struct seadesk_table *table = &tables->items[tables->count - 1];
        const char **columns = (const char **)(uintptr_t)table->columns;
        columns[table->count++] = sea_arena_dup(&tables->arena, sea_pg_str(rows, i, 1));
    }
    return true;
}

static bool add_database(struct sea_pg *pg, struct seadesk_tables *tables)
{
    PGresult *rows = NULL;
    bool is_good = !sea_pg_query(pg, &COLUMNS, NULL, &rows) && sea_pg_count(rows) > 0;
    if (is_good) is_good = add_rows(tables, rows);
    sea_pg_clear(&rows);
    return is_good;
}

bool seadesk_tables_load(const struct seadesk *seadesk, struct seadesk_tables *ret)
{
    struct sea_pg *main_pg = NULL, *keys_pg = NULL;
    *ret = (struct seadesk_tables){.arena = SEA_ARENA(ARENA_MAX)};
    ret->items = sea_arena_zero(&ret->arena, TABLES_MAX * sizeof(*ret->items));
    seadesk_db_open(seadesk, &main_pg);
    seadesk_db_open_keys(seadesk, &keys_pg);
    bool is_good = ret->items && add_database(main_pg, ret) && add_database(keys_pg, ret);
    sea_pg_close(&main_pg);
    sea_pg_close(&keys_pg);
    if (!is_good) sea_arena_free(&ret->arena);
    return is_good;
}

void seadesk_tables_free(struct seadesk_tables *tables)
{
    sea_arena_free(&tables->arena);
    *tables = (struct seadesk_tables){0};
}
