/* sea_id.c: UUIDs, contact keys as text, and Kafka's placement of a key. */
#include "sea_id.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "sea_enc.h"

enum { SHA1_BYTES = 20, UUID5_PARTS_MOST = 8 };

/* Seadesk's name space: version 5 of "urn:seadesk" in RFC 9562's name space for URLs. Never
 * changed: every derived id depends on it. Text: a4f76ac0-252b-5a94-98ec-83ecf90669c8. */
static const uint8_t name_space[16] = {0xa4, 0xf7, 0x6a, 0xc0, 0x25, 0x2b, 0x5a, 0x94,
                                       0x98, 0xec, 0x83, 0xec, 0xf9, 0x06, 0x69, 0xc8};

static void stamp(struct sea_uuid *id, uint8_t version)
{
    id->bytes[6] = (uint8_t)((id->bytes[6] & 0x0f) | (version << 4));
    id->bytes[8] = (uint8_t)((id->bytes[8] & 0x3f) | 0x80);
}

struct sea_uuid sea_uuid7(int64_t time_ms, const uint8_t random[10])
{
    struct sea_uuid id;
    uint64_t time = (uint64_t)time_ms;
    for (int i = 0; i < 6; i++) id.bytes[i] = (uint8_t)(time >> (40 - 8 * i));
    memcpy(id.bytes + 6, random, 10);
    stamp(&id, 7);
    return id;
}

/* Looking it up costs as much as using it. */
static EVP_MD *sha1_of_openssl;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch_sha1(void)
{
    sha1_of_openssl = EVP_MD_fetch(NULL, "SHA1", NULL);
    sea_assert(sha1_of_openssl != NULL);
}

struct sea_uuid sea_uuid5(const struct sea_str *parts, size_t count)
{
    sea_assert(count <= UUID5_PARTS_MOST);
    uint8_t digest[SHA1_BYTES];
    EVP_MD_CTX *sha1 = EVP_MD_CTX_new();
    sea_assert(pthread_once(&fetched, fetch_sha1) == 0);
    sea_assert(sha1 != NULL && EVP_DigestInit_ex(sha1, sha1_of_openssl, NULL) == 1);
    sea_assert(EVP_DigestUpdate(sha1, name_space, sizeof name_space) == 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) sea_assert(EVP_DigestUpdate(sha1, "", 1) == 1);
        sea_assert(EVP_DigestUpdate(sha1, parts[i].ptr, parts[i].len) == 1);
    }
    sea_assert(EVP_DigestFinal_ex(sha1, digest, NULL) == 1);
    EVP_MD_CTX_free(sha1);
    struct sea_uuid id;
    memcpy(id.bytes, digest, sizeof id.bytes);
    stamp(&id, 5);
    return id;
}

struct sea_uuid sea_uuid_derive(struct sea_uuid cause, const char *kind, uint32_t n)
{
    char id[SEA_UUID_TEXT], number[11];
    sea_uuid_print(cause, id);
    int len = snprintf(number, sizeof number, "%u", n);
    struct sea_str parts[] = {{id, SEA_UUID_TEXT - 1}, sea_str(kind), {number, (size_t)len}};
    return sea_uuid5(parts, SEA_COUNT(parts));
}

void sea_uuid_print(struct sea_uuid id, char ret[SEA_UUID_TEXT])
{
    static const uint8_t ends[] = {4, 6, 8, 10, 16};
    size_t from = 0;
    for (size_t i = 0; i < SEA_COUNT(ends); i++) {
        sea_hex_print(id.bytes + from, ends[i] - from, ret);
        ret += 2 * (ends[i] - from);
        from = ends[i];
        if (i + 1 < SEA_COUNT(ends)) *ret++ = '-';
    }
}

bool sea_uuid_parse(struct sea_str text, struct sea_uuid *ret)
{
    char digits[32];
    size_t count = 0;
    if (text.len != SEA_UUID_TEXT - 1) return false;
    for (size_t i = 0; i < text.len; i++) {
        bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_hyphen != (text.ptr[i] == '-')) return false;
        if (!is_hyphen) digits[count++] = text.ptr[i];
    }
    struct sea_uuid id;
    if (!sea_hex_parse((struct sea_str){digits, count}, id.bytes, sizeof id.bytes)) return false;
    *ret = id;
    return true;
}

bool sea_uuid_is_nil(struct sea_uuid id)
{
    return sea_uuid_eq(id, (struct sea_uuid){{0}});
}

bool sea_uuid_eq(struct sea_uuid a, struct sea_uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

void sea_key_print(struct sea_key key, char ret[SEA_KEY_TEXT])
{
    sea_hex_print(key.bytes, sizeof key.bytes, ret);
}

bool sea_key_parse(struct sea_str text, struct sea_key *ret)
{
    struct sea_key key;
    if (!sea_hex_parse(text, key.bytes, sizeof key.bytes)) return false;
    *ret = key;
    return true;
}

bool sea_key_eq(struct sea_key a, struct sea_key b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

bool sea_key_is_nil(struct sea_key key)
{
    return sea_key_eq(key, (struct sea_key){{0}});
}

uint16_t sea_spread(const uint8_t id[16])
{
    return (uint16_t)(id[0] << 8 | id[1]);
}

static uint32_t murmur2(struct sea_str key)
{
    const uint32_t m = 0x5bd1e995;
    const uint8_t *at = (const uint8_t *)key.ptr;
    size_t left = key.len;
    uint32_t h = 0x9747b28c ^ (uint32_t)key.len;
    for (; left >= 4; left -= 4, at += 4) {
        uint32_t k =
            (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        k *= m;
        k ^= k >> 24;
        h = (h * m) ^ (k * m);
    }
    if (left >= 3) h ^= (uint32_t)at[2] << 16;
    if (left >= 2) h ^= (uint32_t)at[1] << 8;
    if (left >= 1) h = (h ^ at[0]) * m;
    h ^= h >> 13;
    h *= m;
    return h ^ (h >> 15);
}

uint32_t sea_partition_of(struct sea_str key, uint32_t partitions)
{
    sea_assert(partitions > 0);
    return (murmur2(key) & 0x7fffffff) % partitions;
}

size_t sea_parcel_key(struct sea_str tracking_number, char *ret)
{
    size_t len = 0;
    for (size_t i = 0; i < tracking_number.len; i++) {
        char c = tracking_number.ptr[i];
        if (c == ' ' || c == '-') continue;
        ret[len++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return len;
}
