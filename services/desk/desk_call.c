/* desk_call.c: copies a request, asks who it is from, answers. */
#include "desk_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "desk_session.h"
#include "desk_store.h"
#include "sea_clock.h"

enum { ARENA_MAX_BYTES = 1 << 20, PROBLEM_MAX_BYTES = 4096, RETRY_AFTER_S = 1 };

const char DESK_API_HEADERS[] = "Cache-Control: no-store\r\n"
                                "X-Content-Type-Options: nosniff\r\n"
                                "Content-Security-Policy: default-src 'none'; "
                                "frame-ancestors 'none'\r\n"
                                "Cross-Origin-Resource-Policy: same-origin\r\n";

/* ---- answers ---- */

struct sea_http_exchange *desk_call_release(struct desk_call *call)
{
    struct sea_http_exchange *exchange = call->exchange;
    sea_arena_free(&call->arena);
    free(call);
    return exchange;
}

static void answer(struct desk_call *call, int status, const char *type, const char *more,
                   struct sea_str body)
{
    char headers[1024];
    int len = snprintf(headers, sizeof(headers), "%s%s", DESK_API_HEADERS, more);
    sea_assert(len > 0 && (size_t)len < sizeof(headers));
    struct sea_http_answer out = {
        .status = status, .content_type = type, .headers = headers, .body = body};
    sea_http_answer(call->exchange, &out);
    (void)desk_call_release(call);
}

void desk_call_answer(struct desk_call *call, int status, struct sea_str json)
{
    answer(call, status, "application/json", "", json);
}

void desk_call_answer_ticket(struct desk_call *call, uint64_t version, struct sea_str json)
{
    char tag[48];
    snprintf(tag, sizeof(tag), "ETag: \"%llu\"\r\n", (unsigned long long)version);
    answer(call, 200, "application/json", tag, json);
}

void desk_call_answer_empty(struct desk_call *call, int status, const char *headers)
{
    answer(call, status, NULL, headers, (struct sea_str){NULL, 0});
}

void desk_call_refuse(struct desk_call *call, const struct sea_problem *problem)
{
    char more[80] = "";
    struct sea_buf json = SEA_BUF(PROBLEM_MAX_BYTES);
    sea_problem_print(problem, &json);
    if (problem->retry_after_s)
        snprintf(more, sizeof(more), "Retry-After: %u\r\n", problem->retry_after_s);
    if (problem->code == SEA_PROBLEM_UNAUTHORIZED) /* RFC 9110 §15.5.2 */
        snprintf(more, sizeof(more), "WWW-Authenticate: Bearer realm=\"seadesk\"\r\n");
    answer(call, sea_problem_status(problem->code), "application/problem+json", more,
           sea_buf_view(&json));
    sea_buf_free(&json);
}

void desk_call_refuse_as(struct desk_call *call, enum sea_problem_code code, const char *detail)
{
    struct sea_problem problem = {.code = code, .detail = detail};
    if (code == SEA_PROBLEM_UNAVAILABLE) problem.retry_after_s = RETRY_AFTER_S;
    desk_call_refuse(call, &problem);
}

void desk_call_fail(struct desk_call *call, enum sea_err err)
{
    if (err == SEA_ERR_RETRY)
        desk_call_refuse_as(call, SEA_PROBLEM_UNAVAILABLE, "a dependency is away or too slow");
    else
        desk_call_refuse_as(call, SEA_PROBLEM_INTERNAL, NULL);
}

/* ---- the request ---- */

static struct desk_call *open_call(struct desk *desk, struct sea_http_exchange *exchange,
                                   const struct sea_http_request *request)
{
    struct desk_call *call = sea_alloc(sizeof(*call));
    call->desk = desk;
    call->exchange = exchange;
    call->arena = (struct sea_arena)SEA_ARENA(ARENA_MAX_BYTES);
    call->method = sea_http_method_name(request->method);
    call->begun_us = sea_clock_mono_us();
    struct sea_arena *arena = &call->arena;
    call->path = sea_arena_str(arena, request->path);
    call->query = sea_arena_str(arena, request->query);
    call->body = sea_arena_str(arena, request->body);
    for (size_t i = 0; i < request->params_count; i++)
        call->params[i] = sea_arena_str(arena, request->params[i]);
    const struct {
        const char *name;
        struct sea_str *ret;
    } headers[] = {{"idempotency-key", &call->idempotency_key},
                   {"if-match", &call->if_match},
                   {"last-event-id", &call->last_event_id},
                   {"traceparent", &call->trace},
                   {"seadesk-agent", &call->agent}};
    for (size_t i = 0; i < SEA_COUNT(headers); i++)
        *headers[i].ret = sea_arena_str(arena, sea_http_header(request, headers[i].name));
    desk_session_of(desk, request, call->session);
    return call;
}

