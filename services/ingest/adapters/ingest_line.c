/* ingest_line.c: LINE Messaging API webhooks (LINE Developers, "Webhook event objects"): every
 * event of the list, signed with the channel secret. */
#include "ingest_adapter.h"
#include "ingest_json.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/messages.pb-c.h"

static const struct ingest_word KINDS[] = {
    {"text", SEADESK__V1__MESSAGE_KIND__TEXT},
    {"image", SEADESK__V1__MESSAGE_KIND__IMAGE},
    {"sticker", SEADESK__V1__MESSAGE_KIND__IMAGE},
    {"video", SEADESK__V1__MESSAGE_KIND__VIDEO},
    {"audio", SEADESK__V1__MESSAGE_KIND__AUDIO},
    {"file", SEADESK__V1__MESSAGE_KIND__DOCUMENT},
    {"location", SEADESK__V1__MESSAGE_KIND__LOCATION},
};

/* Who writes; of a group that keeps its members to itself, the group. */
static struct sea_str sender_of(yyjson_val *event)
{
    static const char *const NAMES[] = {"userId", "groupId", "roomId"};
    yyjson_val *source = ingest_json_obj(event, "source");
    struct sea_str id = {NULL, 0};
    for (size_t i = 0; i < SEA_COUNT(NAMES) && !id.len; i++) id = ingest_json_str(source, NAMES[i]);
    return id;
}

/* The provider's copy is fetched by the message's id; a picture kept elsewhere by its address. */
static void read_content(yyjson_val *object, struct ingest_items *items,
                         struct ingest_message *message)
{
    int64_t size_bytes;
    yyjson_val *provider = ingest_json_obj(object, "contentProvider");
    struct ingest_attachment attachment = {.url = ingest_json_str(provider, "originalContentUrl"),
                                           .name = ingest_json_str(object, "fileName")};
    if (!attachment.url.len) attachment.media_id = message->external_id;
    if (ingest_json_int(object, "fileSize", &size_bytes) && size_bytes > 0)
        attachment.size_bytes = (uint64_t)size_bytes;
    ingest_found_attachment(items, message, &attachment);
}

/* Stickers aren't files; what they express is. */
static struct sea_str mood_of(yyjson_val *sticker)
{
    yyjson_val *first = yyjson_arr_get_first(ingest_json_arr(sticker, "keywords"));
    if (!yyjson_is_str(first)) return (struct sea_str){NULL, 0};
    return (struct sea_str){yyjson_get_str(first), yyjson_get_len(first)};
}

static void read_message(const struct ingest_webhook *hook, yyjson_val *event, struct sea_str raw,
                         struct ingest_items *items)
{
    yyjson_val *object = ingest_json_obj(event, "message");
    struct sea_str type = ingest_json_str(object, "type");
    struct ingest_item *item = ingest_found_message(
        hook, items, ingest_json_id(object, "id", items->arena), sender_of(event), raw);
    if (!item) return;
    struct ingest_message *message = &item->message;
    item->time_ms = ingest_json_time(event, "timestamp");
    message->kind = ingest_word_of(KINDS, SEA_COUNT(KINDS), type, SEADESK__V1__MESSAGE_KIND__OTHER);
    message->text = ingest_json_str(object, "text");
    if (sea_str_is(type, "location"))
        message->text =
            ingest_place(ingest_json_str(object, "title"), ingest_json_str(object, "address"),
                         ingest_json_scalar(object, "latitude", items->arena),
                         ingest_json_scalar(object, "longitude", items->arena), items->arena);
    if (sea_str_is(type, "sticker") && !message->text.len) message->text = mood_of(object);
    message->in_reply_to = ingest_json_id(object, "quotedMessageId", items->arena);
    if (sea_str_is(type, "image") || sea_str_is(type, "video") || sea_str_is(type, "audio") ||
        sea_str_is(type, "file"))
        read_content(object, items, message);
    ingest_name_wordless(message, type, items->arena);
}

/* A button of ours, with the time that was chosen where it asks for one. A tab of our own menu is
 * nothing that was said. */
