/* ingest_whatsapp.c: WhatsApp Cloud API webhooks (Meta, "Webhooks for WhatsApp Business Platform"):
 * messages, statuses and preferences of every entry, signed with the app secret. */
#include <stdio.h>
#include <string.h>

#include "ingest_adapter.h"
#include "ingest_json.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/messages.pb-c.h"
#include "seadesk/v1/types.pb-c.h"

static const struct ingest_word KINDS[] = {
    {"text", SEADESK__V1__MESSAGE_KIND__TEXT},
    {"image", SEADESK__V1__MESSAGE_KIND__IMAGE},
    {"sticker", SEADESK__V1__MESSAGE_KIND__IMAGE},
    {"audio", SEADESK__V1__MESSAGE_KIND__AUDIO},
    {"video", SEADESK__V1__MESSAGE_KIND__VIDEO},
    {"document", SEADESK__V1__MESSAGE_KIND__DOCUMENT},
    {"location", SEADESK__V1__MESSAGE_KIND__LOCATION},
    {"reaction", SEADESK__V1__MESSAGE_KIND__REACTION},
    {"button", SEADESK__V1__MESSAGE_KIND__TEXT},
    {"interactive", SEADESK__V1__MESSAGE_KIND__TEXT},
    {"order", SEADESK__V1__MESSAGE_KIND__TEXT},
    {"edit", SEADESK__V1__MESSAGE_KIND__EDIT},
    {"revoke", SEADESK__V1__MESSAGE_KIND__UNSEND},
};

static const struct ingest_word STATES[] = {
    {"sent", SEADESK__V1__DELIVERY_STATE__ACCEPTED},
    {"delivered", SEADESK__V1__DELIVERY_STATE__DELIVERED},
    {"read", SEADESK__V1__DELIVERY_STATE__READ},
    {"failed", SEADESK__V1__DELIVERY_STATE__FAILED},
};

static void read_media(yyjson_val *media, struct ingest_message *message,
                       struct ingest_items *items)
{
    size_t len = 0;
    struct ingest_attachment attachment = {.media_id = ingest_json_str(media, "id"),
                                           .mime = ingest_json_str(media, "mime_type"),
                                           .name = ingest_json_str(media, "filename")};
    attachment.has_sha256 = sea_base64_parse(ingest_json_str(media, "sha256"), attachment.sha256,
                                             sizeof(attachment.sha256), &len) &&
                            len == sizeof(attachment.sha256);
    if (attachment.media_id.len) ingest_found_attachment(items, message, &attachment);
}

/* What was tapped; a form that was filled in (a flow, or an address), with its answers. */
static struct sea_str choice_of(const struct ingest_webhook *hook, yyjson_val *part,
                                struct sea_arena *arena)
{
    yyjson_val *reply = ingest_json_obj(part, "button_reply"),
               *form = ingest_json_obj(part, "nfm_reply");
    if (!reply) reply = ingest_json_obj(part, "list_reply");
    if (reply) return ingest_json_str(reply, "title");
    struct ingest_words lines = {.arena = arena};
    struct sea_str answers = ingest_json_str(form, "response_json");
    ingest_words_add(&lines, ingest_json_str(form, "body"));
    ingest_words_answers(&lines, yyjson_doc_get_root(ingest_json_parse(answers, hook->alc)));
    return ingest_words_text(&lines);
}

/* What somebody put into their cart, a product a line. */
static struct sea_str cart_of(yyjson_val *order, struct sea_arena *arena)
{
    size_t i, n;
    yyjson_val *product;
    struct ingest_words lines = {.arena = arena};
    ingest_words_add(&lines, ingest_json_str(order, "text"));
    yyjson_arr_foreach(ingest_json_arr(order, "product_items"), i, n, product)
    {
        struct sea_str count = ingest_json_scalar(product, "quantity", arena),
                       id = ingest_json_id(product, "product_retailer_id", arena),
                       price = ingest_json_scalar(product, "item_price", arena),
                       currency = ingest_json_str(product, "currency");
        if (id.len)
            ingest_words_add(&lines,
                             ingest_printed(arena, "%.*s × %.*s, %.*s %.*s", (int)count.len,
                                            count.len ? count.ptr : "", (int)id.len, id.ptr,
                                            (int)price.len, price.len ? price.ptr : "",
                                            (int)currency.len, currency.len ? currency.ptr : ""));
    }
    return ingest_words_text(&lines);
}

