/* order_codec.c: protobuf in, protobuf out. */
#include "order_codec.h"

#include <string.h>

#include "seadesk/v1/timelines.pb-c.h"

_Static_assert((int)SEADESK__V1__ORDER_FACT__REFUND_COMPLETED == (int)ORDER_REFUNDED,
               "facts keep the values of the wire");
_Static_assert((int)SEADESK__V1__MILESTONE__MILESTONE_CANCELLED == (int)MILESTONE_CANCELLED,
               "milestones keep the values of the wire");
_Static_assert((int)SEADESK__V1__EXCEPTION_CLASS__DELIVERY_FAILED == (int)CLASS_DELIVERY_FAILED,
               "classes keep the values of the wire");

const char *order_codec_read(struct order_item *ret)
{
    const Seadesk__V1__OrderEvent *message = ret->message;
    if (message->fact <= 0 || (int)message->fact >= ORDER_FACTS) return "unknown-fact";
    enum order_fact fact = (enum order_fact)message->fact;
    ret->order_id = sea_str(message->order_id);
    ret->parcel_id =
        order_fact_is_of_parcel(fact) ? sea_str(message->parcel_id) : (struct sea_str){0};
    bool is_tracked = ret->record->topic == SEA_TOPIC_PARCELS && ret->parcel_id.len > 0;
    if (!ret->order_id.len && !is_tracked) return "no-order-id";
    if (order_fact_is_of_parcel(fact) && !ret->parcel_id.len) return "no-parcel-id";
    if (ret->order_id.len > ORDER_ID_MAX_BYTES || ret->parcel_id.len > ORDER_ID_MAX_BYTES)
        return "id-too-long";
    if (message->occurred_at_ms <= 0) return "no-time";
    if (message->contact_key.len && message->contact_key.len != sizeof(struct sea_key))
        return "bad-contact-key";

    bool has_sequence =
        message->has_sequence_case == SEADESK__V1__ORDER_EVENT__HAS_SEQUENCE_SEQUENCE;
    ret->event = (struct order_event){
        .fact = fact,
        .place = {.has_sequence = has_sequence,
                  .sequence = has_sequence ? message->sequence : 0,
                  .at_ms = message->occurred_at_ms,
                  .fact = fact},
        .has_contact = message->contact_key.len > 0,
        .market = sea_str(message->market),
        .carrier = sea_str(message->carrier),
        .tracking_number = sea_str(message->tracking_number),
        .location = sea_str(message->location),
        .reason = sea_str(message->reason),
        .expected_at_ms = message->expected_at_ms,
        .is_historical = message->is_historical,
    };
    if (ret->event.has_contact)
        memcpy(ret->event.contact.bytes, message->contact_key.data, sizeof(struct sea_key));
    return NULL;
}

/* protobuf-c wants char pointers; texts of an order end in a NUL in the arena. */
static char *text(struct sea_txn *txn, struct sea_str from)
{
    char *copy = sea_arena_dup(txn->arena, from);
    sea_assert(copy);
    return copy;
}

static ProtobufCBinaryData contact_of(struct sea_txn *txn, const struct order *order)
{
    if (!order->has_contact) return (ProtobufCBinaryData){0};
    uint8_t *copy = sea_arena_alloc(txn->arena, sizeof(order->contact));
    sea_assert(copy);
    memcpy(copy, order->contact.bytes, sizeof(order->contact));
    return (ProtobufCBinaryData){sizeof(order->contact), copy};
}

static const ProtobufCMessage *milestone(struct sea_txn *txn, const struct order *order,
                                         const struct order_effect *effect)
{
    Seadesk__V1__MilestoneReached *ret = sea_arena_alloc(txn->arena, sizeof(*ret));
    sea_assert(ret);
    seadesk__v1__milestone_reached__init(ret);
    ret->order_id = text(txn, order->order_id);
    ret->market = text(txn, order->market);
    ret->contact_key = contact_of(txn, order);
    ret->milestone = (Seadesk__V1__Milestone)effect->milestone;
    ret->at_ms = effect->at_ms;
    if (effect->parcel) ret->parcel_id = text(txn, effect->parcel->parcel_id);
    ret->version = order->version;
    return &ret->base;
}

