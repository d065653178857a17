/* sea_http_server.c: listening, time-outs, the date, and the end of a server. */
#include "sea_http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/util.h>

#include "sea_http_conn.h"
#include "sea_metrics_common.h"

enum { TICK_MAX_MS = 250, TICK_MIN_MS = 10, LISTEN_BACKLOG = 1024 };

static void update_date(struct sea_http_server *server)
{
    time_t now = time(NULL) + (time_t)(server->date_shift_ms / 1000);
    struct tm utc;
    gmtime_r(&now, &utc);
    server->date_len =
        strftime(server->date, sizeof server->date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
}

void sea_http_server_shift_date(struct sea_http_server *server, int64_t shift_ms)
{
    server->date_shift_ms = shift_ms;
    update_date(server);
}

/* A connection over the limit hears why, as far as its socket takes it at once. */
static void turn_away(struct sea_http_server *server, int fd)
{
    static const char BUSY[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
                               "Retry-After: 1\r\nConnection: close\r\n\r\n";
    server->stats.connections_refused_total++;
    server->stats.answers_total[503]++;
    sea_metric_inc(&sea_m_http_refused_total, "connections");
    if (server->config.tls == NULL && send(fd, BUSY, sizeof BUSY - 1, MSG_NOSIGNAL) > 0)
        shutdown(fd, SHUT_WR);
    close(fd);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
                      int peer_len, void *ctx)
{
    (void)listener;
    struct sea_http_server *server = ctx;
    int one = 1;
    sea_http_conn_read_clock(server);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (server->stats.connections >= server->config.connections_max)
        turn_away(server, fd);
    else
        sea_http_conn_open(server, fd, peer, peer_len);
}

/* Out of descriptors, most likely: the next tick tries again. */
static void on_accept_error(struct evconnlistener *listener, void *ctx)
{
    struct sea_http_server *server = ctx;
    evconnlistener_disable(listener);
    server->is_listener_paused = true;
}

static void look_at_deadlines(struct sea_http_conn *conn)
{
    int64_t now_ms = conn->server->now_ms;
    if (conn->is_writing && now_ms >= conn->write_deadline_ms) {
        sea_http_conn_destroy(conn);
        return;
    }
    if (now_ms < conn->deadline_ms) return;
    if (conn->phase != CONN_HEAD && conn->phase != CONN_BODY) {
        sea_http_conn_destroy(conn);
        return;
    }
    sea_http_conn_refuse(conn, &(struct sea_problem){.code = SEA_PROBLEM_TIMEOUT});
    sea_http_conn_settle(conn);
}

static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    struct sea_http_server *server = ctx;
    sea_http_conn_read_clock(server);
    update_date(server);
    if (server->is_listener_paused && server->listener != NULL) {
        server->is_listener_paused = false;
        evconnlistener_enable(server->listener);
    }
    struct sea_http_conn *conn = TAILQ_FIRST(&server->conns);
    while (conn != NULL) {
        struct sea_http_conn *next = TAILQ_NEXT(conn, of_server);
        look_at_deadlines(conn);
        conn = next;
    }
}

static void free_forsaken(struct sea_http_server *server)
{
    struct sea_http_exchange *exchange;
    while ((exchange = TAILQ_FIRST(&server->forsaken)) != NULL) {
        TAILQ_REMOVE(&server->forsaken, exchange, of_conn);
        if (exchange->on_gone != NULL) exchange->on_gone(exchange->ctx);
        sea_http_exchange_free(exchange);
    }
}

static void on_flush(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    struct sea_http_server *server = ctx;
    struct sea_http_conn *conn;
    sea_http_conn_read_clock(server);
    while ((conn = TAILQ_FIRST(&server->dirty)) != NULL) {
        TAILQ_REMOVE(&server->dirty, conn, of_dirty);
        conn->is_dirty = false;
        sea_http_conn_settle(conn);
    }
    free_forsaken(server);
    void (*on_drained)(void *) = server->on_drained;
    if (server->is_draining && TAILQ_EMPTY(&server->conns) && on_drained != NULL) {
        server->on_drained = NULL;
        on_drained(server->drained_ctx);
    }
}

static void set_defaults(struct sea_http_server_config *config)
{
    struct {
        uint32_t *value, normal;
    } numbers[] = {
        {&config->connections_max, 1024},       {&config->pipelined_max, 16},
        {&config->handshake_timeout_ms, 10000}, {&config->header_timeout_ms, 10000},
        {&config->body_timeout_ms, 30000},      {&config->idle_timeout_ms, 75000},
        {&config->write_timeout_ms, 20000},
    };
    for (size_t i = 0; i < SEA_COUNT(numbers); i++)
        if (*numbers[i].value == 0) *numbers[i].value = numbers[i].normal;
    if (config->bodies_max_bytes == 0) config->bodies_max_bytes = (size_t)64 << 20;
    if (config->stream_buffer_max_bytes == 0) config->stream_buffer_max_bytes = (size_t)256 << 10;
}

static uint32_t tick_ms(const struct sea_http_server_config *config)
{
    uint32_t timeouts_ms[] = {config->handshake_timeout_ms, config->header_timeout_ms,
                              config->body_timeout_ms, config->idle_timeout_ms,
                              config->write_timeout_ms};
    uint32_t tick = TICK_MAX_MS;
    for (size_t i = 0; i < SEA_COUNT(timeouts_ms); i++)
        if (timeouts_ms[i] / 4 < tick) tick = timeouts_ms[i] / 4;
    return tick > TICK_MIN_MS ? tick : TICK_MIN_MS;
}

bool sea_http_parse_address(const char *text, struct sockaddr_storage *ret, int *ret_len)
{
    char full[SEA_HTTP_ADDRESS_TEXT];
    const char *colon = strrchr(text, ':');
    int len = snprintf(full, sizeof full, "%s%s", text[0] == ':' ? "127.0.0.1" : "", text);
    if (colon == NULL || colon[1] == '\0' || len >= (int)sizeof full) return false;
    *ret_len = (int)sizeof *ret;
    memset(ret, 0, sizeof *ret);
    bool is_any_port = strcmp(colon, ":0") == 0; /* which libevent's parser refuses */
    if (is_any_port) snprintf(full + len - 1, 2, "1");
    if (evutil_parse_sockaddr_port(full, (struct sockaddr *)ret, ret_len) != 0) return false;
    if (is_any_port && ret->ss_family == AF_INET) ((struct sockaddr_in *)ret)->sin_port = 0;
    if (is_any_port && ret->ss_family == AF_INET6) ((struct sockaddr_in6 *)ret)->sin6_port = 0;
    return true;
}

bool sea_http_is_loopback(const char *listen)
{
    struct sockaddr_storage address;
    int len = 0;
    if (!sea_http_parse_address(listen, &address, &len)) return false;
    if (address.ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&address)->sin6_addr);
    const struct sockaddr_in *four = (const struct sockaddr_in *)&address;
    return ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static void print_address(struct sea_http_server *server)
{
    struct sockaddr_storage taken = {0};
    socklen_t len = sizeof taken;
    char host[INET6_ADDRSTRLEN] = "";
    sea_assert(
        getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&taken, &len) == 0);
    if (taken.ss_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, &taken, sizeof six);
        evutil_inet_ntop(AF_INET6, &six.sin6_addr, host, sizeof host);
        snprintf(server->address, sizeof server->address, "[%s]:%u", host, ntohs(six.sin6_port));
    } else {
        struct sockaddr_in four;
        memcpy(&four, &taken, sizeof four);
        evutil_inet_ntop(AF_INET, &four.sin_addr, host, sizeof host);
        snprintf(server->address, sizeof server->address, "%s:%u", host, ntohs(four.sin_port));
    }
}

