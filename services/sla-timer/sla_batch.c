/* sla_batch.c: looks tickets of a batch up by their ids. */
#include "sla_batch.h"

#include <stdlib.h>
#include <string.h>

void *sla_batch_alloc(struct sea_arena *arena, size_t size)
{
    void *ret = sea_arena_zero(arena, size ? size : 1);
    sea_assert(ret);
    return ret;
}

static int by_id(const void *a, const void *b)
{
    const struct sla_row *row = a, *other = b;
    return memcmp(row->ticket.id.bytes, other->ticket.id.bytes, sizeof(row->ticket.id.bytes));
}

void sla_batch_gather(struct sla_batch *batch)
{
    batch->rows = sla_batch_alloc(batch->arena, batch->items_count * sizeof(*batch->rows));
    for (size_t i = 0; i < batch->items_count; i++)
        batch->rows[i].ticket =
            (struct sla_ticket){.id = batch->items[i].ticket_id, .is_new = true};
    qsort(batch->rows, batch->items_count, sizeof(*batch->rows), by_id);
    batch->rows_count = 0;
    for (size_t i = 0; i < batch->items_count; i++)
        if (!i || by_id(&batch->rows[i], &batch->rows[batch->rows_count - 1]) != 0)
            batch->rows[batch->rows_count++] = batch->rows[i];
}

struct sla_row *sla_batch_find(const struct sla_batch *batch, struct sea_uuid ticket_id)
{
    struct sla_row wanted = {.ticket = {.id = ticket_id}};
    if (!batch->rows_count) return NULL;
    return bsearch(&wanted, batch->rows, batch->rows_count, sizeof(wanted), by_id);
}

void sla_row_place(const struct sea_settings *settings, struct sla_row *row, struct sea_str market,
                   struct sea_str channel)
{
    const struct sea_market *found = sea_market_by_code(&settings->markets, market);
    row->market = market;
    row->channel = channel;
    row->ticket.market = found ? found : settings->markets.global;
    row->ticket.channel_class = sea_channel_class_in(row->ticket.market, channel);
}

void sla_batch_wish(struct sla_batch *batch, const struct sla_wish *wish)
{
    struct sla_wish *at = batch->wishes, *end = batch->wishes + batch->wishes_count;
    while (at < end && !(sea_str_eq(at->owner, wish->owner) && sea_str_eq(at->key, wish->key) &&
                         sea_str_eq(at->name, wish->name)))
        at++;
    if (at == end) batch->wishes_count++;
    *at = *wish;
}
