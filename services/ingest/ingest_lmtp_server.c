/* ingest_lmtp_server.c: connections of LMTP on the loop, and their messages on the way to the log.
 */
#include "ingest_lmtp_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "ingest_lmtp.h"
#include "ingest_mail.h"
#include "ingest_metrics.h"
#include "sea_clock.h"
#include "sea_log.h"

enum {
    CONNECTIONS_MAX = 64,
    IDLE_S = 300, /* RFC 5321 4.5.3.2.7 */
    WRITE_S = 60,
    READ_MAX = 256 * 1024,  /* that wait to be looked at */
    UNREAD_MAX = 64 * 1024, /* answers that the client doesn't fetch */
};

static const char LABEL[] = "email";

/* One connection. While its message is on the way to the log it lives on, even when the client is
 * gone. */
struct connection {
    TAILQ_ENTRY(connection) of_server;
    struct ingest_lmtp_server *server;
    struct bufferevent *stream; /* NULL: the client is gone */
    struct ingest_lmtp lmtp;
    bool is_publishing, is_advancing;
};

struct ingest_lmtp_server {
    struct ingest_edge *edge;
    struct evconnlistener *listener;
    TAILQ_HEAD(, connection) connections;
    size_t count;
    bool is_holding; /* the app, until all are gone */
};

static void release_if_empty(struct ingest_lmtp_server *server)
{
    if (!server->is_holding || server->count) return;
    server->is_holding = false;
    sea_app_release(server->edge->app);
}

static void destroy(struct connection *connection)
{
    struct ingest_lmtp_server *server = connection->server;
    if (connection->stream) bufferevent_free(connection->stream);
    connection->stream = NULL;
    if (connection->is_publishing) return; /* on_published() does the rest */
    TAILQ_REMOVE(&server->connections, connection, of_server);
    server->count--;
    ingest_lmtp_close(&connection->lmtp);
    free(connection);
    release_if_empty(server);
}

/* ---- mailboxes ---- */

static const struct sea_account *account_of(const struct ingest_edge *edge, struct sea_str address)
{
    char mailbox[INGEST_LMTP_ADDRESS_MAX];
    if (!ingest_lmtp_mailbox(address, mailbox)) return NULL;
    return sea_channels_account(&edge->settings->channels, sea_str(LABEL), sea_str(mailbox));
}

static enum ingest_lmtp_outcome has_mailbox(void *ctx, struct sea_str address)
{
    const struct connection *connection = ctx;
    const struct ingest_edge *edge = connection->server->edge;
    const struct sea_account *account = account_of(edge, address);
    struct ingest_problem problem;
    if (!account) {
        sea_metric_inc(&sea_m_ingest_refused_total, LABEL, "unknown_account");
        return INGEST_LMTP_UNKNOWN;
    }
    if (!ingest_edge_is_here(edge, account, &problem)) {
        sea_metric_inc(&sea_m_ingest_refused_total, LABEL, problem.code);
        return INGEST_LMTP_ELSEWHERE;
    }
    return account->is_enabled ? INGEST_LMTP_TAKEN : INGEST_LMTP_DISABLED;
}

/* ---- messages ---- */

static void advance(struct connection *connection);

static void answer(struct connection *connection, enum ingest_lmtp_outcome outcome)
{
    if (outcome == INGEST_LMTP_LATER)
        sea_metric_inc(&sea_m_ingest_refused_total, LABEL, "unavailable");
    if (outcome == INGEST_LMTP_REFUSED)
        sea_metric_inc(&sea_m_ingest_refused_total, LABEL, "too-large");
    ingest_lmtp_done(&connection->lmtp, outcome);
}

static void on_published(struct ingest_intake *intake, enum sea_err err)
{
    struct connection *connection = intake->ctx;
    connection->is_publishing = false;
    if (!err)
        sea_metric_observe(&sea_m_ingest_accept_duration_seconds,
                           (double)(sea_clock_mono_us() - intake->started_us) / 1e6, LABEL);
    answer(connection, err == SEA_OK           ? INGEST_LMTP_TAKEN
                       : err == SEA_ERR_REJECT ? INGEST_LMTP_REFUSED
                                               : INGEST_LMTP_LATER);
    advance(connection);
}

static bool is_earlier(const struct connection *connection, size_t index,
                       const struct sea_account *account)
{
    for (size_t i = 0; i < index; i++)
        if (account_of(connection->server->edge, sea_str(connection->lmtp.recipients[i])) ==
            account)
            return true;
    return false;
}

/* An item for each account among the recipients; false: one is gone, opened or closed since RCPT.
 */
