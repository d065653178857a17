/* sea_http_answer.c: answers and streams: what handlers call, in the order of the requests. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sea_clock.h"
#include "sea_http_conn.h"
#include "sea_metrics_common.h"

struct sea_http_exchange *sea_http_exchange_open(struct sea_http_conn *conn)
{
    struct sea_http_server *server = conn->server;
    struct sea_http_exchange *exchange = TAILQ_FIRST(&server->spare_exchanges);
    if (exchange != NULL) {
        TAILQ_REMOVE(&server->spare_exchanges, exchange, of_server);
        server->spare_exchanges_count--;
    } else {
        exchange = sea_alloc(sizeof *exchange);
    }
    *exchange = (struct sea_http_exchange){.server = server,
                                           .conn = conn,
                                           .out = SEA_BUF(SIZE_MAX / 2),
                                           .route = "none",
                                           .begun_us = server->now_us};
    TAILQ_INSERT_TAIL(&server->exchanges, exchange, of_server);
    TAILQ_INSERT_TAIL(&conn->exchanges, exchange, of_conn);
    conn->exchanges_count++;
    server->stats.in_flight++;
    return exchange;
}

void sea_http_exchange_free(struct sea_http_exchange *exchange)
{
    struct sea_http_server *server = exchange->server;
    sea_buf_free(&exchange->out);
    if (server != NULL) {
        TAILQ_REMOVE(&server->exchanges, exchange, of_server);
        server->stats.in_flight--;
        if (exchange->is_stream) server->stats.streams--;
    }
    if (server == NULL || server->spare_exchanges_count == SEA_HTTP_SPARE_EXCHANGES) {
        free(exchange);
        return;
    }
    TAILQ_INSERT_HEAD(&server->spare_exchanges, exchange, of_server);
    server->spare_exchanges_count++;
}

static void unlink_from_conn(struct sea_http_exchange *exchange)
{
    TAILQ_REMOVE(&exchange->conn->exchanges, exchange, of_conn);
    exchange->conn->exchanges_count--;
    exchange->conn = NULL;
}

void sea_http_exchange_advance(struct sea_http_conn *conn)
{
    struct sea_http_exchange *first;
    while ((first = TAILQ_FIRST(&conn->exchanges)) != NULL) {
        sea_buf_str(&conn->out, sea_buf_view(&first->out));
        sea_buf_free(&first->out);
        if (!first->is_done) return;
        if (first->is_refusal) conn->is_refused = true;
        if (first->is_last) conn->is_ended = true;
        unlink_from_conn(first);
        sea_http_exchange_free(first);
        if (conn->is_ended) return;
    }
    if (conn->parse != NULL && conn->parse->has_head && conn->parse->wants_100) {
        conn->parse->wants_100 = false;
        sea_buf_str(&conn->out, SEA_STR("HTTP/1.1 100 Continue\r\n\r\n"));
    }
}

static struct sea_buf *output_of(struct sea_http_exchange *exchange)
{
    struct sea_http_conn *conn = exchange->conn;
    return exchange == TAILQ_FIRST(&conn->exchanges) ? &conn->out : &exchange->out;
}

static size_t put(char *at, const char *text, size_t len)
{
    memcpy(at, text, len);
    return len;
}

static size_t put_number(char *at, size_t number)
{
    char digits[24];
    size_t len = 0, i = 0;
    do {
        digits[len++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (len > 0) at[i++] = digits[--len];
    return i;
}

static void count(const struct sea_http_exchange *exchange, int status)
{
    const char code[4] = {(char)('0' + status / 100), (char)('0' + status / 10 % 10),
                          (char)('0' + status % 10), '\0'};
    int64_t took_us = sea_clock_mono_us() - exchange->begun_us;
    exchange->server->stats.answers_total[status]++;
    sea_metric_inc(&sea_m_http_requests_total, exchange->route, code);
    sea_metric_observe(&sea_m_http_request_duration_seconds, (double)took_us / 1e6,
                       exchange->route);
}

/* The last answer of a draining server tells its connection so. */
static bool is_last_of(const struct sea_http_exchange *exchange)
{
    const struct sea_http_conn *conn = exchange->conn;
    return exchange->server->is_draining && TAILQ_NEXT(exchange, of_conn) == NULL &&
           conn->parse == NULL && conn->held.len == 0;
}

