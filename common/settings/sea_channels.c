/* sea_channels.c: loads channels.yaml and looks things up in it. */
#include "sea_channels.h"

#include <string.h>

#include <openssl/crypto.h>

#include "sea_settings_private.h"

enum { SEA_NEEDS_SECRET = 1, SEA_NEEDS_VERIFY_TOKEN = 2 };

static const struct {
    const char *name;
    unsigned needs;
} ADAPTERS[] = {
    {"generic", 0},
#define SEA_ADAPTER_ROW(id, symbol, name, needs) {name, needs},
#define SEA_CHANNEL_ROW(code, id, class)
#include "sea_channels.def"
#undef SEA_ADAPTER_ROW
#undef SEA_CHANNEL_ROW
};

static const struct sea_channel CHANNELS[] = {
#define SEA_ADAPTER_ROW(id, symbol, name, needs)
#define SEA_CHANNEL_ROW(code, id, class) {code, SEA_ADAPTER_##id, SEA_CHANNEL_##class},
#include "sea_channels.def"
#undef SEA_ADAPTER_ROW
#undef SEA_CHANNEL_ROW
};

const char *sea_adapter_name(enum sea_adapter adapter)
{
    sea_assert((size_t)adapter < SEA_COUNT(ADAPTERS));
    return ADAPTERS[adapter].name;
}

const struct sea_channel *sea_channel_at(size_t index)
{
    return index < SEA_COUNT(CHANNELS) ? &CHANNELS[index] : NULL;
}

bool sea_secrets_match(const struct sea_secrets *secrets, struct sea_str given)
{
    bool is_match = false;
    for (uint32_t i = 0; i < secrets->count; i++)
        if (secrets->live[i].len == given.len &&
            CRYPTO_memcmp(secrets->live[i].ptr, given.ptr, given.len) == 0)
            is_match = true;
    return is_match;
}

bool sea_source_may(const struct sea_source *source, struct sea_str ce_source)
{
    for (uint32_t i = 0; i < source->allowed.count; i++) {
        struct sea_str allowed = sea_str(source->allowed.items[i]);
        bool is_prefix = allowed.len > 0 && allowed.ptr[allowed.len - 1] == '*';
        if (is_prefix) allowed.len--;
        if (ce_source.len < allowed.len || (!is_prefix && ce_source.len != allowed.len)) continue;
        if (sea_str_eq((struct sea_str){ce_source.ptr, allowed.len}, allowed)) return true;
    }
    return false;
}

const struct sea_channel *sea_channel_of(struct sea_str name)
{
    for (size_t i = 0; i < SEA_COUNT(CHANNELS); i++)
        if (sea_str_is(name, CHANNELS[i].name)) return &CHANNELS[i];
    return NULL;
}

const struct sea_account *sea_channels_account(const struct sea_channels *channels,
                                               struct sea_str channel, struct sea_str account)
{
    for (uint32_t i = 0; i < channels->account_count; i++)
        if (sea_str_is(channel, channels->accounts[i].channel->name) &&
            sea_str_is(account, channels->accounts[i].name))
            return &channels->accounts[i];
    return NULL;
}

/* Every key is compared, so that the time tells nothing about which one was near. */
const struct sea_source *sea_channels_source(const struct sea_channels *channels,
                                             struct sea_str key)
{
    const struct sea_source *found = NULL;
    for (uint32_t i = 0; i < channels->source_count; i++)
        if (sea_secrets_match(&channels->sources[i].keys, key)) found = &channels->sources[i];
    return found;
}

const struct sea_api_key *sea_channels_api_key(const struct sea_channels *channels,
                                               struct sea_str key)
{
    const struct sea_api_key *found = NULL;
    for (uint32_t i = 0; i < channels->api_key_count; i++)
        if (sea_secrets_match(&channels->api_keys[i].keys, key)) found = &channels->api_keys[i];
    return found;
}

static const struct sea_channel *read_channel(struct sea_yaml_node node)
{
    const char *names[SEA_COUNT(CHANNELS)];
    uint32_t choice = 0;
    for (size_t i = 0; i < SEA_COUNT(CHANNELS); i++) names[i] = CHANNELS[i].name;
    return sea_yaml_choice(node, names, SEA_COUNT(names), &choice) ? &CHANNELS[choice] : NULL;
}

static enum sea_adapter read_adapter(struct sea_yaml_node node, enum sea_adapter usual)
{
    const char *names[SEA_ADAPTER_COUNT];
    uint32_t choice = (uint32_t)usual;
    for (size_t i = 0; i < SEA_COUNT(names); i++) names[i] = ADAPTERS[i].name;
    if (!sea_yaml_is_absent(node)) sea_yaml_choice(node, names, SEA_COUNT(names), &choice);
    return (enum sea_adapter)choice;
}

static void need_secret(const struct sea_secrets *secrets, struct sea_yaml_node account,
                        const char *key, const struct sea_channel *channel)
{
    if (secrets->count == 0)
        sea_yaml_error(account, "missing key, expected '%s' as every account of %s has", key,
                       channel->name);
}

