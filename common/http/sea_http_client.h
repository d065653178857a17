/* sea_http_client.h: HTTP calls to other systems, on libcurl's multi interface and the caller's
 * libevent loop, and mail to a submission server, on threads of its own; replies come on the loop.
 * No redirects are followed; certificates are verified; HTTP/1.1, or SMTP, over kept connections.
 */
#ifndef SEA_HTTP_CLIENT_H
#define SEA_HTTP_CLIENT_H

#include <sys/socket.h>

#include <event2/event.h>

#include "sea_http.h"

struct sea_http_client;
struct sea_http_transfer; /* a call under way */

struct sea_http_client_config {
    uint32_t in_flight_max; /* 0: 256 */
    uint32_t per_host_max;  /* connections to one host, further calls wait inside; 0: 16 */
    const char *ca_file;    /* NULL: what SSL_CERT_FILE names, else the system's certificates */
};

/* Mail (RFC 6409): the body is a message with CRLF, the address smtp://host:port/NAME or smtps://…,
 * where NAME is what we call ourselves. A call is answered when the server said of the message that
 * it takes it (250) or doesn't (4xx, 5xx); the reply's body is that line. Troubles with the server
 * itself (its greeting, TLS, the login) are NOT_SENT, with the status it gave. After a refusal the
 * reply waits for the answer to a QUIT, `timeout_ms` at most. */
struct sea_http_mail {
    const char *from, *to;       /* of the envelope, without brackets */
    const char *user, *password; /* NULL: no login */
    bool is_plain;               /* of smtp://: without STARTTLS; otherwise it is a must */
};

struct sea_http_call {
    const char *peer; /* constant, few of them: a metric's label */
    enum sea_http_method method;
    const char *url;
    const char *const
        *headers;        /* "Name: value" lines without CR or LF, NULL at the end; NULL: none */
    struct sea_str body; /* copied */
    const struct sea_http_mail
        *mail;                   /* NULL: it is HTTP. Otherwise method and headers don't count */
    uint32_t timeout_ms;         /* for everything; 0: 10,000 */
    uint32_t connect_timeout_ms; /* until it can be written; 0: 5,000 */
    size_t response_max_bytes;   /* 0: 1 MiB */
    /* May be sent again unseen when a kept connection turns out to be dead (RFC 9110 §9.2.2).
     * Without it a call is written at most once. */
    bool may_repeat;
    /* NULL: wherever the name leads. Otherwise asked with `ctx` for the very address that is about
     * to be connected to, after the name was looked up; such a call has a connection of its own and
     * passes no proxy. Not for mail. */
    bool (*may_connect)(void *ctx, const struct sockaddr *address);
};

enum sea_http_outcome {
    SEA_HTTP_NOT_SENT, /* surely nothing of it reached the peer: name, connection, TLS, or time ran
                          out before */
    SEA_HTTP_ANSWERED, /* a whole answer of any status */
    SEA_HTTP_UNKNOWN,  /* it may have been processed: no answer, or not all of it */
};

struct sea_http_reply {
    enum sea_http_outcome outcome;
    int status; /* 0 when no status line came; also set when the rest of the answer is missing */
    struct sea_str body;    /* all of it only when ANSWERED */
    struct sea_str headers; /* lines as received */
    const char *cause;      /* libcurl's words for what went wrong; "" when ANSWERED */
    bool is_timeout;
    bool is_too_large; /* longer than response_max_bytes: the call ended there */
    bool is_forbidden; /* may_connect refused an address */
    int64_t took_ms;
};

/* The value of the first header of that name, any case; .ptr is NULL when there is none. */
struct sea_str sea_http_reply_header(const struct sea_http_reply *reply, const char *name);
/* Of Retry-After in seconds (RFC 9110 10.2.3), at most a day; 0: none, or a date. */
int64_t sea_http_reply_retry_after_ms(const struct sea_http_reply *reply);

/* `reply` and all it points to end when the function returns. It may make and cancel other calls.
 */
typedef void sea_http_reply_fn(void *ctx, const struct sea_http_reply *reply);

SEA_MUST_CHECK enum sea_err sea_http_client_open(struct sea_http_client **ret,
                                                 struct event_base *base,
                                                 const struct sea_http_client_config *config);
void sea_http_client_close(struct sea_http_client **client); /* cancels what is under way */

/* Starts a call; `on_reply` is called once, from the loop, never inside this function. NULL:
 * in_flight_max calls are under way, nothing was started. The handle ends with `on_reply`. */
SEA_MUST_CHECK struct sea_http_transfer *sea_http_client_send(struct sea_http_client *client,
                                                              const struct sea_http_call *call,
                                                              sea_http_reply_fn *on_reply,
                                                              void *ctx);
/* `on_reply` will not be called; the peer may or may not have seen the call, mail goes on. */
void sea_http_client_cancel(struct sea_http_transfer *transfer);

uint32_t sea_http_client_in_flight(const struct sea_http_client *client);

#endif
