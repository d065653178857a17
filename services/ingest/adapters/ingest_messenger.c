/* ingest_messenger.c: Messenger, Facebook pages and Instagram (Meta, "Messenger Platform: webhook
 * events", "Page feed", "Instagram: webhooks"): messages, postbacks, reactions, delivery receipts
 * and comments of every entry, signed with the app secret. What a page's public sees goes on as
 * channel facebook, what is written to it as messenger. */
#include "ingest_adapter.h"
#include "ingest_json.h"
#include "seadesk/v1/messages.pb-c.h"
#include "seadesk/v1/types.pb-c.h"

/* One object of the request. */
struct event {
    const struct ingest_webhook *direct, *public; /* as if each channel had a webhook of its own */
    struct ingest_items *items;
    yyjson_val *object;
    struct sea_str raw, sender;
    int64_t time_ms;
};

static const struct ingest_word KINDS[] = {
    {"image", SEADESK__V1__MESSAGE_KIND__IMAGE},
    {"audio", SEADESK__V1__MESSAGE_KIND__AUDIO},
    {"video", SEADESK__V1__MESSAGE_KIND__VIDEO},
    {"ig_reel", SEADESK__V1__MESSAGE_KIND__VIDEO},
    {"reel", SEADESK__V1__MESSAGE_KIND__VIDEO},
    {"file", SEADESK__V1__MESSAGE_KIND__DOCUMENT},
    {"location", SEADESK__V1__MESSAGE_KIND__LOCATION},
    {"story_mention", SEADESK__V1__MESSAGE_KIND__IMAGE},
};

static void finish(const struct event *event, struct ingest_item *item, bool is_public)
{
    if (!item) return;
    item->time_ms = event->time_ms;
    item->message.is_public = is_public;
}

static void read_attachments(const struct event *event, yyjson_val *list,
                             struct ingest_message *message)
{
    size_t i, n;
    yyjson_val *object;
    yyjson_arr_foreach(list, i, n, object)
    {
        yyjson_val *payload = ingest_json_obj(object, "payload");
        struct ingest_attachment attachment = {.url = ingest_json_str(payload, "url")};
        int kind = ingest_word_of(KINDS, SEA_COUNT(KINDS), ingest_json_str(object, "type"),
                                  SEADESK__V1__MESSAGE_KIND__OTHER);
        if (i == 0 && !message->text.len) message->kind = kind;
        if (attachment.url.len) ingest_found_attachment(event->items, message, &attachment);
    }
}

/* Echoes are what we sent ourselves. */
static void read_message(const struct event *event, yyjson_val *message)
{
    struct sea_str mid = ingest_json_str(message, "mid");
    struct ingest_item *item;
    if (ingest_json_true(message, "is_echo")) return;
    if (ingest_json_true(message, "is_deleted")) {
        item = ingest_found_change(event->direct, event->items, SEADESK__V1__MESSAGE_KIND__UNSEND,
                                   mid, (struct sea_str){NULL, 0}, event->sender, event->raw);
        finish(event, item, false);
        return;
    }
    item = ingest_found_message(event->direct, event->items, mid, event->sender, event->raw);
    finish(event, item, false);
    if (!item) return;
    item->message.text = ingest_json_str(message, "text");
    item->message.in_reply_to = ingest_json_str(ingest_json_obj(message, "reply_to"), "mid");
    read_attachments(event, ingest_json_arr(message, "attachments"), &item->message);
    if (!item->message.text.len && !item->message.attachments_count &&
        item->message.kind == SEADESK__V1__MESSAGE_KIND__TEXT)
        item->message.kind = SEADESK__V1__MESSAGE_KIND__OTHER;
}

static void read_edit(const struct event *event, yyjson_val *edit)
{
    struct ingest_item *item = ingest_found_change(
        event->direct, event->items, SEADESK__V1__MESSAGE_KIND__EDIT, ingest_json_str(edit, "mid"),
        ingest_json_id(edit, "num_edit", event->items->arena), event->sender, event->raw);
    finish(event, item, false);
    if (item) item->message.text = ingest_json_str(edit, "text");
}

/* A button of ours: its title is what the customer saw. Older ones have no id of their own. */
static void read_postback(const struct event *event, yyjson_val *postback)
{
    struct sea_str mid = ingest_json_str(postback, "mid");
    if (!mid.len && event->sender.len)
        mid = ingest_printed(event->items->arena, "%.*s:%lld", (int)event->sender.len,
                             event->sender.ptr, (long long)event->time_ms);
    struct ingest_item *item =
        ingest_found_message(event->direct, event->items, mid, event->sender, event->raw);
    finish(event, item, false);
    if (!item) return;
    item->message.text = ingest_json_str(postback, "title");
    if (!item->message.text.len) item->message.text = ingest_json_str(postback, "payload");
}

static void read_reaction(const struct event *event, yyjson_val *reaction)
{
    struct sea_str emoji = ingest_json_str(reaction, "emoji");
    struct ingest_item *item = ingest_found_change(
        event->direct, event->items, SEADESK__V1__MESSAGE_KIND__REACTION,
        ingest_json_str(reaction, "mid"), emoji.len ? emoji : ingest_json_str(reaction, "action"),
        event->sender, event->raw);
    finish(event, item, false);
    if (item) item->message.text = emoji;
}

static void add_receipt(const struct event *event, int state, struct sea_str mid)
{
    struct ingest_item *item = ingest_found_receipt(
        event->direct, event->items, state, mid, event->sender,
        sea_str(state == SEADESK__V1__DELIVERY_STATE__READ ? "read" : "delivered"),
        (struct sea_str){NULL, 0});
    if (!item) return;
    item->time_ms = event->time_ms;
}

