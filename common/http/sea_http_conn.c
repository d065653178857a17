/* sea_http_conn.c: the bytes of one connection: read, parsed, handed to handlers, written, and its
 * end. */
#include "sea_http_conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sea_clock.h"
#include "sea_metrics_common.h"

void sea_http_conn_read_clock(struct sea_http_server *server)
{
    server->now_us = sea_clock_mono_us();
    server->now_ms = server->now_us / 1000;
}

static struct sea_http_parse *take_parse(struct sea_http_server *server)
{
    if (server->spare_parses_count > 0) return server->spare_parses[--server->spare_parses_count];
    struct sea_http_parse *parse = sea_alloc(sizeof *parse);
    return parse;
}

static void give_parse(struct sea_http_conn *conn, struct sea_http_parse *parse)
{
    struct sea_http_server *server = conn->server;
    server->stats.bodies_bytes -= conn->body_counted;
    conn->body_counted = 0;
    if (parse->body.cap > SEA_HTTP_SPARE_BODY_BYTES) sea_buf_free(&parse->body);
    if (server->spare_parses_count < SEA_HTTP_SPARE_PARSES) {
        server->spare_parses[server->spare_parses_count++] = parse;
        return;
    }
    sea_http_parse_free(parse);
    free(parse);
}

/* The route of the request whose head is whole; else NULL, and the problem. */
static const struct sea_http_route *route_of(struct sea_http_parse *parse,
                                             const struct sea_http_server_config *config,
                                             enum sea_problem_code *ret_problem)
{
    enum sea_http_method method = parse->request.method;
    enum sea_http_method wanted = method == SEA_HTTP_HEAD ? SEA_HTTP_GET : method;
    *ret_problem = SEA_PROBLEM_NOT_FOUND;
    for (size_t i = 0; i < config->routes_count; i++) {
        const struct sea_http_route *route = &config->routes[i];
        bool is_broken = false;
        if (!sea_http_parse_route(parse, route->pattern, &is_broken)) continue;
        if (route->method == wanted && !is_broken) return route;
        *ret_problem = is_broken ? SEA_PROBLEM_MALFORMED : SEA_PROBLEM_METHOD_NOT_ALLOWED;
        if (is_broken) return NULL;
    }
    return NULL;
}

/* A request without a route is read to its end only when nothing but its head belongs to it. */
static int on_head(struct sea_http_parse *parse, void *ctx)
{
    struct sea_http_conn *conn = ctx;
    bool has_body = parse->parser.content_length > 0 || (parse->parser.flags & F_CHUNKED) != 0;
    conn->route = route_of(parse, &conn->server->config, &conn->problem);
    conn->is_unrouted = conn->route == NULL;
    parse->body.max = conn->route != NULL ? conn->route->body_max_bytes : 0;
    return conn->is_unrouted && has_body ? sea_http_parse_refuse(parse, conn->problem, NULL) : 0;
}

/* "Allow: GET, HEAD, POST\r\n" for the path of the request. */
static void print_allow(struct sea_http_conn *conn, struct sea_http_parse *parse, char *ret,
                        size_t size)
{
    const struct sea_http_server_config *config = &conn->server->config;
    size_t len = (size_t)snprintf(ret, size, "Allow:");
    const char *comma = " ";
    for (size_t i = 0; i < config->routes_count && len < size; i++) {
        bool is_broken = false;
        if (!sea_http_parse_route(parse, config->routes[i].pattern, &is_broken)) continue;
        bool is_get = config->routes[i].method == SEA_HTTP_GET;
        len += (size_t)snprintf(ret + len, size - len, "%s%s%s", comma,
                                sea_http_method_name(config->routes[i].method),
                                is_get ? ", HEAD" : "");
        comma = ", ";
    }
    if (len < size) snprintf(ret + len, size - len, "\r\n");
}

static void answer_unrouted(struct sea_http_conn *conn, struct sea_http_parse *parse,
                            struct sea_http_exchange *exchange)
{
    struct sea_problem problem = {.code = conn->problem};
    char allow[160] = "";
    if (problem.code == SEA_PROBLEM_METHOD_NOT_ALLOWED)
        print_allow(conn, parse, allow, sizeof allow);
    sea_http_exchange_answer_problem(exchange, &problem, allow);
}

