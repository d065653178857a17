/* adapter_world.c: recorded requests, and what is found in them as text. */
#include "adapter_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_json.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "seadesk/v1/calls.pb-c.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/messages.pb-c.h"
#include "seadesk/v1/orders.pb-c.h"
#include "seadesk/v1/types.pb-c.h"

static bool take_line(struct sea_str *rest, struct sea_str *ret)
{
    const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
    if (!end) return false;
    *ret = (struct sea_str){rest->ptr, (size_t)(end - rest->ptr)};
    rest->ptr += ret->len + 1;
    rest->len -= ret->len + 1;
    if (ret->len && ret->ptr[ret->len - 1] == '\r') ret->len--;
    return true;
}

static bool take_word(struct sea_str *rest, char stop, struct sea_str *ret)
{
    const char *end = rest->len ? memchr(rest->ptr, stop, rest->len) : NULL;
    if (!end) return false;
    *ret = (struct sea_str){rest->ptr, (size_t)(end - rest->ptr)};
    rest->ptr += ret->len + 1;
    rest->len -= ret->len + 1;
    return true;
}

static bool read_target(struct world_request *ret, struct sea_str line)
{
    static const char path[] = "/v1/channels/";
    struct sea_str method, channel;
    if (!take_word(&line, ' ', &method) || !take_word(&line, ' ', &ret->target)) return false;
    ret->is_get = sea_str_is(method, "GET");
    if ((!ret->is_get && !sea_str_is(method, "POST")) || !sea_str_starts(ret->target, path))
        return false;
    struct sea_str rest = {ret->target.ptr + strlen(path), ret->target.len - strlen(path)};
    if (!take_word(&rest, '/', &channel)) return false;
    ret->channel = sea_channel_of(channel);
    size_t account_len = 0;
    while (account_len < rest.len && rest.ptr[account_len] != '?') account_len++;
    snprintf(ret->account, sizeof(ret->account), "%.*s", (int)account_len, rest.ptr);
    const char *query = memchr(ret->target.ptr, '?', ret->target.len);
    if (query)
        ret->query =
            (struct sea_str){query + 1, ret->target.len - (size_t)(query + 1 - ret->target.ptr)};
    int len = snprintf(ret->url, sizeof(ret->url), "https://desk.example.com%.*s",
                       (int)ret->target.len, ret->target.ptr);
    return ret->channel && len < (int)sizeof(ret->url);
}

static bool read_head(struct world_request *ret)
{
    struct sea_str rest = {ret->text, ret->len}, line, name;
    if (!take_line(&rest, &line) || !read_target(ret, line)) return false;
    while (take_line(&rest, &line) && line.len) {
        if (ret->headers_count == WORLD_HEADERS_MAX || !take_word(&line, ':', &name)) return false;
        for (size_t i = 0; i < name.len; i++) {
            char *c = (char *)(uintptr_t)&name.ptr[i];
            if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
        }
        struct sea_http_header header = {name, sea_str_trim(line)};
        if (sea_str_is(name, "x-received-at") &&
            !sea_time_parse(header.value, &ret->received_at_ms))
            return false;
        ret->headers[ret->headers_count++] = header;
    }
    ret->body = rest;
    return true;
}

bool world_request_open(struct world_request *ret, const char *text, size_t len)
{
    *ret = (struct world_request){.text = sea_alloc(len + 1), .len = len};
    memcpy(ret->text, text, len);
    if (read_head(ret)) return true;
    world_request_close(ret);
    return false;
}

void world_request_close(struct world_request *request)
{
    free(request->text);
    request->text = NULL;
}

/* The repository's own menu, read once. */
static const struct sea_menu *care(void)
{
    static struct sea_arena arena = SEA_ARENA(1 << 20);
    static struct sea_menu menu;
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_yaml *yaml = NULL;
    if (menu.step_count) return &menu;
    sea_assert(
        sea_yaml_open(SEA_SOURCE_DIR "/deploy/config/menus/care.yaml", &arena, &errors, &yaml) &&
        sea_menu_read(yaml, &errors, "care", &menu));
    sea_yaml_close(&yaml);
    sea_yaml_errors_free(&errors);
    return &menu;
}

