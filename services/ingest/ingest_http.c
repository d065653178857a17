/* ingest_http.c: the HTTP calls of the edge (contract.md): who asks, what it is, what it is told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_adapter.h"
#include "ingest_business.h"
#include "ingest_edge.h"
#include "ingest_generic.h"
#include "ingest_metrics.h"
#include "sea_clock.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "sea_log.h"
#include "sea_trace.h"
#include "sea_webhook.h"

enum { BODY_MAX = 4 * 1024 * 1024, RETRY_AFTER_S = 1, ANSWER_MAX = 16 * 1024 };

/* What the answer to an intake looks like. */
enum answer_kind { ANSWER_EVENTS, ANSWER_WEBHOOK };

static void count_refusal(const char *channel, const char *reason)
{
    sea_metric_inc(&sea_m_ingest_refused_total, channel, reason);
}

/* The codes of the edge's own refusals (contract.md). */
static enum sea_problem_code code_of(const char *code)
{
    static const struct {
        const char *name;
        enum sea_problem_code code;
    } TABLE[] = {{"malformed", SEA_PROBLEM_MALFORMED},
                 {"source-not-allowed", SEA_PROBLEM_SOURCE_NOT_ALLOWED},
                 {"not-found", SEA_PROBLEM_NOT_FOUND},
                 {"too-large", SEA_PROBLEM_TOO_LARGE},
                 {"too-many", SEA_PROBLEM_TOO_MANY},
                 {"consent-required", SEA_PROBLEM_CONSENT_REQUIRED},
                 {"unsupported", SEA_PROBLEM_UNSUPPORTED_MEDIA_TYPE}};
    for (size_t i = 0; i < SEA_COUNT(TABLE); i++)
        if (strcmp(code, TABLE[i].name) == 0) return TABLE[i].code;
    return SEA_PROBLEM_INVALID;
}

static void refuse(struct sea_http_exchange *exchange, const char *channel,
                   const struct ingest_problem *problem)
{
    int64_t index = problem->index;
    struct sea_problem answer = {.code = code_of(problem->code), .detail = problem->detail};
    if (problem->field[0]) answer.field = problem->field;
    if (problem->index >= 0) answer.index = &index;
    count_refusal(channel, problem->code);
    sea_http_answer_problem(exchange, &answer);
}

static void refuse_simply(struct sea_http_exchange *exchange, const char *channel, int status,
                          const char *reason)
{
    count_refusal(channel, reason);
    sea_http_answer_empty(exchange, status);
}

static void unavailable(struct sea_http_exchange *exchange, const char *channel)
{
    struct sea_problem problem = {.code = SEA_PROBLEM_UNAVAILABLE,
                                  .detail = "the log cannot take it now; send it again",
                                  .retry_after_s = RETRY_AFTER_S};
    count_refusal(channel, "unavailable");
    sea_http_answer_problem(exchange, &problem);
}

/* ---- answers ---- */

/* One id per business event: its first item's root; of a message its own. */
static void print_ids(const struct ingest_intake *intake, struct sea_buf *out,
                      uint32_t *ret_duplicates)
{
    uint32_t next = 0;
    *ret_duplicates = 0;
    for (size_t i = 0; i < intake->items.count; i++) {
        const struct ingest_item *item = &intake->items.list[i];
        char id[SEA_UUID_TEXT];
        if (item->event < next) continue;
        next = item->event + 1;
        sea_uuid_print(sea_uuid_is_nil(item->root) ? item->id : item->root, id);
        sea_buf_printf(out, "%s\"%s\"", item->event ? "," : "", id);
        *ret_duplicates += intake->is_duplicate[i];
    }
}

static void answer_events(const struct ingest_intake *intake, struct sea_http_exchange *exchange)
{
    struct sea_buf ids = SEA_BUF(ANSWER_MAX), text = SEA_BUF(ANSWER_MAX);
    uint32_t duplicates;
    print_ids(intake, &ids, &duplicates);
    sea_buf_printf(&text, "{\"accepted\":%u,\"duplicate\":%u,\"ids\":[%s]}",
                   intake->events - duplicates, duplicates, ids.ptr ? ids.ptr : "");
    sea_http_answer_json(exchange, 202, sea_buf_view(&text));
    sea_buf_free(&ids);
    sea_buf_free(&text);
}

static void answer_webhook(const struct ingest_intake *intake, const struct ingest_adapter *adapter,
                           struct sea_http_exchange *exchange)
{
    int status = adapter->status(&intake->items);
    if (status == 204 || !adapter->body) {
        sea_http_answer_empty(exchange, status);
        return;
    }
    struct sea_http_answer answer = {
        .status = status, .content_type = adapter->content_type, .body = sea_str(adapter->body)};
    sea_http_answer(exchange, &answer);
}

