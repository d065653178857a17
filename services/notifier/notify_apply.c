/* notify_apply.c: consents first, then what is to be sent or taken back, then what providers say.
 */
#include <string.h>

#include "notify_codec.h"
#include "notify_metrics.h"
#include "notify_service.h"
#include "sea_crash.h"
#include "sea_erasure.h"
#include "sea_metrics_common.h"
#include "seadesk/v1/receipts.pb-c.h"

static const struct sea_pg_stmt ERASE_DELIVERIES = {
    "notify_erase_deliveries", "DELETE FROM delivery WHERE contact_key = ANY($1)"};
/* A refusal outlives the person's data: it names nobody, and keeps us from writing again. */
static const struct sea_pg_stmt ERASE_CONSENTS = {
    "notify_erase_consents",
    "WITH kept AS (UPDATE consent SET proof = '' WHERE contact_key = ANY($1) AND NOT is_granted "
    "AND "
    "proof <> '') DELETE FROM consent WHERE contact_key = ANY($1) AND is_granted"};
static const struct sea_pg_stmt ERASE_CHAT = {"notify_erase_chat",
                                              "DELETE FROM chat WHERE contact_key = ANY($1)"};
static const struct sea_pg_stmt ERASE_WITHDRAWN = {
    "notify_erase_withdrawn", "DELETE FROM withdrawn WHERE contact_key = ANY($1)"};

static const struct sea_erasure_store STORES[] = {
    {"notifier.delivery", "deleted", &ERASE_DELIVERIES},
    {"notifier.chat", "deleted", &ERASE_CHAT},
    {"notifier.consent", "deleted", &ERASE_CONSENTS},
    {"notifier.withdrawn", "deleted", &ERASE_WITHDRAWN},
};

struct receipt {
    const Seadesk__V1__ReceiptReceived *said;
    const struct sea_record *record;
    struct sea_uuid attempt;
    struct sea_key hash;
};

/* What the records of a batch say, sorted by kind. */
struct heard {
    struct notify_unit unit;
    struct notify_consent_entry *consents;
    struct notify_withdrawal *withdrawals;
    struct receipt *receipts;
    struct sea_key *contacts; /* whose open deliveries are needed */
    size_t consents_count, withdrawals_count, receipts_count, contacts_count;
};

static bool hear_consent(struct heard *heard, const struct sea_record *record)
{
    Seadesk__V1__ConsentChanged *said =
        sea_txn_decode(heard->unit.txn, &seadesk__v1__consent_changed__descriptor, record->value);
    struct notify_consent_entry entry = {.record = record, .said = said};
    if (said == NULL || !notify_codec_key(said->contact_key, &entry.contact) ||
        said->class_ < SEADESK__V1__CONSENT_CLASS__CONSENT_SERVICE ||
        said->class_ > SEADESK__V1__CONSENT_CLASS__CONSENT_RECORDING || said->at_ms <= 0)
        return false;
    entry.gone_ms = sea_period_end_ms(
        heard->unit.service->settings->markets.global->retention[SEA_RETAIN_CONSENT], said->at_ms);
    heard->consents[heard->consents_count++] = entry;
    if (!said->is_granted) heard->contacts[heard->contacts_count++] = entry.contact;
    sea_metric_inc(&sea_m_notifier_consents_total, said->is_granted ? "granted" : "refused");
    return true;
}

static bool hear_withdraw(struct heard *heard, const struct sea_record *record)
{
    Seadesk__V1__Withdraw *said =
        sea_txn_decode(heard->unit.txn, &seadesk__v1__withdraw__descriptor, record->value);
    struct notify_withdrawal item = {.at_ms = record->headers.time_ms};
    if (said == NULL || !notify_codec_key(said->contact_key, &item.contact) ||
        (said->draft_id.len > 0 && !notify_codec_uuid(said->draft_id, &item.draft_id)))
        return false;
    item.collapse_key = sea_str(said->collapse_key);
    item.reason = sea_str(said->reason);
    if (said->at_ms > 0) item.at_ms = said->at_ms;
    if (item.collapse_key.len == 0 && sea_uuid_is_nil(item.draft_id)) return false;
    heard->withdrawals[heard->withdrawals_count++] = item;
    heard->contacts[heard->contacts_count++] = item.contact;
    return true;
}

