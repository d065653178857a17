/* ingest_encode.c: what is personal is sealed with the day key; keys and headers name nobody. */
#include "ingest_encode.h"

#include <string.h>

#include "sea_id.h"
#include "seadesk/v1/calls.pb-c.h"
#include "seadesk/v1/catalogue.pb-c.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/dlq.pb-c.h"
#include "seadesk/v1/files.pb-c.h"
#include "seadesk/v1/messages.pb-c.h"
#include "seadesk/v1/orders.pb-c.h"
#include "seadesk/v1/parcels.pb-c.h"
#include "seadesk/v1/profiles.pb-c.h"
#include "seadesk/v1/receipts.pb-c.h"

static const char CRM[] = "crm";

/* One encoding in progress: the first failure sticks. */
struct job {
    const struct ingest_encoder *encoder;
    const struct ingest_item *item;
    struct sea_arena *arena;
    int64_t received_at_ms;
    enum sea_err err;
};

/* A copy that ends with NUL; one inside would cut it, and no reader wants it. */
static char *text(struct job *job, struct sea_str value)
{
    char *copy =
        value.len ? sea_arena_dup(job->arena, value) : (char *)(uintptr_t)protobuf_c_empty_string;
    if (!copy) {
        job->err = SEA_ERR_REJECT;
        return (char *)(uintptr_t)protobuf_c_empty_string;
    }
    for (char *nul; value.len && (nul = memchr(copy, 0, value.len));) *nul = ' ';
    return copy;
}

static struct sea_str packed(struct job *job, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = sea_arena_alloc(job->arena, len + 1);
    if (!bytes) {
        job->err = SEA_ERR_REJECT;
        return (struct sea_str){"", 0};
    }
    protobuf_c_message_pack(message, bytes);
    return (struct sea_str){(const char *)bytes, len};
}

/* Sealed into the arena, without a buffer of its own. */
static ProtobufCBinaryData sealed(struct job *job, enum sea_days_purpose purpose,
                                  enum sea_topic topic, struct sea_uuid id, struct sea_str plain,
                                  int32_t *ret_day)
{
    size_t size = plain.len + SEA_SEAL_EXTRA_BYTES + 1;
    struct sea_buf out = {.ptr = sea_arena_alloc(job->arena, size), .cap = size, .max = size - 1};
    const char *column = topic == SEA_TOPIC_DLQ ? "sealed_value" : "sealed";
    struct sea_place place = {
        sea_str(sea_topic_info(topic)->name), sea_str(column), {(const char *)id.bytes, 16}};
    uint32_t day = 0;
    enum sea_err err = out.ptr
                           ? sea_days_seal(job->encoder->days, purpose, &place, plain, &out, &day)
                           : SEA_ERR_REJECT;
    if (err && !job->err) job->err = err;
    *ret_day = (int32_t)day;
    return (ProtobufCBinaryData){err ? 0 : out.len, err ? NULL : (uint8_t *)out.ptr};
}

static struct sea_key contact_key(struct job *job)
{
    const struct ingest_item *item = job->item;
    return sea_contact_key(job->encoder->pepper, item->channel, item->account, item->contact_id);
}

static struct sea_key crm_key(struct job *job, struct sea_str customer_ref)
{
    return sea_contact_key(job->encoder->pepper, sea_str(CRM), sea_str(CRM), customer_ref);
}

static ProtobufCBinaryData key_bytes(struct job *job, struct sea_key key)
{
    uint8_t *copy = sea_arena_alloc(job->arena, sizeof(key.bytes));
    if (!copy) {
        job->err = SEA_ERR_REJECT;
        return (ProtobufCBinaryData){0, NULL};
    }
    memcpy(copy, key.bytes, sizeof(key.bytes));
    return (ProtobufCBinaryData){sizeof(key.bytes), copy};
}

static struct sea_str key_text(struct job *job, struct sea_key key)
{
    char *copy = sea_arena_alloc(job->arena, SEA_KEY_TEXT);
    if (!copy) {
        job->err = SEA_ERR_REJECT;
        return (struct sea_str){"", 0};
    }
    sea_key_print(key, copy);
    return (struct sea_str){copy, SEA_KEY_TEXT - 1};
}

