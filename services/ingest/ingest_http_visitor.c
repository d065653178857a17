/* ingest_http_visitor.c: what a visitor's browser asks for: the widget, what the market wants to be
 * said before anything is kept, and who may write as whom. */
#include "ingest_generic.h"
#include "ingest_http.h"
#include "ingest_json.h"
#include "sea_clock.h"
#include "sea_http_file.h"
#include "sea_id.h"
#include "sea_metrics_common.h"
#include "sea_seal.h"

extern const struct sea_http_file ingest_web[];

/* What nobody types, and a queue that was kept while offline still goes through. */
static const struct sea_source VISITOR = {.rate_per_s = 1, .burst = 100};

static const char *const RULES[] = {
    [SEA_CONSENT_NONE] = "none", [SEA_CONSENT_NOTICE] = "notice", [SEA_CONSENT_OPT_IN] = "opt_in"};

void ingest_http_any_site(struct sea_http_exchange *exchange)
{
    sea_http_answer_with(exchange, "Access-Control-Allow-Origin: *\r\n");
}

bool ingest_http_is_session(const struct ingest_edge *edge, struct sea_str token)
{
    return sea_str_starts(token, "ey") && !sea_channels_source(&edge->settings->channels, token);
}

static bool read_visitor(const struct ingest_edge *edge, struct sea_str token,
                         struct sea_arena *arena, struct sea_visitor *ret)
{
    const struct sea_channels *channels = &edge->settings->channels;
    int64_t now_ms = sea_clock_wall_ms();
    return sea_visitor_read(channels, SEA_STR("chat"), token, now_ms, arena, ret) ||
           sea_visitor_read(channels, SEA_STR("form"), token, now_ms, arena, ret);
}

static struct sea_key contact_of(const struct ingest_edge *edge, const struct sea_visitor *visitor)
{
    return sea_contact_key(&edge->pepper, sea_str(visitor->account->channel->name),
                           sea_str(visitor->account->name), visitor->contact_id);
}

static struct ingest_rate *rate_of(struct ingest_edge *edge, const struct sea_visitor *visitor)
{
    struct sea_key key = contact_of(edge, visitor);
    return &edge->visitor_rates[sea_spread(key.bytes) % INGEST_VISITOR_RATES];
}

struct ingest_intake *ingest_http_visit(struct ingest_edge *edge,
                                        struct sea_http_exchange *exchange,
                                        const struct sea_http_request *request,
                                        struct sea_str token, struct sea_visitor *ret)
{
    uint32_t wait_s;
    struct ingest_intake *intake = ingest_http_begin(edge, exchange, request, "messages");
    if (!intake) return NULL;
    if (!read_visitor(edge, token, &intake->arena, ret))
        ingest_http_refuse_silently(exchange, "messages", "bad_session", "Bearer");
    else if (!ingest_rate_take(rate_of(edge, ret), &VISITOR, 1, sea_clock_mono_us(), &wait_s))
        ingest_http_too_fast(exchange, "messages", wait_s);
    else
        return intake;
    ingest_intake_drop(intake);
    return NULL;
}

void ingest_http_preflight(void *ctx, struct sea_http_exchange *exchange,
                           const struct sea_http_request *request)
{
    (void)ctx;
    (void)request;
    ingest_http_any_site(exchange);
    sea_http_answer(exchange, &(struct sea_http_answer){
                                  .status = 204,
                                  .headers = "Access-Control-Allow-Methods: POST\r\n"
                                             "Access-Control-Allow-Headers: authorization, "
                                             "content-type\r\n"
                                             "Access-Control-Max-Age: 86400\r\n"});
}

