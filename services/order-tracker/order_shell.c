/* order_shell.c: batches of order events, and erasures. */
#include "order_shell.h"

#include <string.h>

#include "order_metrics.h"
#include "order_store.h"
#include "order_tracked.h"
#include "sea_clock.h"
#include "sea_crash.h"
#include "sea_metrics_common.h"
#include "seadesk/v1/parcels.pb-c.h"
#include "seadesk/v1/privacy.pb-c.h"

static void count_notice(struct order_counts *counts, const char *about)
{
    for (size_t i = 0; i < ORDER_ABOUTS_MAX; i++) {
        if (counts->notices[i].about && strcmp(counts->notices[i].about, about) != 0) continue;
        counts->notices[i].about = about;
        counts->notices[i].count++;
        return;
    }
}

static void count(struct order_counts *counts, const struct order_item *item, int64_t now_ms)
{
    if (item->is_erased) {
        counts->erased++;
        return;
    }
    counts->outcomes[item->outcome]++;
    if (item->about) count_notice(counts, item->about);
    if (item->event.is_historical || counts->ages_count == SEA_WORKER_BATCH_MAX) return;
    counts->ages_s[counts->ages_count] = (double)(now_ms - item->event.place.at_ms) / 1000;
    counts->received_at_ms[counts->ages_count++] = item->message->received_at_ms;
}

static enum sea_err apply_item(struct order_tracker *tracker, struct sea_txn *txn,
                               struct order_batch *batch, struct order_item *item)
{
    struct order_effects effects;
    struct order_parcel *parcel = NULL;
    struct order *order = order_batch_find(batch, item->order_id);
    sea_assert(order);
    item->is_erased = order_batch_is_erased(batch, order, item);
    if (!item->is_erased && item->parcel_id.len) {
        parcel = order_batch_parcel(batch, order, item->parcel_id);
        if (!parcel) {
            sea_txn_refuse(txn, item->record, "too-many-parcels");
            item->is_erased = true;
            return SEA_OK;
        }
    }
    if (parcel) {
        enum sea_err err = order_tracked_name(txn, item, parcel);
        if (err) return err;
    }
    if (!item->is_erased) {
        if (order->is_new) order->is_dirty = true;
        item->outcome = order_core_apply(order, parcel, &item->event, &effects);
        enum sea_err err = order_codec_emit(txn, order, &effects, item);
        if (err) return err;
    }
    count(&tracker->counts, item, txn->now_ms);
    return SEA_OK;
}

static enum sea_err apply_orders(struct order_tracker *tracker, struct sea_txn *txn,
                                 struct order_batch *batch)
{
    if (!batch->items_count) return SEA_OK;
    order_batch_gather(batch);
    enum sea_err err = order_store_load(&tracker->args, txn, batch);
    for (size_t i = 0; !err && i < batch->items_count; i++)
        err = apply_item(tracker, txn, batch, &batch->items[i]);
    if (!err) err = order_store_write(&tracker->args, txn, batch, &tracker->settings->markets);
    return err;
}

/* A transaction that is working on one of these orders is waited for, so that it leaves nothing
 * behind. */
static enum sea_err apply_erasure(struct order_tracker *tracker, struct sea_txn *txn,
                                  const struct sea_record *record)
{
    const Seadesk__V1__ErasureOrdered *order =
        sea_txn_decode(txn, &seadesk__v1__erasure_ordered__descriptor, record->value);
    enum sea_err err = SEA_OK;
    if (order)
        err = order_store_lock(&tracker->args, txn, order->contact_keys, order->n_contact_keys);
    if (err) return err;
    return sea_erasure_apply(txn, "order-tracker", record, order_stores, ORDER_STORES);
}

/* NULL: it can't be read. */
static const Seadesk__V1__OrderEvent *event_of(struct sea_txn *txn, const struct sea_record *record)
{
    if (record->topic != SEA_TOPIC_PARCELS)
        return sea_txn_decode(txn, &seadesk__v1__order_event__descriptor, record->value);
    const Seadesk__V1__ParcelFact *parcel =
        sea_txn_decode(txn, &seadesk__v1__parcel_fact__descriptor, record->value);
    return parcel ? parcel->fact : NULL;
}