static void add_attachments(struct job *job, const struct ingest_message *message,
                            Seadesk__V1__MessageBody *body)
{
    size_t count = message->attachments_count;
    body->attachments = sea_arena_zero(job->arena, (count + 1) * sizeof(*body->attachments));
    for (size_t i = 0; body->attachments && i < count; i++) {
        const struct ingest_attachment *from = &message->attachments[i];
        Seadesk__V1__Attachment *to = sea_arena_alloc(job->arena, sizeof(*to));
        if (!to) break;
        seadesk__v1__attachment__init(to);
        to->url = text(job, from->url);
        to->media_id = text(job, from->media_id);
        to->mime = text(job, from->mime);
        to->name = text(job, from->name);
        to->size_bytes = from->size_bytes;
        to->pieces = ingest_pieces(from);
        if (from->has_sha256)
            to->sha256 = (ProtobufCBinaryData){32, (uint8_t *)(uintptr_t)from->sha256};
        body->attachments[body->n_attachments++] = to;
    }
    if (body->n_attachments < count) job->err = SEA_ERR_REJECT;
}

static struct sea_str message_body(struct job *job)
{
    const struct ingest_message *message = &job->item->message;
    Seadesk__V1__MessageBody body = SEADESK__V1__MESSAGE_BODY__INIT;
    Seadesk__V1__Booking booking = SEADESK__V1__BOOKING__INIT;
    bool is_cut = message->raw.len > INGEST_RAW_MAX;
    body.external_id = text(job, message->external_id);
    body.contact_id = text(job, job->item->contact_id);
    body.name = text(job, message->name);
    body.phone = text(job, message->phone);
    body.email = text(job, message->email);
    body.locale = text(job, message->locale);
    body.subject = text(job, message->subject);
    body.text = text(job, message->text);
    body.in_reply_to = text(job, message->in_reply_to);
    body.raw = (ProtobufCBinaryData){is_cut ? INGEST_RAW_MAX : message->raw.len,
                                     (uint8_t *)(uintptr_t)message->raw.ptr};
    body.is_raw_cut = is_cut;
    body.has_recording_consent = message->has_recording_consent;
    body.notice_version = text(job, message->notice_version);
    add_attachments(job, message, &body);
    booking.reference = text(job, message->booking);
    booking.days = message->visit.days;
    booking.weekday = message->visit.weekday;
    booking.minute = message->visit.minute;
    if (message->booking.len) body.booking = &booking;
    /* What is stored twice, in words and in the raw part, must still fit in one record. */
    if (protobuf_c_message_get_packed_size(&body.base) > SEA_RECORD_MAX_BYTES - 2048) {
        body.raw.len = 0;
        body.is_raw_cut = true;
    }
    return packed(job, &body.base);
}

static void encode_message(struct job *job, struct sea_outgoing *ret)
{
    const struct ingest_item *item = job->item;
    Seadesk__V1__MessageReceived message = SEADESK__V1__MESSAGE_RECEIVED__INIT;
    struct sea_key key = contact_key(job);
    message.contact_key = key_bytes(job, key);
    message.channel = text(job, item->channel);
    message.account = text(job, item->account);
    message.kind = (Seadesk__V1__MessageKind)item->message.kind;
    message.provider_time_ms = item->time_ms;
    message.received_at_ms = job->received_at_ms;
    message.order_id = text(job, item->message.order_id);
    message.is_automatic = item->message.is_automatic;
    message.is_incomplete = item->message.is_incomplete;
    message.is_public = item->message.is_public;
    message.rating = item->message.rating;
    message.empty_fields = text(job, item->message.empty_fields);
    message.source = text(job, item->source);
    message.sealed =
        sealed(job, SEA_DAYS_INTAKE, SEA_TOPIC_MESSAGES, item->id, message_body(job), &message.day);
    ret->topic = SEA_TOPIC_MESSAGES;
    ret->key = key_text(job, key);
    ret->headers.type = sea_str(message.base.descriptor->name);
    ret->value = packed(job, &message.base);
}

