/* ingest_shopify.c: Shopify webhooks (Shopify, "Webhooks: HTTPS delivery", "Privacy law
 * compliance"): orders, fulfillments and refunds as facts, customers as profiles, the mandatory
 * privacy topics as messages to a person; signed with the app's client secret. The topic stands in
 * a header that the signature doesn't cover. An order's id is its `id`, which every topic carries;
 * its number (#1001) isn't in all of them. */
#include <string.h>

#include "ingest_adapter.h"
#include "ingest_json.h"
#include "seadesk/v1/orders.pb-c.h"

enum { MINOR_MAX_DIGITS = 15, NUMBERS_MAX = 20 };

/* One webhook in work. */
struct hook {
    const struct ingest_webhook *hook;
    struct ingest_items *items;
    yyjson_val *root;
    struct sea_str order_id;
};

/* Decimals of a currency (ISO 4217). */
static size_t decimals_of(struct sea_str currency)
{
    static const char *const NONE[] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
                                       "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"},
                             *const THREE[] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
    for (size_t i = 0; i < SEA_COUNT(NONE); i++)
        if (sea_str_is(currency, NONE[i])) return 0;
    for (size_t i = 0; i < SEA_COUNT(THREE); i++)
        if (sea_str_is(currency, THREE[i])) return 3;
    return 2;
}

/* "598.94" in the currency's smallest unit; false: it isn't a whole number of them. */
static bool read_minor(struct sea_str text, struct sea_str currency, int64_t *ret)
{
    size_t decimals = decimals_of(currency), seen = 0, digits = 0;
    int64_t minor = 0;
    bool is_behind = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.' && !is_behind) {
            is_behind = true;
            continue;
        }
        if (c < '0' || c > '9' || ++digits > MINOR_MAX_DIGITS) return false;
        if (is_behind && ++seen > decimals) {
            if (c != '0') return false;
            continue;
        }
        minor = minor * 10 + (c - '0');
    }
    for (; seen < decimals; seen++) minor *= 10;
    *ret = minor;
    return digits > 0;
}

static void set_amount(struct ingest_order *order, struct sea_str amount, struct sea_str currency)
{
    order->has_amount = currency.len == 3 && read_minor(amount, currency, &order->minor);
    if (order->has_amount) order->currency = currency;
}

static int64_t first_time(yyjson_val *object, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t time_ms = ingest_json_time(object, names[i]);
        if (time_ms) return time_ms;
    }
    return 0;
}

static struct sea_str full_name(yyjson_val *object, struct sea_arena *arena)
{
    struct sea_str first = ingest_json_str(object, "first_name"),
                   last = ingest_json_str(object, "last_name");
    if (!first.len || !last.len) return first.len ? first : last;
    return ingest_printed(arena, "%.*s %.*s", (int)first.len, first.ptr, (int)last.len, last.ptr);
}

/* The customer of an order, or on its own. */
static void add_profile(const struct hook *in, yyjson_val *customer)
{
    struct sea_str ref = ingest_json_id(customer, "id", in->items->arena),
                   changed = ingest_json_str(in->root, "updated_at");
    const struct sea_str parts[] = {ref, in->order_id, changed};
    struct ingest_item *item =
        ingest_is_id(ref) ? ingest_items_add(in->items, INGEST_PROFILE) : NULL;
    if (!item) return;
    struct ingest_profile *profile = &item->profile;
    item->id = ingest_id("profile", in->hook->account, parts, SEA_COUNT(parts));
    item->time_ms = ingest_json_time(in->root, "updated_at");
    profile->customer_ref = ref;
    profile->order_id = in->order_id;
    profile->name = full_name(customer, in->items->arena);
    profile->email = ingest_json_str(customer, "email");
    profile->phone = ingest_json_str(customer, "phone");
    profile->locale = ingest_json_str(in->root, "customer_locale");
    if (!profile->email.len) profile->email = ingest_json_str(in->root, "email");
    if (!profile->phone.len) profile->phone = ingest_json_str(in->root, "phone");
    if (!profile->phone.len)
        profile->phone = ingest_json_str(ingest_json_obj(customer, "default_address"), "phone");
    if (in->hook->account->market) profile->market = sea_str(in->hook->account->market->code);
}