/* NULL, or the reason why the record can never be applied. */
static const char *take_event(struct sea_txn *txn, struct order_batch *batch,
                              const struct sea_record *record)
{
    struct order_item *item = &batch->items[batch->items_count];
    item->record = record;
    item->message = event_of(txn, record);
    const char *reason = item->message ? order_codec_read(item) : "undecodable";
    if (reason) return reason;
    if (!item->order_id.len)
        return order_tracked_add(batch, record, item->message->tracking_number, item->order_id,
                                 item->parcel_id, item->event.fact);
    item->received_at_ms = item->message->received_at_ms + txn->shift_ms;
    batch->items_count++;
    return NULL;
}

static const char *take_name(struct sea_txn *txn, struct order_batch *batch,
                             const struct sea_record *record)
{
    const Seadesk__V1__ParcelNamed *named =
        sea_txn_decode(txn, &seadesk__v1__parcel_named__descriptor, record->value);
    if (!named) return "undecodable";
    if (!*named->order_id) return "no-order-id";
    return order_tracked_add(batch, record, named->tracking_number, sea_str(named->order_id),
                             sea_str(named->parcel_id), 0);
}

static enum sea_err apply(void *ctx, struct sea_txn *txn, const struct sea_record *records,
                          size_t count)
{
    struct order_tracker *tracker = ctx;
    struct order_batch batch = {.arena = txn->arena, .now_ms = txn->now_ms};
    SEA_CRASHPOINT("order-tracker.read");
    batch.items = order_batch_alloc(&batch, count * sizeof(*batch.items));
    batch.tracked = order_batch_alloc(&batch, count * sizeof(*batch.tracked));
    for (size_t i = 0; i < count; i++) {
        const struct sea_record *record = &records[i];
        const char *reason = NULL;
        if (sea_record_is(record, &seadesk__v1__erasure_ordered__descriptor)) {
            enum sea_err err = apply_erasure(tracker, txn, record);
            if (err) return err;
        }
        if (sea_record_is(record, &seadesk__v1__order_event__descriptor) ||
            sea_record_is(record, &seadesk__v1__parcel_fact__descriptor))
            reason = take_event(txn, &batch, record);
        if (sea_record_is(record, &seadesk__v1__parcel_named__descriptor))
            reason = take_name(txn, &batch, record);
        if (reason) sea_txn_refuse(txn, record, reason);
    }
    enum sea_err err = apply_orders(tracker, txn, &batch);
    if (!err)
        err = order_tracked_apply(&tracker->args, txn, &batch, &tracker->counts.unnamed,
                                  &tracker->counts.found);
    if (!err) SEA_CRASHPOINT("order-tracker.written");
    return err;
}

static void rolled_back(void *ctx)
{
    struct order_tracker *tracker = ctx;
    tracker->counts = (struct order_counts){0};
}

static void committed(void *ctx)
{
    struct order_tracker *tracker = ctx;
    struct order_counts *counts = &tracker->counts;
    for (size_t i = 0; i < ORDER_OUTCOMES; i++)
        sea_metric_add(&sea_m_order_events_total, counts->outcomes[i], ORDER_OUTCOME_NAMES[i]);
    sea_metric_add(&sea_m_consumed_total, counts->erased, sea_topic_info(SEA_TOPIC_ORDERS)->name,
                   "erased");
    sea_metric_add(&sea_m_order_unnamed_total, counts->unnamed, "heard");
    sea_metric_add(&sea_m_order_unnamed_total, counts->found, "found");
    for (size_t i = 0; i < ORDER_ABOUTS_MAX && counts->notices[i].about; i++)
        sea_metric_add(&sea_m_order_notices_total, counts->notices[i].count,
                       counts->notices[i].about);
    int64_t now_ms = sea_clock_wall_ms(); /* as ingest's: the real one */
    for (size_t i = 0; i < counts->ages_count; i++) {
        int64_t took_ms = now_ms - counts->received_at_ms[i];
        sea_metric_observe(&sea_m_order_event_age_seconds, counts->ages_s[i]);
        sea_metric_observe(&sea_m_order_freshness_seconds, (double)took_ms / 1000);
    }
    rolled_back(tracker);
}

static void tick(void *ctx)
{
    struct order_tracker *tracker = ctx;
    sea_erasure_publish(tracker->worker);
}

static const enum sea_topic TOPICS[] = {SEA_TOPIC_ORDERS, SEA_TOPIC_PARCELS, SEA_TOPIC_PRIVACY};

const struct sea_worker_ops order_worker_ops = {
    .service = "order-tracker",
    .topics = TOPICS,
    .topics_count = SEA_COUNT(TOPICS),
    .apply = apply,
    .committed = committed,
    .rolled_back = rolled_back,
    .tick = tick,
    .tick_ms = 1000,
};
