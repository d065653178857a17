/* notify_unit.c: looks at what is known beside the deliveries, asks the core about one after
 * another, opens what is to be sent. */
#include <stdio.h>

#include "notify_chat_rows.h"
#include "notify_codec.h"
#include "notify_letter.h"
#include "notify_metrics.h"
#include "notify_service.h"
#include "sea_clock.h"
#include "sea_log.h"

static const int64_t CONSENT_LAG_MS = 2000;

/* What is asked for one delivery of `todo`. */
struct asked {
    struct notify_survey survey;
    struct notify_view view;
    struct notify_budget *budget; /* NULL: none is needed */
};

void notify_unit_look(struct notify_unit *unit)
{
    unit->beside = notify_beside_of(unit->txn->arena, &unit->all, &unit->todo);
}

void notify_unit_unpack(struct notify_unit *unit)
{
    for (size_t i = 0; i < unit->all.count; i++) {
        struct notify_delivery *item = unit->all.items[i];
        if (!notify_codec_unpack(unit->txn, item))
            sea_log(SEA_LOG_ERROR, "record of a delivery unreadable", SEA_F_UUID("id", item->id));
    }
}

/* Its predecessor to the same person, under whatever contact: unseen, or still to go. */
static bool is_order_open(const struct notify_unit *unit, const struct notify_delivery *item,
                          const struct notify_survey *survey)
{
    if (item->order.prev_seq == 0) return false;
    const struct notify_delivery *before = notify_beside_predecessor(&unit->beside, item);
    if (before != NULL) return before->state == NOTIFY_WAITING || before->state == NOTIFY_SENDING;
    return !survey->is_predecessor_seen || survey->is_predecessor_under_way;
}

static bool is_known_twice(const struct notify_unit *unit, const struct notify_delivery *item,
                           const struct notify_survey *survey)
{
    if (!item->is_new) return false;
    return survey->is_known || notify_beside_find(&unit->beside, item->id) != item;
}

static const struct sea_account *account_of(const struct notify *service,
                                            const struct notify_delivery *item)
{
    const struct sea_account *account =
        sea_channels_account(&service->settings->channels, item->channel, item->account);
    return account != NULL && account->is_enabled ? account : NULL;
}

static const struct sea_market *market_of(const struct notify *service, struct sea_str code)
{
    const struct sea_markets *markets = &service->settings->markets;
    const struct sea_market *market = sea_market_by_code(markets, code);
    return market != NULL ? market : markets->global;
}

/* Only a template that the provider knows counts as one. */
static bool has_approved_template(const struct notify *service, const struct notify_delivery *item)
{
    if (item->message == NULL || item->message->draft->template_ == NULL) return false;
    const struct sea_template *template = sea_template_by_id(
        &service->settings->templates, sea_str(item->message->draft->template_->id));
    return template != NULL && template->whatsapp != NULL;
}

static struct notify_view view_of(const struct notify_unit *unit, struct notify_delivery *item,
                                  const struct notify_survey *survey)
{
    const struct notify *service = unit->service;
    const struct sea_zone *zone =
        sea_market_zone_by_name(&service->settings->markets, item->order.zone);
    struct notify_view view = {
        .now_ms = unit->txn->now_ms,
        .market = market_of(service, item->order.market),
        .zone_count = 1,
        .account = account_of(service, item),
        .consent = survey->consent,
        .is_behind = notify_beside_is_behind(&unit->beside, item),
        .is_order_open = is_order_open(unit, item, survey),
    };
    view.zones[0] = zone != NULL ? zone : view.market->zone;
    view.is_consent_lagging =
        notify_gate_needs_consent(item->class) &&
        !sea_worker_reached(service->worker, item->number, sea_clock_wall_ms() - CONSENT_LAG_MS);
    if (survey->withdrawn.len > 0)
        view.withdrawn = "withdrawn";
    else if (survey->is_overtaken || notify_beside_is_overtaken(&unit->beside, item))
        view.withdrawn = "superseded";
    item->order.has_template = has_approved_template(service, item);
    return view;
}

