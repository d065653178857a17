/* sea_webhook.c: how providers sign what they send. */
#include "sea_webhook.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "sea_enc.h"

enum { FORM_FIELDS_MOST = 200, SIGNATURES_MOST = 8, URL_PARTS = 3 };

static struct sea_str after(struct sea_str text, size_t skip)
{
    return (struct sea_str){text.ptr + skip, text.len - skip};
}

bool sea_webhook_meta(struct sea_mac *mac, struct sea_str header, struct sea_str body)
{
    static const char scheme[] = "sha256=";
    return sea_str_starts(header, scheme) &&
           sea_mac_is_hex(mac, &body, 1, after(header, strlen(scheme)));
}

bool sea_webhook_line(struct sea_mac *mac, struct sea_str header, struct sea_str body)
{
    return sea_mac_is_base64(mac, &body, 1, header);
}

/* A form's field, decoded. */
struct field {
    struct sea_str name, value;
};

static int compare_text(struct sea_str a, struct sea_str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_fields(const void *a, const void *b)
{
    const struct field *left = a, *right = b;
    int order = compare_text(left->name, right->name);
    return order != 0 ? order : compare_text(left->value, right->value);
}

/* Takes what stands before the first `stop` off *rest, decoded into *scratch, which moves on. */
static bool take_decoded(struct sea_str *rest, char stop, char **scratch, struct sea_str *ret)
{
    const char *end = rest->len > 0 ? memchr(rest->ptr, stop, rest->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - rest->ptr) : rest->len, decoded;
    if (!sea_percent_decode((struct sea_str){rest->ptr, len}, true, *scratch, &decoded))
        return false;
    *ret = (struct sea_str){*scratch, decoded};
    *scratch += decoded;
    *rest = after(*rest, end != NULL ? len + 1 : len);
    return true;
}

/* The form's fields, decoded into `scratch` of body.len bytes and sorted; false when malformed or
 * too many. */
static bool parse_form(struct sea_str body, char *scratch, struct field *ret, size_t *ret_count)
{
    size_t count = 0;
    while (body.len > 0) {
        const char *end = memchr(body.ptr, '&', body.len);
        struct sea_str pair = {body.ptr, end != NULL ? (size_t)(end - body.ptr) : body.len};
        body = after(body, end != NULL ? pair.len + 1 : pair.len);
        if (pair.len == 0) continue;
        if (count == FORM_FIELDS_MOST) return false;
        if (!take_decoded(&pair, '=', &scratch, &ret[count].name)) return false;
        if (!take_decoded(&pair, '\0', &scratch, &ret[count].value)) return false;
        count++;
    }
    if (count > 0) qsort(ret, count, sizeof *ret, compare_fields);
    *ret_count = count;
    return true;
}

/* The URL in the parts before the port, the port with its colon, and the rest. */
struct url {
    struct sea_str head, port, tail;
};

static struct url split_url(struct sea_str url)
{
    bool is_https = sea_str_starts(url, "https://");
    size_t start = is_https ? strlen("https://") : strlen("http://");
    if (!is_https && !sea_str_starts(url, "http://")) return (struct url){.head = url};
    size_t end = start, colon = 0;
    for (; end < url.len && strchr("/?#", url.ptr[end]) == NULL; end++) {
        if (url.ptr[end] == ':') colon = end;
        if (url.ptr[end] == ']') colon = 0; /* the colons of an IPv6 address */
    }
    if (colon == 0) {
        struct sea_str port = is_https ? SEA_STR(":443") : SEA_STR(":80");
        return (struct url){{url.ptr, end}, port, after(url, end)};
    }
    return (struct url){{url.ptr, colon}, {url.ptr + colon, end - colon}, after(url, end)};
}

/* With the port and without it; parts[0 … 2] are for the URL. */
static bool is_twilios(struct sea_mac *mac, struct sea_str header, struct sea_str url,
                       struct sea_str *parts, size_t count)
{
    struct url split = split_url(url);
    parts[0] = split.head;
    parts[1] = split.port;
    parts[2] = split.tail;
    if (sea_mac_is_base64(mac, parts, count, header)) return true;
    parts[1] = (struct sea_str){NULL, 0};
    return sea_mac_is_base64(mac, parts, count, header);
}

bool sea_webhook_twilio_form(struct sea_mac *mac, struct sea_str header, struct sea_str url,
                             struct sea_str body)
{
    struct field fields[FORM_FIELDS_MOST];
    struct sea_str parts[URL_PARTS + 2 * FORM_FIELDS_MOST];
    size_t fields_count, count = URL_PARTS;
    char *scratch = sea_alloc(body.len);
    bool is_valid = parse_form(body, scratch, fields, &fields_count);
    for (size_t i = 0; is_valid && i < fields_count; i++) {
        if (i > 0 && compare_fields(&fields[i - 1], &fields[i]) == 0) continue;
        parts[count++] = fields[i].name;
        parts[count++] = fields[i].value;
    }
    is_valid = is_valid && is_twilios(mac, header, url, parts, count);
    free(scratch);
    return is_valid;
}

bool sea_webhook_twilio_json(struct sea_mac *mac, struct sea_str header, struct sea_str url,
                             struct sea_str body)
{
    static const char name[] = "bodySHA256=";
    uint8_t digest[32], claimed[32];
    struct sea_str parts[URL_PARTS];
    const char *at = url.len > 0 ? memmem(url.ptr, url.len, name, strlen(name)) : NULL;
    if (at == NULL || at == url.ptr || strchr("?&", at[-1]) == NULL) return false;
    struct sea_str value = after(url, (size_t)(at - url.ptr) + strlen(name));
    if (value.len > 2 * sizeof claimed) value.len = 2 * sizeof claimed;
    if (!sea_hex_parse(value, claimed, sizeof claimed)) return false;
    sea_assert(EVP_Digest(body.ptr, body.len, digest, NULL, EVP_sha256(), NULL) == 1);
    return memcmp(digest, claimed, sizeof digest) == 0 &&
           is_twilios(mac, header, url, parts, SEA_COUNT(parts));
}

bool sea_webhook_standard(struct sea_mac *mac, const struct sea_webhook_standard *headers,
                          struct sea_str body, int64_t now_s, int64_t tolerance_s)
{
    const struct sea_str dot = SEA_STR(".");
    const struct sea_str parts[] = {headers->id, dot, headers->timestamp, dot, body};
    int64_t sent_s;
    if (!sea_str_i64(headers->timestamp, &sent_s) || sent_s < 0) return false;
    if (sent_s < now_s - tolerance_s || sent_s > now_s + tolerance_s) return false;
    struct sea_str rest = headers->signatures;
    for (int i = 0; i < SIGNATURES_MOST && rest.len > 0; i++) {
        const char *blank = memchr(rest.ptr, ' ', rest.len);
        struct sea_str each = {rest.ptr, blank != NULL ? (size_t)(blank - rest.ptr) : rest.len};
        rest = after(rest, blank != NULL ? each.len + 1 : each.len);
        if (sea_str_starts(each, "v1,") &&
            sea_mac_is_base64(mac, parts, SEA_COUNT(parts), after(each, 3)))
            return true;
    }
    return false;
}

void sea_webhook_standard_sign(struct sea_mac *mac, struct sea_str id, struct sea_str timestamp,
                               struct sea_str body, char ret[SEA_WEBHOOK_SIGNATURE_TEXT])
{
    const struct sea_str dot = SEA_STR(".");
    const struct sea_str parts[] = {id, dot, timestamp, dot, body};
    uint8_t code[SEA_MAC_MOST_BYTES];
    size_t len = sea_mac_sign(mac, parts, SEA_COUNT(parts), code);
    memcpy(ret, "v1,", 3);
    sea_base64_print(code, len, ret + 3);
}

bool sea_webhook_standard_open(struct sea_mac **ret, struct sea_str secret)
{
    static const char prefix[] = "whsec_";
    uint8_t bytes[64];
    size_t len;
    if (!sea_str_starts(secret, prefix)) return false;
    if (!sea_base64_parse(after(secret, strlen(prefix)), bytes, sizeof bytes, &len) || len < 24)
        return false;
    sea_mac_open(ret, SEA_MAC_SHA256, (struct sea_str){(const char *)bytes, len});
    OPENSSL_cleanse(bytes, sizeof bytes);
    return true;
}

bool sea_webhook_account_open(struct sea_mac **ret, struct sea_str secret)
{
    if (sea_str_starts(secret, "whsec_")) return sea_webhook_standard_open(ret, secret);
    sea_mac_open(ret, SEA_MAC_SHA256, secret);
    return true;
}
