/* ingest_http_publish.c: POST /v1/events and /v1/messages: registered sources, by Bearer key or
 * Standard Webhooks signature. */
#include <stdio.h>
#include <string.h>

#include "ingest_business.h"
#include "ingest_generic.h"
#include "ingest_http.h"
#include "sea_clock.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "sea_webhook.h"

enum { ANSWER_MAX = 16 * 1024, KEY_MAX = 255, ORIGIN_MAX = 255 };

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

void ingest_http_published(struct ingest_intake *intake, enum sea_err err)
{
    if (ingest_http_failed(intake, err)) return;
    struct sea_buf ids = SEA_BUF(ANSWER_MAX), text = SEA_BUF(ANSWER_MAX);
    uint32_t duplicates;
    print_ids(intake, &ids, &duplicates);
    sea_buf_printf(&text, "{\"accepted\":%u,\"duplicate\":%u,\"ids\":[%s]}",
                   intake->events - duplicates, duplicates, ids.ptr ? ids.ptr : "");
    sea_http_answer_json(intake->ctx, 202, sea_buf_view(&text));
    sea_buf_free(&ids);
    sea_buf_free(&text);
}

struct sea_str ingest_http_bearer(const struct sea_http_request *request)
{
    return sea_http_credentials(sea_http_header(request, "authorization"), "Bearer");
}

/* Of two proofs nobody knows which one another reader would have looked at. */
static bool is_proof_doubled(const struct sea_http_request *request)
{
    static const char *const PROOFS[] = {"authorization", "webhook-id", "webhook-timestamp",
                                         "webhook-signature"};
    size_t counts[SEA_COUNT(PROOFS)] = {0};
    for (size_t i = 0; i < request->headers_count; i++)
        for (size_t k = 0; k < SEA_COUNT(PROOFS); k++)
            if (sea_str_is(request->headers[i].name, PROOFS[k]) && ++counts[k] > 1) return true;
    return false;
}

/* By Bearer key, or by a Standard Webhooks signature over the body; else *ret_reason says why not.
 */
static const struct sea_source *publisher_of(const struct ingest_edge *edge,
                                             const struct sea_http_request *request,
                                             const char **ret_reason)
{
    const struct sea_channels *channels = &edge->settings->channels;
    struct sea_str key = ingest_http_bearer(request);
    *ret_reason = "doubled_header";
    if (is_proof_doubled(request)) return NULL;
    *ret_reason = "unknown_key";
    if (key.len) return sea_channels_source(channels, key);
    struct sea_webhook_standard headers = {
        .id = sea_http_header(request, "webhook-id"),
        .timestamp = sea_http_header(request, "webhook-timestamp"),
        .signatures = sea_http_header(request, "webhook-signature")};
    *ret_reason = headers.signatures.len ? "bad_signature" : "no_key";
    if (!headers.signatures.len) return NULL;
    for (uint32_t i = 0; i < channels->source_count; i++)
        for (size_t k = 0; k < edge->source_keys[i].count; k++)
            if (sea_webhook_standard(edge->source_keys[i].list[k].mac, &headers, request->body,
                                     sea_clock_wall_ms() / 1000,
                                     edge->own.signature_tolerance_ms / 1000))
                return &channels->sources[i];
    return NULL;
}

/* The attributes of binary mode; false, with a problem: one is no text. */
static bool read_attributes(const struct sea_http_request *request, struct sea_arena *arena,
                            struct ingest_cloudevent *event, struct ingest_problem *problem)
{
    const struct {
        const char *header, *field;
        struct sea_str *ret;
    } ATTRIBUTES[] = {{"ce-specversion", "/specversion", &event->specversion},
                      {"ce-id", "/id", &event->id},
                      {"ce-source", "/source", &event->source},
                      {"ce-type", "/type", &event->type},
                      {"ce-subject", "/subject", &event->subject},
                      {"ce-time", "/time", &event->time}};
    for (size_t i = 0; i < SEA_COUNT(ATTRIBUTES); i++)
        if (!ingest_cloudevent_header(sea_http_header(request, ATTRIBUTES[i].header), arena,
                                      ATTRIBUTES[i].ret))
            return ingest_refuse(problem, 422, "invalid",
                                 "the header is no percent-encoded UTF-8 text",
                                 ATTRIBUTES[i].field);
    return true;
}

