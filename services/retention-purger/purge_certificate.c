/* purge_certificate.c: statements of what was purged, and their signature. */
#include "purge_certificate.h"

#include <sodium.h>
#include <string.h>

#include "sea_enc.h"
#include "sea_id.h"

static void print_time(struct sea_buf *ret, const char *name, int64_t time_ms)
{
    char text[SEA_TIME_TEXT];
    if (!time_ms) return;
    sea_time_print(time_ms, text);
    sea_buf_printf(ret, ",\"%s\":\"%s\"", name, text);
}

static void print_hash(struct sea_buf *ret, const char *name, struct sea_str of)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof(hash) + 1];
    crypto_hash_sha256(hash, (const unsigned char *)of.ptr, of.len);
    sea_hex_print(hash, sizeof(hash), hex);
    sea_buf_printf(ret, ",\"%s\":\"%s\"", name, hex);
}

/* The hash binds the counts to this request, so that a line can be shown alone. */
static void print_store(struct sea_buf *ret, const char *request_id,
                        const struct purge_store *store)
{
    struct sea_buf line = SEA_BUF(1024);
    sea_buf_printf(&line, "%s|%.*s|%.*s|%llu|%.*s", request_id, (int)store->service.len,
                   store->service.ptr, (int)store->store.len, store->store.ptr,
                   (unsigned long long)store->rows, (int)store->state.len, store->state.ptr);
    sea_buf_printf(ret, "{\"service\":\"%.*s\",\"store\":\"%.*s\",\"rows\":%llu,\"state\":\"%.*s\"",
                   (int)store->service.len, store->service.ptr, (int)store->store.len,
                   store->store.ptr, (unsigned long long)store->rows, (int)store->state.len,
                   store->state.ptr);
    print_hash(ret, "sha256", sea_buf_view(&line));
    sea_buf_char(ret, '}');
    sea_buf_free(&line);
}

void purge_erasure_print(const struct purge_erasure *erasure, struct sea_buf *ret)
{
    char id[SEA_UUID_TEXT];
    sea_uuid_print(erasure->request_id, id);
    sea_buf_printf(ret, "{\"statement\":\"erasure\",\"version\":1,\"request_id\":\"%s\"", id);
    print_time(ret, "requested_at", erasure->requested_at_ms);
    print_time(ret, "keys_destroyed_at", erasure->destroyed_at_ms);
    print_time(ret, "done_at", erasure->done_at_ms);
    sea_buf_printf(ret, ",\"contacts\":%llu,\"keys_destroyed\":%llu,\"stores\":[",
                   (unsigned long long)erasure->contacts,
                   (unsigned long long)erasure->keys_destroyed);
    size_t from = ret->len;
    for (size_t i = 0; i < erasure->store_count; i++) {
        if (i) sea_buf_char(ret, ',');
        print_store(ret, id, &erasure->stores[i]);
    }
    struct sea_str stores = {ret->ptr + from, ret->len - from};
    struct sea_buf hash = SEA_BUF(256);
    print_hash(&hash, "stores_sha256", stores);
    sea_buf_char(ret, ']');
    sea_buf_str(ret, sea_buf_view(&hash));
    sea_buf_char(ret, '}');
    sea_buf_free(&hash);
}

void purge_run_print(const struct purge_run *run, struct sea_buf *ret)
{
    sea_buf_printf(ret, "{\"statement\":\"%s\",\"version\":1,\"store\":\"%.*s\",\"count\":%llu",
                   run->what, (int)run->store.len, run->store.ptr, (unsigned long long)run->count);
    print_time(ret, "at", run->at_ms);
    sea_buf_char(ret, '}');
}

bool purge_signer_init(struct purge_signer *signer, struct sea_str master_key)
{
    static const char NAME[] = "seadesk retention-purger certificate 1";
    uint8_t master[32], seed[crypto_sign_SEEDBYTES];
    if (!sea_hex_parse(master_key, master, sizeof(master))) return false;
    crypto_auth_hmacsha256(seed, (const unsigned char *)NAME, sizeof(NAME) - 1, master);
    crypto_sign_seed_keypair(signer->open, signer->secret, seed);
    sodium_memzero(master, sizeof(master));
    sodium_memzero(seed, sizeof(seed));
    sea_hex_print(signer->open, (sizeof(signer->id) - 1) / 2, signer->id);
    return true;
}

static void add_base64url(struct sea_buf *ret, const void *data, size_t len)
{
    size_t size = sodium_base64_encoded_len(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = sea_buf_grow(ret, size);
    if (!text) return;
    sodium_bin2base64(text, size, data, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    ret->len--; /* its NUL */
}

void purge_sign(const struct purge_signer *signer, struct sea_str statement, struct sea_buf *ret)
{
    struct sea_buf header = SEA_BUF(512);
    uint8_t signature[crypto_sign_BYTES];
    size_t from = ret->len;
    sea_buf_printf(&header,
                   "{\"alg\":\"EdDSA\",\"kid\":\"%s\",\"jwk\":{\"kty\":\"OKP\","
                   "\"crv\":\"Ed25519\",\"x\":\"",
                   signer->id);
    add_base64url(&header, signer->open, sizeof(signer->open));
    sea_buf_text(&header, "\"}}");
    add_base64url(ret, header.ptr, header.len);
    sea_buf_char(ret, '.');
    add_base64url(ret, statement.ptr, statement.len);
    crypto_sign_detached(signature, NULL, (const unsigned char *)ret->ptr + from, ret->len - from,
                         signer->secret);
    sea_buf_char(ret, '.');
    add_base64url(ret, signature, sizeof(signature));
    sea_buf_free(&header);
}
