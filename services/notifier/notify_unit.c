/* notify_unit.c: looks at what is known beside the deliveries, asks the core about one after
 * another, opens what is to be sent. */
#include "notify_codec.h"
#include "notify_letter.h"
#include "notify_metrics.h"
#include "notify_service.h"
#include "sea_clock.h"
#include "sea_log.h"

static const int64_t CONSENT_LAG_MS = 2000;

struct notify_delivery *notify_unit_find(const struct notify_unit *unit, struct sea_uuid id)
{
    for (size_t i = 0; i < unit->all.count; i++)
        if (sea_uuid_eq(unit->all.items[i]->id, id)) return unit->all.items[i];
    return NULL;
}

void notify_unit_unpack(struct notify_unit *unit)
{
    for (size_t i = 0; i < unit->all.count; i++) {
        struct notify_delivery *item = unit->all.items[i];
        if (!notify_codec_unpack(unit->txn, item))
            sea_log(SEA_LOG_ERROR, "record of a delivery unreadable", SEA_F_UUID("id", item->id));
    }
}

/* An earlier one to the same contact that is still to go. Held ones lost their place. */
static bool is_behind(const struct notify_unit *unit, const struct notify_delivery *item)
{
    for (size_t i = 0; i < unit->all.count; i++) {
        const struct notify_delivery *other = unit->all.items[i];
        bool is_under_way = other->state == NOTIFY_WAITING || other->state == NOTIFY_SENDING;
        if (is_under_way && other->offset < item->offset &&
            sea_key_eq(other->contact_key, item->contact_key))
            return true;
    }
    return false;
}

/* Its predecessor to the same person, under whatever contact: unseen, or still to go. */
static bool is_order_open(const struct notify_unit *unit, const struct notify_delivery *item,
                          const struct notify_survey *survey)
{
    if (item->order.prev_seq == 0) return false;
    for (size_t i = 0; i < unit->all.count; i++) {
        const struct notify_delivery *other = unit->all.items[i];
        if (other != item && other->seq == item->order.prev_seq &&
            sea_uuid_eq(other->customer_id, item->customer_id))
            return other->state == NOTIFY_WAITING || other->state == NOTIFY_SENDING;
    }
    return !survey->is_predecessor_seen || survey->is_predecessor_under_way;
}

/* A newer one of the same collapse key to the same person is in the batch. */
static bool is_overtaken(const struct notify_unit *unit, const struct notify_delivery *item)
{
    if (item->collapse_key.len == 0) return false;
    for (size_t i = 0; i < unit->all.count; i++) {
        const struct notify_delivery *other = unit->all.items[i];
        if (other->seq > item->seq && sea_str_eq(other->collapse_key, item->collapse_key) &&
            sea_uuid_eq(other->customer_id, item->customer_id))
            return true;
    }
    return false;
}

static bool is_known_twice(const struct notify_unit *unit, const struct notify_delivery *item,
                           const struct notify_survey *survey)
{
    if (!item->is_new) return false;
    return survey->is_known || notify_unit_find(unit, item->id) != item;
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
        .is_behind = is_behind(unit, item),
        .is_order_open = is_order_open(unit, item, survey),
        .has_capacity = notify_air_has_room(&service->air) && !sea_app_is_draining(service->app),
    };
    view.zones[0] = zone != NULL ? zone : view.market->zone;
    view.is_consent_lagging =
        notify_gate_needs_consent(item->class) &&
        !sea_worker_reached(service->worker, item->number, sea_clock_wall_ms() - CONSENT_LAG_MS);
    if (survey->withdrawn.len > 0)
        view.withdrawn = "withdrawn";
    else if (survey->is_overtaken || is_overtaken(unit, item))
        view.withdrawn = "superseded";
    item->order.has_template = has_approved_template(service, item);
    return view;
}

/* Its request goes into the air, or it can't be sent this way, or there is no budget for it. */
static enum sea_err prepare(struct notify_unit *unit, struct notify_delivery *item,
                            const struct notify_view *view)
{
    struct notify *service = unit->service;
    struct notify_letter_from from = {service->keys, service->settings,
                                      sea_str(service->config->public_url), view->account};
    struct notify_flight *flight = notify_air_add(&service->air);
    enum notify_letter_result result = NOTIFY_LETTER_REFUSED;
    const char *reason = NULL;
    uint32_t cost = 1;
    enum sea_err err = notify_letter_write(&from, item, &flight->call, &result, &reason, &cost);
    struct notify_budget *budget = notify_purse_of(&service->purses, view->account);
    flight->id = item->id;
    flight->number = item->number;
    flight->contact = item->contact_key;
    flight->tries = item->tries;
    flight->about = notify_core_case(item, view);
    flight->about.market = NULL;
    flight->peer = flight->about.adapter == SEA_ADAPTER_WHATSAPP ? "whatsapp" : "twilio-sms";
    if (!err && result == NOTIFY_LETTER_READY &&
        (budget == NULL || notify_budget_take(budget, cost)))
        return SEA_OK;
    notify_air_remove(flight);
    if (err) return err;
    if (result == NOTIFY_LETTER_ERASED)
        notify_core_unsent(item, "erased", true, view->now_ms);
    else if (result == NOTIFY_LETTER_REFUSED)
        notify_core_refused(item, reason, view->now_ms);
    else
        notify_core_postpone(item, view->now_ms, notify_budget_wait_ms(budget, cost));
    return SEA_OK;
}

static int by_order(const void *a, const void *b)
{
    const struct notify_delivery *const *left = a, *const *right = b;
    if ((*left)->number != (*right)->number) return (*left)->number < (*right)->number ? -1 : 1;
    return (*left)->offset < (*right)->offset ? -1 : (*left)->offset > (*right)->offset;
}

/* Decides all, so that the keys of what is to be sent can be fetched at once. What a later step
 * takes back keeps those behind it waiting. */
enum sea_err notify_unit_decide(struct notify_unit *unit)
{
    struct notify_set *todo = &unit->todo;
    if (todo->count == 0) return SEA_OK;
    struct notify_survey *surveys =
        sea_arena_zero(unit->txn->arena, todo->count * sizeof(*surveys));
    struct notify_view *views = sea_arena_zero(unit->txn->arena, todo->count * sizeof(*views));
    if (surveys == NULL || views == NULL) return SEA_ERR_RETRY;
    qsort(todo->items, todo->count, sizeof(*todo->items), by_order);
    enum sea_err err = notify_store_survey(&unit->service->store, unit->txn, todo, surveys);
    size_t room = unit->service->air.cap - unit->service->air.count;
    for (size_t i = 0; !err && i < todo->count; i++) {
        struct notify_delivery *item = todo->items[i];
        if (is_known_twice(unit, item, &surveys[i])) {
            item->is_new = item->is_changed = false;
            item->state = NOTIFY_DROPPED;
            continue;
        }
        if (item->state != NOTIFY_WAITING && item->state != NOTIFY_HELD) continue;
        if (item->message == NULL) {
            notify_core_refused(item, "unreadable", unit->txn->now_ms);
            continue;
        }
        views[i] = view_of(unit, item, &surveys[i]);
        views[i].has_capacity &= room > 0;
        notify_core_decide(item, &views[i]);
        if (item->must_send) room--;
    }
    if (!err) err = notify_letter_prefetch(unit->service->keys, unit->txn->arena, todo);
    for (size_t i = 0; !err && i < todo->count; i++)
        if (todo->items[i]->must_send) err = prepare(unit, todo->items[i], &views[i]);
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
    return notify_store_write(&unit->service->store, unit->txn, &unit->all, gone_ms);
}
