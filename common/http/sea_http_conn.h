/* sea_http_conn.h: the server's insides, shared by its three files: sea_http_server.c (listening,
 * time, the end), sea_http_conn.c (a connection's bytes) and sea_http_answer.c (what handlers
 * call).
 *
 * Rules that keep it right:
 * - A connection is destroyed only by sea_http_conn_settle and by the server's own events, never
 * inside a handler.
 * - Only the first exchange of a connection writes to the connection's buffer; the others wait in
 * their own.
 * - An answer marks its connection dirty; it is written once per pass of the loop, whatever was
 * added to it. */
#ifndef SEA_HTTP_CONN_H
#define SEA_HTTP_CONN_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/event_struct.h>
#include <event2/listener.h>

#include "sea_buf.h"
#include "sea_http_parse.h"
#include "sea_http_server.h"

enum {
    SEA_HTTP_READ_BYTES = 65536,
    SEA_HTTP_OUT_HIGH_BYTES = 262144, /* unread answers from here on stop the reading of requests */
    SEA_HTTP_LINGER_MS = 2000,        /* and bytes: how long a refused peer may go on talking */
    SEA_HTTP_LINGER_BYTES = 1048576,
    SEA_HTTP_SPARE_PARSES = 8,
    SEA_HTTP_SPARE_EXCHANGES = 1024,
    SEA_HTTP_SPARE_BODY_BYTES = 65536,
    SEA_HTTP_SPARE_OUT_BYTES = 8192,
    SEA_HTTP_DATE_TEXT = 40,
};

struct sea_http_exchange {
    TAILQ_ENTRY(sea_http_exchange) of_conn, of_server;
    struct sea_http_server *server; /* NULL: closed */
    struct sea_http_conn *conn;     /* NULL: the peer is gone */
    struct sea_buf out;             /* waits for the answers before it */
    void (*on_gone)(void *ctx);     /* of a stream */
    void *ctx;
    const char *route;   /* its pattern, for the metrics */
    const char *headers; /* for its answer; NULL: none */
    int64_t begun_us;    /* when its last byte was read */
    bool is_done;        /* the answer is whole */
    bool is_last;        /* the connection ends behind it */
    bool is_refusal;     /* the peer may still be sending */
    bool is_head;        /* HEAD: no body */
    bool is_stream, is_chunked, is_http10;
};

TAILQ_HEAD(sea_http_exchanges, sea_http_exchange);

enum conn_phase { CONN_HANDSHAKE, CONN_IDLE, CONN_HEAD, CONN_BODY, CONN_WAITING, CONN_LINGERING };

struct sea_http_conn {
    TAILQ_ENTRY(sea_http_conn) of_server, of_dirty;
    struct sea_http_server *server;
    struct event read_event, write_event;
    int fd;
    struct ssl_st *tls;                 /* NULL: plain */
    struct sea_http_parse *parse;       /* NULL between requests */
    const struct sea_http_route *route; /* of the request in `parse`, unless is_unrouted */
    enum sea_problem_code problem;
    struct sea_http_exchanges exchanges; /* in the order of their requests */
    uint32_t exchanges_count, requests_count;
    size_t body_counted; /* of `parse`, in the server's bodies_bytes */
    struct sea_buf held; /* bytes of requests that had to wait */
    struct sea_buf out;
    size_t out_sent, lingered_bytes;
    enum conn_phase phase;
    uint32_t phase_request; /* requests_count when the phase began */
    int64_t deadline_ms, write_deadline_ms;
    bool is_reading, is_writing; /* the events are set */
    bool is_unrouted;            /* no route has its path and method: `problem` */
    bool is_busy;                /* sea_http_conn_settle follows anyway */
    bool is_dirty;               /* in the server's list */
    bool is_closing;             /* takes no more requests */
    bool is_ended;               /* what is in `out` is the last */
    bool is_refused;             /* the peer may still be sending when we close */
    bool is_broken;              /* to be destroyed */
    struct sockaddr_storage peer;
};

TAILQ_HEAD(sea_http_conns, sea_http_conn);

struct sea_http_server {
    struct sea_http_server_config config;
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *flush_event, *tick_event;
    struct sea_http_conns conns, dirty;
    struct sea_http_exchanges exchanges; /* all that are alive, for sea_http_server_close */
    struct sea_http_exchanges spare_exchanges;
    struct sea_http_exchanges forsaken; /* streams opened after their peer left */
    uint32_t spare_exchanges_count, spare_parses_count;
    struct sea_http_parse *spare_parses[SEA_HTTP_SPARE_PARSES];
    struct sea_http_stats stats;
    int64_t now_us, now_ms; /* monotonic, as of the last event */
    bool is_draining, is_listener_paused;
    void (*on_drained)(void *ctx);
    void *drained_ctx;
    char address[SEA_HTTP_ADDRESS_TEXT];
    char date[SEA_HTTP_DATE_TEXT]; /* "Date: …\r\n" */
    size_t date_len;
    int64_t date_shift_ms;
    char scratch[SEA_HTTP_READ_BYTES];
};

void sea_http_conn_read_clock(struct sea_http_server *server);
void sea_http_conn_open(struct sea_http_server *server, int fd, const struct sockaddr *peer,
                        int peer_len);
void sea_http_conn_destroy(struct sea_http_conn *conn);
/* Writes what can be written, takes held requests, closes what is finished. May destroy. */
void sea_http_conn_settle(struct sea_http_conn *conn);
/* Has sea_http_conn_settle called in this pass of the loop. */
void sea_http_conn_mark(struct sea_http_conn *conn);
/* The answer `problem` in its turn, and the end of the connection behind it. */
void sea_http_conn_refuse(struct sea_http_conn *conn, const struct sea_problem *problem);
/* Reads once more before closing an idle connection that may have just been used. May destroy. */
void sea_http_conn_drain(struct sea_http_conn *conn);

struct sea_http_exchange *sea_http_exchange_open(struct sea_http_conn *conn);
void sea_http_exchange_free(struct sea_http_exchange *exchange);
/* Moves what may be sent now to the connection: ended exchanges from the first on, what the next
 * one has so far, or 100 Continue. */
void sea_http_exchange_advance(struct sea_http_conn *conn);
void sea_http_exchange_answer_problem(struct sea_http_exchange *exchange,
                                      const struct sea_problem *problem, const char *headers);

#endif
