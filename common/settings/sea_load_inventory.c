/* sea_load_inventory.c: loads retention.yaml and translation.yaml, and looks stores up. */
#include <string.h>

#include "sea_settings_private.h"

static const char *const DATA[] = {"none", "reference", "contact", "content"};
static const char *const ERASURES[] = {"nothing", "key", "rows", "expiry", "stays"};

static void read_store(struct sea_yaml_map *map, struct sea_store *store)
{
    uint32_t choice = 0;
    sea_yaml_text(sea_yaml_need(map, "name"), &store->name);
    if (sea_yaml_choice(sea_yaml_need(map, "data"), DATA, SEA_COUNT(DATA), &choice))
        store->data = (enum sea_data_class)choice;
    sea_yaml_text(sea_yaml_need(map, "purpose"), &store->purpose);
    struct sea_yaml_node period = sea_yaml_get(map, "period"), keep = sea_yaml_get(map, "keep");
    if (sea_yaml_choice(period, SEA_RETENTION_NAMES, SEA_RETAIN_COUNT, &choice)) {
        store->period = (enum sea_retention_class)choice;
        store->has_period = true;
    }
    sea_yaml_duration(keep, 1000, INT64_C(3650) * 86400 * 1000, &store->keep_ms);
    if (!sea_yaml_is_absent(period) && !sea_yaml_is_absent(keep))
        sea_yaml_error(keep, "beside 'period', expected one of the two");
    struct sea_yaml_node erase = sea_yaml_need(map, "erase");
    if (sea_yaml_choice(erase, ERASURES, SEA_COUNT(ERASURES), &choice)) {
        store->erasure = (enum sea_erasure)choice;
        if ((store->data == SEA_DATA_NONE) != (store->erasure == SEA_ERASE_NOTHING))
            sea_yaml_error(erase, "'%s' of data '%s', expected 'nothing' for 'none' alone",
                           ERASURES[store->erasure], DATA[store->data]);
        if (store->erasure == SEA_ERASE_EXPIRY && store->keep_ms == 0)
            sea_yaml_error(erase, "'expiry' without 'keep', expected how long");
    }
    if (store->kind == SEA_STORE_TABLE)
        sea_loader_list(sea_yaml_need(map, "columns"), &store->columns);
}

static uint32_t read_stores(struct sea_yaml_node list, enum sea_store_kind kind,
                            struct sea_store *stores)
{
    uint32_t count = sea_yaml_count(list);
    for (uint32_t i = 0; i < count; i++) {
        struct sea_yaml_map map;
        struct sea_yaml_node node = sea_yaml_item(list, i);
        stores[i].kind = kind;
        if (!sea_yaml_map(node, &map)) continue;
        read_store(&map, &stores[i]);
        sea_yaml_end(&map);
        for (uint32_t n = 0; stores[i].name && n < i; n++)
            if (stores[n].name && !strcmp(stores[n].name, stores[i].name))
                sea_yaml_error(node, "'%s' appears twice", stores[i].name);
    }
    return count;
}

void sea_load_inventory(struct sea_loader *loader, struct sea_yaml_map *file)
{
    struct sea_yaml_node tables = sea_yaml_need(file, "tables"),
                         topics = sea_yaml_need(file, "topics"),
                         redis = sea_yaml_need(file, "redis");
    uint32_t most = sea_yaml_count(tables) + sea_yaml_count(topics) + sea_yaml_count(redis), count;
    struct sea_store *stores = sea_loader_array(tables, most, sizeof *stores);
    if (!stores) return;
    count = read_stores(tables, SEA_STORE_TABLE, stores);
    count += read_stores(topics, SEA_STORE_TOPIC, stores + count);
    count += read_stores(redis, SEA_STORE_REDIS, stores + count);
    loader->settings->inventory = (struct sea_inventory){stores, count};
}

const struct sea_store *sea_inventory_store(const struct sea_inventory *inventory,
                                            enum sea_store_kind kind, struct sea_str name)
{
    for (uint32_t i = 0; i < inventory->count; i++)
        if (inventory->stores[i].kind == kind && sea_str_is(name, inventory->stores[i].name))
            return &inventory->stores[i];
    return NULL;
}

void sea_load_translation(struct sea_loader *loader, struct sea_yaml_map *file)
{
    struct sea_translation *translation = &loader->settings->translation;
    struct sea_yaml_map engine;
    int64_t in_flight = 32;
    translation->timeout_ms = 3000;
    if (!sea_yaml_map(sea_yaml_need(file, "engine"), &engine)) return;
    sea_yaml_text(sea_yaml_need(&engine, "name"), &translation->name);
    sea_loader_url(loader, sea_yaml_need(&engine, "url"), "http", &translation->url);
    sea_loader_secrets(loader, sea_yaml_get(&engine, "api_key"), &translation->api_key);
    sea_yaml_duration(sea_yaml_get(&engine, "timeout"), 100, 60000, &translation->timeout_ms);
    sea_yaml_int(sea_yaml_get(&engine, "in_flight"), 1, 1000, &in_flight);
    translation->in_flight = (uint32_t)in_flight;
    sea_yaml_end(&engine);
}