static void read_send(struct sea_loader *loader, struct sea_yaml_node node,
                      struct sea_account *account)
{
    struct sea_yaml_map map;
    int64_t rate_per_s = 50;
    if (!sea_yaml_map(node, &map)) return;
    sea_loader_url(loader, sea_yaml_need(&map, "base"), &account->api_base);
    sea_loader_text(loader, sea_yaml_need(&map, "sender"), &account->sender);
    sea_loader_secrets(loader, sea_yaml_get(&map, "token"), &account->token);
    sea_yaml_int(sea_yaml_get(&map, "rate_per_s"), 1, 10000, &rate_per_s);
    account->rate_per_s = (uint32_t)rate_per_s;
    if (account->channel->adapter == SEA_ADAPTER_TWILIO_SMS) {
        sea_loader_text(loader, sea_yaml_need(&map, "login"), &account->login);
        if (account->token.count == 0) account->token = account->secret;
    }
    need_secret(&account->token, node, "token", account->channel);
    if (account->channel->adapter == SEA_ADAPTER_GENERIC)
        sea_yaml_error(node, "channel %s can't send, expected no 'send'", account->channel->name);
    sea_yaml_end(&map);
}

static void read_account(struct sea_loader *loader, struct sea_yaml_node node,
                         struct sea_account *account)
{
    struct sea_yaml_map map;
    account->is_enabled = true;
    if (!sea_yaml_map(node, &map)) return;
    account->channel = read_channel(sea_yaml_need(&map, "channel"));
    sea_loader_name(sea_yaml_need(&map, "account"), &account->name);
    account->market = sea_loader_market(loader, sea_yaml_get(&map, "market"));
    sea_yaml_bool(sea_yaml_get(&map, "enabled"), &account->is_enabled);
    sea_loader_secrets(loader, sea_yaml_get(&map, "secret"), &account->secret);
    sea_loader_secrets(loader, sea_yaml_get(&map, "verify_token"), &account->verify_token);
    if (account->channel) {
        account->adapter = read_adapter(sea_yaml_get(&map, "adapter"), account->channel->adapter);
        if (ADAPTERS[account->adapter].needs & SEA_NEEDS_SECRET)
            need_secret(&account->secret, node, "secret", account->channel);
        if (ADAPTERS[account->adapter].needs & SEA_NEEDS_VERIFY_TOKEN)
            need_secret(&account->verify_token, node, "verify_token", account->channel);
        read_send(loader, sea_yaml_get(&map, "send"), account);
    }
    sea_yaml_end(&map);
}

static void read_accounts(struct sea_loader *loader, struct sea_yaml_node list)
{
    struct sea_channels *channels = &loader->settings->channels;
    uint32_t count = sea_yaml_count(list);
    struct sea_account *accounts = sea_loader_array(list, count, sizeof *accounts);
    for (uint32_t i = 0; accounts && i < count; i++) {
        struct sea_account *account = &accounts[i];
        read_account(loader, sea_yaml_item(list, i), account);
        for (uint32_t n = 0; account->channel && account->name && n < i; n++)
            if (accounts[n].channel == account->channel && accounts[n].name &&
                !strcmp(accounts[n].name, account->name))
                sea_yaml_error(sea_yaml_item(list, i), "account '%s' of %s appears twice",
                               account->name, account->channel->name);
    }
    channels->accounts = accounts;
    channels->account_count = accounts ? count : 0;
}

static void read_sources(struct sea_loader *loader, struct sea_yaml_node list)
{
    struct sea_yaml_map map;
    uint32_t count = sea_yaml_count(list);
    struct sea_source *sources = sea_loader_array(list, count, sizeof *sources);
    for (uint32_t i = 0; sources && i < count; i++) {
        struct sea_yaml_node node = sea_yaml_item(list, i);
        if (!sea_yaml_map(node, &map)) continue;
        sea_loader_name(sea_yaml_need(&map, "name"), &sources[i].name);
        sea_loader_secrets(loader, sea_yaml_get(&map, "key"), &sources[i].keys);
        sea_loader_secrets(loader, sea_yaml_get(&map, "signing"), &sources[i].signing);
        sea_yaml_texts(sea_yaml_need(&map, "allowed"), &sources[i].allowed.items,
                       &sources[i].allowed.count);
        sea_yaml_end(&map);
        if (sources[i].keys.count + sources[i].signing.count == 0)
            sea_yaml_error(node, "missing key, expected 'key' or 'signing'");
    }
    loader->settings->channels.sources = sources;
    loader->settings->channels.source_count = sources ? count : 0;
}

static void read_api_keys(struct sea_loader *loader, struct sea_yaml_node list)
{
    struct sea_yaml_map map;
    uint32_t count = sea_yaml_count(list);
    struct sea_api_key *keys = sea_loader_array(list, count, sizeof *keys);
    for (uint32_t i = 0; keys && i < count; i++) {
        if (!sea_yaml_map(sea_yaml_item(list, i), &map)) continue;
        sea_loader_name(sea_yaml_need(&map, "name"), &keys[i].name);
        sea_loader_secrets(loader, sea_yaml_need(&map, "key"), &keys[i].keys);
        sea_yaml_end(&map);
    }
    loader->settings->channels.api_keys = keys;
    loader->settings->channels.api_key_count = keys ? count : 0;
}

void sea_load_channels(struct sea_loader *loader, struct sea_yaml_map *file)
{
    read_accounts(loader, sea_yaml_need(file, "accounts"));
    read_sources(loader, sea_yaml_get(file, "sources"));
    read_api_keys(loader, sea_yaml_get(file, "desk_api_keys"));
}