static bool hear_outbound(struct heard *heard, const struct sea_record *record)
{
    struct sea_txn *txn = heard->unit.txn;
    Seadesk__V1__Outbound *message =
        sea_txn_decode(txn, &seadesk__v1__outbound__descriptor, record->value);
    struct notify_delivery *item = sea_arena_alloc(txn->arena, sizeof(*item));
    sea_assert(item != NULL);
    if (message == NULL || !notify_codec_read(record, message, txn->now_ms, item)) return false;
    notify_set_add(txn->arena, &heard->unit.all, item);
    notify_set_add(txn->arena, &heard->unit.todo, item);
    heard->contacts[heard->contacts_count++] = item->contact_key;
    return true;
}

static bool hear_receipt(struct heard *heard, const struct sea_record *record)
{
    struct receipt receipt = {.record = record};
    receipt.said =
        sea_txn_decode(heard->unit.txn, &seadesk__v1__receipt_received__descriptor, record->value);
    if (receipt.said == NULL) return false;
    bool has_attempt = notify_codec_uuid(receipt.said->attempt_id, &receipt.attempt);
    bool has_hash = notify_codec_key(receipt.said->provider_hash, &receipt.hash);
    if (!has_attempt && !has_hash) return false;
    heard->receipts[heard->receipts_count++] = receipt;
    return true;
}

static enum sea_err hear(struct heard *heard, const struct sea_record *record)
{
    bool is_good = true;
    if (record->topic == SEA_TOPIC_PRIVACY)
        return sea_erasure_apply(heard->unit.txn, "notifier", record, STORES, SEA_COUNT(STORES));
    if (sea_record_is(record, &seadesk__v1__consent_changed__descriptor))
        is_good = hear_consent(heard, record);
    else if (sea_record_is(record, &seadesk__v1__withdraw__descriptor))
        is_good = hear_withdraw(heard, record);
    else if (sea_record_is(record, &seadesk__v1__outbound__descriptor))
        is_good = hear_outbound(heard, record);
    else if (sea_record_is(record, &seadesk__v1__receipt_received__descriptor))
        is_good = hear_receipt(heard, record);
    if (!is_good) sea_txn_refuse(heard->unit.txn, record, "malformed");
    return SEA_OK;
}

static void open_heard(struct heard *heard, struct notify *service, struct sea_txn *txn,
                       size_t count)
{
    struct sea_arena *arena = txn->arena;
    *heard = (struct heard){.unit = {.service = service, .txn = txn}};
    heard->consents = sea_arena_alloc(arena, (count + 1) * sizeof(*heard->consents));
    heard->withdrawals = sea_arena_alloc(arena, (count + 1) * sizeof(*heard->withdrawals));
    heard->receipts = sea_arena_alloc(arena, (count + 1) * sizeof(*heard->receipts));
    heard->contacts = sea_arena_alloc(arena, (count + 1) * sizeof(*heard->contacts));
    sea_assert(heard->consents && heard->withdrawals && heard->receipts && heard->contacts);
}

static void count_erased(const char *topic, size_t count)
{
    if (count > 0) sea_metric_add(&sea_m_consumed_total, (double)count, topic, "erased");
}