static struct sea_http_exchange *open_refusal(struct sea_http_conn *conn)
{
    struct sea_http_exchange *exchange = sea_http_exchange_open(conn);
    exchange->is_last = exchange->is_refusal = true;
    conn->is_closing = true;
    return exchange;
}

/* Label `reason` of the metric http_refused_total. */
static const char *reason_of(int status)
{
    if (status == 408) return "timeout";
    return status == 413 || status == 414 || status == 431 || status == 503 ? "too_large"
                                                                            : "malformed";
}

void sea_http_conn_refuse(struct sea_http_conn *conn, const struct sea_problem *problem)
{
    sea_metric_inc(&sea_m_http_refused_total, reason_of(sea_problem_status(problem->code)));
    sea_http_exchange_answer_problem(open_refusal(conn), problem, NULL);
}

/* What the parser refused: its own finding, or a path or method that no route has. */
static void refuse_parsed(struct sea_http_conn *conn)
{
    struct sea_http_parse *parse = conn->parse;
    conn->parse = NULL;
    if (conn->is_unrouted) {
        struct sea_http_exchange *exchange = open_refusal(conn);
        exchange->is_head = parse->request.method == SEA_HTTP_HEAD;
        answer_unrouted(conn, parse, exchange);
    } else {
        sea_http_conn_refuse(
            conn, &(struct sea_problem){.code = parse->refusal, .detail = parse->refusal_detail});
    }
    give_parse(conn, parse);
}

/* RFC 9110 §12.5.3: the answer says which coding would do. */
static void answer_encoded(struct sea_http_exchange *exchange)
{
    struct sea_problem problem = {.code = SEA_PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                                  .detail = "send the body without Content-Encoding"};
    sea_http_exchange_answer_problem(exchange, &problem, "Accept-Encoding: identity\r\n");
}

static void dispatch(struct sea_http_conn *conn)
{
    struct sea_http_server *server = conn->server;
    struct sea_http_parse *parse = conn->parse;
    struct sea_http_exchange *exchange = sea_http_exchange_open(conn);
    conn->parse = NULL;
    conn->requests_count++;
    exchange->is_head = parse->request.method == SEA_HTTP_HEAD;
    exchange->is_http10 = parse->is_http10;
    exchange->is_last = !parse->is_kept_alive;
    if (exchange->is_last) conn->is_closing = true;
    if (conn->is_unrouted) {
        answer_unrouted(conn, parse, exchange);
    } else {
        server->stats.requests_total++;
        exchange->route = conn->route->pattern;
        if (sea_http_is_encoded(&parse->request))
            answer_encoded(exchange);
        else
            conn->route->handler(server->config.ctx, exchange, &parse->request);
    }
    give_parse(conn, parse);
}

/* After bytes of an unfinished request: the memory of all bodies together is bounded, and the peer
 * may be waiting to be asked for the body. */
static void look_at_unfinished(struct sea_http_conn *conn)
{
    struct sea_http_server *server = conn->server;
    struct sea_http_parse *parse = conn->parse;
    server->stats.bodies_bytes += parse->body.cap - conn->body_counted;
    conn->body_counted = parse->body.cap;
    if (server->stats.bodies_bytes > server->config.bodies_max_bytes) {
        conn->parse = NULL;
        give_parse(conn, parse);
        sea_http_conn_refuse(conn,
                             &(struct sea_problem){.code = SEA_PROBLEM_UNAVAILABLE,
                                                   .detail = "too many large requests at once",
                                                   .retry_after_s = 1});
        return;
    }
    if (parse->wants_100 && parse->body.len > 0) parse->wants_100 = false;
    sea_http_exchange_advance(conn);
}

static bool can_take(const struct sea_http_conn *conn)
{
    return !conn->is_closing && !conn->is_broken &&
           conn->exchanges_count < conn->server->config.pipelined_max &&
           conn->out.len - conn->out_sent < SEA_HTTP_OUT_HIGH_BYTES;
}

