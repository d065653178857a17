/* order_core.c: the monotonic timeline of an order and its parcels. */
#include "order_core.h"

static const int64_t HOUR_MS = INT64_C(60) * 60 * 1000;
static const int64_t DAY_MS = INT64_C(24) * 60 * 60 * 1000;

const char *const ORDER_OUTCOME_NAMES[ORDER_OUTCOMES] = {"applied", "late", "duplicate"};

static const struct fact {
    const char *name;
    enum order_milestone milestone; /* that it reaches */
    enum order_class opens, closes;
} FACTS[ORDER_FACTS] = {
    [ORDER_PLACED] = {"order.placed", MILESTONE_PLACED, 0, 0},
    [ORDER_PAID] = {"order.paid", MILESTONE_PAID, 0, 0},
    [ORDER_CHANGED] = {"order.changed", 0, 0, 0},
    [ORDER_CANCELLED] = {"order.cancelled", MILESTONE_CANCELLED, 0, 0},
    [PARCEL_DISPATCHED] = {"parcel.dispatched", MILESTONE_DISPATCHED, 0, 0},
    [PARCEL_SCANNED] = {"parcel.scanned", 0, 0, 0},
    [PARCEL_IN_CUSTOMS] = {"parcel.in_customs", MILESTONE_IN_CUSTOMS, 0, 0},
    [PARCEL_CUSTOMS_HELD] = {"parcel.customs_held", 0, CLASS_CUSTOMS_HELD, 0},
    [PARCEL_CUSTOMS_CLEARED] = {"parcel.customs_cleared", 0, 0, CLASS_CUSTOMS_HELD},
    [PARCEL_ADDRESS_PROBLEM] = {"parcel.address_problem", 0, CLASS_ADDRESS_PROBLEM, 0},
    [PARCEL_ADDRESS_CORRECTED] = {"parcel.address_corrected", 0, 0, CLASS_ADDRESS_PROBLEM},
    [PARCEL_OUT_FOR_DELIVERY] = {"parcel.out_for_delivery", MILESTONE_OUT_FOR_DELIVERY, 0, 0},
    [PARCEL_DELIVERY_FAILED] = {"parcel.delivery_failed", 0, CLASS_DELIVERY_FAILED, 0},
    [PARCEL_DELIVERED] = {"parcel.delivered", MILESTONE_DELIVERED, 0, 0},
    [PARCEL_RETURNED] = {"parcel.returned", MILESTONE_RETURNED, 0, 0},
    [ORDER_REFUNDED] = {"refund.completed", 0, 0, 0},
};

/* What customers are told of, and for how long it is news. Where the parcel is at the door, only
 * the newest is worth telling. */
static const struct news {
    const char *about, *collapses;
    int64_t fresh_hours;
} MILESTONE_NEWS[MILESTONES] =
    {
        [MILESTONE_PAID] = {"order_paid", "order_paid", 3 * 24},
        [MILESTONE_DISPATCHED] = {"dispatched", "dispatched", 5 * 24},
        [MILESTONE_IN_CUSTOMS] = {"in_customs", "in_customs", 3 * 24},
        [MILESTONE_OUT_FOR_DELIVERY] = {"out_for_delivery", "delivery", 12},
        [MILESTONE_DELIVERED] = {"delivered", "delivery", 3 * 24},
},
  CLASS_NEWS[ORDER_CLASSES] = {
      [CLASS_CUSTOMS_HELD] = {"customs_held", "customs_held", 12},
      [CLASS_ADDRESS_PROBLEM] = {"address_problem", "address_problem", 12},
      [CLASS_DELIVERY_FAILED] = {"delivery_failed", "delivery", 12},
};

int order_place_compare(const struct order_place *a, const struct order_place *b)
{
    if (a->has_sequence && b->has_sequence)
        return (a->sequence > b->sequence) - (a->sequence < b->sequence);
    if (a->at_ms != b->at_ms) return a->at_ms > b->at_ms ? 1 : -1;
    return (a->fact > b->fact) - (a->fact < b->fact);
}

