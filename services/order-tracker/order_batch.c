/* order_batch.c: looks orders and parcels of a batch up by their ids. */
#include "order_batch.h"

#include <stdlib.h>
#include <string.h>

#include "sea_id.h"

void *order_batch_alloc(struct order_batch *batch, size_t size)
{
    void *ret = sea_arena_zero(batch->arena, size ? size : 1);
    sea_assert(ret);
    return ret;
}

static int compare(struct sea_str a, struct sea_str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int diff = len ? memcmp(a.ptr, b.ptr, len) : 0;
    return diff ? diff : (a.len > b.len) - (a.len < b.len);
}

static int by_id(const void *a, const void *b)
{
    return compare(((const struct order *)a)->order_id, ((const struct order *)b)->order_id);
}

void order_batch_gather(struct order_batch *batch)
{
    batch->orders = order_batch_alloc(batch, batch->items_count * sizeof(*batch->orders));
    for (size_t i = 0; i < batch->items_count; i++)
        batch->orders[i].order_id = batch->items[i].order_id;
    qsort(batch->orders, batch->items_count, sizeof(*batch->orders), by_id);
    batch->orders_count = 0;
    for (size_t i = 0; i < batch->items_count; i++) {
        if (i && by_id(&batch->orders[i], &batch->orders[batch->orders_count - 1]) == 0) continue;
        batch->orders[batch->orders_count] = batch->orders[i];
        batch->orders[batch->orders_count++].is_new = true;
    }
}

struct order *order_batch_find(const struct order_batch *batch, struct sea_str order_id)
{
    struct order wanted = {.order_id = order_id};
    if (!batch->orders_count) return NULL;
    return bsearch(&wanted, batch->orders, batch->orders_count, sizeof(wanted), by_id);
}

struct order_parcel *order_batch_parcel(struct order_batch *batch, struct order *order,
                                        struct sea_str parcel_id)
{
    size_t count = 0;
    struct order_parcel **at = &order->parcels;
    for (; *at; at = &(*at)->next, count++)
        if (sea_str_eq((*at)->parcel_id, parcel_id)) return *at;
    if (count == ORDER_PARCELS_MAX) return NULL;
    *at = order_batch_alloc(batch, sizeof(**at));
    (*at)->parcel_id = parcel_id;
    (*at)->is_dirty = true;
    return *at;
}

bool order_batch_is_erased(const struct order_batch *batch, const struct order *order,
                           const struct order_item *item)
{
    const struct order_event *event = &item->event;
    if (!event->has_contact && !order->has_contact) return false;
    struct sea_key contact = event->has_contact ? event->contact : order->contact;
    return sea_erasure_is_late(&batch->erasures, contact, item->received_at_ms);
}

struct sea_uuid order_batch_root(const struct sea_record *record)
{
    return sea_uuid_is_nil(record->headers.root) ? record->headers.id : record->headers.root;
}
