/* ingest_generic.c: reads and checks the generic message. */
#include "ingest_generic.h"

#include <stdio.h>
#include <string.h>

#include "ingest_adapter.h"
#include "ingest_json.h"
#include "ingest_parts.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/messages.pb-c.h"

enum { NOTICE_MAX = 64 };

static bool wrong(struct ingest_problem *problem, const char *detail, const char *field)
{
    return ingest_refuse(problem, 422, "invalid", detail, field);
}

/* A string member of at most `max` bytes; absent is empty. */
static bool take_str(yyjson_val *object, const char *name, size_t max, struct sea_str *ret)
{
    if (ingest_json_is_absent(object, name)) {
        *ret = (struct sea_str){NULL, 0};
        return true;
    }
    if (!yyjson_is_str(yyjson_obj_get(object, name))) return false;
    *ret = ingest_json_str(object, name);
    return ret->len <= max;
}

static bool read_contact(yyjson_val *root, struct ingest_item *item, struct ingest_problem *problem)
{
    yyjson_val *contact = ingest_json_obj(root, "contact");
    struct ingest_message *message = &item->message;
    if (!contact) return wrong(problem, "contact must be an object", "/contact");
    if (!take_str(contact, "id", INGEST_ID_MAX, &item->contact_id) ||
        !ingest_is_id(item->contact_id))
        return wrong(problem, "contact.id must be text of 1 to 512 bytes", "/contact/id");
    if (!take_str(contact, "name", INGEST_ID_MAX, &message->name))
        return wrong(problem, "contact.name must be text", "/contact/name");
    if (!take_str(contact, "email", INGEST_ID_MAX, &message->email))
        return wrong(problem, "contact.email must be text", "/contact/email");
    if (!take_str(contact, "phone", 32, &message->phone))
        return wrong(problem, "contact.phone must be text", "/contact/phone");
    if (!take_str(contact, "locale", 64, &message->locale))
        return wrong(problem, "contact.locale must be text", "/contact/locale");
    return true;
}

static bool read_attachment(yyjson_val *value, struct ingest_attachment *ret)
{
    struct sea_str sha256;
    int64_t size = 0;
    if (!yyjson_is_obj(value) || !take_str(value, "url", 4096, &ret->url) || !ret->url.len)
        return false;
    if (!take_str(value, "mime", 128, &ret->mime) ||
        !take_str(value, "name", INGEST_ID_MAX, &ret->name) ||
        !take_str(value, "sha256", 64, &sha256))
        return false;
    if (!ingest_json_is_absent(value, "size") &&
        (!ingest_json_int(value, "size", &size) || size < 0))
        return false;
    ret->size_bytes = (uint64_t)size;
    ret->has_sha256 = sha256.len > 0;
    return !sha256.len || sea_hex_parse(sha256, ret->sha256, sizeof(ret->sha256));
}

static bool read_attachments(yyjson_val *root, struct ingest_message *message,
                             struct sea_arena *arena, struct ingest_problem *problem)
{
    size_t i, n;
    yyjson_val *list = ingest_json_arr(root, "attachments"), *value;
    if (ingest_json_is_absent(root, "attachments")) return true;
    if (!list || yyjson_arr_size(list) > INGEST_ATTACHMENTS_MAX)
        return wrong(problem, "attachments must be an array of at most 20", "/attachments");
    message->attachments =
        sea_arena_zero(arena, (yyjson_arr_size(list) + 1) * sizeof(*message->attachments));
    if (!message->attachments)
        return ingest_refuse(problem, 413, "too-large", "the request is too large", NULL);
    yyjson_arr_foreach(list, i, n, value)
    {
        if (!read_attachment(value, &message->attachments[i]))
            return wrong(
                problem,
                "an attachment needs a url; mime, name, size and sha256 (64 hex digits) may follow",
                "/attachments");
        message->attachments_count++;
    }
    return true;
}

static bool read_times(yyjson_val *root, struct ingest_item *item, struct ingest_problem *problem)
{
    struct sea_str sent_at;
    if (!take_str(root, "sent_at", 64, &sent_at))
        return wrong(problem, "sent_at must be text", "/sent_at");
    if (sent_at.len && !sea_time_parse(sent_at, &item->time_ms))
        return wrong(problem, "sent_at must be an RFC 3339 time", "/sent_at");
    return true;
}

/* Stars of a review, and whether everybody can read it. */
static bool read_review(yyjson_val *root, struct ingest_message *message,
                        struct ingest_problem *problem)
{
    int64_t rating = 0;
    if (!ingest_json_is_absent(root, "rating") &&
        (!ingest_json_int(root, "rating", &rating) || rating < 1 || rating > 5))
        return wrong(problem, "rating must be a whole number from 1 to 5", "/rating");
    if (!ingest_json_is_absent(root, "public") && !yyjson_is_bool(yyjson_obj_get(root, "public")))
        return wrong(problem, "public must be true or false", "/public");
    message->rating = (unsigned)rating;
    message->is_public = ingest_json_true(root, "public");
    return true;
}

