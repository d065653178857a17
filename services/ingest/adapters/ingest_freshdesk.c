/* ingest_freshdesk.c: Freshdesk's webhooks of automation rules (Freshdesk, "Using webhooks in
 * automation rules"): what customers write in its tickets. Freshdesk signs nothing: the rule's user
 * and password are the secret. Nor does it number comments: one is known by its ticket, its words
 * and, where the rule's content has it, `ticket_updated_at`. The contact is the ticket there. */
#include "ingest_adapter.h"
#include "ingest_json.h"
#include "sea_id.h"

static void read_message(const struct ingest_webhook *hook, struct ingest_items *items,
                         yyjson_val *ticket)
{
    struct sea_arena *arena = items->arena;
    struct sea_str id = ingest_json_id(ticket, "ticket_id", arena), external = {NULL, 0},
                   text = ingest_json_str(ticket, "ticket_latest_public_comment"),
                   changed = ingest_json_str(ticket, "ticket_updated_at");
    if (!text.len) text = ingest_json_str(ticket, "ticket_description");
    if (ingest_is_id(id)) {
        const struct sea_str parts[] = {id, text, changed};
        char comment[SEA_UUID_TEXT];
        sea_uuid_print(ingest_id("comment", hook->account, parts, SEA_COUNT(parts)), comment);
        external = ingest_printed(arena, "%.*s/%s", (int)id.len, id.ptr, comment);
    }
    struct ingest_item *item = ingest_found_message(hook, items, external, id, hook->body);
    if (!item) return;
    item->time_ms = ingest_json_time(ticket, "ticket_updated_at");
    item->message.subject = ingest_json_str(ticket, "ticket_subject");
    item->message.text = ingest_plain(text, arena);
    ingest_found_pictures(items, &item->message, text);
    item->message.name = ingest_json_str(ticket, "ticket_contact_name");
    item->message.email = ingest_json_str(ticket, "ticket_contact_email");
    item->message.phone = ingest_json_str(ticket, "ticket_contact_phone");
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_doc *doc = ingest_json_parse(hook->body, hook->alc);
    yyjson_val *ticket = ingest_json_obj(yyjson_doc_get_root(doc), "freshdesk_webhook");
    (void)reply;
    if (!doc) return ingest_refuse(problem, 400, "malformed", "the body is not JSON", NULL);
    if (!ticket)
        return ingest_refuse(problem, 422, "invalid", "freshdesk_webhook must be an object",
                             "/freshdesk_webhook");
    read_message(hook, items, ticket);
    return true;
}

const struct ingest_adapter ingest_freshdesk = {
    .secret = INGEST_SECRET_PLAIN,
    .bodies = INGEST_JSON,
    .proof = {"authorization"},
    .is_body_unsigned = true,
    .verify = ingest_verify_basic,
    .parse = parse,
};
