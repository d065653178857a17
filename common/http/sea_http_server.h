/* sea_http_server.h: an HTTP/1.1 server (RFC 9110, 9112) on a libevent loop, with limits,
 * keep-alive, pipelining, answers that may come later, streams and a graceful end. One thread;
 * every call belongs to the loop's thread. */
#ifndef SEA_HTTP_SERVER_H
#define SEA_HTTP_SERVER_H

#include <sys/socket.h>

#include <event2/event.h>

#include "sea_http.h"
#include "sea_problem.h"
#include "sea_tls.h"

struct sea_http_server;

/* One request waiting for its answer. The handle is good until it is answered or its stream ends; a
 * peer that leaves meanwhile changes nothing for the holder. */
struct sea_http_exchange;

/* `request` and all it points to end when the handler returns. Every exchange is answered exactly
 * once, in the handler or later, by sea_http_answer… or by a stream. A handler must not close the
 * server. */
typedef void sea_http_handler(void *ctx, struct sea_http_exchange *exchange,
                              const struct sea_http_request *request);

struct sea_http_route {
    enum sea_http_method method; /* a GET route answers HEAD as well */
    const char *pattern;         /* "/v1/channels/{channel}/{account}" */
    sea_http_handler *handler;
    size_t body_max_bytes; /* 0: no body is taken */
};

struct sea_http_server_config {
    const char *listen; /* "127.0.0.1:8080", "[::1]:0", ":0" (loopback, any free port) */
    const struct sea_http_route *routes; /* kept: must outlive the server */
    size_t routes_count;
    void *ctx;           /* for every handler */
    struct sea_tls *tls; /* kept: must outlive the server; NULL: plain HTTP */
    /* 0 takes the default that is given. */
    uint32_t connections_max;       /* 1024; one more is answered 503 and closed */
    uint32_t pipelined_max;         /* 16 requests of one connection in work; then reading stops */
    uint32_t handshake_timeout_ms;  /* 10,000 for the handshake of TLS; closed */
    uint32_t header_timeout_ms;     /* 10,000 for a head, from its first byte; 408 */
    uint32_t body_timeout_ms;       /* 30,000 for a body; 408 */
    uint32_t idle_timeout_ms;       /* 75,000 between requests; closed */
    uint32_t write_timeout_ms;      /* 20,000 without progress of a reader; closed */
    size_t bodies_max_bytes;        /* 64 MiB of unfinished bodies together; 503 with Retry-After */
    size_t stream_buffer_max_bytes; /* 256 KiB unread by a stream's reader; closed */
};

struct sea_http_stats {
    uint64_t connections_total, connections_refused_total;
    uint64_t requests_total;     /* whole ones given to a handler */
    uint64_t answers_total[600]; /* by status, those of the server itself included */
    uint64_t bytes_in, bytes_out;
    uint32_t connections, in_flight, streams; /* now; in_flight counts requests not answered yet */
    size_t bodies_bytes;                      /* memory held by unfinished bodies, now */
};

/* Listens. REJECT: the address is malformed; FATAL: it cannot be bound; *ret_error then says why
 * (constant or errno text, not to be freed). */
SEA_MUST_CHECK enum sea_err sea_http_server_open(struct sea_http_server **ret,
                                                 struct event_base *base,
                                                 const struct sea_http_server_config *config,
                                                 const char **ret_error);
/* Drops what is left. Unanswered exchanges may still be answered: nothing happens then, but it
 * frees them. */
void sea_http_server_close(struct sea_http_server **server);

/* An address as in `listen`; ":8080" means the loopback address. False: it isn't written like one.
 */
SEA_MUST_CHECK bool sea_http_parse_address(const char *text, struct sockaddr_storage *ret,
                                           int *ret_len);
/* Whether what listens at this address, as in `listen`, is reached from this machine alone. */
bool sea_http_is_loopback(const char *listen);

enum { SEA_HTTP_ADDRESS_TEXT = 64 };
/* The address taken, as "127.0.0.1:43211". */
const char *sea_http_server_address(const struct sea_http_server *server);
const struct sea_http_stats *sea_http_server_stats(const struct sea_http_server *server);

/* The header Date tells the system's clock and this much; 0 at first. */
void sea_http_server_shift_date(struct sea_http_server *server, int64_t shift_ms);

/* Stops listening, ends streams, closes idle connections, lets requests in work finish and then
 * closes theirs. Calls `on_drained` from the loop when no connection is left. */
void sea_http_server_drain(struct sea_http_server *server, void (*on_drained)(void *ctx),
                           void *ctx);

/* The peer's address without its port; text of at most SEA_HTTP_ADDRESS_TEXT bytes. It is personal
 * data. */
void sea_http_peer(const struct sea_http_exchange *exchange, char ret[SEA_HTTP_ADDRESS_TEXT]);

struct sea_http_answer {
    int status;
    const char *content_type; /* NULL: none */
    const char *headers;      /* further header lines, each ended by CRLF; NULL: none */
    struct sea_str body;      /* copied */
    bool is_last;             /* close the connection after it */
};

/* Header lines, each ended by CRLF, for whatever the answer will be; kept: constant text. */
void sea_http_answer_with(struct sea_http_exchange *exchange, const char *headers);

void sea_http_answer(struct sea_http_exchange *exchange, const struct sea_http_answer *answer);
void sea_http_answer_empty(struct sea_http_exchange *exchange, int status);
void sea_http_answer_json(struct sea_http_exchange *exchange, int status, struct sea_str json);
void sea_http_answer_problem(struct sea_http_exchange *exchange, const struct sea_problem *problem);

/* A stream of unknown length, such as server-sent events. `on_gone` is called once from the loop
 * when the peer left, read too slowly or the server drains; the handle ends with that call. */
void sea_http_stream_open(struct sea_http_exchange *exchange, const struct sea_http_answer *head,
                          void (*on_gone)(void *ctx), void *ctx);
/* False: the peer is gone or its buffer is full; nothing was taken and `on_gone` follows. */
bool sea_http_stream_write(struct sea_http_exchange *exchange, struct sea_str bytes);
/* How many bytes it would take now: for what is long and can wait, such as a file. */
size_t sea_http_stream_room(struct sea_http_exchange *exchange);
/* The connection is cut, so that the peer knows that it hasn't got all; `on_gone` follows. */
void sea_http_stream_abort(struct sea_http_exchange *exchange);
void sea_http_stream_end(
    struct sea_http_exchange *exchange); /* whole; ends the handle, no `on_gone` */

#endif