/* What is of before a contact's erasure is dropped. */
static enum sea_err drop_erased(struct heard *heard)
{
    struct notify_unit *unit = &heard->unit;
    struct sea_erasures erasures;
    struct notify_set kept = {0};
    size_t consents = 0;
    struct sea_key *contacts = sea_arena_alloc(
        unit->txn->arena, (heard->contacts_count + heard->consents_count + 1) * sizeof(*contacts));
    if (contacts == NULL) return SEA_ERR_RETRY;
    size_t count = heard->contacts_count;
    if (count > 0) memcpy(contacts, heard->contacts, count * sizeof(*contacts));
    for (size_t i = 0; i < heard->consents_count; i++)
        contacts[count++] = heard->consents[i].contact;
    enum sea_err err =
        sea_erasure_guard(unit->txn, unit->service->keys, contacts, count, &erasures);
    if (err || erasures.count == 0) return err;
    for (size_t i = 0; i < heard->consents_count; i++) {
        const struct notify_consent_entry *entry = &heard->consents[i];
        bool is_late = entry->said->is_granted &&
                       sea_erasure_is_late(&erasures, entry->contact, entry->said->at_ms);
        if (!is_late) heard->consents[consents++] = *entry;
    }
    for (size_t i = 0; i < unit->todo.count; i++) {
        struct notify_delivery *item = unit->todo.items[i];
        if (!sea_erasure_is_late(&erasures, item->contact_key, item->order.drafted_at_ms))
            notify_set_add(unit->txn->arena, &kept, item);
    }
    count_erased("seadesk.consents", heard->consents_count - consents);
    count_erased("seadesk.outbound", unit->todo.count - kept.count);
    heard->consents_count = consents;
    unit->todo = kept;
    unit->all = (struct notify_set){0};
    for (size_t i = 0; i < kept.count; i++)
        notify_set_add(unit->txn->arena, &unit->all, kept.items[i]);
    return SEA_OK;
}

/* Both are in the order of their ids; a row that is in both is taken once. */
static void add_loaded(struct notify_unit *unit, const struct notify_set *open,
                       const struct notify_set *named)
{
    size_t o = 0, n = 0;
    while (o < open->count || n < named->count) {
        int order = o == open->count ? 1
                    : n == named->count
                        ? -1
                        : memcmp(open->items[o]->id.bytes, named->items[n]->id.bytes,
                                 sizeof(struct sea_uuid));
        notify_set_add(unit->txn->arena, &unit->all, order <= 0 ? open->items[o] : named->items[n]);
        if (order <= 0) o++;
        if (order >= 0) n++;
    }
}

/* Loaded rows stand before the new ones: they are what a new one of the same id repeats. */
static enum sea_err load(struct heard *heard)
{
    struct notify_unit *unit = &heard->unit;
    struct sea_arena *arena = unit->txn->arena;
    struct notify_set open = {0}, named = {0}, fresh = unit->all;
    struct sea_uuid *ids = sea_arena_alloc(arena, (heard->receipts_count + 1) * sizeof(*ids));
    struct sea_key *hashes = sea_arena_alloc(arena, (heard->receipts_count + 1) * sizeof(*hashes));
    size_t ids_count = 0, hashes_count = 0;
    sea_assert(ids != NULL && hashes != NULL);
    for (size_t i = 0; i < heard->receipts_count; i++) {
        const struct receipt *receipt = &heard->receipts[i];
        if (!sea_uuid_is_nil(receipt->attempt)) ids[ids_count++] = receipt->attempt;
        if (!sea_key_is_nil(receipt->hash)) hashes[hashes_count++] = receipt->hash;
    }
    enum sea_err err = notify_store_load_open(&unit->service->store, unit->txn, heard->contacts,
                                              heard->contacts_count, &open);
    if (!err)
        err = notify_store_load_named(&unit->service->store, unit->txn, ids, ids_count, hashes,
                                      hashes_count, &named);
    unit->all = (struct notify_set){0};
    add_loaded(unit, &open, &named);
    notify_unit_unpack(unit);
    for (size_t i = 0; i < fresh.count; i++) notify_set_add(arena, &unit->all, fresh.items[i]);
    return err;
}

static struct sea_str bytes_of(const void *bytes, size_t len)
{
    return (struct sea_str){bytes, len};
}

static uint64_t hash_of_key(const struct sea_key *key)
{
    return notify_hash(bytes_of(key->bytes, sizeof(key->bytes)), SEA_STR(""));
}

