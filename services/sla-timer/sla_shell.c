/* sla_shell.c: batches of what router, notifier and other services say. */
#include "sla_shell.h"

#include "sea_clock.h"
#include "sea_crash.h"
#include "sea_id.h"
#include "sea_metrics_common.h"
#include "sla_codec.h"
#include "sla_metrics.h"
#include "sla_store.h"

enum { ERASURE_MS = 1000 };

/* ---- reading a batch ---- */

static bool is_proof(const Seadesk__V1__DeliveryChanged *delivery)
{
    return delivery->ticket_id.len == sizeof(struct sea_uuid) && delivery->at_ms > 0 &&
           delivery->class_ != SEADESK__V1__MESSAGE_CLASS__INTERNAL &&
           (delivery->state == SEADESK__V1__DELIVERY_STATE__ACCEPTED ||
            delivery->state == SEADESK__V1__DELIVERY_STATE__DELIVERED ||
            delivery->state == SEADESK__V1__DELIVERY_STATE__READ);
}

static struct sea_uuid uuid_of(ProtobufCBinaryData bytes)
{
    struct sea_uuid ret;
    for (size_t i = 0; i < sizeof(ret.bytes); i++) ret.bytes[i] = bytes.data[i];
    return ret;
}

static const char *add_change(struct sla_batch *batch, struct sea_txn *txn,
                              const struct sea_record *record)
{
    struct sla_item *item = &batch->items[batch->items_count];
    item->change = sea_txn_decode(txn, &seadesk__v1__ticket_changed__descriptor, record->value);
    if (!item->change) return "undecodable";
    if (item->change->ticket_id.len != sizeof(struct sea_uuid)) return "no-ticket-id";
    if (item->change->home_key.len != sizeof(struct sea_key)) return "no-home-key";
    if (item->change->opened_at_ms <= 0) return "no-time";
    item->kind = SLA_ITEM_CHANGE;
    item->record = record;
    item->ticket_id = uuid_of(item->change->ticket_id);
    batch->items_count++;
    return NULL;
}

static const char *add_delivery(struct sla_batch *batch, struct sea_txn *txn,
                                const struct sea_record *record)
{
    struct sla_item *item = &batch->items[batch->items_count];
    item->delivery = sea_txn_decode(txn, &seadesk__v1__delivery_changed__descriptor, record->value);
    if (!item->delivery) return "undecodable";
    if (!is_proof(item->delivery)) return NULL;
    item->kind = SLA_ITEM_ACCEPTED;
    item->record = record;
    item->ticket_id = uuid_of(item->delivery->ticket_id);
    batch->items_count++;
    return NULL;
}

static const char *add_wish(struct sla_batch *batch, struct sea_txn *txn,
                            const struct sea_record *record)
{
    struct sla_wish wish;
    const char *reason = sea_record_is(record, &seadesk__v1__clock_set__descriptor)
                             ? sla_codec_set(txn, record, &wish)
                             : sla_codec_cancel(txn, record, &wish);
    if (!reason) sla_batch_wish(batch, &wish);
    return reason;
}

static enum sea_err read_record(struct sla_batch *batch, struct sea_txn *txn,
                                const struct sea_record *record)
{
    const char *reason = NULL;
    if (sea_record_is(record, &seadesk__v1__ticket_changed__descriptor))
        reason = add_change(batch, txn, record);
    else if (sea_record_is(record, &seadesk__v1__delivery_changed__descriptor))
        reason = add_delivery(batch, txn, record);
    else if (sea_record_is(record, &seadesk__v1__clock_set__descriptor) ||
             sea_record_is(record, &seadesk__v1__clock_cancelled__descriptor))
        reason = add_wish(batch, txn, record);
    else
        return sea_erasure_apply(txn, "sla-timer", record, sla_stores, SEA_COUNT(sla_stores));
    if (reason) sea_txn_refuse(txn, record, reason);
    return SEA_OK;
}

/* ---- deciding ---- */

void sla_count(struct sla_counts *counts, const struct sla_effects *effects)
{
    for (uint32_t i = 0; i < effects->count; i++) {
        const struct sla_effect *effect = &effects->items[i];
        counts->late += effect->is_late_decision;
        if (effect->is_withdrawn)
            counts->withdrawn++;
        else
            counts->clocks[effect->clock][effect->state]++;
    }
}

static enum sea_err decide(struct sla_timer *timer, struct sea_txn *txn, struct sla_batch *batch,
                           const struct sla_item *item)
{
    struct sla_row *row = sla_batch_find(batch, item->ticket_id);
    struct sla_effects effects = {0};
    sea_assert(row);
    if (item->kind == SLA_ITEM_ACCEPTED) {
        bool is_reply = item->delivery->class_ == SEADESK__V1__MESSAGE_CLASS__REPLY;
        sla_core_accepted(&row->ticket, is_reply, item->delivery->at_ms, txn->now_ms, &effects);
    } else {
        struct sla_change change = sla_codec_change(item);
        sla_core_change(&row->ticket, &change, &timer->settings->sla, txn->now_ms, &effects);
    }
    sla_count(&timer->counts, &effects);
    return sla_codec_tell(txn, row, &effects, item->record);
}

/* Fills the row of a ticket that is heard of for the first time. */
static void begin(struct sla_timer *timer, struct sla_row *row, const struct sla_item *item)
{
    const struct sea_headers *headers = &item->record->headers;
    for (size_t i = 0; i < sizeof(row->home.bytes); i++)
        row->home.bytes[i] = item->change->home_key.data[i];
    row->number = (uint32_t)item->record->partition;
    row->root = sea_uuid_is_nil(headers->root) ? headers->id : headers->root;
    row->cause = headers->id;
    row->offset = item->record->offset;
    sla_row_place(timer->settings, row, sea_str(item->change->market),
                  sea_str(item->change->channel));
}

