/* order_codec.h: records of seadesk.orders and seadesk.parcels as plain structs, and what was found
 * out as records of seadesk.timelines. */
#ifndef ORDER_CODEC_H
#define ORDER_CODEC_H

#include "order_core.h"
#include "sea_worker.h"
#include "seadesk/v1/orders.pb-c.h"

enum { ORDER_ID_MAX_BYTES = 200 };

/* A record of the batch, and what became of it. */
struct order_item {
    const struct sea_record *record;
    const Seadesk__V1__OrderEvent *message; /* in the transaction's arena */
    /* parcel_id empty: of the order itself; order_id empty: of a parcel whose order isn't known. */
    struct sea_str order_id, parcel_id;
    struct order_event event;
    int64_t received_at_ms; /* of the deciding clock: ingest's time, shifted as that is */
    bool is_erased;         /* of a customer who was erased after it: dropped */
    enum order_outcome outcome;
    const char *about; /* of the notice that it caused; NULL: none */
    struct sea_uuid notice_id;
};

/* Fills `ret` from ret->message. NULL, or the reason why the record can never be applied. */
const char *order_codec_read(struct order_item *ret);

/* Emits the effects of `item` on `order`, and notes the notice in it. */
SEA_MUST_CHECK enum sea_err order_codec_emit(struct sea_txn *txn, const struct order *order,
                                             const struct order_effects *effects,
                                             struct order_item *item);

#endif