static void feed(struct sea_http_conn *conn, struct sea_str bytes)
{
    while (bytes.len > 0 && can_take(conn)) {
        if (conn->parse == NULL) {
            conn->parse = take_parse(conn->server);
            conn->parse->on_head = on_head;
            conn->parse->ctx = conn;
            conn->is_unrouted = false;
            sea_http_parse_init(conn->parse);
        }
        size_t taken = 0;
        enum sea_http_parsed parsed = sea_http_parse_feed(conn->parse, bytes, &taken);
        bytes = (struct sea_str){bytes.ptr + taken, bytes.len - taken};
        if (parsed == SEA_HTTP_WHOLE)
            dispatch(conn);
        else if (parsed == SEA_HTTP_REFUSED)
            refuse_parsed(conn);
        else
            look_at_unfinished(conn);
    }
    if (bytes.len > 0 && !conn->is_closing) sea_buf_str(&conn->held, bytes);
}

static bool take_held(struct sea_http_conn *conn)
{
    if (conn->held.len == 0 || !can_take(conn)) return false;
    size_t len = 0;
    char *bytes = sea_buf_take(&conn->held, &len);
    feed(conn, (struct sea_str){bytes, len});
    free(bytes);
    return true;
}

static void set_writing(struct sea_http_conn *conn, bool is_wanted)
{
    if (conn->is_writing == is_wanted) return;
    conn->is_writing = is_wanted;
    if (is_wanted)
        event_add(&conn->write_event, NULL);
    else
        event_del(&conn->write_event);
}

static void set_reading(struct sea_http_conn *conn, bool is_wanted)
{
    if (conn->is_reading == is_wanted) return;
    conn->is_reading = is_wanted;
    if (is_wanted)
        event_add(&conn->read_event, NULL);
    else
        event_del(&conn->read_event);
}

/* What was sent is forgotten when all is, or when it has become much. */
static void forget_sent(struct sea_http_conn *conn)
{
    struct sea_buf *out = &conn->out;
    if (conn->out_sent == out->len) {
        conn->out_sent = 0;
        if (out->cap > SEA_HTTP_SPARE_OUT_BYTES)
            sea_buf_free(out);
        else
            sea_buf_reset(out);
    } else if (conn->out_sent >= SEA_HTTP_READ_BYTES) {
        memmove(out->ptr, out->ptr + conn->out_sent, out->len - conn->out_sent);
        out->len -= conn->out_sent;
        conn->out_sent = 0;
    }
}

static void send_out(struct sea_http_conn *conn)
{
    struct sea_http_server *server = conn->server;
    while (!conn->is_broken && conn->out_sent < conn->out.len) {
        const char *bytes = conn->out.ptr + conn->out_sent;
        size_t len = conn->out.len - conn->out_sent;
        ssize_t sent = conn->tls != NULL ? sea_tls_send(conn->tls, bytes, len)
                                         : send(conn->fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno != EAGAIN) conn->is_broken = true;
        if (sent < 0) break;
        conn->out_sent += (size_t)sent;
        server->stats.bytes_out += (uint64_t)sent;
        conn->write_deadline_ms = server->now_ms + server->config.write_timeout_ms;
    }
    bool is_blocked = !conn->is_broken && conn->out_sent < conn->out.len;
    if (is_blocked && !conn->is_writing)
        conn->write_deadline_ms = server->now_ms + server->config.write_timeout_ms;
    set_writing(conn, is_blocked);
    forget_sent(conn);
}

static void set_phase(struct sea_http_conn *conn, enum conn_phase phase)
{
    if (conn->phase == phase && conn->phase_request == conn->requests_count) return;
    const struct sea_http_server_config *config = &conn->server->config;
    const int64_t timeouts_ms[] = {[CONN_IDLE] = config->idle_timeout_ms,
                                   [CONN_HEAD] = config->header_timeout_ms,
                                   [CONN_BODY] = config->body_timeout_ms,
                                   [CONN_WAITING] = INT64_MAX / 2,
                                   [CONN_LINGERING] = SEA_HTTP_LINGER_MS};
    conn->phase = phase;
    conn->phase_request = conn->requests_count;
    conn->deadline_ms = conn->server->now_ms + timeouts_ms[phase];
}

static void choose_phase(struct sea_http_conn *conn)
{
    if (conn->phase == CONN_LINGERING) return;
    if (conn->parse != NULL && can_take(conn))
        set_phase(conn, conn->parse->has_head ? CONN_BODY : CONN_HEAD);
    else if (!TAILQ_EMPTY(&conn->exchanges) || conn->out.len > 0)
        set_phase(conn, CONN_WAITING);
    else
        set_phase(conn, CONN_IDLE);
}