#define PUT(text) len += put(line + len, text, sizeof(text) - 1)

/* Status line and headers; `body_len` counts where the length is known. */
static void print_head(struct sea_http_exchange *exchange, const struct sea_http_answer *answer,
                       struct sea_buf *out)
{
    const struct sea_http_server *server = exchange->server;
    sea_assert(server != NULL);
    const char *status_text = sea_http_status_text(answer->status);
    char line[256];
    size_t len = 0;
    PUT("HTTP/1.1 ");
    len += put_number(line + len, (size_t)answer->status);
    PUT(" ");
    len += put(line + len, status_text, strlen(status_text));
    PUT("\r\n");
    len += put(line + len, server->date, server->date_len);
    if (exchange->is_chunked) {
        PUT("Transfer-Encoding: chunked\r\n");
    } else if (!exchange->is_stream && answer->status != 204 && answer->status != 304) {
        PUT("Content-Length: ");
        len += put_number(line + len, answer->body.len);
        PUT("\r\n");
    }
    if (exchange->is_last) PUT("Connection: close\r\n");
    if (answer->content_type != NULL) PUT("Content-Type: ");
    sea_buf_add(out, line, len);
    if (answer->content_type != NULL) {
        sea_buf_text(out, answer->content_type);
        sea_buf_add(out, "\r\n", 2);
    }
    if (answer->headers != NULL) sea_buf_text(out, answer->headers);
    if (exchange->headers != NULL) sea_buf_text(out, exchange->headers);
    sea_buf_add(out, "\r\n", 2);
    count(exchange, answer->status);
}

#undef PUT

/* Whole: its turn passes on, and it is freed as soon as it was its turn. */
static void finish(struct sea_http_exchange *exchange)
{
    struct sea_http_conn *conn = exchange->conn;
    exchange->is_done = true;
    if (exchange == TAILQ_FIRST(&conn->exchanges)) sea_http_exchange_advance(conn);
    sea_http_conn_mark(conn);
}

void sea_http_answer_with(struct sea_http_exchange *exchange, const char *headers)
{
    exchange->headers = headers;
}

void sea_http_answer(struct sea_http_exchange *exchange, const struct sea_http_answer *answer)
{
    sea_assert(answer->status >= 200 && answer->status < 600);
    sea_assert(!exchange->is_done && !exchange->is_stream);
    if (exchange->conn == NULL) {
        sea_http_exchange_free(exchange);
        return;
    }
    exchange->is_last = exchange->is_last || answer->is_last || is_last_of(exchange);
    if (exchange->is_last) exchange->conn->is_closing = true;
    struct sea_buf *out = output_of(exchange);
    print_head(exchange, answer, out);
    if (!exchange->is_head) sea_buf_str(out, answer->body);
    finish(exchange);
}

void sea_http_answer_empty(struct sea_http_exchange *exchange, int status)
{
    sea_http_answer(exchange, &(struct sea_http_answer){.status = status});
}

void sea_http_answer_json(struct sea_http_exchange *exchange, int status, struct sea_str json)
{
    sea_http_answer(exchange, &(struct sea_http_answer){.status = status,
                                                        .content_type = "application/json",
                                                        .body = json});
}

void sea_http_exchange_answer_problem(struct sea_http_exchange *exchange,
                                      const struct sea_problem *problem, const char *headers)
{
    struct sea_buf body = SEA_BUF(16384);
    char retry_after[48] = "";
    if (problem->retry_after_s > 0)
        snprintf(retry_after, sizeof retry_after, "Retry-After: %u\r\n", problem->retry_after_s);
    sea_problem_print(problem, &body);
    sea_http_answer(exchange,
                    &(struct sea_http_answer){.status = sea_problem_status(problem->code),
                                              .content_type = "application/problem+json",
                                              .headers = headers != NULL ? headers : retry_after,
                                              .body = sea_buf_view(&body)});
    sea_buf_free(&body);
}