static void encode_receipt(struct job *job, struct sea_outgoing *ret)
{
    const struct ingest_item *item = job->item;
    const struct ingest_receipt *from = &item->receipt;
    Seadesk__V1__ReceiptReceived receipt = SEADESK__V1__RECEIPT_RECEIVED__INIT;
    struct sea_key provider =
        sea_lookup_key(job->encoder->pepper, SEA_LOOKUP_PROVIDER_MESSAGE, from->provider_id);
    struct sea_key contact = contact_key(job);
    bool has_contact = item->contact_id.len > 0;
    receipt.channel = text(job, item->channel);
    receipt.account = text(job, item->account);
    receipt.provider_hash = key_bytes(job, provider);
    if (has_contact) receipt.contact_key = key_bytes(job, contact);
    receipt.state = (Seadesk__V1__DeliveryState)from->state;
    receipt.provider_time_ms = item->time_ms;
    receipt.received_at_ms = job->received_at_ms;
    receipt.error_code = text(job, from->error_code);
    if (!sea_uuid_is_nil(from->attempt))
        receipt.attempt_id = (ProtobufCBinaryData){16, (uint8_t *)(uintptr_t)from->attempt.bytes};
    ret->topic = SEA_TOPIC_RECEIPTS;
    ret->key = key_text(job, has_contact ? contact : provider);
    ret->headers.type = sea_str(receipt.base.descriptor->name);
    ret->value = packed(job, &receipt.base);
}

static void encode_consent(struct job *job, struct sea_outgoing *ret)
{
    const struct ingest_item *item = job->item;
    Seadesk__V1__ConsentChanged consent = SEADESK__V1__CONSENT_CHANGED__INIT;
    struct sea_key key = contact_key(job);
    consent.contact_key = key_bytes(job, key);
    consent.channel = text(job, item->channel);
    consent.account = text(job, item->account);
    consent.class_ = (Seadesk__V1__ConsentClass)item->consent.class;
    consent.is_granted = item->consent.is_granted;
    consent.at_ms = item->time_ms ? item->time_ms : job->received_at_ms;
    consent.source = SEADESK__V1__CONSENT_SOURCE__CONSENT_COMPANY;
    if (item->consent.source) consent.source = (Seadesk__V1__ConsentSource)item->consent.source;
    consent.proof = text(job, item->consent.proof);
    ret->topic = SEA_TOPIC_CONSENTS;
    ret->key = key_text(job, key);
    ret->headers.type = sea_str(consent.base.descriptor->name);
    ret->value = packed(job, &consent.base);
}

static struct sea_str profile_body(struct job *job)
{
    const struct ingest_profile *from = &job->item->profile;
    Seadesk__V1__ProfileBody body = SEADESK__V1__PROFILE_BODY__INIT;
    Seadesk__V1__ProfileChannel channels[INGEST_LIST_MAX], *list[INGEST_LIST_MAX];
    body.customer_ref = text(job, from->customer_ref);
    body.name = text(job, from->name);
    body.locale = text(job, from->locale);
    body.phone = text(job, from->phone);
    body.email = text(job, from->email);
    body.tier = text(job, from->tier);
    body.observance = text(job, from->observance);
    body.handset = text(job, from->handset);
    for (size_t i = 0; i < from->channels_count; i++) {
        seadesk__v1__profile_channel__init(&channels[i]);
        channels[i].channel = text(job, from->channels[i].channel);
        channels[i].account = text(job, from->channels[i].account);
        channels[i].id = text(job, from->channels[i].id);
        list[i] = &channels[i];
    }
    body.channels = list;
    body.n_channels = from->channels_count;
    return packed(job, &body.base);
}

static void encode_profile(struct job *job, struct sea_outgoing *ret)
{
    const struct ingest_item *item = job->item;
    Seadesk__V1__ProfileChanged profile = SEADESK__V1__PROFILE_CHANGED__INIT;
    struct sea_key key = crm_key(job, item->profile.customer_ref);
    profile.contact_key = key_bytes(job, key);
    profile.occurred_at_ms = item->time_ms;
    profile.received_at_ms = job->received_at_ms;
    profile.order_id = text(job, item->profile.order_id);
    profile.market = text(job, item->profile.market);
    profile.sealed =
        sealed(job, SEA_DAYS_INTAKE, SEA_TOPIC_PROFILES, item->id, profile_body(job), &profile.day);
    ret->topic = SEA_TOPIC_PROFILES;
    ret->key = key_text(job, key);
    ret->headers.type = sea_str(profile.base.descriptor->name);
    ret->value = packed(job, &profile.base);
}

