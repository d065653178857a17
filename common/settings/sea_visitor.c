/* sea_visitor.c: three parts of base64url; the claims name the account whose secret must have
 * signed them. */
#include "sea_visitor.h"

#include <string.h>

#include <sodium.h>
#include <yyjson.h>

#include "sea_mac.h"

static const int64_t DAY_MS = INT64_C(24) * 60 * 60 * 1000;

enum { CONTACT_ID_MAX = 512 /* as ingest takes them */, CODE_BYTES = 32 /* of SHA-256 */ };

static bool split(struct sea_str token, struct sea_str ret[3])
{
    for (size_t i = 0; i < 3; i++) {
        const char *dot = token.len > 0 ? memchr(token.ptr, '.', token.len) : NULL;
        if ((dot == NULL) != (i == 2)) return false;
        size_t len = dot != NULL ? (size_t)(dot - token.ptr) : token.len;
        ret[i] = (struct sea_str){token.ptr, len};
        if (dot != NULL) token = (struct sea_str){dot + 1, token.len - len - 1};
    }
    return true;
}

static bool decode(struct sea_str text, uint8_t *ret, size_t cap, size_t *ret_len)
{
    const char *end = NULL;
    return text.len > 0 &&
           sodium_base642bin(ret, cap, text.ptr, text.len, NULL, ret_len, &end,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           end == text.ptr + text.len;
}

static yyjson_doc *parse(struct sea_str part)
{
    uint8_t json[SEA_SESSION_BYTES_MAX];
    size_t len = 0;
    if (!decode(part, json, sizeof(json), &len)) return NULL;
    return yyjson_read((const char *)json, len, 0);
}

static bool is_hs256(struct sea_str header)
{
    yyjson_doc *doc = parse(header);
    bool is_good = yyjson_equals_str(yyjson_obj_get(yyjson_doc_get_root(doc), "alg"), "HS256");
    yyjson_doc_free(doc);
    return is_good;
}

static bool is_signed_by(const struct sea_secrets *secrets, const struct sea_str parts[3])
{
    const struct sea_str said[] = {parts[0], SEA_STR("."), parts[1]};
    uint8_t claimed[CODE_BYTES], code[SEA_MAC_MOST_BYTES];
    size_t len = 0;
    bool is_good = false;
    if (!decode(parts[2], claimed, sizeof(claimed), &len) || len != sizeof(claimed)) return false;
    for (uint32_t i = 0; i < secrets->count; i++) {
        struct sea_mac *mac = NULL;
        sea_mac_open(&mac, SEA_MAC_SHA256, secrets->live[i]);
        len = sea_mac_sign(mac, said, SEA_COUNT(said), code);
        is_good |= len == sizeof(claimed) && sodium_memcmp(code, claimed, len) == 0;
        sea_mac_close(&mac);
    }
    return is_good;
}

static struct sea_str text_of(yyjson_val *claims, const char *name)
{
    yyjson_val *value = yyjson_obj_get(claims, name);
    if (!yyjson_is_str(value)) return SEA_STR("");
    return (struct sea_str){yyjson_get_str(value), yyjson_get_len(value)};
}

static bool read_claims(const struct sea_channels *channels, struct sea_str channel,
                        yyjson_val *claims, int64_t now_ms, struct sea_arena *arena,
                        struct sea_visitor *ret)
{
    struct sea_str contact_id = text_of(claims, "sub");
    yyjson_val *exp = yyjson_obj_get(claims, "exp");
    struct sea_visitor visitor = {
        .account = sea_channels_account(channels, channel, text_of(claims, "aud"))};
    if (visitor.account == NULL || !visitor.account->is_enabled || contact_id.len == 0 ||
        contact_id.len > CONTACT_ID_MAX || !yyjson_is_uint(exp) ||
        yyjson_get_uint(exp) > INT64_MAX / 1000)
        return false;
    visitor.expires_ms = (int64_t)yyjson_get_uint(exp) * 1000;
    visitor.contact_id = sea_arena_str(arena, contact_id);
    if (visitor.contact_id.ptr == NULL || visitor.expires_ms <= now_ms ||
        visitor.expires_ms - now_ms > SEA_SESSION_DAYS_MAX * DAY_MS)
        return false;
    *ret = visitor;
    return true;
}

bool sea_visitor_read(const struct sea_channels *channels, struct sea_str channel,
                      struct sea_str token, int64_t now_ms, struct sea_arena *arena,
                      struct sea_visitor *ret)
{
    struct sea_str parts[3];
    struct sea_visitor visitor;
    if (token.len > SEA_SESSION_BYTES_MAX || !split(token, parts) || !is_hs256(parts[0]))
        return false;
    yyjson_doc *doc = parse(parts[1]);
    bool is_good =
        read_claims(channels, channel, yyjson_doc_get_root(doc), now_ms, arena, &visitor) &&
        is_signed_by(&visitor.account->secret, parts);
    yyjson_doc_free(doc);
    if (is_good) *ret = visitor;
    return is_good;
}