static enum sea_err listen_at(struct sea_http_server *server, const char **ret_error)
{
    struct sockaddr_storage address;
    int len = 0;
    if (!sea_http_parse_address(server->config.listen, &address, &len)) {
        *ret_error = "an address is written as 127.0.0.1:8080, [::1]:8080 or :0";
        return SEA_ERR_REJECT;
    }
    server->listener =
        evconnlistener_new_bind(server->base, on_accept, server,
                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
                                LISTEN_BACKLOG, (struct sockaddr *)&address, len);
    if (server->listener == NULL) {
        *ret_error = strerror(errno);
        return SEA_ERR_FATAL;
    }
    evconnlistener_set_error_cb(server->listener, on_accept_error);
    print_address(server);
    return SEA_OK;
}

enum sea_err sea_http_server_open(struct sea_http_server **ret, struct event_base *base,
                                  const struct sea_http_server_config *config,
                                  const char **ret_error)
{
    struct sea_http_server *server = sea_alloc(sizeof *server);
    server->config = *config;
    server->base = base;
    sea_http_conn_read_clock(server);
    set_defaults(&server->config);
    TAILQ_INIT(&server->conns);
    TAILQ_INIT(&server->dirty);
    TAILQ_INIT(&server->exchanges);
    TAILQ_INIT(&server->spare_exchanges);
    TAILQ_INIT(&server->forsaken);
    update_date(server);
    enum sea_err err = listen_at(server, ret_error);
    if (err) {
        free(server);
        return err;
    }
    uint32_t ms = tick_ms(&server->config);
    struct timeval tick = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};
    server->flush_event = event_new(base, -1, 0, on_flush, server);
    server->tick_event = event_new(base, -1, EV_PERSIST, on_tick, server);
    sea_assert(server->flush_event != NULL && server->tick_event != NULL);
    event_add(server->tick_event, &tick);
    *ret = server;
    return SEA_OK;
}