bool order_fact_is_of_parcel(enum order_fact fact)
{
    return fact >= PARCEL_DISPATCHED && fact <= PARCEL_RETURNED;
}

const char *order_fact_name(enum order_fact fact)
{
    sea_assert(fact > 0 && fact < ORDER_FACTS);
    return FACTS[fact].name;
}

static struct order_effect *add(struct order_effects *effects, enum order_effect_kind kind,
                                const struct order_parcel *parcel, int64_t at_ms)
{
    sea_assert(effects->count < ORDER_EFFECTS_MAX);
    struct order_effect *effect = &effects->items[effects->count++];
    *effect = (struct order_effect){.kind = kind, .parcel = parcel, .at_ms = at_ms};
    return effect;
}

static void add_exception(struct order_effects *effects, struct order_parcel *parcel,
                          enum order_class class, int64_t at_ms)
{
    add(effects, EFFECT_EXCEPTION, parcel, at_ms)->class = class;
    parcel->exceptions[class].is_dirty = true;
}

static struct order_effect *add_notice(struct order_effects *effects,
                                       const struct order_parcel *parcel, const struct news *news,
                                       int64_t at_ms, int64_t expires_at_ms)
{
    struct order_effect *effect = add(effects, EFFECT_NOTICE, parcel, at_ms);
    effect->about = news->about;
    effect->collapses = news->collapses;
    effect->expires_at_ms = expires_at_ms;
    return effect;
}

static bool may_tell(const struct order *order, const struct order_event *event)
{
    return order->has_contact && order->progress.milestone != MILESTONE_CANCELLED &&
           !event->is_historical;
}

static bool wants_telling(const struct order_progress *progress)
{
    return MILESTONE_NEWS[progress->milestone].about && !progress->is_told;
}

static void tell_milestone(struct order_progress *progress, const struct order_parcel *parcel,
                           struct order_effects *ret)
{
    const struct news *news = &MILESTONE_NEWS[progress->milestone];
    int64_t at_ms = progress->at_ms[progress->milestone];
    add_notice(ret, parcel, news, at_ms, at_ms + news->fresh_hours * HOUR_MS);
    progress->is_told = true;
}

static bool is_open(const struct order_exception *exception)
{
    return exception->since_ms && !exception->closed_at_ms;
}

/* Nobody is told of trouble without a reason and a time by which it should be over (NT-03). */
static bool wants_exception_told(const struct order_exception *exception)
{
    return is_open(exception) && !exception->is_told && exception->tolds < ORDER_TOLD_MAX &&
           exception->reason.len && exception->expected_at_ms;
}

static void tell_exception(struct order_parcel *parcel, enum order_class class,
                           struct order_effects *ret)
{
    struct order_exception *exception = &parcel->exceptions[class];
    const struct news *news = &CLASS_NEWS[class];
    int64_t at_ms = exception->opened.at_ms;
    int64_t expires_at_ms = at_ms + news->fresh_hours * HOUR_MS;
    if (exception->expected_at_ms > expires_at_ms) expires_at_ms = exception->expected_at_ms;
    if (expires_at_ms > at_ms + 7 * DAY_MS) expires_at_ms = at_ms + 7 * DAY_MS;
    add_notice(ret, parcel, news, at_ms, expires_at_ms)->class = class;
    exception->is_told = true;
    exception->tolds++;
    exception->is_dirty = true;
}

static void reach(struct order_progress *progress, struct order_parcel *parcel,
                  enum order_milestone milestone, const struct order_event *event,
                  struct order_effects *ret)
{
    progress->milestone = milestone;
    progress->at_ms[milestone] = event->place.at_ms;
    progress->is_told = event->is_historical;
    add(ret, EFFECT_MILESTONE, parcel, event->place.at_ms)->milestone = milestone;
}

/* A milestone that is heard of only behind a later one gets its time in the timeline: nothing
 * moves, nobody is told. */
static enum order_outcome come_late(struct order_progress *progress, enum order_milestone milestone,
                                    const struct order_event *event, bool *ret_is_dirty)
{
    if (!progress->at_ms[milestone]) {
        progress->at_ms[milestone] = event->place.at_ms;
        *ret_is_dirty = true;
    }
    return ORDER_LATE;
}