static struct ingest_item *add_fact(const struct hook *in, int fact, struct sea_str unique,
                                    int64_t at_ms)
{
    yyjson_val *customer = ingest_json_obj(in->root, "customer");
    struct ingest_item *item =
        ingest_found_fact(in->hook, in->items, fact, in->order_id, unique, at_ms, in->hook->body);
    if (!item) return NULL;
    struct sea_str ref = ingest_json_id(customer, "id", in->items->arena);
    if (ingest_is_id(ref)) item->order.customer_ref = ref;
    return item;
}

/* ---- orders ---- */

static void add_order(const struct hook *in, int fact, struct sea_str unique, int64_t at_ms)
{
    struct ingest_item *item = add_fact(in, fact, unique, at_ms);
    if (!item) return;
    set_amount(&item->order, ingest_json_str(in->root, "total_price"),
               ingest_json_str(in->root, "currency"));
    add_profile(in, ingest_json_obj(in->root, "customer"));
}

static void read_placed(struct hook *in)
{
    static const char *const TIMES[] = {"created_at", "processed_at"};
    add_order(in, SEADESK__V1__ORDER_FACT__ORDER_PLACED, SEA_STR("placed"),
              first_time(in->root, TIMES, SEA_COUNT(TIMES)));
}

/* There is no time of payment in an order: it changed when it was paid. */
static void read_paid(struct hook *in)
{
    static const char *const TIMES[] = {"updated_at", "processed_at", "created_at"};
    add_order(in, SEADESK__V1__ORDER_FACT__ORDER_PAID, SEA_STR("paid"),
              first_time(in->root, TIMES, SEA_COUNT(TIMES)));
}

static void read_changed(struct hook *in)
{
    struct sea_str changed = ingest_json_str(in->root, "updated_at");
    add_order(in, SEADESK__V1__ORDER_FACT__ORDER_CHANGED,
              ingest_printed(in->items->arena, "changed %.*s", (int)changed.len, changed.ptr),
              ingest_json_time(in->root, "updated_at"));
}

static void read_cancelled(struct hook *in)
{
    static const char *const TIMES[] = {"cancelled_at", "updated_at"};
    struct sea_str reason = ingest_json_str(in->root, "cancel_reason");
    struct ingest_item *item =
        add_fact(in, SEADESK__V1__ORDER_FACT__ORDER_CANCELLED, SEA_STR("cancelled"),
                 first_time(in->root, TIMES, SEA_COUNT(TIMES)));
    if (item && ingest_is_id(reason)) item->order.reason = reason;
}

/* ---- parcels ---- */

/* Of shipment_status. Label and pick-up point move no parcel of ours. */
static const struct ingest_step SHIPMENT_STEPS[] = {
    {"confirmed", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, NULL},
    {"in_transit", SEADESK__V1__ORDER_FACT__PARCEL_SCANNED, NULL},
    {"out_for_delivery", SEADESK__V1__ORDER_FACT__PARCEL_OUT_FOR_DELIVERY, NULL},
    {"attempted_delivery", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "nobody_home"},
    {"delivered", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERED, NULL},
    {"failure", SEADESK__V1__ORDER_FACT__PARCEL_DELIVERY_FAILED, "carrier_failure"},
};

static void add_parcel(const struct hook *in, yyjson_val *fulfillment, const char *step, int fact,
                       const char *reason, struct sea_str number)
{
    static const char *const DISPATCHED[] = {"created_at"}, *const MOVED[] = {"updated_at",
                                                                              "created_at"};
    struct sea_arena *arena = in->items->arena;
    struct sea_str id = ingest_json_id(fulfillment, "id", arena),
                   carrier = ingest_json_str(fulfillment, "tracking_company");
    bool is_dispatch = fact == SEADESK__V1__ORDER_FACT__PARCEL_DISPATCHED;
    int64_t at_ms = is_dispatch ? first_time(fulfillment, DISPATCHED, SEA_COUNT(DISPATCHED))
                                : first_time(fulfillment, MOVED, SEA_COUNT(MOVED));
    struct sea_str unique = {NULL, 0};
    if (ingest_is_id(id))
        unique = ingest_printed(arena, "fulfillment %.*s %s %.*s", (int)id.len, id.ptr, step,
                                (int)number.len, number.len ? number.ptr : "");
    struct ingest_item *item = add_fact(in, fact, unique, at_ms);
    if (!item) return;
    item->order.parcel_id = number.len ? number : id;
    item->order.tracking_number = number;
    item->order.reason = sea_str(reason);
    if (ingest_is_id(carrier)) item->order.carrier = carrier;
}

