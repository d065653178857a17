/* router_read.c: records become items. */
#include "router_read.h"

#include <string.h>

#include "router_metrics.h"
#include "sea_detect.h"
#include "sea_id.h"
#include "sea_metrics_common.h"

enum { BATCH_BYTES_MAX = 24 * 1024 * 1024 };

/* The types that router knows, by their full protobuf name. */
static const struct {
    enum router_item_kind kind;
    const ProtobufCMessageDescriptor *type;
} TYPES[] = {
    {ROUTER_ITEM_MESSAGE, &seadesk__v1__message_received__descriptor},
    {ROUTER_ITEM_DELIVERY, &seadesk__v1__delivery_changed__descriptor},
    {ROUTER_ITEM_TRANSLATION, &seadesk__v1__translation_done__descriptor},
    {ROUTER_ITEM_DEADLINE, &seadesk__v1__deadline_changed__descriptor},
    {ROUTER_ITEM_COMMAND, &seadesk__v1__command__descriptor},
    {ROUTER_ITEM_MILESTONE, &seadesk__v1__milestone_reached__descriptor},
    {ROUTER_ITEM_EXCEPTION, &seadesk__v1__exception_changed__descriptor},
    {ROUTER_ITEM_NOTICE, &seadesk__v1__notice_due__descriptor},
    {ROUTER_ITEM_CALL_CHANGED, &seadesk__v1__call_changed__descriptor},
    {ROUTER_ITEM_CALL_ENDED, &seadesk__v1__call_ended__descriptor},
    {ROUTER_ITEM_PROFILE, &seadesk__v1__profile_changed__descriptor},
    {ROUTER_ITEM_CONSENT, &seadesk__v1__consent_changed__descriptor},
    {ROUTER_ITEM_ERASURE_REQUESTED, &seadesk__v1__erasure_requested__descriptor},
    {ROUTER_ITEM_ERASURE_ORDERED, &seadesk__v1__erasure_ordered__descriptor},
};

static void refuse(struct router_batch *batch, struct router_item *item, const char *reason)
{
    item->kind = ROUTER_ITEM_SKIPPED;
    sea_txn_refuse(batch->txn, item->record, reason);
}

/* Opens what ingest sealed and decodes it. NULL with OK: the item was dealt with. */
static enum sea_err open_body(struct router_batch *batch, struct router_item *item,
                              ProtobufCBinaryData sealed, const ProtobufCMessageDescriptor *type,
                              void **ret)
{
    struct router_tools *tools = batch->tools;
    bool is_gone = false;
    struct sea_place place = {sea_str(sea_topic_info(item->record->topic)->name), SEA_STR("sealed"),
                              router_map_id(&item->cause.id)};
    *ret = NULL;
    sea_buf_reset(&tools->buf);
    enum sea_err err = sea_days_unseal(tools->days, SEA_DAYS_INTAKE, &place,
                                       router_bytes_of(sealed), &tools->buf, &is_gone);
    if (err == SEA_ERR_RETRY || err == SEA_ERR_FATAL) return err;
    if (is_gone) {
        item->kind = ROUTER_ITEM_SKIPPED;
        sea_metric_inc(&sea_m_consumed_total, sea_topic_info(item->record->topic)->name, "erased");
        return SEA_OK;
    }
    if (!err) *ret = sea_txn_decode(batch->txn, type, sea_buf_view(&tools->buf));
    if (!*ret) refuse(batch, item, err ? "unsealable" : "undecodable");
    return SEA_OK;
}

static bool is_16(ProtobufCBinaryData bytes)
{
    return bytes.len == 16;
}

static void read_intent(struct router_reading *reading, enum sea_intent intent)
{
    switch (intent) {
    case SEA_INTENT_STOP:
        reading->word = ROUTER_STOP;
        break;
    case SEA_INTENT_START:
        reading->word = ROUTER_START;
        break;
    case SEA_INTENT_STOP_REQUEST:
        reading->asks_to_stop = true;
        break;
    case SEA_INTENT_PERSON:
        reading->asks_for_person = true;
        break;
    case SEA_INTENT_ORDER_STATUS:
        reading->asks_for_order = true;
        break;
    case SEA_INTENT_NONE:
    case SEA_INTENT_COUNT:
        break;
    }
}