/* Of a fact that names no order: order-tracker knows whose parcel it is. */
static void encode_parcel(struct job *job, Seadesk__V1__OrderEvent *order, struct sea_outgoing *ret)
{
    Seadesk__V1__ParcelFact parcel = SEADESK__V1__PARCEL_FACT__INIT;
    struct sea_str number = sea_str(order->tracking_number);
    char *key = sea_arena_alloc(job->arena, number.len + 1);
    if (!key) {
        job->err = SEA_ERR_REJECT;
        return;
    }
    parcel.fact = order;
    ret->topic = SEA_TOPIC_PARCELS;
    ret->key = (struct sea_str){key, sea_parcel_key(number, key)};
    ret->headers.type = sea_str(parcel.base.descriptor->name);
    ret->value = packed(job, &parcel.base);
}

static void encode_order(struct job *job, struct sea_outgoing *ret)
{
    const struct ingest_item *item = job->item;
    const struct ingest_order *from = &item->order;
    Seadesk__V1__OrderEvent order = SEADESK__V1__ORDER_EVENT__INIT;
    Seadesk__V1__Money amount = SEADESK__V1__MONEY__INIT;
    order.order_id = text(job, from->order_id);
    order.market = text(job, from->market);
    if (from->customer_ref.len)
        order.contact_key = key_bytes(job, crm_key(job, from->customer_ref));
    order.fact = (Seadesk__V1__OrderFact)from->fact;
    order.occurred_at_ms = from->occurred_at_ms;
    order.received_at_ms = job->received_at_ms;
    if (from->has_sequence)
        order.has_sequence_case = SEADESK__V1__ORDER_EVENT__HAS_SEQUENCE_SEQUENCE;
    order.sequence = from->sequence;
    order.parcel_id = text(job, from->parcel_id);
    order.carrier = text(job, from->carrier);
    order.tracking_number = text(job, from->tracking_number);
    order.reason = text(job, from->reason);
    order.expected_at_ms = from->expected_at_ms;
    order.location = text(job, from->location);
    order.is_historical = from->is_historical;
    order.source = text(job, item->source);
    if (from->has_amount) {
        amount.minor = from->minor;
        amount.currency = text(job, from->currency);
        order.amount = &amount;
    }
    if (!from->order_id.len) {
        encode_parcel(job, &order, ret);
        return;
    }
    ret->topic = SEA_TOPIC_ORDERS;
    ret->key = sea_str(order.order_id);
    ret->headers.type = sea_str(order.base.descriptor->name);
    ret->value = packed(job, &order.base);
}

static void encode_product(struct job *job, struct sea_outgoing *ret)
{
    const struct ingest_launch *from = &job->item->launch;
    Seadesk__V1__ProductLaunched product = SEADESK__V1__PRODUCT_LAUNCHED__INIT;
    product.product_id = text(job, from->id);
    product.name = text(job, from->name);
    product.version = text(job, from->version);
    product.category = text(job, from->category);
    product.url = text(job, from->url);
    product.available_at_ms = from->from_ms;
    product.markets = (char **)(uintptr_t)from->markets;
    product.n_markets = from->markets_count;
    product.occurred_at_ms = job->item->time_ms;
    product.received_at_ms = job->received_at_ms;
    product.is_historical = from->is_historical;
    product.source = text(job, job->item->source);
    ret->headers.type = sea_str(product.base.descriptor->name);
    ret->value = packed(job, &product.base);
}

static void encode_campaign(struct job *job, struct sea_outgoing *ret)
{
    const struct ingest_launch *from = &job->item->launch;
    Seadesk__V1__CampaignLaunched campaign = SEADESK__V1__CAMPAIGN_LAUNCHED__INIT;
    campaign.campaign_id = text(job, from->id);
    campaign.name = text(job, from->name);
    campaign.starts_at_ms = from->from_ms;
    campaign.ends_at_ms = from->until_ms;
    campaign.url = text(job, from->url);
    campaign.markets = (char **)(uintptr_t)from->markets;
    campaign.n_markets = from->markets_count;
    campaign.product_ids = (char **)(uintptr_t)from->product_ids;
    campaign.n_product_ids = from->product_ids_count;
    campaign.occurred_at_ms = job->item->time_ms;
    campaign.received_at_ms = job->received_at_ms;
    campaign.is_historical = from->is_historical;
    campaign.source = text(job, job->item->source);
    ret->headers.type = sea_str(campaign.base.descriptor->name);
    ret->value = packed(job, &campaign.base);
}

