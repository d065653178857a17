/* ingest_whatsapp.c: WhatsApp Cloud API webhooks (Meta, "Webhooks for WhatsApp Business Platform"):
 * messages and statuses of every entry, signed with the app secret. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_adapter.h"
#include "ingest_json.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "sea_webhook.h"
#include "seadesk/v1/messages.pb-c.h"
#include "seadesk/v1/types.pb-c.h"

static struct sea_str challenge(const struct ingest_webhook *hook, struct sea_arena *arena)
{
    struct sea_str mode = ingest_form_get(hook->query, "hub.mode", arena);
    struct sea_str token = ingest_form_get(hook->query, "hub.verify_token", arena);
    if (!sea_str_is(mode, "subscribe") || !sea_secrets_match(&hook->account->verify_token, token))
        return (struct sea_str){NULL, 0};
    return ingest_form_get(hook->query, "hub.challenge", arena);
}

static bool verify(const struct ingest_webhook *hook)
{
    bool is_good = false;
    if (hook->is_signature_doubled) return false;
    for (size_t i = 0; i < hook->macs_count; i++)
        is_good |= sea_webhook_meta(hook->macs[i], hook->signature, hook->body);
    return is_good;
}

/* Seconds as text, the provider's way. */
static int64_t time_of(yyjson_val *object)
{
    uint64_t seconds;
    if (!sea_str_u64(ingest_json_str(object, "timestamp"), &seconds) || seconds > 253402300799)
        return 0;
    return (int64_t)seconds * 1000;
}

static const struct {
    const char *type;
    Seadesk__V1__MessageKind kind;
} KINDS[] = {
    {"text", SEADESK__V1__MESSAGE_KIND__TEXT},
    {"image", SEADESK__V1__MESSAGE_KIND__IMAGE},
    {"sticker", SEADESK__V1__MESSAGE_KIND__IMAGE},
    {"audio", SEADESK__V1__MESSAGE_KIND__AUDIO},
    {"video", SEADESK__V1__MESSAGE_KIND__VIDEO},
    {"document", SEADESK__V1__MESSAGE_KIND__DOCUMENT},
    {"location", SEADESK__V1__MESSAGE_KIND__LOCATION},
    {"reaction", SEADESK__V1__MESSAGE_KIND__REACTION},
    {"button", SEADESK__V1__MESSAGE_KIND__TEXT},
    {"interactive", SEADESK__V1__MESSAGE_KIND__TEXT},
};

static int kind_of(struct sea_str type)
{
    for (size_t i = 0; i < SEA_COUNT(KINDS); i++)
        if (sea_str_is(type, KINDS[i].type)) return (int)KINDS[i].kind;
    return SEADESK__V1__MESSAGE_KIND__OTHER;
}

static void read_media(yyjson_val *media, struct ingest_message *message, struct sea_arena *arena)
{
    size_t len = 0;
    struct sea_str id = ingest_json_str(media, "id");
    struct ingest_attachment *attachment =
        id.len ? sea_arena_zero(arena, sizeof(*attachment)) : NULL;
    if (!attachment) return;
    message->attachments = attachment;
    attachment->media_id = id;
    attachment->mime = ingest_json_str(media, "mime_type");
    attachment->name = ingest_json_str(media, "filename");
    attachment->has_sha256 = sea_base64_parse(ingest_json_str(media, "sha256"), attachment->sha256,
                                              sizeof(attachment->sha256), &len) &&
                             len == sizeof(attachment->sha256);
    message->attachments_count = 1;
}

/* The words of a message, wherever its type keeps them. */
static struct sea_str text_of(yyjson_val *part, struct sea_str type)
{
    static const char *const NAMES[] = {"body", "caption", "text", "emoji", "address", "name"};
    if (sea_str_is(type, "interactive")) {
        yyjson_val *reply = ingest_json_obj(part, "button_reply");
        if (!reply) reply = ingest_json_obj(part, "list_reply");
        return ingest_json_str(reply, "title");
    }
    for (size_t i = 0; i < SEA_COUNT(NAMES); i++) {
        struct sea_str text = ingest_json_str(part, NAMES[i]);
        if (text.len) return text;
    }
    return (struct sea_str){NULL, 0};
}

static struct sea_str name_of(yyjson_val *value, struct sea_str wa_id)
{
    size_t i, n;
    yyjson_val *contact;
    yyjson_arr_foreach(ingest_json_arr(value, "contacts"), i, n, contact)
    {
        if (sea_str_eq(ingest_json_str(contact, "wa_id"), wa_id))
            return ingest_json_str(ingest_json_obj(contact, "profile"), "name");
    }
    return (struct sea_str){NULL, 0};
}

/* The provider's part of this one object; the whole body when it holds nothing else. */
static struct sea_str raw_of(yyjson_val *object, struct sea_arena *arena)
{
    size_t len = 0;
    char *text = yyjson_val_write(object, 0, &len);
    struct sea_str copy =
        text ? sea_arena_str(arena, (struct sea_str){text, len}) : (struct sea_str){NULL, 0};
    free(text);
    return copy;
}

static struct sea_str plus(struct sea_str digits, struct sea_arena *arena)
{
    char *text = sea_arena_alloc(arena, digits.len + 2);
    if (!text || !digits.len) return (struct sea_str){NULL, 0};
    text[0] = '+';
    memcpy(text + 1, digits.ptr, digits.len);
    text[digits.len + 1] = '\0';
    return (struct sea_str){text, digits.len + 1};
}

