/* ingest_aftership.c: AfterShip's tracking webhooks (AfterShip, "Webhook specifications", "Webhook
 * signature", "Delivery sub-statuses"): a fact for every checkpoint we have one for. */
#include "ingest_adapter.h"
#include "ingest_json.h"
#include "seadesk/v1/orders.pb-c.h"

static const struct ingest_step STEPS[] = {
    {"InTransit_002", SEADESK__V1__ORDER_FACT__PARCEL_DISPATCHED, NULL},
    {"InTransit_005", SEADESK__V1__ORDER_FACT__PARCEL_CUSTOMS_CLEARED, NULL},
    {"InTransit_006", SEADESK__V1__ORDER_FACT__PARCEL_IN_CUSTOMS, NULL},
    {"InTransit", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, NULL},
    {"OutForDelivery", SEADESK__V1__ORDER_FACT__PARCEL_OUT_FOR_DELIVERY, NULL},
    {"AttemptFail", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "delivery_attempt_failed"},
    {"Delivered", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERED, NULL},
    {"AvailableForPickup", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, NULL},
    {"Exception_002", SEADESK__V1__ORDER_FACT__PARCEL_ADDRESS_PROBLEM, "recipient_moved"},
    {"Exception_003", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "refused"},
    {"Exception_004", SEADESK__V1__ORDER_FACT__PARCEL_CUSTOMS_HELD, "customs_delay"},
    {"Exception_005", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, "delayed"},
    {"Exception_006", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "payment_due"},
    {"Exception_007", SEADESK__V1__ORDER_FACT__PARCEL_ADDRESS_PROBLEM, "incorrect_address"},
    {"Exception_010", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, "returning"},
    {"Exception_011", SEADESK__V1__ORDER_FACT__PARCEL_RETURNED, NULL},
    {"Exception_012", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "damaged"},
    {"Exception_013", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "lost"},
    {"Exception", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "exception"},
};

/* A local time without its offset tells nobody when: of the newest checkpoint the webhook's own
 * time counts, of older ones nothing does (each was the newest once). */
static void read_checkpoint(const struct ingest_webhook *hook, struct ingest_items *items,
                            const struct ingest_parcel *parcel, yyjson_val *checkpoint,
                            int64_t newest_ms)
{
    struct sea_str word = ingest_json_str(checkpoint, "subtag"),
                   place = ingest_json_str(checkpoint, "location");
    int64_t at_ms = ingest_json_time(checkpoint, "checkpoint_time");
    if (!word.len) word = ingest_json_str(checkpoint, "tag");
    if (!place.len) place = ingest_json_str(checkpoint, "city");
    if (!at_ms) at_ms = newest_ms;
    if (at_ms)
        ingest_found_step(hook, items, parcel, ingest_step_of(STEPS, SEA_COUNT(STEPS), word),
                          ingest_json_str(checkpoint, "checkpoint_time"), at_ms, place);
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_doc *doc = ingest_json_parse(hook->body, hook->alc);
    yyjson_val *root = yyjson_doc_get_root(doc), *msg = ingest_json_obj(root, "msg"), *checkpoint;
    size_t i, n;
    (void)reply;
    if (!doc) return ingest_refuse(problem, 400, "malformed", "the body is not JSON", NULL);
    if (!msg) return ingest_refuse(problem, 422, "invalid", "msg must be an object", "/msg");
    if (!sea_str_is(ingest_json_str(root, "event"), "tracking_update")) {
        ingest_ignore(items, "unknown");
        return true;
    }
    struct ingest_parcel parcel = {.order_id = ingest_json_id(msg, "order_id", items->arena),
                                   .number = ingest_json_str(msg, "tracking_number"),
                                   .carrier = ingest_json_str(msg, "slug"),
                                   .raw = hook->body};
    if (!ingest_is_id(parcel.order_id))
        parcel.order_id = ingest_json_id(msg, "order_number", items->arena);
    if (!ingest_is_parcel(hook, items, &parcel)) return true;
    yyjson_arr_foreach(ingest_json_arr(msg, "checkpoints"), i, n, checkpoint) read_checkpoint(
        hook, items, &parcel, checkpoint, i + 1 == n ? ingest_json_time(root, "ts") : 0);
    return true;
}

const struct ingest_adapter ingest_aftership = {
    .secret = INGEST_SECRET_SHA256,
    .bodies = INGEST_JSON,
    .proof = {"aftership-hmac-sha256"},
    .scheme = {INGEST_BASE64, NULL, NULL},
    .verify = ingest_verify_mac,
    .parse = parse,
};
