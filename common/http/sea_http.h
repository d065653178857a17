/* sea_http.h: what an HTTP request is here, and how its parts are found; nothing that does I/O. */
#ifndef SEA_HTTP_H
#define SEA_HTTP_H

#include "sea_arena.h"
#include "sea_base.h"
#include "sea_buf.h"

enum sea_http_method {
    SEA_HTTP_OTHER, /* known to HTTP, used by no route */
    SEA_HTTP_GET,
    SEA_HTTP_HEAD,
    SEA_HTTP_POST,
    SEA_HTTP_PUT,
    SEA_HTTP_PATCH,
    SEA_HTTP_DELETE,
    SEA_HTTP_OPTIONS,
};

enum { SEA_HTTP_HEADERS_MAX = 64, SEA_HTTP_PARAMS_MAX = 4 };

struct sea_http_header {
    struct sea_str name, value; /* name in lower case, value without blanks around it */
};

struct sea_http_request {
    enum sea_http_method method;
    struct sea_str target; /* as sent: path, and '?' with the query */
    struct sea_str path;   /* still percent-encoded */
    struct sea_str query;  /* still encoded, without the '?' */
    struct sea_str body;
    const struct sea_http_header *headers;
    size_t headers_count;
    struct sea_str params[SEA_HTTP_PARAMS_MAX]; /* the {…} of the route in order, decoded */
    size_t params_count;
};

/* The value of the first header of that name (lower case); .ptr is NULL when there is none. */
struct sea_str sea_http_header(const struct sea_http_request *request, const char *name);

/* Whether the Content-Type is `type` ("application/json"), whatever its parameters. */
bool sea_http_is_type(const struct sea_http_request *request, const char *type);
/* The same of a Content-Type's value. */
bool sea_http_type_is(struct sea_str value, const char *type);

/* Whether the body is packed. No server here unpacks one: what a few bytes become would have to be
 * bounded once more. */
bool sea_http_is_encoded(const struct sea_http_request *request);

/* What stands behind the scheme in a value of Authorization; empty: it is of another scheme. The
 * case of a scheme doesn't count (RFC 9110 §11.1). */
struct sea_str sea_http_credentials(struct sea_str authorization, const char *scheme);

const char *sea_http_method_name(enum sea_http_method method);
const char *sea_http_status_text(int status); /* RFC 9110 §15; "Unknown" for others */

/* One path against "/v1/channels/{channel}/{account}"; a {…} takes one whole, non-empty segment,
 * which is written to `ret_params` as sent. */
bool sea_http_path_match(const char *pattern, struct sea_str path,
                         struct sea_str ret_params[SEA_HTTP_PARAMS_MAX], size_t *ret_count);

/* Name and value pairs of a query or an application/x-www-form-urlencoded body (WHATWG URL §5.1).
 * `rest` starts as the whole text and loses the pair that is returned, still encoded; false at the
 * end. */
bool sea_http_form_next(struct sea_str *rest, struct sea_str *ret_name, struct sea_str *ret_value);

/* The decoded value of the first pair called `name`, in `arena`. False, *ret untouched, when there
 * is none, when its encoding is broken, or when the arena is full. */
SEA_MUST_CHECK bool sea_http_form_find(struct sea_str form, const char *name,
                                       struct sea_arena *arena, struct sea_str *ret);

/* Appends name=value, with '&' before it unless the form is empty. */
void sea_http_form_add(struct sea_buf *form, const char *name, struct sea_str value);

/* A decoded copy in `arena`, terminated; false when the encoding is broken or the arena full. */
SEA_MUST_CHECK bool sea_http_form_decode(struct sea_str text, struct sea_arena *arena,
                                         struct sea_str *ret);

/* Appends a header line of HTTP Basic (RFC 7617) without its end: a secret. */
void sea_http_basic(struct sea_buf *ret, struct sea_str user, struct sea_str password);

#endif
