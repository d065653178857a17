/* seadesk_inventory.h: compares the inventory (retention.yaml) with what there is. Pure. */
#ifndef SEADESK_INVENTORY_H
#define SEADESK_INVENTORY_H

#include "sea_buf.h"
#include "sea_inventory.h"

/* One table that exists, with its columns. */
struct seadesk_table {
    const char *name; /* router.message */
    const char *const *columns;
    size_t count;
};

/* Appends a line per difference: a table, or a column of it, that the inventory doesn't name; a
 * table or column that it names and that isn't there. */
void seadesk_inventory_tables(const struct sea_inventory *inventory,
                              const struct seadesk_table *tables, size_t count,
                              struct sea_buf *ret);
/* The same of the suite's topics, their retention included. */
void seadesk_inventory_topics(const struct sea_inventory *inventory, struct sea_buf *ret);
/* The same of the families of Redis keys that the suite writes. */
void seadesk_inventory_families(const struct sea_inventory *inventory, struct sea_buf *ret);

/* The family (sd:q:*) that a key belongs to; NULL: none. */
const struct sea_store *seadesk_inventory_family(const struct sea_inventory *inventory,
                                                 struct sea_str key);

#endif
