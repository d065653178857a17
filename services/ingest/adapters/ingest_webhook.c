/* ingest_webhook.c: Standard Webhooks (standardwebhooks.com, specification 1.0) for anyone else:
 * type message.created with a generic message (contract.md) as its data, or one of our business
 * events' types with that event's data. */
#include "ingest_adapter.h"
#include "ingest_business.h"
#include "ingest_generic.h"
#include "ingest_json.h"
#include "sea_webhook.h"

enum { SIGNATURE, TIME, ID }; /* of `proof` */

/* The time is told apart first, so that the reason can be named; it counts only once signed. */
static enum ingest_verdict verify(const struct ingest_webhook *hook)
{
    int64_t now_s = hook->now_ms / 1000;
    enum ingest_verdict verdict = ingest_check_time(hook, hook->proof[TIME]);
    const struct sea_webhook_standard headers = {hook->proof[ID], hook->proof[TIME],
                                                 hook->proof[SIGNATURE]};
    bool is_signed = false;
    int64_t any = INT64_MAX / 4; /* the window is checked apart */
    for (size_t i = 0; i < hook->keys->count; i++)
        is_signed |=
            sea_webhook_standard(hook->keys->list[i].mac, &headers, hook->body, now_s, any);
    return is_signed ? verdict : INGEST_BAD_SIGNATURE;
}

static bool read_event(const struct ingest_webhook *hook, yyjson_val *root,
                       struct ingest_items *items, struct ingest_problem *problem)
{
    const struct ingest_business business = {hook->alc, hook->scope, hook->channels};
    struct ingest_cloudevent event = {.specversion = SEA_STR("1.0"),
                                      .id = ingest_header(hook, "webhook-id"),
                                      .source = ingest_printed(items->arena, "/%s/%s",
                                                               hook->account->channel->name,
                                                               hook->account->name),
                                      .type = ingest_json_str(root, "type"),
                                      .data = ingest_json_obj(root, "data")};
    return ingest_business_take(&business, &event, 0, items, problem);
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_val *root = ingest_found_json(hook, problem), *data = ingest_json_obj(root, "data");
    struct sea_str type = ingest_json_str(root, "type");
    (void)reply;
    if (!root) return false;
    if (!type.len) return ingest_refuse(problem, 422, "invalid", "type must be text", "/type");
    if (sea_str_starts(type, "seadesk.")) return read_event(hook, root, items, problem);
    if (!sea_str_is(type, "message.created")) {
        ingest_ignore(items, "unknown");
        return true;
    }
    if (!data) return ingest_refuse(problem, 422, "invalid", "data must be an object", "/data");
    if (!ingest_generic_take(data, ingest_header(hook, "webhook-id"), hook->body, hook->account,
                             items, problem))
        return false;
    struct ingest_item *item = &items->list[items->count - 1];
    if (!item->time_ms) item->time_ms = ingest_json_time(root, "timestamp");
    return true;
}

const struct ingest_adapter ingest_webhook = {
    .secret = INGEST_SECRET_STANDARD,
    .bodies = INGEST_JSON,
    .proof = {"webhook-signature", "webhook-timestamp", "webhook-id"},
    .scheme = {INGEST_BASE64, NULL, NULL},
    .is_timed = true,
    .verify = verify,
    .parse = parse,
};