static void encode_launch(struct job *job, struct sea_outgoing *ret)
{
    ret->topic = SEA_TOPIC_CATALOGUE;
    ret->key = sea_arena_str(job->arena, job->item->launch.id);
    if (job->item->launch.is_campaign)
        encode_campaign(job, ret);
    else
        encode_product(job, ret);
}

static struct sea_str call_body(struct job *job)
{
    const struct ingest_call *from = &job->item->call;
    Seadesk__V1__CallBody body = SEADESK__V1__CALL_BODY__INIT;
    body.call_id = text(job, from->id);
    body.number = text(job, job->item->contact_id);
    body.recording = text(job, from->recording);
    body.customer_ref = text(job, from->customer_ref);
    return packed(job, &body.base);
}

static void encode_call_change(struct job *job, struct sea_outgoing *ret)
{
    const struct ingest_item *item = job->item;
    const struct ingest_call *from = &item->call;
    Seadesk__V1__CallChanged call = SEADESK__V1__CALL_CHANGED__INIT;
    if (item->contact_id.len) call.contact_key = key_bytes(job, contact_key(job));
    call.account = text(job, item->account);
    call.direction = (Seadesk__V1__CallDirection)from->direction;
    call.state = (Seadesk__V1__CallState)from->state;
    call.at_ms = item->time_ms;
    call.rings = from->rings;
    call.agent = text(job, from->agent);
    call.order_id = text(job, from->order_id);
    call.market = text(job, from->market);
    call.is_historical = from->is_historical;
    call.source = text(job, item->source);
    call.received_at_ms = job->received_at_ms;
    call.sealed =
        sealed(job, SEA_DAYS_INTAKE, SEA_TOPIC_CALLS, item->id, call_body(job), &call.day);
    ret->headers.type = sea_str(call.base.descriptor->name);
    ret->value = packed(job, &call.base);
}

static void encode_call_end(struct job *job, struct sea_outgoing *ret)
{
    const struct ingest_item *item = job->item;
    const struct ingest_call *from = &item->call;
    Seadesk__V1__CallEnded call = SEADESK__V1__CALL_ENDED__INIT;
    if (item->contact_id.len) call.contact_key = key_bytes(job, contact_key(job));
    call.account = text(job, item->account);
    call.direction = (Seadesk__V1__CallDirection)from->direction;
    call.outcome = (Seadesk__V1__CallOutcome)from->outcome;
    call.started_at_ms = from->started_at_ms;
    call.answered_at_ms = from->answered_at_ms;
    call.ended_at_ms = from->ended_at_ms;
    call.rings = from->rings;
    call.agent = text(job, from->agent);
    call.order_id = text(job, from->order_id);
    call.market = text(job, from->market);
    call.is_historical = from->is_historical;
    call.source = text(job, item->source);
    call.received_at_ms = job->received_at_ms;
    call.sealed =
        sealed(job, SEA_DAYS_INTAKE, SEA_TOPIC_CALLS, item->id, call_body(job), &call.day);
    ret->headers.type = sea_str(call.base.descriptor->name);
    ret->value = packed(job, &call.base);
}

/* Recordings are told without a number, so their records lie by the call's id. */
static void encode_call(struct job *job, struct sea_outgoing *ret)
{
    const struct ingest_item *item = job->item;
    struct sea_key key =
        item->contact_id.len
            ? contact_key(job)
            : sea_lookup_key(job->encoder->pepper, SEA_LOOKUP_PROVIDER_MESSAGE, item->call.id);
    ret->topic = SEA_TOPIC_CALLS;
    ret->key = key_text(job, key);
    if (item->call.state)
        encode_call_change(job, ret);
    else
        encode_call_end(job, ret);
}