static void close_listener(struct sea_http_server *server)
{
    if (server->listener != NULL) evconnlistener_free(server->listener);
    server->listener = NULL;
}

void sea_http_server_drain(struct sea_http_server *server, void (*on_drained)(void *ctx), void *ctx)
{
    close_listener(server);
    server->is_draining = true;
    server->on_drained = on_drained;
    server->drained_ctx = ctx;
    struct sea_http_conn *conn = TAILQ_FIRST(&server->conns);
    while (conn != NULL) {
        struct sea_http_conn *next = TAILQ_NEXT(conn, of_server);
        sea_http_conn_drain(conn);
        conn = next;
    }
    event_active(server->flush_event, 0, 0);
}

void sea_http_server_close(struct sea_http_server **pointer)
{
    struct sea_http_server *server = *pointer;
    if (server == NULL) return;
    *pointer = NULL;
    close_listener(server);
    server->is_draining = false;
    struct sea_http_conn *conn;
    struct sea_http_exchange *exchange;
    while ((conn = TAILQ_FIRST(&server->conns)) != NULL) sea_http_conn_destroy(conn);
    free_forsaken(server);
    TAILQ_FOREACH(exchange, &server->exchanges, of_server) exchange->server = NULL;
    while ((exchange = TAILQ_FIRST(&server->spare_exchanges)) != NULL) {
        TAILQ_REMOVE(&server->spare_exchanges, exchange, of_server);
        free(exchange);
    }
    for (uint32_t i = 0; i < server->spare_parses_count; i++) {
        sea_http_parse_free(server->spare_parses[i]);
        free(server->spare_parses[i]);
    }
    event_free(server->flush_event);
    event_free(server->tick_event);
    free(server);
}

const char *sea_http_server_address(const struct sea_http_server *server)
{
    return server->address;
}

const struct sea_http_stats *sea_http_server_stats(const struct sea_http_server *server)
{
    return &server->stats;
}