static void set_contact(struct ingest_item *item, const struct sea_account *account,
                        struct sea_str contact)
{
    item->channel = sea_str(account->channel->name);
    item->account = sea_str(account->name);
    item->contact_id = contact;
}

static void read_message(const struct ingest_webhook *hook, yyjson_val *value, yyjson_val *object,
                         struct ingest_items *items)
{
    struct sea_str id = ingest_json_str(object, "id"), from = ingest_json_str(object, "from");
    struct sea_str raw = raw_of(object, items->arena);
    bool is_good = ingest_is_id(id) && ingest_is_id(from);
    struct ingest_item *item = is_good ? ingest_items_add(items, INGEST_MESSAGE)
                                       : ingest_items_add_dead(items, "unreadable", raw);
    if (!item) return;
    set_contact(item, hook->account, from);
    if (!is_good) {
        item->id = ingest_id("unreadable", hook->account, &raw, 1);
        return;
    }
    struct ingest_message *message = &item->message;
    struct sea_str type = ingest_json_str(object, "type");
    char member[24];
    snprintf(member, sizeof(member), "%.*s", (int)(type.len < 23 ? type.len : 23),
             type.len ? type.ptr : "");
    yyjson_val *part = ingest_json_obj(object, member);
    item->id = ingest_id("message", hook->account, &id, 1);
    item->time_ms = time_of(object);
    message->kind = kind_of(type);
    message->external_id = id;
    message->name = name_of(value, from);
    message->phone = plus(from, items->arena);
    message->text = text_of(part, type);
    message->in_reply_to = ingest_json_str(ingest_json_obj(object, "context"), "id");
    message->raw = raw;
    read_media(part, message, items->arena);
}

static int state_of(struct sea_str status)
{
    if (sea_str_is(status, "sent")) return SEADESK__V1__DELIVERY_STATE__ACCEPTED;
    if (sea_str_is(status, "delivered")) return SEADESK__V1__DELIVERY_STATE__DELIVERED;
    if (sea_str_is(status, "read")) return SEADESK__V1__DELIVERY_STATE__READ;
    if (sea_str_is(status, "failed")) return SEADESK__V1__DELIVERY_STATE__FAILED;
    return SEADESK__V1__DELIVERY_STATE__DELIVERY_STATE_UNSPECIFIED;
}

static struct sea_str error_code(yyjson_val *object, struct sea_arena *arena)
{
    int64_t code;
    char text[24];
    if (!ingest_json_int(yyjson_arr_get_first(ingest_json_arr(object, "errors")), "code", &code))
        return (struct sea_str){NULL, 0};
    snprintf(text, sizeof(text), "%lld", (long long)code);
    return sea_arena_str(arena, sea_str(text));
}

static void read_status(const struct ingest_webhook *hook, yyjson_val *object,
                        struct ingest_items *items)
{
    struct sea_str id = ingest_json_str(object, "id"), status = ingest_json_str(object, "status");
    int state = state_of(status);
    if (!ingest_is_id(id) || !state)
        return; /* a status of a later version tells us nothing we could use */
    struct ingest_item *item = ingest_items_add(items, INGEST_RECEIPT);
    if (!item) return;
    struct sea_str parts[] = {id, status, ingest_json_str(object, "timestamp")};
    set_contact(item, hook->account, ingest_json_str(object, "recipient_id"));
    item->id = ingest_id("receipt", hook->account, parts, SEA_COUNT(parts));
    item->time_ms = time_of(object);
    item->receipt.state = state;
    item->receipt.provider_id = id;
    item->receipt.error_code = error_code(object, items->arena);
    if (!sea_uuid_parse(ingest_json_str(object, "biz_opaque_callback_data"),
                        &item->receipt.attempt))
        item->receipt.attempt = (struct sea_uuid){{0}};
}

static void read_value(const struct ingest_webhook *hook, yyjson_val *value,
                       struct ingest_items *items)
{
    size_t i, n;
    yyjson_val *object;
    yyjson_arr_foreach(ingest_json_arr(value, "messages"), i, n, object)
        read_message(hook, value, object, items);
    yyjson_arr_foreach(ingest_json_arr(value, "statuses"), i, n, object)
        read_status(hook, object, items);
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_problem *problem)
{
    yyjson_doc *doc = ingest_json_parse(hook->body, hook->alc);
    yyjson_val *root = yyjson_doc_get_root(doc), *entries = ingest_json_arr(root, "entry"), *entry,
               *change;
    size_t i, n, j, m;
    if (!doc) return ingest_refuse(problem, 400, "malformed", "the body is not JSON", NULL);
    if (!entries) return ingest_refuse(problem, 422, "invalid", "entry must be an array", "/entry");
    yyjson_arr_foreach(entries, i, n, entry)
    {
        yyjson_arr_foreach(ingest_json_arr(entry, "changes"), j, m, change)
        {
            if (sea_str_is(ingest_json_str(change, "field"), "messages"))
                read_value(hook, ingest_json_obj(change, "value"), items);
        }
    }
    /* The texts point into the document: it lives in the request's pool and needn't be freed. */
    if (items->is_full)
        return ingest_refuse(problem, 413, "too-large", "too many messages in one webhook",
                             "/entry");
    return true;
}

static int status_ok(const struct ingest_items *items)
{
    (void)items;
    return 200;
}

const struct ingest_adapter ingest_whatsapp = {
    .id = SEA_ADAPTER_WHATSAPP,
    .signature_header = "x-hub-signature-256",
    .hash = SEA_MAC_SHA256,
    .challenge = challenge,
    .verify = verify,
    .parse = parse,
    .status = status_ok,
};