static void on_published(struct ingest_intake *intake, enum sea_err err)
{
    struct sea_http_exchange *exchange = intake->ctx;
    const struct ingest_adapter *adapter = intake->ctx2;
    const char *channel = intake->items.count ? intake->items.list[0].channel.ptr : NULL;
    const char *label = adapter && channel ? channel : "events";
    if (err == SEA_ERR_REJECT) {
        struct ingest_problem problem;
        ingest_refuse(&problem, 413, "too-large", "a message is larger than a record may be", NULL);
        refuse(exchange, label, &problem);
    } else if (err) {
        unavailable(exchange, label);
    } else {
        sea_metric_observe(&sea_m_ingest_accept_duration_seconds,
                           (double)(sea_clock_mono_us() - intake->started_us) / 1e6, label);
        if (intake->kind == ANSWER_EVENTS)
            answer_events(intake, exchange);
        else
            answer_webhook(intake, adapter, exchange);
    }
}

static struct ingest_intake *begin(struct ingest_edge *edge, struct sea_http_exchange *exchange,
                                   const struct sea_http_request *request, enum answer_kind kind)
{
    struct ingest_intake *intake = ingest_intake_begin(edge->intakes);
    struct sea_trace trace = sea_trace_from(sea_http_header(request, "traceparent"));
    sea_trace_print(&trace, intake->trace);
    intake->ctx = exchange;
    intake->kind = (int)kind;
    intake->events = 1;
    return intake;
}

static void refuse_intake(struct ingest_intake *intake, const char *channel)
{
    refuse(intake->ctx, channel, &intake->problem);
    ingest_intake_drop(intake);
}

/* ---- publishers ---- */

static struct sea_str bearer(const struct sea_http_request *request)
{
    struct sea_str header = sea_http_header(request, "authorization");
    if (!sea_str_starts(header, "Bearer ")) return (struct sea_str){NULL, 0};
    return sea_str_trim((struct sea_str){header.ptr + 7, header.len - 7});
}

/* By Bearer key, or by a Standard Webhooks signature over the body. */
static const struct sea_source *publisher_of(const struct ingest_edge *edge,
                                             const struct sea_http_request *request)
{
    const struct sea_channels *channels = &edge->settings->channels;
    struct sea_str key = bearer(request);
    if (key.len) return sea_channels_source(channels, key);
    struct sea_webhook_standard headers = {
        .id = sea_http_header(request, "webhook-id"),
        .timestamp = sea_http_header(request, "webhook-timestamp"),
        .signatures = sea_http_header(request, "webhook-signature")};
    if (!headers.signatures.len) return NULL;
    for (uint32_t i = 0; i < channels->source_count; i++)
        for (size_t k = 0; k < edge->source_macs[i].count; k++)
            if (sea_webhook_standard(edge->source_macs[i].list[k], &headers, request->body,
                                     sea_clock_wall_ms() / 1000,
                                     edge->own.signature_tolerance_ms / 1000))
                return &channels->sources[i];
    return NULL;
}

/* A ce-… header: one round of percent-decoding, must be UTF-8 (CloudEvents HTTP binding 3.1.3.2).
 */
static struct sea_str ce_header(const struct sea_http_request *request, const char *name,
                                struct sea_arena *arena)
{
    struct sea_str raw = sea_http_header(request, name);
    size_t len = 0;
    char *text = sea_arena_alloc(arena, raw.len + 1);
    if (!raw.len || !text || !sea_percent_decode(raw, false, text, &len))
        return (struct sea_str){NULL, 0};
    text[len] = '\0';
    struct sea_str decoded = {text, len};
    return sea_utf8_is_valid(decoded) ? decoded : (struct sea_str){NULL, 0};
}

static bool take_binary(const struct ingest_business *business,
                        const struct sea_http_request *request, struct ingest_intake *intake)
{
    struct sea_arena *arena = &intake->arena;
    struct ingest_cloudevent event = {
        .specversion = ce_header(request, "ce-specversion", arena),
        .id = ce_header(request, "ce-id", arena),
        .source = ce_header(request, "ce-source", arena),
        .type = ce_header(request, "ce-type", arena),
        .subject = ce_header(request, "ce-subject", arena),
        .time = ce_header(request, "ce-time", arena),
        .content_type = sea_http_header(request, "content-type"),
        .bytes = request->body,
    };
    if (request->body.len > INGEST_EVENT_BYTES_MAX)
        return ingest_refuse(&intake->problem, 413, "too-large", "an event may have 192 KiB", NULL);
    return ingest_business_take(business, &event, 0, &intake->items, &intake->problem);
}