/* People leave fields of forms empty; which ones is worth knowing before asking them again. */
static void note_empty(const struct ingest_item *item, struct ingest_items *items,
                       struct ingest_message *message)
{
    const struct {
        const char *name;
        struct sea_str value;
    } FIELDS[] = {
        {"contact.name", message->name},   {"contact.email", message->email},
        {"contact.phone", message->phone}, {"contact.locale", message->locale},
        {"subject", message->subject},     {"text", message->text},
        {"order_id", message->order_id},
    };
    char names[128] = "";
    size_t len = 0;
    if (!sea_str_is(item->channel, "form") && !sea_str_is(item->channel, "portal")) return;
    for (size_t i = 0; i < SEA_COUNT(FIELDS); i++)
        if (!FIELDS[i].value.len)
            len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", len ? " " : "",
                                    FIELDS[i].name);
    message->empty_fields = sea_arena_str(items->arena, sea_str(names));
}

static bool read_words(yyjson_val *root, struct ingest_message *message,
                       struct ingest_problem *problem)
{
    if (!take_str(root, "subject", 4096, &message->subject))
        return wrong(problem, "subject must be text", "/subject");
    if (!take_str(root, "text", INGEST_RAW_MAX, &message->text))
        return wrong(problem, "text must be text of at most 131072 bytes", "/text");
    if (!take_str(root, "order_id", INGEST_ID_MAX, &message->order_id))
        return wrong(problem, "order_id must be text", "/order_id");
    if (!take_str(root, "in_reply_to", INGEST_ID_MAX, &message->in_reply_to))
        return wrong(problem, "in_reply_to must be text", "/in_reply_to");
    return true;
}

static bool read_consent(yyjson_val *root, struct ingest_message *message,
                         struct ingest_problem *problem)
{
    yyjson_val *consent = ingest_json_obj(root, "consent");
    message->has_recording_consent = ingest_json_true(consent, "recording");
    if (!take_str(consent, "notice_version", NOTICE_MAX, &message->notice_version))
        return wrong(problem, "consent.notice_version must be text of at most 64 bytes",
                     "/consent/notice_version");
    if (!take_str(consent, "locale", NOTICE_MAX, &message->notice_locale))
        return wrong(problem, "consent.locale must be text of at most 64 bytes", "/consent/locale");
    if (!message->notice_locale.len) message->notice_locale = message->locale;
    return true;
}

/* A long SMS as gateways hand it over: {"reference", "number", "total"} (3GPP
 * TS 23.040, 9.2.3.24.1).
 */
static bool read_part(yyjson_val *root, struct ingest_message *message,
                      struct ingest_problem *problem)
{
    yyjson_val *part = ingest_json_obj(root, "part");
    int64_t number = 0, total = 0;
    if (ingest_json_is_absent(root, "part")) return true;
    message->part_of = ingest_json_str(part, "reference");
    if (!ingest_is_id(message->part_of))
        return wrong(problem, "part.reference must be text of 1 to 512 bytes", "/part/reference");
    if (!ingest_json_int(part, "total", &total) || total < 2 || total > INGEST_PARTS_MAX)
        return wrong(problem, "part.total must be a whole number from 2 to 20", "/part/total");
    if (!ingest_json_int(part, "number", &number) || number < 1 || number > total)
        return wrong(problem, "part.number must be a whole number from 1 to part.total",
                     "/part/number");
    if (!message->text.len || message->text.len > INGEST_PART_BYTES_MAX)
        return wrong(problem, "the text of a part has 1 to 4096 bytes", "/text");
    if (message->external_id.len > INGEST_PART_ID_MAX)
        return wrong(problem, "the message_id of a part has at most 500 bytes", "/message_id");
    message->part = (unsigned)number;
    message->parts = (unsigned)total;
    return true;
}

/* The same message may come by another channel too: its client's id is the event's then. */
static bool read_client_id(yyjson_val *root, struct ingest_item *item,
                           struct ingest_problem *problem)
{
    struct sea_str text;
    struct sea_uuid id;
    if (!take_str(root, "client_message_id", INGEST_ID_MAX, &text) ||
        (text.len && !sea_uuid_parse(text, &id)))
        return wrong(problem, "client_message_id must be a UUID", "/client_message_id");
    if (text.len)
        item->id = ingest_client_id(id);
    else if (!item->message.parts)
        ingest_take_mark(item); /* of parts, once they are together */
    return true;
}

