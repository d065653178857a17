/* ingest_edge.c: the configuration folder of the edge, and secrets made ready once. */
#include "ingest_edge.h"

#include <stdlib.h>
#include <string.h>

#include "ingest_metrics.h"
#include "sea_log.h"

static void close_keys(struct ingest_keys **list, size_t count)
{
    for (size_t i = 0; *list && i < count; i++) ingest_keys_close(&(*list)[i]);
    free(*list);
    *list = NULL;
}

/* What was taken before a reload still counts. */
static void take_rates(struct ingest_edge *loaded, const struct ingest_edge *edge)
{
    const struct sea_channels *channels = &loaded->settings->channels;
    loaded->source_rates = sea_alloc((channels->source_count + 1) * sizeof(*loaded->source_rates));
    for (uint32_t i = 0; edge->settings && i < channels->source_count; i++) {
        const struct sea_channels *before = &edge->settings->channels;
        const struct sea_source *source =
            sea_channels_source_named(before, sea_str(channels->sources[i].name));
        if (source) loaded->source_rates[i] = edge->source_rates[source - before->sources];
    }
}

struct ingest_scope ingest_edge_scope(const struct ingest_edge *edge,
                                      const struct sea_source *publisher)
{
    return (struct ingest_scope){publisher, &edge->settings->markets, edge->own.region};
}

void ingest_edge_unload(struct ingest_edge *edge)
{
    free(edge->source_rates);
    edge->source_rates = NULL;
    if (!edge->settings) return;
    close_keys(&edge->account_keys, edge->settings->channels.account_count);
    close_keys(&edge->source_keys, edge->settings->channels.source_count);
    sea_settings_close(&edge->settings);
}

static void log_errors(const struct sea_yaml_errors *errors)
{
    struct sea_str rest = sea_buf_view(&errors->lines);
    while (rest.len) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        struct sea_str line = {rest.ptr, end ? (size_t)(end - rest.ptr) : rest.len};
        sea_log(SEA_LOG_ERROR, "configuration is wrong", SEA_F_STR("cause", line));
        rest.len -= end ? line.len + 1 : line.len;
        rest.ptr += end ? line.len + 1 : line.len;
    }
}

static bool is_open(bool is_good, const char *name, const char *channel)
{
    if (!is_good)
        sea_log(SEA_LOG_ERROR, "a secret isn't of the kind that its provider gives",
                SEA_F_STR("name", sea_str(name)), SEA_F_STR("channel", sea_str(channel)));
    return is_good;
}

/* Makes every secret ready; false: one can't be. */
static bool open_keys(struct ingest_edge *edge)
{
    const struct sea_channels *channels = &edge->settings->channels;
    bool is_good = true;
    edge->account_keys = sea_alloc((channels->account_count + 1) * sizeof(*edge->account_keys));
    edge->source_keys = sea_alloc((channels->source_count + 1) * sizeof(*edge->source_keys));
    for (uint32_t i = 0; i < channels->account_count; i++) {
        const struct sea_account *account = &channels->accounts[i];
        const struct ingest_adapter *adapter = ingest_adapter_of(account->adapter);
        is_good &= !adapter || is_open(ingest_keys_open(&edge->account_keys[i], adapter->secret,
                                                        &account->secret),
                                       account->name, account->channel->name);
    }
    for (uint32_t i = 0; i < channels->source_count; i++)
        is_good &= is_open(ingest_keys_open(&edge->source_keys[i], INGEST_SECRET_STANDARD,
                                            &channels->sources[i].signing),
                           channels->sources[i].name, "events");
    return is_good;
}

/* A region that no market knows would refuse every market that has one. */
static bool check_region(const struct ingest_edge *edge)
{
    const struct sea_markets *markets = &edge->settings->markets;
    bool is_known = !*edge->own.region;
    for (uint32_t i = 0; i < markets->count && !is_known; i++)
        is_known = markets->items[i].region && !strcmp(markets->items[i].region, edge->own.region);
    if (!is_known)
        sea_log(SEA_LOG_ERROR, "SEADESK_REGION is no region of the market packs",
                SEA_F_STR("region", edge->own.region));
    return is_known;
}

static void show_shares(const struct sea_markets *markets)
{
    for (uint32_t m = 0; m < markets->count; m++)
        for (uint32_t i = 0; i < markets->items[m].share_count; i++)
            sea_metric_set(&sea_m_ingest_market_share_ratio,
                           markets->items[m].shares[i].percent / 100.0,
                           markets->items[m].shares[i].channel, markets->items[m].code);
}

