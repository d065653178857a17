/* sea_id.h: UUIDs (RFC 9562): version 7 from time and random bytes, version 5 derived from a name,
 * and text forms; contact keys as text; parcels' keys; the place and the partition of a key. */
#ifndef SEA_ID_H
#define SEA_ID_H

#include "sea_base.h"

enum { SEA_PARTITIONS = 12 }; /* of every topic but privacy; fixed for life */

/* Version 7 of a Unix time in milliseconds and ten random bytes given by the caller. */
struct sea_uuid sea_uuid7(int64_t time_ms, const uint8_t random[10]);

/* Version 5 in Seadesk's own name space, of the parts joined by NUL. At most 8 parts; never fails.
 */
struct sea_uuid sea_uuid5(const struct sea_str *parts, size_t count);

/* The id of the n-th record of `kind` derived from `cause`. */
struct sea_uuid sea_uuid_derive(struct sea_uuid cause, const char *kind, uint32_t n);

void sea_uuid_print(struct sea_uuid id, char ret[SEA_UUID_TEXT]); /* lower case, with hyphens */
SEA_MUST_CHECK bool sea_uuid_parse(struct sea_str text, struct sea_uuid *ret);
bool sea_uuid_is_nil(struct sea_uuid id);
bool sea_uuid_eq(struct sea_uuid a, struct sea_uuid b);

void sea_key_print(struct sea_key key, char ret[SEA_KEY_TEXT]);
SEA_MUST_CHECK bool sea_key_parse(struct sea_str text, struct sea_key *ret);
bool sea_key_eq(struct sea_key a, struct sea_key b);
bool sea_key_is_nil(struct sea_key key);

/* The first two bytes of a key or of a version 5 id as a number. They are spread evenly: good for a
 * place in a table. */
uint16_t sea_spread(const uint8_t id[16]);

/* Kafka's murmur2 placement (org.apache.kafka.common.utils.Utils.murmur2, toPositive): 0 …
 * partitions-1. */
uint32_t sea_partition_of(struct sea_str key, uint32_t partitions);

/* The key of a parcel that is known by its tracking number alone: the number in upper case, without
 * spaces and hyphens, which people write as they like. `ret` has room for the number's length;
 * returns the key's. */
size_t sea_parcel_key(struct sea_str tracking_number, char *ret);

#endif