static bool is_binary(const struct sea_http_request *request)
{
    static const char *const NEEDED[] = {"ce-specversion", "ce-id", "ce-source", "ce-type"};
    for (size_t i = 0; i < SEA_COUNT(NEEDED); i++)
        if (sea_http_header(request, NEEDED[i]).ptr) return true;
    return false;
}

static bool take_binary(const struct ingest_business *business,
                        const struct sea_http_request *request, struct ingest_intake *intake)
{
    struct ingest_cloudevent event = {.content_type = sea_http_header(request, "content-type"),
                                      .bytes = request->body};
    if (!read_attributes(request, &intake->arena, &event, &intake->problem)) return false;
    if (request->body.len <= INGEST_EVENT_BYTES_MAX)
        return ingest_business_take(business, &event, 0, &intake->items, &intake->problem);
    ingest_refuse(&intake->problem, 413, "too-large", "an event may have 192 KiB", NULL);
    return ingest_business_refused(&event, &intake->problem);
}

static bool take_events(const struct ingest_business *business,
                        const struct sea_http_request *request, struct ingest_intake *intake)
{
    bool is_batch = sea_http_is_type(request, "application/cloudevents-batch+json");
    if (is_batch || sea_http_is_type(request, "application/cloudevents+json"))
        return ingest_business_json(business, request->body, is_batch, &intake->items,
                                    &intake->events, &intake->problem);
    is_batch = sea_http_is_type(request, "application/cloudevents-batch+protobuf");
    if (is_batch || sea_http_is_type(request, "application/cloudevents+protobuf"))
        return ingest_business_protobuf(business, request->body, is_batch, &intake->items,
                                        &intake->events, &intake->problem);
    bool is_known = sea_http_is_type(request, "application/json") ||
                    sea_http_is_type(request, "application/protobuf") ||
                    sea_http_is_type(request, "application/x-protobuf");
    if (!is_known || !is_binary(request))
        return ingest_refuse(&intake->problem, 415, "unsupported-media-type",
                             "send CloudEvents: application/cloudevents+json or +protobuf, "
                             "application/cloudevents-batch+json or +protobuf, or "
                             "application/json or application/protobuf with ce- headers",
                             NULL);
    return take_binary(business, request, intake);
}

/* False: it was answered. */
static bool is_in_rate(const struct ingest_edge *edge, const struct sea_source *publisher,
                       uint32_t count, struct sea_http_exchange *exchange, const char *label)
{
    struct ingest_rate *rate = &edge->source_rates[publisher - edge->settings->channels.sources];
    uint32_t wait_s;
    bool is_good = ingest_rate_take(rate, publisher, count, sea_clock_mono_us(), &wait_s);
    if (!is_good) ingest_http_too_fast(exchange, label, wait_s);
    return is_good;
}

const struct sea_source *ingest_http_publisher(const struct ingest_edge *edge,
                                               struct sea_http_exchange *exchange,
                                               const struct sea_http_request *request,
                                               const char *label)
{
    const char *reason;
    const struct sea_source *source = publisher_of(edge, request, &reason);
    if (!source) ingest_http_refuse_silently(exchange, label, reason, "Bearer");
    return source && is_in_rate(edge, source, 1, exchange, label) ? source : NULL;
}

/* The intake of an authentic publisher's request, with its Idempotency-Key; NULL: it was answered.
 */
