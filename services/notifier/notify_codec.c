/* notify_codec.c: protobuf to plain structs and back. */
#include "notify_codec.h"

#include <string.h>

#include "sea_id.h"
#include "seadesk/v1/deliveries.pb-c.h"

enum { RUNGS_MAX = 8 };

bool notify_codec_uuid(ProtobufCBinaryData bytes, struct sea_uuid *ret)
{
    if (bytes.len != sizeof(ret->bytes)) return false;
    memcpy(ret->bytes, bytes.data, bytes.len);
    return true;
}

bool notify_codec_key(ProtobufCBinaryData bytes, struct sea_key *ret)
{
    if (bytes.len != sizeof(ret->bytes)) return false;
    memcpy(ret->bytes, bytes.data, bytes.len);
    return true;
}

static bool read_class(Seadesk__V1__MessageClass class, enum sea_message_class *ret)
{
    static const enum sea_message_class classes[] = {
        [SEADESK__V1__MESSAGE_CLASS__REPLY] = SEA_CLASS_REPLY,
        [SEADESK__V1__MESSAGE_CLASS__AUTO] = SEA_CLASS_AUTO,
        [SEADESK__V1__MESSAGE_CLASS__SERVICE] = SEA_CLASS_SERVICE,
        [SEADESK__V1__MESSAGE_CLASS__MARKETING] = SEA_CLASS_MARKETING,
        [SEADESK__V1__MESSAGE_CLASS__INTERNAL] = SEA_CLASS_INTERNAL,
        [SEADESK__V1__MESSAGE_CLASS__LEGAL] = SEA_CLASS_LEGAL,
    };
    int index = (int)class;
    if (index < SEADESK__V1__MESSAGE_CLASS__REPLY || index > SEADESK__V1__MESSAGE_CLASS__LEGAL)
        return false;
    *ret = classes[index];
    return true;
}

static Seadesk__V1__MessageClass class_of(enum sea_message_class class)
{
    static const Seadesk__V1__MessageClass classes[SEA_CLASS_COUNT] = {
        [SEA_CLASS_REPLY] = SEADESK__V1__MESSAGE_CLASS__REPLY,
        [SEA_CLASS_AUTO] = SEADESK__V1__MESSAGE_CLASS__AUTO,
        [SEA_CLASS_SERVICE] = SEADESK__V1__MESSAGE_CLASS__SERVICE,
        [SEA_CLASS_MARKETING] = SEADESK__V1__MESSAGE_CLASS__MARKETING,
        [SEA_CLASS_INTERNAL] = SEADESK__V1__MESSAGE_CLASS__INTERNAL,
        [SEA_CLASS_LEGAL] = SEADESK__V1__MESSAGE_CLASS__LEGAL,
    };
    return classes[class];
}

static bool is_whole(const Seadesk__V1__Outbound *message)
{
    const Seadesk__V1__Draft *draft = message->draft;
    if (draft == NULL || draft->n_ladder == 0 || draft->n_ladder > RUNGS_MAX ||
        message->rung >= draft->n_ladder || message->text == NULL)
        return false;
    return message->n_for_rung == 0 ? draft->n_ladder == message->rung + 1
                                    : message->n_for_rung == draft->n_ladder;
}

static bool read_order(const Seadesk__V1__Outbound *message, struct notify_order *ret)
{
    const Seadesk__V1__Draft *draft = message->draft;
    if (!is_whole(message)) return false;
    *ret = (struct notify_order){
        .market = sea_str(draft->market),
        .zone = sea_str(draft->zone),
        .is_urgent = draft->is_urgent,
        .has_template = draft->template_ != NULL,
        .not_before_ms = draft->not_before_ms,
        .expires_at_ms = draft->expires_at_ms,
        .last_inbound_ms = draft->facts != NULL ? draft->facts->last_inbound_ms : 0,
        .drafted_at_ms = draft->drafted_at_ms,
        .prev_seq = draft->prev_seq,
        .rungs_count = (uint32_t)draft->n_ladder,
    };
    return draft->supersedes.len == 0 || notify_codec_uuid(draft->supersedes, &ret->supersedes);
}

static bool read_ids(const Seadesk__V1__Draft *draft, struct notify_delivery *ret)
{
    bool has_ticket =
        draft->ticket_id.len == 0 || notify_codec_uuid(draft->ticket_id, &ret->ticket_id);
    return has_ticket && notify_codec_uuid(draft->draft_id, &ret->draft_id) &&
           notify_codec_uuid(draft->message_id, &ret->message_id) &&
           notify_codec_uuid(draft->customer_id, &ret->customer_id) &&
           notify_codec_key(draft->home_key, &ret->home_key) &&
           read_class(draft->class_, &ret->class);
}

