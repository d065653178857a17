/* ingest_tiktok.c: TikTok webhooks (developers.tiktok.com, "Webhooks: overview", "Verification"):
 * comments under videos, and messages with a clip as evidence; signed with the time. The event's
 * content is JSON within JSON. */
#include <string.h>

#include "ingest_adapter.h"
#include "ingest_json.h"
#include "sea_enc.h"
#include "seadesk/v1/messages.pb-c.h"

/* "t=1633174587,s=18494715036ac44169…": the parts in any order; a later version may add some. */
static struct sea_str part_of(struct sea_str header, const char *name)
{
    while (header.len) {
        const char *comma = memchr(header.ptr, ',', header.len);
        struct sea_str part = {header.ptr, comma ? (size_t)(comma - header.ptr) : header.len};
        size_t gone = comma ? part.len + 1 : part.len, len = strlen(name);
        header.ptr += gone;
        header.len -= gone;
        if (sea_str_starts(part, name)) return (struct sea_str){part.ptr + len, part.len - len};
    }
    return (struct sea_str){NULL, 0};
}

static enum ingest_verdict verify(const struct ingest_webhook *hook)
{
    struct sea_str time = part_of(hook->proof[0], "t="), code = part_of(hook->proof[0], "s=");
    const struct sea_str parts[] = {time, SEA_STR("."), hook->body};
    enum ingest_verdict verdict =
        ingest_verify_parts(hook, parts, SEA_COUNT(parts), INGEST_HEX, code);
    return verdict == INGEST_AUTHENTIC ? ingest_check_time(hook, time) : verdict;
}

/* What a person wrote under a video or to us, with the clip that shows what they mean. */
struct words {
    struct sea_str id, contact, name, text, reply_to, picture;
    yyjson_val *video;
    bool is_public;
};

static void add_video(yyjson_val *video, struct ingest_items *items, struct ingest_message *message)
{
    struct ingest_attachment attachment = {.url = ingest_json_str(video, "url"),
                                           .media_id = ingest_json_id(video, "id", items->arena),
                                           .mime = SEA_STR("video/mp4")};
    if (!attachment.url.len && !attachment.media_id.len) return;
    message->kind = SEADESK__V1__MESSAGE_KIND__VIDEO;
    ingest_found_attachment(items, message, &attachment);
}

/* A picture has an id alone, by which it is fetched. */
static void add_picture(struct sea_str id, struct ingest_items *items,
                        struct ingest_message *message)
{
    const struct ingest_attachment attachment = {.media_id = id};
    if (!id.len) return;
    message->kind = SEADESK__V1__MESSAGE_KIND__IMAGE;
    ingest_found_attachment(items, message, &attachment);
}

static void add(const struct ingest_webhook *hook, const struct words *words, yyjson_val *content,
                int64_t time_ms, struct ingest_items *items)
{
    struct sea_str action = ingest_json_str(content, "comment_action");
    bool is_gone = sea_str_is(action, "delete");
    if (action.len && !is_gone && !sea_str_is(action, "insert")) {
        ingest_ignore(items, "visibility"); /* hidden, or shown again */
        return;
    }
    struct ingest_item *item =
        is_gone ? ingest_found_change(hook, items, SEADESK__V1__MESSAGE_KIND__UNSEND, words->id,
                                      action, words->contact, hook->body)
                : ingest_found_message(hook, items, words->id, words->contact, hook->body);
    if (!item) return;
    item->time_ms = time_ms;
    item->message.is_public = words->is_public;
    item->message.name = words->name;
    if (is_gone) return;
    item->message.text = words->text;
    item->message.in_reply_to = words->reply_to;
    add_video(words->video, items, &item->message);
    add_picture(words->picture, items, &item->message);
    ingest_name_wordless(&item->message, ingest_json_str(content, "type"), items->arena);
}

static void read_comment(const struct ingest_webhook *hook, yyjson_val *content, int64_t time_ms,
                         struct ingest_items *items)
{
    struct sea_arena *arena = items->arena;
    struct words words = {.id = ingest_json_id(content, "comment_id", arena),
                          .contact = ingest_json_id(content, "unique_identifier", arena),
                          .name = ingest_json_str(content, "username"),
                          .text = ingest_json_str(content, "text"),
                          .reply_to = ingest_json_id(content, "parent_comment_id", arena),
                          .video = ingest_json_obj(content, "reply_video"),
                          .is_public = true};
    if (!words.reply_to.len) words.reply_to = ingest_json_id(content, "video_id", arena);
    add(hook, &words, content, time_ms, items);
}

static void read_direct(const struct ingest_webhook *hook, yyjson_val *content, int64_t time_ms,
                        struct ingest_items *items)
{
    struct sea_arena *arena = items->arena;
    yyjson_val *from = ingest_json_obj(content, "from_user"),
               *post = ingest_json_obj(content, "share_post");
    struct words words = {.id = ingest_json_id(content, "message_id", items->arena),
                          .contact = ingest_json_id(from, "id", items->arena),
                          .name = ingest_json_str(content, "from"),
                          .text = ingest_json_str(ingest_json_obj(content, "text"), "body"),
                          .picture =
                              ingest_json_id(ingest_json_obj(content, "image"), "media_id", arena),
                          .video = ingest_json_obj(content, "video")};
    if (!words.text.len) words.text = ingest_json_str(post, "embed_url");
    if (!words.text.len) words.text = ingest_json_id(post, "video_id", arena);
    add(hook, &words, content, time_ms, items);
}

static const struct ingest_other OTHERS[] = {{"authorization.removed", "account"},
                                             {"im_mark_read_msg", "seen"},
                                             {"im_referral_msg", "referral"},
                                             {"im_send_msg", "echo"}};

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_val *root = ingest_found_json(hook, problem);
    struct sea_str event = ingest_json_str(root, "event");
    (void)reply;
    if (!root) return false;
    if (!event.len) return ingest_refuse(problem, 422, "invalid", "event must be text", "/event");
    if (!sea_str_is(event, "comment.update") && !sea_str_is(event, "im_receive_msg")) {
        ingest_ignore(items, ingest_other_of(OTHERS, SEA_COUNT(OTHERS), event));
        return true;
    }
    yyjson_val *content =
        yyjson_doc_get_root(ingest_json_parse(ingest_json_str(root, "content"), hook->alc));
    if (!yyjson_is_obj(content))
        return ingest_refuse(problem, 422, "invalid", "content must be JSON as text", "/content");
    int64_t time_ms = ingest_json_time(content, "timestamp");
    if (!time_ms) time_ms = ingest_json_time(root, "create_time");
    if (sea_str_is(event, "comment.update"))
        read_comment(hook, content, time_ms, items);
    else
        read_direct(hook, content, time_ms, items);
    return true;
}

const struct ingest_adapter ingest_tiktok = {
    .secret = INGEST_SECRET_SHA256,
    .bodies = INGEST_JSON,
    .proof = {"tiktok-signature"},
    .is_timed = true,
    .verify = verify,
    .parse = parse,
};