static struct ingest_intake *begin(struct ingest_edge *edge, struct sea_http_exchange *exchange,
                                   const struct sea_http_request *request, const char *label,
                                   const struct sea_source **ret_publisher)
{
    *ret_publisher = ingest_http_publisher(edge, exchange, request, label);
    if (!*ret_publisher) return NULL;
    struct ingest_intake *intake = ingest_http_begin(edge, exchange, request, label);
    struct sea_str key = sea_http_header(request, "idempotency-key");
    if (!intake || !key.len) return intake;
    if (key.len > KEY_MAX) {
        ingest_refuse(&intake->problem, 422, "invalid", "an Idempotency-Key may have 255 bytes",
                      NULL);
        ingest_http_refuse(intake);
        return NULL;
    }
    struct sea_str parts[] = {SEA_STR("key"), sea_str((*ret_publisher)->name), key};
    struct sea_uuid digest = sea_uuid5(&request->body, 1);
    intake->key = sea_uuid5(parts, SEA_COUNT(parts));
    memcpy(&intake->check, digest.bytes, sizeof(intake->check));
    return intake;
}

/* What the answer says is kept for the source to look at later, too. */
static void refuse(const struct ingest_edge *edge, const struct sea_source *publisher,
                   struct ingest_intake *intake)
{
    char place[16];
    int len = snprintf(place, sizeof(place), "%d", intake->problem.index);
    struct sea_str parts[] = {SEA_STR("reject"), sea_str(intake->trace), {place, (size_t)len}};
    const struct ingest_refusal refusal = {.id = sea_uuid5(parts, SEA_COUNT(parts)),
                                           .problem = &intake->problem,
                                           .at_ms = intake->received_at_ms};
    ingest_rejects_keep(edge->rejects, publisher, &refusal);
    ingest_http_refuse(intake);
}

void ingest_http_events(void *ctx, struct sea_http_exchange *exchange,
                        const struct sea_http_request *request)
{
    const struct ingest_edge *edge = ctx;
    const struct sea_source *publisher;
    struct ingest_intake *intake = begin(ctx, exchange, request, "events", &publisher);
    if (!intake) return;
    const struct ingest_business business = {.alc = &intake->alc,
                                             .scope = ingest_edge_scope(edge, publisher),
                                             .channels = &edge->settings->channels};
    if (!take_events(&business, request, intake))
        refuse(edge, publisher, intake);
    else if (intake->events > 1 &&
             !is_in_rate(edge, publisher, intake->events - 1, exchange, "events"))
        ingest_intake_drop(intake);
    else
        ingest_intake_publish(intake, ingest_http_published);
}

/* The handshake of CloudEvents' "HTTP 1.1 Web Hooks" 4.1: every origin may deliver, if it has a key
 * or signs; one that shows its key learns its rate. */
void ingest_http_handshake(void *ctx, struct sea_http_exchange *exchange,
                           const struct sea_http_request *request)
{
    const struct ingest_edge *edge = ctx;
    struct sea_buf headers = SEA_BUF(1024);
    const struct sea_source *source =
        sea_channels_source(&edge->settings->channels, ingest_http_bearer(request));
    struct sea_str origin = sea_http_header(request, "webhook-request-origin");
    sea_buf_text(&headers, "Allow: OPTIONS, POST\r\n");
    if (origin.len && origin.len <= ORIGIN_MAX) {
        sea_buf_printf(&headers, "WebHook-Allowed-Origin: %.*s\r\n", (int)origin.len, origin.ptr);
        if (source && source->rate_per_s)
            sea_buf_printf(&headers, "WebHook-Allowed-Rate: %llu\r\n", source->rate_per_s * 60ULL);
        else
            sea_buf_text(&headers, "WebHook-Allowed-Rate: *\r\n");
    }
    sea_http_answer(exchange, &(struct sea_http_answer){.status = 204, .headers = headers.ptr});
    sea_buf_free(&headers);
}