/* A parcel for each tracking number; one with the fulfillment's id where there is none. */
static void read_fulfillment_of(const struct hook *in, yyjson_val *fulfillment)
{
    size_t i, n;
    yyjson_val *numbers = ingest_json_arr(fulfillment, "tracking_numbers"), *value;
    struct sea_str status = ingest_json_str(fulfillment, "shipment_status"),
                   list[NUMBERS_MAX] = {ingest_json_str(fulfillment, "tracking_number")};
    size_t count = 0;
    if (!sea_str_is(ingest_json_str(fulfillment, "status"), "success")) {
        ingest_ignore(in->items, "fulfillment"); /* not sent yet, or not at all */
        return;
    }
    yyjson_arr_foreach(numbers, i, n, value)
    {
        struct sea_str number = {yyjson_get_str(value), yyjson_get_len(value)};
        if (count < SEA_COUNT(list) && yyjson_is_str(value) && ingest_is_id(number))
            list[count++] = number;
    }
    if (!count && !ingest_is_id(list[0])) list[0] = (struct sea_str){NULL, 0};
    const struct ingest_step *step =
        ingest_step_of(SHIPMENT_STEPS, SEA_COUNT(SHIPMENT_STEPS), status);
    for (size_t k = 0; k < (count ? count : 1); k++) {
        add_parcel(in, fulfillment, "dispatched", SEADESK__V1__ORDER_FACT__PARCEL_DISPATCHED, NULL,
                   list[k]);
        if (step) add_parcel(in, fulfillment, step->word, step->fact, step->reason, list[k]);
    }
}

static void read_fulfillment(struct hook *in)
{
    in->order_id = ingest_json_id(in->root, "order_id", in->items->arena);
    read_fulfillment_of(in, in->root);
}

static void read_fulfilled(struct hook *in)
{
    size_t i, n;
    yyjson_val *fulfillment;
    yyjson_arr_foreach(ingest_json_arr(in->root, "fulfillments"), i, n, fulfillment)
        read_fulfillment_of(in, fulfillment);
}

/* ---- refunds ---- */

/* Only money that went back counts: a refund may be pending, or return goods alone. */
static void read_refund(struct hook *in)
{
    static const char *const TIMES[] = {"processed_at", "created_at"};
    struct sea_str id = ingest_json_id(in->root, "id", in->items->arena), currency = {NULL, 0};
    size_t i, n;
    int64_t sum = 0, minor;
    bool is_any = false, is_known = true;
    yyjson_val *transaction;
    in->order_id = ingest_json_id(in->root, "order_id", in->items->arena);
    yyjson_arr_foreach(ingest_json_arr(in->root, "transactions"), i, n, transaction)
    {
        if (!sea_str_is(ingest_json_str(transaction, "kind"), "refund") ||
            !sea_str_is(ingest_json_str(transaction, "status"), "success"))
            continue;
        currency = ingest_json_str(transaction, "currency");
        is_any = true;
        is_known = is_known && currency.len == 3 &&
                   read_minor(ingest_json_str(transaction, "amount"), currency, &minor);
        if (is_known) sum += minor;
    }
    if (!is_any) {
        ingest_ignore(in->items, "refund");
        return;
    }
    struct ingest_item *item =
        add_fact(in, SEADESK__V1__ORDER_FACT__REFUND_COMPLETED,
                 ingest_printed(in->items->arena, "refund %.*s", (int)id.len, id.len ? id.ptr : ""),
                 first_time(in->root, TIMES, SEA_COUNT(TIMES)));
    if (!item || !is_known) return;
    item->order.has_amount = true;
    item->order.minor = sum;
    item->order.currency = currency;
}