static enum order_outcome apply_to_order(struct order *order, const struct order_event *event,
                                         struct order_effects *ret)
{
    enum order_milestone milestone = FACTS[event->fact].milestone;
    if (milestone == MILESTONE_NONE) return ORDER_APPLIED;
    if (milestone == order->progress.milestone) return ORDER_DUPLICATE;
    /* Paid on delivery is news; a payment that happened before the parcel left is not. */
    bool is_old_payment = milestone != MILESTONE_CANCELLED && order->parcels_at.fact &&
                          order_place_compare(&event->place, &order->parcels_at) < 0;
    if (milestone < order->progress.milestone || is_old_payment)
        return come_late(&order->progress, milestone, event, &order->is_dirty);
    reach(&order->progress, NULL, milestone, event, ret);
    if (wants_telling(&order->progress) && may_tell(order, event))
        tell_milestone(&order->progress, NULL, ret);
    return ORDER_APPLIED;
}

/* Trouble that this event ends. Once delivered or returned, none is left. */
static void close_all(struct order_parcel *parcel, const struct order_event *event,
                      struct order_effects *ret)
{
    bool is_over = parcel->progress.milestone >= MILESTONE_DELIVERED;
    for (enum order_class class = 1; class < ORDER_CLASSES; class ++) {
        struct order_exception *exception = &parcel->exceptions[class];
        if (!is_open(exception)) continue;
        if (!is_over && order_place_compare(&event->place, &exception->opened) < 0) continue;
        exception->closed_at_ms = event->place.at_ms;
        add_exception(ret, parcel, class, event->place.at_ms);
    }
}

static enum order_outcome apply_milestone(struct order *order, struct order_parcel *parcel,
                                          const struct order_event *event,
                                          struct order_effects *ret)
{
    enum order_milestone milestone = FACTS[event->fact].milestone;
    struct order_progress *progress = &parcel->progress;
    bool is_higher = milestone > progress->milestone;
    bool has_moved = milestone >= MILESTONE_OUT_FOR_DELIVERY &&
                     order_place_compare(&event->place, &parcel->moved) > 0;

    if (milestone < progress->milestone)
        return come_late(progress, milestone, event, &parcel->is_dirty);
    if (!is_higher && !has_moved) return ORDER_DUPLICATE;
    parcel->is_dirty = true;
    if (has_moved) parcel->moved = event->place;
    if (is_higher) {
        reach(progress, parcel, milestone, event, ret);
        if (order_place_compare(&event->place, &order->parcels_at) > 0)
            order->parcels_at = event->place;
    }
    if (milestone >= MILESTONE_OUT_FOR_DELIVERY) close_all(parcel, event, ret);
    if (wants_telling(progress) && may_tell(order, event)) tell_milestone(progress, parcel, ret);
    return ORDER_APPLIED;
}

static enum order_outcome open_exception(struct order *order, struct order_parcel *parcel,
                                         const struct order_event *event, struct order_effects *ret)
{
    enum order_class class = FACTS[event->fact].opens;
    struct order_exception *exception = &parcel->exceptions[class];
    if (parcel->progress.milestone >= MILESTONE_DELIVERED) return ORDER_LATE;
    int newer = order_place_compare(&event->place, &exception->opened);
    if (exception->opened.fact && newer == 0) return ORDER_DUPLICATE;
    if ((exception->opened.fact && newer < 0) ||
        order_place_compare(&event->place, &exception->closed) < 0 ||
        order_place_compare(&event->place, &parcel->moved) < 0)
        return ORDER_LATE;

    if (!is_open(exception)) {
        exception->since_ms = event->place.at_ms;
        exception->closed_at_ms = 0;
        exception->is_told = event->is_historical;
    }
    exception->opened = event->place;
    exception->reason = event->reason;
    exception->expected_at_ms = event->expected_at_ms;
    add_exception(ret, parcel, class, event->place.at_ms);
    if (wants_exception_told(exception) && may_tell(order, event))
        tell_exception(parcel, class, ret);
    return ORDER_APPLIED;
}