static void read_text(struct router_batch *batch, struct router_item *item, struct sea_str text)
{
    const struct router_contact *contact = router_batch_contact(batch, item->contact);
    const struct sea_market *market = contact->market;
    struct sea_lexicon_extra extra = {market->stop_words.items, market->start_words.items,
                                      market->stop_words.count, market->start_words.count};
    struct router_reading *reading = &item->reading;
    struct sea_detected detected = sea_detect(text, sea_str(item->body->locale));
    if (strcmp(detected.language, "und") != 0)
        reading->language = sea_arena_str(batch->txn->arena, sea_str(detected.language));
    reading->is_language_sure = detected.is_sure && reading->language.len > 0;
    read_intent(reading, sea_lexicon_intent(batch->tools->lexicon, text, &extra));
    char refs[SEA_REFS_MAX][SEA_REF_TEXT];
    item->ref_count = sea_refs(text, refs);
    for (uint32_t i = 0; i < item->ref_count; i++)
        item->refs[i] = sea_arena_str(batch->txn->arena, sea_str(refs[i]));
}

void router_read_texts(struct router_batch *batch)
{
    for (size_t i = 0; i < batch->item_count; i++) {
        struct router_item *item = &batch->items[i];
        if (item->kind != ROUTER_ITEM_MESSAGE) continue;
        if (item->message->kind != SEADESK__V1__MESSAGE_KIND__TEXT || !item->body->text[0])
            continue;
        read_text(batch, item, sea_str(item->body->text));
    }
}

static enum sea_err read_message(struct router_batch *batch, struct router_item *item)
{
    void *body = NULL;
    const Seadesk__V1__MessageReceived *message = item->message;
    if (!is_16(message->contact_key)) {
        refuse(batch, item, "malformed");
        return SEA_OK;
    }
    item->contact = router_key_of(message->contact_key);
    item->at_ms = message->received_at_ms;
    item->order_id = sea_str(message->order_id);
    enum sea_err err =
        open_body(batch, item, message->sealed, &seadesk__v1__message_body__descriptor, &body);
    item->body = body;
    if (err || !body) return err;
    if (message->kind != SEADESK__V1__MESSAGE_KIND__OTHER) {
        item->body->raw = (ProtobufCBinaryData){0, NULL}; /* what is understood isn't kept twice */
        item->body->is_raw_cut = false;
    }
    return SEA_OK;
}

static enum sea_err read_profile(struct router_batch *batch, struct router_item *item)
{
    void *body = NULL;
    if (!is_16(item->profile->contact_key)) {
        refuse(batch, item, "malformed");
        return SEA_OK;
    }
    item->contact = router_key_of(item->profile->contact_key);
    item->at_ms = item->profile->received_at_ms;
    enum sea_err err = open_body(batch, item, item->profile->sealed,
                                 &seadesk__v1__profile_body__descriptor, &body);
    item->profile_body = body;
    return err;
}

/* One without a number lies under a key of its own: then that is its contact (router_calls.h). */
static enum sea_err read_call(struct router_batch *batch, struct router_item *item)
{
    bool is_over = item->kind == ROUTER_ITEM_CALL_ENDED;
    ProtobufCBinaryData key =
        is_over ? item->call_ended->contact_key : item->call_changed->contact_key;
    void *body = NULL;
    if (key.len && !is_16(key)) {
        refuse(batch, item, "malformed");
        return SEA_OK;
    }
    item->contact = router_key_of(key);
    item->at_ms = is_over ? item->call_ended->received_at_ms : item->call_changed->received_at_ms;
    item->order_id = sea_str(is_over ? item->call_ended->order_id : item->call_changed->order_id);
    enum sea_err err =
        open_body(batch, item, is_over ? item->call_ended->sealed : item->call_changed->sealed,
                  &seadesk__v1__call_body__descriptor, &body);
    item->call_body = body;
    if (err || !body) return err;
    struct sea_str account =
        sea_str(is_over ? item->call_ended->account : item->call_changed->account);
    struct sea_key id = sea_contact_key(&batch->tools->pepper, SEA_STR("call"), account,
                                        sea_str(item->call_body->call_id));
    memcpy(item->call_id.bytes, id.bytes, sizeof(item->call_id.bytes));
    return SEA_OK;
}

static void read_command(struct router_batch *batch, struct router_item *item)
{
    const Seadesk__V1__Command *command = item->command;
    if (!command->agent || !command->agent->user[0] || command->body_hash.len != 32) {
        refuse(batch, item, "malformed");
        return;
    }
    if (command->what_case == SEADESK__V1__COMMAND__WHAT_PRESENCE) {
        item->kind = ROUTER_ITEM_PRESENCE;
        return;
    }
    if (command->what_case == SEADESK__V1__COMMAND__WHAT__NOT_SET || !is_16(command->ticket_id) ||
        !is_16(command->home_key)) {
        refuse(batch, item, "malformed");
        return;
    }
    item->contact = router_key_of(command->home_key);
    item->ticket_id = router_uuid_of(command->ticket_id);
}

