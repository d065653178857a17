/* notify_codec.h: deliveries from Outbound records, and the records that tell of them. */
#ifndef NOTIFY_CODEC_H
#define NOTIFY_CODEC_H

#include "notify_model.h"
#include "sea_worker.h"

/* A new delivery of the record's rung, waiting. False: malformed. `record` and `message` outlive
 * it. */
SEA_MUST_CHECK bool notify_codec_read(const struct sea_record *record,
                                      Seadesk__V1__Outbound *message, int64_t now_ms,
                                      struct notify_delivery *ret);

/* Unpacks the record of a delivery that comes from its row, where it still has one. False: not
 * readable. */
SEA_MUST_CHECK bool notify_codec_unpack(struct sea_txn *txn, struct notify_delivery *delivery);

/* Puts the events of the delivery into the outbox of the number in hand, the words with the first
 * one, and the next rung where it needs one. Sets event_id and version. */
SEA_MUST_CHECK enum sea_err notify_codec_emit(struct sea_txn *txn,
                                              struct notify_delivery *delivery);

/* An id or key of a message's field; false unless the field has exactly 16 bytes. */
SEA_MUST_CHECK bool notify_codec_uuid(ProtobufCBinaryData bytes, struct sea_uuid *ret);
SEA_MUST_CHECK bool notify_codec_key(ProtobufCBinaryData bytes, struct sea_key *ret);

#endif