void world_open(struct world *world, enum sea_adapter adapter, const struct world_request *request,
                const struct sea_secrets *secrets, struct sea_str verify_token)
{
    *world = (struct world){.arena = SEA_ARENA(INGEST_ARENA_MAX), .channel = *request->channel};
    world->alc = ingest_json_pool(&world->arena);
    world->items.arena = &world->arena;
    world->account = (struct sea_account){
        .channel = &world->channel,
        .name = request->account,
        .adapter = adapter,
        .is_enabled = true,
        .menu = care(),
        .secret = *secrets,
        .verify_token = {.live = {verify_token.len ? verify_token : SEA_STR("demo-verify")},
                         .count = 1},
    };
    sea_assert(ingest_keys_open(&world->keys, ingest_adapter_of(adapter)->secret, secrets));
    world->hook = (struct ingest_webhook){
        .adapter = ingest_adapter_of(adapter),
        .account = &world->account,
        .keys = &world->keys,
        .url = sea_str(request->url),
        .query = request->query,
        .body = request->body,
        .headers = request->headers,
        .headers_count = request->headers_count,
        .now_ms = request->received_at_ms,
        .tolerance_ms = WORLD_TOLERANCE_MS,
        .alc = &world->alc,
    };
}

void world_close(struct world *world)
{
    ingest_keys_close(&world->keys);
    sea_arena_free(&world->arena);
}

static void check_item(const struct ingest_item *item)
{
    sea_assert(!sea_uuid_is_nil(item->id) && sea_utf8_is_valid(item->contact_id));
    if (item->kind == INGEST_MESSAGE) {
        const struct ingest_message *message = &item->message;
        const struct sea_str texts[] = {message->name,     message->phone,      message->email,
                                        message->locale,   message->subject,    message->text,
                                        message->order_id, message->in_reply_to};
        sea_assert(ingest_is_id(item->contact_id) && ingest_is_id(message->external_id));
        for (size_t i = 0; i < SEA_COUNT(texts); i++) sea_assert(sea_utf8_is_valid(texts[i]));
        sea_assert(message->kind > 0 && message->attachments_count <= INGEST_ATTACHMENTS_MAX);
        sea_assert(message->rating <= 5);
        sea_assert(item->time_ms >= 0);
    } else if (item->kind == INGEST_ORDER) {
        /* What names no order is known by its tracking number. */
        sea_assert(ingest_is_id(item->order.order_id) ||
                   (!item->order.order_id.len && ingest_is_id(item->order.tracking_number)));
        sea_assert(item->order.occurred_at_ms > 0);
        sea_assert(item->order.fact > 0);
        bool is_parcel = item->order.fact >= SEADESK__V1__ORDER_FACT__PARCEL_DISPATCHED &&
                         item->order.fact <= SEADESK__V1__ORDER_FACT__PARCEL_RETURNED;
        sea_assert(!is_parcel || ingest_is_id(item->order.parcel_id));
    } else if (item->kind == INGEST_PROFILE) {
        sea_assert(ingest_is_id(item->profile.customer_ref));
    } else if (item->kind == INGEST_RECEIPT) {
        sea_assert(ingest_is_id(item->receipt.provider_id) && item->receipt.state > 0);
    } else if (item->kind == INGEST_CALL) {
        sea_assert(ingest_is_id(item->call.id) && (item->call.state || item->call.outcome));
        sea_assert(sea_utf8_is_valid(item->call.recording));
    } else if (item->kind == INGEST_CONSENT) {
        sea_assert(ingest_is_id(item->contact_id) && item->consent.class > 0);
    } else {
        sea_assert(item->dead.reason && item->dead.offset == -1);
    }
}

