/* sea_problem.h: an error as application/problem+json (RFC 9457), with the codes of Seadesk's HTTP
 * edges. */
#ifndef SEA_PROBLEM_H
#define SEA_PROBLEM_H

#include "sea_buf.h"

/* Every code gives its status and its title; `type` is urn:seadesk:problem:<code>. */
#define SEA_PROBLEMS(X)                                                                            \
    X(MALFORMED, 400, "malformed", "The request cannot be read")                                   \
    X(UNAUTHORIZED, 401, "unauthorized", "Sign in first")                                          \
    X(FORBIDDEN, 403, "forbidden", "Not allowed to do this")                                       \
    X(SOURCE_NOT_ALLOWED, 403, "source-not-allowed", "The key may not publish for this source")    \
    X(NOT_FOUND, 404, "not-found", "There is no such thing")                                       \
    X(METHOD_NOT_ALLOWED, 405, "method-not-allowed", "The resource does not have this method")     \
    X(TIMEOUT, 408, "timeout", "The request took too long to arrive")                              \
    X(CONFLICT, 409, "conflict", "The state does not allow this")                                  \
    X(VERSION_MISMATCH, 412, "version-mismatch", "The resource has changed meanwhile")             \
    X(TOO_LARGE, 413, "too-large", "The request is too large")                                     \
    X(TARGET_TOO_LONG, 414, "target-too-long", "The address of the request is too long")           \
    X(UNSUPPORTED_MEDIA_TYPE, 415, "unsupported-media-type",                                       \
      "This content type is not understood")                                                       \
    X(EXPECTATION, 417, "expectation-failed", "The expectation cannot be met")                     \
    X(WRONG_REGION, 421, "wrong-region", "This belongs to another region")                         \
    X(INVALID, 422, "invalid", "The content is not valid")                                         \
    X(CONSENT_REQUIRED, 422, "consent-required", "Consent is missing")                             \
    X(TOO_MANY, 422, "too-many", "Too many events in one request")                                 \
    X(KEY_REUSED, 422, "key-reused", "The Idempotency-Key was used with another body")             \
    X(PRECONDITION_REQUIRED, 428, "precondition-required", "A precondition is missing")            \
    X(TOO_MANY_REQUESTS, 429, "too-many-requests", "Too many requests")                            \
    X(HEADERS_TOO_LARGE, 431, "headers-too-large", "The headers of the request are too large")     \
    X(INTERNAL, 500, "internal", "The service failed")                                             \
    X(METHOD_UNKNOWN, 501, "method-unknown", "This method is not understood")                      \
    X(CODING_UNKNOWN, 501, "coding-unknown", "This transfer coding is not understood")             \
    X(UNAVAILABLE, 503, "unavailable", "The service cannot do this now")                           \
    X(VERSION_UNKNOWN, 505, "version-unknown", "This version of HTTP is not understood")

#define SEA_PROBLEM_ENUM(name, status, code, title) SEA_PROBLEM_##name,
enum sea_problem_code { SEA_PROBLEMS(SEA_PROBLEM_ENUM) };
#undef SEA_PROBLEM_ENUM

struct sea_problem {
    enum sea_problem_code code;
    const char *detail;     /* what was wrong, for a person; NULL: none */
    const char *field;      /* JSON pointer (RFC 6901) to the wrong part; NULL: none */
    const char *reason;     /* a word for programs; NULL: none */
    const int64_t *index;   /* the event's place in a batch; NULL: no batch */
    uint32_t retry_after_s; /* 0: no Retry-After header */
};

int sea_problem_status(enum sea_problem_code code);
/* Appends the JSON object. Bytes that are not UTF-8 become '?'. */
void sea_problem_print(const struct sea_problem *problem, struct sea_buf *out);

#endif
