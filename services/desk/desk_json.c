/* desk_json.c: plain data to JSON, member by member in the contract's order. */
#include "desk_json.h"

#include <stdlib.h>
#include <string.h>

#include <yyjson.h>

#include "desk_body.h"
#include "sea_enc.h"
#include "sea_id.h"

/* ---- members ---- */

/* Copies what is valid; a byte that isn't part of a character becomes '?'. */
static yyjson_mut_val *clean_copy(yyjson_mut_doc *doc, struct sea_str text)
{
    char *copy = sea_alloc(text.len + 1);
    size_t at = 0;
    while (at < text.len) {
        unsigned char lead = (unsigned char)text.ptr[at];
        size_t len = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        if (lead < 0x80) len = 1;
        bool is_good =
            at + len <= text.len && sea_utf8_is_valid((struct sea_str){text.ptr + at, len});
        if (is_good)
            memcpy(copy + at, text.ptr + at, len);
        else
            copy[at] = '?', len = 1;
        at += len;
    }
    yyjson_mut_val *value = yyjson_mut_strncpy(doc, copy, text.len);
    free(copy);
    return value;
}

static yyjson_mut_val *text_of(yyjson_mut_doc *doc, struct sea_str text)
{
    if (!text.len) return yyjson_mut_null(doc);
    if (!sea_utf8_is_valid(text)) return clean_copy(doc, text);
    return yyjson_mut_strn(doc, text.ptr, text.len);
}

static yyjson_mut_val *time_of(yyjson_mut_doc *doc, int64_t time_ms)
{
    char text[SEA_TIME_TEXT];
    if (!time_ms) return yyjson_mut_null(doc);
    sea_time_print(time_ms, text);
    return yyjson_mut_strcpy(doc, text);
}

static yyjson_mut_val *id_of(yyjson_mut_doc *doc, struct sea_uuid id)
{
    char text[SEA_UUID_TEXT];
    if (sea_uuid_is_nil(id)) return yyjson_mut_null(doc);
    sea_uuid_print(id, text);
    return yyjson_mut_strcpy(doc, text);
}

static void put(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name,
                yyjson_mut_val *value)
{
    yyjson_mut_obj_add(object, yyjson_mut_str(doc, name), value);
}

static void put_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name,
                     struct sea_str text)
{
    put(doc, object, name, text_of(doc, text));
}

static void put_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, int64_t time_ms)
{
    put(doc, object, name, time_of(doc, time_ms));
}

static void put_id(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name,
                   struct sea_uuid id)
{
    put(doc, object, name, id_of(doc, id));
}

static yyjson_mut_val *put_array(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name)
{
    yyjson_mut_val *array = yyjson_mut_arr(doc);
    put(doc, object, name, array);
    return array;
}

static void put_texts(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name,
                      const struct sea_str *texts, size_t count)
{
    yyjson_mut_val *array = put_array(doc, object, name);
    for (size_t i = 0; i < count; i++) yyjson_mut_arr_append(array, text_of(doc, texts[i]));
}

static yyjson_mut_val *add_object(yyjson_mut_doc *doc, yyjson_mut_val *array)
{
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    yyjson_mut_arr_append(array, object);
    return object;
}

static void print(yyjson_mut_doc *doc, yyjson_mut_val *root, struct sea_buf *ret)
{
    size_t len = 0;
    yyjson_mut_doc_set_root(doc, root);
    char *text = yyjson_mut_write(doc, YYJSON_WRITE_NOFLAG, &len);
    sea_assert(text);
    sea_buf_add(ret, text, len);
    free(text);
    yyjson_mut_doc_free(doc);
}

/* ---- messages ---- */

static yyjson_mut_val *translation_of(yyjson_mut_doc *doc,
                                      const struct desk_translation *translation)
{
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    put_text(doc, object, "state", translation->state);
    if (sea_str_is(translation->state, "none")) return object;
    put_text(doc, object, "language", translation->language);
    put_text(doc, object, "text", translation->text);
    put_text(doc, object, "engine", translation->engine);
    put(doc, object, "machine", yyjson_mut_bool(doc, translation->is_machine));
    put(doc, object, "quality",
        translation->quality > 0 && translation->quality <= 1
            ? yyjson_mut_real(doc, (double)(int)(translation->quality * 1000 + 0.5) / 1000)
            : yyjson_mut_null(doc));
    return object;
}