static void read_postback(const struct ingest_webhook *hook, yyjson_val *event, struct sea_str raw,
                          struct ingest_items *items)
{
    static const char *const CHOSEN[] = {"datetime", "date", "time"};
    yyjson_val *postback = ingest_json_obj(event, "postback"),
               *params = ingest_json_obj(postback, "params");
    struct ingest_words lines = {.arena = items->arena};
    if (yyjson_obj_get(params, "newRichMenuAliasId")) {
        ingest_ignore(items, "rich_menu");
        return;
    }
    struct ingest_item *item = ingest_found_message(
        hook, items, ingest_json_str(event, "webhookEventId"), sender_of(event), raw);
    if (!item) return;
    item->time_ms = ingest_json_time(event, "timestamp");
    ingest_words_add(&lines, ingest_json_str(postback, "data"));
    for (size_t i = 0; i < SEA_COUNT(CHOSEN); i++)
        ingest_words_add(&lines, ingest_json_str(params, CHOSEN[i]));
    item->message.text = ingest_words_text(&lines);
}

static void read_unsend(const struct ingest_webhook *hook, yyjson_val *event, struct sea_str raw,
                        struct ingest_items *items)
{
    struct ingest_item *item = ingest_found_change(
        hook, items, SEADESK__V1__MESSAGE_KIND__UNSEND,
        ingest_json_id(ingest_json_obj(event, "unsend"), "messageId", items->arena),
        (struct sea_str){NULL, 0}, sender_of(event), raw);
    if (item) item->time_ms = ingest_json_time(event, "timestamp");
}

/* Who blocks us wants nothing more; who comes back gets notices again, advertising only by a new
 * opt-in (contract.md, STOP). */
static void read_follow(const struct ingest_webhook *hook, yyjson_val *event, bool is_follow,
                        struct ingest_items *items)
{
    int64_t time_ms = ingest_json_time(event, "timestamp");
    struct sea_str word = is_follow ? SEA_STR("follow") : SEA_STR("unfollow");
    ingest_found_consent(hook, items, SEADESK__V1__CONSENT_CLASS__CONSENT_SERVICE, is_follow,
                         sender_of(event), word, time_ms);
    if (!is_follow)
        ingest_found_consent(hook, items, SEADESK__V1__CONSENT_CLASS__CONSENT_MARKETING, false,
                             sender_of(event), word, time_ms);
}

/* Of groups, of the account itself, and of what somebody only looked at. */
static const struct ingest_other OTHERS[] = {
    {"accountLink", "account"}, {"activated", "account"},    {"beacon", "seen"},
    {"botResumed", "account"},  {"botSuspended", "account"}, {"deactivated", "account"},
    {"delivery", "status"},     {"join", "group"},           {"leave", "group"},
    {"memberJoined", "group"},  {"memberLeft", "group"},     {"membership", "account"},
    {"module", "account"},      {"things", "seen"},          {"videoPlayComplete", "seen"}};

static void read_event(const struct ingest_webhook *hook, yyjson_val *event,
                       struct ingest_items *items)
{
    struct sea_str type = ingest_json_str(event, "type");
    struct sea_str raw = ingest_json_raw(event, items->arena);
    if (sea_str_is(type, "message"))
        read_message(hook, event, raw, items);
    else if (sea_str_is(type, "postback"))
        read_postback(hook, event, raw, items);
    else if (sea_str_is(type, "unsend"))
        read_unsend(hook, event, raw, items);
    else if (sea_str_is(type, "follow") || sea_str_is(type, "unfollow"))
        read_follow(hook, event, sea_str_is(type, "follow"), items);
    else
        ingest_ignore(items, ingest_other_of(OTHERS, SEA_COUNT(OTHERS), type));
}

/* An empty list is LINE's own check of the address. */
static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    size_t i, n;
    yyjson_val *root = ingest_found_json(hook, problem), *events = ingest_json_arr(root, "events"),
               *event;
    (void)reply;
    if (!root) return false;
    if (!events)
        return ingest_refuse(problem, 422, "invalid", "events must be an array", "/events");
    yyjson_arr_foreach(events, i, n, event) read_event(hook, event, items);
    if (!yyjson_arr_size(events)) ingest_ignore(items, "check");
    return true;
}

const struct ingest_adapter ingest_line = {
    .secret = INGEST_SECRET_SHA256,
    .bodies = INGEST_JSON,
    .proof = {"x-line-signature"},
    .scheme = {INGEST_BASE64, NULL, NULL},
    .verify = ingest_verify_mac,
    .parse = parse,
};