static void read_delivery(struct router_item *item)
{
    const Seadesk__V1__DeliveryChanged *delivery = item->delivery;
    item->contact = router_key_of(delivery->home_key);
    item->ticket_id = router_uuid_of(delivery->ticket_id);
    item->message_id = router_uuid_of(delivery->message_id);
}

/* What needs no more than its fields put in their places. */
static void read_plain(struct router_batch *batch, struct router_item *item)
{
    switch (item->kind) {
    case ROUTER_ITEM_CONSENT:
        if (!is_16(item->consent->contact_key)) refuse(batch, item, "malformed");
        item->contact = router_key_of(item->consent->contact_key);
        break;
    case ROUTER_ITEM_TRANSLATION:
        item->contact = router_key_of(item->translation->contact_key);
        item->message_id = router_uuid_of(item->translation->message_id);
        break;
    case ROUTER_ITEM_DELIVERY:
        read_delivery(item);
        break;
    case ROUTER_ITEM_DEADLINE:
        item->ticket_id = router_uuid_of(item->deadline->ticket_id);
        if (item->deadline->ticket_id.len != 16) item->kind = ROUTER_ITEM_SKIPPED;
        break;
    case ROUTER_ITEM_MILESTONE:
        item->order_id = sea_str(item->milestone->order_id);
        break;
    case ROUTER_ITEM_EXCEPTION:
        item->order_id = sea_str(item->exception->order_id);
        break;
    case ROUTER_ITEM_NOTICE:
        item->order_id = sea_str(item->notice->order_id);
        item->contact = router_key_of(item->notice->contact_key);
        break;
    case ROUTER_ITEM_SKIPPED:
    case ROUTER_ITEM_MESSAGE:
    case ROUTER_ITEM_CALL_CHANGED:
    case ROUTER_ITEM_CALL_ENDED:
    case ROUTER_ITEM_PROFILE:
    case ROUTER_ITEM_COMMAND:
    case ROUTER_ITEM_PRESENCE:
    case ROUTER_ITEM_ERASURE_REQUESTED:
    case ROUTER_ITEM_ERASURE_ORDERED:
        break;
    }
}

static enum sea_err read_item(struct router_batch *batch, struct router_item *item)
{
    const struct sea_record *record = item->record;
    const char *topic = sea_topic_info(record->topic)->name;
    for (size_t i = 0; i < SEA_COUNT(TYPES) && !item->kind; i++) {
        if (!sea_record_is(record, TYPES[i].type)) continue;
        item->kind = TYPES[i].kind;
        item->message = sea_txn_decode(batch->txn, TYPES[i].type, record->value);
        if (!item->message) {
            refuse(batch, item, "undecodable");
            return SEA_OK;
        }
    }
    if (item->kind == ROUTER_ITEM_SKIPPED) {
        sea_metric_inc(&sea_m_consumed_total, topic, "unknown_type");
        return SEA_OK;
    }
    if (item->kind == ROUTER_ITEM_MESSAGE) return read_message(batch, item);
    if (item->kind == ROUTER_ITEM_CALL_CHANGED || item->kind == ROUTER_ITEM_CALL_ENDED)
        return read_call(batch, item);
    if (item->kind == ROUTER_ITEM_PROFILE) return read_profile(batch, item);
    if (item->kind == ROUTER_ITEM_COMMAND)
        read_command(batch, item);
    else
        read_plain(batch, item);
    return SEA_OK;
}

static struct router_cause cause_of(const struct sea_record *record)
{
    struct router_cause cause = {
        .id = record->headers.id,
        .root = sea_uuid_is_nil(record->headers.root) ? record->headers.id : record->headers.root,
        .trace = record->headers.trace,
        .topic = sea_topic_info(record->topic)->name,
        .number =
            record->topic == SEA_TOPIC_PRIVACY ? SEA_NUMBER_PRIVACY : (uint32_t)record->partition,
        .offset = record->offset,
    };
    return cause;
}

enum sea_err router_read(struct router_batch *batch, const struct sea_record *records, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) bytes += records[i].value.len;
    if (bytes > BATCH_BYTES_MAX && count > 1) return SEA_ERR_REJECT;
    batch->items = router_batch_alloc(batch, count * sizeof(*batch->items));
    batch->item_count = count;
    for (size_t i = 0; i < count; i++) {
        struct router_item *item = &batch->items[i];
        item->record = &records[i];
        item->cause = cause_of(&records[i]);
        enum sea_err err = read_item(batch, item);
        if (err) return err;
    }
    return SEA_OK;
}

const Seadesk__V1__NoticeDue *router_read_notice(struct router_batch *batch, struct sea_str bytes)
{
    return sea_txn_decode(batch->txn, &seadesk__v1__notice_due__descriptor, bytes);
}
