/* ingest_track17.c: 17TRACK's push notifications (17TRACK, "Tracking API v2.2: push notification"):
 * a fact for every event we have one for. The `tag` that the company set when it registered the
 * number is the order's id. */
#include <sodium.h>

#include "ingest_adapter.h"
#include "ingest_json.h"
#include "sea_enc.h"
#include "seadesk/v1/orders.pb-c.h"

/* Of sub_status, or status alone. */
static const struct ingest_step STEPS[] = {
    {"InTransit_PickedUp", SEADESK__V1__ORDER_FACT__PARCEL_DISPATCHED, NULL},
    {"InTransit_CustomsProcessing", SEADESK__V1__ORDER_FACT__PARCEL_IN_CUSTOMS, NULL},
    {"InTransit_CustomsReleased", SEADESK__V1__ORDER_FACT__PARCEL_CUSTOMS_CLEARED, NULL},
    {"InTransit_CustomsRequiringInformation", SEADESK__V1__ORDER_FACT__PARCEL_CUSTOMS_HELD,
     "information_required"},
    {"InTransit", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, NULL},
    {"AvailableForPickup", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, NULL},
    {"OutForDelivery", SEADESK__V1__ORDER_FACT__PARCEL_OUT_FOR_DELIVERY, NULL},
    {"DeliveryFailure_NoBody", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "nobody_home"},
    {"DeliveryFailure_Rejected", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "refused"},
    {"DeliveryFailure_InvalidAddress", SEADESK__V1__ORDER_FACT__PARCEL_ADDRESS_PROBLEM,
     "incorrect_address"},
    {"DeliveryFailure", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "delivery_attempt_failed"},
    {"Delivered", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERED, NULL},
    {"Exception_Returning", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, "returning"},
    {"Exception_Returned", SEADESK__V1__ORDER_FACT__PARCEL_RETURNED, NULL},
    {"Exception_NoBody", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "nobody_home"},
    {"Exception_Security", SEADESK__V1__ORDER_FACT__PARCEL_CUSTOMS_HELD, "security_check"},
    {"Exception_Damage", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "damaged"},
    {"Exception_Rejected", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "refused"},
    {"Exception_Delayed", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, "delayed"},
    {"Exception_Lost", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "lost"},
    {"Exception", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "exception"},
};

/* sign = hex of SHA-256(body "/" key): a hash, not an HMAC. */
static enum ingest_verdict verify(const struct ingest_webhook *hook)
{
    uint8_t claimed[crypto_hash_sha256_BYTES], ours[crypto_hash_sha256_BYTES];
    bool is_good = false;
    if (!sea_hex_parse(hook->proof[0], claimed, sizeof(claimed))) return INGEST_BAD_SIGNATURE;
    for (size_t i = 0; i < hook->keys->count; i++) {
        struct sea_str key = hook->keys->list[i].plain;
        crypto_hash_sha256_state state;
        crypto_hash_sha256_init(&state);
        crypto_hash_sha256_update(&state, (const uint8_t *)hook->body.ptr, hook->body.len);
        crypto_hash_sha256_update(&state, (const uint8_t *)"/", 1);
        crypto_hash_sha256_update(&state, (const uint8_t *)key.ptr, key.len);
        crypto_hash_sha256_final(&state, ours);
        is_good |= sodium_memcmp(ours, claimed, sizeof(ours)) == 0;
    }
    return is_good ? INGEST_AUTHENTIC : INGEST_BAD_SIGNATURE;
}

/* An event, or the latest one with the status of the whole. */
static void read_event(const struct ingest_webhook *hook, struct ingest_items *items,
                       const struct ingest_parcel *parcel, yyjson_val *event, yyjson_val *status)
{
    struct sea_str time = ingest_json_str(event, "time_utc"),
                   word = ingest_json_str(event, "sub_status");
    if (!time.len) time = ingest_json_str(event, "time_iso");
    if (!word.len) word = ingest_json_str(event, "stage");
    if (!word.len) word = ingest_json_str(status, "sub_status");
    if (!word.len) word = ingest_json_str(status, "status");
    int64_t at_ms = ingest_json_time(event, "time_utc");
    if (!at_ms) at_ms = ingest_json_time(event, "time_iso");
    if (at_ms)
        ingest_found_step(hook, items, parcel, ingest_step_of(STEPS, SEA_COUNT(STEPS), word), time,
                          at_ms, ingest_json_str(event, "location"));
}

static void read_provider(const struct ingest_webhook *hook, struct ingest_items *items,
                          const struct ingest_parcel *parcel, yyjson_val *provider)
{
    size_t i, n;
    yyjson_val *event;
    struct ingest_parcel of = *parcel;
    struct sea_str name = ingest_json_str(ingest_json_obj(provider, "provider"), "name");
    if (name.len) of.carrier = name;
    yyjson_arr_foreach(ingest_json_arr(provider, "events"), i, n, event)
        read_event(hook, items, &of, event, NULL);
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_doc *doc = ingest_json_parse(hook->body, hook->alc);
    yyjson_val *root = yyjson_doc_get_root(doc), *data = ingest_json_obj(root, "data"), *provider;
    yyjson_val *info = ingest_json_obj(data, "track_info"),
               *providers = ingest_json_arr(ingest_json_obj(info, "tracking"), "providers");
    size_t i, n;
    (void)reply;
    if (!doc) return ingest_refuse(problem, 400, "malformed", "the body is not JSON", NULL);
    if (!data) return ingest_refuse(problem, 422, "invalid", "data must be an object", "/data");
    if (!sea_str_is(ingest_json_str(root, "event"), "TRACKING_UPDATED")) {
        ingest_ignore(items, sea_str_is(ingest_json_str(root, "event"), "TRACKING_STOPPED")
                                 ? "stopped"
                                 : "unknown");
        return true;
    }
    const struct ingest_parcel parcel = {.order_id = ingest_json_id(data, "tag", items->arena),
                                         .number = ingest_json_str(data, "number"),
                                         .carrier = ingest_json_id(data, "carrier", items->arena),
                                         .raw = hook->body};
    if (!ingest_is_parcel(hook, items, &parcel)) return true;
    yyjson_arr_foreach(providers, i, n, provider) read_provider(hook, items, &parcel, provider);
    if (!yyjson_arr_size(providers))
        read_event(hook, items, &parcel, ingest_json_obj(info, "latest_event"),
                   ingest_json_obj(info, "latest_status"));
    return true;
}

const struct ingest_adapter ingest_track17 = {
    .secret = INGEST_SECRET_PLAIN,
    .bodies = INGEST_JSON,
    .proof = {"sign"},
    .verify = verify,
    .parse = parse,
};
