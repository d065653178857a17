/* desk_api.c: which path is which call, and who may make it. */
#include "desk_api.h"

#include "desk.h"
#include "desk_answer.h"
#include "desk_body.h"
#include "desk_command.h"
#include "desk_files.h"
#include "desk_media.h"
#include "desk_people.h"
#include "desk_session.h"
#include "desk_stream.h"
#include "desk_typing.h"
#include "sea_log.h"

#define API "/api/v1"

/* A route's handler that checks `right` and runs `run`. */
#define CALL(name, right, run)                                                                     \
    static void name(void *ctx, struct sea_http_exchange *exchange,                                \
                     const struct sea_http_request *request)                                       \
    {                                                                                              \
        desk_call_take(ctx, exchange, request, right, run);                                        \
    }
#define OPEN_CALL(name, run)                                                                       \
    static void name(void *ctx, struct sea_http_exchange *exchange,                                \
                     const struct sea_http_request *request)                                       \
    {                                                                                              \
        desk_call_take_anyone(ctx, exchange, request, run);                                        \
    }

CALL(get_message, DESK_MAY_READ, desk_get_message)
CALL(get_media, DESK_MAY_READ, desk_get_media)
CALL(get_tickets, DESK_MAY_READ, desk_get_tickets)
CALL(get_ticket, DESK_MAY_READ, desk_get_ticket)
CALL(post_typing, DESK_MAY_ACT, desk_typing_post)
CALL(post_command, DESK_MAY_ACT, desk_command_ticket)
CALL(get_presence, DESK_MAY_ACT, desk_answer_presence)
CALL(put_presence, DESK_MAY_ACT, desk_command_presence)
CALL(get_order, DESK_MAY_READ, desk_get_order)
CALL(get_event, DESK_MAY_READ, desk_get_event)
CALL(get_customer, DESK_MAY_READ, desk_get_customer)
CALL(get_conversation, DESK_MAY_READ, desk_get_conversation)
CALL(post_consent, DESK_MAY_CONSENT, desk_post_consent)
CALL(post_request, DESK_MAY_SUPERVISE, desk_post_request)
CALL(get_request, DESK_MAY_SUPERVISE, desk_get_request)
CALL(get_export, DESK_MAY_SUPERVISE, desk_get_export)
CALL(get_stream, DESK_MAY_READ, desk_stream_get)
OPEN_CALL(post_session, desk_session_sign_in)
OPEN_CALL(delete_session, desk_session_sign_out)

static const struct sea_http_route ROUTES[] = {
    {SEA_HTTP_GET, API "/messages/{channel}/{account}/{external_id}", get_message, 0},
    {SEA_HTTP_GET, API "/media/{event_id}/{index}", get_media, 0},
    {SEA_HTTP_GET, API "/tickets", get_tickets, 0},
    {SEA_HTTP_GET, API "/tickets/{id}", get_ticket, 0},
    {SEA_HTTP_POST, API "/tickets/{id}/typing", post_typing, DESK_BODY_MAX_BYTES},
    {SEA_HTTP_POST, API "/tickets/{id}/{verb}", post_command, DESK_BODY_MAX_BYTES},
    {SEA_HTTP_GET, API "/agents/me/presence", get_presence, 0},
    {SEA_HTTP_PUT, API "/agents/me/presence", put_presence, DESK_BODY_MAX_BYTES},
    {SEA_HTTP_GET, API "/orders/{order_id}", get_order, 0},
    {SEA_HTTP_GET, API "/events/{event_id}", get_event, 0},
    {SEA_HTTP_GET, API "/customers/{id}", get_customer, 0},
    {SEA_HTTP_GET, API "/customers/{id}/messages", get_conversation, 0},
    {SEA_HTTP_POST, API "/customers/{id}/consents", post_consent, DESK_BODY_MAX_BYTES},
    {SEA_HTTP_POST, API "/privacy/requests", post_request, DESK_BODY_MAX_BYTES},
    {SEA_HTTP_GET, API "/privacy/requests/{id}", get_request, 0},
    {SEA_HTTP_GET, API "/privacy/requests/{id}/export", get_export, 0},
    {SEA_HTTP_GET, API "/stream", get_stream, 0},
    {SEA_HTTP_POST, API "/session", post_session, DESK_BODY_MAX_BYTES},
    {SEA_HTTP_DELETE, API "/session", delete_session, 0},
    {SEA_HTTP_GET, "/", desk_files_get, 0},
    {SEA_HTTP_GET, "/{file}", desk_files_get, 0},
    {SEA_HTTP_GET, "/i18n/{file}", desk_files_get, 0},
};

static void on_drained(void *ctx)
{
    struct desk *desk = ctx;
    sea_app_release(desk->app);
}

static void on_drain(void *ctx)
{
    struct desk *desk = ctx;
    sea_app_hold(desk->app);
    sea_http_server_drain(desk->server, on_drained, desk);
}

enum sea_err desk_api_open(struct desk *desk)
{
    const char *error = NULL;
    struct sea_http_server_config config = {.listen = desk->config->listen,
                                            .routes = ROUTES,
                                            .routes_count = SEA_COUNT(ROUTES),
                                            .ctx = desk,
                                            .connections_max = (uint32_t)desk->own.connections};
    if (sea_http_server_open(&desk->server, sea_app_base(desk->app), &config, &error)) {
        sea_log(SEA_LOG_ERROR, "cannot listen", SEA_F_STR("address", desk->config->listen),
                SEA_F_STR("cause", error));
        return SEA_ERR_FATAL;
    }
    sea_log(SEA_LOG_INFO, "listening", SEA_F_STR("what", "desk"),
            SEA_F_STR("address", sea_http_server_address(desk->server)));
    sea_app_on_drain(desk->app, on_drain, desk);
    return SEA_OK;
}
