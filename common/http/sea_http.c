/* sea_http.c: the parts of a request: headers, paths, forms, and the words of RFC 9110. */
#include "sea_http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sea_enc.h"

struct sea_str sea_http_header(const struct sea_http_request *request, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < request->headers_count; i++) {
        const struct sea_http_header *header = &request->headers[i];
        if (header->name.len == len && memcmp(header->name.ptr, name, len) == 0)
            return header->value;
    }
    return (struct sea_str){NULL, 0};
}

bool sea_http_is_type(const struct sea_http_request *request, const char *type)
{
    return sea_http_type_is(sea_http_header(request, "content-type"), type);
}

bool sea_http_type_is(struct sea_str value, const char *type)
{
    const char *end = value.len > 0 ? memchr(value.ptr, ';', value.len) : NULL;
    if (end != NULL) value.len = (size_t)(end - value.ptr);
    value = sea_str_trim(value);
    return value.len == strlen(type) && value.len > 0 &&
           strncasecmp(value.ptr, type, value.len) == 0;
}

bool sea_http_is_encoded(const struct sea_http_request *request)
{
    struct sea_str coding = sea_http_header(request, "content-encoding");
    bool is_identity = coding.len == 8 && strncasecmp(coding.ptr, "identity", 8) == 0;
    return request->body.len > 0 && coding.len > 0 && !is_identity;
}

struct sea_str sea_http_credentials(struct sea_str authorization, const char *scheme)
{
    struct sea_str value = sea_str_trim(authorization);
    size_t len = strlen(scheme);
    if (value.len <= len || value.ptr[len] != ' ' || strncasecmp(value.ptr, scheme, len) != 0)
        return (struct sea_str){NULL, 0};
    return sea_str_trim((struct sea_str){value.ptr + len, value.len - len});
}

const char *sea_http_method_name(enum sea_http_method method)
{
    static const char *const NAMES[] = {"other", "GET",   "HEAD",   "POST",
                                        "PUT",   "PATCH", "DELETE", "OPTIONS"};
    sea_assert((size_t)method < SEA_COUNT(NAMES));
    return NAMES[method];
}

const char *sea_http_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } TEXTS[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < SEA_COUNT(TEXTS); i++)
        if (TEXTS[i].status == status) return TEXTS[i].text;
    return "Unknown";
}

bool sea_http_path_match(const char *pattern, struct sea_str path,
                         struct sea_str ret_params[SEA_HTTP_PARAMS_MAX], size_t *ret_count)
{
    const char *at = path.ptr, *end = path.ptr + path.len;
    size_t count = 0;
    while (*pattern != '\0') {
        if (*pattern != '{') {
            if (at == end || *at++ != *pattern++) return false;
            continue;
        }
        const char *start = at;
        while (at < end && *at != '/') at++;
        if (at == start) return false;
        sea_assert(count < SEA_HTTP_PARAMS_MAX);
        ret_params[count++] = (struct sea_str){start, (size_t)(at - start)};
        pattern = strchr(pattern, '}');
        sea_assert(pattern != NULL);
        pattern++;
    }
    if (at != end) return false;
    *ret_count = count;
    return true;
}

bool sea_http_form_next(struct sea_str *rest, struct sea_str *ret_name, struct sea_str *ret_value)
{
    while (rest->len > 0 && rest->ptr[0] == '&') {
        rest->ptr++;
        rest->len--;
    }
    if (rest->len == 0) return false;
    const char *and = memchr(rest->ptr, '&', rest->len);
    struct sea_str pair = {rest->ptr, and != NULL ? (size_t)(and-rest->ptr) : rest->len};
    const char *equals = memchr(pair.ptr, '=', pair.len);
    size_t name_len = equals != NULL ? (size_t)(equals - pair.ptr) : pair.len;
    *ret_name = (struct sea_str){pair.ptr, name_len};
    *ret_value = equals != NULL ? (struct sea_str){equals + 1, pair.len - name_len - 1}
                                : (struct sea_str){pair.ptr + pair.len, 0};
    rest->ptr += pair.len;
    rest->len -= pair.len;
    return true;
}

static void form_encode(struct sea_buf *form, struct sea_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (is_plain || c == '-' || c == '.' || c == '_' || c == '*')
            sea_buf_char(form, (char)c);
        else if (c == ' ')
            sea_buf_char(form, '+');
        else
            sea_buf_printf(form, "%%%02X", c);
    }
}

void sea_http_form_add(struct sea_buf *form, const char *name, struct sea_str value)
{
    if (form->len > 0) sea_buf_char(form, '&');
    form_encode(form, sea_str(name));
    sea_buf_char(form, '=');
    form_encode(form, value);
}

bool sea_http_form_decode(struct sea_str text, struct sea_arena *arena, struct sea_str *ret)
{
    char *room = sea_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    if (room == NULL || !sea_percent_decode(text, true, room, &len)) return false;
    room[len] = '\0';
    *ret = (struct sea_str){room, len};
    return true;
}

bool sea_http_form_find(struct sea_str form, const char *name, struct sea_arena *arena,
                        struct sea_str *ret)
{
    struct sea_str encoded, value, decoded;
    while (sea_http_form_next(&form, &encoded, &value)) {
        if (!sea_http_form_decode(encoded, arena, &decoded)) return false;
        if (sea_str_is(decoded, name)) return sea_http_form_decode(value, arena, ret);
    }
    return false;
}

void sea_http_basic(struct sea_buf *ret, struct sea_str user, struct sea_str password)
{
    struct sea_buf login = SEA_BUF(user.len + 1 + password.len);
    sea_buf_str(&login, user);
    sea_buf_char(&login, ':');
    sea_buf_str(&login, password);
    char *text = sea_alloc(sea_base64_size(login.len) + 1);
    sea_base64_print(login.ptr, login.len, text);
    sea_buf_printf(ret, "Authorization: Basic %s", text);
    explicit_bzero(text, strlen(text));
    free(text);
    sea_buf_wipe(&login);
}
