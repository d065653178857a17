/* notify_work.c: launches requests, records answers, decides what came due, settles what others
 * left in the air. */
#include <string.h>

#include "notify_codec.h"
#include "notify_metrics.h"
#include "notify_service.h"
#include "sea_clock.h"
#include "sea_crash.h"
#include "sea_erasure.h"
#include "sea_log.h"

static const int64_t EPOCH_TRUST_MS = 2000, CONSENT_LAG_MS = 2000, ERASURE_MS = 1000;

enum { SEND_MOST = 64, LANDED_MOST = 256, DUE_USUAL = 50, DUE_SPARE = 8 };

void notify_work_soon(struct notify *service)
{
    event_active(service->step_event, EV_TIMEOUT, 0);
}

void notify_work_committed(void *ctx)
{
    struct notify *service = ctx;
    notify_air_committed(&service->air);
    notify_work_soon(service);
}

/* Whether the transaction took effect may be unknown: its requests were surely not written. */
void notify_work_rolled_back(void *ctx)
{
    struct notify *service = ctx;
    for (const struct notify_flight *flight = service->air.first; flight != NULL;
         flight = flight->next) {
        if (flight->stage != NOTIFY_BUILT || service->limbo_count == NOTIFY_LIMBO_MAX) continue;
        service->limbo[service->limbo_count++] = (struct notify_limbo){flight->id, flight->number};
        service->recover |= UINT32_C(1) << flight->number;
    }
    notify_air_rolled_back(&service->air);
}

static void clear_limbo(struct notify *service, uint32_t number)
{
    size_t kept = 0;
    for (size_t i = 0; i < service->limbo_count; i++)
        if (service->limbo[i].number != number) service->limbo[kept++] = service->limbo[i];
    service->limbo_count = kept;
}

void notify_work_gained(void *ctx, uint32_t number)
{
    struct notify *service = ctx;
    if (number < SEA_PARTITIONS) service->recover |= UINT32_C(1) << number;
}

void notify_work_lost(void *ctx, uint32_t number)
{
    struct notify *service = ctx;
    service->recover &= ~(UINT32_C(1) << number);
    clear_limbo(service, number);
}

/* ---- launching ---- */

static enum sea_err do_nothing(void *arg, struct sea_txn *txn)
{
    (void)arg;
    (void)txn;
    return SEA_OK;
}

/* More than 2 s after the attempt was recorded somebody else may own it: a transaction tells. */
static enum sea_err check_epoch(struct notify *service, const struct notify_flight *flight)
{
    if (sea_clock_boot_ms() - flight->committed_boot_ms <= EPOCH_TRUST_MS) return SEA_OK;
    return sea_worker_transact(service->worker, &flight->number, 1, do_nothing, NULL);
}

static size_t collect(struct notify *service, struct notify_flight **ret, size_t cap)
{
    size_t count = 0;
    struct notify_flight *next = NULL;
    for (struct notify_flight *flight = service->air.first; flight != NULL && count < cap;
         flight = next) {
        next = flight->next;
        if (flight->stage != NOTIFY_COMMITTED) continue;
        enum sea_err err = check_epoch(service, flight);
        if (err == SEA_ERR_FENCED)
            notify_air_remove(flight); /* its new owner settles it */
        else if (!err)
            ret[count++] = flight;
    }
    return count;
}

static void launch_one(struct notify *service, struct notify_flight *flight)
{
    bool needs = notify_gate_needs_consent(flight->about.class);
    if (sea_app_is_draining(service->app)) {
        notify_air_keep(flight, "draining", false);
    } else if (!notify_gate_consents(&flight->about)) {
        notify_air_keep(flight, "consent", true);
    } else if (needs && !sea_worker_reached(service->worker, flight->number,
                                            sea_clock_wall_ms() - CONSENT_LAG_MS)) {
        notify_air_keep(flight, "consents", false);
    } else {
        SEA_CRASHPOINT("notifier.claimed");
        notify_air_send(flight);
    }
}

/* Consent is looked up once more, right before the requests are written. */
static void launch(struct notify *service)
{
    struct notify_flight *flights[SEND_MOST];
    struct sea_key contacts[SEND_MOST];
    struct notify_consent consents[SEND_MOST];
    size_t count = collect(service, flights, SEND_MOST);
    if (count == 0) return;
    for (size_t i = 0; i < count; i++) contacts[i] = flights[i]->contact;
    SEA_CRASHPOINT("notifier.launching");
    if (notify_store_consents(&service->store, sea_worker_pg(service->worker), contacts, count,
                              consents) != SEA_OK)
        return; /* tried again with the next step */
    for (size_t i = 0; i < count; i++) {
        flights[i]->about.consent = consents[i];
        launch_one(service, flights[i]);
    }
    if (count == SEND_MOST) notify_work_soon(service);
}

/* ---- recording answers ---- */

struct landed {
    struct notify *service;
    struct notify_flight *flights[LANDED_MOST];
    size_t count;
};

