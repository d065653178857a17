/* seadesk_inventory.c: compares the inventory with what there is. */
#include "seadesk_inventory.h"

#include <string.h>

#include "sea_kafka.h"

/* design: hot state in Redis. */
static const char *const FAMILIES[] = {"sd:q:*",      "sd:mark:*", "sd:agent:*", "sd:offer:*",
                                       "sd:rate:*",   "sd:idem:*", "sd:tm:*",    "sd:sess:*",
                                       "sd:reject:*", "sd:talk:*"};

static bool has_column(const struct seadesk_table *table, const char *column)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->columns[i], column) == 0) return true;
    return false;
}

static bool names_column(const struct sea_store *store, const char *column)
{
    for (uint32_t i = 0; i < store->columns.count; i++)
        if (strcmp(store->columns.items[i], column) == 0) return true;
    return false;
}

static void compare_table(const struct seadesk_table *table, const struct sea_store *store,
                          struct sea_buf *ret)
{
    for (size_t i = 0; i < table->count; i++)
        if (!names_column(store, table->columns[i]))
            sea_buf_printf(ret, "column %s.%s is not in retention.yaml\n", table->name,
                           table->columns[i]);
    for (uint32_t i = 0; i < store->columns.count; i++)
        if (!has_column(table, store->columns.items[i]))
            sea_buf_printf(ret, "column %s.%s of retention.yaml does not exist\n", table->name,
                           store->columns.items[i]);
}

/* "*.source" stands for that table in every schema. */
static bool is_named(const struct sea_store *store, const char *table)
{
    const char *dot = strchr(table, '.');
    if (strcmp(store->name, table) == 0) return true;
    return dot && store->name[0] == '*' && strcmp(store->name + 1, dot) == 0;
}

static const struct sea_store *find_table(const struct sea_inventory *inventory, const char *table)
{
    const struct sea_store *exact = sea_inventory_store(inventory, SEA_STORE_TABLE, sea_str(table));
    for (uint32_t i = 0; i < inventory->count && !exact; i++)
        if (inventory->stores[i].kind == SEA_STORE_TABLE && is_named(&inventory->stores[i], table))
            exact = &inventory->stores[i];
    return exact;
}

void seadesk_inventory_tables(const struct sea_inventory *inventory,
                              const struct seadesk_table *tables, size_t count, struct sea_buf *ret)
{
    for (size_t i = 0; i < count; i++) {
        const struct sea_store *store = find_table(inventory, tables[i].name);
        if (store)
            compare_table(&tables[i], store, ret);
        else
            sea_buf_printf(ret, "table %s is not in retention.yaml\n", tables[i].name);
    }
    for (uint32_t s = 0; s < inventory->count; s++) {
        const struct sea_store *store = &inventory->stores[s];
        bool is_there = store->kind != SEA_STORE_TABLE;
        for (size_t i = 0; i < count && !is_there; i++) is_there = is_named(store, tables[i].name);
        if (!is_there)
            sea_buf_printf(ret, "table %s of retention.yaml does not exist\n", store->name);
    }
}

void seadesk_inventory_topics(const struct sea_inventory *inventory, struct sea_buf *ret)
{
    for (unsigned i = 0; i < SEA_TOPICS; i++) {
        const struct sea_topic_info *info = sea_topic_info((enum sea_topic)i);
        const struct sea_store *store =
            sea_inventory_store(inventory, SEA_STORE_TOPIC, sea_str(info->name));
        if (!store)
            sea_buf_printf(ret, "topic %s is not in retention.yaml\n", info->name);
        else if (store->keep_ms != info->retention_ms)
            sea_buf_printf(ret, "topic %s is kept %lld h, not the %lld h of retention.yaml\n",
                           info->name, (long long)info->retention_ms / 3600000,
                           (long long)store->keep_ms / 3600000);
    }
    for (uint32_t s = 0; s < inventory->count; s++) {
        const struct sea_store *store = &inventory->stores[s];
        enum sea_topic topic;
        if (store->kind == SEA_STORE_TOPIC && !sea_topic_find(sea_str(store->name), &topic))
            sea_buf_printf(ret, "topic %s of retention.yaml does not exist\n", store->name);
    }
}

void seadesk_inventory_families(const struct sea_inventory *inventory, struct sea_buf *ret)
{
    for (size_t i = 0; i < SEA_COUNT(FAMILIES); i++)
        if (!sea_inventory_store(inventory, SEA_STORE_REDIS, sea_str(FAMILIES[i])))
            sea_buf_printf(ret, "Redis family %s is not in retention.yaml\n", FAMILIES[i]);
    for (uint32_t s = 0; s < inventory->count; s++) {
        const struct sea_store *store = &inventory->stores[s];
        bool is_known = store->kind != SEA_STORE_REDIS;
        for (size_t i = 0; i < SEA_COUNT(FAMILIES) && !is_known; i++)
            is_known = strcmp(FAMILIES[i], store->name) == 0;
        if (!is_known)
            sea_buf_printf(ret, "Redis family %s of retention.yaml does not exist\n", store->name);
    }
}

const struct sea_store *seadesk_inventory_family(const struct sea_inventory *inventory,
                                                 struct sea_str key)
{
    for (uint32_t s = 0; s < inventory->count; s++) {
        const struct sea_store *store = &inventory->stores[s];
        size_t len = strlen(store->name);
        if (store->kind != SEA_STORE_REDIS || len == 0 || store->name[len - 1] != '*') continue;
        if (key.len >= len - 1 && memcmp(key.ptr, store->name, len - 1) == 0) return store;
    }
    return NULL;
}
