/* sea_http_parse.h: bytes to requests: llhttp with limits and with what RFC 9110 and 9112 want of a
 * server. Internal to common/http (and its fuzz target); it does no I/O. */
#ifndef SEA_HTTP_PARSE_H
#define SEA_HTTP_PARSE_H

#include <llhttp.h>

#include "sea_buf.h"
#include "sea_http.h"
#include "sea_problem.h"

enum { SEA_HTTP_HEAD_MAX_BYTES = 16384, SEA_HTTP_TARGET_MAX_BYTES = 8192 };

enum sea_http_parsed {
    SEA_HTTP_MORE,    /* all bytes taken, the request isn't whole yet */
    SEA_HTTP_WHOLE,   /* one request is whole; the bytes behind it weren't taken */
    SEA_HTTP_REFUSED, /* `refusal` says why; the connection cannot go on */
};

/* One request in the making. All pointers of `request` point into this struct and its body. */
struct sea_http_parse {
    llhttp_t parser;
    struct sea_http_request request;
    struct sea_http_header headers[SEA_HTTP_HEADERS_MAX];
    struct sea_buf body; /* its `max` is set by `on_head` */
    enum sea_problem_code refusal;
    const char *refusal_detail;
    bool is_refused;
    bool has_begun;     /* a byte of the request was seen */
    bool has_head;      /* the head is whole */
    bool wants_100;     /* Expect: 100-continue, and a body is to come */
    bool is_kept_alive; /* of a whole request: the connection may be used again */
    bool is_http10;
    /* Called when the head is whole, before the body: sets body.max. Non-zero refuses:
     * sea_http_parse_refuse. */
    int (*on_head)(struct sea_http_parse *parse, void *ctx);
    void *ctx;
    size_t head_len, name_start, name_len, target_len, extra_bytes;
    char head[SEA_HTTP_HEAD_MAX_BYTES];
    char decoded[SEA_HTTP_TARGET_MAX_BYTES]; /* the route's parameters */
};

/* Ready for a new request; the memory of the body is kept. */
void sea_http_parse_init(struct sea_http_parse *parse);
void sea_http_parse_free(struct sea_http_parse *parse);

/* Takes bytes up to the end of one request. */
enum sea_http_parsed sea_http_parse_feed(struct sea_http_parse *parse, struct sea_str bytes,
                                         size_t *ret_taken);

/* For on_head: what it returns to refuse the request. `detail` is constant text. */
int sea_http_parse_refuse(struct sea_http_parse *parse, enum sea_problem_code code,
                          const char *detail);

/* Matches `pattern` and decodes what its {…} took into the request. False: no match. A broken
 * escape gives a match with *ret_broken set. */
bool sea_http_parse_route(struct sea_http_parse *parse, const char *pattern, bool *ret_broken);

#endif
