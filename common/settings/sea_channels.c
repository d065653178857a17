/* sea_channels.c: loads channels.yaml and looks things up in it. */
#include "sea_channels.h"

#include <string.h>

#include <openssl/crypto.h>

#include "sea_enc.h"
#include "sea_settings_private.h"

enum {
    SEA_NEEDS_SECRET = 1,
    SEA_NEEDS_VERIFY_TOKEN = 2,
    SEA_NEEDS_MENU = 4,
    SEA_SENDS = 8,
    SEA_SENDS_AS = SEA_SENDS | 16,
};

static const struct {
    const char *name;
    unsigned traits;
} ADAPTERS[] = {
    {"generic", 0},
#define SEA_ADAPTER_ROW(id, symbol, name, traits) {name, traits},
#define SEA_CHANNEL_ROW(code, id, class)
#include "sea_channels.def"
#undef SEA_ADAPTER_ROW
#undef SEA_CHANNEL_ROW
    {"smtp", SEA_SENDS_AS},
};

static const struct sea_channel CHANNELS[] = {
#define SEA_ADAPTER_ROW(id, symbol, name, traits)
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

bool sea_adapter_is_sms(enum sea_adapter adapter)
{
    return adapter == SEA_ADAPTER_TWILIO_SMS || adapter == SEA_ADAPTER_AFRICASTALKING_SMS;
}

bool sea_adapter_has_window(enum sea_adapter adapter)
{
    return adapter == SEA_ADAPTER_WHATSAPP || adapter == SEA_ADAPTER_MESSENGER;
}

bool sea_account_is_chat(const struct sea_account *account)
{
    return account->channel->class == SEA_CHANNEL_LIVE_CHAT;
}

bool sea_account_can_send(const struct sea_account *account)
{
    bool has_way =
        sea_account_is_chat(account) ? account->secret.count > 0 : account->api_base != NULL;
    return account->is_enabled && has_way;
}

static bool answers(const struct sea_account *account, const struct sea_market *market)
{
    return sea_account_can_send(account) &&
           (!account->market || sea_market_is_in(market, account->market)) &&
           !sea_texts_have(&market->closed_channels, sea_str(account->channel->name));
}

uint32_t sea_channels_reply_ways(const struct sea_channels *channels,
                                 const struct sea_market *market)
{
    uint32_t ways = 0;
    for (size_t i = 0; sea_channel_at(i); i++) {
        bool is_way = false;
        for (uint32_t a = 0; a < channels->account_count; a++)
            is_way |= channels->accounts[a].channel == sea_channel_at(i) &&
                      answers(&channels->accounts[a], market);
        ways += is_way;
    }
    return ways;
}

enum sea_channel_class sea_channel_class_in(const struct sea_market *market, struct sea_str name)
{
    for (uint32_t i = 0; i < market->class_rule_count; i++)
        if (sea_str_is(name, market->class_rules[i].channel)) return market->class_rules[i].class;
    const struct sea_channel *channel = sea_channel_of(name);
    return channel ? channel->class : SEA_CHANNEL_MESSAGING;
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

/* How exactly: 0 not at all, else one more than the bytes that fit, and one more still for all of
 * it. */
static size_t scope_fit(const struct sea_texts *scope, struct sea_str text)
{
    size_t best = 0;
    for (uint32_t i = 0; i < scope->count; i++) {
        struct sea_str allowed = sea_str(scope->items[i]);
        bool is_prefix = allowed.len > 0 && allowed.ptr[allowed.len - 1] == '*';
        if (is_prefix) allowed.len--;
        if (text.len < allowed.len || (!is_prefix && text.len != allowed.len)) continue;
        if (!sea_str_eq((struct sea_str){text.ptr, allowed.len}, allowed)) continue;
        size_t fit = allowed.len + (is_prefix ? 1 : 2);
        if (fit > best) best = fit;
    }
    return best;
}

bool sea_scope_has(const struct sea_texts *scope, struct sea_str text)
{
    return scope_fit(scope, text) > 0;
}

const struct sea_source *sea_channels_source_for(const struct sea_channels *channels,
                                                 struct sea_str ce_source)
{
    const struct sea_source *best = NULL;
    size_t best_fit = 0;
    for (uint32_t i = 0; i < channels->source_count; i++) {
        size_t fit = scope_fit(&channels->sources[i].allowed, ce_source);
        if (fit < best_fit || fit == 0) continue;
        best = fit > best_fit ? &channels->sources[i] : NULL;
        best_fit = fit;
    }
    return best;
}

const struct sea_source *sea_channels_source_named(const struct sea_channels *channels,
                                                   struct sea_str name)
{
    for (uint32_t i = 0; i < channels->source_count; i++)
        if (sea_str_is(name, channels->sources[i].name)) return &channels->sources[i];
    return NULL;
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

/* One of the first `count`. */
static enum sea_adapter read_adapter(struct sea_yaml_node node, enum sea_adapter usual,
                                     uint32_t count)
{
    const char *names[SEA_COUNT(ADAPTERS)];
    uint32_t choice = (uint32_t)usual;
    for (size_t i = 0; i < SEA_COUNT(names); i++) names[i] = ADAPTERS[i].name;
    if (!sea_yaml_is_absent(node)) sea_yaml_choice(node, names, count, &choice);
    return (enum sea_adapter)choice;
}

static void need_secret(const struct sea_loader *loader, const struct sea_secrets *secrets,
                        struct sea_yaml_node account, const char *key,
                        const struct sea_channel *channel)
{
    if (secrets->count == 0 && !loader->from->without_secrets)
        sea_yaml_error(account, "missing key, expected '%s' as every account of %s has", key,
                       channel->name);
}

/* Standard Webhooks: whsec_ and base64 of 24 to 64 bytes. */
static void check_signing(struct sea_yaml_node node, struct sea_str secret)
{
    uint8_t bytes[64];
    size_t len = 0;
    bool is_good = sea_str_starts(secret, "whsec_") &&
                   sea_base64_parse((struct sea_str){secret.ptr + 6, secret.len - 6}, bytes,
                                    sizeof(bytes), &len);
    if (!is_good || len < 24)
        sea_yaml_error(node, "no signing secret, expected whsec_ and base64 of 24 to 64 bytes");
    OPENSSL_cleanse(bytes, sizeof(bytes));
}

/* Web chat is read on notifier's stream, and a call isn't text. */
static void check_sender(struct sea_yaml_node node, const struct sea_account *account)
{
    enum sea_channel_class class = account->channel->class;
    if (class == SEA_CHANNEL_LIVE_CHAT || class == SEA_CHANNEL_PHONE)
        sea_yaml_error(node, "channel %s can't send, expected no 'send'", account->channel->name);
    else if (!(ADAPTERS[account->send_adapter].traits & SEA_SENDS))
        sea_yaml_error(node, "adapter %s can't send, expected 'adapter: webhook' or no 'send'",
                       ADAPTERS[account->send_adapter].name);
}

static void read_login(struct sea_loader *loader, struct sea_yaml_map *map,
                       struct sea_yaml_node node, struct sea_account *account)
{
    bool is_mail = account->send_adapter == SEA_ADAPTER_SMTP;
    struct sea_yaml_node login = sea_adapter_is_sms(account->send_adapter)
                                     ? sea_yaml_need(map, "login")
                                     : sea_yaml_get(map, "login");
    if (!sea_yaml_is_absent(login) && (is_mail || sea_adapter_is_sms(account->send_adapter)))
        sea_loader_text(loader, login, &account->login);
    if (account->send_adapter == SEA_ADAPTER_TWILIO_SMS && account->token.count == 0)
        account->token = account->secret;
    if (!is_mail || account->login)
        need_secret(loader, &account->token, node, "token", account->channel);
}

static void read_send(struct sea_loader *loader, struct sea_yaml_node node,
                      struct sea_account *account)
{
    struct sea_yaml_map map;
    int64_t rate_per_s = 50;
    if (!sea_yaml_map(node, &map)) return;
    enum sea_adapter usual =
        account->adapter == SEA_ADAPTER_GENERIC ? SEA_ADAPTER_WEBHOOK : account->adapter;
    account->send_adapter = read_adapter(sea_yaml_get(&map, "adapter"), usual, SEA_ADAPTER_WAYS);
    bool is_mail = account->send_adapter == SEA_ADAPTER_SMTP;
    sea_loader_url(loader, sea_yaml_need(&map, "base"), is_mail ? "smtp" : "http",
                   &account->api_base);
    sea_loader_secrets(loader, sea_yaml_get(&map, "token"), &account->token);
    sea_yaml_int(sea_yaml_get(&map, "rate_per_s"), 1, 10000, &rate_per_s);
    account->rate_per_s = (uint32_t)rate_per_s;
    bool has_sender = (ADAPTERS[account->send_adapter].traits & SEA_SENDS_AS) == SEA_SENDS_AS;
    struct sea_yaml_node sender =
        has_sender ? sea_yaml_need(&map, "sender") : sea_yaml_get(&map, "sender");
    if (!sea_yaml_is_absent(sender)) sea_loader_text(loader, sender, &account->sender);
    if (is_mail && account->sender && !strchr(account->sender, '@'))
        sea_yaml_error(sender, "'%s', expected an e-mail address", account->sender);
    read_login(loader, &map, node, account);
    for (uint32_t i = 0; i < account->token.count; i++)
        if (account->send_adapter == SEA_ADAPTER_WEBHOOK &&
            sea_str_starts(account->token.live[i], "whsec_"))
            check_signing(node, account->token.live[i]);
    check_sender(node, account);
    sea_yaml_end(&map);
}

/* Where what it sends with isn't what its files are fetched with. */
static void read_files(struct sea_loader *loader, struct sea_yaml_node node,
                       struct sea_account *account)
{
    struct sea_yaml_map map;
    if (account->send_adapter != SEA_ADAPTER_SMTP) {
        account->files_base = account->api_base;
        account->files_token = account->token;
    }
    if (!sea_yaml_map(node, &map)) return;
    sea_loader_url(loader, sea_yaml_need(&map, "base"), "http", &account->files_base);
    sea_loader_secrets(loader, sea_yaml_need(&map, "token"), &account->files_token);
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
    struct sea_yaml_node menu = sea_yaml_get(&map, "menu");
    account->menu = sea_loader_menu(loader, menu);
    sea_loader_gate_menu(loader, menu, account->menu, account->market);
    if (account->channel) {
        account->adapter = read_adapter(sea_yaml_get(&map, "adapter"), account->channel->adapter,
                                        SEA_ADAPTER_COUNT);
        if (ADAPTERS[account->adapter].traits & SEA_NEEDS_SECRET)
            need_secret(loader, &account->secret, node, "secret", account->channel);
        if (ADAPTERS[account->adapter].traits & SEA_NEEDS_VERIFY_TOKEN)
            need_secret(loader, &account->verify_token, node, "verify_token", account->channel);
        if (!(ADAPTERS[account->adapter].traits & SEA_NEEDS_MENU) != sea_yaml_is_absent(menu))
            sea_yaml_error(node, "expected 'menu' in accounts with dialogues, and in no others");
        read_send(loader, sea_yaml_get(&map, "send"), account);
        read_files(loader, sea_yaml_get(&map, "files"), account);
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

static void read_markets(struct sea_loader *loader, struct sea_yaml_node list,
                         struct sea_source *source)
{
    uint32_t count = sea_yaml_count(list);
    const struct sea_market **markets = sea_loader_array(list, count, sizeof *markets);
    for (uint32_t i = 0; markets && i < count; i++) {
        markets[source->market_count] = sea_loader_market(loader, sea_yaml_item(list, i));
        if (markets[source->market_count]) source->market_count++;
    }
    source->markets = markets;
}

/* A burst of one second's events unless it says more; a batch must fit in. */
static void read_rate(struct sea_yaml_node node, struct sea_source *source)
{
    struct sea_yaml_map map;
    int64_t rate_per_s = 0, burst = 0;
    if (!sea_yaml_map(node, &map)) return;
    sea_yaml_int(sea_yaml_need(&map, "events_per_s"), 1, 100000, &rate_per_s);
    burst = rate_per_s < SEA_SOURCE_BURST_MIN ? SEA_SOURCE_BURST_MIN : rate_per_s;
    sea_yaml_int(sea_yaml_get(&map, "burst"), SEA_SOURCE_BURST_MIN, 1000000, &burst);
    sea_yaml_end(&map);
    source->rate_per_s = (uint32_t)rate_per_s;
    source->burst = (uint32_t)burst;
}

static void read_signing(struct sea_loader *loader, struct sea_yaml_node node,
                         struct sea_secrets *ret)
{
    sea_loader_secrets(loader, node, ret);
    for (uint32_t i = 0; i < ret->count; i++) check_signing(node, ret->live[i]);
}

static void read_rejects(struct sea_loader *loader, struct sea_yaml_node node,
                         struct sea_source *source)
{
    struct sea_yaml_map map;
    if (!sea_yaml_map(node, &map)) return;
    struct sea_yaml_node url = sea_yaml_need(&map, "url"), signing = sea_yaml_need(&map, "signing");
    sea_loader_url(loader, url, "http", &source->rejects_url);
    read_signing(loader, signing, &source->rejects_signing);
    if (loader->from->is_production && source->rejects_url &&
        strncmp(source->rejects_url, "https:", 6) != 0)
        sea_yaml_error(url, "'%s', expected https in production mode", source->rejects_url);
    sea_yaml_end(&map);
}

static void read_source(struct sea_loader *loader, struct sea_yaml_node node,
                        struct sea_source *source)
{
    struct sea_yaml_map map;
    if (!sea_yaml_map(node, &map)) return;
    sea_loader_name(sea_yaml_need(&map, "name"), &source->name);
    sea_loader_secrets(loader, sea_yaml_get(&map, "key"), &source->keys);
    read_signing(loader, sea_yaml_get(&map, "signing"), &source->signing);
    sea_yaml_texts(sea_yaml_need(&map, "allowed"), &source->allowed.items, &source->allowed.count);
    sea_yaml_texts(sea_yaml_get(&map, "types"), &source->types.items, &source->types.count);
    read_markets(loader, sea_yaml_get(&map, "markets"), source);
    read_rate(sea_yaml_get(&map, "rate"), source);
    read_rejects(loader, sea_yaml_get(&map, "rejects"), source);
    sea_yaml_end(&map);
    if (source->keys.count + source->signing.count == 0 && !loader->from->without_secrets)
        sea_yaml_error(node, "missing key, expected 'key' or 'signing'");
}

/* A key belongs to one source, or nobody could say whose it is. */
static void check_source(const struct sea_source *sources, uint32_t n, struct sea_yaml_node node)
{
    for (uint32_t i = 0; i < n; i++) {
        if (sources[n].name && sources[i].name && !strcmp(sources[i].name, sources[n].name))
            sea_yaml_error(node, "source '%s' appears twice", sources[n].name);
        for (uint32_t k = 0; k < sources[n].keys.count; k++)
            if (sea_secrets_match(&sources[i].keys, sources[n].keys.live[k]))
                sea_yaml_error(node, "its key is source '%s''s already, expected one of its own",
                               sources[i].name ? sources[i].name : "");
    }
}

static void read_sources(struct sea_loader *loader, struct sea_yaml_node list)
{
    uint32_t count = sea_yaml_count(list);
    struct sea_source *sources = sea_loader_array(list, count, sizeof *sources);
    for (uint32_t i = 0; sources && i < count; i++) {
        read_source(loader, sea_yaml_item(list, i), &sources[i]);
        check_source(sources, i, sea_yaml_item(list, i));
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
