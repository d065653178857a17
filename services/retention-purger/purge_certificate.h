/* purge_certificate.h: what a purge did, in counts and hashes, signed: a JSON Web Signature (RFC
 * 7515) by Ed25519 (RFC 8037). No personal data. Pure. */
#ifndef PURGE_CERTIFICATE_H
#define PURGE_CERTIFICATE_H

#include "sea_buf.h"

struct purge_store {
    struct sea_str service, store, state; /* plain names (purge_is_name) */
    uint64_t rows;
};

struct purge_erasure {
    struct sea_uuid request_id;
    int64_t requested_at_ms, done_at_ms;
    int64_t destroyed_at_ms; /* 0: there was nothing to destroy */
    uint64_t contacts, keys_destroyed;
    const struct purge_store *stores;
    size_t store_count;
};

/* A run that removed what had expired. */
struct purge_run {
    const char *what; /* expired, day_keys, wrapping_keys */
    struct sea_str store;
    uint64_t count;
    int64_t at_ms;
};

enum { PURGE_CERTIFICATE_MAX = 256 * 1024 };
/* The statements, as JSON. `ret` is empty before, and limited by PURGE_CERTIFICATE_MAX. */
void purge_erasure_print(const struct purge_erasure *erasure, struct sea_buf *ret);
void purge_run_print(const struct purge_run *run, struct sea_buf *ret);

/* The service's key, derived from the master key (64 hex digits); false when that is malformed. */
enum { PURGE_SIGNER_BYTES = 64, PURGE_KEY_ID_TEXT = 17 };
struct purge_signer {
    uint8_t secret[PURGE_SIGNER_BYTES];
    uint8_t open[32];           /* the public half, which stands in every certificate */
    char id[PURGE_KEY_ID_TEXT]; /* its first bytes in hex: kid */
};
SEA_MUST_CHECK bool purge_signer_init(struct purge_signer *signer, struct sea_str master_key);

/* Appends header.payload.signature, each in base64url. */
void purge_sign(const struct purge_signer *signer, struct sea_str statement, struct sea_buf *ret);

#endif
