/* sea_http_parse.c: llhttp's callbacks, which gather a request and hold it to the limits. */
#include "sea_http_parse.h"

#include <string.h>
#include <strings.h>

#include "sea_enc.h"

static struct sea_http_parse *parse_of(llhttp_t *parser)
{
    return parser->data;
}

int sea_http_parse_refuse(struct sea_http_parse *parse, enum sea_problem_code code,
                          const char *detail)
{
    parse->is_refused = true;
    parse->refusal = code;
    parse->refusal_detail = detail;
    return HPE_USER;
}

static bool add_to_head(struct sea_http_parse *parse, const char *at, size_t len)
{
    if (len > sizeof parse->head - parse->head_len) return false;
    memcpy(parse->head + parse->head_len, at, len);
    parse->head_len += len;
    return true;
}

static int on_begin(llhttp_t *parser)
{
    parse_of(parser)->has_begun = true;
    return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    struct sea_http_parse *parse = parse_of(parser);
    if (parse->target_len + len > SEA_HTTP_TARGET_MAX_BYTES || !add_to_head(parse, at, len))
        return sea_http_parse_refuse(parse, SEA_PROBLEM_TARGET_TOO_LONG,
                                     "a target may have 8192 bytes");
    parse->target_len += len;
    parse->name_start = parse->head_len;
    return 0;
}

static int too_much_head(struct sea_http_parse *parse)
{
    return sea_http_parse_refuse(parse, SEA_PROBLEM_HEADERS_TOO_LARGE,
                                 "the headers together may have 16384 bytes, and there may be 64");
}

/* Trailers and chunk extensions are read over, but not without end. */
static int on_extra(llhttp_t *parser, const char *at, size_t len)
{
    (void)at;
    struct sea_http_parse *parse = parse_of(parser);
    parse->extra_bytes += len;
    return parse->extra_bytes > SEA_HTTP_HEAD_MAX_BYTES ? too_much_head(parse) : 0;
}

static int on_header_text(llhttp_t *parser, const char *at, size_t len)
{
    struct sea_http_parse *parse = parse_of(parser);
    if (parse->has_head) return on_extra(parser, at, len);
    return add_to_head(parse, at, len) ? 0 : too_much_head(parse);
}

static int on_field_complete(llhttp_t *parser)
{
    struct sea_http_parse *parse = parse_of(parser);
    if (parse->has_head) return 0;
    parse->name_len = parse->head_len - parse->name_start;
    for (char *c = parse->head + parse->name_start; c < parse->head + parse->head_len; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c | 0x20);
    return 0;
}

static int on_value_complete(llhttp_t *parser)
{
    struct sea_http_parse *parse = parse_of(parser);
    if (parse->has_head) return on_extra(parser, NULL, 4);
    if (parse->request.headers_count == SEA_HTTP_HEADERS_MAX) return too_much_head(parse);
    const char *name = parse->head + parse->name_start;
    const char *value = name + parse->name_len;
    struct sea_str raw = {value, (size_t)(parse->head + parse->head_len - value)};
    parse->headers[parse->request.headers_count++] =
        (struct sea_http_header){{name, parse->name_len}, sea_str_trim(raw)};
    parse->name_start = parse->head_len;
    return 0;
}

static enum sea_http_method method_of(const llhttp_t *parser)
{
    static const enum sea_http_method METHODS[] = {
        [HTTP_GET] = SEA_HTTP_GET,         [HTTP_HEAD] = SEA_HTTP_HEAD,
        [HTTP_POST] = SEA_HTTP_POST,       [HTTP_PUT] = SEA_HTTP_PUT,
        [HTTP_PATCH] = SEA_HTTP_PATCH,     [HTTP_DELETE] = SEA_HTTP_DELETE,
        [HTTP_OPTIONS] = SEA_HTTP_OPTIONS,
    };
    return parser->method < SEA_COUNT(METHODS) ? METHODS[parser->method] : SEA_HTTP_OTHER;
}

/* RFC 9112 §3.2: origin form; the absolute form loses its scheme and authority. */
static void split_target(struct sea_http_request *request, struct sea_str target)
{
    request->target = target;
    size_t scheme_len = target.len > 8 && strncasecmp(target.ptr, "https://", 8) == 0  ? 8
                        : target.len > 7 && strncasecmp(target.ptr, "http://", 7) == 0 ? 7
                                                                                       : 0;
    if (scheme_len > 0) {
        const char *end = target.ptr + target.len;
        const char *path = target.ptr + scheme_len;
        while (path < end && *path != '/' && *path != '?') path++;
        target = (struct sea_str){path, (size_t)(end - path)};
    }
    const char *mark = target.len > 0 ? memchr(target.ptr, '?', target.len) : NULL;
    size_t path_len = mark != NULL ? (size_t)(mark - target.ptr) : target.len;
    request->path = path_len > 0 ? (struct sea_str){target.ptr, path_len} : SEA_STR("/");
    if (mark != NULL) request->query = (struct sea_str){mark + 1, target.len - path_len - 1};
}

/* RFC 9112 §3.2: uri-host [ ":" port ], or nothing, by its characters. */
static bool is_host(struct sea_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_plain && (c == '\0' || strchr("-._~%!$&'()*+,;=:[]", c) == NULL)) return false;
    }
    return true;
}

/* What llhttp leaves to us: one Host (RFC 9112 §3.2), the version, the transfer coding (§6.1), the
 * expectation (RFC 9110 §10.1.1). */
