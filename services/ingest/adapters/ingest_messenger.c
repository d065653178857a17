/* ingest_messenger.c: Messenger, Facebook pages and Instagram (Meta, "Messenger Platform: webhook
 * events", "Page feed", "Instagram: webhooks"): messages, postbacks, reactions, delivery receipts,
 * opt-ins, posts, comments and recommendations of every entry, signed with the app secret. What a
 * page's public sees goes on as channel facebook, what is written to it as messenger. */
#include "ingest_adapter.h"
#include "ingest_json.h"
#include "seadesk/v1/consents.pb-c.h"
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

/* A place, a product of the shop, or a link that was shared: what it says, not a file. */
static struct sea_str words_of(const struct event *event, yyjson_val *object)
{
    struct sea_arena *arena = event->items->arena;
    struct ingest_words lines = {.arena = arena};
    yyjson_val *payload = ingest_json_obj(object, "payload"),
               *point = ingest_json_obj(payload, "coordinates"),
               *elements = ingest_json_arr(ingest_json_obj(payload, "product"), "elements");
    ingest_words_add(&lines, ingest_json_str(object, "title"));
    if (!lines.count) ingest_words_add(&lines, ingest_json_str(payload, "title"));
    ingest_words_each(&lines, elements, "title");
    ingest_words_add(&lines, ingest_place((struct sea_str){NULL, 0}, (struct sea_str){NULL, 0},
                                          ingest_json_scalar(point, "lat", arena),
                                          ingest_json_scalar(point, "long", arena), arena));
    if (sea_str_is(ingest_json_str(object, "type"), "fallback"))
        ingest_words_add(&lines, ingest_json_str(payload, "url"));
    return ingest_words_text(&lines);
}

static void read_attachments(const struct event *event, yyjson_val *list,
                             struct ingest_message *message)
{
    size_t i, n;
    yyjson_val *object;
    bool has_text = message->text.len > 0;
    struct ingest_words lines = {.arena = event->items->arena};
    yyjson_arr_foreach(list, i, n, object)
    {
        struct sea_str type = ingest_json_str(object, "type");
        struct ingest_attachment attachment = {
            .url = ingest_json_str(ingest_json_obj(object, "payload"), "url")};
        int kind = ingest_word_of(KINDS, SEA_COUNT(KINDS), type, SEADESK__V1__MESSAGE_KIND__OTHER);
        if (i == 0 && !has_text) message->kind = kind;
        ingest_words_add(&lines, words_of(event, object));
        if (attachment.url.len && !sea_str_is(type, "fallback"))
            ingest_found_attachment(event->items, message, &attachment);
    }
    if (!has_text) message->text = ingest_words_text(&lines);
}

/* What it is about: the advertisement it came by, or the product of the shop that was asked
 * about. */
static struct sea_str about_of(yyjson_val *referral, struct sea_arena *arena)
{
    struct sea_str about =
        ingest_json_str(ingest_json_obj(referral, "ads_context_data"), "ad_title");
    return about.len ? about : ingest_json_id(ingest_json_obj(referral, "product"), "id", arena);
}

/* An answer to a story of ours: which one, the words alone don't say. */
static void read_story(const struct event *event, yyjson_val *reply_to,
                       struct ingest_message *message)
{
    struct ingest_attachment story = {
        .url = ingest_json_str(ingest_json_obj(reply_to, "story"), "url")};
    if (story.url.len) ingest_found_attachment(event->items, message, &story);
}