static yyjson_mut_val *delivery_of(yyjson_mut_doc *doc, const struct desk_delivery *delivery)
{
    if (!delivery->state.len) return yyjson_mut_null(doc);
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    put_text(doc, object, "state", delivery->state);
    put_text(doc, object, "reason", delivery->reason);
    if (delivery->has_span) {
        yyjson_mut_val *span = put_array(doc, object, "span");
        yyjson_mut_arr_add_int(doc, span, delivery->span_from);
        yyjson_mut_arr_add_int(doc, span, delivery->span_to);
    }
    put_time(doc, object, "release_at", delivery->release_at_ms);
    put_text(doc, object, "channel", delivery->channel);
    put_time(doc, object, "at", delivery->at_ms);
    return object;
}

static void put_download(yyjson_mut_doc *doc, yyjson_mut_val *row, struct sea_uuid event_id,
                         size_t index, const struct desk_attachment *attachment)
{
    char path[96], id[SEA_UUID_TEXT];
    if (!sea_str_is(attachment->state, "done")) return;
    sea_uuid_print(event_id, id);
    snprintf(path, sizeof(path), "/api/v1/media/%s/%zu", id, index);
    put(doc, row, "download", yyjson_mut_strcpy(doc, path));
}

static void put_attachments(yyjson_mut_doc *doc, yyjson_mut_val *object,
                            const struct desk_message *message)
{
    if (!message->attachments_count) return;
    yyjson_mut_val *array = put_array(doc, object, "attachments");
    for (size_t i = 0; i < message->attachments_count; i++) {
        const struct desk_attachment *attachment = &message->attachments[i];
        yyjson_mut_val *row = add_object(doc, array);
        put_text(doc, row, "name", attachment->name);
        put_text(doc, row, "mime", attachment->mime);
        put_text(doc, row, "url", attachment->url);
        put_text(doc, row, "media_id", attachment->media_id);
        put(doc, row, "size",
            attachment->size_bytes ? yyjson_mut_uint(doc, attachment->size_bytes)
                                   : yyjson_mut_null(doc));
        put_text(doc, row, "state", attachment->state);
        put_text(doc, row, "reason", attachment->reason);
        put_download(doc, row, message->event_id, i, attachment);
    }
}

static yyjson_mut_val *message_of(yyjson_mut_doc *doc, const struct desk_message *message)
{
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    put_id(doc, object, "event_id", message->event_id);
    put_id(doc, object, "message_id", message->message_id);
    put_text(doc, object, "direction", message->direction);
    put_text(doc, object, "channel", message->channel);
    put_text(doc, object, "account", message->account);
    put_text(doc, object, "external_id", message->external_id);
    put_id(doc, object, "ticket_id", message->ticket_id);
    put_id(doc, object, "conversation_id", message->conversation_id);
    if (message->seq) put(doc, object, "seq", yyjson_mut_int(doc, message->seq));
    put_id(doc, object, "customer_id", message->customer_id);
    put_text(doc, object, "market", message->market);
    put_text(doc, object, "language", message->language);
    put_text(doc, object, "subject", message->subject);
    put_text(doc, object, "text", message->text);
    put_text(doc, object, "agent", message->agent);
    put(doc, object, "translation", translation_of(doc, &message->translation));
    put_time(doc, object, "sent_at", message->sent_at_ms);
    put_time(doc, object, "received_at", message->received_at_ms);
    put_time(doc, object, "routed_at", message->routed_at_ms);
    put(doc, object, "delivery", delivery_of(doc, &message->delivery));
    put_attachments(doc, object, message);
    if (message->is_erased) put(doc, object, "erased", yyjson_mut_true(doc));
    return object;
}

void desk_json_conversation(const struct desk_conversation *page, struct sea_buf *ret)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    put_id(doc, object, "customer_id", page->customer_id);
    put_id(doc, object, "conversation_id",
           page->count ? page->items->conversation_id : (struct sea_uuid){{0}});
    yyjson_mut_val *array = put_array(doc, object, "messages");
    for (size_t i = 0; i < page->count; i++)
        yyjson_mut_arr_append(array, message_of(doc, &page->items[i]));
    put_text(doc, object, "next", sea_str(page->next));
    print(doc, object, ret);
}

