/* sea_redis_url.c: redis:// addresses taken apart. */
#include "sea_redis_url.h"

#include <string.h>

#include "sea_enc.h"

enum { PORT = 6379, DATABASES_MOST = 16 };

static const char *find(struct sea_str text, char c)
{
    return text.len > 0 ? memchr(text.ptr, c, text.len) : NULL;
}

/* Takes what stands before `at` off *text, and the character there. */
static struct sea_str take(struct sea_str *text, const char *at)
{
    struct sea_str head = {text->ptr, (size_t)(at - text->ptr)};
    *text = (struct sea_str){at + 1, text->len - head.len - 1};
    return head;
}

static bool copy(struct sea_str text, char *ret, size_t size)
{
    if (text.len >= size || find(text, '\0') != NULL) return false;
    if (text.len > 0) memcpy(ret, text.ptr, text.len);
    ret[text.len] = '\0';
    return true;
}

static bool decode(struct sea_str text, char *ret, size_t size)
{
    size_t len;
    if (text.len >= size || !sea_percent_decode(text, false, ret, &len)) return false;
    ret[len] = '\0';
    return strlen(ret) == len;
}

static bool parse_number(struct sea_str text, uint64_t most, int *ret)
{
    uint64_t number;
    if (!sea_str_u64(text, &number) || number > most) return false;
    *ret = (int)number;
    return true;
}

static bool parse_user(struct sea_str text, struct sea_redis_url *url)
{
    const char *colon = find(text, ':');
    struct sea_str user = colon != NULL ? take(&text, colon) : text;
    if (!decode(user, url->user, sizeof url->user)) return false;
    return colon == NULL || decode(text, url->password, sizeof url->password);
}

static bool parse_host(struct sea_str text, struct sea_redis_url *url)
{
    struct sea_str host = text, port = {NULL, 0};
    if (sea_str_starts(text, "[")) {
        const char *end = find(text, ']');
        if (end == NULL) return false;
        host = take(&text, end);
        host = (struct sea_str){host.ptr + 1, host.len - 1};
        if (text.len > 0 && text.ptr[0] != ':') return false;
        if (text.len > 0) port = (struct sea_str){text.ptr + 1, text.len - 1};
        if (text.len == 1) return false;
    } else if (find(text, ':') != NULL) {
        host = take(&text, find(text, ':'));
        port = text;
        if (port.len == 0) return false;
    }
    if (port.len > 0 && (!parse_number(port, UINT16_MAX, &url->port) || url->port == 0))
        return false;
    return host.len > 0 && copy(host, url->host, sizeof url->host);
}

bool sea_redis_url_parse(struct sea_str text, struct sea_redis_url *ret)
{
    static const char scheme[] = "redis://";
    struct sea_redis_url url = {.port = PORT};
    if (!sea_str_starts(text, scheme)) return false;
    text = (struct sea_str){text.ptr + strlen(scheme), text.len - strlen(scheme)};
    const char *slash = find(text, '/');
    struct sea_str place = slash != NULL ? take(&text, slash) : text;
    if (slash != NULL && text.len > 0 && !parse_number(text, DATABASES_MOST - 1, &url.database))
        return false;
    const char *at = place.len > 0 ? memrchr(place.ptr, '@', place.len) : NULL;
    if (at != NULL && !parse_user(take(&place, at), &url)) return false;
    if (!parse_host(place, &url)) return false;
    *ret = url;
    return true;
}
