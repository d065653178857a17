/* ingest_encode.h: an item becomes a record: contact key, sealed body, protobuf, headers. */
#ifndef INGEST_ENCODE_H
#define INGEST_ENCODE_H

#include "ingest_item.h"
#include "sea_days.h"
#include "sea_kafka.h"
#include "sea_seal.h"

struct ingest_encoder {
    const struct sea_pepper *pepper;
    struct sea_days *days;
};

/* The record of `item`, in `arena`. `trace` is a traceparent. RETRY: no day key yet; REJECT: larger
 * than a record may be. */
SEA_MUST_CHECK enum sea_err ingest_encode(const struct ingest_encoder *encoder,
                                          const struct ingest_item *item, int64_t received_at_ms,
                                          struct sea_str trace, struct sea_arena *arena,
                                          struct sea_outgoing *ret);

/* One piece of a file that came inside the message `item`, the same way. */
SEA_MUST_CHECK enum sea_err ingest_encode_piece(const struct ingest_encoder *encoder,
                                                const struct ingest_item *item, uint32_t index,
                                                uint32_t piece, int64_t received_at_ms,
                                                struct sea_str trace, struct sea_arena *arena,
                                                struct sea_outgoing *ret);

#endif