enum sea_err ingest_edge_load(struct ingest_edge *edge, const struct sea_config *config)
{
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_settings_from from = {.folder = config->config,
                                     .is_production = config->mode == SEA_MODE_PRODUCTION};
    struct ingest_edge loaded = {.own = edge->own};
    bool is_good = sea_settings_open(&from, &errors, &loaded.settings);
    if (!is_good) log_errors(&errors);
    sea_yaml_errors_free(&errors);
    if (!is_good) return SEA_ERR_FATAL;
    if (!open_keys(&loaded) || !check_region(&loaded)) {
        ingest_edge_unload(&loaded);
        return SEA_ERR_FATAL;
    }
    take_rates(&loaded, edge);
    ingest_edge_unload(edge);
    edge->settings = loaded.settings;
    show_shares(&edge->settings->markets);
    edge->source_rates = loaded.source_rates;
    edge->account_keys = loaded.account_keys;
    edge->source_keys = loaded.source_keys;
    return SEA_OK;
}

bool ingest_edge_is_here(const struct ingest_edge *edge, const struct sea_account *account,
                         struct ingest_problem *problem)
{
    const struct ingest_scope scope = ingest_edge_scope(edge, NULL);
    const struct ingest_whence whence = {.facts = {.account_market = account->market}};
    return ingest_scope_market(&scope, &whence, problem);
}

void ingest_edge_quarantine(struct ingest_items *items, const struct sea_account *account,
                            struct sea_str value)
{
    struct ingest_item *item = ingest_items_add_dead(items, "disabled_account", value);
    sea_assert(item); /* a fresh arena has room for each recipient's */
    item->id = ingest_id("disabled", account, &value, 1);
    sea_metric_inc(&sea_m_ingest_refused_total, account->channel->name, item->dead.reason);
}

void ingest_edge_reload(struct ingest_edge *edge)
{
    edge->wants_reload = edge->readings > 0;
    if (!edge->wants_reload) sea_app_reload(edge->app);
}

void ingest_edge_read(struct ingest_edge *edge)
{
    edge->readings--;
    if (edge->wants_reload) ingest_edge_reload(edge);
}

const struct sea_market *ingest_edge_market(const struct ingest_edge *edge,
                                            const struct sea_account *account,
                                            const struct ingest_item *item)
{
    struct sea_contact_facts facts = {account->market, item->message.phone, item->message.locale};
    return sea_market_of(&edge->settings->markets, &facts);
}

enum sea_consent_rule ingest_edge_recording(const struct sea_market *market, struct sea_str channel)
{
    bool is_meant = sea_texts_have(&market->recording_channels, channel);
    return is_meant ? market->recording : SEA_CONSENT_NONE;
}

/* Under an id of its own: sent again once the channel is open, the message isn't a duplicate. */
static void bury(struct ingest_item *item, const struct sea_account *account)
{
    struct sea_str raw = item->message.raw;
    item->id = ingest_id("channel_closed", account, &item->message.external_id, 1);
    item->kind = INGEST_DEAD;
    item->dead = (struct ingest_dead){.reason = "channel_closed", .value = raw, .offset = -1};
    sea_metric_inc(&sea_m_ingest_refused_total, account->channel->name, item->dead.reason);
}

static void count_message(const struct ingest_edge *edge, const struct sea_account *account,
                          const struct sea_market *market)
{
    sea_metric_inc(&sea_m_ingest_market_messages_total, account->channel->name, market->code);
    if (*edge->own.region && market->region && strcmp(market->region, edge->own.region) != 0)
        sea_metric_inc(&sea_m_ingest_other_region_messages_total, account->channel->name,
                       market->code);
}

/* A webhook may tell of several accounts. */
static const struct sea_account *account_of(const struct ingest_edge *edge,
                                            const struct ingest_item *item,
                                            const struct sea_account *otherwise)
{
    if (sea_str_is(item->account, otherwise->name)) return otherwise;
    const struct sea_account *own =
        sea_channels_account(&edge->settings->channels, item->channel, item->account);
    return own ? own : otherwise;
}

void ingest_edge_sort(const struct ingest_edge *edge, const struct ingest_items *items,
                      const struct sea_account *of)
{
    for (size_t i = 0; i < items->count; i++) {
        struct ingest_item *item = &items->list[i];
        if (item->kind != INGEST_MESSAGE) continue;
        const struct sea_account *account = account_of(edge, item, of);
        const struct sea_market *market = ingest_edge_market(edge, account, item);
        if (item->message.automatic)
            sea_metric_inc(&sea_m_ingest_automatic_mails_total, account->channel->name,
                           item->message.automatic);
        if (sea_texts_have(&market->closed_channels, item->channel))
            bury(item, account);
        else if (!item->message.parts) /* a part counts with its message */
            count_message(edge, account, market);
    }
}
