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

/* What a chat tells of itself. */
static const char *const SERVICE[] = {"channel_chat_created",
                                      "chat_background_set",
                                      "chat_shared",
                                      "delete_chat_photo",
                                      "forum_topic_closed",
                                      "forum_topic_created",
                                      "forum_topic_edited",
                                      "forum_topic_reopened",
                                      "group_chat_created",
                                      "left_chat_member",
                                      "message_auto_delete_timer_changed",
                                      "migrate_from_chat_id",
                                      "migrate_to_chat_id",
                                      "new_chat_members",
                                      "new_chat_photo",
                                      "new_chat_title",
                                      "pinned_message",
                                      "proximity_alert_triggered",
                                      "supergroup_chat_created",
                                      "video_chat_ended",
                                      "video_chat_participants_invited",
                                      "video_chat_scheduled",
                                      "video_chat_started",
                                      "write_access_allowed"};

/* Nothing that anybody said: a service message; a place that is told again while somebody walks. */
static const char *silence_of(yyjson_val *object, bool is_edit)
{
    for (size_t i = 0; i < SEA_COUNT(SERVICE); i++)
        if (yyjson_obj_get(object, SERVICE[i])) return "service";
    return is_edit && ingest_json_obj(object, "location") ? "live_location" : NULL;
}

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

/* A card; one's own is how a bot hears a telephone number. */
static struct sea_str card_of(yyjson_val *contact, yyjson_val *from, struct ingest_items *items,
                              struct ingest_message *message)
{
    struct sea_arena *arena = items->arena;
    struct sea_str number = ingest_json_str(contact, "phone_number"),
                   person = ingest_json_id(contact, "user_id", arena);
    struct ingest_words lines = {.arena = arena};
    if (number.len && number.ptr[0] != '+')
        number = ingest_printed(arena, "+%.*s", (int)number.len, number.ptr);
    ingest_words_add(&lines, ingest_json_str(contact, "first_name"));
    ingest_words_add(&lines, ingest_json_str(contact, "last_name"));
    ingest_words_add(&lines, number);
    if (person.len && sea_str_eq(person, ingest_json_id(from, "id", arena)))
        message->phone = number;
    return ingest_words_text(&lines);
}

/* The words of what isn't text. */
static struct sea_str words_of(yyjson_val *object, struct ingest_items *items,
                               struct ingest_message *message)
{
    struct sea_arena *arena = items->arena;
    yyjson_val *contact = ingest_json_obj(object, "contact"),
               *venue = ingest_json_obj(object, "venue"),
               *point = ingest_json_obj(object, "location");
    if (contact) return card_of(contact, ingest_json_obj(object, "from"), items, message);
    if (point)
        return ingest_place(ingest_json_str(venue, "title"), ingest_json_str(venue, "address"),
                            ingest_json_scalar(point, "latitude", arena),
                            ingest_json_scalar(point, "longitude", arena), arena);
    if (ingest_json_obj(object, "web_app_data"))
        return ingest_json_str(ingest_json_obj(object, "web_app_data"), "data");
    if (ingest_json_obj(object, "poll"))
        return ingest_json_str(ingest_json_obj(object, "poll"), "question");
    if (ingest_json_obj(object, "sticker"))
        return ingest_json_str(ingest_json_obj(object, "sticker"), "emoji");
    return ingest_json_str(ingest_json_obj(object, "dice"), "emoji");
}

static void read_message(const struct ingest_webhook *hook, yyjson_val *object, bool is_edit,
                         struct ingest_items *items)
{
    struct sea_arena *arena = items->arena;
    struct sea_str id = id_of(object, arena), raw = ingest_json_raw(object, arena);
    yyjson_val *from = ingest_json_obj(object, "from");
    const char *silence = silence_of(object, is_edit);
    if (silence) {
        ingest_ignore(items, silence);
        return;
    }
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
    if (!message->text.len) message->text = words_of(object, items, message);
    set_person(message, from, arena);
    if (is_edit) return;
    message->in_reply_to = id_of(ingest_json_obj(object, "reply_to_message"), arena);
    read_media(object, items, message);
    ingest_name_wordless(message, (struct sea_str){NULL, 0}, arena);
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
    if (!is_gone && !sea_str_is(status, "member")) {
        ingest_ignore(items, "group");
        return;
    }
    ingest_found_consent(hook, items, SEADESK__V1__CONSENT_CLASS__CONSENT_SERVICE, !is_gone, chat,
                         status, time_ms);
    if (is_gone)
        ingest_found_consent(hook, items, SEADESK__V1__CONSENT_CLASS__CONSENT_MARKETING, false,
                             chat, status, time_ms);
}

/* Of a message of ours or theirs; one that was taken back has no words. */
static void read_reaction(const struct ingest_webhook *hook, yyjson_val *change,
                          struct ingest_items *items)
{
    struct sea_arena *arena = items->arena;
    struct ingest_item *item =
        ingest_found_change(hook, items, SEADESK__V1__MESSAGE_KIND__REACTION, id_of(change, arena),
                            ingest_json_id(change, "date", arena), chat_of(change, arena),
                            ingest_json_raw(change, arena));
    if (!item) return;
    yyjson_val *now = yyjson_arr_get_first(ingest_json_arr(change, "new_reaction"));
    item->time_ms = ingest_json_time(change, "date");
    item->message.text = ingest_json_str(now, "emoji");
    set_person(&item->message, ingest_json_obj(change, "user"), arena);
}

/* What isn't written to the bot itself. */
static const struct ingest_other OTHERS[] = {{"business_connection", "business"},
                                             {"business_message", "business"},
                                             {"channel_post", "channel"},
                                             {"chat_boost", "channel"},
                                             {"chat_join_request", "group"},
                                             {"chat_member", "group"},
                                             {"deleted_business_messages", "business"},
                                             {"edited_business_message", "business"},
                                             {"edited_channel_post", "channel"},
                                             {"inline_query", "inline"},
                                             {"message_reaction_count", "channel"},
                                             {"poll", "poll"},
                                             {"poll_answer", "poll"}};

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_val *root = ingest_found_json(hook, problem), *part;
    (void)reply;
    if (!root) return false;
    if (!yyjson_is_int(yyjson_obj_get(root, "update_id")))
        return ingest_refuse(problem, 422, "invalid", "update_id must be a number", "/update_id");
    if ((part = ingest_json_obj(root, "message")))
        read_message(hook, part, false, items);
    else if ((part = ingest_json_obj(root, "edited_message")))
        read_message(hook, part, true, items);
    else if ((part = ingest_json_obj(root, "callback_query")))
        read_callback(hook, part, items);
    else if ((part = ingest_json_obj(root, "my_chat_member")))
        read_membership(hook, part, items);
    else if ((part = ingest_json_obj(root, "message_reaction")))
        read_reaction(hook, part, items);
    else
        ingest_ignore(items, ingest_other_in(OTHERS, SEA_COUNT(OTHERS), root));
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