static enum order_outcome close_exception(struct order_parcel *parcel,
                                          const struct order_event *event,
                                          struct order_effects *ret)
{
    enum order_class class = FACTS[event->fact].closes;
    struct order_exception *exception = &parcel->exceptions[class];
    int newer = order_place_compare(&event->place, &exception->closed);
    if (exception->closed.fact && newer == 0) return ORDER_DUPLICATE;
    if ((exception->closed.fact && newer < 0) ||
        order_place_compare(&event->place, &exception->opened) < 0)
        return ORDER_LATE;
    exception->closed = event->place;
    exception->is_dirty = true;
    if (is_open(exception)) {
        exception->closed_at_ms = event->place.at_ms;
        add_exception(ret, parcel, class, event->place.at_ms);
    }
    return ORDER_APPLIED;
}

static enum order_outcome apply_to_parcel(struct order *order, struct order_parcel *parcel,
                                          const struct order_event *event,
                                          struct order_effects *ret)
{
    if (FACTS[event->fact].milestone) return apply_milestone(order, parcel, event, ret);
    if (FACTS[event->fact].opens) return open_exception(order, parcel, event, ret);
    if (FACTS[event->fact].closes) return close_exception(parcel, event, ret);
    return ORDER_APPLIED;
}

static void remember(struct sea_str *known, struct sea_str told, bool *ret_is_dirty)
{
    if (!told.len || sea_str_eq(*known, told)) return;
    *known = told;
    *ret_is_dirty = true;
}

/* The customer became known only now: the newest of what happened so far is still worth telling. */
static void tell_newest(struct order *order, struct order_effects *ret)
{
    struct order_parcel *parcel_of = NULL;
    struct order_progress *newest = wants_telling(&order->progress) ? &order->progress : NULL;
    int64_t newest_ms = newest ? newest->at_ms[newest->milestone] : 0;
    enum order_class class_of = 0;
    for (struct order_parcel *parcel = order->parcels; parcel; parcel = parcel->next) {
        struct order_progress *progress = &parcel->progress;
        if (wants_telling(progress) && progress->at_ms[progress->milestone] >= newest_ms) {
            parcel_of = parcel;
            newest = progress;
            newest_ms = progress->at_ms[progress->milestone];
            class_of = 0;
        }
        for (enum order_class class = 1; class < ORDER_CLASSES; class ++) {
            const struct order_exception *exception = &parcel->exceptions[class];
            if (!wants_exception_told(exception) || exception->opened.at_ms < newest_ms) continue;
            parcel_of = parcel;
            newest_ms = exception->opened.at_ms;
            class_of = class;
        }
    }
    if (parcel_of) parcel_of->is_dirty = true;
    if (class_of)
        tell_exception(parcel_of, class_of, ret);
    else if (newest)
        tell_milestone(newest, parcel_of, ret);
}

enum order_outcome order_core_apply(struct order *order, struct order_parcel *parcel,
                                    const struct order_event *event, struct order_effects *ret)
{
    sea_assert(event->fact > 0 && event->fact < ORDER_FACTS);
    sea_assert(event->place.fact == event->fact);
    sea_assert(order_fact_is_of_parcel(event->fact) == (parcel != NULL));

    ret->count = 0;
    bool is_named = event->has_contact && !order->has_contact;
    if (is_named) {
        order->has_contact = true;
        order->contact = event->contact;
        order->is_dirty = true;
    }
    if (!order->market.len) remember(&order->market, event->market, &order->is_dirty);

    enum order_outcome outcome =
        parcel ? apply_to_parcel(order, parcel, event, ret) : apply_to_order(order, event, ret);
    if (parcel && outcome == ORDER_APPLIED) {
        remember(&parcel->carrier, event->carrier, &parcel->is_dirty);
        remember(&parcel->tracking_number, event->tracking_number, &parcel->is_dirty);
    }
    bool has_notice = ret->count && ret->items[ret->count - 1].kind == EFFECT_NOTICE;
    if (is_named && !has_notice && may_tell(order, event)) tell_newest(order, ret);
    if (ret->count) {
        order->version++;
        order->is_dirty = true;
    }
    return outcome;
}
