/* ingest_slack.c: Slack Events API (api.slack.com, "Using the Events API", "Verifying requests"):
 * messages, edits, deletions, reactions and mentions, signed with the time; url_verification is
 * answered with its challenge. */
#include "ingest_adapter.h"
#include "ingest_json.h"
#include "seadesk/v1/messages.pb-c.h"

/* A message has no id but its channel and time stamp. */
static struct sea_str id_of(struct sea_str channel, struct sea_str ts, struct sea_arena *arena)
{
    if (!channel.len || !ts.len) return (struct sea_str){NULL, 0};
    return ingest_printed(arena, "%.*s:%.*s", (int)channel.len, channel.ptr, (int)ts.len, ts.ptr);
}

/* "1355517523.000005": seconds and a counter. */
static int64_t time_of(struct sea_str ts)
{
    uint64_t seconds;
    size_t len = 0;
    while (len < ts.len && ts.ptr[len] != '.') len++;
    if (!sea_str_u64((struct sea_str){ts.ptr, len}, &seconds) || seconds > INT32_MAX) return 0;
    return ingest_unix_ms((int64_t)seconds);
}

static void read_files(yyjson_val *event, struct ingest_items *items,
                       struct ingest_message *message)
{
    size_t i, n;
    int64_t size_bytes;
    yyjson_val *file;
    yyjson_arr_foreach(ingest_json_arr(event, "files"), i, n, file)
    {
        struct ingest_attachment attachment = {.url = ingest_json_str(file, "url_private"),
                                               .media_id = ingest_json_str(file, "id"),
                                               .mime = ingest_json_str(file, "mimetype"),
                                               .name = ingest_json_str(file, "name")};
        if (ingest_json_int(file, "size", &size_bytes) && size_bytes > 0)
            attachment.size_bytes = (uint64_t)size_bytes;
        if (i == 0 && !message->text.len) message->kind = ingest_kind_of_media(attachment.mime);
        ingest_found_attachment(items, message, &attachment);
    }
}

static void read_message(const struct ingest_webhook *hook, yyjson_val *event, struct sea_str raw,
                         struct ingest_items *items)
{
    struct sea_str channel = ingest_json_str(event, "channel"), ts = ingest_json_str(event, "ts");
    struct sea_str thread = ingest_json_str(event, "thread_ts");
    struct ingest_item *item = ingest_found_message(hook, items, id_of(channel, ts, items->arena),
                                                    ingest_json_str(event, "user"), raw);
    if (!item) return;
    item->time_ms = time_of(ts);
    item->message.text = ingest_unescaped(ingest_json_str(event, "text"), items->arena);
    item->message.is_public = sea_str_is(ingest_json_str(event, "channel_type"), "channel");
    if (thread.len && !sea_str_eq(thread, ts))
        item->message.in_reply_to = id_of(channel, thread, items->arena);
    read_files(event, items, &item->message);
}

/* What became of an earlier message, which the event carries whole under `part`. */
static void read_change(const struct ingest_webhook *hook, yyjson_val *event, int kind,
                        const char *part, struct sea_str raw, struct ingest_items *items)
{
    yyjson_val *message = ingest_json_obj(event, part);
    struct sea_str ts = ingest_json_str(message, "ts");
    struct sea_str id = id_of(ingest_json_str(event, "channel"), ts, items->arena);
    struct ingest_item *item = ingest_found_change(
        hook, items, kind, id, ingest_json_str(event, "ts"), ingest_json_str(message, "user"), raw);
    if (!item) return;
    item->time_ms = time_of(ingest_json_str(event, "ts"));
    if (kind == SEADESK__V1__MESSAGE_KIND__EDIT)
        item->message.text = ingest_unescaped(ingest_json_str(message, "text"), items->arena);
}

/* Of a bot's message; of one whose links were unfolded, or that got answers; of one that is gone,
 * but for the answers to it. */
