/* ingest_business_data.c: both encodings are read into BusinessData (business.proto) first, so that
 * one set of checks serves both. */
#include "ingest_business_data.h"

#include <string.h>

#include "ingest_json.h"
#include "sea_enc.h"
#include "seadesk/v1/business.pb-c.h"
#include "seadesk/v1/consents.pb-c.h"

static bool invalid(struct ingest_problem *problem, const char *detail, const char *field)
{
    return ingest_refuse(problem, 422, "invalid", detail, field);
}

/* A member that must be text if it is there. protobuf-c wants terminated strings; yyjson's are. */
static bool take(yyjson_val *object, const char *name, char **ret)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    if (!value || yyjson_is_null(value)) return true;
    if (!yyjson_is_str(value) || strlen(yyjson_get_str(value)) != yyjson_get_len(value))
        return false;
    *ret = (char *)(uintptr_t)yyjson_get_str(value);
    return true;
}

static bool take_channels(yyjson_val *list, Seadesk__V1__BusinessCustomer *customer,
                          struct sea_arena *arena)
{
    size_t i, n = yyjson_arr_size(list), max;
    yyjson_val *value;
    if (n > INGEST_CHANNELS_MAX) return false;
    customer->channels = sea_arena_zero(arena, (n + 1) * sizeof(*customer->channels));
    if (!customer->channels) return false;
    yyjson_arr_foreach(list, i, max, value)
    {
        Seadesk__V1__BusinessChannel *channel = sea_arena_alloc(arena, sizeof(*channel));
        if (!channel) return false;
        seadesk__v1__business_channel__init(channel);
        if (!take(value, "channel", &channel->channel) ||
            !take(value, "account", &channel->account) || !take(value, "id", &channel->id))
            return false;
        customer->channels[customer->n_channels++] = channel;
    }
    return true;
}

static bool take_customer(yyjson_val *object, Seadesk__V1__BusinessData *data,
                          struct sea_arena *arena, struct ingest_problem *problem)
{
    Seadesk__V1__BusinessCustomer *customer = sea_arena_alloc(arena, sizeof(*customer));
    if (!customer) return invalid(problem, "the event is too large", "/data/customer");
    seadesk__v1__business_customer__init(customer);
    if (!take(object, "customer_ref", &customer->customer_ref))
        return invalid(problem, "customer_ref must be text", "/data/customer/customer_ref");
    if (!take(object, "name", &customer->name))
        return invalid(problem, "name must be text", "/data/customer/name");
    if (!take(object, "locale", &customer->locale))
        return invalid(problem, "locale must be text", "/data/customer/locale");
    if (!take(object, "phone", &customer->phone))
        return invalid(problem, "phone must be text", "/data/customer/phone");
    if (!take(object, "email", &customer->email))
        return invalid(problem, "email must be text", "/data/customer/email");
    if (!take(object, "tier", &customer->tier))
        return invalid(problem, "tier must be text", "/data/customer/tier");
    if (!take_channels(ingest_json_arr(object, "channels"), customer, arena))
        return invalid(problem, "channels must be objects of channel, account and id, at most 20",
                       "/data/customer/channels");
    data->customer = customer;
    return true;
}

static bool take_parcel(yyjson_val *object, Seadesk__V1__BusinessData *data,
                        struct sea_arena *arena, struct ingest_problem *problem)
{
    Seadesk__V1__BusinessParcel *parcel = sea_arena_alloc(arena, sizeof(*parcel));
    if (!parcel) return invalid(problem, "the event is too large", "/data/parcel");
    seadesk__v1__business_parcel__init(parcel);
    if (!take(object, "parcel_id", &parcel->parcel_id) ||
        !take(object, "carrier", &parcel->carrier) ||
        !take(object, "tracking_number", &parcel->tracking_number))
        return invalid(problem, "parcel_id, carrier and tracking_number must be text",
                       "/data/parcel");
    data->parcel = parcel;
    return true;
}

static bool take_consent(yyjson_val *object, Seadesk__V1__BusinessData *data,
                         struct sea_arena *arena, struct ingest_problem *problem)
{
    Seadesk__V1__BusinessConsent *consent = sea_arena_alloc(arena, sizeof(*consent));
    if (!consent) return invalid(problem, "the event is too large", "/data/consent");
    seadesk__v1__business_consent__init(consent);
    if (!take(object, "channel", &consent->channel) ||
        !take(object, "account", &consent->account) || !take(object, "id", &consent->id) ||
        !take(object, "class", &consent->class_) || !take(object, "proof", &consent->proof))
        return invalid(problem, "channel, account, id, class and proof must be text",
                       "/data/consent");
    if (!yyjson_is_bool(yyjson_obj_get(object, "granted")))
        return invalid(problem, "granted must be true or false", "/data/consent/granted");
    consent->granted = ingest_json_true(object, "granted");
    data->consent = consent;
    return true;
}

