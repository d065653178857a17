/* ingest_edge.c: the configuration folder of the edge, and secrets made ready once. */
#include "ingest_edge.h"

#include <stdlib.h>
#include <string.h>

#include "ingest_adapter.h"
#include "ingest_metrics.h"
#include "sea_log.h"
#include "sea_webhook.h"

static void open_macs(struct ingest_macs *macs, enum sea_mac_hash hash,
                      const struct sea_secrets *secrets)
{
    for (uint32_t i = 0; i < secrets->count; i++)
        sea_mac_open(&macs->list[macs->count++], hash, secrets->live[i]);
}

static void open_signing(struct ingest_macs *macs, const struct sea_secrets *secrets)
{
    for (uint32_t i = 0; i < secrets->count; i++)
        if (sea_webhook_standard_open(&macs->list[macs->count], secrets->live[i])) macs->count++;
}

static void close_macs(struct ingest_macs **list, size_t count)
{
    for (size_t i = 0; *list && i < count; i++)
        for (size_t k = 0; k < (*list)[i].count; k++) sea_mac_close(&(*list)[i].list[k]);
    free(*list);
    *list = NULL;
}

void ingest_edge_unload(struct ingest_edge *edge)
{
    if (!edge->settings) return;
    close_macs(&edge->account_macs, edge->settings->channels.account_count);
    close_macs(&edge->source_macs, edge->settings->channels.source_count);
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

enum sea_err ingest_edge_load(struct ingest_edge *edge, const struct sea_config *config)
{
    struct sea_settings *settings = NULL;
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_settings_from from = {.folder = config->config,
                                     .is_production = config->mode == SEA_MODE_PRODUCTION};
    bool is_good = sea_settings_open(&from, &errors, &settings);
    if (!is_good) log_errors(&errors);
    sea_yaml_errors_free(&errors);
    if (!is_good) return SEA_ERR_FATAL;

    ingest_edge_unload(edge);
    const struct sea_channels *channels = &settings->channels;
    edge->settings = settings;
    edge->account_macs = sea_alloc((channels->account_count + 1) * sizeof(*edge->account_macs));
    edge->source_macs = sea_alloc((channels->source_count + 1) * sizeof(*edge->source_macs));
    for (uint32_t i = 0; i < channels->account_count; i++) {
        const struct ingest_adapter *adapter =
            ingest_adapter_of(channels->accounts[i].channel->adapter);
        if (adapter)
            open_macs(&edge->account_macs[i], adapter->hash, &channels->accounts[i].secret);
    }
    for (uint32_t i = 0; i < channels->source_count; i++)
        open_signing(&edge->source_macs[i], &channels->sources[i].signing);
    return SEA_OK;
}

void ingest_edge_count_markets(const struct ingest_edge *edge, const struct ingest_items *items,
                               const struct sea_account *account)
{
    for (size_t i = 0; i < items->count; i++) {
        const struct ingest_item *item = &items->list[i];
        if (item->kind != INGEST_MESSAGE) continue;
        struct sea_contact_facts facts = {account->market, item->message.phone,
                                          item->message.locale};
        sea_metric_inc(&sea_m_ingest_market_messages_total, account->channel->name,
                       sea_market_of(&edge->settings->markets, &facts)->code);
    }
}
