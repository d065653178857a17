/* ingest_twilio.c: Twilio's SMS webhooks and status callbacks (Twilio, "Twilio's request to your
 * webhook URL", "Track the message status of outbound messages"): forms signed with the account's
 * auth token. */
#include <stdio.h>
#include <string.h>

#include "ingest_adapter.h"
#include "sea_id.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/messages.pb-c.h"
#include "seadesk/v1/types.pb-c.h"

/* What comes over WhatsApp or RCS names its sender with that before the number. */
static struct sea_str number_of(struct sea_str from)
{
    const char *colon = from.len ? memchr(from.ptr, ':', from.len) : NULL;
    size_t skip = colon ? (size_t)(colon - from.ptr) + 1 : 0;
    if (skip >= from.len || from.ptr[skip] != '+') return (struct sea_str){NULL, 0};
    return (struct sea_str){from.ptr + skip, from.len - skip};
}

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
    if (!item) {
        ingest_ignore(items, "status");
        return;
    }
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

/* A word by which Twilio itself ended or took up what it sends there, and which it answered
 * (Twilio, "Advanced opt-out"); the company chose it, so that nobody else knows it. */
static bool read_opt_out(const struct ingest_webhook *hook, struct sea_str sid,
                         struct ingest_items *items)
{
    struct sea_str word = ingest_form_text(hook->body, "OptOutType", items->arena),
                   from = ingest_form_get(hook->body, "From", items->arena);
    bool is_stop = sea_str_is(word, "STOP");
    if (!is_stop && !sea_str_is(word, "START")) return false;
    struct sea_str proof =
        ingest_printed(items->arena, "%.*s %.*s", (int)word.len, word.ptr, (int)sid.len, sid.ptr);
    ingest_found_consent(hook, items, SEADESK__V1__CONSENT_CLASS__CONSENT_SERVICE, !is_stop, from,
                         proof, 0);
    if (is_stop)
        ingest_found_consent(hook, items, SEADESK__V1__CONSENT_CLASS__CONSENT_MARKETING, false,
                             from, proof, 0);
    return true;
}

static void read_message(const struct ingest_webhook *hook, struct sea_str sid,
                         struct ingest_items *items)
{
    struct sea_str from = ingest_form_get(hook->body, "From", items->arena);
    bool is_word = read_opt_out(hook, sid, items);
    struct ingest_item *item = ingest_found_message(hook, items, sid, from, hook->body);
    if (!item) return;
    struct ingest_message *message = &item->message;
    struct sea_str latitude = ingest_form_text(hook->body, "Latitude", items->arena);
    message->is_automatic = is_word;
    message->phone = number_of(from);
    message->name = ingest_form_text(hook->body, "ProfileName", items->arena);
    message->text = ingest_form_text(hook->body, "Body", items->arena);
    message->in_reply_to = ingest_form_text(hook->body, "OriginalRepliedMessageSid", items->arena);
    read_media(hook, message, items);
    if (!latitude.len) return;
    message->kind = SEADESK__V1__MESSAGE_KIND__LOCATION;
    message->text =
        ingest_place(ingest_form_text(hook->body, "Label", items->arena),
                     ingest_form_text(hook->body, "Address", items->arena), latitude,
                     ingest_form_text(hook->body, "Longitude", items->arena), items->arena);
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    struct sea_str sid = ingest_form_get(hook->body, "MessageSid", items->arena);
    struct sea_str status = ingest_form_get(hook->body, "MessageStatus", items->arena);
    if (!status.len) status = ingest_form_get(hook->body, "SmsStatus", items->arena);
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
