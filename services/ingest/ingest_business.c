/* ingest_business.c: the types of business events and what each must carry. */
#include "ingest_business.h"

#include <stdlib.h>
#include <string.h>

#include "ingest_business_data.h"
#include "ingest_json.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/orders.pb-c.h"

enum type_kind { TYPE_ORDER, TYPE_PARCEL, TYPE_CUSTOMER, TYPE_CONSENT };

#define FACT(name) SEADESK__V1__ORDER_FACT__##name

static const struct type {
    const char *name;
    enum type_kind kind;
    Seadesk__V1__OrderFact fact;
} TYPES[] = {
    {"seadesk.order.placed.v1", TYPE_ORDER, FACT(ORDER_PLACED)},
    {"seadesk.order.paid.v1", TYPE_ORDER, FACT(ORDER_PAID)},
    {"seadesk.order.changed.v1", TYPE_ORDER, FACT(ORDER_CHANGED)},
    {"seadesk.order.cancelled.v1", TYPE_ORDER, FACT(ORDER_CANCELLED)},
    {"seadesk.parcel.dispatched.v1", TYPE_PARCEL, FACT(PARCEL_DISPATCHED)},
    {"seadesk.parcel.scanned.v1", TYPE_PARCEL, FACT(PARCEL_SCANNED)},
    {"seadesk.parcel.in_customs.v1", TYPE_PARCEL, FACT(PARCEL_IN_CUSTOMS)},
    {"seadesk.parcel.customs_held.v1", TYPE_PARCEL, FACT(PARCEL_CUSTOMS_HELD)},
    {"seadesk.parcel.customs_cleared.v1", TYPE_PARCEL, FACT(PARCEL_CUSTOMS_CLEARED)},
    {"seadesk.parcel.address_problem.v1", TYPE_PARCEL, FACT(PARCEL_ADDRESS_PROBLEM)},
    {"seadesk.parcel.address_corrected.v1", TYPE_PARCEL, FACT(PARCEL_ADDRESS_CORRECTED)},
    {"seadesk.parcel.out_for_delivery.v1", TYPE_PARCEL, FACT(PARCEL_OUT_FOR_DELIVERY)},
    {"seadesk.parcel.delivery_failed.v1", TYPE_PARCEL, FACT(PARCEL_DELIVERY_FAILED)},
    {"seadesk.parcel.delivered.v1", TYPE_PARCEL, FACT(PARCEL_DELIVERED)},
    {"seadesk.parcel.returned.v1", TYPE_PARCEL, FACT(PARCEL_RETURNED)},
    {"seadesk.refund.completed.v1", TYPE_ORDER, FACT(REFUND_COMPLETED)},
    {"seadesk.customer.updated.v1", TYPE_CUSTOMER, FACT(ORDER_FACT_UNSPECIFIED)},
    {"seadesk.customer.preference.v1", TYPE_CUSTOMER, FACT(ORDER_FACT_UNSPECIFIED)},
    {"seadesk.customer.tier.v1", TYPE_CUSTOMER, FACT(ORDER_FACT_UNSPECIFIED)},
    {"seadesk.customer.consent.v1", TYPE_CONSENT, FACT(ORDER_FACT_UNSPECIFIED)},
};

static bool invalid(struct ingest_problem *problem, const char *detail, const char *field)
{
    return ingest_refuse(problem, 422, "invalid", detail, field);
}

struct sea_uuid ingest_business_id(struct sea_str source, struct sea_str id)
{
    struct sea_str parts[] = {SEA_STR("business"), source, id};
    return sea_uuid5(parts, SEA_COUNT(parts));
}

static const struct type *type_of(struct sea_str name)
{
    for (size_t i = 0; i < SEA_COUNT(TYPES); i++)
        if (sea_str_is(name, TYPES[i].name)) return &TYPES[i];
    return NULL;
}

static bool check_attributes(const struct ingest_business *business,
                             const struct ingest_cloudevent *event, struct ingest_problem *problem)
{
    if (!sea_str_is(event->specversion, "1.0"))
        return invalid(problem, "specversion must be 1.0", "/specversion");
    if (!ingest_is_id(event->id))
        return invalid(problem, "id must be text of 1 to 512 bytes", "/id");
    if (!ingest_is_id(event->source))
        return invalid(problem, "source must be text of 1 to 512 bytes", "/source");
    if (business->publisher && !sea_source_may(business->publisher, event->source))
        return ingest_refuse(problem, 403, "source-not-allowed",
                             "the key may not publish for this source", "/source");
    if (!type_of(event->type))
        return invalid(problem, "type is not a business event of Seadesk", "/type");
    return true;
}

static bool check_data(const struct type *type, const struct ingest_data *data,
                       struct ingest_problem *problem)
{
    if (!data->occurred_at_ms)
        return invalid(problem, "occurred_at must be an RFC 3339 time", "/data/occurred_at");
    if (!data->order.order_id.len && !data->profile.customer_ref.len)
        return invalid(problem, "order_id or customer.customer_ref is required", "/data/order_id");
    if ((type->kind == TYPE_ORDER || type->kind == TYPE_PARCEL) && !data->order.order_id.len)
        return invalid(problem, "order_id is required", "/data/order_id");
    if (type->kind == TYPE_PARCEL && !data->order.parcel_id.len)
        return invalid(problem, "parcel.parcel_id is required", "/data/parcel/parcel_id");
    if (type->kind == TYPE_CUSTOMER && !data->profile.customer_ref.len)
        return invalid(problem, "customer.customer_ref is required", "/data/customer/customer_ref");
    if (type->kind == TYPE_CONSENT && !data->consent_contact.id.len)
        return invalid(problem, "consent needs channel, account, id and class", "/data/consent");
    return true;
}

