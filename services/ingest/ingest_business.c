/* ingest_business.c: one business event: its attributes, its data, the items it gives. */
#include "ingest_business.h"

#include "ingest_adapter.h"
#include "ingest_business_data.h"
#include "ingest_events.h"
#include "ingest_json.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "seadesk/v1/calls.pb-c.h"

static bool invalid(struct ingest_problem *problem, const char *detail, const char *field)
{
    return ingest_refuse(problem, 422, "invalid", detail, field);
}

struct sea_uuid ingest_business_id(struct sea_str source, struct sea_str id)
{
    struct sea_str parts[] = {SEA_STR("business"), source, id};
    return sea_uuid5(parts, SEA_COUNT(parts));
}

static bool check_attributes(const struct ingest_business *business,
                             const struct ingest_cloudevent *event, struct ingest_problem *problem)
{
    int64_t time_ms;
    if (!sea_str_is(event->specversion, "1.0"))
        return invalid(problem, "specversion must be 1.0", "/specversion");
    if (!ingest_is_id(event->id))
        return invalid(problem, "id must be text of 1 to 512 bytes", "/id");
    if (!ingest_is_id(event->source))
        return invalid(problem, "source must be text of 1 to 512 bytes", "/source");
    if (!ingest_scope_event(&business->scope, event->source, event->type, problem)) return false;
    if (!ingest_event_type_of(event->type))
        return invalid(problem, "type is not a business event of Seadesk", "/type");
    if (event->time.len && !sea_time_parse(event->time, &time_ms))
        return invalid(problem, "time must be an RFC 3339 time, or absent", "/time");
    if (event->is_data_broken) return invalid(problem, "is no base64", "/data_base64");
    return true;
}

/* An event's own item. */
static struct ingest_item *add(struct ingest_items *items, enum ingest_kind kind,
                               const struct ingest_cloudevent *event, int64_t time_ms,
                               uint32_t index)
{
    struct ingest_item *item = ingest_items_add(items, kind);
    if (!item) return NULL;
    item->id = item->root = ingest_business_id(event->source, event->id);
    item->source = event->source;
    item->origin_id = event->id;
    item->time_ms = time_ms;
    item->event = index;
    return item;
}

/* The registered account of that channel; NULL, with a problem, when there is none. Without a
 * registry any will do. */
static const struct sea_account *account_of(const struct ingest_business *business,
                                            const struct sea_account *any, const char *field,
                                            struct ingest_problem *problem)
{
    if (!business->channels) return any;
    const struct sea_account *found =
        sea_channels_account(business->channels, sea_str(any->channel->name), sea_str(any->name));
    if (found && found->is_enabled) return found;
    invalid(problem, "is no registered account of its channel", field);
    return NULL;
}

/* A review is a message of its author's. */
static bool finish_review(const struct ingest_business *business,
                          const Seadesk__V1__BusinessData *data, struct ingest_item *item,
                          struct ingest_problem *problem)
{
    const struct sea_account any = {.channel = sea_channel_of(SEA_STR("review")),
                                    .name = data->review->platform};
    const struct sea_account *account =
        account_of(business, &any, "/data/review/platform", problem);
    if (!account) return false;
    ingest_data_review(data, item);
    item->channel = sea_str(account->channel->name);
    item->account = sea_str(account->name);
    item->id = ingest_id("message", account, &item->message.external_id, 1);
    return true;
}

static int call_state(enum ingest_event_kind kind)
{
    return kind == INGEST_EVENT_CALL_RINGING    ? SEADESK__V1__CALL_STATE__CALL_RINGING
           : kind == INGEST_EVENT_CALL_TAKEN    ? SEADESK__V1__CALL_STATE__CALL_TAKEN
           : kind == INGEST_EVENT_CALL_RECORDED ? SEADESK__V1__CALL_STATE__CALL_RECORDED
                                                : 0;
}

static bool finish_call(const struct ingest_business *business, enum ingest_event_kind kind,
                        const Seadesk__V1__BusinessData *data, struct ingest_item *item,
                        struct ingest_problem *problem)
{
    const struct sea_account any = {.channel = sea_channel_of(SEA_STR("phone")),
                                    .name = data->call->account};
    const struct sea_account *account = account_of(business, &any, "/data/call/account", problem);
    if (!account) return false;
    ingest_data_call(data, item);
    item->call.state = call_state(kind);
    item->channel = sea_str(account->channel->name);
    item->account = sea_str(account->name);
    return true;
}

static enum ingest_kind item_kind(enum ingest_event_kind kind)
{
    switch (kind) {
    case INGEST_EVENT_ORDER:
    case INGEST_EVENT_PARCEL:
        return INGEST_ORDER;
    case INGEST_EVENT_CUSTOMER:
        return INGEST_PROFILE;
    case INGEST_EVENT_CONSENT:
        return INGEST_CONSENT;
    case INGEST_EVENT_PRODUCT:
    case INGEST_EVENT_CAMPAIGN:
        return INGEST_LAUNCH;
    case INGEST_EVENT_REVIEW:
        return INGEST_MESSAGE;
    case INGEST_EVENT_CALL_RINGING:
    case INGEST_EVENT_CALL_TAKEN:
    case INGEST_EVENT_CALL_RECORDED:
    case INGEST_EVENT_CALL:
        return INGEST_CALL;
    }
    return INGEST_DEAD;
}