/* Echoes are what we sent ourselves. */
static void read_message(const struct event *event, yyjson_val *message)
{
    struct sea_str mid = ingest_json_str(message, "mid");
    struct ingest_item *item;
    if (ingest_json_true(message, "is_echo")) {
        ingest_ignore(event->items, "echo");
        return;
    }
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
    item->message.subject = about_of(ingest_json_obj(message, "referral"), event->items->arena);
    read_attachments(event, ingest_json_arr(message, "attachments"), &item->message);
    read_story(event, ingest_json_obj(message, "reply_to"), &item->message);
    ingest_name_wordless(&item->message, (struct sea_str){NULL, 0}, event->items->arena);
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

/* One that was taken back has no words. */
static void read_reaction(const struct event *event, yyjson_val *reaction)
{
    struct sea_str emoji = ingest_json_str(reaction, "emoji"),
                   action = ingest_json_str(reaction, "action");
    bool is_gone = sea_str_is(action, "unreact");
    struct ingest_item *item =
        ingest_found_change(event->direct, event->items, SEADESK__V1__MESSAGE_KIND__REACTION,
                            ingest_json_str(reaction, "mid"),
                            emoji.len && !is_gone ? emoji : action, event->sender, event->raw);
    finish(event, item, false);
    if (item && !is_gone) item->message.text = emoji;
}

static bool add_receipt(const struct event *event, int state, struct sea_str mid)
{
    struct ingest_item *item = ingest_found_receipt(
        event->direct, event->items, state, mid, event->sender,
        sea_str(state == SEADESK__V1__DELIVERY_STATE__READ ? "read" : "delivered"),
        (struct sea_str){NULL, 0});
    if (item) item->time_ms = event->time_ms;
    return item;
}

/* A watermark alone ("all until then") names no message and can't be matched. */
static void read_delivery(const struct event *event, yyjson_val *delivery)
{
    size_t i, n;
    yyjson_val *mid, *mids = ingest_json_arr(delivery, "mids");
    yyjson_arr_foreach(mids, i, n, mid)
    {
        if (yyjson_is_str(mid))
            add_receipt(event, SEADESK__V1__DELIVERY_STATE__DELIVERED,
                        (struct sea_str){yyjson_get_str(mid), yyjson_get_len(mid)});
    }
    if (!yyjson_arr_size(mids)) ingest_ignore(event->items, "watermark");
}

static void read_read(const struct event *event, yyjson_val *read)
{
    if (!add_receipt(event, SEADESK__V1__DELIVERY_STATE__READ, ingest_json_str(read, "mid")))
        ingest_ignore(event->items, "watermark");
}

/* Whether somebody wants to hear of offers here (Meta, "Marketing messages: opt-in"). */
static void read_optin(const struct event *event, yyjson_val *optin)
{
    struct sea_str word = ingest_json_str(optin, "notification_messages_status");
    if (!sea_str_is(ingest_json_str(optin, "type"), "notification_messages")) {
        ingest_ignore(event->items, "optin");
        return;
    }
    ingest_found_consent(event->direct, event->items, SEADESK__V1__CONSENT_CLASS__CONSENT_MARKETING,
                         !sea_str_is(word, "STOP_NOTIFICATIONS"), event->sender,
                         word.len ? word : SEA_STR("notification_messages"), event->time_ms);
}

/* Of who answers a conversation, us or another program, and of signs of life. */
static const struct ingest_other OTHERS[] = {{"account_linking", "account"},
                                             {"app_roles", "handover"},
                                             {"pass_thread_control", "handover"},
                                             {"policy_enforcement", "account"},
                                             {"referral", "referral"},
                                             {"request_thread_control", "handover"},
                                             {"response_feedback", "feedback"},
                                             {"take_thread_control", "handover"}};

static void read_messaging(struct event *event)
{
    static const struct {
        const char *name;
        void (*read)(const struct event *event, yyjson_val *part);
    } PARTS[] = {{"message", read_message},   {"message_edit", read_edit},
                 {"postback", read_postback}, {"reaction", read_reaction},
                 {"delivery", read_delivery}, {"read", read_read},
                 {"optin", read_optin}};
    struct sea_arena *arena = event->items->arena;
    bool is_any = false;
    event->raw = ingest_json_raw(event->object, arena);
    event->sender = ingest_json_id(ingest_json_obj(event->object, "sender"), "id", arena);
    event->time_ms = ingest_json_time(event->object, "timestamp");
    for (size_t i = 0; i < SEA_COUNT(PARTS); i++) {
        yyjson_val *part = ingest_json_obj(event->object, PARTS[i].name);
        if (!part) continue;
        PARTS[i].read(event, part);
        is_any = true;
    }
    if (!is_any)
        ingest_ignore(event->items, ingest_other_in(OTHERS, SEA_COUNT(OTHERS), event->object));
}

/* ---- what everybody can read ---- */

/* A comment, a post, a mention or a recommendation; each kind names its members its own way. */
struct said {
    struct sea_str id, sender, name, text, parent;
    unsigned rating;
};

static struct said said_of(const struct event *event, yyjson_val *value, bool is_comment)
{
    struct sea_arena *arena = event->items->arena;
    yyjson_val *from = ingest_json_obj(value, "from");
    struct said said = {.id = ingest_json_id(value, is_comment ? "comment_id" : "post_id", arena),
                        .sender = ingest_json_id(from, "id", arena),
                        .name = ingest_json_str(from, "name"),
                        .text = ingest_json_str(value, "message")};
    if (is_comment) said.parent = ingest_json_id(value, "parent_id", arena);
    if (!said.sender.len) said.sender = ingest_json_id(value, "sender_id", arena);
    if (!said.name.len) said.name = ingest_json_str(value, "sender_name");
    return said;
}

static struct said said_at_instagram(const struct event *event, yyjson_val *value)
{
    struct sea_arena *arena = event->items->arena;
    yyjson_val *from = ingest_json_obj(value, "from");
    return (struct said){.id = ingest_json_id(value, "id", arena),
                         .sender = ingest_json_id(from, "id", arena),
                         .name = ingest_json_str(from, "username"),
                         .text = ingest_json_str(value, "text"),
                         .parent = ingest_json_id(value, "parent_id", arena)};
}

/* Pages are recommended or not; older ones have stars. */
static struct said recommended(const struct event *event, yyjson_val *value)
{
    struct sea_arena *arena = event->items->arena;
    struct sea_str word = ingest_json_str(value, "recommendation_type");
    int64_t stars = 0;
    if (!ingest_json_int(value, "rating", &stars) || stars < 1 || stars > 5) stars = 0;
    if (sea_str_is(word, "POSITIVE")) stars = 5;
    if (sea_str_is(word, "NEGATIVE")) stars = 1;
    return (struct said){.id = ingest_json_id(value, "open_graph_story_id", arena),
                         .sender = ingest_json_id(value, "reviewer_id", arena),
                         .name = ingest_json_str(value, "reviewer_name"),
                         .text = ingest_json_str(value, "review_text"),
                         .rating = (unsigned)stars};
}

static void read_pictures(const struct event *event, yyjson_val *value,
                          struct ingest_message *message)
{
    static const char *const NAMES[] = {"photo", "video", "link"};
    struct sea_str item = ingest_json_str(value, "item");
    bool is_linked = sea_str_is(item, "photo") || sea_str_is(item, "video");
    size_t i, n;
    yyjson_val *url;
    for (size_t k = 0; k < SEA_COUNT(NAMES) - !is_linked; k++) {
        struct ingest_attachment attachment = {.url = ingest_json_str(value, NAMES[k])};
        if (attachment.url.len) ingest_found_attachment(event->items, message, &attachment);
    }
    yyjson_arr_foreach(ingest_json_arr(value, "photos"), i, n, url)
    {
        struct ingest_attachment attachment = {.url = {yyjson_get_str(url), yyjson_get_len(url)}};
        if (yyjson_is_str(url)) ingest_found_attachment(event->items, message, &attachment);
    }
}

/* What we wrote ourselves comes from the page's own id; what a page hides or shows again has been
 * told before. */
static void add_said(const struct event *event, const struct said *said, yyjson_val *value,
                     struct sea_str page)
{
    struct sea_str verb = ingest_json_str(value, "verb");
    bool is_edit = sea_str_is(verb, "edited"), is_gone = sea_str_is(verb, "remove"),
         is_own = said->sender.len && sea_str_eq(said->sender, page);
    if (is_own || (verb.len && !is_edit && !is_gone && !sea_str_is(verb, "add"))) {
        ingest_ignore(event->items, is_own ? "echo" : "visibility");
        return;
    }
    struct ingest_item *item =
        is_edit || is_gone
            ? ingest_found_change(event->public, event->items,
                                  is_edit ? SEADESK__V1__MESSAGE_KIND__EDIT
                                          : SEADESK__V1__MESSAGE_KIND__UNSEND,
                                  said->id, said->text, said->sender, event->raw)
            : ingest_found_message(event->public, event->items, said->id, said->sender, event->raw);
    finish(event, item, true);
    if (!item) return;
    item->message.name = said->name;
    item->message.text = said->text;
    item->message.rating = said->rating;
    if (is_edit || is_gone) return;
    item->message.in_reply_to = said->parent;
    read_pictures(event, value, &item->message);
}

static bool is_post(struct sea_str item)
{
    return sea_str_is(item, "post") || sea_str_is(item, "status") || sea_str_is(item, "photo") ||
           sea_str_is(item, "video");
}

/* `page` is the account's own id. A mention on Instagram says neither who nor what. */
static void read_change(struct event *event, struct sea_str page)
{
    struct sea_str field = ingest_json_str(event->object, "field");
    yyjson_val *value = ingest_json_obj(event->object, "value");
    struct sea_str item = ingest_json_str(value, "item");
    bool is_feed = sea_str_is(field, "feed") || sea_str_is(field, "mention"),
         is_comment = sea_str_is(item, "comment");
    struct said said;
    if (ingest_json_obj(value, "sender")) { /* as of a list "messaging" */
        event->object = value;
        read_messaging(event);
        return;
    }
    if (is_feed && (is_comment || is_post(item)))
        said = said_of(event, value, is_comment);
    else if (sea_str_is(field, "ratings") && sea_str_is(item, "rating"))
        said = recommended(event, value);
    else if (sea_str_is(field, "comments") || sea_str_is(field, "live_comments"))
        said = said_at_instagram(event, value);
    else {
        ingest_ignore(event->items, is_feed                         ? "feed"
                                    : sea_str_is(field, "mentions") ? "mention"
                                                                    : "unknown");
        return;
    }
    event->raw = ingest_json_raw(event->object, event->items->arena);
    if (ingest_json_time(value, "created_time"))
        event->time_ms = ingest_json_time(value, "created_time");
    add_said(event, &said, value, page);
}

static void read_lists(struct event *event, yyjson_val *entry)
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

/* One webhook tells of all pages of an application. */
static void read_entry(const struct ingest_webhook *hook, struct ingest_items *items,
                       yyjson_val *entry, bool is_instagram)
{
    struct sea_account direct, public;
    struct ingest_webhook to_direct = *hook, to_public = *hook;
    direct = public = *ingest_account_of(hook, ingest_json_id(entry, "id", items->arena));
    direct.channel = sea_channel_of(sea_str(is_instagram ? "instagram" : "messenger"));
    public.channel = sea_channel_of(sea_str(is_instagram ? "instagram" : "facebook"));
    to_direct.account = &direct;
    to_public.account = &public;
    struct event event = {.direct = &to_direct, .public = &to_public, .items = items};
    if (ingest_is_enabled(&to_direct, items, ingest_json_raw(entry, items->arena)))
        read_lists(&event, entry);
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
        if (!ingest_json_arr(object, "entry"))
            return ingest_refuse(problem, 422, "invalid", "entry must be an array", "/entry");
        yyjson_arr_foreach(ingest_json_arr(object, "entry"), j, m, entry)
            read_entry(hook, items, entry, is_instagram);
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