void desk_json_message(const struct desk_message *message, struct sea_buf *ret)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    print(doc, message_of(doc, message), ret);
}

/* ---- customers ---- */

static yyjson_mut_val *put_consent(yyjson_mut_doc *doc, yyjson_mut_val *array,
                                   const struct desk_allowed *allowed)
{
    yyjson_mut_val *consent = add_object(doc, array);
    put_text(doc, consent, "channel", allowed->channel);
    put_text(doc, consent, "account", allowed->account);
    put_text(doc, consent, "class", allowed->class);
    put(doc, consent, "granted", yyjson_mut_bool(doc, allowed->is_granted));
    put_time(doc, consent, "at", allowed->at_ms);
    put_text(doc, consent, "source", allowed->source);
    return consent;
}

static yyjson_mut_val *customer_of(yyjson_mut_doc *doc, const struct desk_customer *customer)
{
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    put_id(doc, object, "id", customer->id);
    put_text(doc, object, "name", customer->name);
    put_text(doc, object, "phone", customer->phone);
    put_text(doc, object, "email", customer->email);
    put_text(doc, object, "locale", customer->locale);
    put_text(doc, object, "tier", customer->tier);
    put_text(doc, object, "market", customer->market);
    yyjson_mut_val *channels = put_array(doc, object, "channels");
    for (size_t i = 0; i < customer->contacts_count; i++) {
        yyjson_mut_val *channel = add_object(doc, channels);
        put_text(doc, channel, "channel", customer->contacts[i].channel);
        put_text(doc, channel, "account", customer->contacts[i].account);
        put_text(doc, channel, "id", customer->contacts[i].id);
    }
    yyjson_mut_val *consents = put_array(doc, object, "consents");
    for (size_t i = 0; i < customer->allowed_count; i++)
        put_consent(doc, consents, &customer->allowed[i]);
    return object;
}

void desk_json_customer(const struct desk_customer *customer, struct sea_buf *ret)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    print(doc, customer_of(doc, customer), ret);
}

/* ---- tickets ---- */

static void put_clocks(yyjson_mut_doc *doc, yyjson_mut_val *object,
                       const struct desk_ticket *ticket)
{
    yyjson_mut_val *clocks = put_array(doc, object, "clocks");
    for (size_t i = 0; i < ticket->clocks_count; i++) {
        const struct desk_clock *clock = &ticket->clocks[i];
        yyjson_mut_val *row = add_object(doc, clocks);
        put_text(doc, row, "clock", clock->clock);
        put_time(doc, row, "due_at", clock->due_at_ms);
        put_text(doc, row, "state", clock->state);
        put(doc, row, "withdrawn", yyjson_mut_bool(doc, clock->is_withdrawn));
        put_text(doc, row, "policy", clock->policy);
    }
}

static yyjson_mut_val *ticket_of(yyjson_mut_doc *doc, const struct desk_ticket *ticket)
{
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    put_id(doc, object, "id", ticket->id);
    put(doc, object, "version", yyjson_mut_uint(doc, ticket->version));
    put_text(doc, object, "status", ticket->status);
    put_text(doc, object, "market", ticket->market);
    put_text(doc, object, "zone", ticket->zone);
    put_text(doc, object, "channel", ticket->channel);
    put_text(doc, object, "language", ticket->language);
    put(doc, object, "priority", yyjson_mut_int(doc, ticket->priority));
    put_text(doc, object, "queue", ticket->queue);
    put_text(doc, object, "assignee", ticket->assignee);
    put_text(doc, object, "subject", ticket->subject);
    put_time(doc, object, "opened_at", ticket->opened_at_ms);
    put_time(doc, object, "snoozed_until", ticket->snoozed_until_ms);
    put_id(doc, object, "conversation_id", ticket->conversation_id);
    put_id(doc, object, "customer_id", ticket->customer_id);
    put_texts(doc, object, "order_ids", ticket->order_ids, ticket->order_ids_count);
    yyjson_mut_val *tags = yyjson_mut_obj(doc);
    put(doc, object, "tags", tags);
    put_text(doc, tags, "issue", ticket->issue);
    put_text(doc, tags, "emotion", ticket->emotion);
    put_text(doc, tags, "product_version", ticket->product_version);
    put_text(doc, tags, "stage", ticket->stage);
    put_clocks(doc, object, ticket);
    return object;
}