static bool add_items(struct connection *connection, struct ingest_intake *intake,
                      const struct ingest_mail *mail)
{
    const struct ingest_edge *edge = connection->server->edge;
    const struct ingest_lmtp *lmtp = &connection->lmtp;
    for (size_t i = 0; i < lmtp->recipients_count; i++) {
        struct sea_str address = sea_str(lmtp->recipients[i]);
        const struct ingest_webhook hook = {.account = account_of(edge, address)};
        bool is_open = lmtp->mailboxes[i] == INGEST_LMTP_TAKEN;
        if (!hook.account || hook.account->is_enabled != is_open) return false;
        if (is_earlier(connection, i, hook.account)) continue;
        if (!is_open) {
            ingest_edge_quarantine(&intake->items, hook.account, sea_buf_view(&lmtp->message));
            continue;
        }
        size_t before = intake->items.count;
        ingest_found_mail(&hook, &intake->items, mail, address, sea_buf_view(&lmtp->message));
        const struct ingest_items added = {.list = intake->items.list + before,
                                           .count = intake->items.count - before};
        ingest_edge_sort(edge, &added, hook.account);
    }
    return true;
}

/* A message that is read by the thread, in its intake's arena. */
struct reading {
    struct connection *connection;
    struct ingest_mail mail;
    bool is_read;
};

static void on_thread(void *ctx)
{
    struct ingest_intake *intake = ctx;
    struct reading *reading = intake->ctx2;
    reading->is_read = ingest_mail_read(
        &reading->mail, sea_buf_view(&reading->connection->lmtp.message), &intake->arena);
}

static void on_read(void *ctx)
{
    struct ingest_intake *intake = ctx;
    const struct reading *reading = intake->ctx2;
    struct connection *connection = reading->connection;
    if (reading->is_read && add_items(connection, intake, &reading->mail)) {
        ingest_intake_publish(intake, on_published);
        return;
    }
    connection->is_publishing = false;
    answer(connection, reading->is_read ? INGEST_LMTP_LATER : INGEST_LMTP_REFUSED);
    ingest_intake_drop(intake);
    advance(connection);
}

/* The message stays where it is; of the intake's arena no more is used than it is long, by and by.
 */
static void publish(struct connection *connection)
{
    struct ingest_edge *edge = connection->server->edge;
    if (ingest_intakes_is_full(edge->intakes)) {
        answer(connection, INGEST_LMTP_LATER);
        return;
    }
    struct ingest_intake *intake = ingest_intake_begin(edge->intakes);
    struct reading *reading = sea_arena_zero(&intake->arena, sizeof(*reading));
    sea_assert(reading); /* the first of a fresh arena */
    if (!ingest_intake_reserve(intake, &edge->mail, connection->lmtp.message.len)) {
        ingest_intake_drop(intake);
        answer(connection, INGEST_LMTP_LATER);
        return;
    }
    reading->connection = connection;
    intake->ctx = connection;
    intake->ctx2 = reading;
    intake->label = LABEL;
    intake->reading = (struct sea_job){.run = on_thread, .done = on_read, .ctx = intake};
    connection->is_publishing = true;
    sea_thread_add(edge->reader, &intake->reading);
}

/* ---- connections ---- */

static void flush(struct connection *connection)
{
    struct sea_buf *out = &connection->lmtp.out;
    if (connection->stream && out->len) bufferevent_write(connection->stream, out->ptr, out->len);
    sea_buf_reset(out);
}

static size_t unread(const struct connection *connection)
{
    return evbuffer_get_length(bufferevent_get_output(connection->stream));
}

/* Takes what the client sent; false: there is nothing to be done with it now. */
static bool take_some(struct connection *connection)
{
    struct ingest_lmtp *lmtp = &connection->lmtp;
    if (!connection->stream || connection->is_publishing || lmtp->state == INGEST_LMTP_OVER ||
        unread(connection) > UNREAD_MAX)
        return false;
    struct evbuffer *input = bufferevent_get_input(connection->stream);
    struct sea_str bytes = {NULL, evbuffer_get_length(input)};
    if (!bytes.len) return false;
    bytes.ptr = (const char *)evbuffer_pullup(input, -1);
    size_t taken = ingest_lmtp_feed(lmtp, bytes);
    evbuffer_drain(input, taken);
    if (lmtp->state == INGEST_LMTP_WHOLE) publish(connection);
    flush(connection);
    return taken > 0;
}

/* Everything that can be done now; the connection may be gone afterwards. */
static void advance(struct connection *connection)
{
    struct ingest_lmtp *lmtp = &connection->lmtp;
    if (connection->is_advancing) return;
    connection->is_advancing = true;
    while (take_some(connection)) continue;
    connection->is_advancing = false;
    if (connection->is_publishing) return;
    if (connection->server->is_holding && lmtp->state != INGEST_LMTP_OVER) ingest_lmtp_end(lmtp);
    flush(connection);
    if (!connection->stream || (lmtp->state == INGEST_LMTP_OVER && !unread(connection)))
        destroy(connection);
}

