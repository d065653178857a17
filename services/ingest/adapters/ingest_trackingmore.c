/* ingest_trackingmore.c: TrackingMore's webhooks (TrackingMore, "Webhook: v4", "Delivery status",
 * "Sub-status"): a fact for every checkpoint we have one for. Their signature covers the time
 * alone, so a body is believed for as long as that time is fresh. */
#include "ingest_adapter.h"
#include "ingest_json.h"
#include "seadesk/v1/orders.pb-c.h"

/* Of the sub-status, or the status alone. */
static const struct ingest_step STEPS[] = {
    {"transit005", SEADESK__V1__ORDER_FACT__PARCEL_CUSTOMS_CLEARED, NULL},
    {"transit006", SEADESK__V1__ORDER_FACT__PARCEL_DISPATCHED, NULL},
    {"transit", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, NULL},
    {"pickup002", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, NULL}, /* lies ready at the office */
    {"pickup", SEADESK__V1__ORDER_FACT__PARCEL_OUT_FOR_DELIVERY, NULL},
    {"delivered", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERED, NULL},
    {"undelivered001", SEADESK__V1__ORDER_FACT__PARCEL_ADDRESS_PROBLEM, "incorrect_address"},
    {"undelivered002", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "nobody_home"},
    {"undelivered003", SEADESK__V1__ORDER_FACT__PARCEL_ADDRESS_PROBLEM, "recipient_not_found"},
    {"undelivered", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "delivery_attempt_failed"},
    {"exception006", SEADESK__V1__ORDER_FACT__PARCEL_CUSTOMS_HELD, "customs_delay"},
    {"exception007", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "lost_or_damaged"},
    {"exception009", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "refused"},
    {"exception010", SEADESK__V1__ORDER_FACT__PARCEL_RETURNED, NULL},
    {"exception011", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, "returning"},
    {"exception", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "exception"},
};

static void read_leg(const struct ingest_webhook *hook, struct ingest_items *items,
                     const struct ingest_parcel *parcel, yyjson_val *leg)
{
    size_t i, n;
    yyjson_val *point;
    struct ingest_parcel of = *parcel;
    struct sea_str courier = ingest_json_str(leg, "courier_code");
    if (courier.len) of.carrier = courier;
    yyjson_arr_foreach(ingest_json_arr(leg, "trackinfo"), i, n, point)
    {
        struct sea_str word = ingest_json_str(point, "checkpoint_delivery_substatus");
        int64_t at_ms = ingest_json_time(point, "checkpoint_date");
        if (!word.len) word = ingest_json_str(point, "checkpoint_delivery_status");
        if (at_ms)
            ingest_found_step(hook, items, &of, ingest_step_of(STEPS, SEA_COUNT(STEPS), word),
                              ingest_json_str(point, "checkpoint_date"), at_ms,
                              ingest_json_str(point, "location"));
    }
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_doc *doc = ingest_json_parse(hook->body, hook->alc);
    yyjson_val *data = ingest_json_obj(yyjson_doc_get_root(doc), "data");
    (void)reply;
    if (!doc) return ingest_refuse(problem, 400, "malformed", "the body is not JSON", NULL);
    if (!data) return ingest_refuse(problem, 422, "invalid", "data must be an object", "/data");
    const struct ingest_parcel parcel = {.order_id =
                                             ingest_json_id(data, "order_number", items->arena),
                                         .number = ingest_json_str(data, "tracking_number"),
                                         .carrier = ingest_json_str(data, "courier_code"),
                                         .raw = hook->body};
    if (!ingest_is_parcel(hook, items, &parcel)) return true;
    read_leg(hook, items, &parcel, ingest_json_obj(data, "origin_info"));
    read_leg(hook, items, &parcel, ingest_json_obj(data, "destination_info"));
    return true;
}

const struct ingest_adapter ingest_trackingmore = {
    .secret = INGEST_SECRET_SHA256,
    .bodies = INGEST_JSON,
    .proof = {"signature", "timestamp"},
    .scheme = {INGEST_HEX, NULL, "%t"},
    .is_timed = true,
    .is_body_unsigned = true,
    .verify = ingest_verify_mac,
    .parse = parse,
};