static struct sea_str cards_of(yyjson_val *cards, struct sea_arena *arena)
{
    size_t i, n;
    yyjson_val *card;
    struct ingest_words lines = {.arena = arena};
    yyjson_arr_foreach(cards, i, n, card)
    {
        ingest_words_add(&lines, ingest_json_str(ingest_json_obj(card, "name"), "formatted_name"));
        ingest_words_each(&lines, ingest_json_arr(card, "phones"), "phone");
        ingest_words_each(&lines, ingest_json_arr(card, "emails"), "email");
    }
    return ingest_words_text(&lines);
}

/* The part of a message that is named after its type. */
static yyjson_val *part_of(yyjson_val *object)
{
    struct sea_str type = ingest_json_str(object, "type");
    return yyjson_obj_getn(object, type.len ? type.ptr : "", type.len);
}

/* The words of a message, wherever its type keeps them. */
static struct sea_str text_of(const struct ingest_webhook *hook, yyjson_val *object,
                              struct sea_arena *arena)
{
    static const char *const NAMES[] = {"body", "caption", "text", "emoji"};
    struct sea_str type = ingest_json_str(object, "type"), text = {NULL, 0};
    yyjson_val *part = part_of(object);
    if (sea_str_is(type, "interactive")) return choice_of(hook, part, arena);
    if (sea_str_is(type, "order")) return cart_of(part, arena);
    if (sea_str_is(type, "contacts")) return cards_of(part, arena);
    if (sea_str_is(type, "location"))
        return ingest_place(ingest_json_str(part, "name"), ingest_json_str(part, "address"),
                            ingest_json_scalar(part, "latitude", arena),
                            ingest_json_scalar(part, "longitude", arena), arena);
    for (size_t i = 0; i < SEA_COUNT(NAMES) && !text.len; i++)
        text = ingest_json_str(part, NAMES[i]);
    return text;
}

/* What it is about: the advertisement it came by, or the product of the shop that was asked
 * about. */
static struct sea_str about_of(yyjson_val *object, struct sea_arena *arena)
{
    yyjson_val *product = ingest_json_obj(ingest_json_obj(object, "context"), "referred_product"),
               *ad = ingest_json_obj(object, "referral");
    struct sea_str about = ingest_json_str(ad, "headline");
    return about.len ? about : ingest_json_id(product, "product_retailer_id", arena);
}

/* Whose number isn't shown to us has an id of the business' own (Meta, "Business-scoped user
 * IDs"). */
static struct sea_str person_of(yyjson_val *object, const char *number, const char *id)
{
    struct sea_str person = ingest_json_str(object, number);
    return person.len ? person : ingest_json_str(object, id);
}

static struct sea_str name_of(yyjson_val *value, struct sea_str person)
{
    size_t i, n;
    yyjson_val *contact;
    yyjson_arr_foreach(ingest_json_arr(value, "contacts"), i, n, contact)
    {
        if (sea_str_eq(person_of(contact, "wa_id", "user_id"), person))
            return ingest_json_str(ingest_json_obj(contact, "profile"), "name");
    }
    return (struct sea_str){NULL, 0};
}

static struct sea_str plus(struct sea_str digits, struct sea_arena *arena)
{
    char *text = sea_arena_alloc(arena, digits.len + 2);
    if (!text || !digits.len) return (struct sea_str){NULL, 0};
    text[0] = '+';
    memcpy(text + 1, digits.ptr, digits.len);
    text[digits.len + 1] = '\0';
    return (struct sea_str){text, digits.len + 1};
}

