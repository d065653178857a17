/* sea_pubkey.c: signatures of others, checked by libcrypto. */
#include "sea_pubkey.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "sea_enc.h"

enum { SIGNATURE_MAX = 1024, KEY_MAX = 4096, RSA_BITS_MIN = 2048 };

struct sea_pubkey {
    EVP_PKEY *key;
};

static bool has_line(struct sea_str text, const char *line)
{
    return text.len > 0 && memmem(text.ptr, text.len, line, strlen(line)) != NULL;
}

static EVP_PKEY *from_pem(struct sea_str text)
{
    EVP_PKEY *key = NULL;
    BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    sea_assert(bio != NULL);
    if (has_line(text, "-----BEGIN CERTIFICATE-----")) {
        X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (certificate != NULL) key = X509_get_pubkey(certificate);
        X509_free(certificate);
    } else {
        key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    }
    BIO_free(bio);
    return key;
}

static EVP_PKEY *from_base64(struct sea_str text)
{
    uint8_t der[KEY_MAX];
    const uint8_t *at = der;
    size_t len;
    if (!sea_base64_parse(sea_str_trim(text), der, sizeof der, &len)) return NULL;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)len);
    if (key != NULL && at == der + len) return key;
    EVP_PKEY_free(key);
    return NULL;
}

bool sea_pubkey_open(struct sea_pubkey **ret, struct sea_str text)
{
    if (text.len > 64 * 1024) return false;
    EVP_PKEY *key = has_line(text, "-----BEGIN ") ? from_pem(text) : from_base64(text);
    int kind = key != NULL ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;
    if (kind != EVP_PKEY_EC && kind != EVP_PKEY_ED25519 &&
        (kind != EVP_PKEY_RSA || EVP_PKEY_get_bits(key) < RSA_BITS_MIN)) {
        EVP_PKEY_free(key);
        return false;
    }
    *ret = sea_alloc(sizeof **ret);
    (*ret)->key = key;
    return true;
}

void sea_pubkey_close(struct sea_pubkey **key)
{
    if (*key == NULL) return;
    EVP_PKEY_free((*key)->key);
    free(*key);
    *key = NULL;
}

/* Ed25519 takes its message in one piece only (RFC 8032 5.1). */
static bool is_signed(struct sea_pubkey *key, const EVP_MD *hash, struct sea_str message,
                      const uint8_t *signature, size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    sea_assert(ctx != NULL);
    bool is_good =
        EVP_DigestVerifyInit(ctx, NULL, hash, NULL, key->key) == 1 &&
        EVP_DigestVerify(ctx, signature, len, (const uint8_t *)message.ptr, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    return is_good;
}

static const EVP_MD *digest_of(const struct sea_pubkey *key, enum sea_mac_hash hash)
{
    if (EVP_PKEY_get_base_id(key->key) == EVP_PKEY_ED25519) return NULL;
    if (hash == SEA_MAC_SHA1) return EVP_sha1();
    return hash == SEA_MAC_SHA256 ? EVP_sha256() : EVP_sha512();
}

bool sea_pubkey_is_base64(struct sea_pubkey *key, enum sea_mac_hash hash,
                          const struct sea_str *parts, size_t count, struct sea_str signature)
{
    uint8_t bytes[SIGNATURE_MAX];
    size_t len, size = 0, at = 0;
    if (!sea_base64_parse(signature, bytes, sizeof bytes, &len)) return false;
    for (size_t i = 0; i < count; i++) size += parts[i].len;
    char *message = sea_alloc(size + 1);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0) memcpy(message + at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    bool is_good =
        is_signed(key, digest_of(key, hash), (struct sea_str){message, size}, bytes, len);
    free(message);
    return is_good;
}
