/* xlate_apply.c: drafts that need no engine go on in the same transaction; the others, and foreign
 * messages, become rows. */
#include "sea_crash.h"
#include "sea_erasure.h"
#include "sea_id.h"
#include "sea_metrics_common.h"
#include "xlate_metrics.h"
#include "xlate_service.h"

static const struct sea_pg_stmt ERASE_WORK = {"xlate_erase_work",
                                              "DELETE FROM work WHERE contact_key = ANY($1)"};

static const struct sea_erasure_store STORES[] = {
    {"translator_gateway.work", "deleted", &ERASE_WORK},
};

enum { CONTACTS_MAX = SEA_KEYS_BATCH_MOST };

struct batch {
    struct xlate *service;
    struct sea_txn *txn;
    struct xlate_item *items;
    struct xlate_row *rows;
    struct sea_key *busy; /* keys with drafts that wait, in the table or in this batch */
    size_t count, busy_count;
};

static enum sea_err hear(struct batch *batch, const struct sea_record *record)
{
    bool is_draft = sea_record_is(record, &seadesk__v1__draft__descriptor);
    bool is_foreign = sea_record_is(record, &seadesk__v1__translation_wanted__descriptor);
    if (record->topic == SEA_TOPIC_PRIVACY)
        return sea_erasure_apply(batch->txn, "translator-gateway", record, STORES,
                                 SEA_COUNT(STORES));
    if (!is_draft && !is_foreign) return SEA_OK;
    if (xlate_item_of(record, is_draft ? XLATE_DRAFT : XLATE_FOREIGN, &batch->items[batch->count]))
        batch->count++;
    else
        sea_txn_refuse(batch->txn, record, "malformed");
    return SEA_OK;
}

static int64_t happened_ms(const struct xlate_item *item, const struct sea_txn *txn)
{
    return item->draft != NULL && item->draft->drafted_at_ms > 0 ? item->draft->drafted_at_ms
                                                                 : txn->now_ms;
}

/* What is of before its contact's erasure is dropped. Of a foreign message nothing tells its time:
 * its text is sealed with a key that is gone. */
static enum sea_err drop_erased(struct batch *batch)
{
    struct sea_erasures erasures;
    struct sea_key *contacts =
        sea_arena_alloc(batch->txn->arena, (batch->count + 1) * sizeof(*contacts));
    size_t kept = 0;
    if (contacts == NULL) return SEA_ERR_RETRY;
    for (size_t i = 0; i < batch->count; i++) contacts[i] = batch->items[i].contact;
    enum sea_err err =
        sea_erasure_guard(batch->txn, batch->service->keys, contacts, batch->count, &erasures);
    if (err || erasures.count == 0) return err;
    for (size_t i = 0; i < batch->count; i++) {
        struct xlate_item *item = &batch->items[i];
        if (!sea_erasure_is_late(&erasures, item->contact, happened_ms(item, batch->txn))) {
            batch->items[kept++] = *item;
        } else {
            xlate_item_free(item);
            sea_metric_inc(&sea_m_consumed_total, "seadesk.drafts", "erased");
        }
    }
    batch->count = kept;
    return SEA_OK;
}

/* Opens the drafts: one round trip for the keys that open, one for those that will seal. */
static enum sea_err open_drafts(struct batch *batch)
{
    struct sea_arena *arena = batch->txn->arena;
    struct sea_keys *keys = batch->service->keys;
    struct sea_sealed *sealed = sea_arena_alloc(arena, (batch->count + 1) * sizeof(*sealed));
    struct sea_key contacts[CONTACTS_MAX];
    size_t sealed_count = 0, contacts_count = 0;
    if (sealed == NULL) return SEA_ERR_RETRY;
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i].kind == XLATE_DRAFT)
            sealed[sealed_count++] = xlate_item_sealed(&batch->items[i]);
    enum sea_err err = sealed_count > 0 ? sea_keys_prefetch(keys, sealed, sealed_count) : SEA_OK;
    for (size_t i = 0; !err && i < batch->count; i++) {
        struct xlate_item *item = &batch->items[i];
        if (item->kind == XLATE_DRAFT) err = xlate_item_open(item, keys);
        if (err || item->is_erased || item->kind != XLATE_DRAFT) continue;
        contacts_count +=
            xlate_item_contacts(item, contacts + contacts_count, CONTACTS_MAX - contacts_count);
    }
    return err || contacts_count == 0 ? err : sea_keys_ensure(keys, contacts, contacts_count);
}