/* By contact, and draft or collapse key. */
static uint64_t hash_of_withdrawal(const struct sea_key *contact, const struct sea_uuid *draft_id,
                                   struct sea_str collapse_key)
{
    struct sea_str draft = bytes_of(draft_id->bytes, sizeof(draft_id->bytes));
    return notify_hash(bytes_of(contact->bytes, sizeof(contact->bytes)),
                       sea_uuid_is_nil(*draft_id) ? collapse_key : draft);
}

static bool is_before(const struct notify_delivery *item, const struct notify_withdrawal *said)
{
    if (!sea_key_eq(item->contact_key, said->contact)) return false;
    if (!sea_uuid_is_nil(said->draft_id)) return sea_uuid_eq(item->draft_id, said->draft_id);
    return sea_str_eq(item->collapse_key, said->collapse_key) &&
           item->order.drafted_at_ms <= said->at_ms;
}

static bool is_withdrawn(const struct notify_index *withdrawals, const struct notify_delivery *item)
{
    static const struct sea_uuid NONE;
    const struct sea_uuid *drafts[] = {&item->draft_id, &NONE};
    for (size_t i = 0; i < SEA_COUNT(drafts); i++) {
        uint64_t hash = hash_of_withdrawal(&item->contact_key, drafts[i], item->collapse_key);
        const struct notify_entry *at = notify_index_first(withdrawals, hash);
        for (; at != NULL; at = notify_index_next(at))
            if (is_before(item, at->value)) return true;
    }
    return false;
}

/* What waits or is held and was taken back or overtaken by what the batch brings. The survey sees
 * to new ones. */
static void drop_overtaken(struct heard *heard)
{
    struct notify_unit *unit = &heard->unit;
    struct notify_index withdrawals = notify_index_in(unit->txn->arena);
    for (size_t i = 0; i < heard->withdrawals_count; i++) {
        struct notify_withdrawal *said = &heard->withdrawals[i];
        notify_index_add(&withdrawals,
                         hash_of_withdrawal(&said->contact, &said->draft_id, said->collapse_key),
                         said);
    }
    notify_unit_look(unit);
    for (size_t i = 0; i < unit->all.count; i++) {
        struct notify_delivery *item = unit->all.items[i];
        if (item->is_new) continue;
        if (is_withdrawn(&withdrawals, item))
            notify_core_withdraw(item, SEA_STR("withdrawn"), unit->txn->now_ms);
        else if (notify_beside_is_overtaken(&unit->beside, item))
            notify_core_withdraw(item, SEA_STR("superseded"), unit->txn->now_ms);
    }
}

/* After a refusal what is held for that contact is decided at once. */
static void decide_again(struct heard *heard)
{
    struct notify_unit *unit = &heard->unit;
    struct notify_index refused = notify_index_in(unit->txn->arena);
    for (size_t i = 0; i < heard->consents_count; i++) {
        struct sea_key *contact = &heard->consents[i].contact;
        if (!heard->consents[i].said->is_granted)
            notify_index_add(&refused, hash_of_key(contact), contact);
    }
    for (size_t i = 0; i < unit->all.count; i++) {
        struct notify_delivery *item = unit->all.items[i];
        if (item->is_new || item->state != NOTIFY_HELD) continue;
        const struct notify_entry *at =
            notify_index_first(&refused, hash_of_key(&item->contact_key));
        while (at != NULL && !sea_key_eq(*(const struct sea_key *)at->value, item->contact_key))
            at = notify_index_next(at);
        if (at != NULL) notify_set_add(unit->txn->arena, &unit->todo, item);
    }
}

static bool state_of(Seadesk__V1__DeliveryState said, enum notify_state *ret)
{
    switch ((int)said) {
    case SEADESK__V1__DELIVERY_STATE__ACCEPTED:
        *ret = NOTIFY_ACCEPTED;
        return true;
    case SEADESK__V1__DELIVERY_STATE__DELIVERED:
        *ret = NOTIFY_DELIVERED;
        return true;
    case SEADESK__V1__DELIVERY_STATE__READ:
        *ret = NOTIFY_READ;
        return true;
    case SEADESK__V1__DELIVERY_STATE__FAILED:
        *ret = NOTIFY_FAILED;
        return true;
    default:
        return false;
    }
}

