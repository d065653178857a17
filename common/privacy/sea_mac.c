/* sea_mac.c: message authentication codes, by libcrypto. */
#include "sea_mac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "sea_enc.h"

struct sea_mac {
    EVP_MAC_CTX *ctx; /* keyed; initialising it again without a key starts the next message */
    size_t len;
};

void sea_mac_open(struct sea_mac **ret, enum sea_mac_hash hash, struct sea_str secret)
{
    static const size_t LENGTHS[] = {[SEA_MAC_SHA1] = 20, [SEA_MAC_SHA256] = 32};
    char names[][8] = {[SEA_MAC_SHA1] = "SHA1", [SEA_MAC_SHA256] = "SHA256"};
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, names[hash], 0),
                           OSSL_PARAM_construct_end()};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    struct sea_mac *mac = sea_alloc(sizeof *mac);
    sea_assert(hmac != NULL);
    mac->ctx = EVP_MAC_CTX_new(hmac);
    mac->len = LENGTHS[hash];
    EVP_MAC_free(hmac);
    /* A NULL key would mean "the one of before". */
    const char *key = secret.len > 0 ? secret.ptr : "";
    sea_assert(mac->ctx != NULL &&
               EVP_MAC_init(mac->ctx, (const uint8_t *)key, secret.len, params) == 1);
    *ret = mac;
}

void sea_mac_close(struct sea_mac **mac)
{
    if (*mac == NULL) return;
    EVP_MAC_CTX_free((*mac)->ctx);
    free(*mac);
    *mac = NULL;
}

size_t sea_mac_sign(struct sea_mac *mac, const struct sea_str *parts, size_t count,
                    uint8_t ret[SEA_MAC_MOST_BYTES])
{
    size_t len = 0;
    sea_assert(EVP_MAC_init(mac->ctx, NULL, 0, NULL) == 1);
    for (size_t i = 0; i < count; i++) {
        sea_assert(EVP_MAC_update(mac->ctx, (const uint8_t *)parts[i].ptr, parts[i].len) == 1);
    }
    sea_assert(EVP_MAC_final(mac->ctx, ret, &len, SEA_MAC_MOST_BYTES) == 1 && len == mac->len);
    return len;
}

static bool is_code(struct sea_mac *mac, const struct sea_str *parts, size_t count,
                    const uint8_t *claimed)
{
    uint8_t code[SEA_MAC_MOST_BYTES];
    size_t len = sea_mac_sign(mac, parts, count, code);
    return CRYPTO_memcmp(code, claimed, len) == 0;
}

bool sea_mac_is_hex(struct sea_mac *mac, const struct sea_str *parts, size_t count,
                    struct sea_str claimed)
{
    uint8_t bytes[SEA_MAC_MOST_BYTES];
    return sea_hex_parse(claimed, bytes, mac->len) && is_code(mac, parts, count, bytes);
}

bool sea_mac_is_base64(struct sea_mac *mac, const struct sea_str *parts, size_t count,
                       struct sea_str claimed)
{
    uint8_t bytes[SEA_MAC_MOST_BYTES];
    size_t len;
    return sea_base64_parse(claimed, bytes, sizeof bytes, &len) && len == mac->len &&
           is_code(mac, parts, count, bytes);
}

bool sea_secret_eq(struct sea_str given, struct sea_str expected)
{
    return expected.len > 0 && given.len == expected.len &&
           CRYPTO_memcmp(given.ptr, expected.ptr, expected.len) == 0;
}
