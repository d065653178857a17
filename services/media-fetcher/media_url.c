/* media_url.c: libcurl's parser, and what its parts must be. */
#include "media_url.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

enum { ORIGIN_MAX_BYTES = 320 };

void media_url_free(struct media_url *url)
{
    sea_buf_wipe(&url->text);
}

/* Terminated; NULL when it is too long or has a NUL inside. */
static CURLU *parse(struct sea_str text, CURLUcode *ret_code)
{
    struct sea_buf copy = SEA_BUF(MEDIA_URL_MAX_BYTES);
    CURLU *handle = curl_url();
    sea_assert(handle != NULL);
    sea_buf_str(&copy, text);
    *ret_code = CURLUE_MALFORMED_INPUT;
    if (text.len > 0 && !copy.is_full && memchr(text.ptr, 0, text.len) == NULL)
        *ret_code = curl_url_set(handle, CURLUPART_URL, copy.ptr, CURLU_DISALLOW_USER);
    sea_buf_free(&copy);
    return handle;
}

static bool get(CURLU *handle, CURLUPart part, unsigned flags, struct sea_buf *ret)
{
    char *text = NULL;
    if (curl_url_get(handle, part, &text, flags) != CURLUE_OK) return false;
    sea_buf_text(ret, text);
    curl_free(text);
    return !ret->is_full;
}

/* scheme://host:port, the port always there. */
static bool origin_of(CURLU *handle, struct sea_buf *ret)
{
    bool is_good = get(handle, CURLUPART_SCHEME, 0, ret);
    sea_buf_text(ret, "://");
    is_good = is_good && get(handle, CURLUPART_HOST, 0, ret);
    sea_buf_char(ret, ':');
    return is_good && get(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT, ret) && !ret->is_full;
}

static bool is_of(const char *base, struct sea_str origin)
{
    CURLUcode code = CURLUE_OK;
    struct sea_buf own = SEA_BUF(ORIGIN_MAX_BYTES);
    if (base == NULL) return false;
    CURLU *handle = parse(sea_str(base), &code);
    bool is_same =
        code == CURLUE_OK && origin_of(handle, &own) && sea_str_eq(sea_buf_view(&own), origin);
    curl_url_cleanup(handle);
    sea_buf_free(&own);
    return is_same;
}

static bool is_listed(const char *list, struct sea_str host)
{
    while (list != NULL && *list != '\0') {
        size_t len = strcspn(list, ",");
        if (sea_str_eq(sea_str_trim((struct sea_str){list, len}), host)) return true;
        list += len + (list[len] == ',');
    }
    return false;
}

static const char *judge_parts(const struct media_url_rules *rules, struct sea_str origin,
                               struct media_url *ret)
{
    bool is_https = sea_str_starts(origin, "https://");
    bool is_http = sea_str_starts(origin, "http://");
    size_t scheme_len = is_https ? sizeof("https://") - 1 : sizeof("http://") - 1;
    if (!is_https && !is_http) return "bad_url";
    struct sea_str host = {origin.ptr + scheme_len, origin.len - scheme_len};
    ret->is_of_base = is_of(rules->base, origin);
    ret->is_exempt = ret->is_of_base || is_listed(rules->private_hosts, host);
    if (ret->is_exempt) return NULL;
    if (is_http && rules->is_production) return "plain_http";
    const char *port = strrchr(origin.ptr, ':') + 1;
    return strcmp(port, "443") == 0 || strcmp(port, "80") == 0 ? NULL : "forbidden_port";
}

const char *media_url_judge(struct sea_str text, const struct media_url_rules *rules,
                            struct media_url *ret)
{
    CURLUcode code = CURLUE_OK;
    const char *reason = "bad_url";
    struct sea_buf origin = SEA_BUF(ORIGIN_MAX_BYTES);
    sea_buf_reset(&ret->text);
    CURLU *handle = parse(text, &code);
    if (code == CURLUE_USER_NOT_ALLOWED)
        reason = "credentials";
    else if (code == CURLUE_OK && origin_of(handle, &origin) &&
             get(handle, CURLUPART_URL, 0, &ret->text))
        reason = judge_parts(rules, sea_buf_view(&origin), ret);
    curl_url_cleanup(handle);
    sea_buf_free(&origin);
    return reason;
}

bool media_url_follow(struct sea_str from, struct sea_str location, struct sea_buf *ret)
{
    CURLUcode code = CURLUE_OK;
    struct sea_buf copy = SEA_BUF(MEDIA_URL_MAX_BYTES);
    CURLU *handle = parse(from, &code);
    sea_buf_str(&copy, location);
    bool is_good = code == CURLUE_OK && location.len > 0 && !copy.is_full &&
                   memchr(location.ptr, 0, location.len) == NULL &&
                   curl_url_set(handle, CURLUPART_URL, copy.ptr, 0) == CURLUE_OK &&
                   get(handle, CURLUPART_URL, 0, ret);
    curl_url_cleanup(handle);
    sea_buf_free(&copy);
    return is_good;
}

bool media_url_is_at(const struct media_url *url, const char *host)
{
    CURLUcode code = CURLUE_OK;
    struct sea_buf origin = SEA_BUF(ORIGIN_MAX_BYTES), wanted = SEA_BUF(ORIGIN_MAX_BYTES);
    CURLU *handle = parse(sea_buf_view(&url->text), &code);
    sea_buf_printf(&wanted, "https://%s:443", host);
    bool is_at = code == CURLUE_OK && origin_of(handle, &origin) &&
                 sea_str_eq(sea_buf_view(&origin), sea_buf_view(&wanted));
    curl_url_cleanup(handle);
    sea_buf_free(&origin);
    sea_buf_free(&wanted);
    return is_at;
}

bool media_url_is_under(struct sea_str url, const char *domain)
{
    static const char SCHEME[] = "https://";
    CURLUcode code = CURLUE_OK;
    struct sea_buf origin = SEA_BUF(ORIGIN_MAX_BYTES), end = SEA_BUF(ORIGIN_MAX_BYTES);
    CURLU *handle = parse(url, &code);
    sea_buf_printf(&end, "%s:443", domain);
    bool is_under = false;
    if (code == CURLUE_OK && origin_of(handle, &origin) &&
        sea_str_starts(sea_buf_view(&origin), SCHEME) &&
        origin.len >= sizeof(SCHEME) - 1 + end.len) {
        size_t at = origin.len - end.len;
        is_under = sea_str_is(sea_buf_view(&end), origin.ptr + at) &&
                   (at == sizeof(SCHEME) - 1 || origin.ptr[at - 1] == '.');
    }
    curl_url_cleanup(handle);
    sea_buf_free(&origin);
    sea_buf_free(&end);
    return is_under;
}
