/* ingest_http_webhook.c: providers' webhooks and subscription challenges, in the providers' own
 * formats. */
#include <string.h>

#include "ingest_http.h"
#include "ingest_metrics.h"
#include "sea_clock.h"

static void on_published(struct ingest_intake *intake, enum sea_err err)
{
    const struct ingest_adapter *adapter = intake->ctx2;
    if (ingest_http_failed(intake, err)) return;
    int status = adapter->status(&intake->items);
    if (status == 204 || !adapter->body) {
        sea_http_answer_empty(intake->ctx, status);
        return;
    }
    struct sea_http_answer answer = {
        .status = status, .content_type = adapter->content_type, .body = sea_str(adapter->body)};
    sea_http_answer(intake->ctx, &answer);
}

static struct ingest_macs *macs_of(const struct ingest_edge *edge,
                                   const struct sea_account *account)
{
    return &edge->account_macs[account - edge->settings->channels.accounts];
}

static void count_unknown(struct sea_str channel)
{
    const struct sea_channel *known = sea_channel_of(channel);
    const char *label = known ? known->name : "unknown";
    double now_s = (double)sea_clock_wall_ms() / 1000;
    sea_metric_set(&sea_m_ingest_unknown_account_last_seconds, now_s, label);
    if (sea_metric_value(&sea_m_ingest_unknown_account_first_seconds, label) == 0)
        sea_metric_set(&sea_m_ingest_unknown_account_first_seconds, now_s, label);
    ingest_http_count_refusal(label, "unknown_account");
}

static struct sea_str signed_url(const struct ingest_edge *edge,
                                 const struct sea_http_request *request, struct sea_arena *arena)
{
    struct sea_str base = sea_str(edge->config->public_url);
    while (base.len && base.ptr[base.len - 1] == '/') base.len--;
    char *url = sea_arena_alloc(arena, base.len + request->target.len + 1);
    if (!url) return (struct sea_str){NULL, 0};
    memcpy(url, base.ptr, base.len);
    memcpy(url + base.len, request->target.ptr, request->target.len);
    return (struct sea_str){url, base.len + request->target.len};
}

static bool is_doubled(const struct sea_http_request *request, const char *name)
{
    int count = 0;
    for (size_t i = 0; i < request->headers_count; i++)
        count += sea_str_is(request->headers[i].name, name);
    return count > 1;
}

static struct ingest_webhook hook_of(const struct ingest_edge *edge,
                                     const struct sea_account *account,
                                     const struct ingest_adapter *adapter,
                                     const struct sea_http_request *request,
                                     struct ingest_intake *intake)
{
    const struct ingest_macs *macs = macs_of(edge, account);
    return (struct ingest_webhook){
        .account = account,
        .url = signed_url(edge, request, &intake->arena),
        .query = request->query,
        .body = request->body,
        .content_type = sea_http_header(request, "content-type"),
        .signature = sea_http_header(request, adapter->signature_header),
        .is_signature_doubled = is_doubled(request, adapter->signature_header),
        .macs = macs->list,
        .macs_count = macs->count,
        .alc = &intake->alc,
    };
}

static void on_quarantined(struct ingest_intake *intake, enum sea_err err)
{
    if (!ingest_http_failed(intake, err)) ingest_http_not_found(intake->ctx);
}

/* A registered but disabled account: kept, sealed, for whoever enables it. */
static void quarantine(struct ingest_intake *intake, const struct ingest_webhook *hook)
{
    struct ingest_item *item =
        ingest_items_add_dead(&intake->items, "disabled_account", hook->body);
    sea_assert(item); /* the first of a fresh arena */
    item->id = ingest_id("disabled", hook->account, &hook->body, 1);
    ingest_http_count_refusal(intake->label, "disabled_account");
    ingest_intake_publish(intake, on_quarantined);
}

/* The account of the path and its adapter; NULL: it was answered. */
static const struct ingest_adapter *adapter_of(const struct ingest_edge *edge,
                                               struct sea_http_exchange *exchange,
                                               const struct sea_http_request *request,
                                               const struct sea_account **ret_account)
{
    const struct sea_account *account =
        sea_channels_account(&edge->settings->channels, request->params[0], request->params[1]);
    const struct ingest_adapter *adapter =
        account ? ingest_adapter_of(account->channel->adapter) : NULL;
    if (!adapter) {
        count_unknown(request->params[0]);
        ingest_http_not_found(exchange);
    }
    *ret_account = account;
    return adapter;
}

void ingest_http_webhook(void *ctx, struct sea_http_exchange *exchange,
                         const struct sea_http_request *request)
{
    struct ingest_edge *edge = ctx;
    const struct sea_account *account;
    const struct ingest_adapter *adapter = adapter_of(edge, exchange, request, &account);
    if (!adapter) return;
    struct ingest_intake *intake =
        ingest_http_begin(edge, exchange, request, account->channel->name);
    if (!intake) return;
    struct ingest_webhook hook = hook_of(edge, account, adapter, request, intake);
    intake->ctx2 = (void *)(uintptr_t)adapter;
    if (!adapter->verify(&hook)) {
        ingest_http_refuse_silently(exchange, intake->label,
                                    hook.signature.len ? "bad_signature" : "no_signature");
        ingest_intake_drop(intake);
    } else if (!account->is_enabled) {
        quarantine(intake, &hook);
    } else if (!adapter->parse(&hook, &intake->items, &intake->problem)) {
        ingest_http_refuse(intake);
    } else {
        ingest_edge_count_markets(edge, &intake->items, account);
        ingest_intake_publish(intake, on_published);
    }
}

void ingest_http_challenge(void *ctx, struct sea_http_exchange *exchange,
                           const struct sea_http_request *request)
{
    struct ingest_edge *edge = ctx;
    const struct sea_account *account;
    const struct ingest_adapter *adapter = adapter_of(edge, exchange, request, &account);
    if (!adapter) return;
    if (!adapter->challenge || !account->is_enabled) {
        ingest_http_not_found(exchange);
        return;
    }
    struct ingest_intake *intake =
        ingest_http_begin(edge, exchange, request, account->channel->name);
    if (!intake) return;
    struct ingest_webhook hook = hook_of(edge, account, adapter, request, intake);
    struct sea_str challenge = adapter->challenge(&hook, &intake->arena);
    if (!challenge.len) {
        ingest_refuse(&intake->problem, 403, "forbidden", "the verify token is another", NULL);
        ingest_http_refuse(intake);
        return;
    }
    struct sea_http_answer answer = {
        .status = 200, .content_type = "text/plain", .body = challenge};
    sea_http_answer(exchange, &answer);
    ingest_intake_drop(intake);
}
