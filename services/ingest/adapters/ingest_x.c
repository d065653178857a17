/* ingest_x.c: X (Twitter) Account Activity webhooks (developer.x.com, "Account Activity data
 * objects", "Securing webhooks"): direct messages and public mentions of one account, signed with
 * the consumer secret; a GET with crc_token is answered with its signature. */
#include <stdio.h>
#include <string.h>

#include "ingest_adapter.h"
#include "ingest_json.h"
#include "sea_enc.h"
#include "seadesk/v1/messages.pb-c.h"

static bool challenge(const struct ingest_webhook *hook, struct sea_arena *arena,
                      struct ingest_reply *reply)
{
    uint8_t code[SEA_MAC_MOST_BYTES];
    char text[2 * SEA_MAC_MOST_BYTES];
    struct sea_str token = ingest_form_get(hook->query, "crc_token", arena);
    if (!token.len || !hook->keys->count) return false;
    sea_base64_print(code, sea_mac_sign(hook->keys->list[0].mac, &token, 1, code), text);
    reply->content_type = "application/json";
    reply->body = ingest_printed(arena, "{\"response_token\":\"sha256=%s\"}", text);
    return true;
}

/* "Wed Oct 10 20:19:24 +0000 2018"; 0: it isn't written like that. */
static int64_t time_of(struct sea_str text)
{
    static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4] = "", stamp[32];
    int64_t time_ms;
    if (text.len != 30 || memcmp(text.ptr + 20, "+0000", 5) != 0) return 0;
    memcpy(month, text.ptr + 4, 3);
    const char *found = strstr(MONTHS, month);
    if (strlen(month) != 3 || !found) return 0;
    snprintf(stamp, sizeof(stamp), "%.4s-%02d-%.2sT%.8sZ", text.ptr + 26,
             (int)(found - MONTHS) / 3 + 1, text.ptr + 8, text.ptr + 11);
    return sea_time_parse(sea_str(stamp), &time_ms) ? time_ms : 0;
}

/* A video in its best quality: its own address is a picture of it. */
static void read_medium(yyjson_val *media, struct ingest_items *items,
                        struct ingest_message *message)
{
    size_t i, n;
    int64_t best = -1, rate;
    yyjson_val *each;
    struct ingest_attachment attachment = {.url = ingest_json_str(media, "media_url_https"),
                                           .media_id = ingest_json_str(media, "id_str")};
    yyjson_arr_foreach(ingest_json_arr(ingest_json_obj(media, "video_info"), "variants"), i, n,
                       each)
    {
        if (!ingest_json_int(each, "bitrate", &rate) || rate <= best) continue;
        best = rate;
        attachment.url = ingest_json_str(each, "url");
        attachment.mime = ingest_json_str(each, "content_type");
    }
    if (attachment.url.len) ingest_found_attachment(items, message, &attachment);
}

/* Of several pictures `entities` has the first alone. */
static void read_media(yyjson_val *post, struct ingest_items *items, struct ingest_message *message)
{
    size_t i, n;
    yyjson_val *media, *list = ingest_json_arr(ingest_json_obj(post, "extended_entities"), "media");
    if (!list) list = ingest_json_arr(ingest_json_obj(post, "entities"), "media");
    yyjson_arr_foreach(list, i, n, media)
    {
        if (i == 0 && !message->text.len)
            message->kind = ingest_kind_of_media(ingest_json_str(media, "type"));
        read_medium(media, items, message);
    }
}

/* What we sent ourselves comes back as well. */
static void read_direct(const struct ingest_webhook *hook, yyjson_val *root, yyjson_val *event,
                        struct ingest_items *items)
{
    struct sea_arena *arena = items->arena;
    yyjson_val *create = ingest_json_obj(event, "message_create"),
               *data = ingest_json_obj(create, "message_data");
    struct sea_str sender = ingest_json_id(create, "sender_id", arena);
    struct sea_str own = ingest_json_id(root, "for_user_id", arena);
    if (!create || (sender.len && sea_str_eq(sender, own))) {
        ingest_ignore(items, create ? "echo" : "unknown");
        return;
    }
    struct ingest_item *item = ingest_found_message(hook, items, ingest_json_id(event, "id", arena),
                                                    sender, ingest_json_raw(event, arena));
    if (!item) return;
    yyjson_val *users = ingest_json_obj(root, "users"),
               *user = yyjson_obj_getn(users, sender.ptr, sender.len);
    item->time_ms = ingest_json_time(event, "created_timestamp");
    item->message.name = ingest_json_str(user, "name");
    item->message.text = ingest_unescaped(ingest_json_str(data, "text"), arena);
    yyjson_val *media = ingest_json_obj(ingest_json_obj(data, "attachment"), "media");
    read_medium(media, items, &item->message);
}

