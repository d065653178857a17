/* router_batch.c: the batch's memory and maps. */
#include "router_batch.h"

#include <string.h>

#include "router_metrics.h"
#include "sea_id.h"

void router_count(struct router_counts *counts, struct sea_metric *metric, const char *label)
{
    for (size_t i = 0; i < counts->count; i++) {
        if (counts->items[i].metric != metric || counts->items[i].label != label) continue;
        counts->items[i].n++;
        return;
    }
    if (counts->count == ROUTER_COUNTS_MAX) return;
    counts->items[counts->count].metric = metric;
    counts->items[counts->count].label = label;
    counts->items[counts->count++].n = 1;
}

void router_count_commit(struct router_counts *counts)
{
    for (size_t i = 0; i < counts->count; i++) {
        const char *label = counts->items[i].label;
        if (label)
            sea_metric_add(counts->items[i].metric, counts->items[i].n, label);
        else
            sea_metric_add(counts->items[i].metric, counts->items[i].n);
    }
    for (size_t i = 0; i < counts->delay_count; i++)
        sea_metric_observe(&sea_m_router_message_delay_seconds, counts->delays_s[i]);
    router_count_forget(counts);
}

void router_count_forget(struct router_counts *counts)
{
    counts->count = counts->delay_count = 0;
}

void router_batch_init(struct router_batch *batch, struct router_tools *tools, struct sea_txn *txn)
{
    memset(batch, 0, sizeof(*batch));
    batch->tools = tools;
    batch->txn = txn;
    router_plan_init(&batch->plan, txn->arena, tools->rules, txn->now_ms);
    struct router_map *maps[] = {&batch->contacts,  &batch->newest,   &batch->tickets,
                                 &batch->customers, &batch->sent,     &batch->orders,
                                 &batch->known,     &batch->agents,   &batch->notices,
                                 &batch->calls,     &batch->forgotten};
    for (size_t i = 0; i < SEA_COUNT(maps); i++) router_map_init(maps[i], txn->arena);
    batch->plan.agents = &batch->agents;
}

void router_batch_free(struct router_batch *batch)
{
    for (size_t i = 0; i < batch->result_count; i++) sea_pg_clear(&batch->results[i]);
    batch->result_count = 0;
}

void *router_batch_alloc(struct router_batch *batch, size_t size)
{
    return router_plan_alloc(&batch->plan, size);
}

void router_batch_keep(struct router_batch *batch, PGresult *rows)
{
    sea_assert(batch->result_count < ROUTER_RESULTS_MAX);
    batch->results[batch->result_count++] = rows;
}

bool router_item_speaks(const struct router_item *item)
{
    return item->command->what_case == SEADESK__V1__COMMAND__WHAT_REPLY ||
           item->command->what_case == SEADESK__V1__COMMAND__WHAT_VIDEO;
}

struct router_contact *router_batch_contact(const struct router_batch *batch, struct sea_key key)
{
    return router_map_get(&batch->contacts, router_map_key(&key));
}

struct router_ticket *router_batch_ticket(const struct router_batch *batch, struct sea_uuid id)
{
    return router_map_get(&batch->tickets, router_map_id(&id));
}

struct router_customer *router_batch_customer(struct router_batch *batch, struct sea_uuid id)
{
    struct router_customer *customer = router_map_get(&batch->customers, router_map_id(&id));
    if (customer) return customer;
    customer = router_batch_alloc(batch, sizeof(*customer));
    customer->id = id;
    *router_map_at(&batch->customers, router_map_id(&customer->id)) = customer;
    return customer;
}

void router_batch_add_contact(struct router_batch *batch, struct router_contact *contact)
{
    struct router_customer *customer = router_batch_customer(batch, contact->customer);
    *router_map_at(&batch->contacts, router_map_key(&contact->key)) = contact;
    for (uint32_t i = 0; i < customer->count; i++)
        if (customer->contacts[i] == contact) return;
    if (customer->count < ROUTER_RELATIVES_MAX) customer->contacts[customer->count++] = contact;
}

struct router_contact *router_batch_new_contact(struct router_batch *batch, struct sea_key key,
                                                const char *channel, const char *account)
{
    struct router_contact *contact = router_batch_alloc(batch, sizeof(*contact));
    contact->key = key;
    contact->channel = sea_str(channel);
    contact->account = sea_str(account);
    return contact;
}

void router_batch_add_ticket(struct router_batch *batch, struct router_ticket *ticket)
{
    *router_map_at(&batch->tickets, router_map_id(&ticket->id)) = ticket;
}

bool router_batch_add_notice(struct router_batch *batch, struct router_notice *notice)
{
    void **place = router_map_at(&batch->notices, notice->order_id);
    if (!*place) *place = router_batch_alloc(batch, sizeof(struct router_notices));
    struct router_notices *of_order = *place;
    for (uint32_t i = 0; i < of_order->count; i++) {
        const struct router_notice *known = of_order->items[i];
        if (sea_str_eq(known->about, notice->about) && known->at_ms == notice->at_ms &&
            sea_str_eq(known->parcel_id, notice->parcel_id))
            return false;
    }
    if (of_order->count == ROUTER_EARLIER_MAX) return false;
    of_order->items[of_order->count++] = notice;
    return true;
}

struct sea_key router_key_of(ProtobufCBinaryData bytes)
{
    struct sea_key key = {{0}};
    if (bytes.len == sizeof(key.bytes)) memcpy(key.bytes, bytes.data, sizeof(key.bytes));
    return key;
}

struct sea_uuid router_uuid_of(ProtobufCBinaryData bytes)
{
    struct sea_uuid id = {{0}};
    if (bytes.len == sizeof(id.bytes)) memcpy(id.bytes, bytes.data, sizeof(id.bytes));
    return id;
}

struct sea_str router_bytes_of(ProtobufCBinaryData bytes)
{
    return (struct sea_str){(const char *)bytes.data, bytes.len};
}