/* A message of its own, or what became of an earlier one. */
static struct ingest_item *found(const struct ingest_webhook *hook, yyjson_val *object,
                                 struct sea_str person, struct ingest_items *items)
{
    struct sea_str id = ingest_json_str(object, "id"), raw = ingest_json_raw(object, items->arena),
                   target = ingest_json_str(part_of(object), "original_message_id");
    int kind = ingest_word_of(KINDS, SEA_COUNT(KINDS), ingest_json_str(object, "type"),
                              SEADESK__V1__MESSAGE_KIND__OTHER);
    if (kind == SEADESK__V1__MESSAGE_KIND__EDIT || kind == SEADESK__V1__MESSAGE_KIND__UNSEND)
        return ingest_found_change(hook, items, kind, target, id, person, raw);
    struct ingest_item *item = ingest_found_message(hook, items, id, person, raw);
    if (item) item->message.kind = kind;
    return item;
}

static void read_message(const struct ingest_webhook *hook, yyjson_val *value, yyjson_val *object,
                         struct ingest_items *items)
{
    struct sea_arena *arena = items->arena;
    struct sea_str person = person_of(object, "from", "from_user_id");
    struct sea_str type = ingest_json_str(object, "type");
    if (sea_str_is(type, "request_welcome")) { /* a chat was opened, and nothing said */
        ingest_ignore(items, "request_welcome");
        return;
    }
    struct ingest_item *item = found(hook, object, person, items);
    if (!item) return;
    struct ingest_message *message = &item->message;
    yyjson_val *part = part_of(object);
    item->time_ms = ingest_json_time(object, "timestamp");
    message->name = name_of(value, person);
    message->phone = plus(ingest_json_str(object, "from"), arena);
    message->text = text_of(hook, object, arena);
    message->subject = about_of(object, arena);
    message->is_automatic = sea_str_is(type, "system"); /* of a number that changed */
    if (message->kind == SEADESK__V1__MESSAGE_KIND__EDIT)
        message->text = text_of(hook, ingest_json_obj(part, "message"), arena);
    else if (message->kind == SEADESK__V1__MESSAGE_KIND__REACTION)
        message->in_reply_to = ingest_json_str(part, "message_id");
    else if (message->kind != SEADESK__V1__MESSAGE_KIND__UNSEND)
        message->in_reply_to = ingest_json_str(ingest_json_obj(object, "context"), "id");
    read_media(part, message, items);
    ingest_name_wordless(message, type, arena);
}

static struct sea_str error_code(yyjson_val *object, struct sea_arena *arena)
{
    int64_t code;
    char text[24];
    if (!ingest_json_int(yyjson_arr_get_first(ingest_json_arr(object, "errors")), "code", &code))
        return (struct sea_str){NULL, 0};
    snprintf(text, sizeof(text), "%lld", (long long)code);
    return sea_arena_str(arena, sea_str(text));
}

/* A status of a later version tells us nothing we could use. */
static void read_status(const struct ingest_webhook *hook, yyjson_val *object,
                        struct ingest_items *items)
{
    struct sea_str status = ingest_json_str(object, "status");
    struct ingest_item *item = ingest_found_receipt(
        hook, items, ingest_word_of(STATES, SEA_COUNT(STATES), status, 0),
        ingest_json_str(object, "id"), person_of(object, "recipient_id", "recipient_user_id"),
        status, ingest_json_str(object, "timestamp"));
    if (!item) {
        ingest_ignore(items, "status");
        return;
    }
    item->time_ms = ingest_json_time(object, "timestamp");
    item->receipt.error_code = error_code(object, items->arena);
    if (!sea_uuid_parse(ingest_json_str(object, "biz_opaque_callback_data"),
                        &item->receipt.attempt))
        item->receipt.attempt = (struct sea_uuid){{0}};
}

