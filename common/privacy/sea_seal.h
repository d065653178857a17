/* sea_seal.h: personal data made unreadable: keyed hashes that name nobody, and sealed texts.
 *
 * A sealed text can be opened only with its data key and only in the place it was sealed for:
 * table, column, row and the key's generation are part of the seal (XChaCha20-Poly1305,
 * draft-irtf-cfrg-xchacha-03, with associated data). */
#ifndef SEA_SEAL_H
#define SEA_SEAL_H

#include <sodium.h>

#include "sea_base.h"
#include "sea_buf.h"

/* The pepper made ready for hashing; plain data, may be copied and shared between threads. Wipe it
 * with sodium_memzero.
 */
enum sea_lookup {
    SEA_LOOKUP_PHONE,
    SEA_LOOKUP_EMAIL,
    SEA_LOOKUP_ORDER,
    SEA_LOOKUP_EXTERNAL,
    SEA_LOOKUP_PROVIDER_MESSAGE,
    SEA_LOOKUP_MEMORY, /* languages and masked words of a translation */
    SEA_LOOKUPS
};
struct sea_pepper {
    crypto_auth_hmacsha256_state contact, lookup[SEA_LOOKUPS];
};
/* `text`: the setting SEADESK_PEPPER as it stands. */
void sea_pepper_init(struct sea_pepper *pepper, struct sea_str text);

/* The contact key (design.md section 2, contract): first 16 bytes of HMAC-SHA256(pepper, channel
 * NUL account NUL id). */
struct sea_key sea_contact_key(const struct sea_pepper *pepper, struct sea_str channel,
                               struct sea_str account, struct sea_str id);
/* What look-up columns hold, 16 bytes likewise. The caller normalises first (E.164 digits,
 * lower-case address). Each kind hashes under a key of its own, so that equal texts of two kinds
 * don't match. */
struct sea_key sea_lookup_key(const struct sea_pepper *pepper, enum sea_lookup kind,
                              struct sea_str value);

enum { SEA_DATA_KEY_BYTES = 32 };
struct sea_data_key {
    uint8_t bytes[SEA_DATA_KEY_BYTES];
};

/* Where a sealed text stands. Constants and ids of ours, never a provider's id; together at most
 * 400 bytes. For a topic: its name, the message's field, the record's ce_id. */
struct sea_place {
    struct sea_str table, column, row;
};

/* version 1 byte (1), generation 4 bytes little endian, nonce 24, cipher text, tag 16 */
enum { SEA_SEAL_EXTRA_BYTES = 1 + 4 + 24 + 16 };

/* Appends the sealed text: plain.len + SEA_SEAL_EXTRA_BYTES bytes; nothing and is_full when it does
 * not fit. Of a contact's text `generation` is that of its key; of a text under a day key it is the
 * day (sea_keys.h). */
void sea_seal(struct sea_buf *ret, const struct sea_data_key *key, uint32_t generation,
              const struct sea_place *place, struct sea_str plain);
/* Appends the plain text. False, and nothing appended, when it was not sealed with this key for
 * this place, or is cut. */
SEA_MUST_CHECK bool sea_unseal(struct sea_buf *ret, const struct sea_data_key *key,
                               const struct sea_place *place, struct sea_str sealed);
/* The generation that a sealed text names, to fetch its key. False when it is no sealed text. */
SEA_MUST_CHECK bool sea_seal_generation(struct sea_str sealed, uint32_t *ret);

#endif