static const ProtobufCMessage *exception(struct sea_txn *txn, const struct order *order,
                                         const struct order_effect *effect)
{
    const struct order_exception *trouble = &effect->parcel->exceptions[effect->class];
    Seadesk__V1__ExceptionChanged *ret = sea_arena_alloc(txn->arena, sizeof(*ret));
    sea_assert(ret);
    seadesk__v1__exception_changed__init(ret);
    ret->order_id = text(txn, order->order_id);
    ret->market = text(txn, order->market);
    ret->contact_key = contact_of(txn, order);
    ret->class_ = (Seadesk__V1__ExceptionClass)effect->class;
    ret->parcel_id = text(txn, effect->parcel->parcel_id);
    ret->since_ms = trouble->since_ms;
    ret->reason = text(txn, trouble->reason);
    ret->expected_at_ms = trouble->expected_at_ms;
    ret->closed_at_ms = trouble->closed_at_ms;
    ret->version = order->version;
    return &ret->base;
}

static char *collapse_key(struct sea_txn *txn, const struct order *order,
                          const struct order_effect *effect)
{
    struct sea_buf buf = SEA_BUF(2 * ORDER_ID_MAX_BYTES + 64);
    sea_buf_str(&buf, order->order_id);
    sea_buf_char(&buf, '/');
    if (effect->parcel) sea_buf_str(&buf, effect->parcel->parcel_id);
    sea_buf_char(&buf, '/');
    sea_buf_text(&buf, effect->collapses);
    char *ret = text(txn, sea_buf_view(&buf));
    sea_buf_free(&buf);
    return ret;
}

static const ProtobufCMessage *notice(struct sea_txn *txn, const struct order *order,
                                      const struct order_effect *effect,
                                      const struct order_event *event)
{
    Seadesk__V1__NoticeDue *ret = sea_arena_alloc(txn->arena, sizeof(*ret));
    sea_assert(ret);
    seadesk__v1__notice_due__init(ret);
    ret->order_id = text(txn, order->order_id);
    ret->market = text(txn, order->market);
    ret->contact_key = contact_of(txn, order);
    ret->about = text(txn, sea_str(effect->about));
    ret->at_ms = effect->at_ms;
    ret->expires_at_ms = effect->expires_at_ms;
    ret->collapse_key = collapse_key(txn, order, effect);
    /* Of older news the place isn't known any more. */
    if (effect->at_ms == event->place.at_ms) ret->location = text(txn, event->location);
    if (effect->parcel) {
        ret->parcel_id = text(txn, effect->parcel->parcel_id);
        ret->carrier = text(txn, effect->parcel->carrier);
        ret->tracking_number = text(txn, effect->parcel->tracking_number);
    }
    if (effect->class) {
        const struct order_exception *trouble = &effect->parcel->exceptions[effect->class];
        ret->reason = text(txn, trouble->reason);
        ret->expected_at_ms = trouble->expected_at_ms;
    }
    return &ret->base;
}

enum sea_err order_codec_emit(struct sea_txn *txn, const struct order *order,
                              const struct order_effects *effects, struct order_item *item)
{
    struct sea_cause cause = sea_cause_of(item->record);
    for (uint32_t i = 0; i < effects->count; i++) {
        const struct order_effect *effect = &effects->items[i];
        const ProtobufCMessage *message = NULL;
        struct sea_uuid id;
        switch (effect->kind) {
        case EFFECT_MILESTONE:
            message = milestone(txn, order, effect);
            break;
        case EFFECT_EXCEPTION:
            message = exception(txn, order, effect);
            break;
        case EFFECT_NOTICE:
            message = notice(txn, order, effect, &item->event);
            break;
        }
        enum sea_err err = sea_txn_emit(txn, (uint32_t)item->record->partition, SEA_TOPIC_TIMELINES,
                                        item->record->key, message, &cause, "timelines", i, &id);
        if (err) return err;
        if (effect->kind != EFFECT_NOTICE) continue;
        item->about = effect->about;
        item->notice_id = id;
    }
    return SEA_OK;
}