/* Whether this source may bring that person's words, and here. */
static bool is_in_scope(const struct ingest_edge *edge, const struct sea_source *publisher,
                        const struct sea_account *account, const struct ingest_item *item,
                        struct ingest_problem *problem)
{
    const struct ingest_scope scope = ingest_edge_scope(edge, publisher);
    const struct ingest_whence whence = {
        .facts = {account->market, item->message.phone, item->message.locale}, .field = "/account"};
    return ingest_scope_market(&scope, &whence, problem);
}

bool ingest_http_consent(const struct ingest_edge *edge, const struct sea_account *account,
                         struct ingest_intake *intake)
{
    const struct ingest_item *item = &intake->items.list[0];
    const struct sea_market *market = ingest_edge_market(edge, account, item);
    if (ingest_edge_recording(market, item->channel) != SEA_CONSENT_OPT_IN) return true;
    if (!item->message.has_recording_consent)
        return ingest_refuse(&intake->problem, 422, "consent-required",
                             "this market keeps nothing before consent to recording",
                             "/consent/recording");
    return ingest_generic_put_consent(&intake->items, account) ||
           ingest_refuse(&intake->problem, 413, "too-large", "the request is too large", NULL);
}

/* Visitors speak for themselves alone. */
static bool is_own(const struct sea_visitor *visitor, const struct sea_account *account,
                   const struct ingest_item *item, struct ingest_problem *problem)
{
    if (account == visitor->account && sea_str_eq(item->contact_id, visitor->contact_id))
        return true;
    return ingest_refuse(problem, 403, "source-not-allowed",
                         "the session is of another contact or account", "/contact/id");
}

/* Of a registered publisher, or (publisher NULL) of a visitor. */
static bool take_message(const struct ingest_edge *edge, const struct sea_source *publisher,
                         const struct sea_visitor *visitor, const struct sea_http_request *request,
                         struct ingest_intake *intake, const struct sea_account **ret_account)
{
    const struct sea_account *account = NULL;
    struct ingest_generic generic = {.channels = &edge->settings->channels,
                                     .source =
                                         publisher ? sea_str(publisher->name) : SEA_STR("visitor"),
                                     .body = request->body,
                                     .alc = &intake->alc};
    if (!sea_http_is_type(request, "application/json"))
        return ingest_refuse(&intake->problem, 415, "unsupported-media-type",
                             "send application/json", NULL);
    if (!ingest_generic_parse(&generic, &intake->items, &intake->problem, &account)) return false;
    if ((!publisher && !is_own(visitor, account, &intake->items.list[0], &intake->problem)) ||
        !is_in_scope(edge, publisher, account, &intake->items.list[0], &intake->problem) ||
        !ingest_http_consent(edge, account, intake))
        return false;
    ingest_edge_sort(edge, &intake->items, account);
    *ret_account = account;
    return true;
}

void ingest_http_messages(void *ctx, struct sea_http_exchange *exchange,
                          const struct sea_http_request *request)
{
    const struct sea_source *publisher = NULL;
    const struct sea_account *account = NULL;
    struct sea_visitor visitor = {0};
    struct sea_str token = ingest_http_bearer(request);
    ingest_http_any_site(exchange);
    struct ingest_intake *intake = ingest_http_is_session(ctx, token)
                                       ? ingest_http_visit(ctx, exchange, request, token, &visitor)
                                       : begin(ctx, exchange, request, "messages", &publisher);
    if (!intake) return;
    if (!take_message(ctx, publisher, &visitor, request, intake, &account)) {
        ingest_http_refuse(intake);
        return;
    }
    const struct ingest_item *item = &intake->items.list[intake->items.count - 1];
    bool is_dead = item->kind == INGEST_DEAD;
    if (publisher && !is_dead && item->message.parts)
        ingest_http_part(ctx, publisher, account, request->body, intake);
    else
        ingest_intake_publish(intake, is_dead ? ingest_http_quarantined : ingest_http_published);
}
