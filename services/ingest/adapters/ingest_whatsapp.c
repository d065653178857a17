/* ingest_whatsapp.c: WhatsApp Cloud API webhooks (Meta, "Webhooks for WhatsApp Business Platform"):
 * messages and statuses of every entry, signed with the app secret. */
#include <stdio.h>
#include <string.h>

#include "ingest_adapter.h"
#include "ingest_json.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "seadesk/v1/messages.pb-c.h"
#include "seadesk/v1/types.pb-c.h"

static const struct ingest_word KINDS[] = {
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

static const struct ingest_word STATES[] = {
    {"sent", SEADESK__V1__DELIVERY_STATE__ACCEPTED},
    {"delivered", SEADESK__V1__DELIVERY_STATE__DELIVERED},
    {"read", SEADESK__V1__DELIVERY_STATE__READ},
    {"failed", SEADESK__V1__DELIVERY_STATE__FAILED},
};

static void read_media(yyjson_val *media, struct ingest_message *message,
                       struct ingest_items *items)
{
    size_t len = 0;
    struct ingest_attachment attachment = {.media_id = ingest_json_str(media, "id"),
                                           .mime = ingest_json_str(media, "mime_type"),
                                           .name = ingest_json_str(media, "filename")};
    attachment.has_sha256 = sea_base64_parse(ingest_json_str(media, "sha256"), attachment.sha256,
                                             sizeof(attachment.sha256), &len) &&
                            len == sizeof(attachment.sha256);
    if (attachment.media_id.len) ingest_found_attachment(items, message, &attachment);
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

static struct sea_str plus(struct sea_str digits, struct sea_arena *arena)
{
    char *text = sea_arena_alloc(arena, digits.len + 2);
    if (!text || !digits.len) return (struct sea_str){NULL, 0};
    text[0] = '+';
    memcpy(text + 1, digits.ptr, digits.len);
    text[digits.len + 1] = '\0';
    return (struct sea_str){text, digits.len + 1};
}

static void read_message(const struct ingest_webhook *hook, yyjson_val *value, yyjson_val *object,
                         struct ingest_items *items)
{
    struct sea_str from = ingest_json_str(object, "from");
    struct sea_str type = ingest_json_str(object, "type");
    struct ingest_item *item = ingest_found_message(hook, items, ingest_json_str(object, "id"),
                                                    from, ingest_json_raw(object, items->arena));
    if (!item) return;
    struct ingest_message *message = &item->message;
    char member[24];
    snprintf(member, sizeof(member), "%.*s", (int)(type.len < 23 ? type.len : 23),
             type.len ? type.ptr : "");
    yyjson_val *part = ingest_json_obj(object, member);
    item->time_ms = ingest_json_time(object, "timestamp");
    message->kind = ingest_word_of(KINDS, SEA_COUNT(KINDS), type, SEADESK__V1__MESSAGE_KIND__OTHER);
    message->name = name_of(value, from);
    message->phone = plus(from, items->arena);
    message->text = text_of(part, type);
    message->in_reply_to = ingest_json_str(ingest_json_obj(object, "context"), "id");
    if (sea_str_is(type, "reaction")) message->in_reply_to = ingest_json_str(part, "message_id");
    read_media(part, message, items);
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

/* A status of a later version tells us nothing we could use. */
static void read_status(const struct ingest_webhook *hook, yyjson_val *object,
                        struct ingest_items *items)
{
    struct sea_str status = ingest_json_str(object, "status");
    struct ingest_item *item =
        ingest_found_receipt(hook, items, ingest_word_of(STATES, SEA_COUNT(STATES), status, 0),
                             ingest_json_str(object, "id"), ingest_json_str(object, "recipient_id"),
                             status, ingest_json_str(object, "timestamp"));
    if (!item) return;
    item->time_ms = ingest_json_time(object, "timestamp");
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
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_doc *doc = ingest_json_parse(hook->body, hook->alc);
    yyjson_val *root = yyjson_doc_get_root(doc), *entries = ingest_json_arr(root, "entry"), *entry,
               *change;
    size_t i, n, j, m;
    (void)reply;
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
    return true;
}

const struct ingest_adapter ingest_whatsapp = {
    .secret = INGEST_SECRET_SHA256,
    .bodies = INGEST_JSON,
    .proof = {"x-hub-signature-256"},
    .scheme = {INGEST_HEX, "sha256=", NULL},
    .verify = ingest_verify_mac,
    .challenge = ingest_challenge_meta,
    .parse = parse,
};