/* Only where there is one: most tickets have none. */
static void put_calls(yyjson_mut_doc *doc, yyjson_mut_val *object,
                      const struct desk_phone_call *calls, size_t count)
{
    yyjson_mut_val *array = count ? put_array(doc, object, "calls") : NULL;
    for (size_t i = 0; i < count; i++) {
        const struct desk_phone_call *call = &calls[i];
        bool is_timed = call->started_at_ms && call->answered_at_ms >= call->started_at_ms;
        yyjson_mut_val *row = add_object(doc, array);
        put_id(doc, row, "id", call->id);
        put_text(doc, row, "direction", call->direction);
        put_text(doc, row, "outcome", call->outcome);
        put(doc, row, "rings", yyjson_mut_int(doc, call->rings));
        put(doc, row, "wait_ms",
            is_timed ? yyjson_mut_int(doc, call->answered_at_ms - call->started_at_ms)
                     : yyjson_mut_null(doc));
        put_time(doc, row, "started_at", call->started_at_ms);
        put_time(doc, row, "answered_at", call->answered_at_ms);
        put_time(doc, row, "ended_at", call->ended_at_ms);
        put_text(doc, row, "agent", call->agent);
        put_text(doc, row, "recording", call->recording);
    }
}

void desk_json_ticket(const struct desk_ticket *ticket, struct sea_buf *ret)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *object = ticket_of(doc, ticket);
    yyjson_mut_val *messages = put_array(doc, object, "messages");
    for (size_t i = 0; i < ticket->messages_count; i++)
        yyjson_mut_arr_append(messages, message_of(doc, &ticket->messages[i]));
    yyjson_mut_val *decisions = put_array(doc, object, "decisions");
    for (size_t i = 0; i < ticket->decisions_count; i++) {
        yyjson_mut_val *row = add_object(doc, decisions);
        put_time(doc, row, "at", ticket->decisions[i].at_ms);
        put_text(doc, row, "by", ticket->decisions[i].by);
        put_text(doc, row, "what", ticket->decisions[i].what);
        put_text(doc, row, "reason", ticket->decisions[i].reason);
    }
    put_calls(doc, object, ticket->calls, ticket->calls_count);
    put(doc, object, "customer",
        ticket->customer ? customer_of(doc, ticket->customer) : yyjson_mut_null(doc));
    print(doc, object, ret);
}

void desk_json_tickets(const struct desk_ticket *tickets, size_t count, const char *next,
                       struct sea_buf *ret)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    yyjson_mut_val *items = put_array(doc, object, "items");
    for (size_t i = 0; i < count; i++) yyjson_mut_arr_append(items, ticket_of(doc, &tickets[i]));
    put_text(doc, object, "next", sea_str(next));
    print(doc, object, ret);
}

/* ---- orders ---- */

static void put_parcels(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct desk_order *order)
{
    yyjson_mut_val *parcels = put_array(doc, object, "parcels");
    for (size_t p = 0; p < order->parcels_count; p++) {
        const struct desk_parcel *parcel = &order->parcels[p];
        yyjson_mut_val *row = add_object(doc, parcels);
        put_text(doc, row, "parcel_id", parcel->parcel_id);
        put_text(doc, row, "state", parcel->state);
        put_text(doc, row, "carrier", parcel->carrier);
        put_text(doc, row, "tracking_number", parcel->tracking_number);
        yyjson_mut_val *events = put_array(doc, row, "events");
        for (size_t e = 0; e < order->events_count; e++) {
            const struct desk_parcel_event *event = &order->events[e];
            if (!sea_str_eq(event->parcel_id, parcel->parcel_id)) continue;
            yyjson_mut_val *item = add_object(doc, events);
            put_text(doc, item, "type", event->type);
            put_time(doc, item, "at", event->at_ms);
            put_text(doc, item, "reason", event->reason);
            put_text(doc, item, "location", event->location);
        }
    }
}