/* Of new tickets: keeps their contacts from being erased until the transaction's end. */
static enum sea_err guard(struct sla_timer *timer, struct sea_txn *txn, struct sla_batch *batch,
                          struct sea_erasures *ret)
{
    size_t count = 0;
    struct sea_key *homes = sla_batch_alloc(batch->arena, batch->items_count * sizeof(*homes));
    for (size_t i = 0; i < batch->items_count; i++) {
        const struct sla_item *item = &batch->items[i];
        struct sla_row *row = sla_batch_find(batch, item->ticket_id);
        if (item->kind != SLA_ITEM_CHANGE || row->rev || row->ticket.market) continue;
        begin(timer, row, item);
        homes[count++] = row->home;
    }
    return count ? sea_erasure_guard(txn, NULL, homes, count, ret) : SEA_OK;
}

/* Deliveries before changes: router said a change because of them. Those of tickets that aren't
 * known yet are in a later change too. */
static enum sea_err apply_items(struct sla_timer *timer, struct sea_txn *txn,
                                struct sla_batch *batch)
{
    struct sea_erasures erasures = {0};
    sla_batch_gather(batch);
    enum sea_err err = sla_store_load(&timer->args, txn, batch);
    if (!err) err = guard(timer, txn, batch, &erasures);
    for (size_t i = 0; !err && i < batch->items_count; i++) {
        const struct sla_item *item = &batch->items[i];
        if (item->kind != SLA_ITEM_ACCEPTED) continue;
        if (sla_batch_find(batch, item->ticket_id)->rev) err = decide(timer, txn, batch, item);
    }
    for (size_t i = 0; !err && i < batch->items_count; i++) {
        const struct sla_item *item = &batch->items[i];
        if (item->kind != SLA_ITEM_CHANGE) continue;
        const struct sla_row *row = sla_batch_find(batch, item->ticket_id);
        if (!row->rev && sea_erasure_is_late(&erasures, row->home, item->change->opened_at_ms))
            timer->counts.erased++;
        else
            err = decide(timer, txn, batch, item);
    }
    return err;
}

static enum sea_err apply(void *ctx, struct sea_txn *txn, const struct sea_record *records,
                          size_t count)
{
    struct sla_timer *timer = ctx;
    struct sla_batch batch = {
        .arena = txn->arena, .settings = timer->settings, .now_ms = txn->now_ms};
    enum sea_err err = SEA_OK;
    SEA_CRASHPOINT("sla-timer.read");
    batch.items = sla_batch_alloc(txn->arena, count * sizeof(*batch.items));
    batch.wishes = sla_batch_alloc(txn->arena, count * sizeof(*batch.wishes));
    for (size_t i = 0; !err && i < count; i++) err = read_record(&batch, txn, &records[i]);
    if (!err && batch.items_count) err = apply_items(timer, txn, &batch);
    if (!err) err = sla_store_write(&timer->args, txn, &batch);
    if (!err) SEA_CRASHPOINT("sla-timer.written");
    return err;
}

/* ---- around it ---- */

static void rolled_back(void *ctx)
{
    struct sla_timer *timer = ctx;
    timer->counts = (struct sla_counts){0};
}

static void committed(void *ctx)
{
    static const char *const STATES[SLA_STATES] = {NULL,  "running",  "paused",   "warned",
                                                   "met", "breached", "cancelled"};
    struct sla_timer *timer = ctx;
    const struct sla_counts *counts = &timer->counts;
    SEA_CRASHPOINT("sla-timer.committed");
    for (size_t c = 0; c <= SEA_CLOCK_COUNT; c++)
        for (size_t s = SLA_RUNNING; s < SLA_STATES; s++)
            if (counts->clocks[c][s])
                sea_metric_add(&sea_m_sla_clocks_total, counts->clocks[c][s],
                               c < SEA_CLOCK_COUNT ? SEA_CLOCK_NAMES[c] : "other", STATES[s]);
    sea_metric_add(&sea_m_sla_withdrawn_total, counts->withdrawn);
    sea_metric_add(&sea_m_sla_late_decisions_total, counts->late);
    sea_metric_add(&sea_m_consumed_total, counts->erased, sea_topic_info(SEA_TOPIC_TICKETS)->name,
                   "erased");
    for (uint32_t i = 0; i < counts->lags_count; i++)
        sea_metric_observe(&sea_m_sla_fire_lag_seconds, counts->lags_s[i]);
    rolled_back(timer);
}

static void gained(void *ctx, uint32_t number)
{
    struct sla_timer *timer = ctx;
    sla_watch_start(&timer->watches[number], sea_clock_wall_ms());
}

static void tick(void *ctx)
{
    struct sla_timer *timer = ctx;
    sla_sweep(timer);
    if (sea_clock_mono_ms() - timer->published_ms < ERASURE_MS) return;
    timer->published_ms = sea_clock_mono_ms();
    sea_erasure_publish(timer->worker);
}

static const enum sea_topic TOPICS[] = {SEA_TOPIC_TICKETS, SEA_TOPIC_DELIVERIES, SEA_TOPIC_CLOCKS,
                                        SEA_TOPIC_PRIVACY};

const struct sea_worker_ops sla_worker_ops = {
    .service = "sla-timer",
    .topics = TOPICS,
    .topics_count = SEA_COUNT(TOPICS),
    .apply = apply,
    .committed = committed,
    .rolled_back = rolled_back,
    .gained = gained,
    .tick = tick,
    .tick_ms = SLA_TICK_MS,
};
