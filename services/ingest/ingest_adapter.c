/* ingest_adapter.c: the table of adapters, and what holds for all of them. */
#include "ingest_adapter.h"

#include <string.h>
#include <strings.h>

#include <sodium.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "sea_webhook.h"

#define SEA_CHANNEL_ROW(code, id, class)
#define SEA_ADAPTER_ROW(id, symbol, name, needs) extern const struct ingest_adapter ingest_##symbol;
#include "sea_channels.def"
#undef SEA_ADAPTER_ROW
static const struct ingest_adapter *const ADAPTERS[SEA_ADAPTER_COUNT] = {
#define SEA_ADAPTER_ROW(id, symbol, name, needs) [SEA_ADAPTER_##id] = &ingest_##symbol,
#include "sea_channels.def"
#undef SEA_ADAPTER_ROW
#undef SEA_CHANNEL_ROW
};

const struct ingest_adapter *ingest_adapter_of(enum sea_adapter adapter)
{
    return (size_t)adapter < SEA_COUNT(ADAPTERS) ? ADAPTERS[adapter] : NULL;
}

const char *ingest_verdict_name(enum ingest_verdict verdict)
{
    static const char *const NAMES[] = {[INGEST_NO_SIGNATURE] = "no_signature",
                                        [INGEST_BAD_SIGNATURE] = "bad_signature",
                                        [INGEST_DOUBLED_HEADER] = "doubled_header",
                                        [INGEST_BAD_TIME] = "bad_time",
                                        [INGEST_STALE] = "stale",
                                        [INGEST_FUTURE] = "future",
                                        [INGEST_AUTHENTIC] = "authentic"};
    sea_assert((size_t)verdict < SEA_COUNT(NAMES));
    return NAMES[verdict];
}

enum { NFKD_UNITS_MAX = 1024 };

/* False: it is no UTF-8, or too long. */
static bool open_nfkd(struct sea_mac **ret, struct sea_str plain)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar given[NFKD_UNITS_MAX], apart[NFKD_UNITS_MAX];
    char text[3 * NFKD_UNITS_MAX];
    int32_t count = 0, len = 0;
    u_strFromUTF8(given, NFKD_UNITS_MAX, &count, plain.ptr, (int32_t)plain.len, &status);
    const UNormalizer2 *nfkd = unorm2_getNFKDInstance(&status);
    count = unorm2_normalize(nfkd, given, count, apart, NFKD_UNITS_MAX, &status);
    u_strToUTF8(text, sizeof(text), &len, apart, count, &status);
    if (U_FAILURE(status)) return false;
    sea_mac_open(ret, SEA_MAC_SHA256, (struct sea_str){text, (size_t)len});
    sodium_memzero(given, sizeof(given));
    sodium_memzero(apart, sizeof(apart));
    sodium_memzero(text, sizeof(text));
    return true;
}

static bool open_key(struct ingest_key *key, enum ingest_secret secret, struct sea_str plain)
{
    static const enum sea_mac_hash HASHES[] = {
        [INGEST_SECRET_SHA256] = SEA_MAC_SHA256, [INGEST_SECRET_SHA1] = SEA_MAC_SHA1};
    key->plain = plain;
    if (secret == INGEST_SECRET_PLAIN) return true;
    if (secret == INGEST_SECRET_NFKD) return open_nfkd(&key->mac, plain);
    if (secret == INGEST_SECRET_STANDARD) return sea_webhook_account_open(&key->mac, plain);
    if (secret == INGEST_SECRET_PUBLIC) return sea_pubkey_open(&key->pubkey, plain);
    sea_mac_open(&key->mac, HASHES[secret], plain);
    return true;
}

bool ingest_keys_open(struct ingest_keys *keys, enum ingest_secret secret,
                      const struct sea_secrets *secrets)
{
    for (uint32_t i = 0; i < secrets->count; i++) {
        if (!open_key(&keys->list[i], secret, secrets->live[i])) return false;
        keys->count++;
    }
    return true;
}

void ingest_keys_close(struct ingest_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        sea_mac_close(&keys->list[i].mac);
        sea_pubkey_close(&keys->list[i].pubkey);
    }
    keys->count = 0;
}

struct sea_str ingest_header(const struct ingest_webhook *hook, const char *name)
{
    for (size_t i = 0; i < hook->headers_count; i++)
        if (sea_str_is(hook->headers[i].name, name)) return hook->headers[i].value;
    return (struct sea_str){NULL, 0};
}

static enum ingest_verdict find_proof(struct ingest_webhook *hook, size_t index)
{
    const char *name = hook->adapter->proof[index];
    size_t count = 0;
    for (size_t i = 0; i < hook->headers_count; i++) {
        if (!sea_str_is(hook->headers[i].name, name)) continue;
        hook->proof[index] = hook->headers[i].value;
        count++;
    }
    if (count > 1) return INGEST_DOUBLED_HEADER;
    return count && hook->proof[index].len ? INGEST_AUTHENTIC : INGEST_NO_SIGNATURE;
}

enum ingest_verdict ingest_verify(struct ingest_webhook *hook)
{
    const struct ingest_adapter *adapter = hook->adapter;
    for (size_t i = 0; i < INGEST_PROOF_MAX && adapter->proof[i]; i++) {
        enum ingest_verdict verdict = find_proof(hook, i);
        if (verdict != INGEST_AUTHENTIC) return verdict;
    }
    return adapter->verify(hook);
}

static bool is_nocase(struct sea_str text, const char *name)
{
    return text.len == strlen(name) && strncasecmp(text.ptr, name, text.len) == 0;
}

static unsigned body_of(struct sea_str type)
{
    const char *end = type.len ? memchr(type.ptr, ';', type.len) : NULL;
    if (end) type.len = (size_t)(end - type.ptr);
    type = sea_str_trim(type);
    if (!type.len) return INGEST_ANY;
    struct sea_str tail = {type.ptr + (type.len > 5 ? type.len - 5 : 0), 5};
    if (is_nocase(type, "application/x-www-form-urlencoded")) return INGEST_FORM;
    if (is_nocase(type, "application/json")) return INGEST_JSON;
    if (is_nocase(type, "multipart/form-data")) return INGEST_MULTIPART;
    return type.len > 5 && is_nocase(tail, "+json") ? INGEST_JSON : 0;
}

bool ingest_parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    const struct ingest_adapter *adapter = hook->adapter;
    unsigned body = body_of(ingest_header(hook, "content-type"));
    if (!(adapter->bodies & INGEST_ANY) && body != INGEST_ANY && !(adapter->bodies & body))
        return ingest_refuse(problem, 415, "unsupported-media-type",
                             "this provider sends another Content-Type", NULL);
    if (hook->body.len > (adapter->body_max_bytes ? adapter->body_max_bytes : INGEST_BODY_MAX))
        return ingest_refuse(problem, 413, "too-large", "the body is too large", NULL);
    *reply = adapter->reply;
    if (!adapter->parse(hook, items, reply, problem)) return false;
    if (items->is_full)
        return ingest_refuse(problem, 413, "too-large", "too much in one request", NULL);
    for (size_t i = 0; i < items->count; i++)
        if (items->list[i].kind == INGEST_MESSAGE) ingest_take_mark(&items->list[i]);
    bool is_answered =
        reply->body.ptr != adapter->reply.body.ptr || reply->confirm_url || reply->is_unsubscribed;
    if (!items->count && !items->ignored[0].what && !is_answered) ingest_ignore(items, "nothing");
    if (!reply->status) reply->status = 200;
    return true;
}