static void read_changed(const struct ingest_webhook *hook, yyjson_val *event, struct sea_str raw,
                         struct ingest_items *items)
{
    yyjson_val *message = ingest_json_obj(event, "message");
    if (ingest_json_str(message, "bot_id").len)
        ingest_ignore(items, "bot");
    else if (sea_str_is(ingest_json_str(message, "subtype"), "tombstone"))
        read_change(hook, event, SEADESK__V1__MESSAGE_KIND__UNSEND, "previous_message", raw, items);
    else if (ingest_json_obj(message, "edited"))
        read_change(hook, event, SEADESK__V1__MESSAGE_KIND__EDIT, "message", raw, items);
    else
        ingest_ignore(items, "unfolded");
}

/* One that was taken back has no words. */
static void read_reaction(const struct ingest_webhook *hook, yyjson_val *event, bool is_gone,
                          struct sea_str raw, struct ingest_items *items)
{
    yyjson_val *target = ingest_json_obj(event, "item");
    struct sea_str at = ingest_json_str(event, "event_ts");
    if (!sea_str_is(ingest_json_str(target, "type"), "message")) {
        ingest_ignore(items, "reaction");
        return;
    }
    struct ingest_item *item = ingest_found_change(
        hook, items, SEADESK__V1__MESSAGE_KIND__REACTION,
        id_of(ingest_json_str(target, "channel"), ingest_json_str(target, "ts"), items->arena), at,
        ingest_json_str(event, "user"), raw);
    if (!item) return;
    item->time_ms = time_of(at);
    if (!is_gone) item->message.text = ingest_json_str(event, "reaction");
}

static bool is_said(struct sea_str subtype)
{
    return !subtype.len || sea_str_is(subtype, "file_share") || sea_str_is(subtype, "me_message") ||
           sea_str_is(subtype, "thread_broadcast");
}

/* What bots say, ours among them, is no customer's. */
static void read_event(const struct ingest_webhook *hook, yyjson_val *event,
                       struct ingest_items *items)
{
    struct sea_str type = ingest_json_str(event, "type"),
                   subtype = ingest_json_str(event, "subtype");
    struct sea_str raw = ingest_json_raw(event, items->arena);
    bool is_reaction = sea_str_is(type, "reaction_added") || sea_str_is(type, "reaction_removed");
    yyjson_val *gone = ingest_json_obj(event, "previous_message");
    bool is_deletion = sea_str_is(subtype, "message_deleted");
    if (is_reaction)
        read_reaction(hook, event, sea_str_is(type, "reaction_removed"), raw, items);
    else if (!sea_str_is(type, "message") && !sea_str_is(type, "app_mention"))
        ingest_ignore(items, "unknown");
    else if (ingest_json_str(is_deletion ? gone : event, "bot_id").len)
        ingest_ignore(items, "bot");
    else if (sea_str_is(subtype, "message_changed"))
        read_changed(hook, event, raw, items);
    else if (is_deletion)
        read_change(hook, event, SEADESK__V1__MESSAGE_KIND__UNSEND, "previous_message", raw, items);
    else if (is_said(subtype))
        read_message(hook, event, raw, items);
    else
        ingest_ignore(items, "service"); /* who joined, what a channel is called … */
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_val *root = ingest_found_json(hook, problem);
    struct sea_str type = ingest_json_str(root, "type");
    if (!root) return false;
    if (sea_str_is(type, "url_verification")) {
        reply->content_type = "text/plain";
        reply->body = ingest_json_str(root, "challenge");
    } else if (sea_str_is(type, "event_callback")) {
        read_event(hook, ingest_json_obj(root, "event"), items);
    } else if (!type.len) {
        return ingest_refuse(problem, 422, "invalid", "type must be text", "/type");
    } else {
        ingest_ignore(items, sea_str_is(type, "app_rate_limited") ? "app_rate_limited" : "unknown");
    }
    return true;
}

const struct ingest_adapter ingest_slack = {
    .secret = INGEST_SECRET_SHA256,
    .bodies = INGEST_JSON,
    .proof = {"x-slack-signature", "x-slack-request-timestamp"},
    .scheme = {INGEST_HEX, "v0=", "v0:%t:%b"},
    .is_timed = true,
    .verify = ingest_verify_mac,
    .parse = parse,
};