static struct ingest_item *add(struct ingest_items *items, enum ingest_kind kind,
                               const struct ingest_cloudevent *event,
                               const struct ingest_data *data, uint32_t index)
{
    struct ingest_item *item = ingest_items_add(items, kind);
    if (!item) return NULL;
    item->root = ingest_business_id(event->source, event->id);
    item->source = event->source;
    item->origin_id = event->id;
    item->time_ms = data->occurred_at_ms;
    item->event = index;
    return item;
}

static bool add_items(const struct type *type, const struct ingest_cloudevent *event,
                      const struct ingest_data *data, uint32_t index, struct ingest_items *items)
{
    struct ingest_item *item;
    struct sea_uuid id = ingest_business_id(event->source, event->id);
    bool has_own = false;
    if (type->kind == TYPE_ORDER || type->kind == TYPE_PARCEL) {
        if (!(item = add(items, INGEST_ORDER, event, data, index))) return false;
        item->id = id;
        item->order = data->order;
        item->order.fact = (int)type->fact;
        has_own = true;
    }
    if (type->kind == TYPE_CONSENT) {
        if (!(item = add(items, INGEST_CONSENT, event, data, index))) return false;
        item->id = id;
        item->consent = data->consent;
        item->channel = data->consent_contact.channel;
        item->account = data->consent_contact.account;
        item->contact_id = data->consent_contact.id;
        has_own = true;
    }
    if (data->profile.customer_ref.len) {
        if (!(item = add(items, INGEST_PROFILE, event, data, index))) return false;
        item->id = has_own ? sea_uuid_derive(id, "profile", 0) : id;
        item->profile = data->profile;
    }
    return true;
}

bool ingest_business_take(const struct ingest_business *business,
                          const struct ingest_cloudevent *event, uint32_t index,
                          struct ingest_items *items, struct ingest_problem *problem)
{
    struct ingest_data data;
    if (!check_attributes(business, event, problem)) return false;
    const struct type *type = type_of(event->type);
    if (!ingest_data_read(event, business->alc, items->arena, &data, problem) ||
        !check_data(type, &data, problem))
        return false;
    if (!add_items(type, event, &data, index, items))
        return ingest_refuse(problem, 413, "too-large", "too many records in one request", NULL);
    return true;
}

struct ingest_cloudevent ingest_cloudevent_of(yyjson_val *object, struct sea_arena *arena)
{
    struct ingest_cloudevent event = {
        .specversion = ingest_json_str(object, "specversion"),
        .id = ingest_json_str(object, "id"),
        .source = ingest_json_str(object, "source"),
        .type = ingest_json_str(object, "type"),
        .subject = ingest_json_str(object, "subject"),
        .time = ingest_json_str(object, "time"),
        .content_type = ingest_json_str(object, "datacontenttype"),
        .data = ingest_json_obj(object, "data"),
    };
    struct sea_str base64 = ingest_json_str(object, "data_base64");
    if (base64.len) {
        size_t len = 0;
        uint8_t *bytes = sea_arena_alloc(arena, base64.len);
        if (bytes && sea_base64_parse(base64, bytes, base64.len, &len))
            event.bytes = (struct sea_str){(const char *)bytes, len};
    }
    return event;
}

/* An event of a batch; its size is measured only where the whole body is larger than one may be. */
static bool is_too_large(yyjson_val *object, size_t body_bytes)
{
    size_t len = 0;
    if (body_bytes <= INGEST_EVENT_BYTES_MAX) return false;
    char *text = yyjson_val_write(object, 0, &len);
    bool is_good = text && len <= INGEST_EVENT_BYTES_MAX;
    free(text);
    return !is_good;
}

static bool too_large(struct ingest_problem *problem)
{
    return ingest_refuse(problem, 413, "too-large", "an event may have 192 KiB", NULL);
}

static bool take_at(const struct ingest_business *business, yyjson_val *object, size_t body_bytes,
                    uint32_t index, bool is_batch, struct ingest_items *items,
                    struct ingest_problem *problem)
{
    bool is_good = !is_too_large(object, body_bytes) || too_large(problem);
    if (is_good && yyjson_is_obj(object)) {
        struct ingest_cloudevent event = ingest_cloudevent_of(object, items->arena);
        is_good = ingest_business_take(business, &event, index, items, problem);
    } else if (is_good) {
        is_good = ingest_refuse(problem, 422, "invalid", "an event must be an object", "");
    }
    if (!is_good && is_batch) problem->index = (int)index;
    return is_good;
}

bool ingest_business_json(const struct ingest_business *business, struct sea_str body,
                          bool is_batch, struct ingest_items *items, uint32_t *ret_count,
                          struct ingest_problem *problem)
{
    size_t i, n;
    yyjson_val *root = yyjson_doc_get_root(ingest_json_parse(body, business->alc)), *object;
    if (!root) return ingest_refuse(problem, 400, "malformed", "the body is not JSON", NULL);
    if (!is_batch) {
        *ret_count = 1;
        return take_at(business, root, body.len, 0, false, items, problem);
    }
    if (!yyjson_is_arr(root))
        return ingest_refuse(problem, 422, "invalid", "a batch must be an array", "");
    if (yyjson_arr_size(root) > INGEST_EVENTS_MAX)
        return ingest_refuse(problem, 422, "too-many", "a batch may have 100 events", "");
    yyjson_arr_foreach(root, i, n, object)
    {
        if (!take_at(business, object, body.len, (uint32_t)i, true, items, problem)) return false;
    }
    *ret_count = (uint32_t)yyjson_arr_size(root);
    return true;
}
