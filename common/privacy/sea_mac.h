/* sea_mac.h: message authentication codes (HMAC, RFC 2104) and secrets compared in constant time.
 */
#ifndef SEA_MAC_H
#define SEA_MAC_H

#include "sea_base.h"

enum sea_mac_hash { SEA_MAC_SHA1, SEA_MAC_SHA256 };
enum { SEA_MAC_MOST_BYTES = 32 };

/* One secret made ready for many messages. One thread at a time. */
struct sea_mac;
void sea_mac_open(struct sea_mac **ret, enum sea_mac_hash hash, struct sea_str secret);
void sea_mac_close(struct sea_mac **mac);

/* Of the parts one after another; returns the code's length. */
size_t sea_mac_sign(struct sea_mac *mac, const struct sea_str *parts, size_t count,
                    uint8_t ret[SEA_MAC_MOST_BYTES]);

/* Whether `claimed` is the parts' code, in hex of either case or base64: compared as bytes, in
 * constant time. */
bool sea_mac_is_hex(struct sea_mac *mac, const struct sea_str *parts, size_t count,
                    struct sea_str claimed);
bool sea_mac_is_base64(struct sea_mac *mac, const struct sea_str *parts, size_t count,
                       struct sea_str claimed);

/* Equal secrets; the time taken depends on the lengths alone. An empty secret equals nothing. */
bool sea_secret_eq(struct sea_str given, struct sea_str expected);

#endif
