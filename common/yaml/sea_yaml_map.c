/* sea_yaml_map.c: sequences and layered mappings; a key that no reader asked for is an error. */
#include "sea_yaml_private.h"

#include <string.h>

static const char *kind_of(const yaml_node_t *raw)
{
    if (raw->type == YAML_MAPPING_NODE) return "a mapping";
    return raw->type == YAML_SEQUENCE_NODE ? "a list" : "a single value";
}

uint32_t sea_yaml_count(struct sea_yaml_node node)
{
    if (sea_yaml_is_absent(node)) return 0;
    const yaml_node_t *raw = sea_yaml_raw(node);
    if (raw->type != YAML_SEQUENCE_NODE) {
        sea_yaml_error(node, "%s, expected a list", kind_of(raw));
        return 0;
    }
    return (uint32_t)(raw->data.sequence.items.top - raw->data.sequence.items.start);
}

struct sea_yaml_node sea_yaml_item(struct sea_yaml_node node, uint32_t index)
{
    sea_assert(index < sea_yaml_count(node));
    return (struct sea_yaml_node){node.yaml, sea_yaml_raw(node)->data.sequence.items.start[index]};
}

bool sea_yaml_map(struct sea_yaml_node node, struct sea_yaml_map *ret)
{
    *ret = (struct sea_yaml_map){0};
    return !sea_yaml_is_absent(node) && sea_yaml_map_under(ret, node);
}

bool sea_yaml_map_under(struct sea_yaml_map *map, struct sea_yaml_node node)
{
    if (sea_yaml_is_absent(node)) return true;
    if (!sea_yaml_is_map(node)) {
        sea_yaml_error(node, "%s, expected a mapping", kind_of(sea_yaml_raw(node)));
        return false;
    }
    sea_assert(map->layer_count < SEA_YAML_LAYERS_MAX);
    map->layers[map->layer_count++] = node;
    return true;
}

static void remember(struct sea_yaml_map *map, const char *key)
{
    for (uint32_t i = 0; i < map->asked_count; i++)
        if (!strcmp(map->asked[i], key)) return;
    if (map->asked_count < SEA_YAML_ASKED_MAX) map->asked[map->asked_count++] = key;
}

static struct sea_yaml_node find(struct sea_yaml_node layer, const char *key)
{
    const yaml_node_t *raw = sea_yaml_raw(layer);
    for (const yaml_node_pair_t *pair = raw->data.mapping.pairs.start;
         pair < raw->data.mapping.pairs.top; pair++) {
        struct sea_str text;
        struct sea_yaml_node value = {layer.yaml, pair->value};
        if (sea_yaml_scalar((struct sea_yaml_node){layer.yaml, pair->key}, &text) &&
            sea_str_is(text, key))
            return sea_yaml_is_absent(value) ? (struct sea_yaml_node){0} : value;
    }
    return (struct sea_yaml_node){0};
}

struct sea_yaml_node sea_yaml_get(struct sea_yaml_map *map, const char *key)
{
    remember(map, key);
    for (uint32_t i = 0; i < map->layer_count; i++) {
        struct sea_yaml_node value = find(map->layers[i], key);
        if (value.yaml) return value;
    }
    return (struct sea_yaml_node){0};
}

struct sea_yaml_node sea_yaml_need(struct sea_yaml_map *map, const char *key)
{
    struct sea_yaml_node value = sea_yaml_get(map, key);
    if (!value.yaml && map->layer_count > 0)
        sea_yaml_error(map->layers[0], "missing key, expected '%s'", key);
    return value;
}

bool sea_yaml_sub(struct sea_yaml_map *map, const char *key, struct sea_yaml_map *ret)
{
    *ret = (struct sea_yaml_map){0};
    remember(map, key);
    for (uint32_t i = 0; i < map->layer_count; i++)
        sea_yaml_map_under(ret, find(map->layers[i], key));
    return ret->layer_count > 0;
}

static void expected(const struct sea_yaml_map *map, struct sea_buf *out)
{
    for (uint32_t i = 0; i < map->asked_count; i++)
        sea_buf_printf(out, "%s%s", i == 0 ? "" : ", ", map->asked[i]);
}

static bool is_asked(const struct sea_yaml_map *map, struct sea_str key)
{
    for (uint32_t i = 0; i < map->asked_count; i++)
        if (sea_str_is(key, map->asked[i])) return true;
    return false;
}

void sea_yaml_end(const struct sea_yaml_map *map)
{
    for (uint32_t i = 0; i < map->layer_count; i++) {
        struct sea_yaml_node layer = map->layers[i];
        const yaml_node_t *raw = sea_yaml_raw(layer);
        for (const yaml_node_pair_t *pair = raw->data.mapping.pairs.start;
             pair < raw->data.mapping.pairs.top; pair++) {
            struct sea_yaml_node key = {layer.yaml, pair->key};
            struct sea_str text;
            if (!sea_yaml_scalar(key, &text) || is_asked(map, text)) continue;
            struct sea_buf names = SEA_BUF(800);
            expected(map, &names);
            sea_yaml_error(key, "unknown key '%.*s', expected one of: %s", (int)text.len, text.ptr,
                           names.ptr ? names.ptr : "");
            sea_buf_free(&names);
        }
    }
}

static bool has_key(const struct sea_yaml_node *layers, uint32_t count, struct sea_str key)
{
    for (uint32_t i = 0; i < count; i++) {
        const yaml_node_t *raw = sea_yaml_raw(layers[i]);
        for (const yaml_node_pair_t *pair = raw->data.mapping.pairs.start;
             pair < raw->data.mapping.pairs.top; pair++) {
            struct sea_str text;
            if (sea_yaml_scalar((struct sea_yaml_node){layers[i].yaml, pair->key}, &text) &&
                sea_str_eq(text, key))
                return true;
        }
    }
    return false;
}

/* The cursor counts the pairs of all layers, one layer after the other. */
bool sea_yaml_next(const struct sea_yaml_map *map, uint32_t *cursor, const char **ret_key,
                   struct sea_yaml_node *ret_key_node)
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < map->layer_count; i++) {
        const yaml_node_t *raw = sea_yaml_raw(map->layers[i]);
        const yaml_node_pair_t *start = raw->data.mapping.pairs.start;
        uint32_t count = (uint32_t)(raw->data.mapping.pairs.top - start);
        while (*cursor < before + count) {
            struct sea_yaml_node key = {map->layers[i].yaml, start[(*cursor)++ - before].key};
            struct sea_str text;
            if (!sea_yaml_scalar(key, &text) || has_key(map->layers, i, text)) continue;
            const char *kept = sea_yaml_keep(key, text);
            if (!kept) return false;
            *ret_key = kept;
            *ret_key_node = key;
            return true;
        }
        before += count;
    }
    return false;
}
