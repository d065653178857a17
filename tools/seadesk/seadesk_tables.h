/* seadesk_tables.h: the tables that both databases have, for comparison with the inventory. */
#ifndef SEADESK_TABLES_H
#define SEADESK_TABLES_H

#include "sea_arena.h"
#include "seadesk.h"
#include "seadesk_inventory.h"

struct seadesk_tables {
    struct seadesk_table *items; /* partitions count as their table */
    size_t count;
    struct sea_arena arena;
};

/* False, and nothing to free: a database is away or not migrated. */
SEA_MUST_CHECK bool seadesk_tables_load(const struct seadesk *seadesk, struct seadesk_tables *ret);
void seadesk_tables_free(struct seadesk_tables *tables);

#endif