/* Everything was sent that will be. A peer that may still be talking is listened to for a moment,
 * since closing with unread bytes resets the connection and could destroy the answer on its way. */
static void end(struct sea_http_conn *conn)
{
    if (!conn->is_refused && conn->held.len == 0) {
        sea_http_conn_destroy(conn);
        return;
    }
    if (conn->phase == CONN_LINGERING) return;
    if (conn->tls != NULL) sea_tls_end(conn->tls);
    shutdown(conn->fd, SHUT_WR);
    set_phase(conn, CONN_LINGERING);
    set_reading(conn, true);
}

static bool is_finished(const struct sea_http_conn *conn)
{
    return conn->is_closing && conn->out.len == 0 &&
           (conn->is_ended || TAILQ_EMPTY(&conn->exchanges));
}

void sea_http_conn_settle(struct sea_http_conn *conn)
{
    conn->is_busy = true;
    do {
        send_out(conn);
    } while (take_held(conn));
    const struct sea_http_exchange *first = TAILQ_FIRST(&conn->exchanges);
    if (first != NULL && first->is_stream && first->is_head) conn->is_broken = true;
    conn->is_busy = false;
    if (conn->is_broken) {
        sea_http_conn_destroy(conn);
        return;
    }
    choose_phase(conn);
    if (is_finished(conn)) {
        end(conn);
        return;
    }
    if (conn->server->is_draining && conn->phase == CONN_IDLE) {
        sea_http_conn_destroy(conn);
        return;
    }
    bool has_stream = first != NULL && first->is_stream;
    set_reading(conn, can_take(conn) || (has_stream && conn->held.len == 0));
}

void sea_http_conn_mark(struct sea_http_conn *conn)
{
    if (conn->is_busy || conn->is_dirty) return;
    conn->is_dirty = true;
    TAILQ_INSERT_TAIL(&conn->server->dirty, conn, of_dirty);
    event_active(conn->server->flush_event, 0, 0);
}

static void on_end_of_input(struct sea_http_conn *conn)
{
    const struct sea_http_exchange *first = TAILQ_FIRST(&conn->exchanges);
    bool is_waited_for = first != NULL && !first->is_stream;
    conn->is_closing = true;
    if (conn->phase == CONN_LINGERING || (!is_waited_for && conn->out.len == 0) ||
        (first != NULL && first->is_stream))
        conn->is_broken = true;
    set_reading(conn, false);
}

static void on_bytes(struct sea_http_conn *conn, struct sea_str bytes)
{
    conn->server->stats.bytes_in += bytes.len;
    if (conn->phase == CONN_LINGERING) {
        conn->lingered_bytes += bytes.len;
        if (conn->lingered_bytes > SEA_HTTP_LINGER_BYTES) conn->is_broken = true;
    } else if (conn->is_closing) {
        conn->is_refused =
            true; /* whoever reads a stream, or was told that this is the last, may still talk */
    } else {
        feed(conn, bytes);
    }
}

/* A handshake that is done waits for a request; one that isn't may wait for the peer to read. */
static void look_at_handshake(struct sea_http_conn *conn)
{
    bool is_ready = sea_tls_is_ready(conn->tls);
    if (is_ready) set_phase(conn, CONN_IDLE);
    conn->write_deadline_ms = conn->deadline_ms;
    set_writing(conn, !is_ready && sea_tls_wants_write(conn->tls));
}

/* False when nothing was there to read. */
static bool read_once(struct sea_http_conn *conn)
{
    struct sea_http_server *server = conn->server;
    ssize_t len = conn->tls != NULL
                      ? sea_tls_recv(conn->tls, server->scratch, sizeof server->scratch)
                      : recv(conn->fd, server->scratch, sizeof server->scratch, 0);
    bool is_nothing = len < 0 && (errno == EAGAIN || errno == EINTR);
    if (conn->phase == CONN_HANDSHAKE && (is_nothing || len > 0)) look_at_handshake(conn);
    if (is_nothing) return false;
    conn->is_busy = true;
    if (len < 0)
        conn->is_broken = true;
    else if (len == 0)
        on_end_of_input(conn);
    else
        on_bytes(conn, (struct sea_str){server->scratch, (size_t)len});
    sea_http_conn_settle(conn);
    return true;
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    struct sea_http_conn *conn = ctx;
    sea_http_conn_read_clock(conn->server);
    read_once(conn);
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    struct sea_http_conn *conn = ctx;
    sea_http_conn_read_clock(conn->server);
    if (conn->phase == CONN_HANDSHAKE)
        read_once(conn);
    else
        sea_http_conn_settle(conn);
}

