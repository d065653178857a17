/* sea_settings.c: reads every file of the configuration folder; one mistake anywhere refuses all of
 * it. */
#include "sea_settings.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "sea_pack.h"
#include "sea_settings_private.h"

enum { SETTINGS_MAX = 16 * 1024 * 1024 };

static void load_file(struct sea_loader *loader, const char *name,
                      void (*load)(struct sea_loader *loader, struct sea_yaml_map *file))
{
    struct sea_settings *settings = loader->settings;
    struct sea_yaml *yaml = NULL;
    struct sea_yaml_map file;
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", loader->from->folder, name);
    if (!sea_yaml_open(path, &settings->arena, loader->errors, &yaml)) return;
    sea_examples_add(&settings->examples, yaml);
    if (sea_yaml_map(sea_yaml_root(yaml), &file)) {
        load(loader, &file);
        sea_yaml_end(&file);
    }
    sea_yaml_close(&yaml);
}

static bool is_channel(struct sea_str name)
{
    return sea_channel_of(name) != NULL;
}

bool sea_settings_open(const struct sea_settings_from *from, struct sea_yaml_errors *errors,
                       struct sea_settings **ret)
{
    uint32_t before = errors->count;
    char markets[1024];
    struct sea_settings *settings = sea_alloc(sizeof *settings);
    settings->arena = (struct sea_arena)SEA_ARENA(SETTINGS_MAX);
    struct sea_loader loader = {from, settings, errors};
    snprintf(markets, sizeof markets, "%s/markets", from->folder);
    if (sea_pack_load(markets, &settings->arena, is_channel, errors, &settings->examples,
                      &settings->markets)) {
        load_file(&loader, "channels.yaml", sea_load_channels);
        load_file(&loader, "routing.yaml", sea_load_routing);
        load_file(&loader, "sla.yaml", sea_load_sla);
        load_file(&loader, "retention.yaml", sea_load_inventory);
        load_file(&loader, "translation.yaml", sea_load_translation);
        sea_load_templates(&loader);
    }
    sea_load_version(&loader);
    malloc_trim(0); /* the documents were ten times what is kept, and are gone */
    if (errors->count == before) {
        *ret = settings;
        return true;
    }
    sea_settings_close(&settings);
    return false;
}

static void forget(const struct sea_secrets *secrets)
{
    for (uint32_t i = 0; i < secrets->count; i++) {
        char *memory; /* of our own arena, which is const to all others */
        memcpy(&memory, &secrets->live[i].ptr, sizeof memory);
        OPENSSL_cleanse(memory, secrets->live[i].len);
    }
}

void sea_settings_close(struct sea_settings **settings)
{
    if (!*settings) return;
    const struct sea_channels *channels = &(*settings)->channels;
    for (uint32_t i = 0; i < channels->account_count; i++) {
        forget(&channels->accounts[i].secret);
        forget(&channels->accounts[i].verify_token);
        forget(&channels->accounts[i].token);
    }
    for (uint32_t i = 0; i < channels->source_count; i++) {
        forget(&channels->sources[i].keys);
        forget(&channels->sources[i].signing);
    }
    forget(&(*settings)->translation.api_key);
    for (uint32_t i = 0; i < channels->api_key_count; i++) forget(&channels->api_keys[i].keys);
    sea_arena_free(&(*settings)->arena);
    free(*settings);
    *settings = NULL;
}
