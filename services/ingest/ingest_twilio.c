/* ingest_twilio.c: Twilio's SMS webhooks and status callbacks (Twilio, "Twilio's request to your
 * webhook URL", "Track the message status of outbound messages"): forms signed with the account's
 * auth token. */
#include <stdio.h>
#include <string.h>

#include "ingest_adapter.h"
#include "sea_id.h"
#include "sea_webhook.h"
#include "seadesk/v1/messages.pb-c.h"
#include "seadesk/v1/types.pb-c.h"

static bool verify(const struct ingest_webhook *hook)
{
    bool is_good = false;
    if (hook->is_signature_doubled) return false;
    for (size_t i = 0; i < hook->macs_count; i++)
        is_good |= sea_webhook_twilio_form(hook->macs[i], hook->signature, hook->url, hook->body);
    return is_good;
}

static const struct {
    const char *status;
    Seadesk__V1__DeliveryState state;
} STATES[] = {
    {"sent", SEADESK__V1__DELIVERY_STATE__ACCEPTED},
    {"delivered", SEADESK__V1__DELIVERY_STATE__DELIVERED},
    {"read", SEADESK__V1__DELIVERY_STATE__READ},
    {"undelivered", SEADESK__V1__DELIVERY_STATE__FAILED},
    {"failed", SEADESK__V1__DELIVERY_STATE__FAILED},
};

static void set_contact(struct ingest_item *item, const struct sea_account *account,
                        struct sea_str contact)
{
    item->channel = sea_str(account->channel->name);
    item->account = sea_str(account->name);
    item->contact_id = contact;
}

static void read_status(const struct ingest_webhook *hook, struct sea_str sid,
                        struct sea_str status, struct ingest_items *items)
{
    int state = 0;
    for (size_t i = 0; i < SEA_COUNT(STATES); i++)
        if (sea_str_is(status, STATES[i].status)) state = (int)STATES[i].state;
    if (!state) return; /* queued, sending: nothing that the answer to our request didn't say */
    struct ingest_item *item = ingest_items_add(items, INGEST_RECEIPT);
    if (!item) return;
    struct sea_str parts[] = {sid, status};
    set_contact(item, hook->account, ingest_form_get(hook->body, "To", items->arena));
    item->id = ingest_id("receipt", hook->account, parts, SEA_COUNT(parts));
    item->receipt.state = state;
    item->receipt.provider_id = sid;
    item->receipt.error_code = ingest_form_text(hook->body, "ErrorCode", items->arena);
    if (!sea_uuid_parse(ingest_form_get(hook->query, "attempt", items->arena),
                        &item->receipt.attempt))
        item->receipt.attempt = (struct sea_uuid){{0}};
}

static int kind_of_mime(struct sea_str mime)
{
    if (sea_str_starts(mime, "image/")) return SEADESK__V1__MESSAGE_KIND__IMAGE;
    if (sea_str_starts(mime, "audio/")) return SEADESK__V1__MESSAGE_KIND__AUDIO;
    if (sea_str_starts(mime, "video/")) return SEADESK__V1__MESSAGE_KIND__VIDEO;
    return SEADESK__V1__MESSAGE_KIND__DOCUMENT;
}

static void read_media(const struct ingest_webhook *hook, struct ingest_message *message,
                       struct sea_arena *arena)
{
    uint64_t count = 0;
    char name[32];
    if (!sea_str_u64(ingest_form_get(hook->body, "NumMedia", arena), &count)) return;
    if (count > INGEST_ATTACHMENTS_MAX) count = INGEST_ATTACHMENTS_MAX;
    message->attachments = sea_arena_zero(arena, (count + 1) * sizeof(*message->attachments));
    if (!message->attachments) return;
    for (unsigned i = 0; i < count; i++) {
        struct ingest_attachment *attachment = &message->attachments[message->attachments_count];
        snprintf(name, sizeof(name), "MediaUrl%u", i);
        attachment->url = ingest_form_text(hook->body, name, arena);
        snprintf(name, sizeof(name), "MediaContentType%u", i);
        attachment->mime = ingest_form_text(hook->body, name, arena);
        if (attachment->url.len) message->attachments_count++;
    }
    if (message->attachments_count) message->kind = kind_of_mime(message->attachments[0].mime);
}

static void read_message(const struct ingest_webhook *hook, struct sea_str sid,
                         struct ingest_items *items)
{
    struct sea_arena *arena = items->arena;
    struct sea_str from = ingest_form_get(hook->body, "From", arena);
    bool is_good = ingest_is_id(from);
    struct ingest_item *item = is_good ? ingest_items_add(items, INGEST_MESSAGE)
                                       : ingest_items_add_dead(items, "unreadable", hook->body);
    if (!item) return;
    set_contact(item, hook->account, from);
    item->id = ingest_id(is_good ? "message" : "unreadable", hook->account, &sid, 1);
    if (!is_good) return;
    item->message.kind = SEADESK__V1__MESSAGE_KIND__TEXT;
    item->message.external_id = sid;
    if (from.ptr[0] == '+') item->message.phone = from;
    item->message.text = ingest_form_text(hook->body, "Body", arena);
    item->message.raw = hook->body;
    read_media(hook, &item->message, arena);
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_problem *problem)
{
    struct sea_str sid = ingest_form_get(hook->body, "MessageSid", items->arena);
    struct sea_str status = ingest_form_get(hook->body, "MessageStatus", items->arena);
    if (!sid.len) sid = ingest_form_get(hook->body, "SmsSid", items->arena);
    if (!ingest_is_id(sid))
        return ingest_refuse(problem, 422, "invalid", "MessageSid is missing or too long",
                             "/MessageSid");
    if (status.len && !sea_str_is(status, "received"))
        read_status(hook, sid, status, items);
    else
        read_message(hook, sid, items);
    return true;
}

/* A status callback wants no TwiML. */
static int status_of(const struct ingest_items *items)
{
    return items->count && items->list[0].kind == INGEST_MESSAGE ? 200 : 204;
}

const struct ingest_adapter ingest_twilio = {
    .id = SEA_ADAPTER_TWILIO_SMS,
    .signature_header = "x-twilio-signature",
    .hash = SEA_MAC_SHA1,
    .verify = verify,
    .parse = parse,
    .status = status_of,
    .content_type = "text/xml",
    .body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>",
};