/* Browsers send what a foreign page makes them send: only JSON, and only from our own page. */
static bool is_safe(struct desk_call *call, const struct sea_http_request *request)
{
    struct sea_str site = sea_http_header(request, "sec-fetch-site");
    if (request->body.len && !sea_http_is_type(request, "application/json")) {
        desk_call_refuse_as(call, SEA_PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                            "the body must be application/json");
        return false;
    }
    if (request->method != SEA_HTTP_GET && request->method != SEA_HTTP_HEAD && site.len &&
        !sea_str_is(site, "same-origin") && !sea_str_is(site, "none")) {
        desk_call_refuse_as(call, SEA_PROBLEM_FORBIDDEN, "the request comes from another site");
        return false;
    }
    return true;
}

/* ---- who ---- */

static void run_if_may(struct desk_call *call)
{
    struct sea_problem problem = {0};
    if (desk_may(&call->who, call->right, &problem))
        call->run(call);
    else
        desk_call_refuse(call, &problem);
}

/* Who `user` is; the answer is given here when there is no such user any more. */
static bool find_user(struct desk_call *call, struct sea_str user, enum sea_problem_code otherwise)
{
    struct desk_account account;
    bool is_found = false;
    enum sea_err err = SEA_OK;
    if (desk_user_is_valid(user)) err = desk_store_account(call->desk, user, &account, &is_found);
    if (err)
        desk_call_fail(call, err);
    else if (!is_found)
        desk_call_refuse_as(call, otherwise,
                            otherwise == SEA_PROBLEM_INVALID
                                ? "the header Seadesk-Agent names no user"
                                : "sign in again");
    if (err || !is_found) return false;
    char key[DESK_NAME_MAX + 1];
    memcpy(key, call->who.key, sizeof(key));
    call->who = account.who;
    memcpy(call->who.key, key, sizeof(key));
    return true;
}

static void on_session(struct desk_call *call, enum sea_err err, struct sea_str user)
{
    if (err)
        desk_call_fail(call, err);
    else if (!user.len)
        desk_call_refuse_as(call, SEA_PROBLEM_UNAUTHORIZED, "sign in again");
    else if (find_user(call, user, SEA_PROBLEM_UNAUTHORIZED))
        run_if_may(call);
}

static void authenticate_key(struct desk_call *call, struct sea_str header)
{
    const struct sea_api_key *key = NULL;
    struct sea_str secret = sea_http_credentials(header, "Bearer");
    if (secret.len) key = sea_channels_api_key(&call->desk->settings->channels, secret);
    if (!key) {
        desk_call_refuse_as(call, SEA_PROBLEM_UNAUTHORIZED, "the API key is not known");
        return;
    }
    snprintf(call->who.key, sizeof(call->who.key), "%s", key->name);
    if (!call->agent.len || find_user(call, call->agent, SEA_PROBLEM_INVALID)) run_if_may(call);
}

void desk_call_take(struct desk *desk, struct sea_http_exchange *exchange,
                    const struct sea_http_request *request, enum desk_right right, desk_run *run)
{
    struct desk_call *call = open_call(desk, exchange, request);
    struct sea_str authorization = sea_http_header(request, "authorization");
    call->right = right;
    call->run = run;
    if (!is_safe(call, request)) return;
    if (authorization.len)
        authenticate_key(call, authorization);
    else if (*call->session)
        desk_session_find(call, on_session);
    else
        desk_call_refuse_as(call, SEA_PROBLEM_UNAUTHORIZED, "sign in, or send an API key");
}

void desk_call_take_anyone(struct desk *desk, struct sea_http_exchange *exchange,
                           const struct sea_http_request *request, desk_run *run)
{
    struct desk_call *call = open_call(desk, exchange, request);
    if (is_safe(call, request)) run(call);
}