static void on_ready(struct bufferevent *stream, void *ctx)
{
    (void)stream;
    advance(ctx);
}

/* The end of it, a failure, or a client that says nothing for too long. */
static void on_gone(struct bufferevent *stream, short what, void *ctx)
{
    (void)stream;
    (void)what;
    destroy(ctx);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
                      int peer_len, void *ctx)
{
    static const struct timeval IDLE = {.tv_sec = IDLE_S}, WRITE = {.tv_sec = WRITE_S};
    struct ingest_lmtp_server *server = ctx;
    (void)peer;
    (void)peer_len;
    if (server->count == CONNECTIONS_MAX) {
        static const char BUSY[] = "421 4.3.2 too many connections\r\n";
        (void)!send(fd, BUSY, sizeof(BUSY) - 1, MSG_NOSIGNAL);
        evutil_closesocket(fd);
        return;
    }
    struct connection *connection = sea_alloc(sizeof(*connection));
    *connection = (struct connection){
        .server = server,
        .stream = bufferevent_socket_new(evconnlistener_get_base(listener), fd,
                                         BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS),
        .lmtp = {.has = has_mailbox,
                 .ctx = connection,
                 .budget = &server->edge->mail,
                 .message_max_bytes = INGEST_MAIL_MAX}};
    sea_assert(connection->stream);
    TAILQ_INSERT_TAIL(&server->connections, connection, of_server);
    server->count++;
    ingest_lmtp_open(&connection->lmtp);
    bufferevent_setcb(connection->stream, on_ready, on_ready, on_gone, connection);
    bufferevent_setwatermark(connection->stream, EV_READ, 0, READ_MAX);
    bufferevent_set_timeouts(connection->stream, &IDLE, &WRITE);
    bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
    flush(connection);
}

/* ---- the server ---- */

static enum sea_err cannot_listen(const char *address, const char *cause)
{
    sea_log(SEA_LOG_ERROR, "cannot listen", SEA_F_STR("what", "lmtp"),
            SEA_F_STR("address", address), SEA_F_STR("cause", cause));
    return SEA_ERR_FATAL;
}

enum sea_err ingest_lmtp_server_open(struct ingest_lmtp_server **ret, struct ingest_edge *edge)
{
    const char *listen = edge->own.lmtp;
    struct sockaddr_storage address;
    int len = 0;
    if (!*listen) return SEA_OK;
    if (edge->config->mode == SEA_MODE_PRODUCTION && !edge->config->tls_proxy &&
        !sea_http_is_loopback(listen))
        return cannot_listen(listen, "LMTP has neither TLS nor passwords: in production mode only "
                                     "on a loopback address, or with SEADESK_TLS_PROXY=true");
    if (!sea_http_parse_address(listen, &address, &len))
        return cannot_listen(listen, "an address is written as 127.0.0.1:2424 or [::1]:2424");
    struct ingest_lmtp_server *server = sea_alloc(sizeof(*server));
    *server = (struct ingest_lmtp_server){.edge = edge};
    TAILQ_INIT(&server->connections);
    server->listener =
        evconnlistener_new_bind(sea_app_base(edge->app), on_accept, server,
                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
                                -1, (struct sockaddr *)&address, len);
    if (!server->listener) {
        free(server);
        return cannot_listen(listen, strerror(errno));
    }
    sea_log(SEA_LOG_INFO, "listening", SEA_F_STR("what", "lmtp"), SEA_F_STR("address", listen));
    *ret = server;
    return SEA_OK;
}

void ingest_lmtp_server_drain(struct ingest_lmtp_server *server)
{
    if (!server) return;
    evconnlistener_free(server->listener);
    server->listener = NULL;
    server->is_holding = true;
    sea_app_hold(server->edge->app);
    struct connection *connection = TAILQ_FIRST(&server->connections), *next;
    for (; connection; connection = next) {
        next = TAILQ_NEXT(connection, of_server);
        advance(connection);
    }
    release_if_empty(server);
}

void ingest_lmtp_server_close(struct ingest_lmtp_server **pointer)
{
    struct ingest_lmtp_server *server = *pointer;
    if (!server) return;
    server->is_holding = false;
    if (server->listener) evconnlistener_free(server->listener);
    struct connection *connection = TAILQ_FIRST(&server->connections), *next;
    for (; connection; connection = next) {
        next = TAILQ_NEXT(connection, of_server);
        connection->is_publishing = false; /* whom it waited for is closed */
        destroy(connection);
    }
    free(server);
    *pointer = NULL;
}