void world_check(const struct world *world)
{
    sea_assert(world->items.count <= INGEST_ITEMS_MAX);
    sea_assert(world->reply.status >= 200 && world->reply.status < 300);
    sea_assert(!world->reply.body.len || world->reply.content_type);
    sea_assert(world->reply.session.len <= INGEST_SESSION_MAX);
    for (size_t i = 0; i < world->items.count; i++) check_item(&world->items.list[i]);
}

/* Quoted, on one line. */
static void print_text(struct sea_buf *ret, const char *name, struct sea_str text)
{
    if (!text.len) return;
    sea_buf_printf(ret, " %s=\"", name);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < ' ' || c == '"' || c == '\\')
            sea_buf_printf(ret, "\\x%02x", c);
        else
            sea_buf_char(ret, (char)c);
    }
    sea_buf_char(ret, '"');
}

static void print_time(struct sea_buf *ret, const char *name, int64_t time_ms)
{
    char text[SEA_TIME_TEXT];
    if (!time_ms) return;
    sea_time_print(time_ms, text);
    sea_buf_printf(ret, " %s=%s", name, text);
}

static const char *name_of(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
    return found ? found->name : "?";
}

static void print_message(struct sea_buf *ret, const struct ingest_message *message)
{
    sea_buf_printf(ret, " %s", name_of(&seadesk__v1__message_kind__descriptor, message->kind));
    print_text(ret, "external", message->external_id);
    print_text(ret, "name", message->name);
    print_text(ret, "phone", message->phone);
    print_text(ret, "email", message->email);
    print_text(ret, "locale", message->locale);
    print_text(ret, "subject", message->subject);
    print_text(ret, "text", message->text);
    print_text(ret, "reply_to", message->in_reply_to);
    print_text(ret, "order", message->order_id);
    print_text(ret, "notice", message->notice_version);
    if (message->rating) sea_buf_printf(ret, " rating=%u", message->rating);
    if (message->is_public) sea_buf_text(ret, " public");
    if (message->is_automatic) sea_buf_text(ret, " automatic");
    if (message->has_recording_consent) sea_buf_text(ret, " recording");
    for (size_t i = 0; i < message->attachments_count; i++) {
        const struct ingest_attachment *attachment = &message->attachments[i];
        sea_buf_text(ret, "\n  attachment");
        print_text(ret, "url", attachment->url);
        print_text(ret, "media", attachment->media_id);
        print_text(ret, "mime", attachment->mime);
        print_text(ret, "name", attachment->name);
        if (attachment->size_bytes)
            sea_buf_printf(ret, " size=%llu", (unsigned long long)attachment->size_bytes);
        if (attachment->has_sha256) sea_buf_text(ret, " hashed");
        if (attachment->is_inside) sea_buf_text(ret, " inside");
    }
}

static void print_order(struct sea_buf *ret, const struct ingest_order *order)
{
    sea_buf_printf(ret, " %s", name_of(&seadesk__v1__order_fact__descriptor, order->fact));
    print_text(ret, "order", order->order_id);
    print_text(ret, "market", order->market);
    print_text(ret, "customer", order->customer_ref);
    print_text(ret, "parcel", order->parcel_id);
    print_text(ret, "carrier", order->carrier);
    print_text(ret, "tracking", order->tracking_number);
    print_text(ret, "reason", order->reason);
    print_text(ret, "location", order->location);
    print_time(ret, "expected", order->expected_at_ms);
    if (order->has_sequence) sea_buf_printf(ret, " sequence=%lld", (long long)order->sequence);
    if (order->has_amount) {
        sea_buf_printf(ret, " amount=%lld", (long long)order->minor);
        print_text(ret, "currency", order->currency);
    }
    if (order->is_historical) sea_buf_text(ret, " historical");
}