/* A visitor's chat takes it at once: kept for their streams, it is accepted. */
static enum sea_err show(const struct notify_unit *unit, struct notify_delivery *item,
                         int64_t now_ms)
{
    static const struct notify_answer accepted = {.kind = NOTIFY_ANSWER_ACCEPTED};
    enum notify_letter_result result = NOTIFY_LETTER_REFUSED;
    enum sea_err err = notify_letter_check(unit->service->keys, item, &result);
    if (err) return err;
    if (result == NOTIFY_LETTER_ERASED) {
        notify_core_unsent(item, "erased", true, now_ms);
    } else if (result == NOTIFY_LETTER_REFUSED) {
        notify_core_refused(item, "unreadable", now_ms);
    } else {
        notify_core_answer(item, &accepted, (struct sea_key){{0}}, now_ms);
        item->must_show = true;
    }
    return SEA_OK;
}

/* Its request goes into the air, or it can't be sent this way. */
static enum sea_err prepare(struct notify_unit *unit, struct notify_delivery *item,
                            const struct asked *asked)
{
    struct notify *service = unit->service;
    const struct notify_view *view = &asked->view;
    struct notify_letter_from from = {service->keys, service->settings,
                                      sea_str(service->config->public_url), sea_clock_wall_ms(),
                                      view->account};
    struct notify_flight *flight = notify_air_add(&service->air);
    enum notify_letter_result result = NOTIFY_LETTER_REFUSED;
    const char *reason = NULL;
    uint32_t cost = 1;
    enum sea_err err = notify_letter_write(&from, item, &flight->call, &result, &reason, &cost);
    bool is_ready = !err && result == NOTIFY_LETTER_READY;
    flight->id = item->id;
    flight->number = item->number;
    flight->contact = item->contact_key;
    flight->tries = item->tries;
    flight->about = notify_core_case(item, view);
    flight->about.market = NULL;
    flight->peer = sea_adapter_name(flight->about.adapter);
    flight->sms_parts = sea_adapter_is_sms(flight->about.adapter) ? cost : 0;
    snprintf(flight->market, sizeof(flight->market), "%.*s", (int)item->order.market.len,
             item->order.market.ptr);
    if (asked->budget != NULL) notify_budget_settle(asked->budget, is_ready ? cost : 0);
    if (is_ready) return SEA_OK;
    notify_air_remove(flight);
    if (err) return err;
    if (result == NOTIFY_LETTER_ERASED)
        notify_core_unsent(item, "erased", true, view->now_ms);
    else
        notify_core_refused(item, reason, view->now_ms);
    return SEA_OK;
}

static int by_order(const void *a, const void *b)
{
    const struct notify_delivery *const *left = a, *const *right = b;
    if ((*left)->number != (*right)->number) return (*left)->number < (*right)->number ? -1 : 1;
    return (*left)->offset < (*right)->offset ? -1 : (*left)->offset > (*right)->offset;
}

/* A send of the account's budget is reserved before anything is decided or opened; who isn't sent
 * gives it back. */
static void decide(struct notify_unit *unit, struct notify_delivery *item, struct asked *asked)
{
    struct notify *service = unit->service;
    struct notify_view *view = &asked->view;
    *view = view_of(unit, item, &asked->survey);
    bool is_chat = view->account != NULL && sea_account_is_chat(view->account);
    if (view->account != NULL && !is_chat)
        asked->budget = notify_purse_of(&service->purses, view->account);
    struct notify_budget *budget = asked->budget;
    view->has_capacity = is_chat || (unit->room > 0 && !sea_app_is_draining(service->app));
    view->has_budget = budget == NULL || notify_budget_reserve(budget, item->is_new);
    notify_core_decide(item, view);
    if (item->must_send && !is_chat) unit->room--;
    if (budget != NULL && view->has_budget && !item->must_send) notify_budget_settle(budget, 0);
    if (!view->has_budget && item->state == NOTIFY_WAITING) budget->is_queued = true;
}

static void decide_all(struct notify_unit *unit, struct asked *asked)
{
    for (size_t i = 0; i < unit->todo.count; i++) {
        struct notify_delivery *item = unit->todo.items[i];
        bool is_open = item->state == NOTIFY_WAITING || item->state == NOTIFY_HELD;
        if (is_known_twice(unit, item, &asked[i].survey)) {
            item->is_new = item->is_changed = false;
            item->state = NOTIFY_DROPPED;
        } else if (is_open && item->message == NULL) {
            notify_core_refused(item, "unreadable", unit->txn->now_ms);
        } else if (is_open) {
            decide(unit, item, &asked[i]);
            notify_beside_decided(&unit->beside, item);
        }
    }
}

