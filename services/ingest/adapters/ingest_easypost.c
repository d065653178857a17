/* ingest_easypost.c: EasyPost's tracker events (EasyPost, "Webhooks guide", "Tracking guide",
 * "Event object"): a fact for every tracking detail we have one for. A tracker names no order of
 * the shop; `reference` counts where a relay of the company added it (docs/decisions/0011). */
#include "ingest_adapter.h"
#include "ingest_json.h"
#include "seadesk/v1/orders.pb-c.h"

/* Of status_detail, which is the more particular. */
static const struct ingest_step DETAILS[] = {
    {"received_at_origin_facility", SEADESK__V1__ORDER_FACT__PARCEL_DISPATCHED, NULL},
    {"address_correction", SEADESK__V1__ORDER_FACT__PARCEL_ADDRESS_PROBLEM, "incorrect_address"},
    {"held", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "held"},
    {"delayed", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, "delayed"},
    {"weather_delay", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, "delayed"},
    {"damaged", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "damaged"},
    {"lost", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "lost"},
    {"refused", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "refused"},
    {"unable_to_deliver", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED,
     "delivery_attempt_failed"},
};
static const struct ingest_step STATUSES[] = {
    {"in_transit", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, NULL},
    {"out_for_delivery", SEADESK__V1__ORDER_FACT__PARCEL_OUT_FOR_DELIVERY, NULL},
    {"available_for_pickup", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, NULL},
    {"delivered", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERED, NULL},
    {"return_to_sender", SEADESK__V1__ORDER_FACT__PARCEL_RETURNED, NULL},
    {"failure", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "carrier_failure"},
};

static void read_detail(const struct ingest_webhook *hook, struct ingest_items *items,
                        const struct ingest_parcel *parcel, yyjson_val *detail)
{
    const struct ingest_step *step =
        ingest_step_of(DETAILS, SEA_COUNT(DETAILS), ingest_json_str(detail, "status_detail"));
    int64_t at_ms = ingest_json_time(detail, "datetime");
    if (!step)
        step = ingest_step_of(STATUSES, SEA_COUNT(STATUSES), ingest_json_str(detail, "status"));
    if (at_ms)
        ingest_found_step(hook, items, parcel, step, ingest_json_str(detail, "datetime"), at_ms,
                          ingest_json_str(ingest_json_obj(detail, "tracking_location"), "city"));
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_doc *doc = ingest_json_parse(hook->body, hook->alc);
    yyjson_val *root = yyjson_doc_get_root(doc), *tracker = ingest_json_obj(root, "result"),
               *detail;
    size_t i, n;
    (void)reply;
    if (!doc) return ingest_refuse(problem, 400, "malformed", "the body is not JSON", NULL);
    if (!tracker)
        return ingest_refuse(problem, 422, "invalid", "result must be an object", "/result");
    if (!sea_str_is(ingest_json_str(tracker, "object"), "Tracker")) {
        ingest_ignore(items, "unknown");
        return true;
    }
    const struct ingest_parcel parcel = {.order_id =
                                             ingest_json_id(tracker, "reference", items->arena),
                                         .number = ingest_json_str(tracker, "tracking_code"),
                                         .carrier = ingest_json_str(tracker, "carrier"),
                                         .raw = hook->body};
    if (!ingest_is_parcel(hook, items, &parcel)) return true;
    yyjson_arr_foreach(ingest_json_arr(tracker, "tracking_details"), i, n, detail)
        read_detail(hook, items, &parcel, detail);
    return true;
}

const struct ingest_adapter ingest_easypost = {
    .secret = INGEST_SECRET_NFKD,
    .bodies = INGEST_JSON,
    .proof = {"x-hmac-signature"},
    .scheme = {INGEST_HEX, "hmac-sha256-hex=", NULL},
    .verify = ingest_verify_mac,
    .parse = parse,
};