static bool finish(const struct ingest_business *business, const struct ingest_event_type *type,
                   const Seadesk__V1__BusinessData *data, struct ingest_items *items,
                   struct ingest_problem *problem)
{
    struct ingest_item *item = &items->list[items->count - 1];
    switch (type->kind) {
    case INGEST_EVENT_ORDER:
    case INGEST_EVENT_PARCEL:
        ingest_data_order(data, &item->order);
        item->order.fact = (int)type->fact;
        return true;
    case INGEST_EVENT_CUSTOMER:
        return ingest_data_profile(data, items->arena, &item->profile);
    case INGEST_EVENT_CONSENT:
        ingest_data_consent(data->consent, item);
        return true;
    case INGEST_EVENT_PRODUCT:
        ingest_data_product(data, &item->launch);
        return true;
    case INGEST_EVENT_CAMPAIGN:
        ingest_data_campaign(data, &item->launch);
        return true;
    case INGEST_EVENT_REVIEW:
        return finish_review(business, data, item, problem);
    case INGEST_EVENT_CALL_RINGING:
    case INGEST_EVENT_CALL_TAKEN:
    case INGEST_EVENT_CALL_RECORDED:
    case INGEST_EVENT_CALL:
        return finish_call(business, type->kind, data, item, problem);
    }
    return false;
}

/* What an event tells of its customer beside what it is about. */
static bool add_profile(const struct ingest_cloudevent *event,
                        const Seadesk__V1__BusinessData *data, uint32_t index,
                        struct ingest_items *items)
{
    struct ingest_item *item = add(items, INGEST_PROFILE, event, ingest_data_time(data), index);
    if (!item) return false;
    item->id = sea_uuid_derive(item->root, "profile", 0);
    return ingest_data_profile(data, items->arena, &item->profile);
}

static bool add_items(const struct ingest_business *business, const struct ingest_event_type *type,
                      const struct ingest_cloudevent *event, const Seadesk__V1__BusinessData *data,
                      uint32_t index, struct ingest_items *items, struct ingest_problem *problem)
{
    enum ingest_kind kind = item_kind(type->kind);
    *problem = (struct ingest_problem){0};
    bool is_good = add(items, kind, event, ingest_data_time(data), index) &&
                   finish(business, type, data, items, problem) &&
                   (kind == INGEST_PROFILE || !ingest_data_customer(data).len ||
                    add_profile(event, data, index, items));
    if (!is_good && !problem->status)
        ingest_refuse(problem, 413, "too-large", "too many records in one request", NULL);
    return is_good;
}

static bool check_market(const struct ingest_business *business,
                         const Seadesk__V1__BusinessData *data, struct ingest_problem *problem)
{
    const Seadesk__V1__BusinessCustomer *customer = data->customer;
    struct ingest_whence whence = {.code = sea_str(data->market), .field = "/data/market"};
    if (customer) whence.facts.phone = sea_str(customer->phone);
    if (customer) whence.facts.locale = sea_str(customer->locale);
    if (data->call) whence.facts.phone = sea_str(data->call->number);
    return ingest_scope_market(&business->scope, &whence, problem);
}

static bool take(const struct ingest_business *business, const struct ingest_cloudevent *event,
                 uint32_t index, struct ingest_items *items, struct ingest_problem *problem)
{
    if (!check_attributes(business, event, problem)) return false;
    const struct ingest_event_type *type = ingest_event_type_of(event->type);
    bool is_protobuf = sea_http_type_is(event->content_type, "application/protobuf") ||
                       sea_http_type_is(event->content_type, "application/x-protobuf");
    if (is_protobuf && event->data)
        return invalid(problem, "protobuf stands in data_base64", "/data");
    yyjson_val *object = is_protobuf ? NULL : event->data;
    if (!is_protobuf && !object)
        object = yyjson_doc_get_root(ingest_json_parse(event->bytes, business->alc));
    const Seadesk__V1__BusinessData *data =
        is_protobuf ? ingest_events_protobuf(event->bytes, items->arena, problem)
                    : ingest_events_json(object, items->arena, problem);
    return data && ingest_events_check(data, type->kind, object, problem) &&
           check_market(business, data, problem) &&
           add_items(business, type, event, data, index, items, problem);
}

bool ingest_business_refused(const struct ingest_cloudevent *event, struct ingest_problem *problem)
{
    problem->source = event->source;
    problem->id = event->id;
    problem->type = event->type;
    return false;
}

bool ingest_business_take(const struct ingest_business *business,
                          const struct ingest_cloudevent *event, uint32_t index,
                          struct ingest_items *items, struct ingest_problem *problem)
{
    return take(business, event, index, items, problem) || ingest_business_refused(event, problem);
}
