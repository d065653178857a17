/* sea_pack.c: finds the packs of a folder, ties each to what it inherits from, and reads them. */
#include "sea_pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sea_pack_private.h"

struct pack {
    struct sea_yaml *yaml;
    const char *code; /* the file's name */
    struct sea_yaml_map own;
    struct pack *parent;
    struct sea_market *market;
};

struct folder {
    struct pack packs[SEA_YAML_FOLDER_MAX];
    uint32_t count;
};

static bool list_packs(const char *path, struct sea_pack_reader *reader, struct folder *folder)
{
    const char *const *names = NULL;
    uint32_t count = 0;
    if (!sea_yaml_folder(path, reader->arena, reader->errors, &names, &count)) return false;
    for (uint32_t i = 0; i < count; i++) folder->packs[i].code = names[i];
    folder->count = count;
    return true;
}

static struct pack *find(struct folder *folder, const char *code)
{
    for (uint32_t i = 0; i < folder->count; i++)
        if (!strcmp(folder->packs[i].code, code)) return &folder->packs[i];
    return NULL;
}

static void open_pack(const char *path, struct sea_pack_reader *reader,
                      struct sea_examples *examples, struct pack *pack)
{
    char file[512];
    const char *code = NULL;
    snprintf(file, sizeof file, "%s/%s.yaml", path, pack->code);
    if (!sea_yaml_open(file, reader->arena, reader->errors, &pack->yaml)) return;
    sea_examples_add(examples, pack->yaml);
    if (!sea_yaml_map(sea_yaml_root(pack->yaml), &pack->own)) return;
    struct sea_yaml_node node = sea_yaml_need(&pack->own, "market");
    if (sea_yaml_text(node, &code) && strcmp(code, pack->code) != 0)
        sea_yaml_error(node, "'%s', expected '%s' as the file is named", code, pack->code);
}

static void tie_parent(struct folder *folder, struct pack *pack)
{
    const char *code = NULL;
    if (!strcmp(pack->code, "GLOBAL")) {
        sea_yaml_error(sea_yaml_get(&pack->own, "inherits"), "GLOBAL inherits from nobody");
        return;
    }
    struct sea_yaml_node node = sea_yaml_need(&pack->own, "inherits");
    if (!sea_yaml_text(node, &code)) return;
    pack->parent = find(folder, code);
    if (!pack->parent)
        sea_yaml_error(node, "no market '%s', expected the name of a file beside this one", code);
}

/* Every chain must end at GLOBAL before it is longer than the layers that a mapping can have. */
static void check_chain(struct pack *pack)
{
    uint32_t depth = 1;
    for (const struct pack *p = pack; p->parent; p = p->parent)
        if (++depth > SEA_YAML_LAYERS_MAX) {
            sea_yaml_error(sea_yaml_get(&pack->own, "inherits"),
                           "inherits in a circle or over more than %d markets, expected a chain "
                           "that ends at GLOBAL",
                           SEA_YAML_LAYERS_MAX - 1);
            return;
        }
}

static void read_pack(struct sea_pack_reader *reader, struct pack *pack)
{
    struct sea_market *market = pack->market;
    struct sea_yaml_map name, layers = pack->own;
    for (const struct pack *p = pack->parent; p; p = p->parent)
        sea_yaml_map_under(&layers, sea_yaml_root(p->yaml));

    market->code = pack->code;
    market->parent = pack->parent ? pack->parent->market : NULL;
    if (sea_yaml_map(sea_yaml_need(&pack->own, "name"), &name)) {
        sea_yaml_text(sea_yaml_need(&name, "en"), &market->name_en);
        sea_yaml_text(sea_yaml_need(&name, "zh-CN"), &market->name_zh);
        sea_yaml_end(&name);
    }
    sea_pack_read_countries(reader, sea_yaml_get(&pack->own, "countries"), market);
    for (uint32_t i = 0; i < pack->own.asked_count; i++)
        (void)sea_yaml_get(&layers, pack->own.asked[i]);
    sea_pack_read_fields(reader, &layers, market);
    sea_yaml_end(&layers);
}

/* All packs, or errors. */
static void read_folder(const char *path, struct sea_pack_reader *reader,
                        struct sea_examples *examples, struct folder *folder,
                        struct sea_market *markets)
{
    uint32_t before = reader->errors->count;
    for (uint32_t i = 0; i < folder->count; i++) {
        folder->packs[i].market = &markets[i];
        open_pack(path, reader, examples, &folder->packs[i]);
    }
    for (uint32_t i = 0; i < folder->count; i++) tie_parent(folder, &folder->packs[i]);
    for (uint32_t i = 0; i < folder->count; i++) check_chain(&folder->packs[i]);
    if (!find(folder, "GLOBAL"))
        sea_yaml_errors_add(reader->errors, (struct sea_yaml_mark){.file = path},
                            "no GLOBAL.yaml, expected the market that all others inherit from");
    if (reader->errors->count > before) return;
    for (uint32_t i = 0; i < folder->count; i++) read_pack(reader, &folder->packs[i]);
    sea_pack_sort_prefixes(reader);
}

/* A copy of exactly what is used. */
static void *keep(struct sea_pack_reader *reader, const void *items, size_t size)
{
    void *kept = sea_arena_alloc(reader->arena, size + 1);
    if (kept)
        memcpy(kept, items, size);
    else
        sea_yaml_errors_add(reader->errors, (struct sea_yaml_mark){.file = "markets"},
                            "the configuration is too large");
    return kept;
}

static struct sea_markets take(struct sea_pack_reader *reader, struct folder *folder,
                               const struct sea_market *markets)
{
    return (struct sea_markets){
        .items = markets,
        .count = folder->count,
        .global = find(folder, "GLOBAL")->market,
        .countries = keep(reader, reader->countries, reader->country_count * sizeof(void *)),
        .country_count = reader->country_count,
        .prefixes =
            keep(reader, reader->prefixes, reader->prefix_count * sizeof reader->prefixes[0]),
        .prefix_count = reader->prefix_count,
        .zones = keep(reader, reader->zones, reader->zone_count * sizeof(void *)),
        .zone_count = reader->zone_count};
}

bool sea_pack_load(const char *path, struct sea_arena *arena,
                   bool (*is_channel)(struct sea_str name), struct sea_yaml_errors *errors,
                   struct sea_examples *examples, struct sea_markets *ret)
{
    uint32_t before = errors->count;
    struct sea_pack_reader *reader = sea_alloc(sizeof *reader);
    struct folder *folder = sea_alloc(sizeof *folder);
    *reader = (struct sea_pack_reader){.arena = arena, .errors = errors, .is_channel = is_channel};
    if (list_packs(path, reader, folder)) {
        size_t size = folder->count * sizeof(struct sea_market);
        struct sea_market *markets = sea_arena_zero(arena, size + 1);
        sea_assert(markets); /* SEA_YAML_FOLDER_MAX of them fit any arena worth the name */
        read_folder(path, reader, examples, folder, markets);
        if (errors->count == before) *ret = take(reader, folder, markets);
    }
    for (uint32_t i = 0; i < folder->count; i++) sea_yaml_close(&folder->packs[i].yaml);
    free(folder);
    free(reader);
    return errors->count == before;
}