static struct sea_key provider_hash(const struct notify *service,
                                    const struct notify_answer *answer)
{
    if (answer->kind != NOTIFY_ANSWER_ACCEPTED || answer->id[0] == '\0')
        return (struct sea_key){{0}};
    return sea_lookup_key(&service->pepper, SEA_LOOKUP_PROVIDER_MESSAGE, sea_str(answer->id));
}

static enum sea_err record(void *arg, struct sea_txn *txn)
{
    struct landed *landed = arg;
    struct notify *service = landed->service;
    struct notify_unit unit = {.service = service, .txn = txn};
    struct sea_uuid ids[LANDED_MOST];
    for (size_t i = 0; i < landed->count; i++) ids[i] = landed->flights[i]->id;
    enum sea_err err =
        notify_store_load_named(&service->store, txn, ids, landed->count, NULL, 0, &unit.all);
    if (err) return err;
    notify_unit_unpack(&unit);
    notify_unit_look(&unit);
    for (size_t i = 0; i < landed->count; i++) {
        const struct notify_flight *flight = landed->flights[i];
        struct notify_delivery *item = notify_beside_find(&unit.beside, flight->id);
        int64_t at_ms = txn->now_ms - (sea_clock_mono_ms() - flight->landed_mono_ms);
        if (item == NULL) continue; /* erased meanwhile */
        if (flight->unsent != NULL)
            notify_core_unsent(item, flight->unsent, flight->is_unsent_final, at_ms);
        else
            notify_core_answer(item, &flight->answer, provider_hash(service, &flight->answer),
                               at_ms);
    }
    return notify_unit_write(&unit);
}

static size_t numbers_of(const struct landed *landed, uint32_t ret[SEA_NUMBERS])
{
    uint32_t set = 0;
    size_t count = 0;
    for (size_t i = 0; i < landed->count; i++) set |= UINT32_C(1) << landed->flights[i]->number;
    for (uint32_t n = 0; n < SEA_PARTITIONS; n++)
        if (set & (UINT32_C(1) << n)) ret[count++] = n;
    return count;
}

/* What landed for numbers that are somebody else's now is theirs to settle. */
static void take_landed(struct notify *service, struct landed *ret)
{
    struct notify_flight *next = NULL;
    for (struct notify_flight *flight = service->air.first;
         flight != NULL && ret->count < LANDED_MOST; flight = next) {
        next = flight->next;
        if (flight->stage != NOTIFY_LANDED) continue;
        if (sea_worker_owns(service->worker, flight->number))
            ret->flights[ret->count++] = flight;
        else
            notify_air_remove(flight);
    }
}

/* What the provider took is what it bills. */
static void count_parts(const struct notify_flight *flight)
{
    bool is_accepted = flight->unsent == NULL && flight->answer.kind == NOTIFY_ANSWER_ACCEPTED;
    if (is_accepted && flight->sms_parts > 0)
        sea_metric_add(&sea_m_notifier_sms_parts_total, flight->sms_parts, flight->market);
}

static void settle_landed(struct notify *service)
{
    struct landed landed = {.service = service};
    uint32_t numbers[SEA_NUMBERS];
    take_landed(service, &landed);
    if (landed.count == 0) return;
    size_t numbers_count = numbers_of(&landed, numbers);
    if (sea_worker_transact(service->worker, numbers, numbers_count, record, &landed) != SEA_OK)
        return; /* with the next step again, without those that were lost */
    SEA_CRASHPOINT("notifier.settled");
    for (size_t i = 0; i < landed.count; i++) {
        count_parts(landed.flights[i]);
        notify_air_remove(landed.flights[i]);
    }
    service->wants_pump = true;
}

/* ---- due ones ---- */

struct due {
    struct notify *service;
    struct notify_due items[NOTIFY_DUE_MAX];
    size_t count;
};

static uint64_t hash_of(const struct sea_uuid *id)
{
    return notify_hash((struct sea_str){(const char *)id->bytes, sizeof(id->bytes)}, SEA_STR(""));
}

static bool is_listed(const struct notify_index *listed, const struct sea_uuid *id)
{
    const struct notify_entry *at = notify_index_first(listed, hash_of(id));
    while (at != NULL && !sea_uuid_eq(((const struct notify_due *)at->value)->id, *id))
        at = notify_index_next(at);
    return at != NULL;
}

static enum sea_err decide_due(void *arg, struct sea_txn *txn)
{
    struct due *due = arg;
    struct notify *service = due->service;
    struct notify_unit unit = {.service = service, .txn = txn};
    struct sea_key contacts[NOTIFY_DUE_MAX];
    struct sea_erasures erasures; /* keys of the erased are fetched anew, and found gone */
    for (size_t i = 0; i < due->count; i++) contacts[i] = due->items[i].contact;
    enum sea_err err = sea_erasure_guard(txn, service->keys, contacts, due->count, &erasures);
    if (!err) err = notify_store_load_open(&service->store, txn, contacts, due->count, &unit.all);
    if (err) return err;
    notify_unit_unpack(&unit);
    struct notify_index listed = notify_index_in(txn->arena);
    for (size_t i = 0; i < due->count; i++)
        notify_index_add(&listed, hash_of(&due->items[i].id), &due->items[i]);
    for (size_t i = 0; i < unit.all.count; i++) {
        struct notify_delivery *item = unit.all.items[i];
        if (item->due_ms > txn->now_ms || !is_listed(&listed, &item->id)) continue;
        if (item->state == NOTIFY_HELD)
            sea_metric_observe(&sea_m_notifier_release_lateness_seconds,
                               (double)(txn->now_ms - item->due_ms) / 1000.0);
        notify_set_add(txn->arena, &unit.todo, item);
    }
    err = notify_unit_decide(&unit);
    return err ? err : notify_unit_write(&unit);
}