void ingest_http_notice(void *ctx, struct sea_http_exchange *exchange,
                        const struct sea_http_request *request)
{
    const struct ingest_edge *edge = ctx;
    struct sea_arena arena = SEA_ARENA(4096);
    struct sea_str channel = request->params[0];
    const struct sea_account *account =
        sea_channels_account(&edge->settings->channels, channel, request->params[1]);
    ingest_http_any_site(exchange);
    if (!account || !account->is_enabled || account->adapter != SEA_ADAPTER_GENERIC) {
        ingest_http_not_found(exchange);
        return;
    }
    struct sea_contact_facts facts = {.account_market = account->market,
                                      .locale = ingest_form_text(request->query, "locale", &arena)};
    const struct sea_market *market = sea_market_of(&edge->settings->markets, &facts);
    struct sea_buf json = SEA_BUF(256);
    sea_buf_printf(&json, "{\"market\":\"%s\",\"recording\":\"%s\"}", market->code,
                   RULES[ingest_edge_recording(market, channel)]);
    sea_http_answer(exchange, &(struct sea_http_answer){.status = 200,
                                                        .content_type = "application/json",
                                                        .headers = "Cache-Control: no-cache\r\n",
                                                        .body = sea_buf_view(&json)});
    sea_buf_free(&json);
    sea_arena_free(&arena);
}

/* Nothing is said of somebody who wasn't asked yet, where the market wants that. */
static bool may_tell(const struct ingest_edge *edge, const struct sea_account *account,
                     const struct sea_http_request *request, struct sea_arena *arena,
                     struct ingest_problem *problem)
{
    struct ingest_typing typing;
    yyjson_alc alc = ingest_json_pool(arena);
    if (!sea_http_is_type(request, "application/json"))
        return ingest_refuse(problem, 415, "unsupported-media-type", "send application/json", NULL);
    if (!ingest_generic_typing(request->body, &alc, &typing, problem)) return false;
    struct sea_contact_facts facts = {.account_market = account->market, .locale = typing.locale};
    const struct sea_market *market = sea_market_of(&edge->settings->markets, &facts);
    return typing.has_recording_consent ||
           ingest_edge_recording(market, SEA_STR("chat")) != SEA_CONSENT_OPT_IN ||
           ingest_refuse(problem, 422, "consent-required",
                         "this market keeps nothing before consent to recording",
                         "/consent/recording");
}

static void tell_typing(struct ingest_edge *edge, const struct sea_visitor *visitor)
{
    struct sea_key contact = contact_of(edge, visitor);
    if (sea_typing_take(&edge->typing, sea_spread(contact.bytes), sea_clock_mono_ms()))
        sea_typing_tell(ingest_intakes_redis(edge->intakes), SEA_TYPING_VISITOR, contact);
    else
        sea_metric_inc(&sea_m_typing_total, "too_often");
}

void ingest_http_typing(void *ctx, struct sea_http_exchange *exchange,
                        const struct sea_http_request *request)
{
    struct ingest_edge *edge = ctx;
    struct sea_arena arena = SEA_ARENA(64 * 1024);
    struct ingest_problem problem = {.index = -1};
    struct sea_visitor visitor;
    ingest_http_any_site(exchange);
    if (!sea_visitor_read(&edge->settings->channels, SEA_STR("chat"), ingest_http_bearer(request),
                          sea_clock_wall_ms(), &arena, &visitor)) {
        ingest_http_refuse_silently(exchange, "typing", "bad_session", "Bearer");
    } else if (!may_tell(edge, visitor.account, request, &arena, &problem)) {
        ingest_http_answer_problem(exchange, "typing", &problem);
    } else {
        tell_typing(edge, &visitor);
        sea_http_answer_empty(exchange, 204);
    }
    sea_arena_free(&arena);
}

void ingest_http_widget(void *ctx, struct sea_http_exchange *exchange,
                        const struct sea_http_request *request)
{
    (void)ctx;
    ingest_http_any_site(exchange);
    sea_http_answer_file(exchange, request, &ingest_web[0],
                         "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n"
                         "Cross-Origin-Resource-Policy: cross-origin\r\n");
}