bool notify_codec_read(const struct sea_record *record, Seadesk__V1__Outbound *message,
                       int64_t now_ms, struct notify_delivery *ret)
{
    struct notify_delivery delivery = {.is_new = true, .is_changed = true, .message = message};
    const Seadesk__V1__Draft *draft = message->draft;
    if (!read_order(message, &delivery.order) || !read_ids(draft, &delivery)) return false;
    const Seadesk__V1__Rung *rung = draft->ladder[message->rung];
    if (!notify_codec_key(rung->contact_key, &delivery.contact_key)) return false;
    delivery.id = notify_delivery_id(delivery.draft_id, message->rung);
    delivery.cause_id = record->headers.id;
    delivery.event_id = record->headers.id;
    delivery.root_id =
        sea_uuid_is_nil(record->headers.root) ? record->headers.id : record->headers.root;
    delivery.trace = record->headers.trace;
    delivery.channel = sea_str(rung->channel);
    delivery.account = sea_str(rung->account);
    delivery.collapse_key = sea_str(draft->collapse_key);
    delivery.outbound = record->value;
    delivery.state = NOTIFY_WAITING;
    delivery.number = (uint32_t)record->partition;
    delivery.via = delivery.number;
    delivery.rung = message->rung;
    delivery.redraft = draft->redraft;
    delivery.seq = draft->seq;
    delivery.is_automatic = draft->is_automatic;
    delivery.offset = record->offset;
    delivery.due_ms = now_ms;
    delivery.created_ms = now_ms;
    delivery.at_ms = now_ms;
    *ret = delivery;
    return true;
}

bool notify_codec_unpack(struct sea_txn *txn, struct notify_delivery *delivery)
{
    if (delivery->outbound.len == 0 || delivery->message != NULL) return true;
    Seadesk__V1__Outbound *message =
        sea_txn_decode(txn, &seadesk__v1__outbound__descriptor, delivery->outbound);
    if (message == NULL || !read_order(message, &delivery->order)) return false;
    delivery->message = message;
    return true;
}

static ProtobufCBinaryData bytes_of(const void *data, size_t len)
{
    return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)(uintptr_t)data};
}

static char *text_of(struct sea_txn *txn, struct sea_str text)
{
    return sea_arena_dup(txn->arena, text);
}

static enum sea_err emit_event(struct sea_txn *txn, struct notify_delivery *delivery,
                               const struct notify_event *event, Seadesk__V1__SealedText *words)
{
    Seadesk__V1__DeliveryChanged out = SEADESK__V1__DELIVERY_CHANGED__INIT;
    char key[SEA_KEY_TEXT];
    sea_key_print(delivery->contact_key, key);
    delivery->version++;
    out.draft_id = bytes_of(delivery->draft_id.bytes, 16);
    out.message_id = bytes_of(delivery->message_id.bytes, 16);
    if (!sea_uuid_is_nil(delivery->ticket_id))
        out.ticket_id = bytes_of(delivery->ticket_id.bytes, 16);
    out.home_key = bytes_of(delivery->home_key.bytes, 16);
    out.contact_key = bytes_of(delivery->contact_key.bytes, 16);
    out.channel = text_of(txn, delivery->channel);
    out.account = text_of(txn, delivery->account);
    out.reason = text_of(txn, event->reason);
    if (out.channel == NULL || out.account == NULL || out.reason == NULL) return SEA_ERR_RETRY;
    out.rung = delivery->rung;
    out.version = notify_event_version(delivery, delivery->version);
    out.state = event->state;
    out.release_at_ms = event->release_at_ms;
    out.at_ms = event->at_ms;
    out.class_ = class_of(delivery->class);
    out.is_automatic = delivery->is_automatic;
    out.redraft = delivery->redraft;
    out.text = words;
    struct sea_cause cause = {delivery->id, delivery->root_id, delivery->trace};
    return sea_txn_emit(txn, delivery->via, SEA_TOPIC_DELIVERIES, sea_str(key), &out.base, &cause,
                        "deliveries", delivery->version, &delivery->event_id);
}

static enum sea_err emit_next_rung(struct sea_txn *txn, const struct notify_delivery *delivery)
{
    Seadesk__V1__Outbound out = *delivery->message;
    struct sea_key contact;
    char key[SEA_KEY_TEXT];
    uint32_t rung = delivery->rung + 1;
    if (!notify_codec_key(out.draft->ladder[rung]->contact_key, &contact)) return SEA_ERR_REJECT;
    sea_key_print(contact, key);
    out.rung = rung;
    out.text = out.for_rung[rung];
    struct sea_cause cause = {delivery->id, delivery->root_id, delivery->trace};
    return sea_txn_emit(txn, delivery->via, SEA_TOPIC_OUTBOUND, sea_str(key), &out.base, &cause,
                        "outbound", rung, NULL);
}

enum sea_err notify_codec_emit(struct sea_txn *txn, struct notify_delivery *delivery)
{
    const Seadesk__V1__Outbound *message = delivery->message;
    for (uint32_t i = 0; i < delivery->events_count; i++) {
        Seadesk__V1__SealedText *words =
            delivery->version == 0 && message != NULL ? message->text : NULL;
        enum sea_err err = emit_event(txn, delivery, &delivery->events[i], words);
        if (err) return err;
    }
    return delivery->needs_next_rung ? emit_next_rung(txn, delivery) : SEA_OK;
}
