/* desk_call.h: one HTTP call on its way: who is behind it, and its one answer, now or later. */
#ifndef DESK_CALL_H
#define DESK_CALL_H

#include "desk_rights.h"
#include "sea_arena.h"
#include "sea_buf.h"
#include "sea_http_server.h"

struct desk;
struct desk_call;

typedef void desk_run(struct desk_call *call);

enum { DESK_SESSION_TEXT = 65, DESK_BODY_MAX_BYTES = 65536 };

/* A copy of what the request said, good until the call is answered. */
struct desk_call {
    struct desk *desk;
    struct sea_http_exchange *exchange;
    struct sea_arena arena; /* ends with the call */
    const char *method;
    struct sea_str path, query, body, params[SEA_HTTP_PARAMS_MAX];
    struct sea_str idempotency_key, if_match, last_event_id, trace; /* headers; absent: empty */
    struct sea_str agent;                                           /* header Seadesk-Agent */
    char session[DESK_SESSION_TEXT]; /* key of the session in Redis, empty: none */
    struct desk_who who;
    enum desk_right right;
    desk_run *run;
    int64_t begun_us;
    void *work; /* of whoever answers later, in the arena */
};

/* Takes a request, finds out who is behind it and whether they may, then calls `run`. Otherwise
 * the call is answered here. */
void desk_call_take(struct desk *desk, struct sea_http_exchange *exchange,
                    const struct sea_http_request *request, enum desk_right right, desk_run *run);
/* The same for calls that nobody need be signed in for; call->session is that of the cookie. */
void desk_call_take_anyone(struct desk *desk, struct sea_http_exchange *exchange,
                           const struct sea_http_request *request, desk_run *run);

/* Each answers the call, exactly once, and ends it. */
void desk_call_answer(struct desk_call *call, int status, struct sea_str json);
void desk_call_answer_empty(struct desk_call *call, int status, const char *headers);
void desk_call_answer_ticket(struct desk_call *call, uint64_t version, struct sea_str json);
void desk_call_refuse(struct desk_call *call, const struct sea_problem *problem);
void desk_call_refuse_as(struct desk_call *call, enum sea_problem_code code, const char *detail);
/* For errors of the stores: RETRY is 503, anything else 500. */
void desk_call_fail(struct desk_call *call, enum sea_err err);
/* For streams: ends the call without an answer; the exchange is the caller's. */
struct sea_http_exchange *desk_call_release(struct desk_call *call);

/* Headers that every answer has: nothing is cached, sniffed or framed. */
extern const char DESK_API_HEADERS[];

#endif
