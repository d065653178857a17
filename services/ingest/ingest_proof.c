/* ingest_proof.c: the ways in which providers prove that a request is theirs. */
#include <string.h>

#include "ingest_adapter.h"
#include "sea_enc.h"
#include "sea_webhook.h"

enum { OVER_MAX = 8 }; /* parts of what is signed */

static struct sea_str after(struct sea_str text, size_t skip)
{
    return (struct sea_str){text.ptr + skip, text.len - skip};
}

/* What stands behind the scheme's prefix; false: the prefix isn't there. */
static bool take_prefix(const struct ingest_webhook *hook, struct sea_str *ret)
{
    const char *prefix = hook->adapter->scheme.prefix;
    if (prefix && !sea_str_starts(hook->proof[0], prefix)) return false;
    *ret = after(hook->proof[0], prefix ? strlen(prefix) : 0);
    return true;
}

enum ingest_verdict ingest_verify_parts(const struct ingest_webhook *hook,
                                        const struct sea_str *parts, size_t count,
                                        enum ingest_encoding encoding, struct sea_str code)
{
    bool is_good = false;
    for (size_t i = 0; i < hook->keys->count; i++) {
        const struct ingest_key *key = &hook->keys->list[i];
        if (!key->mac) continue;
        is_good |= encoding == INGEST_HEX ? sea_mac_is_hex(key->mac, parts, count, code)
                                          : sea_mac_is_base64(key->mac, parts, count, code);
    }
    return is_good ? INGEST_AUTHENTIC : INGEST_BAD_SIGNATURE;
}

/* The parts of scheme.over. */
static size_t parts_of(const struct ingest_webhook *hook, struct sea_str ret[OVER_MAX])
{
    size_t count = 0;
    const char *over = hook->adapter->scheme.over;
    if (!over) over = "%b";
    while (*over) {
        size_t literal = strcspn(over, "%");
        sea_assert(count < OVER_MAX && (literal || (over[1] && strchr("tbu", over[1]))));
        if (literal) {
            ret[count++] = (struct sea_str){over, literal};
            over += literal;
            continue;
        }
        ret[count++] = over[1] == 't' ? hook->proof[1] : over[1] == 'b' ? hook->body : hook->url;
        over += 2;
    }
    return count;
}

enum ingest_verdict ingest_verify_mac(const struct ingest_webhook *hook)
{
    struct sea_str parts[OVER_MAX], code;
    if (!take_prefix(hook, &code)) return INGEST_BAD_SIGNATURE;
    enum ingest_verdict verdict = ingest_verify_parts(hook, parts, parts_of(hook, parts),
                                                      hook->adapter->scheme.encoding, code);
    if (verdict != INGEST_AUTHENTIC || !hook->adapter->is_timed) return verdict;
    return ingest_check_time(hook, hook->proof[1]);
}

static enum ingest_verdict compare(const struct ingest_webhook *hook, struct sea_str given)
{
    bool is_good = false;
    for (size_t i = 0; i < hook->keys->count; i++)
        is_good |= sea_secret_eq(given, hook->keys->list[i].plain);
    return is_good ? INGEST_AUTHENTIC : INGEST_BAD_SIGNATURE;
}

enum ingest_verdict ingest_verify_token(const struct ingest_webhook *hook)
{
    struct sea_str given;
    return take_prefix(hook, &given) ? compare(hook, given) : INGEST_BAD_SIGNATURE;
}

enum ingest_verdict ingest_verify_basic(const struct ingest_webhook *hook)
{
    uint8_t given[1024];
    size_t len;
    struct sea_str login = sea_http_credentials(hook->proof[0], "Basic");
    if (!login.len || !sea_base64_parse(login, given, sizeof(given), &len))
        return INGEST_BAD_SIGNATURE;
    return compare(hook, (struct sea_str){(const char *)given, len});
}

enum ingest_verdict ingest_verify_twilio(const struct ingest_webhook *hook)
{
    bool is_good = false;
    for (size_t i = 0; i < hook->keys->count; i++)
        is_good |=
            sea_webhook_twilio_form(hook->keys->list[i].mac, hook->proof[0], hook->url, hook->body);
    return is_good ? INGEST_AUTHENTIC : INGEST_BAD_SIGNATURE;
}

enum ingest_verdict ingest_verify_query(const struct ingest_webhook *hook)
{
    static const char KEY[] = "key=";
    struct sea_str rest = hook->query, given = {NULL, 0};
    size_t count = 0;
    while (rest.len) {
        const char *amp = memchr(rest.ptr, '&', rest.len);
        struct sea_str pair = {rest.ptr, amp ? (size_t)(amp - rest.ptr) : rest.len};
        rest = after(rest, amp ? pair.len + 1 : pair.len);
        if (!sea_str_starts(pair, KEY)) continue;
        given = after(pair, sizeof(KEY) - 1);
        count++;
    }
    if (count > 1) return INGEST_DOUBLED_HEADER;
    return given.len ? compare(hook, given) : INGEST_NO_SIGNATURE;
}

enum ingest_verdict ingest_check_time(const struct ingest_webhook *hook, struct sea_str time)
{
    int64_t sent_ms;
    uint64_t number;
    if (sea_str_u64(time, &number))
        sent_ms = number <= INT64_MAX ? ingest_unix_ms((int64_t)number) : 0;
    else if (!sea_time_parse(time, &sent_ms))
        sent_ms = 0;
    if (!sent_ms) return INGEST_BAD_TIME;
    if (sent_ms < hook->now_ms - hook->tolerance_ms) return INGEST_STALE;
    return sent_ms > hook->now_ms + hook->tolerance_ms ? INGEST_FUTURE : INGEST_AUTHENTIC;
}

bool ingest_challenge_meta(const struct ingest_webhook *hook, struct sea_arena *arena,
                           struct ingest_reply *reply)
{
    struct sea_str mode = ingest_form_get(hook->query, "hub.mode", arena);
    struct sea_str token = ingest_form_get(hook->query, "hub.verify_token", arena);
    if (!sea_str_is(mode, "subscribe") || !sea_secrets_match(&hook->account->verify_token, token))
        return false;
    reply->body = ingest_form_get(hook->query, "hub.challenge", arena);
    return true;
}