static bool take_events(const struct ingest_business *business,
                        const struct sea_http_request *request, struct ingest_intake *intake)
{
    bool is_batch = sea_http_is_type(request, "application/cloudevents-batch+json");
    if (is_batch || sea_http_is_type(request, "application/cloudevents+json"))
        return ingest_business_json(business, request->body, is_batch, &intake->items,
                                    &intake->events, &intake->problem);
    bool is_known = sea_http_is_type(request, "application/json") ||
                    sea_http_is_type(request, "application/protobuf") ||
                    sea_http_is_type(request, "application/x-protobuf");
    if (!is_known || !sea_http_header(request, "ce-specversion").len)
        return ingest_refuse(&intake->problem, 415, "unsupported",
                             "send CloudEvents: application/cloudevents+json, "
                             "application/cloudevents-batch+json, or "
                             "application/json or application/protobuf with ce- headers",
                             NULL);
    return take_binary(business, request, intake);
}

static void on_events(void *ctx, struct sea_http_exchange *exchange,
                      const struct sea_http_request *request)
{
    struct ingest_edge *edge = ctx;
    const struct sea_source *publisher = publisher_of(edge, request);
    if (!publisher) {
        refuse_simply(exchange, "events", 401, "unauthorized");
        return;
    }
    struct ingest_intake *intake = begin(edge, exchange, request, ANSWER_EVENTS);
    struct ingest_business business = {publisher, &intake->alc};
    if (!take_events(&business, request, intake))
        refuse_intake(intake, "events");
    else
        ingest_intake_publish(intake, on_published);
}

/* Where the market demands consent before anything is kept, a message without it is not kept. */
static bool needs_consent(const struct ingest_edge *edge, const struct sea_account *account,
                          const struct ingest_item *item)
{
    struct sea_contact_facts facts = {account->market, item->message.phone, item->message.locale};
    const struct sea_market *market = sea_market_of(&edge->settings->markets, &facts);
    bool is_recorded = false;
    for (uint32_t i = 0; i < market->recording_channels.count; i++)
        is_recorded |= sea_str_is(item->channel, market->recording_channels.items[i]);
    return is_recorded && market->recording == SEA_CONSENT_OPT_IN &&
           !item->message.has_recording_consent;
}

static void on_message(void *ctx, struct sea_http_exchange *exchange,
                       const struct sea_http_request *request)
{
    struct ingest_edge *edge = ctx;
    const struct sea_source *publisher = publisher_of(edge, request);
    const struct sea_account *account = NULL;
    if (!publisher) {
        refuse_simply(exchange, "messages", 401, "unauthorized");
        return;
    }
    struct ingest_intake *intake = begin(edge, exchange, request, ANSWER_EVENTS);
    struct ingest_generic generic = {.channels = &edge->settings->channels,
                                     .markets = &edge->settings->markets,
                                     .source = sea_str(publisher->name),
                                     .body = request->body,
                                     .alc = &intake->alc};
    if (!sea_http_is_type(request, "application/json")) {
        ingest_refuse(&intake->problem, 415, "unsupported", "send application/json", NULL);
        refuse_intake(intake, "messages");
    } else if (!ingest_generic_parse(&generic, &intake->items, &intake->problem, &account)) {
        refuse_intake(intake, "messages");
    } else if (needs_consent(edge, account, &intake->items.list[0])) {
        ingest_refuse(&intake->problem, 422, "consent-required",
                      "this market keeps nothing before consent to recording",
                      "/consent/recording");
        refuse_intake(intake, "messages");
    } else {
        ingest_intake_publish(intake, on_published);
    }
}

/* ---- providers' webhooks ---- */

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
    count_refusal(label, "unknown_account");
}

static void answer_not_found(struct sea_http_exchange *exchange)
{
    struct sea_problem problem = {.code = SEA_PROBLEM_NOT_FOUND,
                                  .detail = "no such account of that channel"};
    sea_http_answer_problem(exchange, &problem);
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
    if (err)
        unavailable(intake->ctx, intake->items.list[0].channel.ptr);
    else
        answer_not_found(intake->ctx);
}