/* ---- customers and their rights ---- */

static void read_customer(struct hook *in)
{
    in->order_id = (struct sea_str){NULL, 0};
    add_profile(in, in->root);
}

/* What the law gives 30 days for is work for a person, who checks it and asks for it through the
 * desk: a ticket, under the customer's number or the shop's name. */
static void add_request(struct hook *in, const char *what, struct sea_str contact, const char *text)
{
    struct sea_arena *arena = in->items->arena;
    yyjson_val *customer = ingest_json_obj(in->root, "customer");
    struct sea_str id = ingest_header(in->hook, "x-shopify-webhook-id"),
                   request = ingest_json_id(ingest_json_obj(in->root, "data_request"), "id", arena);
    struct sea_str unique = request.len ? request : contact;
    if (!request.len && ingest_is_id(id)) unique = id;
    struct ingest_item *item = ingest_found_message(
        in->hook, in->items,
        unique.len ? ingest_printed(arena, "%s %.*s", what, (int)unique.len, unique.ptr) : unique,
        contact, in->hook->body);
    if (!item) return;
    item->message.email = ingest_json_str(customer, "email");
    item->message.phone = ingest_json_str(customer, "phone");
    item->message.subject = sea_str(what);
    item->message.text = sea_str(text);
}

static void read_data_request(struct hook *in)
{
    add_request(in, "customers/data_request",
                ingest_json_id(ingest_json_obj(in->root, "customer"), "id", in->items->arena),
                "The shop asks for all data of this customer (within 30 days).");
}

static void read_customer_redact(struct hook *in)
{
    add_request(in, "customers/redact",
                ingest_json_id(ingest_json_obj(in->root, "customer"), "id", in->items->arena),
                "The shop asks to forget this customer (within 30 days).");
}

static void read_shop_redact(struct hook *in)
{
    add_request(in, "shop/redact", ingest_json_str(in->root, "shop_domain"),
                "The shop has left and asks to forget all its customers (within 30 days).");
}

static const struct {
    const char *topic;
    void (*read)(struct hook *in);
} TOPICS[] = {
    {"orders/create", read_placed},
    {"orders/paid", read_paid},
    {"orders/updated", read_changed},
    {"orders/cancelled", read_cancelled},
    {"orders/fulfilled", read_fulfilled},
    {"orders/partially_fulfilled", read_fulfilled},
    {"fulfillments/create", read_fulfillment},
    {"fulfillments/update", read_fulfillment},
    {"refunds/create", read_refund},
    {"customers/create", read_customer},
    {"customers/update", read_customer},
    {"customers/data_request", read_data_request},
    {"customers/redact", read_customer_redact},
    {"shop/redact", read_shop_redact},
};

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    struct hook in = {hook, items, NULL, {NULL, 0}};
    struct sea_str topic = ingest_header(hook, "x-shopify-topic");
    yyjson_doc *doc = ingest_json_parse(hook->body, hook->alc);
    (void)reply;
    if (!doc) return ingest_refuse(problem, 400, "malformed", "the body is not JSON", NULL);
    in.root = yyjson_doc_get_root(doc);
    if (!yyjson_is_obj(in.root))
        return ingest_refuse(problem, 422, "invalid", "the body must be an object", "");
    if (!topic.len)
        return ingest_refuse(problem, 422, "invalid", "the header X-Shopify-Topic is missing",
                             NULL);
    in.order_id = ingest_json_id(in.root, "id", items->arena);
    bool is_known = false;
    for (size_t i = 0; i < SEA_COUNT(TOPICS); i++) {
        if (!sea_str_is(topic, TOPICS[i].topic)) continue;
        TOPICS[i].read(&in);
        is_known = true;
    }
    if (!is_known) ingest_ignore(items, "unknown");
    return true;
}

const struct ingest_adapter ingest_shopify = {
    .secret = INGEST_SECRET_SHA256,
    .bodies = INGEST_JSON,
    .proof = {"x-shopify-hmac-sha256"},
    .scheme = {INGEST_BASE64, NULL, NULL},
    .verify = ingest_verify_mac,
    .parse = parse,
};
