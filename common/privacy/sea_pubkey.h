/* sea_pubkey.h: public keys that others sign with: RSA, ECDSA (P-256) and Ed25519, alone or in a
 * certificate. */
#ifndef SEA_PUBKEY_H
#define SEA_PUBKEY_H

#include "sea_mac.h"

/* One key; one thread at a time. */
struct sea_pubkey;

/* From a PEM text with a certificate or a public key (text around it doesn't matter), or the base64
 * of a DER SubjectPublicKeyInfo (RFC 5280 4.1.2.7). False when it is none, or of another kind; RSA
 * needs 2048 bits. A certificate's name and dates aren't looked at: who names it, trusts it. */
SEA_MUST_CHECK bool sea_pubkey_open(struct sea_pubkey **ret, struct sea_str text);
void sea_pubkey_close(struct sea_pubkey **key);

/* Whether `signature` (base64; RSA: PKCS #1 v1.5, ECDSA: DER) is that key's over the parts one
 * after another. `hash` isn't used with Ed25519. */
bool sea_pubkey_is_base64(struct sea_pubkey *key, enum sea_mac_hash hash,
                          const struct sea_str *parts, size_t count, struct sea_str signature);

#endif
