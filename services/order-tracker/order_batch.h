/* order_batch.h: the orders of one batch in memory, between being loaded and being written. */
#ifndef ORDER_BATCH_H
#define ORDER_BATCH_H

#include "order_codec.h"
#include "sea_erasure.h"

enum { ORDER_PARCELS_MAX = 64 /* of one order */ };

/* A record that stands under a tracking number's key. */
struct order_tracked {
    const struct sea_record *record;
    struct sea_str parcel_key, order_id,
        parcel_id; /* without an order: a fact that waits for one */
    enum order_fact fact;
};

/* Everything lives in the transaction's arena. */
struct order_batch {
    struct sea_arena *arena;
    int64_t now_ms;
    struct order_item *items;
    size_t items_count;
    struct order *orders; /* of the items, ascending by id; those without a row are new */
    size_t orders_count;
    struct order_tracked *tracked;
    size_t tracked_count;
    struct sea_erasures erasures;
};

/* Memory of the batch, all zero. Dies when the arena's bound is passed: a batch is far below it. */
void *order_batch_alloc(struct order_batch *batch, size_t size);

/* Makes an empty, new order for each id that the items name. */
void order_batch_gather(struct order_batch *batch);
/* NULL: none of the items names it. */
struct order *order_batch_find(const struct order_batch *batch, struct sea_str order_id);
/* Finds or adds; NULL: the order has too many already. */
struct order_parcel *order_batch_parcel(struct order_batch *batch, struct order *order,
                                        struct sea_str parcel_id);
/* Whether the item is of somebody who was erased since. */
bool order_batch_is_erased(const struct order_batch *batch, const struct order *order,
                           const struct order_item *item);

/* Id of the edge event that it all began with. */
struct sea_uuid order_batch_root(const struct sea_record *record);

#endif
