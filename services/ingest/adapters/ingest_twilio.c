/* ingest_twilio.c: Twilio's SMS webhooks and status callbacks (Twilio, "Twilio's request to your
 * webhook URL", "Track the message status of outbound messages"): forms signed with the account's
 * auth token. */
#include <stdio.h>
#include <string.h>

#include "ingest_adapter.h"
#include "sea_id.h"
#include "seadesk/v1/messages.pb-c.h"
#include "seadesk/v1/types.pb-c.h"

/* queued, sending: nothing that the answer to our request didn't say. */
static const struct ingest_word STATES[] = {
    {"sent", SEADESK__V1__DELIVERY_STATE__ACCEPTED},
    {"delivered", SEADESK__V1__DELIVERY_STATE__DELIVERED},
    {"read", SEADESK__V1__DELIVERY_STATE__READ},
    {"undelivered", SEADESK__V1__DELIVERY_STATE__FAILED},
    {"failed", SEADESK__V1__DELIVERY_STATE__FAILED},
};

static void read_status(const struct ingest_webhook *hook, struct sea_str sid,
                        struct sea_str status, struct ingest_items *items)
{
    struct ingest_item *item = ingest_found_receipt(
        hook, items, ingest_word_of(STATES, SEA_COUNT(STATES), status, 0), sid,
        ingest_form_get(hook->body, "To", items->arena), status, (struct sea_str){NULL, 0});
    if (!item) return;
    item->receipt.error_code = ingest_form_text(hook->body, "ErrorCode", items->arena);
    if (!sea_uuid_parse(ingest_form_get(hook->query, "attempt", items->arena),
                        &item->receipt.attempt))
        item->receipt.attempt = (struct sea_uuid){{0}};
}

static void read_media(const struct ingest_webhook *hook, struct ingest_message *message,
                       struct ingest_items *items)
{
    uint64_t count = 0;
    char name[32];
    if (!sea_str_u64(ingest_form_get(hook->body, "NumMedia", items->arena), &count)) return;
    for (unsigned i = 0; i < count && i < INGEST_ATTACHMENTS_MAX; i++) {
        struct ingest_attachment attachment = {0};
        snprintf(name, sizeof(name), "MediaUrl%u", i);
        attachment.url = ingest_form_text(hook->body, name, items->arena);
        snprintf(name, sizeof(name), "MediaContentType%u", i);
        attachment.mime = ingest_form_text(hook->body, name, items->arena);
        if (attachment.url.len) ingest_found_attachment(items, message, &attachment);
    }
    if (message->attachments_count)
        message->kind = ingest_kind_of_media(message->attachments[0].mime);
}

static void read_message(const struct ingest_webhook *hook, struct sea_str sid,
                         struct ingest_items *items)
{
    struct sea_str from = ingest_form_get(hook->body, "From", items->arena);
    struct ingest_item *item = ingest_found_message(hook, items, sid, from, hook->body);
    if (!item) return;
    if (from.ptr[0] == '+') item->message.phone = from;
    item->message.text = ingest_form_text(hook->body, "Body", items->arena);
    read_media(hook, &item->message, items);
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    struct sea_str sid = ingest_form_get(hook->body, "MessageSid", items->arena);
    struct sea_str status = ingest_form_get(hook->body, "MessageStatus", items->arena);
    if (!sid.len) sid = ingest_form_get(hook->body, "SmsSid", items->arena);
    if (!ingest_is_id(sid))
        return ingest_refuse(problem, 422, "invalid", "MessageSid is missing or too long",
                             "/MessageSid");
    if (status.len && !sea_str_is(status, "received")) {
        *reply = (struct ingest_reply){.status = 204}; /* a status callback wants no TwiML */
        read_status(hook, sid, status, items);
    } else {
        read_message(hook, sid, items);
    }
    return true;
}

const struct ingest_adapter ingest_twilio = {
    .secret = INGEST_SECRET_SHA1,
    .bodies = INGEST_FORM,
    .proof = {"x-twilio-signature"},
    .verify = ingest_verify_twilio,
    .parse = parse,
    .reply = {.content_type = "text/xml", .body = {INGEST_TWIML, sizeof(INGEST_TWIML) - 1}},
};