static enum sea_err survey(struct notify_unit *unit, struct asked *asked)
{
    size_t count = unit->todo.count;
    struct notify_survey *surveys = sea_arena_zero(unit->txn->arena, count * sizeof(*surveys));
    if (surveys == NULL) return SEA_ERR_RETRY;
    enum sea_err err = notify_store_survey(&unit->service->store, unit->txn, &unit->todo, surveys);
    for (size_t i = 0; !err && i < count; i++) asked[i].survey = surveys[i];
    return err;
}

/* Decides all, so that the keys of what is to be sent can be fetched at once. What a later step
 * takes back keeps those behind it waiting. */
enum sea_err notify_unit_decide(struct notify_unit *unit)
{
    struct notify_set *todo = &unit->todo;
    if (todo->count == 0) return SEA_OK;
    struct asked *asked = sea_arena_zero(unit->txn->arena, todo->count * sizeof(*asked));
    if (asked == NULL) return SEA_ERR_RETRY;
    qsort(todo->items, todo->count, sizeof(*todo->items), by_order);
    notify_unit_look(unit);
    unit->room = unit->service->air.cap - unit->service->air.count;
    enum sea_err err = survey(unit, asked);
    if (err) return err;
    decide_all(unit, asked);
    err = notify_letter_prefetch(unit->service->keys, unit->txn->arena, todo);
    for (size_t i = 0; !err && i < todo->count; i++)
        if (todo->items[i]->must_send)
            err = sea_account_is_chat(asked[i].view.account)
                      ? show(unit, todo->items[i], asked[i].view.now_ms)
                      : prepare(unit, todo->items[i], &asked[i]);
    return err;
}

static const char *outcome_of(const struct notify_event *event)
{
    static const char *const names[] = {
        [SEADESK__V1__DELIVERY_STATE__HELD] = "held",
        [SEADESK__V1__DELIVERY_STATE__QUEUED] = "queued",
        [SEADESK__V1__DELIVERY_STATE__ACCEPTED] = "accepted",
        [SEADESK__V1__DELIVERY_STATE__DELIVERED] = "delivered",
        [SEADESK__V1__DELIVERY_STATE__READ] = "read",
        [SEADESK__V1__DELIVERY_STATE__FAILED] = "failed",
        [SEADESK__V1__DELIVERY_STATE__DROPPED] = "dropped",
        [SEADESK__V1__DELIVERY_STATE__RETURNED] = "returned",
        [SEADESK__V1__DELIVERY_STATE__UNCERTAIN] = "uncertain",
        [SEADESK__V1__DELIVERY_STATE__RELEASED] = "released",
    };
    return names[event->state];
}

static void count(struct sea_arena *arena, const struct notify_delivery *item)
{
    const char *channel = sea_arena_dup(arena, item->channel);
    for (uint32_t i = 0; channel != NULL && i < item->events_count; i++) {
        const struct notify_event *event = &item->events[i];
        sea_metric_inc(&sea_m_notifier_deliveries_total, channel, outcome_of(event));
        bool is_ours = event->state == SEADESK__V1__DELIVERY_STATE__HELD ||
                       event->state == SEADESK__V1__DELIVERY_STATE__DROPPED ||
                       event->state == SEADESK__V1__DELIVERY_STATE__RETURNED;
        const char *reason = is_ours ? sea_arena_dup(arena, event->reason) : NULL;
        if (reason != NULL) sea_metric_inc(&sea_m_notifier_refused_total, reason);
    }
    if (item->is_urgent_pass) {
        const char *market = sea_arena_dup(arena, item->order.market);
        if (market != NULL) sea_metric_inc(&sea_m_notifier_urgent_passes_total, market);
    }
}

enum sea_err notify_unit_write(struct notify_unit *unit)
{
    struct sea_arena *arena = unit->txn->arena;
    int64_t *gone_ms = sea_arena_zero(arena, (unit->all.count + 1) * sizeof(*gone_ms));
    if (gone_ms == NULL) return SEA_ERR_RETRY;
    for (size_t i = 0; i < unit->all.count; i++) {
        struct notify_delivery *item = unit->all.items[i];
        enum sea_err err = notify_codec_emit(unit->txn, item);
        if (err) return err;
        count(arena, item);
        if (!item->is_new) continue;
        const struct sea_market *market = market_of(unit->service, item->order.market);
        gone_ms[i] =
            sea_period_end_ms(market->retention[SEA_RETAIN_CONVERSATION], unit->txn->now_ms);
    }
    enum sea_err err = notify_store_write(&unit->service->store, unit->txn, &unit->all, gone_ms);
    return err ? err : notify_chat_rows_add(&unit->service->store, unit->txn, &unit->all);
}