static void print_profile(struct sea_buf *ret, const struct ingest_profile *profile)
{
    print_text(ret, "customer", profile->customer_ref);
    print_text(ret, "name", profile->name);
    print_text(ret, "locale", profile->locale);
    print_text(ret, "phone", profile->phone);
    print_text(ret, "email", profile->email);
    print_text(ret, "tier", profile->tier);
    print_text(ret, "handset", profile->handset);
    print_text(ret, "order", profile->order_id);
    print_text(ret, "market", profile->market);
    for (size_t i = 0; i < profile->channels_count; i++) {
        print_text(ret, "channel", profile->channels[i].channel);
        print_text(ret, "account", profile->channels[i].account);
        print_text(ret, "id", profile->channels[i].id);
    }
}

static void print_call(struct sea_buf *ret, const struct ingest_call *call)
{
    sea_buf_printf(
        ret, " %s %s",
        call->state ? name_of(&seadesk__v1__call_state__descriptor, call->state)
                    : name_of(&seadesk__v1__call_outcome__descriptor, call->outcome),
        call->direction ? name_of(&seadesk__v1__call_direction__descriptor, call->direction) : "-");
    print_text(ret, "call", call->id);
    print_text(ret, "recording", call->recording);
    print_time(ret, "started", call->started_at_ms);
    print_time(ret, "answered", call->answered_at_ms);
    print_time(ret, "ended", call->ended_at_ms);
}

static void print_item(struct sea_buf *ret, const struct ingest_item *item)
{
    static const char *const KINDS[] = {
        [INGEST_MESSAGE] = "message", [INGEST_RECEIPT] = "receipt", [INGEST_CONSENT] = "consent",
        [INGEST_PROFILE] = "profile", [INGEST_ORDER] = "order",     [INGEST_CALL] = "call",
        [INGEST_DEAD] = "dead"};
    char id[SEA_UUID_TEXT];
    sea_uuid_print(item->id, id);
    sea_buf_printf(ret, "%s %s", KINDS[item->kind], id);
    print_time(ret, "at", item->time_ms);
    print_text(ret, "contact", item->contact_id);
    if (item->kind == INGEST_MESSAGE) print_message(ret, &item->message);
    if (item->kind == INGEST_CALL) print_call(ret, &item->call);
    if (item->kind == INGEST_ORDER) print_order(ret, &item->order);
    if (item->kind == INGEST_PROFILE) print_profile(ret, &item->profile);
    if (item->kind == INGEST_RECEIPT) {
        sea_buf_printf(ret, " %s",
                       name_of(&seadesk__v1__delivery_state__descriptor, item->receipt.state));
        print_text(ret, "external", item->receipt.provider_id);
        print_text(ret, "error", item->receipt.error_code);
        if (!sea_uuid_is_nil(item->receipt.attempt)) sea_buf_text(ret, " ours");
    }
    if (item->kind == INGEST_CONSENT) {
        sea_buf_printf(ret, " %s %s",
                       name_of(&seadesk__v1__consent_class__descriptor, item->consent.class),
                       item->consent.is_granted ? "granted" : "refused");
        print_text(ret, "proof", item->consent.proof);
    }
    if (item->kind == INGEST_DEAD) sea_buf_printf(ret, " %s", item->dead.reason);
    sea_buf_char(ret, '\n');
}

void world_print(const struct world *world, struct sea_buf *ret)
{
    sea_buf_printf(ret, "answer %d", world->reply.status);
    if (world->reply.confirm_url) sea_buf_printf(ret, " confirm=%s", world->reply.confirm_url);
    if (world->reply.is_unsubscribed) sea_buf_text(ret, " unsubscribed");
    print_text(ret, "type", sea_str(world->reply.content_type));
    print_text(ret, "body", world->reply.body);
    if (world->reply.session.len) {
        print_text(ret, "session", world->reply.session);
        sea_buf_printf(ret, " for=%lldms", (long long)world->reply.session_ms);
    }
    sea_buf_char(ret, '\n');
    for (size_t i = 0; i < world->items.count; i++) print_item(ret, &world->items.list[i]);
    for (size_t i = 0; i < INGEST_IGNORED_MAX && world->items.ignored[i].what; i++)
        sea_buf_printf(ret, "ignored %s %u\n", world->items.ignored[i].what,
                       world->items.ignored[i].count);
}