static bool take_amount(yyjson_val *object, Seadesk__V1__BusinessData *data,
                        struct sea_arena *arena, struct ingest_problem *problem)
{
    Seadesk__V1__Money *amount = sea_arena_alloc(arena, sizeof(*amount));
    if (!amount) return invalid(problem, "the event is too large", "/data/amount");
    seadesk__v1__money__init(amount);
    if (!ingest_json_int(object, "minor", &amount->minor) ||
        !take(object, "currency", &amount->currency) || strlen(amount->currency) != 3)
        return invalid(problem, "amount needs minor (a whole number) and currency (three letters)",
                       "/data/amount");
    data->amount = amount;
    return true;
}

static bool from_json(yyjson_val *object, struct sea_arena *arena, Seadesk__V1__BusinessData *data,
                      struct ingest_problem *problem)
{
    yyjson_val *part;
    if (!take(object, "order_id", &data->order_id))
        return invalid(problem, "order_id must be text", "/data/order_id");
    if (!take(object, "market", &data->market))
        return invalid(problem, "market must be text", "/data/market");
    if (!take(object, "occurred_at", &data->occurred_at))
        return invalid(problem, "occurred_at must be an RFC 3339 time", "/data/occurred_at");
    if (!take(object, "reason", &data->reason))
        return invalid(problem, "reason must be text", "/data/reason");
    if (!take(object, "expected_at", &data->expected_at))
        return invalid(problem, "expected_at must be an RFC 3339 time", "/data/expected_at");
    if (!take(object, "location", &data->location))
        return invalid(problem, "location must be text", "/data/location");
    if (!take(object, "tier", &data->tier))
        return invalid(problem, "tier must be text", "/data/tier");
    if (!take(object, "preferred_language", &data->preferred_language))
        return invalid(problem, "preferred_language must be text", "/data/preferred_language");
    data->historical = ingest_json_true(object, "historical");
    if (!ingest_json_is_absent(object, "sequence")) {
        data->has_sequence_case = SEADESK__V1__BUSINESS_DATA__HAS_SEQUENCE_SEQUENCE;
        if (!ingest_json_int(object, "sequence", &data->sequence))
            return invalid(problem, "sequence must be a whole number", "/data/sequence");
    }
    if ((part = ingest_json_obj(object, "customer")) && !take_customer(part, data, arena, problem))
        return false;
    if ((part = ingest_json_obj(object, "parcel")) && !take_parcel(part, data, arena, problem))
        return false;
    if ((part = ingest_json_obj(object, "consent")) && !take_consent(part, data, arena, problem))
        return false;
    if ((part = ingest_json_obj(object, "amount")) && !take_amount(part, data, arena, problem))
        return false;
    return true;
}

static void *arena_alloc(void *arena, size_t size)
{
    return sea_arena_alloc(arena, size);
}

static void arena_free(void *arena, void *ptr)
{
    (void)arena;
    (void)ptr;
}

static Seadesk__V1__BusinessData *decode(const struct ingest_cloudevent *event,
                                         const yyjson_alc *alc, struct sea_arena *arena,
                                         struct ingest_problem *problem)
{
    bool is_protobuf = sea_str_starts(event->content_type, "application/protobuf") ||
                       sea_str_starts(event->content_type, "application/x-protobuf");
    if (is_protobuf) {
        ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
        Seadesk__V1__BusinessData *data = seadesk__v1__business_data__unpack(
            &allocator, event->bytes.len, (const uint8_t *)event->bytes.ptr);
        if (!data) invalid(problem, "data is not seadesk.v1.BusinessData", "/data");
        return data;
    }
    yyjson_val *object = event->data;
    if (!object) object = yyjson_doc_get_root(ingest_json_parse(event->bytes, alc));
    Seadesk__V1__BusinessData *data = sea_arena_alloc(arena, sizeof(*data));
    if (!yyjson_is_obj(object) || !data) {
        invalid(problem, "data must be an object", "/data");
        return NULL;
    }
    seadesk__v1__business_data__init(data);
    return from_json(object, arena, data, problem) ? data : NULL;
}

static bool read_time(const char *text, const char *field, int64_t *ret,
                      struct ingest_problem *problem)
{
    if (!*text) return true;
    if (sea_time_parse(sea_str(text), ret)) return true;
    return invalid(problem, "must be an RFC 3339 time", field);
}

static void read_profile(const Seadesk__V1__BusinessData *data, struct sea_arena *arena,
                         struct ingest_profile *profile)
{
    const Seadesk__V1__BusinessCustomer *customer = data->customer;
    *profile = (struct ingest_profile){.order_id = sea_str(data->order_id),
                                       .market = sea_str(data->market)};
    if (!customer) return;
    profile->customer_ref = sea_str(customer->customer_ref);
    profile->name = sea_str(customer->name);
    profile->locale = sea_str(*customer->locale ? customer->locale : data->preferred_language);
    profile->phone = sea_str(customer->phone);
    profile->email = sea_str(customer->email);
    profile->tier = sea_str(*customer->tier ? customer->tier : data->tier);
    size_t count =
        customer->n_channels < INGEST_CHANNELS_MAX ? customer->n_channels : INGEST_CHANNELS_MAX;
    profile->channels = sea_arena_alloc(arena, (count + 1) * sizeof(*profile->channels));
    for (size_t i = 0; profile->channels && i < count; i++) {
        const Seadesk__V1__BusinessChannel *channel = customer->channels[i];
        if (!*channel->channel || !*channel->account || !*channel->id) continue;
        profile->channels[profile->channels_count++] = (struct ingest_channel){
            sea_str(channel->channel), sea_str(channel->account), sea_str(channel->id)};
    }
}

