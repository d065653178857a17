/* ingest_amazon.c: Amazon's Selling Partner notifications through SNS (AWS, "Verifying the
 * signatures of Amazon SNS messages"; SP-API, "ORDER_CHANGE"): signed by SNS' certificate, which
 * the account pins as its secret, and taken from the account's own topic alone, whose ARN is its
 * verify_token: any customer of AWS has messages signed by the same certificate. */
#include <string.h>

#include "ingest_adapter.h"
#include "ingest_json.h"
#include "seadesk/v1/orders.pb-c.h"

enum { PARTS_MAX = 32, URL_MAX = 2048 };

/* https://sns.<region>.amazonaws.com/… or, in China, ….amazonaws.com.cn/…: the only addresses that
 * may be named, and the only ones that are visited. */
static bool is_of_sns(struct sea_str url)
{
    static const char start[] = "https://sns.", end[] = ".amazonaws.com/",
                      end_of_china[] = ".amazonaws.com.cn/";
    if (!sea_str_starts(url, start)) return false;
    size_t from = strlen(start), at = from;
    while (at < url.len && ((url.ptr[at] >= 'a' && url.ptr[at] <= 'z') || url.ptr[at] == '-' ||
                            (url.ptr[at] >= '0' && url.ptr[at] <= '9')))
        at++;
    struct sea_str rest = {url.ptr + at, url.len - at};
    return at > from && (sea_str_starts(rest, end) || sea_str_starts(rest, end_of_china));
}

/* Name and value on a line each, in this order; of a name that may be missing neither. */
static size_t parts_of(yyjson_val *root, bool is_notification, struct sea_str ret[PARTS_MAX])
{
    static const char *const NOTIFICATION[] = {"Message",   "MessageId", "Subject",
                                               "Timestamp", "TopicArn",  "Type"},
                             *const CONFIRMATION[] = {"Message",   "MessageId", "SubscribeURL",
                                                      "Timestamp", "Token",     "TopicArn",
                                                      "Type"};
    const char *const *names = is_notification ? NOTIFICATION : CONFIRMATION;
    size_t names_count = is_notification ? SEA_COUNT(NOTIFICATION) : SEA_COUNT(CONFIRMATION);
    size_t count = 0;
    for (size_t i = 0; i < names_count; i++) {
        if (!yyjson_is_str(yyjson_obj_get(root, names[i]))) continue;
        ret[count++] = sea_str(names[i]);
        ret[count++] = SEA_STR("\n");
        ret[count++] = ingest_json_str(root, names[i]);
        ret[count++] = SEA_STR("\n");
    }
    return count;
}

static enum ingest_verdict verify(const struct ingest_webhook *hook)
{
    struct sea_str parts[PARTS_MAX];
    yyjson_val *root = yyjson_doc_get_root(ingest_json_parse(hook->body, hook->alc));
    struct sea_str signature = ingest_json_str(root, "Signature");
    struct sea_str version = ingest_json_str(root, "SignatureVersion");
    bool is_notification = sea_str_is(ingest_json_str(root, "Type"), "Notification");
    bool is_good = false;
    if (!signature.len) return INGEST_NO_SIGNATURE;
    if (!is_of_sns(ingest_json_str(root, "SigningCertURL"))) return INGEST_BAD_SIGNATURE;
    if (!sea_secrets_match(&hook->account->verify_token, ingest_json_str(root, "TopicArn")))
        return INGEST_BAD_SIGNATURE;
    enum sea_mac_hash hash = sea_str_is(version, "2") ? SEA_MAC_SHA256 : SEA_MAC_SHA1;
    size_t count = parts_of(root, is_notification, parts);
    for (size_t i = 0; i < hook->keys->count; i++)
        is_good |= sea_pubkey_is_base64(hook->keys->list[i].pubkey, hash, parts, count, signature);
    return is_good ? INGEST_AUTHENTIC : INGEST_BAD_SIGNATURE;
}

static const struct ingest_word STATUSES[] = {
    {"Pending", SEADESK__V1__ORDER_FACT__ORDER_PLACED},
    {"Unshipped", SEADESK__V1__ORDER_FACT__ORDER_PAID},
    {"Shipped", SEADESK__V1__ORDER_FACT__PARCEL_DISPATCHED},
    {"Canceled", SEADESK__V1__ORDER_FACT__ORDER_CANCELLED},
};