static void encode_dead(struct job *job, struct sea_outgoing *ret)
{
    const struct ingest_item *item = job->item;
    Seadesk__V1__DeadLetter letter = SEADESK__V1__DEAD_LETTER__INIT;
    char id[SEA_UUID_TEXT];
    struct sea_str value = item->dead.value;
    if (value.len > INGEST_DEAD_MAX) value.len = INGEST_DEAD_MAX;
    sea_uuid_print(item->id, id);
    letter.service = (char *)(uintptr_t) "ingest";
    letter.topic = text(job, item->dead.topic);
    letter.partition = item->dead.partition;
    letter.offset = item->dead.offset;
    letter.reason = (char *)(uintptr_t)item->dead.reason;
    letter.ce_id = (ProtobufCBinaryData){16, (uint8_t *)(uintptr_t)item->id.bytes};
    letter.at_ms = job->received_at_ms;
    letter.sealed_value = sealed(job, SEA_DAYS_DEAD, SEA_TOPIC_DLQ, item->id, value, &letter.day);
    ret->topic = SEA_TOPIC_DLQ;
    ret->key = sea_arena_str(job->arena, sea_str(id));
    ret->headers.type = sea_str(letter.base.descriptor->name);
    ret->value = packed(job, &letter.base);
}

static enum sea_err finish(const struct job *job, const struct sea_outgoing *out)
{
    if (job->err) return job->err;
    return out->value.len > SEA_RECORD_MAX_BYTES ? SEA_ERR_REJECT : SEA_OK;
}

static struct sea_headers headers_of(const struct job *job, struct sea_uuid id,
                                     struct sea_str trace)
{
    const struct ingest_item *item = job->item;
    return (struct sea_headers){.id = id,
                                .root = sea_uuid_is_nil(item->root) ? item->id : item->root,
                                .source = item->source.len ? sea_arena_str(job->arena, item->source)
                                                           : SEA_STR("/seadesk/ingest"),
                                .originid = sea_arena_str(job->arena, item->origin_id),
                                .time_ms = job->received_at_ms,
                                .trace = trace};
}

enum sea_err ingest_encode(const struct ingest_encoder *encoder, const struct ingest_item *item,
                           int64_t received_at_ms, struct sea_str trace, struct sea_arena *arena,
                           struct sea_outgoing *ret)
{
    struct job job = {encoder, item, arena, received_at_ms, SEA_OK};
    *ret = (struct sea_outgoing){.headers = headers_of(&job, item->id, trace)};
    switch (item->kind) {
    case INGEST_MESSAGE:
        encode_message(&job, ret);
        break;
    case INGEST_RECEIPT:
        encode_receipt(&job, ret);
        break;
    case INGEST_CONSENT:
        encode_consent(&job, ret);
        break;
    case INGEST_PROFILE:
        encode_profile(&job, ret);
        break;
    case INGEST_ORDER:
        encode_order(&job, ret);
        break;
    case INGEST_LAUNCH:
        encode_launch(&job, ret);
        break;
    case INGEST_CALL:
        encode_call(&job, ret);
        break;
    case INGEST_DEAD:
        encode_dead(&job, ret);
        break;
    }
    return finish(&job, ret);
}

/* The id follows from the message's, so that a piece that is sent again is the same piece. */
enum sea_err ingest_encode_piece(const struct ingest_encoder *encoder,
                                 const struct ingest_item *item, uint32_t index, uint32_t piece,
                                 int64_t received_at_ms, struct sea_str trace,
                                 struct sea_arena *arena, struct sea_outgoing *ret)
{
    struct job job = {encoder, item, arena, received_at_ms, SEA_OK};
    const struct ingest_attachment *attachment = &item->message.attachments[index];
    struct sea_uuid id = sea_uuid_derive(item->id, "piece", index << 16 | piece);
    struct sea_key contact = contact_key(&job);
    Seadesk__V1__FilePiece record = SEADESK__V1__FILE_PIECE__INIT;
    record.contact_key = key_bytes(&job, contact);
    record.message_id =
        (ProtobufCBinaryData){sizeof(item->id.bytes), (uint8_t *)(uintptr_t)item->id.bytes};
    record.index = index;
    record.piece = piece;
    record.pieces = ingest_pieces(attachment);
    record.received_at_ms = received_at_ms;
    record.sealed = sealed(&job, SEA_DAYS_INTAKE, SEA_TOPIC_FILES, id,
                           ingest_piece(attachment, piece), &record.day);
    *ret = (struct sea_outgoing){.topic = SEA_TOPIC_FILES,
                                 .key = key_text(&job, contact),
                                 .value = packed(&job, &record.base),
                                 .headers = headers_of(&job, id, trace)};
    ret->headers.type = sea_str(record.base.descriptor->name);
    return finish(&job, ret);
}
