/* ingest_intercom.c: Intercom's webhooks (Intercom, "Webhook notifications", "Webhook topics"):
 * what customers write in its conversations. The contact is the conversation there, because that is
 * where an answer goes. */
#include "ingest_adapter.h"
#include "ingest_json.h"
#include "seadesk/v1/messages.pb-c.h"

static bool is_customer(yyjson_val *author)
{
    struct sea_str type = ingest_json_str(author, "type");
    return sea_str_is(type, "user") || sea_str_is(type, "lead") || sea_str_is(type, "contact");
}

static void read_part(const struct ingest_webhook *hook, struct ingest_items *items,
                      yyjson_val *conversation, yyjson_val *part)
{
    size_t i, n;
    yyjson_val *author = ingest_json_obj(part, "author"), *file;
    struct sea_str in = ingest_json_id(conversation, "id", items->arena),
                   id = ingest_json_id(part, "id", items->arena), external = {NULL, 0};
    if (!is_customer(author)) {
        ingest_ignore(items, "staff");
        return;
    }
    if (ingest_is_id(in) && ingest_is_id(id))
        external =
            ingest_printed(items->arena, "%.*s/%.*s", (int)in.len, in.ptr, (int)id.len, id.ptr);
    struct ingest_item *item = ingest_found_message(hook, items, external, in, hook->body);
    if (!item) return;
    item->time_ms = ingest_json_time(part, "created_at");
    if (!item->time_ms) item->time_ms = ingest_json_time(conversation, "created_at");
    item->message.subject = ingest_plain(ingest_json_str(part, "subject"), items->arena);
    item->message.text = ingest_plain(ingest_json_str(part, "body"), items->arena);
    item->message.name = ingest_json_str(author, "name");
    item->message.email = ingest_json_str(author, "email");
    ingest_found_pictures(items, &item->message, ingest_json_str(part, "body"));
    yyjson_arr_foreach(ingest_json_arr(part, "attachments"), i, n, file)
    {
        int64_t size = 0;
        struct ingest_attachment attachment = {.url = ingest_json_str(file, "url"),
                                               .name = ingest_json_str(file, "name"),
                                               .mime = ingest_json_str(file, "content_type")};
        if (ingest_json_int(file, "filesize", &size) && size > 0)
            attachment.size_bytes = (uint64_t)size;
        if (attachment.url.len) ingest_found_attachment(items, &item->message, &attachment);
    }
    if (!item->message.text.len && item->message.attachments_count)
        item->message.kind = SEADESK__V1__MESSAGE_KIND__IMAGE;
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_doc *doc = ingest_json_parse(hook->body, hook->alc);
    yyjson_val *root = yyjson_doc_get_root(doc), *part,
               *conversation = ingest_json_obj(ingest_json_obj(root, "data"), "item");
    yyjson_val *parts = ingest_json_obj(conversation, "conversation_parts");
    struct sea_str topic = ingest_json_str(root, "topic");
    size_t i, n;
    (void)reply;
    if (!doc) return ingest_refuse(problem, 400, "malformed", "the body is not JSON", NULL);
    if (!topic.len) return ingest_refuse(problem, 422, "invalid", "topic must be text", "/topic");
    if (sea_str_is(topic, "conversation.user.created")) {
        yyjson_val *source = ingest_json_obj(conversation, "source");
        read_part(hook, items, conversation, source);
    } else if (sea_str_is(topic, "conversation.user.replied")) {
        yyjson_arr_foreach(ingest_json_arr(parts, "conversation_parts"), i, n, part)
            read_part(hook, items, conversation, part);
    } else {
        ingest_ignore(items, sea_str_is(topic, "ping") ? "check" : "unknown");
    }
    return true;
}

const struct ingest_adapter ingest_intercom = {
    .secret = INGEST_SECRET_SHA1,
    .bodies = INGEST_JSON,
    .proof = {"x-hub-signature"},
    .scheme = {INGEST_HEX, "sha1=", NULL},
    .verify = ingest_verify_mac,
    .parse = parse,
};