static void put_exceptions(yyjson_mut_doc *doc, yyjson_mut_val *object,
                           const struct desk_order *order)
{
    yyjson_mut_val *exceptions = put_array(doc, object, "exceptions");
    for (size_t i = 0; i < order->exceptions_count; i++) {
        const struct desk_exception *exception = &order->exceptions[i];
        yyjson_mut_val *row = add_object(doc, exceptions);
        put_text(doc, row, "class", exception->class);
        put_text(doc, row, "parcel_id", exception->parcel_id);
        put_time(doc, row, "since", exception->since_ms);
        put_text(doc, row, "reason", exception->reason);
        put_time(doc, row, "expected_at", exception->expected_at_ms);
        put_time(doc, row, "closed_at", exception->closed_at_ms);
    }
}

void desk_json_order(const struct desk_order *order, struct sea_buf *ret)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    put_text(doc, object, "order_id", order->order_id);
    put_text(doc, object, "market", order->market);
    put_id(doc, object, "customer_id", order->customer_id);
    put_text(doc, object, "state", order->state);
    yyjson_mut_val *milestones = put_array(doc, object, "milestones");
    for (size_t i = 0; i < order->milestones_count; i++) {
        yyjson_mut_val *row = add_object(doc, milestones);
        put_text(doc, row, "name", order->milestones[i].name);
        put_time(doc, row, "at", order->milestones[i].at_ms);
    }
    put_parcels(doc, object, order);
    put_exceptions(doc, object, order);
    yyjson_mut_val *notices = put_array(doc, object, "notices");
    for (size_t i = 0; i < order->notices_count; i++) {
        const struct desk_notice *notice = &order->notices[i];
        yyjson_mut_val *row = add_object(doc, notices);
        put_text(doc, row, "about", notice->about);
        put_text(doc, row, "parcel_id", notice->parcel_id);
        put_id(doc, row, "event_id", notice->event_id);
        put_text(doc, row, "state", notice->state);
        put(doc, row, "delivery", delivery_of(doc, &notice->delivery));
    }
    print(doc, object, ret);
}

/* ---- the rest ---- */

void desk_json_story(const struct desk_story *story, struct sea_buf *ret)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    put_id(doc, object, "event_id", story->event_id);
    put_text(doc, object, "type", story->type);
    yyjson_mut_val *steps = put_array(doc, object, "steps");
    for (size_t i = 0; i < story->steps_count; i++) {
        const struct desk_step *step = &story->steps[i];
        yyjson_mut_val *row = add_object(doc, steps);
        put_time(doc, row, "at", step->at_ms);
        put_text(doc, row, "service", step->service);
        put_text(doc, row, "what", step->what);
        put_text(doc, row, "topic", step->topic);
        put(doc, row, "partition",
            step->has_record ? yyjson_mut_int(doc, step->partition) : yyjson_mut_null(doc));
        put(doc, row, "offset",
            step->has_record ? yyjson_mut_int(doc, step->offset) : yyjson_mut_null(doc));
        put_id(doc, row, "event_id", step->event_id);
        put_id(doc, row, "caused_by", step->caused_by);
    }
    print(doc, object, ret);
}

void desk_json_request(const struct desk_request *request, struct sea_buf *ret)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    put_id(doc, object, "request_id", request->request_id);
    put_id(doc, object, "customer_id", request->customer_id);
    put_text(doc, object, "kind", request->kind);
    put_text(doc, object, "state", request->state);
    struct sea_str stores = request->stores.len ? request->stores : SEA_STR("[]");
    put(doc, object, "stores", yyjson_mut_rawn(doc, stores.ptr, stores.len));
    put_text(doc, object, "certificate", request->certificate);
    print(doc, object, ret);
}

/* ---- what is kept of a person ---- */

static void put_own_contacts(yyjson_mut_doc *doc, yyjson_mut_val *object,
                             const struct desk_export *own)
{
    yyjson_mut_val *contacts = put_array(doc, object, "contacts");
    for (size_t i = 0; i < own->contacts_count; i++) {
        const struct desk_own_contact *contact = &own->contacts[i];
        yyjson_mut_val *row = add_object(doc, contacts);
        put_text(doc, row, "channel", contact->channel);
        put_text(doc, row, "account", contact->account);
        put_text(doc, row, "id", contact->id);
        put_text(doc, row, "name", contact->name);
        put_text(doc, row, "phone", contact->phone);
        put_text(doc, row, "email", contact->email);
        put_text(doc, row, "locale", contact->locale);
        put_text(doc, row, "tier", contact->tier);
        put_text(doc, row, "observance", contact->observance);
        put_text(doc, row, "handset", contact->handset);
        put_text(doc, row, "market", contact->market);
        put_text(doc, row, "language", contact->language);
        put_time(doc, row, "since", contact->since_ms);
    }
}

