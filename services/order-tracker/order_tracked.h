/* order_tracked.h: parcels by their tracking number: what a tracker says without naming an order
 * waits as a row until an order has named the number, and goes on under that order
 * (docs/decisions/0011). */
#ifndef ORDER_TRACKED_H
#define ORDER_TRACKED_H

#include "order_batch.h"

enum { ORDER_SHARERS_MAX = 8 /* orders that a fact goes to: those whose goods share a parcel */ };

/* Adds a record that stands under a tracking number's key: an order's name for it, or, where
 * `order_id` is empty, a fact. NULL, or the reason why it can never be applied. */
const char *order_tracked_add(struct order_batch *batch, const struct sea_record *record,
                              const char *tracking_number, struct sea_str order_id,
                              struct sea_str parcel_id, enum order_fact fact);

/* Says whose the parcel is, where the item tells its number for the first time. */
SEA_MUST_CHECK enum sea_err order_tracked_name(struct sea_txn *txn, const struct order_item *item,
                                               const struct order_parcel *parcel);

/* Stores what was added, and emits the facts whose orders are known. How many facts came, and how
 * many went on, is written where anything was added. */
SEA_MUST_CHECK enum sea_err order_tracked_apply(struct sea_pg_args *args, struct sea_txn *txn,
                                                const struct order_batch *batch,
                                                uint32_t *ret_heard, uint32_t *ret_found);

#endif