/* The setting "Offers and announcements" of somebody's app. */
static void read_preference(const struct ingest_webhook *hook, yyjson_val *object,
                            struct ingest_items *items)
{
    struct sea_str word = ingest_json_str(object, "value");
    bool is_stop = sea_str_is(word, "stop");
    if (!sea_str_is(ingest_json_str(object, "category"), "marketing_messages") ||
        (!is_stop && !sea_str_is(word, "resume")))
        ingest_ignore(items, "user_preferences");
    else
        ingest_found_consent(hook, items, SEADESK__V1__CONSENT_CLASS__CONSENT_MARKETING, !is_stop,
                             person_of(object, "wa_id", "user_id"), word,
                             ingest_json_time(object, "timestamp"));
}

static void read_value(const struct ingest_webhook *hook, yyjson_val *value,
                       struct ingest_items *items)
{
    size_t i, n;
    yyjson_val *object;
    yyjson_arr_foreach(ingest_json_arr(value, "messages"), i, n, object)
        read_message(hook, value, object, items);
    yyjson_arr_foreach(ingest_json_arr(value, "statuses"), i, n, object)
        read_status(hook, object, items);
    yyjson_arr_foreach(ingest_json_arr(value, "user_preferences"), i, n, object)
        read_preference(hook, object, items);
    if (yyjson_arr_size(ingest_json_arr(value, "errors"))) ingest_ignore(items, "error");
}

/* What Meta tells of the account, not of its customers: its own app and console show it. */
static const struct ingest_other OTHERS[] = {{"account_update", "account"},
                                             {"calls", "call"},
                                             {"history", "history"},
                                             {"message_template_quality_update", "account"},
                                             {"message_template_status_update", "account"},
                                             {"phone_number_name_update", "account"},
                                             {"phone_number_quality_update", "account"},
                                             {"smb_app_state_sync", "history"},
                                             {"smb_message_echoes", "echo"},
                                             {"template_category_update", "account"}};

/* One webhook tells of all numbers of an application. */
static void read_change(const struct ingest_webhook *hook, yyjson_val *change,
                        struct ingest_items *items)
{
    struct sea_str field = ingest_json_str(change, "field");
    yyjson_val *value = ingest_json_obj(change, "value"),
               *number = ingest_json_obj(value, "metadata");
    struct ingest_webhook of = *hook;
    of.account = ingest_account_of(hook, ingest_json_id(number, "phone_number_id", items->arena));
    if (sea_str_is(field, "messages") || sea_str_is(field, "user_preferences")) {
        if (ingest_is_enabled(&of, items, ingest_json_raw(change, items->arena)))
            read_value(&of, value, items);
    } else {
        ingest_ignore(items, ingest_other_of(OTHERS, SEA_COUNT(OTHERS), field));
    }
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    yyjson_doc *doc = ingest_json_parse(hook->body, hook->alc);
    yyjson_val *root = yyjson_doc_get_root(doc), *entries = ingest_json_arr(root, "entry"), *entry,
               *change;
    size_t i, n, j, m;
    (void)reply;
    if (!doc) return ingest_refuse(problem, 400, "malformed", "the body is not JSON", NULL);
    if (!entries) return ingest_refuse(problem, 422, "invalid", "entry must be an array", "/entry");
    yyjson_arr_foreach(entries, i, n, entry)
    {
        yyjson_arr_foreach(ingest_json_arr(entry, "changes"), j, m, change)
            read_change(hook, change, items);
    }
    /* The texts point into the document: it lives in the request's pool and needn't be freed. */
    return true;
}

const struct ingest_adapter ingest_whatsapp = {
    .secret = INGEST_SECRET_SHA256,
    .bodies = INGEST_JSON,
    .proof = {"x-hub-signature-256"},
    .scheme = {INGEST_HEX, "sha256=", NULL},
    .verify = ingest_verify_mac,
    .challenge = ingest_challenge_meta,
    .parse = parse,
};