/* Some types of notifications write their names in lower camel case. */
static yyjson_val *object_of(yyjson_val *object, const char *name, const char *other)
{
    yyjson_val *found = ingest_json_obj(object, name);
    return found ? found : ingest_json_obj(object, other);
}

static struct sea_str text_of(yyjson_val *object, const char *name, const char *other)
{
    struct sea_str text = ingest_json_str(object, name);
    return text.len ? text : ingest_json_str(object, other);
}

/* An order that is shipped has one parcel, as far as Amazon tells us. */
static void read_order(const struct ingest_webhook *hook, yyjson_val *root, struct sea_str raw,
                       struct ingest_items *items)
{
    yyjson_val *payload = object_of(root, "Payload", "payload");
    yyjson_val *change = object_of(payload, "OrderChangeNotification", "orderChangeNotification");
    yyjson_val *trigger = object_of(change, "OrderChangeTrigger", "orderChangeTrigger");
    yyjson_val *summary = object_of(change, "Summary", "summary");
    yyjson_val *about = object_of(root, "NotificationMetadata", "notificationMetadata");
    struct sea_str order = text_of(change, "AmazonOrderId", "amazonOrderId");
    struct sea_str status = text_of(summary, "OrderStatus", "orderStatus");
    int64_t at_ms = ingest_json_time(trigger, "TimeOfOrderChange");
    if (!at_ms) at_ms = ingest_json_time(root, "EventTime");
    if (!at_ms) at_ms = ingest_json_time(root, "eventTime");
    bool is_status =
        sea_str_is(text_of(change, "OrderChangeType", "orderChangeType"), "OrderStatusChange");
    int fact = SEADESK__V1__ORDER_FACT__ORDER_CHANGED;
    if (is_status) fact = ingest_word_of(STATUSES, SEA_COUNT(STATUSES), status, fact);
    struct ingest_item *item = ingest_found_fact(
        hook, items, fact, order, text_of(about, "NotificationId", "notificationId"), at_ms, raw);
    if (!item) return;
    item->order.reason = text_of(trigger, "ChangeReason", "changeReason");
    if (fact == SEADESK__V1__ORDER_FACT__PARCEL_DISPATCHED) item->order.parcel_id = order;
}

/* The topic is the account's own, so its subscription is wanted. What can't be confirmed by itself
 * is by the account's owner, with the address in the dead letter. */
static void read_subscription(const struct ingest_webhook *hook, yyjson_val *root,
                              struct ingest_items *items, struct ingest_reply *reply)
{
    struct ingest_item *item = ingest_items_add_dead(items, "subscription", hook->body);
    struct sea_str token = ingest_json_str(root, "Token");
    struct sea_str url = ingest_json_str(root, "SubscribeURL");
    if (item) item->id = ingest_id("subscription", hook->account, &token, 1);
    bool is_text = url.len <= URL_MAX;
    for (size_t i = 0; is_text && i < url.len; i++) is_text = url.ptr[i] > ' ' && url.ptr[i] < 0x7f;
    if (is_text && is_of_sns(url)) reply->confirm_url = sea_arena_dup(items->arena, url);
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_val *root = ingest_found_json(hook, problem);
    struct sea_str type = ingest_json_str(root, "Type"), message = ingest_json_str(root, "Message");
    if (!root) return false;
    if (sea_str_is(type, "SubscriptionConfirmation")) read_subscription(hook, root, items, reply);
    reply->is_unsubscribed = sea_str_is(type, "UnsubscribeConfirmation");
    if (!sea_str_is(type, "Notification")) return true;
    yyjson_val *inner = yyjson_doc_get_root(ingest_json_parse(message, hook->alc));
    if (sea_str_is(text_of(inner, "NotificationType", "notificationType"), "ORDER_CHANGE"))
        read_order(hook, inner, message, items);
    else
        ingest_ignore(items, "unknown");
    return true;
}

const struct ingest_adapter ingest_amazon = {
    .secret = INGEST_SECRET_PUBLIC,
    .bodies = INGEST_ANY, /* SNS sends JSON as text/plain */
    .scheme = {INGEST_BASE64, NULL, NULL},
    .verify = verify,
    .parse = parse,
};