static enum sea_err find_busy(struct batch *batch)
{
    struct sea_key *keys = sea_arena_alloc(batch->txn->arena, (batch->count + 1) * sizeof(*keys));
    size_t count = 0;
    /* Room for all keys of the batch, found busy and made busy. */
    batch->busy = sea_arena_alloc(batch->txn->arena, (2 * batch->count + 1) * sizeof(*batch->busy));
    if (keys == NULL || batch->busy == NULL) return SEA_ERR_RETRY;
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i].kind == XLATE_DRAFT) keys[count++] = batch->items[i].key;
    return xlate_store_busy_keys(&batch->service->store, batch->txn, keys, count, batch->busy,
                                 &batch->busy_count);
}

static bool is_busy(const struct batch *batch, struct sea_key key)
{
    for (size_t i = 0; i < batch->busy_count; i++)
        if (sea_key_eq(batch->busy[i], key)) return true;
    return false;
}

static void make_wait(struct batch *batch, size_t i)
{
    batch->rows[i].state = XLATE_WAITING;
    batch->rows[i].due_ms = batch->txn->now_ms;
    if (batch->items[i].kind == XLATE_DRAFT && !is_busy(batch, batch->items[i].key))
        batch->busy[batch->busy_count++] = batch->items[i].key;
}

static enum sea_err decide(struct batch *batch, size_t i)
{
    struct xlate_item *item = &batch->items[i];
    struct xlate_row *row = &batch->rows[i];
    struct xlate_verdict verdict;
    *row = (struct xlate_row){.item = item, .reason = "", .engine = ""};
    if (item->kind == XLATE_FOREIGN || is_busy(batch, item->key)) {
        make_wait(batch, i);
        return SEA_OK;
    }
    enum sea_err err = SEA_OK;
    xlate_verdict_init(&verdict);
    xlate_item_decide(item, batch->service->settings, NULL, &verdict);
    row->state = verdict.state;
    row->reason = verdict.reason;
    if (verdict.state == XLATE_WAITING) {
        make_wait(batch, i);
    } else {
        err = xlate_item_tell_draft(batch->txn, batch->service->keys, item, &verdict, "",
                                    &row->event_id);
        xlate_count(item, verdict.state, verdict.rule);
        if (verdict.state == XLATE_BLOCKED) row->reason = verdict.rule;
    }
    xlate_verdict_free(&verdict);
    return err;
}

enum sea_err xlate_apply(void *ctx, struct sea_txn *txn, const struct sea_record *records,
                         size_t count)
{
    struct batch batch = {.service = ctx, .txn = txn};
    enum sea_err err = SEA_OK;
    batch.items = sea_arena_zero(txn->arena, (count + 1) * sizeof(*batch.items));
    batch.rows = sea_arena_zero(txn->arena, (count + 1) * sizeof(*batch.rows));
    if (batch.items == NULL || batch.rows == NULL) return SEA_ERR_RETRY;
    for (size_t i = 0; !err && i < count; i++) err = hear(&batch, &records[i]);
    if (!err) err = drop_erased(&batch);
    if (!err) err = open_drafts(&batch);
    if (!err) err = find_busy(&batch);
    for (size_t i = 0; !err && i < batch.count; i++) err = decide(&batch, i);
    if (!err) err = xlate_store_insert(&batch.service->store, txn, batch.rows, batch.count);
    for (size_t i = 0; i < batch.count; i++) xlate_item_free(&batch.items[i]);
    SEA_CRASHPOINT("translator-gateway.applied");
    return err;
}