void sea_http_answer_problem(struct sea_http_exchange *exchange, const struct sea_problem *problem)
{
    sea_http_exchange_answer_problem(exchange, problem, NULL);
}

/* A stream whose peer left before it began: `on_gone` follows from the loop; or at once, when the
 * server is gone. */
static void forsake(struct sea_http_exchange *exchange)
{
    struct sea_http_server *server = exchange->server;
    if (server != NULL) {
        TAILQ_INSERT_TAIL(&server->forsaken, exchange, of_conn);
        event_active(server->flush_event, 0, 0);
        return;
    }
    if (exchange->on_gone != NULL) exchange->on_gone(exchange->ctx);
    sea_http_exchange_free(exchange);
}

void sea_http_stream_open(struct sea_http_exchange *exchange, const struct sea_http_answer *head,
                          void (*on_gone)(void *ctx), void *ctx)
{
    sea_assert(!exchange->is_done && !exchange->is_stream);
    exchange->is_stream = true;
    exchange->on_gone = on_gone;
    exchange->ctx = ctx;
    if (exchange->server != NULL) exchange->server->stats.streams++;
    if (exchange->conn == NULL) {
        forsake(exchange);
        return;
    }
    exchange->is_last = true; /* a stream ends with its connection: its reader reconnects */
    exchange->is_chunked = !exchange->is_http10;
    exchange->conn->is_closing = true;
    print_head(exchange, head, output_of(exchange));
    sea_http_conn_mark(exchange->conn);
}

static size_t unread_of(struct sea_http_exchange *exchange)
{
    const struct sea_buf *out = output_of(exchange);
    return out == &exchange->conn->out ? out->len - exchange->conn->out_sent : out->len;
}

size_t sea_http_stream_room(struct sea_http_exchange *exchange)
{
    struct sea_http_conn *conn = exchange->conn;
    if (conn == NULL || conn->is_broken) return 0;
    size_t unread = unread_of(exchange), max = exchange->server->config.stream_buffer_max_bytes;
    return unread < max ? max - unread : 0;
}

void sea_http_stream_abort(struct sea_http_exchange *exchange)
{
    sea_assert(exchange->is_stream && !exchange->is_done);
    if (exchange->conn == NULL) return;
    exchange->conn->is_broken = true;
    sea_http_conn_mark(exchange->conn);
}

bool sea_http_stream_write(struct sea_http_exchange *exchange, struct sea_str bytes)
{
    sea_assert(exchange->is_stream && !exchange->is_done);
    struct sea_http_conn *conn = exchange->conn;
    if (conn == NULL || conn->is_broken) return false;
    if (bytes.len == 0) return true;
    struct sea_buf *out = output_of(exchange);
    sea_http_conn_mark(conn);
    if (unread_of(exchange) + bytes.len > exchange->server->config.stream_buffer_max_bytes) {
        conn->is_broken = true;
        return false;
    }
    if (exchange->is_chunked) sea_buf_printf(out, "%zx\r\n", bytes.len);
    sea_buf_str(out, bytes);
    if (exchange->is_chunked) sea_buf_add(out, "\r\n", 2);
    return true;
}

void sea_http_stream_end(struct sea_http_exchange *exchange)
{
    sea_assert(exchange->is_stream && !exchange->is_done);
    exchange->on_gone = NULL;
    if (exchange->conn == NULL) return; /* freed from the list of the forsaken */
    if (exchange->is_chunked) sea_buf_str(output_of(exchange), SEA_STR("0\r\n\r\n"));
    finish(exchange);
}

void sea_http_peer(const struct sea_http_exchange *exchange, char ret[SEA_HTTP_ADDRESS_TEXT])
{
    ret[0] = '\0';
    if (exchange->conn == NULL) return;
    const struct sockaddr_storage *peer = &exchange->conn->peer;
    const void *address = peer->ss_family == AF_INET6
                              ? (const void *)&((const struct sockaddr_in6 *)peer)->sin6_addr
                              : (const void *)&((const struct sockaddr_in *)peer)->sin_addr;
    if (inet_ntop(peer->ss_family, address, ret, SEA_HTTP_ADDRESS_TEXT) == NULL) ret[0] = '\0';
}
