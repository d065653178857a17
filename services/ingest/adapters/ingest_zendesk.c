/* ingest_zendesk.c: Zendesk's event webhooks (Zendesk, "Webhook event types: ticket events,
 * messaging events", "Verifying webhook authenticity"): what customers write in its tickets. The
 * contact is the ticket there, because that is where an answer goes. */
#include "ingest_adapter.h"
#include "ingest_json.h"

enum { FIRST_MS = 60000 }; /* between a ticket's creation and what tells its first comment */

static struct ingest_item *add_message(const struct ingest_webhook *hook,
                                       struct ingest_items *items, yyjson_val *root,
                                       struct sea_str id, struct sea_str text)
{
    yyjson_val *detail = ingest_json_obj(root, "detail");
    struct sea_str ticket = ingest_json_id(detail, "id", items->arena), external = {NULL, 0};
    if (ingest_is_id(ticket) && ingest_is_id(id))
        external = ingest_printed(items->arena, "%.*s/%.*s", (int)ticket.len, ticket.ptr,
                                  (int)id.len, id.ptr);
    struct ingest_item *item = ingest_found_message(hook, items, external, ticket, hook->body);
    if (!item) return NULL;
    item->time_ms = ingest_json_time(root, "time");
    item->message.subject = ingest_json_str(detail, "subject");
    item->message.text = text;
    return item;
}

static void read_created(const struct ingest_webhook *hook, struct ingest_items *items,
                         yyjson_val *root)
{
    add_message(hook, items, root, SEA_STR("created"),
                ingest_json_str(ingest_json_obj(root, "detail"), "description"));
}

/* The first comment is the ticket's description, which its creation told; the same words again,
 * later, are a message. */
static bool is_first(yyjson_val *root, struct sea_str text)
{
    yyjson_val *detail = ingest_json_obj(root, "detail");
    int64_t created_ms = ingest_json_time(detail, "created_at"),
            said_ms = ingest_json_time(root, "time");
    return sea_str_eq(text, ingest_json_str(detail, "description")) &&
           (!created_ms || said_ms < created_ms + FIRST_MS);
}

/* Notes and what staff writes are no messages. */
static void read_comment(const struct ingest_webhook *hook, struct ingest_items *items,
                         yyjson_val *root)
{
    yyjson_val *comment = ingest_json_obj(ingest_json_obj(root, "event"), "comment"),
               *author = ingest_json_obj(comment, "author");
    struct sea_str text = ingest_json_str(comment, "body");
    if (ingest_json_true(author, "is_staff") || !ingest_json_true(comment, "is_public") ||
        is_first(root, text)) {
        ingest_ignore(items, ingest_json_true(author, "is_staff") ? "staff"
                             : is_first(root, text)               ? "description"
                                                                  : "note");
        return;
    }
    struct ingest_item *item =
        add_message(hook, items, root, ingest_json_id(comment, "id", items->arena), text);
    if (item) item->message.name = ingest_json_str(author, "name");
}

static void read_chat(const struct ingest_webhook *hook, struct ingest_items *items,
                      yyjson_val *root)
{
    yyjson_val *event = ingest_json_obj(root, "event"),
               *message = ingest_json_obj(event, "message"),
               *actor = ingest_json_obj(event, "actor");
    if (!sea_str_is(ingest_json_str(actor, "type"), "end_user")) {
        ingest_ignore(items, "staff");
        return;
    }
    struct ingest_item *item =
        add_message(hook, items, root, ingest_json_id(message, "id", items->arena),
                    ingest_json_str(message, "body"));
    if (item) item->message.name = ingest_json_str(actor, "name");
}

/* A comment's file is told apart from it. Whose it is, is who did it: the ticket's requester. */
static void read_file(const struct ingest_webhook *hook, struct ingest_items *items,
                      yyjson_val *root)
{
    struct sea_arena *arena = items->arena;
    yyjson_val *detail = ingest_json_obj(root, "detail"),
               *comment = ingest_json_obj(ingest_json_obj(root, "event"), "comment"),
               *file = ingest_json_obj(comment, "attachment");
    struct sea_str ticket = ingest_json_id(detail, "id", arena),
                   id = ingest_json_id(comment, "id", arena);
    const struct ingest_attachment attachment = {.url = ingest_json_str(file, "content_url"),
                                                 .mime = ingest_json_str(file, "content_type"),
                                                 .name = ingest_json_str(file, "filename")};
    if (!sea_str_eq(ingest_json_id(detail, "actor_id", arena),
                    ingest_json_id(detail, "requester_id", arena))) {
        ingest_ignore(items, "staff");
        return;
    }
    struct ingest_item *item = add_message(hook, items, root, ingest_json_id(file, "id", arena),
                                           (struct sea_str){NULL, 0});
    if (!item) return;
    item->message.kind = ingest_kind_of_media(attachment.mime);
    if (id.len)
        item->message.in_reply_to =
            ingest_printed(arena, "%.*s/%.*s", (int)ticket.len, ticket.ptr, (int)id.len, id.ptr);
    if (attachment.url.len) ingest_found_attachment(items, &item->message, &attachment);
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_doc *doc = ingest_json_parse(hook->body, hook->alc);
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct sea_str type = ingest_json_str(root, "type");
    (void)reply;
    if (!doc) return ingest_refuse(problem, 400, "malformed", "the body is not JSON", NULL);
    if (!type.len) return ingest_refuse(problem, 422, "invalid", "type must be text", "/type");
    if (sea_str_is(type, "zen:event-type:ticket.created"))
        read_created(hook, items, root);
    else if (sea_str_is(type, "zen:event-type:ticket.comment_added"))
        read_comment(hook, items, root);
    else if (sea_str_is(type, "zen:event-type:ticket.attachment_linked_to_comment"))
        read_file(hook, items, root);
    else if (sea_str_is(type, "zen:event-type:messaging_ticket.message_added"))
        read_chat(hook, items, root);
    else
        ingest_ignore(items, "unknown");
    return true;
}

const struct ingest_adapter ingest_zendesk = {
    .secret = INGEST_SECRET_SHA256,
    .bodies = INGEST_JSON,
    .proof = {"x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp"},
    .scheme = {INGEST_BASE64, NULL, "%t%b"},
    .is_timed = true,
    .verify = ingest_verify_mac,
    .parse = parse,
};