void sea_http_conn_drain(struct sea_http_conn *conn)
{
    const struct sea_http_exchange *first = TAILQ_FIRST(&conn->exchanges);
    if (conn->is_busy) return;
    bool is_stream = first != NULL && first->is_stream;
    bool is_unused = conn->phase == CONN_IDLE || conn->phase == CONN_HANDSHAKE;
    if (is_stream || (is_unused && !read_once(conn))) sea_http_conn_destroy(conn);
}

void sea_http_conn_open(struct sea_http_server *server, int fd, const struct sockaddr *peer,
                        int peer_len)
{
    struct sea_http_conn *conn = sea_alloc(sizeof *conn);
    const struct sea_http_server_config *config = &server->config;
    bool is_tls = config->tls != NULL;
    uint32_t timeout_ms = is_tls ? config->handshake_timeout_ms : config->idle_timeout_ms;
    *conn = (struct sea_http_conn){.server = server,
                                   .fd = fd,
                                   .tls = is_tls ? sea_tls_accept(config->tls, fd) : NULL,
                                   .held = SEA_BUF(SIZE_MAX / 2),
                                   .out = SEA_BUF(SIZE_MAX / 2),
                                   .phase = is_tls ? CONN_HANDSHAKE : CONN_IDLE,
                                   .deadline_ms = server->now_ms + timeout_ms};
    if ((size_t)peer_len <= sizeof conn->peer) memcpy(&conn->peer, peer, (size_t)peer_len);
    TAILQ_INIT(&conn->exchanges);
    TAILQ_INSERT_TAIL(&server->conns, conn, of_server);
    event_assign(&conn->read_event, server->base, fd, EV_READ | EV_PERSIST, on_readable, conn);
    event_assign(&conn->write_event, server->base, fd, EV_WRITE | EV_PERSIST, on_writable, conn);
    server->stats.connections++;
    sea_metric_add(&sea_m_http_connections, 1);
    server->stats.connections_total++;
    set_reading(conn, true);
}

/* The peer is gone: streams hear of it, others keep their handle until they are answered. */
static void orphan_exchanges(struct sea_http_conn *conn)
{
    struct sea_http_exchange *exchange;
    while ((exchange = TAILQ_FIRST(&conn->exchanges)) != NULL) {
        TAILQ_REMOVE(&conn->exchanges, exchange, of_conn);
        exchange->conn = NULL;
        bool is_over = exchange->is_stream || exchange->is_done;
        if (exchange->on_gone != NULL) exchange->on_gone(exchange->ctx);
        if (is_over) sea_http_exchange_free(exchange);
    }
}

static void end_tls(struct sea_http_conn *conn)
{
    if (conn->phase == CONN_HANDSHAKE) sea_metric_inc(&sea_m_http_refused_total, "handshake");
    if (!conn->is_broken) sea_tls_end(conn->tls);
    sea_tls_free(conn->tls);
}

void sea_http_conn_destroy(struct sea_http_conn *conn)
{
    struct sea_http_server *server = conn->server;
    sea_assert(!conn->is_busy);
    TAILQ_REMOVE(&server->conns, conn, of_server);
    if (conn->is_dirty) TAILQ_REMOVE(&server->dirty, conn, of_dirty);
    event_del(&conn->read_event);
    event_del(&conn->write_event);
    if (conn->tls != NULL) end_tls(conn);
    close(conn->fd);
    server->stats.connections--;
    sea_metric_add(&sea_m_http_connections, -1);
    orphan_exchanges(conn);
    if (conn->parse != NULL) give_parse(conn, conn->parse);
    sea_buf_free(&conn->held);
    sea_buf_free(&conn->out);
    free(conn);
    if (server->is_draining && TAILQ_EMPTY(&server->conns)) event_active(server->flush_event, 0, 0);
}
