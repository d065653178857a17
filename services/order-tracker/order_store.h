/* order_store.h: every statement of order-tracker: a batch costs two round trips to read and one to
 * write. */
#ifndef ORDER_STORE_H
#define ORDER_STORE_H

#include "order_batch.h"
#include "sea_market.h"

/* Fills the batch's orders from their rows, which stay locked, and keeps their customers from being
 * erased until the transaction's end. */
SEA_MUST_CHECK enum sea_err order_store_load(struct sea_pg_args *args, struct sea_txn *txn,
                                             struct order_batch *batch);
/* Queues the items as rows, and what changed of their orders. `markets` say how long an order is
 * kept. */
SEA_MUST_CHECK enum sea_err order_store_write(struct sea_pg_args *args, struct sea_txn *txn,
                                              const struct order_batch *batch,
                                              const struct sea_markets *markets);

/* Locks the orders of these contacts, before order_stores delete them. */
SEA_MUST_CHECK enum sea_err order_store_lock(struct sea_pg_args *args, struct sea_txn *txn,
                                             const ProtobufCBinaryData *contacts, size_t count);

enum { ORDER_STORES = 5 };
extern const struct sea_erasure_store order_stores[ORDER_STORES];

#endif
