/* ingest_http.c: the routes of the edge, and what its calls share (contract.md, statuses at the
 * edge). */
#include "ingest_http.h"

#include <stdio.h>
#include <string.h>

#include "ingest_metrics.h"
#include "sea_clock.h"
#include "sea_trace.h"

enum { RETRY_AFTER_S = 1 };

void ingest_http_count_refusal(const char *label, const char *reason)
{
    sea_metric_inc(&sea_m_ingest_refused_total, label, reason);
}

/* The codes of the edge's own refusals (contract.md). */
static enum sea_problem_code code_of(const char *code)
{
    static const struct {
        const char *name;
        enum sea_problem_code code;
    } TABLE[] = {{"malformed", SEA_PROBLEM_MALFORMED},
                 {"source-not-allowed", SEA_PROBLEM_SOURCE_NOT_ALLOWED},
                 {"forbidden", SEA_PROBLEM_FORBIDDEN},
                 {"not-found", SEA_PROBLEM_NOT_FOUND},
                 {"too-large", SEA_PROBLEM_TOO_LARGE},
                 {"too-many", SEA_PROBLEM_TOO_MANY},
                 {"key-reused", SEA_PROBLEM_KEY_REUSED},
                 {"wrong-region", SEA_PROBLEM_WRONG_REGION},
                 {"consent-required", SEA_PROBLEM_CONSENT_REQUIRED},
                 {"unsupported-media-type", SEA_PROBLEM_UNSUPPORTED_MEDIA_TYPE}};
    for (size_t i = 0; i < SEA_COUNT(TABLE); i++)
        if (strcmp(code, TABLE[i].name) == 0) return TABLE[i].code;
    return SEA_PROBLEM_INVALID;
}

void ingest_http_answer_problem(struct sea_http_exchange *exchange, const char *label,
                                const struct ingest_problem *problem)
{
    int64_t index = problem->index;
    struct sea_problem answer = {.code = code_of(problem->code), .detail = problem->detail};
    if (problem->field[0]) answer.field = problem->field;
    answer.reason = problem->reason;
    if (problem->index >= 0) answer.index = &index;
    ingest_http_count_refusal(label, problem->code);
    sea_http_answer_problem(exchange, &answer);
}

void ingest_http_refuse_silently(struct sea_http_exchange *exchange, const char *label,
                                 const char *reason, const char *scheme)
{
    char challenge[64];
    snprintf(challenge, sizeof(challenge), "WWW-Authenticate: %s realm=\"seadesk\"\r\n", scheme);
    ingest_http_count_refusal(label, reason);
    sea_http_answer(exchange, &(struct sea_http_answer){.status = 401, .headers = challenge});
}

void ingest_http_not_found(struct sea_http_exchange *exchange)
{
    struct sea_problem problem = {.code = SEA_PROBLEM_NOT_FOUND,
                                  .detail = "no such account of that channel"};
    sea_http_answer_problem(exchange, &problem);
}

static void unavailable(struct sea_http_exchange *exchange, const char *label)
{
    struct sea_problem problem = {.code = SEA_PROBLEM_UNAVAILABLE,
                                  .detail = "the log cannot take it now; send it again",
                                  .retry_after_s = RETRY_AFTER_S};
    ingest_http_count_refusal(label, "unavailable");
    sea_http_answer_problem(exchange, &problem);
}

void ingest_http_unavailable(struct ingest_intake *intake)
{
    unavailable(intake->ctx, intake->label);
    ingest_intake_drop(intake);
}

void ingest_http_too_fast(struct sea_http_exchange *exchange, const char *label, uint32_t wait_s)
{
    struct sea_problem problem = {.code = SEA_PROBLEM_TOO_MANY_REQUESTS,
                                  .detail = "more events than the source's rate allows",
                                  .retry_after_s = wait_s};
    ingest_http_count_refusal(label, "too-many-requests");
    sea_http_answer_problem(exchange, &problem);
}

struct ingest_intake *ingest_http_begin(struct ingest_edge *edge,
                                        struct sea_http_exchange *exchange,
                                        const struct sea_http_request *request, const char *label)
{
    if (ingest_intakes_is_full(edge->intakes)) {
        unavailable(exchange, label);
        return NULL;
    }
    struct ingest_intake *intake = ingest_intake_begin(edge->intakes);
    struct sea_trace trace = sea_trace_from(sea_http_header(request, "traceparent"));
    sea_trace_print(&trace, intake->trace);
    intake->ctx = exchange;
    intake->label = label;
    intake->events = 1;
    return intake;
}

void ingest_http_refuse(struct ingest_intake *intake)
{
    ingest_http_answer_problem(intake->ctx, intake->label, &intake->problem);
    ingest_intake_drop(intake);
}

bool ingest_http_failed(struct ingest_intake *intake, enum sea_err err)
{
    if (err == SEA_ERR_REJECT)
        ingest_http_answer_problem(intake->ctx, intake->label, &intake->problem);
    else if (err)
        unavailable(intake->ctx, intake->label);
    else
        sea_metric_observe(&sea_m_ingest_accept_duration_seconds,
                           (double)(sea_clock_mono_us() - intake->started_us) / 1e6, intake->label);
    return err != SEA_OK;
}

void ingest_http_quarantined(struct ingest_intake *intake, enum sea_err err)
{
    if (!ingest_http_failed(intake, err)) ingest_http_not_found(intake->ctx);
}

static const struct sea_http_route ROUTES[] = {
    {SEA_HTTP_POST, "/v1/channels/email/{account}", ingest_http_webhook, INGEST_MAIL_MAX},
    {SEA_HTTP_POST, "/v1/channels/{channel}/{account}", ingest_http_webhook, INGEST_BODY_MAX},
    {SEA_HTTP_GET, "/v1/channels/{channel}/{account}", ingest_http_challenge, 0},
    {SEA_HTTP_POST, "/v1/events", ingest_http_events, INGEST_BODY_MAX},
    {SEA_HTTP_OPTIONS, "/v1/events", ingest_http_handshake, 0},
    {SEA_HTTP_GET, "/v1/sources/{source}/rejects", ingest_http_rejects, 0},
    {SEA_HTTP_POST, "/v1/messages", ingest_http_messages, INGEST_BODY_MAX},
    {SEA_HTTP_OPTIONS, "/v1/messages", ingest_http_preflight, 0},
    {SEA_HTTP_POST, "/v1/typing", ingest_http_typing, INGEST_TYPING_MAX},
    {SEA_HTTP_OPTIONS, "/v1/typing", ingest_http_preflight, 0},
    {SEA_HTTP_GET, "/v1/notices/{channel}/{account}", ingest_http_notice, 0},
    {SEA_HTTP_GET, "/v1/widget.js", ingest_http_widget, 0},
};

enum sea_err ingest_http_open(struct ingest_edge *edge)
{
    struct sea_http_server *server;
    struct sea_http_server_config config = {
        .routes = ROUTES,
        .routes_count = SEA_COUNT(ROUTES),
        .ctx = edge,
        .connections_max = (uint32_t)edge->own.connections,
    };
    return sea_app_serve(edge->app, &config, &server);
}
