/* sla_batch.h: the tickets of one transaction in memory, between being loaded and being written. */
#ifndef SLA_BATCH_H
#define SLA_BATCH_H

#include "sea_settings.h"
#include "sea_worker.h"
#include "seadesk/v1/clocks.pb-c.h"
#include "seadesk/v1/deliveries.pb-c.h"
#include "seadesk/v1/tickets.pb-c.h"
#include "sla_core.h"

/* A ticket's row. Texts live in the transaction's arena. */
struct sla_row {
    struct sla_ticket ticket;
    struct sea_key home;
    uint32_t number;
    int32_t rev;
    struct sea_str market, channel;
    struct sea_uuid root, cause; /* of the record that opened it, and where that stands */
    int64_t offset;
};

enum sla_item_kind { SLA_ITEM_CHANGE, SLA_ITEM_ACCEPTED };

/* A record about a ticket. */
struct sla_item {
    enum sla_item_kind kind;
    const struct sea_record *record;
    struct sea_uuid ticket_id;
    const Seadesk__V1__TicketChanged *change;     /* of SLA_ITEM_CHANGE */
    const Seadesk__V1__DeliveryChanged *delivery; /* of SLA_ITEM_ACCEPTED */
};

/* A clock of another service. */
struct sla_wish {
    struct sea_str owner, name, topic_key;
    struct sea_str key;
    uint32_t number;
    enum sla_state state;
    int64_t due_ms, warn_ms;
    struct sea_uuid root, cause;
    bool is_cancelled;
};

struct sla_batch {
    struct sea_arena *arena;
    const struct sea_settings *settings;
    int64_t now_ms;
    struct sla_item *items;
    size_t items_count;
    struct sla_row *rows; /* ascending by ticket id */
    size_t rows_count;
    struct sla_wish *wishes; /* one for each clock, the latest */
    size_t wishes_count;
};

/* Memory of the transaction, all zero. Dies when the arena's bound is passed: a batch is far below
 * it. */
void *sla_batch_alloc(struct sea_arena *arena, size_t size);
/* Makes a new row for each ticket that the items name. */
void sla_batch_gather(struct sla_batch *batch);
struct sla_row *sla_batch_find(const struct sla_batch *batch, struct sea_uuid ticket_id);
/* Sets the row's market and channel, and finds what they stand for. */
void sla_row_place(const struct sea_settings *settings, struct sla_row *row, struct sea_str market,
                   struct sea_str channel);
/* Notes a wish in place of an earlier one for the same clock. */
void sla_batch_wish(struct sla_batch *batch, const struct sla_wish *wish);

#endif