static void read_post(const struct ingest_webhook *hook, yyjson_val *root, yyjson_val *post,
                      struct ingest_items *items)
{
    struct sea_arena *arena = items->arena;
    yyjson_val *user = ingest_json_obj(post, "user"),
               *whole = ingest_json_obj(post, "extended_tweet");
    struct sea_str sender = ingest_json_str(user, "id_str");
    bool is_own = sender.len && sea_str_eq(sender, ingest_json_id(root, "for_user_id", arena));
    if (is_own || ingest_json_obj(post, "retweeted_status")) { /* our words, passed on */
        ingest_ignore(items, is_own ? "echo" : "repost");
        return;
    }
    struct ingest_item *item = ingest_found_message(hook, items, ingest_json_str(post, "id_str"),
                                                    sender, ingest_json_raw(post, arena));
    if (!item) return;
    struct ingest_message *message = &item->message;
    item->time_ms = ingest_json_time(post, "timestamp_ms");
    if (!item->time_ms) item->time_ms = time_of(ingest_json_str(post, "created_at"));
    message->is_public = true;
    message->name = ingest_json_str(user, "name");
    message->locale = ingest_json_str(post, "lang");
    if (sea_str_is(message->locale, "und")) message->locale.len = 0;
    message->text = ingest_json_str(whole, "full_text");
    if (!message->text.len) message->text = ingest_json_str(post, "text");
    message->text = ingest_unescaped(message->text, arena);
    message->in_reply_to = ingest_json_str(post, "in_reply_to_status_id_str");
    read_media(whole ? whole : post, items, message);
}

static void read_deletion(const struct ingest_webhook *hook, yyjson_val *event,
                          struct ingest_items *items)
{
    yyjson_val *status = ingest_json_obj(event, "status");
    struct ingest_item *item = ingest_found_change(
        hook, items, SEADESK__V1__MESSAGE_KIND__UNSEND, ingest_json_id(status, "id", items->arena),
        (struct sea_str){NULL, 0}, ingest_json_id(status, "user_id", items->arena),
        ingest_json_raw(event, items->arena));
    if (!item) return;
    item->time_ms = ingest_json_time(event, "timestamp_ms");
    item->message.is_public = true;
}

/* Whom we follow, block or mute, what is liked, read or being typed. */
static const struct ingest_other OTHERS[] = {{"block_events", "account"},
                                             {"direct_message_indicate_typing_events", "seen"},
                                             {"direct_message_mark_read_events", "seen"},
                                             {"favorite_events", "liked"},
                                             {"follow_events", "account"},
                                             {"mute_events", "account"},
                                             {"tweet_edit_events", "edit"},
                                             {"user_event", "account"}};

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    size_t i, n;
    yyjson_val *root = ingest_found_json(hook, problem), *each;
    (void)reply;
    if (!root) return false;
    if (!ingest_json_id(root, "for_user_id", items->arena).len)
        return ingest_refuse(problem, 422, "invalid", "for_user_id must be text", "/for_user_id");
    yyjson_arr_foreach(ingest_json_arr(root, "direct_message_events"), i, n, each)
        read_direct(hook, root, each, items);
    yyjson_arr_foreach(ingest_json_arr(root, "tweet_create_events"), i, n, each)
        read_post(hook, root, each, items);
    yyjson_arr_foreach(ingest_json_arr(root, "tweet_delete_events"), i, n, each)
        read_deletion(hook, each, items);
    for (i = 0; i < SEA_COUNT(OTHERS); i++)
        if (yyjson_obj_get(root, OTHERS[i].word)) ingest_ignore(items, OTHERS[i].what);
    return true;
}

const struct ingest_adapter ingest_x = {
    .secret = INGEST_SECRET_SHA256,
    .bodies = INGEST_JSON,
    .proof = {"x-twitter-webhooks-signature"},
    .scheme = {INGEST_BASE64, "sha256=", NULL},
    .verify = ingest_verify_mac,
    .challenge = challenge,
    .parse = parse,
};