static int check_head(struct sea_http_parse *parse)
{
    const llhttp_t *parser = &parse->parser;
    size_t hosts = 0;
    for (size_t i = 0; i < parse->request.headers_count; i++) {
        const struct sea_http_header *header = &parse->headers[i];
        if (sea_str_is(header->name, "host")) hosts += is_host(header->value) ? 1 : 2;
        if (sea_str_is(header->name, "transfer-encoding") &&
            (header->value.len != 7 || strncasecmp(header->value.ptr, "chunked", 7) != 0))
            return sea_http_parse_refuse(parse, SEA_PROBLEM_CODING_UNKNOWN,
                                         "of transfer codings only chunked is understood");
    }
    if (parser->http_major != 1)
        return sea_http_parse_refuse(parse, SEA_PROBLEM_VERSION_UNKNOWN,
                                     "HTTP/1.1 or 1.0 is spoken here");
    if (hosts > 1 || (hosts == 0 && !parse->is_http10))
        return sea_http_parse_refuse(parse, SEA_PROBLEM_MALFORMED,
                                     "a request has one Host header, of a host and its port");
    struct sea_str expect = sea_http_header(&parse->request, "expect");
    if (expect.ptr == NULL || parse->is_http10) return 0;
    if (expect.len != 12 || strncasecmp(expect.ptr, "100-continue", 12) != 0)
        return sea_http_parse_refuse(parse, SEA_PROBLEM_EXPECTATION,
                                     "only 100-continue can be expected");
    parse->wants_100 = parser->content_length > 0 || (parser->flags & F_CHUNKED) != 0;
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct sea_http_parse *parse = parse_of(parser);
    parse->has_head = true;
    parse->is_http10 = parser->http_minor == 0;
    parse->request.method = method_of(parser);
    parse->request.headers = parse->headers;
    split_target(&parse->request, (struct sea_str){parse->head, parse->target_len});
    parser->upgrade = 0; /* no other protocol is spoken: RFC 9110 §7.8 lets us ignore the wish */
    int refused = check_head(parse);
    if (refused) return refused;
    refused = parse->on_head(parse, parse->ctx);
    if (refused) return refused;
    if ((parser->flags & F_CONTENT_LENGTH) != 0 && parser->content_length > parse->body.max)
        return sea_http_parse_refuse(parse, SEA_PROBLEM_TOO_LARGE,
                                     "the body is larger than this route takes");
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct sea_http_parse *parse = parse_of(parser);
    sea_buf_add(&parse->body, at, len);
    if (parse->body.is_full)
        return sea_http_parse_refuse(parse, SEA_PROBLEM_TOO_LARGE,
                                     "the body is larger than this route takes");
    return 0;
}

static int on_complete(llhttp_t *parser)
{
    struct sea_http_parse *parse = parse_of(parser);
    parse->request.body = sea_buf_view(&parse->body);
    parse->is_kept_alive = llhttp_should_keep_alive(parser) && !parse->is_http10;
    return HPE_PAUSED;
}

static const llhttp_settings_t SETTINGS = {
    .on_message_begin = on_begin,
    .on_url = on_url,
    .on_header_field = on_header_text,
    .on_header_field_complete = on_field_complete,
    .on_header_value = on_header_text,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_chunk_extension_name = on_extra,
    .on_chunk_extension_value = on_extra,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

void sea_http_parse_init(struct sea_http_parse *parse)
{
    llhttp_init(&parse->parser, HTTP_REQUEST, &SETTINGS);
    parse->parser.data = parse;
    sea_buf_reset(&parse->body);
    parse->request.headers_count = parse->request.params_count = 0;
    parse->request.query = parse->request.body = (struct sea_str){NULL, 0};
    parse->is_refused = parse->has_begun = parse->has_head = parse->wants_100 = parse->is_http10 =
        false;
    parse->head_len = parse->name_start = parse->target_len = parse->extra_bytes = 0;
}

void sea_http_parse_free(struct sea_http_parse *parse)
{
    sea_buf_free(&parse->body);
}

/* The statuses for what llhttp finds wrong. */
static enum sea_problem_code problem_of(llhttp_errno_t error, int http_major)
{
    if (error == HPE_INVALID_METHOD) return SEA_PROBLEM_METHOD_UNKNOWN;
    if (error == HPE_PAUSED_H2_UPGRADE) return SEA_PROBLEM_VERSION_UNKNOWN;
    if (error == HPE_INVALID_VERSION && http_major != 1) return SEA_PROBLEM_VERSION_UNKNOWN;
    return SEA_PROBLEM_MALFORMED;
}

enum sea_http_parsed sea_http_parse_feed(struct sea_http_parse *parse, struct sea_str bytes,
                                         size_t *ret_taken)
{
    llhttp_errno_t error = llhttp_execute(&parse->parser, bytes.ptr, bytes.len);
    *ret_taken = bytes.len;
    if (error == HPE_OK) return SEA_HTTP_MORE;
    if (error == HPE_PAUSED) {
        *ret_taken = (size_t)(llhttp_get_error_pos(&parse->parser) - bytes.ptr);
        return SEA_HTTP_WHOLE;
    }
    if (!parse->is_refused)
        sea_http_parse_refuse(parse, problem_of(error, parse->parser.http_major),
                              llhttp_get_error_reason(&parse->parser));
    return SEA_HTTP_REFUSED;
}

bool sea_http_parse_route(struct sea_http_parse *parse, const char *pattern, bool *ret_broken)
{
    struct sea_http_request *request = &parse->request;
    if (!sea_http_path_match(pattern, request->path, request->params, &request->params_count))
        return false;
    char *room = parse->decoded;
    *ret_broken = false;
    for (size_t i = 0; i < request->params_count; i++) {
        struct sea_str *param = &request->params[i];
        if (memchr(param->ptr, '%', param->len) == NULL) continue;
        size_t len = 0;
        if (!sea_percent_decode(*param, false, room, &len)) {
            *ret_broken = true;
            return true;
        }
        *param = (struct sea_str){room, len};
        room += len;
    }
    return true;
}