static size_t due_numbers(const struct due *due, uint32_t ret[SEA_NUMBERS])
{
    uint32_t set = 0;
    size_t count = 0;
    for (size_t i = 0; i < due->count; i++) set |= UINT32_C(1) << due->items[i].number;
    for (uint32_t n = 0; n < SEA_PARTITIONS; n++)
        if (set & (UINT32_C(1) << n)) ret[count++] = n;
    return count;
}

/* Of an account that may send nothing now, nothing is looked at. Some of what is due waits for
 * something else and is passed over, so a few more than can be sent are taken. */
static size_t share_out(const struct notify *service, struct notify_due_share *ret)
{
    for (size_t i = 0; i < service->purses.count; i++) {
        const struct notify_purse *purse = &service->purses.items[i];
        uint32_t room = notify_budget_room(&purse->budget);
        ret[i] = (struct notify_due_share){.channel = purse->channel,
                                           .account = purse->account,
                                           .most = room > 0 ? 2 * room + DUE_SPARE : 0};
    }
    return service->purses.count;
}

static void pump(struct notify *service)
{
    struct due due = {.service = service};
    struct notify_due_share shares[NOTIFY_PURSES_MAX];
    uint32_t numbers[SEA_NUMBERS];
    size_t count = sea_worker_owned(service->worker, numbers);
    service->wants_pump = false;
    if (count == 0 || sea_app_is_draining(service->app)) return;
    size_t shares_count = share_out(service, shares);
    if (notify_store_due(&service->store, sea_worker_pg(service->worker), numbers, count, shares,
                         shares_count, DUE_USUAL, due.items, NOTIFY_DUE_MAX, &due.count) != SEA_OK)
        return;
    for (size_t i = 0; i < shares_count; i++)
        if (shares[i].found < shares[i].most && due.count < NOTIFY_DUE_MAX)
            service->purses.items[i].budget.is_queued = false;
    if (due.count == 0) return;
    count = due_numbers(&due, numbers);
    if (sea_worker_transact(service->worker, numbers, count, decide_due, &due) != SEA_OK)
        return; /* still due with the next tick */
}

/* ---- what others left in the air ---- */

struct recovery {
    struct notify *service;
    uint32_t number;
};

static bool is_in_limbo(const struct notify *service, struct sea_uuid id)
{
    for (size_t i = 0; i < service->limbo_count; i++)
        if (sea_uuid_eq(service->limbo[i].id, id)) return true;
    return false;
}

static enum sea_err recover_number(void *arg, struct sea_txn *txn)
{
    const struct recovery *recovery = arg;
    struct notify *service = recovery->service;
    struct notify_unit unit = {.service = service, .txn = txn};
    enum sea_err err = notify_store_load_sending(&service->store, txn, recovery->number, &unit.all);
    if (err) return err;
    notify_unit_unpack(&unit);
    for (size_t i = 0; i < unit.all.count; i++) {
        struct notify_delivery *item = unit.all.items[i];
        if (notify_air_has(&service->air, item->id)) continue;
        if (is_in_limbo(service, item->id))
            notify_core_unsent(item, "interrupted", false, txn->now_ms);
        else
            notify_core_orphaned(item, txn->now_ms);
    }
    return notify_unit_write(&unit);
}

static void recover(struct notify *service)
{
    for (uint32_t n = 0; n < SEA_PARTITIONS && service->recover != 0; n++) {
        struct recovery recovery = {service, n};
        if (!(service->recover & (UINT32_C(1) << n))) continue;
        if (sea_worker_transact(service->worker, &n, 1, recover_number, &recovery) != SEA_OK)
            continue;
        service->recover &= ~(UINT32_C(1) << n);
        clear_limbo(service, n);
    }
}

/* ---- on the loop ---- */

/* While draining, the app is held until every answer is recorded. */
static void release_if_done(struct notify *service)
{
    if (!service->is_holding || service->air.count > 0) return;
    service->is_holding = false;
    sea_app_release(service->app);
}

void notify_work_step(struct notify *service)
{
    launch(service);
    settle_landed(service);
    if (service->wants_pump) pump(service);
    release_if_done(service);
}

void notify_work_tick(void *ctx)
{
    struct notify *service = ctx;
    int64_t mono_ms = sea_clock_mono_ms();
    if (service->recover != 0) recover(service);
    notify_purse_refill(&service->purses, mono_ms);
    pump(service);
    sea_metric_set(&sea_m_notifier_in_flight, (double)service->air.count);
    if (mono_ms < service->erasure_mono_ms) return;
    service->erasure_mono_ms = mono_ms + ERASURE_MS;
    sea_erasure_publish(service->worker);
}
