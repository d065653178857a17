/* sea_seal.c: keyed hashes and sealed texts, by libsodium. */
#include "sea_seal.h"

#include <string.h>

enum {
    VERSION = 1,
    HEAD_BYTES = 1 + 4,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    AD_BYTES = 512,
};

static const char *const lookup_names[SEA_LOOKUPS] = {
    "phone", "email", "order", "external", "provider-message", "memory"};

static void hash(const crypto_auth_hmacsha256_state *ready, const struct sea_str *parts,
                 size_t count, uint8_t ret[32])
{
    crypto_auth_hmacsha256_state state = *ready;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) crypto_auth_hmacsha256_update(&state, (const uint8_t *)"", 1);
        crypto_auth_hmacsha256_update(&state, (const uint8_t *)parts[i].ptr, parts[i].len);
    }
    crypto_auth_hmacsha256_final(&state, ret);
}

void sea_pepper_init(struct sea_pepper *pepper, struct sea_str text)
{
    uint8_t key[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_init(&pepper->contact, (const uint8_t *)text.ptr, text.len);
    for (size_t i = 0; i < SEA_LOOKUPS; i++) {
        struct sea_str parts[] = {SEA_STR("lookup"), sea_str(lookup_names[i])};
        hash(&pepper->contact, parts, SEA_COUNT(parts), key);
        crypto_auth_hmacsha256_init(&pepper->lookup[i], key, sizeof key);
    }
    sodium_memzero(key, sizeof key);
}

static struct sea_key first_half(const uint8_t digest[32])
{
    struct sea_key key;
    memcpy(key.bytes, digest, sizeof key.bytes);
    return key;
}

struct sea_key sea_contact_key(const struct sea_pepper *pepper, struct sea_str channel,
                               struct sea_str account, struct sea_str id)
{
    uint8_t digest[crypto_auth_hmacsha256_BYTES];
    const struct sea_str parts[] = {channel, account, id};
    hash(&pepper->contact, parts, SEA_COUNT(parts), digest);
    return first_half(digest);
}

struct sea_key sea_lookup_key(const struct sea_pepper *pepper, enum sea_lookup kind,
                              struct sea_str value)
{
    uint8_t digest[crypto_auth_hmacsha256_BYTES];
    sea_assert((unsigned)kind < SEA_LOOKUPS);
    hash(&pepper->lookup[kind], &value, 1, digest);
    return first_half(digest);
}

static void put_u32(uint8_t *at, uint32_t n)
{
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(n >> 8 * i);
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Each part after its length, so that no two places give the same bytes. */
static size_t associate(const struct sea_place *place, uint32_t generation, uint8_t ret[AD_BYTES])
{
    const struct sea_str parts[] = {place->table, place->column, place->row};
    size_t len = 0;
    for (size_t i = 0; i < SEA_COUNT(parts); i++) {
        sea_assert(parts[i].len <= AD_BYTES - 8 && len + parts[i].len <= AD_BYTES - 8);
        put_u32(ret + len, (uint32_t)parts[i].len);
        if (parts[i].len > 0) memcpy(ret + len + 4, parts[i].ptr, parts[i].len);
        len += 4 + parts[i].len;
    }
    put_u32(ret + len, generation);
    return len + 4;
}

/* Nonces never repeat: sixteen random bytes of this thread's, and a counter. */
static void next_nonce(uint8_t ret[NONCE_BYTES])
{
    static _Thread_local uint8_t random[16];
    static _Thread_local uint64_t count;
    if (count++ == 0) {
        sea_assert(sodium_init() >= 0);
        randombytes_buf(random, sizeof random);
    }
    memcpy(ret, random, sizeof random);
    memcpy(ret + sizeof random, &count, sizeof count);
}

void sea_seal(struct sea_buf *ret, const struct sea_data_key *key, uint32_t generation,
              const struct sea_place *place, struct sea_str plain)
{
    uint8_t associated[AD_BYTES], *out = sea_buf_grow(ret, plain.len + SEA_SEAL_EXTRA_BYTES);
    if (out == NULL) return;
    size_t associated_len = associate(place, generation, associated);
    out[0] = VERSION;
    put_u32(out + 1, generation);
    next_nonce(out + HEAD_BYTES);
    int failed = crypto_aead_xchacha20poly1305_ietf_encrypt(
        out + HEAD_BYTES + NONCE_BYTES, NULL, (const uint8_t *)plain.ptr, plain.len, associated,
        associated_len, NULL, out + HEAD_BYTES, key->bytes);
    sea_assert(failed == 0);
}

bool sea_unseal(struct sea_buf *ret, const struct sea_data_key *key, const struct sea_place *place,
                struct sea_str sealed)
{
    uint8_t associated[AD_BYTES];
    uint32_t generation;
    if (!sea_seal_generation(sealed, &generation)) return false;
    size_t len = ret->len;
    uint8_t *out = sea_buf_grow(ret, sealed.len - SEA_SEAL_EXTRA_BYTES);
    if (out == NULL) return false;
    const uint8_t *in = (const uint8_t *)sealed.ptr;
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        out, NULL, NULL, in + HEAD_BYTES + NONCE_BYTES, sealed.len - HEAD_BYTES - NONCE_BYTES,
        associated, associate(place, generation, associated), in + HEAD_BYTES, key->bytes);
    if (failed == 0) return true;
    ret->len = len;
    ret->ptr[len] = '\0';
    return false;
}

bool sea_seal_generation(struct sea_str sealed, uint32_t *ret)
{
    if (sealed.len < SEA_SEAL_EXTRA_BYTES || sealed.ptr[0] != VERSION) return false;
    *ret = get_u32((const uint8_t *)sealed.ptr + 1);
    return true;
}