static void put_own_tickets(yyjson_mut_doc *doc, yyjson_mut_val *object,
                            const struct desk_export *own)
{
    yyjson_mut_val *tickets = put_array(doc, object, "tickets");
    for (size_t i = 0; i < own->tickets_count; i++) {
        const struct desk_own_ticket *ticket = &own->tickets[i];
        yyjson_mut_val *row = add_object(doc, tickets);
        put_id(doc, row, "id", ticket->id);
        put_text(doc, row, "status", ticket->status);
        put_text(doc, row, "market", ticket->market);
        put_text(doc, row, "channel", ticket->channel);
        put_text(doc, row, "language", ticket->language);
        put_text(doc, row, "subject", ticket->subject);
        put_time(doc, row, "opened_at", ticket->opened_at_ms);
        put_time(doc, row, "resolved_at", ticket->resolved_at_ms);
        put_texts(doc, row, "order_ids", ticket->order_ids, ticket->order_ids_count);
    }
}

static void put_own_orders(yyjson_mut_doc *doc, yyjson_mut_val *object,
                           const struct desk_export *own)
{
    yyjson_mut_val *orders = put_array(doc, object, "orders");
    for (size_t i = 0; i < own->orders_count; i++) {
        yyjson_mut_val *row = add_object(doc, orders);
        put_text(doc, row, "order_id", own->orders[i].order_id);
        put_text(doc, row, "market", own->orders[i].market);
    }
}

void desk_json_export(const struct desk_export *own, bool is_first, const char *next,
                      struct sea_buf *ret)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    put_id(doc, object, "request_id", own->request_id);
    put_id(doc, object, "customer_id", own->customer_id);
    if (is_first) {
        put_own_contacts(doc, object, own);
        yyjson_mut_val *consents = put_array(doc, object, "consents");
        for (size_t i = 0; i < own->consents_count; i++)
            put_text(doc, put_consent(doc, consents, &own->consents[i]), "proof",
                     own->consents[i].proof);
        put_own_tickets(doc, object, own);
        put_calls(doc, object, own->calls, own->calls_count);
        put_own_orders(doc, object, own);
        put_texts(doc, object, "certificates", own->certificates, own->certificates_count);
    }
    yyjson_mut_val *messages = put_array(doc, object, "messages");
    for (size_t i = 0; i < own->messages_count; i++)
        yyjson_mut_arr_append(messages, message_of(doc, &own->messages[i]));
    put_text(doc, object, "next", sea_str(next));
    print(doc, object, ret);
}

void desk_json_presence(const struct desk_presence *presence, struct sea_buf *ret)
{
    struct desk_limit limits[DESK_LIMITS_MAX];
    size_t count = desk_limits_parse(presence->limits, limits);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *object = yyjson_mut_obj(doc), *capacity = yyjson_mut_obj(doc),
                   *channels = yyjson_mut_obj(doc);
    put_text(doc, object, "user", presence->user);
    put_text(doc, object, "agent", presence->user);
    put_text(doc, object, "name", presence->name);
    put_text(doc, object, "state", presence->state);
    put(doc, object, "capacity", capacity);
    put(doc, capacity, "weight", yyjson_mut_int(doc, presence->weight));
    put(doc, capacity, "channels", channels);
    for (size_t i = 0; i < count; i++)
        yyjson_mut_obj_add(channels, text_of(doc, limits[i].channel),
                           yyjson_mut_uint(doc, limits[i].limit));
    put(doc, object, "load", yyjson_mut_int(doc, presence->load));
    print(doc, object, ret);
}

void desk_json_id(const char *name, struct sea_uuid id, struct sea_buf *ret)
{
    char text[SEA_UUID_TEXT];
    sea_uuid_print(id, text);
    sea_buf_printf(ret, "{\"%s\":\"%s\"}", name, text);
}
