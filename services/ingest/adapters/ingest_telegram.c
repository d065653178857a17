/* ingest_telegram.c: Telegram Bot API updates (core.telegram.org/bots/api, "Update"): one a
 * request, proved by the secret token given to setWebhook; it doesn't cover the body. Ids exceed 32
 * bits. */
#include "ingest_adapter.h"
#include "ingest_json.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/messages.pb-c.h"

static const struct ingest_word MEDIA[] = {
    {"photo", SEADESK__V1__MESSAGE_KIND__IMAGE},
    {"sticker", SEADESK__V1__MESSAGE_KIND__IMAGE},
    {"animation", SEADESK__V1__MESSAGE_KIND__VIDEO},
    {"video", SEADESK__V1__MESSAGE_KIND__VIDEO},
    {"video_note", SEADESK__V1__MESSAGE_KIND__VIDEO},
    {"voice", SEADESK__V1__MESSAGE_KIND__AUDIO},
    {"audio", SEADESK__V1__MESSAGE_KIND__AUDIO},
    {"document", SEADESK__V1__MESSAGE_KIND__DOCUMENT},
    {"location", SEADESK__V1__MESSAGE_KIND__LOCATION},
    {"contact", SEADESK__V1__MESSAGE_KIND__OTHER},
};

static struct sea_str chat_of(yyjson_val *message, struct sea_arena *arena)
{
    return ingest_json_id(ingest_json_obj(message, "chat"), "id", arena);
}

/* A message's id counts within its chat. */
static struct sea_str id_of(yyjson_val *message, struct sea_arena *arena)
{
    struct sea_str chat = chat_of(message, arena),
                   id = ingest_json_id(message, "message_id", arena);
    if (!chat.len || !id.len) return (struct sea_str){NULL, 0};
    return ingest_printed(arena, "%.*s:%.*s", (int)chat.len, chat.ptr, (int)id.len, id.ptr);
}

static void set_person(struct ingest_message *message, yyjson_val *from, struct sea_arena *arena)
{
    struct sea_str first = ingest_json_str(from, "first_name"),
                   last = ingest_json_str(from, "last_name");
    message->locale = ingest_json_str(from, "language_code");
    message->name = first;
    if (last.len)
        message->name =
            ingest_printed(arena, "%.*s%s%.*s", (int)first.len, first.len ? first.ptr : "",
                           first.len ? " " : "", (int)last.len, last.ptr);
}

/* Of a photo's sizes the last is the largest. */
static void read_media(yyjson_val *object, struct ingest_items *items,
                       struct ingest_message *message)
{
    for (size_t i = 0; i < SEA_COUNT(MEDIA); i++) {
        int64_t size_bytes;
        yyjson_val *file = yyjson_obj_get(object, MEDIA[i].word);
        if (yyjson_is_arr(file)) file = yyjson_arr_get_last(file);
        if (!yyjson_is_obj(file)) continue;
        struct ingest_attachment attachment = {.media_id = ingest_json_str(file, "file_id"),
                                               .mime = ingest_json_str(file, "mime_type"),
                                               .name = ingest_json_str(file, "file_name")};
        if (ingest_json_int(file, "file_size", &size_bytes) && size_bytes > 0)
            attachment.size_bytes = (uint64_t)size_bytes;
        message->kind = MEDIA[i].value;
        if (attachment.media_id.len) ingest_found_attachment(items, message, &attachment);
        return;
    }
    if (!message->text.len) message->kind = SEADESK__V1__MESSAGE_KIND__OTHER;
}

static void read_message(const struct ingest_webhook *hook, yyjson_val *object, bool is_edit,
                         struct ingest_items *items)
{
    struct sea_arena *arena = items->arena;
    struct sea_str id = id_of(object, arena), raw = ingest_json_raw(object, arena);
    yyjson_val *from = ingest_json_obj(object, "from");
    struct ingest_item *item =
        is_edit ? ingest_found_change(hook, items, SEADESK__V1__MESSAGE_KIND__EDIT, id,
                                      ingest_json_id(object, "edit_date", arena),
                                      chat_of(object, arena), raw)
                : ingest_found_message(hook, items, id, chat_of(object, arena), raw);
    if (!item) return;
    struct ingest_message *message = &item->message;
    item->time_ms = ingest_json_time(object, is_edit ? "edit_date" : "date");
    message->is_automatic = ingest_json_true(from, "is_bot");
    message->text = ingest_json_str(object, "text");
    if (!message->text.len) message->text = ingest_json_str(object, "caption");
    set_person(message, from, arena);
    if (is_edit) return;
    message->in_reply_to = id_of(ingest_json_obj(object, "reply_to_message"), arena);
    read_media(object, items, message);
}

/* A button of ours. */
static void read_callback(const struct ingest_webhook *hook, yyjson_val *query,
                          struct ingest_items *items)
{
    yyjson_val *message = ingest_json_obj(query, "message"), *from = ingest_json_obj(query, "from");
    struct sea_str chat = chat_of(message, items->arena);
    if (!chat.len) chat = ingest_json_id(from, "id", items->arena);
    struct ingest_item *item =
        ingest_found_message(hook, items, ingest_json_id(query, "id", items->arena), chat,
                             ingest_json_raw(query, items->arena));
    if (!item) return;
    item->message.text = ingest_json_str(query, "data");
    item->message.in_reply_to = id_of(message, items->arena);
    set_person(&item->message, from, items->arena);
}

/* Who blocks the bot wants nothing more. */
static void read_membership(const struct ingest_webhook *hook, yyjson_val *change,
                            struct ingest_items *items)
{
    struct sea_str chat = chat_of(change, items->arena);
    struct sea_str status = ingest_json_str(ingest_json_obj(change, "new_chat_member"), "status");
    bool is_gone = sea_str_is(status, "kicked");
    int64_t time_ms = ingest_json_time(change, "date");
    if (!is_gone && !sea_str_is(status, "member")) return;
    ingest_found_consent(hook, items, SEADESK__V1__CONSENT_CLASS__CONSENT_SERVICE, !is_gone, chat,
                         status, time_ms);
    if (is_gone)
        ingest_found_consent(hook, items, SEADESK__V1__CONSENT_CLASS__CONSENT_MARKETING, false,
                             chat, status, time_ms);
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_val *root = ingest_found_json(hook, problem), *part;
    (void)reply;
    if (!root) return false;
    if (!yyjson_is_int(yyjson_obj_get(root, "update_id")))
        return ingest_refuse(problem, 422, "invalid", "update_id must be a number", "/update_id");
    if ((part = ingest_json_obj(root, "message"))) read_message(hook, part, false, items);
    if ((part = ingest_json_obj(root, "edited_message"))) read_message(hook, part, true, items);
    if ((part = ingest_json_obj(root, "callback_query"))) read_callback(hook, part, items);
    if ((part = ingest_json_obj(root, "my_chat_member"))) read_membership(hook, part, items);
    return true;
}

const struct ingest_adapter ingest_telegram = {
    .secret = INGEST_SECRET_PLAIN,
    .bodies = INGEST_JSON,
    .proof = {"x-telegram-bot-api-secret-token"},
    .is_body_unsigned = true,
    .verify = ingest_verify_token,
    .parse = parse,
};