static const struct sea_account *find_account(const struct ingest_generic *generic,
                                              yyjson_val *root, struct ingest_problem *problem)
{
    struct sea_str channel = ingest_json_str(root, "channel"),
                   account = ingest_json_str(root, "account");
    const struct sea_account *found = sea_channels_account(generic->channels, channel, account);
    if (!channel.len) {
        wrong(problem, "channel must be text", "/channel");
        return NULL;
    }
    if (!found || !found->is_enabled) {
        ingest_refuse(problem, 404, "not-found", "no such account of that channel", "/account");
        return NULL;
    }
    if (found->adapter != SEA_ADAPTER_GENERIC) {
        wrong(problem, "messages of this channel come through its provider's webhook", "/channel");
        return NULL;
    }
    return found;
}

bool ingest_generic_take(yyjson_val *root, struct sea_str message_id, struct sea_str raw,
                         const struct sea_account *account, struct ingest_items *items,
                         struct ingest_problem *problem)
{
    struct ingest_item *item = ingest_items_add(items, INGEST_MESSAGE);
    if (!item) return ingest_refuse(problem, 413, "too-large", "the request is too large", NULL);
    struct ingest_message *message = &item->message;
    item->channel = sea_str(account->channel->name);
    item->account = sea_str(account->name);
    message->kind = SEADESK__V1__MESSAGE_KIND__TEXT;
    if (!take_str(root, "message_id", INGEST_ID_MAX, &message->external_id))
        return wrong(problem, "message_id must be text of 1 to 512 bytes", "/message_id");
    if (!message->external_id.len) message->external_id = message_id;
    if (!ingest_is_id(message->external_id))
        return wrong(problem, "message_id must be text of 1 to 512 bytes", "/message_id");
    if (!read_times(root, item, problem) || !read_contact(root, item, problem) ||
        !read_words(root, message, problem) || !read_consent(root, message, problem) ||
        !read_review(root, message, problem) || !read_part(root, message, problem) ||
        !read_attachments(root, message, items->arena, problem))
        return false;
    if (!message->text.len && !message->subject.len && !message->attachments_count)
        return wrong(problem, "a message needs text, a subject or an attachment", "/text");
    message->raw = raw;
    note_empty(item, items, message);
    item->id = ingest_id("message", account, &message->external_id, 1);
    return read_client_id(root, item, problem);
}

static yyjson_val *parse(struct sea_str body, const yyjson_alc *alc, struct ingest_problem *problem)
{
    yyjson_val *root = yyjson_doc_get_root(ingest_json_parse(body, alc));
    if (!root)
        ingest_json_refuse(body, alc, problem);
    else if (!yyjson_is_obj(root))
        ingest_refuse(problem, 422, "invalid", "the body must be an object", "");
    return yyjson_is_obj(root) ? root : NULL;
}

bool ingest_generic_typing(struct sea_str body, const yyjson_alc *alc, struct ingest_typing *ret,
                           struct ingest_problem *problem)
{
    yyjson_val *root = parse(body, alc, problem);
    if (!root) return false;
    if (!take_str(root, "locale", 64, &ret->locale))
        return wrong(problem, "locale must be text of at most 64 bytes", "/locale");
    ret->has_recording_consent = ingest_json_true(ingest_json_obj(root, "consent"), "recording");
    return true;
}

bool ingest_generic_parse(const struct ingest_generic *generic, struct ingest_items *items,
                          struct ingest_problem *problem, const struct sea_account **ret_account)
{
    yyjson_val *root = parse(generic->body, generic->alc, problem);
    if (!root) return false;
    const struct sea_account *account = find_account(generic, root, problem);
    if (!account || !ingest_generic_take(root, (struct sea_str){NULL, 0}, generic->body, account,
                                         items, problem))
        return false;
    items->list[items->count - 1].source = generic->source;
    if (ret_account) *ret_account = account;
    return true;
}

bool ingest_generic_put_consent(struct ingest_items *items, const struct sea_account *account)
{
    struct ingest_item *last = ingest_items_add(items, INGEST_CONSENT);
    if (!last) return false;
    struct ingest_item consent = *last, message = last[-1];
    const struct ingest_message *said = &message.message;
    consent.id = ingest_id("recording", account, &said->external_id, 1);
    consent.root = message.id;
    consent.channel = message.channel;
    consent.account = message.account;
    consent.contact_id = message.contact_id;
    consent.source = message.source;
    consent.consent = (struct ingest_consent){
        .class = SEADESK__V1__CONSENT_CLASS__CONSENT_RECORDING,
        .is_granted = true,
        .proof = ingest_printed(items->arena, "notice %.*s %.*s", (int)said->notice_version.len,
                                said->notice_version.len ? said->notice_version.ptr : "",
                                (int)said->notice_locale.len,
                                said->notice_locale.len ? said->notice_locale.ptr : "")};
    last[-1] = consent;
    last[0] = message;
    return true;
}