static bool read_consent(const Seadesk__V1__BusinessConsent *consent, struct ingest_data *ret,
                         struct ingest_problem *problem)
{
    static const char *const CLASSES[] = {
        [SEADESK__V1__CONSENT_CLASS__CONSENT_SERVICE] = "service",
        [SEADESK__V1__CONSENT_CLASS__CONSENT_MARKETING] = "marketing",
        [SEADESK__V1__CONSENT_CLASS__CONSENT_RECORDING] = "recording"};
    if (!consent) return true;
    for (int i = 1; i < (int)SEA_COUNT(CLASSES); i++)
        if (strcmp(consent->class_, CLASSES[i]) == 0) ret->consent.class = i;
    if (!ret->consent.class)
        return invalid(problem, "class must be service, marketing or recording",
                       "/data/consent/class");
    if (!*consent->channel || !*consent->account || !*consent->id)
        return invalid(problem, "consent needs channel, account, id and class", "/data/consent");
    ret->consent.is_granted = consent->granted;
    ret->consent.proof = sea_str(consent->proof);
    ret->consent_contact = (struct ingest_channel){sea_str(consent->channel),
                                                   sea_str(consent->account), sea_str(consent->id)};
    return true;
}

static bool check_texts(const struct sea_str *texts, size_t count, const char *field,
                        struct ingest_problem *problem)
{
    for (size_t i = 0; i < count; i++) {
        if (texts[i].len > INGEST_ID_MAX)
            return invalid(problem, "a text is longer than 512 bytes", field);
        if (!sea_utf8_is_valid(texts[i])) return invalid(problem, "a text is not UTF-8", field);
    }
    return true;
}

/* So that no record of an event can be larger than a record may be. */
static bool check_lengths(const struct ingest_data *data, struct ingest_problem *problem)
{
    const struct ingest_order *order = &data->order;
    const struct ingest_profile *profile = &data->profile;
    const struct ingest_channel *contact = &data->consent_contact;
    const struct sea_str of_order[] = {order->order_id, order->market,          order->parcel_id,
                                       order->carrier,  order->tracking_number, order->reason,
                                       order->location, order->currency};
    const struct sea_str of_customer[] = {profile->customer_ref, profile->name,   profile->phone,
                                          profile->email,        profile->locale, profile->tier};
    const struct sea_str of_consent[] = {contact->channel, contact->account, contact->id,
                                         data->consent.proof};
    if (!check_texts(of_order, SEA_COUNT(of_order), "/data", problem) ||
        !check_texts(of_customer, SEA_COUNT(of_customer), "/data/customer", problem) ||
        !check_texts(of_consent, SEA_COUNT(of_consent), "/data/consent", problem))
        return false;
    for (size_t i = 0; i < profile->channels_count; i++) {
        const struct ingest_channel *channel = &profile->channels[i];
        const struct sea_str texts[] = {channel->channel, channel->account, channel->id};
        if (!check_texts(texts, SEA_COUNT(texts), "/data/customer/channels", problem)) return false;
    }
    return true;
}

bool ingest_data_read(const struct ingest_cloudevent *event, const yyjson_alc *alc,
                      struct sea_arena *arena, struct ingest_data *ret,
                      struct ingest_problem *problem)
{
    const Seadesk__V1__BusinessData *data = decode(event, alc, arena, problem);
    if (!data) return false;
    memset(ret, 0, sizeof(*ret));
    struct ingest_order *order = &ret->order;
    if (!read_time(data->occurred_at, "/data/occurred_at", &ret->occurred_at_ms, problem) ||
        !read_time(data->expected_at, "/data/expected_at", &order->expected_at_ms, problem))
        return false;
    read_profile(data, arena, &ret->profile);
    if (!read_consent(data->consent, ret, problem)) return false;
    order->order_id = sea_str(data->order_id);
    order->market = sea_str(data->market);
    order->customer_ref = ret->profile.customer_ref;
    order->occurred_at_ms = ret->occurred_at_ms;
    order->reason = sea_str(data->reason);
    order->location = sea_str(data->location);
    order->is_historical = data->historical;
    order->has_sequence =
        data->has_sequence_case == SEADESK__V1__BUSINESS_DATA__HAS_SEQUENCE_SEQUENCE;
    order->sequence = data->sequence;
    if (data->parcel) {
        order->parcel_id = sea_str(data->parcel->parcel_id);
        order->carrier = sea_str(data->parcel->carrier);
        order->tracking_number = sea_str(data->parcel->tracking_number);
    }
    if (data->amount) {
        order->has_amount = true;
        order->minor = data->amount->minor;
        order->currency = sea_str(data->amount->currency);
    }
    return check_lengths(ret, problem);
}