/* A watermark alone ("all until then") names no message and can't be matched. */
static void read_receipts(const struct event *event)
{
    size_t i, n;
    yyjson_val *mid, *delivery = ingest_json_obj(event->object, "delivery");
    yyjson_arr_foreach(ingest_json_arr(delivery, "mids"), i, n, mid)
    {
        if (yyjson_is_str(mid))
            add_receipt(event, SEADESK__V1__DELIVERY_STATE__DELIVERED,
                        (struct sea_str){yyjson_get_str(mid), yyjson_get_len(mid)});
    }
    add_receipt(event, SEADESK__V1__DELIVERY_STATE__READ,
                ingest_json_str(ingest_json_obj(event->object, "read"), "mid"));
}

static void read_messaging(struct event *event)
{
    struct ingest_items *items = event->items;
    event->raw = ingest_json_raw(event->object, items->arena);
    event->sender = ingest_json_id(ingest_json_obj(event->object, "sender"), "id", items->arena);
    event->time_ms = ingest_json_time(event->object, "timestamp");
    yyjson_val *part;
    if ((part = ingest_json_obj(event->object, "message"))) read_message(event, part);
    if ((part = ingest_json_obj(event->object, "message_edit"))) read_edit(event, part);
    if ((part = ingest_json_obj(event->object, "postback"))) read_postback(event, part);
    if ((part = ingest_json_obj(event->object, "reaction"))) read_reaction(event, part);
    read_receipts(event);
}

/* A public comment or mention; what we wrote ourselves comes from the page's own id. */
static void read_change(struct event *event, struct sea_str page)
{
    struct sea_arena *arena = event->items->arena;
    struct sea_str field = ingest_json_str(event->object, "field");
    yyjson_val *value = ingest_json_obj(event->object, "value"),
               *from = ingest_json_obj(value, "from");
    bool is_feed =
        sea_str_is(field, "feed") && sea_str_is(ingest_json_str(value, "item"), "comment");
    if (!is_feed && !sea_str_is(field, "comments")) return;
    struct sea_str id = ingest_json_id(value, is_feed ? "comment_id" : "id", arena);
    struct sea_str verb = ingest_json_str(value, "verb");
    struct sea_str text = ingest_json_str(value, is_feed ? "message" : "text");
    event->raw = ingest_json_raw(event->object, arena);
    event->sender = ingest_json_id(from, "id", arena);
    if (event->sender.len && sea_str_eq(event->sender, page)) return;
    if (ingest_json_time(value, "created_time"))
        event->time_ms = ingest_json_time(value, "created_time");
    bool is_edit = sea_str_is(verb, "edited"), is_gone = sea_str_is(verb, "remove");
    struct ingest_item *item =
        is_edit || is_gone
            ? ingest_found_change(event->public, event->items,
                                  is_edit ? SEADESK__V1__MESSAGE_KIND__EDIT
                                          : SEADESK__V1__MESSAGE_KIND__UNSEND,
                                  id, text, event->sender, event->raw)
            : ingest_found_message(event->public, event->items, id, event->sender, event->raw);
    finish(event, item, true);
    if (!item) return;
    struct sea_str name = ingest_json_str(from, "name");
    item->message.name = name.len ? name : ingest_json_str(from, "username");
    item->message.text = text;
    if (!is_edit && !is_gone) item->message.in_reply_to = ingest_json_id(value, "parent_id", arena);
}

static void read_entry(struct event *event, yyjson_val *entry)
{
    static const char *const LISTS[] = {"messaging", "standby"};
    size_t i, n;
    yyjson_val *object;
    for (size_t k = 0; k < SEA_COUNT(LISTS); k++) {
        yyjson_arr_foreach(ingest_json_arr(entry, LISTS[k]), i, n, object)
        {
            event->object = object;
            read_messaging(event);
        }
    }
    yyjson_arr_foreach(ingest_json_arr(entry, "changes"), i, n, object)
    {
        event->object = object;
        event->time_ms = ingest_json_time(entry, "time");
        read_change(event, ingest_json_id(entry, "id", event->items->arena));
    }
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    size_t i, n, j, m;
    yyjson_val *root = yyjson_doc_get_root(ingest_json_parse(hook->body, hook->alc)), *entry;
    (void)reply;
    if (!root) return ingest_refuse(problem, 400, "malformed", "the body is not JSON", NULL);
    bool is_list = yyjson_is_arr(root); /* some examples of Instagram are */
    for (i = 0, n = is_list ? yyjson_arr_size(root) : 1; i < n; i++) {
        yyjson_val *object = is_list ? yyjson_arr_get(root, i) : root;
        bool is_instagram = sea_str_is(ingest_json_str(object, "object"), "instagram");
        struct sea_account direct = *hook->account, public = *hook->account;
        direct.channel = sea_channel_of(sea_str(is_instagram ? "instagram" : "messenger"));
        public.channel = sea_channel_of(sea_str(is_instagram ? "instagram" : "facebook"));
        struct ingest_webhook to_direct = *hook, to_public = *hook;
        to_direct.account = &direct;
        to_public.account = &public;
        struct event event = {.direct = &to_direct, .public = &to_public, .items = items};
        if (!ingest_json_arr(object, "entry"))
            return ingest_refuse(problem, 422, "invalid", "entry must be an array", "/entry");
        yyjson_arr_foreach(ingest_json_arr(object, "entry"), j, m, entry) read_entry(&event, entry);
    }
    return true;
}

const struct ingest_adapter ingest_messenger = {
    .secret = INGEST_SECRET_SHA256,
    .bodies = INGEST_JSON,
    .proof = {"x-hub-signature-256"},
    .scheme = {INGEST_HEX, "sha256=", NULL},
    .verify = ingest_verify_mac,
    .challenge = ingest_challenge_meta,
    .parse = parse,
};