/* The one that carries this hash of the provider's message id. */
static struct notify_delivery *find_hash(const struct notify_index *hashes, struct sea_key hash)
{
    const struct notify_entry *at = notify_index_first(hashes, hash_of_key(&hash));
    while (at != NULL &&
           !sea_key_eq(((const struct notify_delivery *)at->value)->provider_hash, hash))
        at = notify_index_next(at);
    return at != NULL ? at->value : NULL;
}

static struct notify_delivery *meant_by(const struct notify_unit *unit,
                                        const struct notify_index *hashes,
                                        const struct receipt *receipt)
{
    struct notify_delivery *item = sea_uuid_is_nil(receipt->attempt)
                                       ? find_hash(hashes, receipt->hash)
                                       : notify_beside_find(&unit->beside, receipt->attempt);
    return item != NULL && !item->is_new ? item : NULL;
}

static void take_receipt(const struct notify_unit *unit, struct notify_index *hashes,
                         const struct receipt *receipt)
{
    const Seadesk__V1__ReceiptReceived *said = receipt->said;
    struct notify_delivery *item = meant_by(unit, hashes, receipt);
    enum notify_state state = NOTIFY_ACCEPTED;
    const char *outcome = "unmatched";
    if (item != NULL && state_of(said->state, &state)) {
        uint32_t told = item->events_count;
        int64_t at_ms = said->provider_time_ms > 0 ? said->provider_time_ms
                                                   : said->received_at_ms + unit->txn->shift_ms;
        if (at_ms <= 0 || at_ms > unit->txn->now_ms) at_ms = unit->txn->now_ms;
        item->via = (uint32_t)receipt->record->partition;
        if (sea_key_is_nil(item->provider_hash) && !sea_key_is_nil(receipt->hash)) {
            item->provider_hash = receipt->hash;
            item->is_changed = true;
            notify_index_add(hashes, hash_of_key(&receipt->hash), item);
        }
        notify_core_receipt(item, state, sea_str(said->error_code), at_ms);
        outcome = item->events_count > told ? "news" : "known";
    }
    sea_metric_inc(&sea_m_notifier_receipts_total, said->channel, outcome);
}

static void take_receipts(struct heard *heard)
{
    struct notify_unit *unit = &heard->unit;
    struct notify_index hashes = notify_index_in(unit->txn->arena);
    for (size_t i = 0; i < unit->all.count; i++) {
        struct notify_delivery *item = unit->all.items[i];
        if (!sea_key_is_nil(item->provider_hash))
            notify_index_add(&hashes, hash_of_key(&item->provider_hash), item);
    }
    for (size_t i = 0; i < heard->receipts_count; i++)
        take_receipt(unit, &hashes, &heard->receipts[i]);
}

enum sea_err notify_apply(void *ctx, struct sea_txn *txn, const struct sea_record *records,
                          size_t count)
{
    struct notify *service = ctx;
    struct heard heard;
    enum sea_err err = SEA_OK;
    open_heard(&heard, service, txn, count);
    for (size_t i = 0; !err && i < count; i++) err = hear(&heard, &records[i]);
    if (!err) err = drop_erased(&heard);
    if (!err)
        err = notify_store_add_consents(&service->store, txn, heard.consents, heard.consents_count);
    if (!err)
        err = notify_store_add_withdrawals(&service->store, txn, heard.withdrawals,
                                           heard.withdrawals_count);
    if (!err) err = load(&heard);
    if (err) return err;
    drop_overtaken(&heard);
    decide_again(&heard);
    take_receipts(&heard);
    err = notify_unit_decide(&heard.unit);
    if (!err) err = notify_unit_write(&heard.unit);
    SEA_CRASHPOINT("notifier.applied");
    return err;
}