/* A registered but disabled account: kept, sealed, for whoever enables it. */
static void quarantine(struct ingest_intake *intake, const struct ingest_webhook *hook)
{
    struct ingest_item *item = ingest_items_add(&intake->items, INGEST_UNREADABLE);
    sea_assert(item); /* the first of a fresh arena */
    item->channel = sea_str(hook->account->channel->name);
    item->account = sea_str(hook->account->name);
    item->id = ingest_id("disabled", hook->account, &hook->body, 1);
    item->unreadable = hook->body;
    count_refusal(hook->account->channel->name, "disabled_account");
    ingest_intake_publish(intake, on_quarantined);
}

static void count_markets(const struct ingest_edge *edge, const struct ingest_items *items,
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

static void on_webhook(void *ctx, struct sea_http_exchange *exchange,
                       const struct sea_http_request *request)
{
    struct ingest_edge *edge = ctx;
    const struct sea_account *account =
        sea_channels_account(&edge->settings->channels, request->params[0], request->params[1]);
    const struct ingest_adapter *adapter =
        account ? ingest_adapter_of(account->channel->adapter) : NULL;
    if (!adapter) {
        count_unknown(request->params[0]);
        answer_not_found(exchange);
        return;
    }
    struct ingest_intake *intake = begin(edge, exchange, request, ANSWER_WEBHOOK);
    struct ingest_webhook hook = hook_of(edge, account, adapter, request, intake);
    intake->ctx2 = (void *)(uintptr_t)adapter;
    if (!adapter->verify(&hook)) {
        refuse_simply(exchange, account->channel->name, 401,
                      hook.signature.len ? "bad_signature" : "no_signature");
        ingest_intake_drop(intake);
    } else if (!account->is_enabled) {
        quarantine(intake, &hook);
    } else if (!adapter->parse(&hook, &intake->items, &intake->problem)) {
        refuse_intake(intake, account->channel->name);
    } else {
        count_markets(edge, &intake->items, account);
        ingest_intake_publish(intake, on_published);
    }
}

static void on_challenge(void *ctx, struct sea_http_exchange *exchange,
                         const struct sea_http_request *request)
{
    struct ingest_edge *edge = ctx;
    const struct sea_account *account =
        sea_channels_account(&edge->settings->channels, request->params[0], request->params[1]);
    const struct ingest_adapter *adapter =
        account ? ingest_adapter_of(account->channel->adapter) : NULL;
    if (!adapter || !adapter->challenge || !account->is_enabled) {
        count_unknown(request->params[0]);
        answer_not_found(exchange);
        return;
    }
    struct ingest_intake *intake = begin(edge, exchange, request, ANSWER_WEBHOOK);
    struct ingest_webhook hook = hook_of(edge, account, adapter, request, intake);
    struct sea_str challenge = adapter->challenge(&hook, &intake->arena);
    if (challenge.len) {
        struct sea_http_answer answer = {
            .status = 200, .content_type = "text/plain", .body = challenge};
        sea_http_answer(exchange, &answer);
    } else {
        refuse_simply(exchange, account->channel->name, 403, "bad_challenge");
    }
    ingest_intake_drop(intake);
}

static const struct sea_http_route ROUTES[] = {
    {SEA_HTTP_POST, "/v1/channels/{channel}/{account}", on_webhook, BODY_MAX},
    {SEA_HTTP_GET, "/v1/channels/{channel}/{account}", on_challenge, 0},
    {SEA_HTTP_POST, "/v1/events", on_events, BODY_MAX},
    {SEA_HTTP_POST, "/v1/messages", on_message, BODY_MAX},
};

static void on_drained(void *ctx)
{
    struct ingest_edge *edge = ctx;
    sea_app_release(edge->app);
}

static void on_drain(void *ctx)
{
    struct ingest_edge *edge = ctx;
    sea_app_hold(edge->app);
    sea_http_server_drain(edge->server, on_drained, edge);
}

enum sea_err ingest_http_open(struct ingest_edge *edge)
{
    const char *error = NULL;
    struct sea_http_server_config config = {
        .listen = edge->config->listen,
        .routes = ROUTES,
        .routes_count = SEA_COUNT(ROUTES),
        .ctx = edge,
        .connections_max = (uint32_t)edge->own.connections,
    };
    enum sea_err err =
        sea_http_server_open(&edge->server, sea_app_base(edge->app), &config, &error);
    if (err) {
        sea_log(SEA_LOG_ERROR, "cannot listen", SEA_F_STR("address", edge->config->listen),
                SEA_F_STR("cause", error));
        return SEA_ERR_FATAL;
    }
    sea_log(SEA_LOG_INFO, "listening", SEA_F_STR("what", "edge"),
            SEA_F_STR("address", sea_http_server_address(edge->server)));
    sea_app_on_drain(edge->app, on_drain, edge);
    return SEA_OK;
}
