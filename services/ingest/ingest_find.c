/* ingest_find.c: what adapters share in saying what they found. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ingest_adapter.h"
#include "ingest_json.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/messages.pb-c.h"

yyjson_val *ingest_found_json(const struct ingest_webhook *hook, struct ingest_problem *problem)
{
    yyjson_val *root = yyjson_doc_get_root(ingest_json_parse(hook->body, hook->alc));
    if (yyjson_is_obj(root)) return root;
    if (root)
        ingest_refuse(problem, 422, "invalid", "the body must be an object", "");
    else
        ingest_json_refuse(hook->body, hook->alc, problem);
    return NULL;
}

struct sea_uuid ingest_id(const char *kind, const struct sea_account *account,
                          const struct sea_str *parts, size_t count)
{
    struct sea_str all[8] = {sea_str(kind), sea_str(account->channel->name),
                             sea_str(account->name)};
    sea_assert(count <= SEA_COUNT(all) - 3);
    memcpy(all + 3, parts, count * sizeof(*parts));
    return sea_uuid5(all, count + 3);
}

static void set_contact(struct ingest_item *item, const struct sea_account *account,
                        struct sea_str contact_id)
{
    item->channel = sea_str(account->channel->name);
    item->account = sea_str(account->name);
    item->contact_id = contact_id;
}

static void add_dead(const struct ingest_webhook *hook, struct ingest_items *items,
                     const char *reason, struct sea_str raw)
{
    struct ingest_item *item = ingest_items_add_dead(items, reason, raw);
    if (!item) return;
    set_contact(item, hook->account, (struct sea_str){NULL, 0});
    item->id = ingest_id(reason, hook->account, &raw, 1);
}

static bool is_signed_alike(const struct sea_account *a, const struct sea_account *b)
{
    for (uint32_t i = 0; i < a->secret.count; i++)
        if (sea_secrets_match(&b->secret, a->secret.live[i])) return true;
    return false;
}

const struct sea_account *ingest_account_of(const struct ingest_webhook *hook,
                                            struct sea_str sender)
{
    const struct sea_account *own = hook->account;
    if (!hook->channels || !sender.len || !own->sender || sea_str_is(sender, own->sender))
        return own;
    for (uint32_t i = 0; i < hook->channels->account_count; i++) {
        const struct sea_account *other = &hook->channels->accounts[i];
        if (other->adapter == own->adapter && other->sender && sea_str_is(sender, other->sender) &&
            is_signed_alike(own, other))
            return other;
    }
    return own;
}

bool ingest_is_enabled(const struct ingest_webhook *hook, struct ingest_items *items,
                       struct sea_str raw)
{
    if (!hook->account->is_enabled) add_dead(hook, items, "disabled_account", raw);
    return hook->account->is_enabled;
}

struct ingest_item *ingest_found_message(const struct ingest_webhook *hook,
                                         struct ingest_items *items, struct sea_str external_id,
                                         struct sea_str contact_id, struct sea_str raw)
{
    if (!ingest_is_id(external_id) || !ingest_is_id(contact_id)) {
        add_dead(hook, items, "unreadable", raw);
        return NULL;
    }
    struct ingest_item *item = ingest_items_add(items, INGEST_MESSAGE);
    if (!item) return NULL;
    set_contact(item, hook->account, contact_id);
    item->id = ingest_id("message", hook->account, &external_id, 1);
    item->message.kind = SEADESK__V1__MESSAGE_KIND__TEXT;
    item->message.external_id = external_id;
    item->message.raw = raw;
    return item;
}

struct sea_uuid ingest_client_id(struct sea_uuid client_message_id)
{
    char text[SEA_UUID_TEXT];
    sea_uuid_print(client_message_id, text);
    const struct sea_str parts[] = {SEA_STR("client"), sea_str(text)};
    return sea_uuid5(parts, SEA_COUNT(parts));
}

void ingest_take_mark(struct ingest_item *item)
{
    static const char MARK[] = "[m:";
    enum { MARK_LEN = 3 + SEA_UUID_TEXT - 1 + 1 };
    struct sea_str text = sea_str_trim(item->message.text), mark;
    struct sea_uuid id;
    if (item->message.kind != SEADESK__V1__MESSAGE_KIND__TEXT || text.len < MARK_LEN) return;
    mark = (struct sea_str){text.ptr + text.len - MARK_LEN, MARK_LEN};
    if (!sea_str_starts(mark, MARK) || mark.ptr[MARK_LEN - 1] != ']' ||
        !sea_uuid_parse((struct sea_str){mark.ptr + 3, SEA_UUID_TEXT - 1}, &id))
        return;
    item->id = ingest_client_id(id);
    item->message.text = sea_str_trim((struct sea_str){text.ptr, text.len - MARK_LEN});
}

struct ingest_item *ingest_found_change(const struct ingest_webhook *hook,
                                        struct ingest_items *items, int kind,
                                        struct sea_str target_id, struct sea_str change,
                                        struct sea_str contact_id, struct sea_str raw)
{
    char number[12];
    struct ingest_item *item = ingest_found_message(hook, items, target_id, contact_id, raw);
    if (!item) return NULL;
    snprintf(number, sizeof(number), "%d", kind);
    struct sea_str parts[] = {target_id, sea_str(number), contact_id, change};
    item->id = ingest_id("change", hook->account, parts, SEA_COUNT(parts));
    item->message.kind = kind;
    item->message.in_reply_to = target_id;
    return item;
}

struct ingest_item *ingest_found_receipt(const struct ingest_webhook *hook,
                                         struct ingest_items *items, int state,
                                         struct sea_str provider_id, struct sea_str contact_id,
                                         struct sea_str status, struct sea_str time)
{
    struct sea_str parts[] = {provider_id, status, time};
    struct ingest_item *item =
        state && ingest_is_id(provider_id) ? ingest_items_add(items, INGEST_RECEIPT) : NULL;
    if (!item) return NULL;
    set_contact(item, hook->account,
                ingest_is_id(contact_id) ? contact_id : (struct sea_str){NULL, 0});
    item->id = ingest_id("receipt", hook->account, parts, SEA_COUNT(parts));
    item->receipt.state = state;
    item->receipt.provider_id = provider_id;
    return item;
}

static struct ingest_item *add_fact(const struct ingest_webhook *hook, struct ingest_items *items,
                                    int fact, struct sea_str order_id, struct sea_str unique,
                                    int64_t occurred_at_ms, struct sea_str raw)
{
    struct sea_str parts[] = {order_id, unique};
    if (!ingest_is_id(unique) || occurred_at_ms <= 0) {
        add_dead(hook, items, "unreadable", raw);
        return NULL;
    }
    struct ingest_item *item = ingest_items_add(items, INGEST_ORDER);
    if (!item) return NULL;
    item->id = ingest_id("fact", hook->account, parts, SEA_COUNT(parts));
    item->source =
        ingest_printed(items->arena, "/%s/%s", hook->account->channel->name, hook->account->name);
    item->origin_id = unique;
    item->time_ms = occurred_at_ms;
    item->order.fact = fact;
    item->order.order_id = order_id;
    item->order.occurred_at_ms = occurred_at_ms;
    if (hook->account->market) item->order.market = sea_str(hook->account->market->code);
    return item;
}

struct ingest_item *ingest_found_fact(const struct ingest_webhook *hook, struct ingest_items *items,
                                      int fact, struct sea_str order_id, struct sea_str unique,
                                      int64_t occurred_at_ms, struct sea_str raw)
{
    if (ingest_is_id(order_id))
        return add_fact(hook, items, fact, order_id, unique, occurred_at_ms, raw);
    add_dead(hook, items, "unreadable", raw);
    return NULL;
}

struct ingest_item *ingest_found_consent(const struct ingest_webhook *hook,
                                         struct ingest_items *items, int class, bool is_granted,
                                         struct sea_str contact_id, struct sea_str word,
                                         int64_t time_ms)
{
    struct ingest_item *item =
        ingest_is_id(contact_id) ? ingest_items_add(items, INGEST_CONSENT) : NULL;
    if (!item) return NULL;
    struct sea_str parts[] = {contact_id, word,
                              ingest_printed(items->arena, "%d:%lld", class, (long long)time_ms)};
    set_contact(item, hook->account, contact_id);
    item->id = ingest_id("consent", hook->account, parts, SEA_COUNT(parts));
    item->time_ms = time_ms;
    item->consent.class = class;
    item->consent.source = SEADESK__V1__CONSENT_SOURCE__CONSENT_PROVIDER;
    item->consent.is_granted = is_granted;
    item->consent.proof = ingest_printed(items->arena, "%s %.*s", hook->account->channel->name,
                                         (int)sea_utf8_cut(word, 64).len, word.len ? word.ptr : "");
    return item;
}

struct ingest_item *ingest_found_call(const struct ingest_webhook *hook, struct ingest_items *items,
                                      int state, struct sea_str call_id, struct sea_str change,
                                      struct sea_str contact_id)
{
    struct sea_str parts[] = {call_id, change};
    if (!ingest_is_id(call_id)) {
        add_dead(hook, items, "unreadable", hook->body);
        return NULL;
    }
    struct ingest_item *item = ingest_items_add(items, INGEST_CALL);
    if (!item) return NULL;
    set_contact(item, hook->account,
                ingest_is_id(contact_id) ? contact_id : (struct sea_str){NULL, 0});
    item->id = ingest_id("call", hook->account, parts, SEA_COUNT(parts));
    item->call.state = state;
    item->call.id = call_id;
    if (hook->account->market) item->call.market = sea_str(hook->account->market->code);
    return item;
}

const struct ingest_step *ingest_step_of(const struct ingest_step *steps, size_t count,
                                         struct sea_str word)
{
    for (size_t i = 0; i < count; i++)
        if (sea_str_starts(word, steps[i].word)) return &steps[i];
    return NULL;
}

bool ingest_is_parcel(const struct ingest_webhook *hook, struct ingest_items *items,
                      const struct ingest_parcel *parcel)
{
    if (ingest_is_id(parcel->number)) return true;
    add_dead(hook, items, "unreadable", parcel->raw);
    return false;
}

void ingest_found_step(const struct ingest_webhook *hook, struct ingest_items *items,
                       const struct ingest_parcel *parcel, const struct ingest_step *step,
                       struct sea_str time, int64_t at_ms, struct sea_str location)
{
    if (!step || !ingest_is_id(time)) {
        ingest_ignore(items, "step");
        return;
    }
    struct sea_str unique = ingest_printed(items->arena, "%.*s %.*s %s", (int)parcel->number.len,
                                           parcel->number.ptr, (int)time.len, time.ptr, step->word);
    struct sea_str order_id =
        ingest_is_id(parcel->order_id) ? parcel->order_id : (struct sea_str){NULL, 0};
    struct ingest_item *item =
        add_fact(hook, items, step->fact, order_id, unique, at_ms, parcel->raw);
    if (!item) return;
    item->order.parcel_id = parcel->number;
    item->order.tracking_number = parcel->number;
    if (ingest_is_id(parcel->carrier)) item->order.carrier = parcel->carrier;
    if (ingest_is_id(location)) item->order.location = location;
    item->order.reason = sea_str(step->reason);
}

bool ingest_found_attachment(struct ingest_items *items, struct ingest_message *message,
                             const struct ingest_attachment *attachment)
{
    if (message->attachments_count == INGEST_ATTACHMENTS_MAX) return false;
    if (!message->attachments)
        message->attachments =
            sea_arena_zero(items->arena, INGEST_ATTACHMENTS_MAX * sizeof(*attachment));
    if (!message->attachments) return false;
    message->attachments[message->attachments_count++] = *attachment;
    return true;
}

int ingest_word_of(const struct ingest_word *words, size_t count, struct sea_str word,
                   int otherwise)
{
    for (size_t i = 0; i < count; i++)
        if (sea_str_is(word, words[i].word)) return words[i].value;
    return otherwise;
}

int ingest_kind_of_media(struct sea_str mime)
{
    static const struct {
        const char *start;
        Seadesk__V1__MessageKind kind;
    } KINDS[] = {
        {"image", SEADESK__V1__MESSAGE_KIND__IMAGE},   {"photo", SEADESK__V1__MESSAGE_KIND__IMAGE},
        {"sticker", SEADESK__V1__MESSAGE_KIND__IMAGE}, {"audio", SEADESK__V1__MESSAGE_KIND__AUDIO},
        {"voice", SEADESK__V1__MESSAGE_KIND__AUDIO},   {"video", SEADESK__V1__MESSAGE_KIND__VIDEO},
    };
    for (size_t i = 0; i < SEA_COUNT(KINDS); i++)
        if (sea_str_starts(mime, KINDS[i].start)) return (int)KINDS[i].kind;
    return SEADESK__V1__MESSAGE_KIND__DOCUMENT;
}

int64_t ingest_unix_ms(int64_t time)
{
    if (time <= 0 || time > INT64_C(253402300799999)) return 0;
    return time < INT64_C(253402300799) ? time * 1000 : time;
}

struct sea_str ingest_printed(struct sea_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *text = len >= 0 ? sea_arena_alloc(arena, (size_t)len + 1) : NULL;
    if (text) vsnprintf(text, (size_t)len + 1, format, again);
    va_end(args);
    va_end(again);
    return text ? (struct sea_str){text, (size_t)len} : (struct sea_str){NULL, 0};
}

struct sea_str ingest_form_get(struct sea_str form, const char *name, struct sea_arena *arena)
{
    size_t name_len = strlen(name);
    while (form.len) {
        const char *amp = memchr(form.ptr, '&', form.len);
        struct sea_str pair = {form.ptr, amp ? (size_t)(amp - form.ptr) : form.len};
        size_t gone = amp ? pair.len + 1 : pair.len;
        form.ptr += gone;
        form.len -= gone;
        if (pair.len <= name_len || pair.ptr[name_len] != '=' ||
            memcmp(pair.ptr, name, name_len) != 0)
            continue;
        struct sea_str raw = {pair.ptr + name_len + 1, pair.len - name_len - 1};
        char *text = sea_arena_alloc(arena, raw.len + 1);
        size_t len = 0;
        if (!text || !sea_percent_decode(raw, true, text, &len)) break;
        return (struct sea_str){text, len};
    }
    return (struct sea_str){NULL, 0};
}

const char *ingest_other_of(const struct ingest_other *others, size_t count, struct sea_str word)
{
    for (size_t i = 0; i < count; i++)
        if (sea_str_is(word, others[i].word)) return others[i].what;
    return "unknown";
}

const char *ingest_other_in(const struct ingest_other *others, size_t count, yyjson_val *object)
{
    for (size_t i = 0; i < count; i++)
        if (yyjson_obj_get(object, others[i].word)) return others[i].what;
    return "unknown";
}

/* Of the character at `bytes`; 0: it is none. */
static size_t char_len(const char *bytes, size_t left)
{
    for (size_t len = 1; len <= 4 && len <= left; len++)
        if (sea_utf8_is_valid((struct sea_str){bytes, len})) return len;
    return 0;
}

struct sea_str ingest_utf8(struct sea_str text, struct sea_arena *arena)
{
    if (sea_utf8_is_valid(text)) return text;
    char *copy = sea_arena_dup(arena, text);
    if (!copy) return (struct sea_str){NULL, 0};
    for (size_t i = 0; i < text.len;) {
        size_t len = char_len(copy + i, text.len - i);
        if (!len) copy[i] = '?';
        i += len ? len : 1;
    }
    return (struct sea_str){copy, text.len};
}

struct sea_str ingest_form_text(struct sea_str form, const char *name, struct sea_arena *arena)
{
    return ingest_utf8(ingest_form_get(form, name, arena), arena);
}
