/* notify_chat.c: who listens, what is new for them, and the receipts of what they got. */
#include "notify_chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "notify_chat_rows.h"
#include "notify_metrics.h"
#include "notify_service.h"
#include "sea_clock.h"
#include "sea_enc.h"
#include "sea_json.h"
#include "sea_metrics_common.h"
#include "sea_tail.h"
#include "sea_typing.h"
#include "sea_visitor.h"
#include "seadesk/v1/receipts.pb-c.h"

enum {
    PING_MS = 15000, /* proxies close what is silent for long */
    FLUSH_MAX = 64,  /* streams read for in one go */
    PAGE = 50,       /* messages of one stream in one go */
    PAGE_BYTES = 64 * 1024,
    TEXT_BYTES = 128 * 1024,
    WIRE_BYTES = 8 * TEXT_BYTES,
    BUFFER_BYTES = 2 * WIRE_BYTES,
    ARENA_BYTES = 4 * 1024 * 1024,
    QUEUE_MESSAGES_MAX = 4096,
    QUEUE_KBYTES_MAX = 4096,
    ACK_TIMEOUT_MS = 30000,
    SPARE_CONNECTIONS = 64, /* for those who are refused */
};

/* Whoever holds the address may read: no cookie is used, so any site may ask (Fetch, CORS). */
#define HEADERS                                                                                    \
    "Access-Control-Allow-Origin: *\r\n"                                                           \
    "Cache-Control: no-store\r\n"                                                                  \
    "X-Accel-Buffering: no\r\n"

struct stream {
    TAILQ_ENTRY(stream) all;
    struct notify_chat *chat;
    struct sea_http_exchange *exchange;
    struct notify_chat_place place;
    int64_t expires_ms, pinged_mono_ms;
    bool is_behind; /* there may be rows that it hasn't got */
};

TAILQ_HEAD(streams, stream);

struct notify_chat {
    struct notify *service;
    struct sea_tail *tail;
    struct sea_producer *producer;
    bool is_producer_dead;
    struct sea_redis *agents; /* listens to who types */
    struct event *wake;
    struct streams streams;
    size_t count;
    struct sea_arena arena;
    struct sea_buf wire, text;
};

/* ---- receipts ---- */

static void on_report(void *ctx, void *opaque, enum sea_err err)
{
    (void)ctx;
    (void)opaque;
    sea_metric_inc(&sea_m_produced_total, "seadesk.receipts", err ? "failed" : "acknowledged");
}

static void on_lost(void *ctx, bool is_fatal)
{
    struct notify_chat *chat = ctx;
    if (is_fatal) chat->is_producer_dead = true;
}

static enum sea_err open_producer(struct notify_chat *chat)
{
    struct sea_producer_options options = {
        .brokers = chat->service->config->kafka,
        .client_id = "notifier-chat",
        .linger_ms = 5,
        .message_timeout_ms = ACK_TIMEOUT_MS,
        .queue_messages_max = QUEUE_MESSAGES_MAX,
        .queue_kbytes_max = QUEUE_KBYTES_MAX,
        .base = sea_app_base(chat->service->app),
        .on_report = on_report,
        .on_lost = on_lost,
        .ctx = chat,
    };
    chat->is_producer_dead = false;
    return sea_producer_open(&chat->producer, &options);
}

/* A producer that turned fatal is replaced. What it held is told again when it is read again. */
static void mend_producer(struct notify_chat *chat)
{
    if (!chat->is_producer_dead) return;
    sea_producer_close(&chat->producer, 0);
    if (open_producer(chat) != SEA_OK) sea_app_fail(chat->service->app);
}

/* The same row always makes the same id: its reader knows one that is told twice. */
static void tell_delivered(struct notify_chat *chat, const struct stream *stream,
                           const struct notify_chat_row *row)
{
    Seadesk__V1__ReceiptReceived said = SEADESK__V1__RECEIPT_RECEIVED__INIT;
    struct sea_key contact = stream->place.contact;
    struct sea_uuid attempt = row->id;
    uint8_t packed[256];
    char key[SEA_KEY_TEXT];
    said.channel = (char *)(uintptr_t) "chat";
    said.attempt_id = (ProtobufCBinaryData){sizeof(attempt.bytes), attempt.bytes};
    said.contact_key = (ProtobufCBinaryData){sizeof(contact.bytes), contact.bytes};
    said.state = SEADESK__V1__DELIVERY_STATE__DELIVERED;
    sea_assert(seadesk__v1__receipt_received__get_packed_size(&said) <= sizeof(packed));
    size_t len = seadesk__v1__receipt_received__pack(&said, packed);
    sea_key_print(contact, key);
    struct sea_uuid id = sea_uuid_derive(row->id, "chat-delivered", 0);
    struct sea_outgoing out = {
        .topic = SEA_TOPIC_RECEIPTS,
        .key = sea_str(key),
        .value = {(const char *)packed, len},
        .headers = {.id = id,
                    .type = sea_str(said.base.descriptor->name),
                    .source = SEA_STR("/seadesk/notifier"),
                    .time_ms = sea_clock_wall_ms(),
                    .root = sea_uuid_is_nil(row->root_id) ? id : row->root_id,
                    .content_type = SEA_STR("application/protobuf")},
    };
    if (sea_producer_send(chat->producer, &out, NULL) != SEA_OK)
        on_report(chat, NULL, SEA_ERR_RETRY);
}

/* ---- what is new ---- */

static void print_row(struct notify_chat *chat, const struct notify_chat_row *row)
{
    char id[SEA_UUID_TEXT], at[SEA_TIME_TEXT];
    struct sea_buf *wire = &chat->wire;
    sea_uuid_print(row->id, id);
    sea_time_print(row->at_ms, at);
    sea_buf_printf(wire, "id: %s\nevent: message\ndata: {\"id\":\"%s\",\"at\":\"%s\",\"text\":", id,
                   id, at);
    sea_json_string(wire, sea_buf_view(&chat->text));
    sea_buf_text(wire, ",\"language\":");
    sea_json_string(wire, row->language);
    sea_buf_text(wire, ",\"agent\":");
    if (row->agent.len > 0)
        sea_json_string(wire, row->agent);
    else
        sea_buf_text(wire, "null");
    sea_buf_printf(wire, ",\"automatic\":%s}\n\n", row->is_automatic ? "true" : "false");
}

/* False: not to be tried further now. What can't be opened any more is passed over. */
static bool write_row(struct notify_chat *chat, struct stream *stream,
                      const struct notify_chat_row *row)
{
    struct sea_str draft = {(const char *)row->draft_id.bytes, sizeof(row->draft_id.bytes)};
    struct sea_place place = {SEA_STR("seadesk.outbound"), SEA_STR("text"), draft};
    bool is_erased = false;
    sea_buf_reset(&chat->text);
    sea_buf_reset(&chat->wire);
    enum sea_err err = sea_keys_unseal(chat->service->keys, &stream->place.contact, &place,
                                       row->sealed, &chat->text, &is_erased);
    if (err && err != SEA_ERR_REJECT) return false;
    if (!err && !is_erased) {
        print_row(chat, row);
        if (!sea_http_stream_write(stream->exchange, sea_buf_view(&chat->wire))) return false;
        sea_metric_inc(&sea_m_notifier_chat_messages_total);
        if (!row->is_told) tell_delivered(chat, stream, row);
    }
    stream->place.after = row->seq;
    return true;
}

/* Writes the rows of one stream; what is more than a page comes with the next tick. */
static void write_page(struct notify_chat *chat, struct stream *stream,
                       const struct notify_chat_row *rows, size_t count)
{
    size_t bytes = 0, i = 0;
    while (i < count && bytes < PAGE_BYTES && write_row(chat, stream, &rows[i])) {
        bytes += chat->wire.len;
        i++;
    }
    stream->is_behind = i < count || count == PAGE;
}

static enum sea_err prefetch(struct notify_chat *chat, struct stream *const *streams,
                             const struct notify_chat_row *rows, size_t count)
{
    struct sea_sealed *sealed = sea_arena_alloc(&chat->arena, (count + 1) * sizeof(*sealed));
    sea_assert(sealed != NULL);
    for (size_t i = 0; i < count; i++)
        sealed[i] = (struct sea_sealed){streams[rows[i].place]->place.contact, rows[i].sealed};
    return count == 0 ? SEA_OK : sea_keys_prefetch(chat->service->keys, sealed, count);
}

static size_t collect(struct notify_chat *chat, struct stream **ret,
                      struct notify_chat_place *ret_places)
{
    struct stream *stream;
    size_t count = 0;
    TAILQ_FOREACH(stream, &chat->streams, all)
    {
        if (!stream->is_behind || count == FLUSH_MAX) continue;
        ret_places[count] = stream->place;
        ret[count++] = stream;
    }
    return count;
}

/* PostgreSQL or the key store away: those that are behind stay so. */
static void flush(struct notify_chat *chat)
{
    struct stream *streams[FLUSH_MAX];
    struct notify_chat_place places[FLUSH_MAX];
    struct notify_chat_row *rows = NULL;
    PGresult *result = NULL;
    size_t count = collect(chat, streams, places), rows_count = 0;
    if (count == 0) return;
    enum sea_err err =
        notify_chat_rows_next(&chat->service->store, sea_worker_pg(chat->service->worker),
                              &chat->arena, places, count, PAGE, &result, &rows, &rows_count);
    if (!err) err = prefetch(chat, streams, rows, rows_count);
    for (size_t i = 0, at = 0; !err && i < count; i++) {
        size_t end = at;
        while (end < rows_count && rows[end].place == i) end++;
        write_page(chat, streams[i], &rows[at], end - at);
        at = end;
    }
    sea_pg_clear(&result);
    sea_arena_reset(&chat->arena);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    flush(arg);
}

static void wake(struct notify_chat *chat)
{
    event_active(chat->wake, EV_TIMEOUT, 0);
}

/* ---- streams ---- */

static void forget(struct stream *stream)
{
    struct notify_chat *chat = stream->chat;
    TAILQ_REMOVE(&chat->streams, stream, all);
    sea_metric_set(&sea_m_notifier_chat_streams, (double)--chat->count);
    free(stream);
}

static void on_gone(void *ctx)
{
    forget(ctx);
}

static size_t tabs_of(const struct notify_chat *chat, struct sea_key contact)
{
    const struct stream *stream;
    size_t count = 0;
    TAILQ_FOREACH(stream, &chat->streams, all)
    if (sea_key_eq(stream->place.contact, contact)) count++;
    return count;
}

static void refuse(struct sea_http_exchange *exchange, enum sea_problem_code code,
                   const char *detail)
{
    struct sea_problem problem = {.code = code, .detail = detail, .retry_after_s = 5};
    sea_http_answer_problem(exchange, &problem);
}

/* A page that is loaded anew can't set the header: it names its place in the query. */
static struct sea_str last_of(struct notify_chat *chat, const struct sea_http_request *request)
{
    struct sea_str last = sea_http_header(request, "last-event-id");
    if (last.len == 0 && !sea_http_form_find(request->query, "last_event_id", &chat->arena, &last))
        return SEA_STR("");
    return last;
}

static void begin(struct notify_chat *chat, struct sea_http_exchange *exchange,
                  const struct sea_visitor *visitor, struct notify_chat_place place, bool is_reset)
{
    struct sea_http_answer head = {
        .status = 200, .content_type = "text/event-stream", .headers = HEADERS};
    struct stream *stream = sea_alloc(sizeof(*stream));
    *stream = (struct stream){.chat = chat,
                              .exchange = exchange,
                              .place = place,
                              .expires_ms = visitor->expires_ms,
                              .pinged_mono_ms = sea_clock_mono_ms(),
                              .is_behind = true};
    TAILQ_INSERT_TAIL(&chat->streams, stream, all);
    sea_metric_set(&sea_m_notifier_chat_streams, (double)++chat->count);
    sea_http_stream_open(exchange, &head, on_gone, stream);
    if (sea_http_stream_write(exchange, is_reset
                                            ? SEA_STR("retry: 2000\n\nevent: reset\ndata: {}\n\n")
                                            : SEA_STR("retry: 2000\n\n")))
        wake(chat);
}

static void listen_to(struct notify_chat *chat, struct sea_http_exchange *exchange,
                      const struct sea_http_request *request, const struct sea_visitor *visitor)
{
    struct notify *service = chat->service;
    struct sea_str last = last_of(chat, request);
    struct sea_uuid id = {{0}};
    bool is_known = false;
    struct notify_chat_place place = {.contact = sea_contact_key(&service->pepper, SEA_STR("chat"),
                                                                 sea_str(visitor->account->name),
                                                                 visitor->contact_id)};
    if (chat->count >= (size_t)service->own.streams) {
        refuse(exchange, SEA_PROBLEM_UNAVAILABLE, "too many visitors listen");
    } else if (tabs_of(chat, place.contact) >= NOTIFY_CHAT_TABS_MAX) {
        refuse(exchange, SEA_PROBLEM_TOO_MANY_REQUESTS, "too many streams of this session");
    } else if ((last.len > 0 && !sea_uuid_parse(last, &id)) ||
               notify_chat_rows_begin(&service->store, sea_worker_pg(service->worker),
                                      place.contact, id, &place.after, &is_known) == SEA_OK) {
        begin(chat, exchange, visitor, place, last.len > 0 && !is_known);
    } else {
        refuse(exchange, SEA_PROBLEM_UNAVAILABLE, "postgresql is away");
    }
}

static void on_stream(void *ctx, struct sea_http_exchange *exchange,
                      const struct sea_http_request *request)
{
    struct notify_chat *chat = ctx;
    struct sea_visitor visitor;
    if (!sea_visitor_read(&chat->service->settings->channels, SEA_STR("chat"), request->params[0],
                          sea_clock_wall_ms(), &chat->arena, &visitor)) {
        sea_metric_inc(&sea_m_notifier_chat_refused_total);
        sea_http_answer_empty(exchange, 401);
    } else if (request->method == SEA_HTTP_HEAD) {
        sea_http_answer_empty(exchange, 200);
    } else {
        listen_to(chat, exchange, request, &visitor);
    }
    sea_arena_reset(&chat->arena);
}

/* A missed word of something new costs a stream at most the time between two heartbeats. */
void notify_chat_tick(struct notify_chat *chat)
{
    struct stream *stream, *next;
    int64_t mono_ms = sea_clock_mono_ms(), wall_ms = sea_clock_wall_ms();
    mend_producer(chat);
    for (stream = TAILQ_FIRST(&chat->streams); stream != NULL; stream = next) {
        next = TAILQ_NEXT(stream, all);
        if (wall_ms >= stream->expires_ms) {
            struct sea_http_exchange *exchange = stream->exchange;
            forget(stream);
            sea_http_stream_end(exchange);
        } else if (mono_ms - stream->pinged_mono_ms >= PING_MS) {
            stream->pinged_mono_ms = mono_ms;
            stream->is_behind = sea_http_stream_write(stream->exchange, SEA_STR(":\n\n"));
        }
    }
    wake(chat);
}

/* ---- the tail ---- */

/* Every change of a delivery is said under its contact's key. */
static void on_record(void *ctx, const struct sea_record *record)
{
    struct notify_chat *chat = ctx;
    struct stream *stream;
    struct sea_key contact;
    if (chat->count == 0 || !sea_key_parse(record->key, &contact)) return;
    TAILQ_FOREACH(stream, &chat->streams, all)
    stream->is_behind |= sea_key_eq(stream->place.contact, contact);
}

static void on_pause(void *ctx)
{
    wake(ctx);
}

static void on_gap(void *ctx)
{
    struct notify_chat *chat = ctx;
    struct stream *stream;
    TAILQ_FOREACH(stream, &chat->streams, all)
    stream->is_behind = true;
    wake(chat);
}

static bool is_tail_live(void *ctx, struct sea_buf *why)
{
    const struct notify_chat *chat = ctx;
    bool is_live = sea_tail_is_live(chat->tail);
    if (!is_live) sea_buf_text(why, "seadesk.deliveries isn't read yet");
    return is_live;
}

static enum sea_err serve(struct notify_chat *chat)
{
    static const struct sea_http_route ROUTES[] = {
        {SEA_HTTP_GET, "/v1/chat/{session}/stream", on_stream, 0}};
    struct sea_http_server *server = NULL;
    struct sea_http_server_config config = {
        .routes = ROUTES,
        .routes_count = SEA_COUNT(ROUTES),
        .ctx = chat,
        .connections_max = (uint32_t)chat->service->own.streams + SPARE_CONNECTIONS,
        .stream_buffer_max_bytes = BUFFER_BYTES,
    };
    return sea_app_serve(chat->service->app, &config, &server);
}

/* ---- typing ---- */

/* Without an id: a stream that comes back doesn't get it again. */
static void on_agent(void *ctx, struct sea_str text)
{
    struct notify_chat *chat = ctx;
    struct stream *stream;
    struct sea_key contact;
    char wire[64];
    if (!sea_key_parse(text, &contact)) return;
    int len = snprintf(wire, sizeof(wire), "event: typing\ndata: {\"for_ms\":%d}\n\n",
                       SEA_TYPING_SHOWN_MS);
    TAILQ_FOREACH(stream, &chat->streams, all)
    if (sea_key_eq(stream->place.contact, contact) &&
        sea_http_stream_write(stream->exchange, (struct sea_str){wire, (size_t)len}))
        sea_metric_inc(&sea_m_notifier_chat_typing_total);
}

static enum sea_err listen_to_agents(struct notify_chat *chat)
{
    const struct notify *service = chat->service;
    const struct sea_redis_options redis = {.base = sea_app_base(service->app),
                                            .url = service->config->redis,
                                            .password = service->config->redis_password,
                                            .channel = SEA_TYPING_AGENT,
                                            .on_message = on_agent,
                                            .ctx = chat};
    return sea_redis_open(&chat->agents, &redis);
}

enum sea_err notify_chat_open(struct notify_chat **ret, struct notify *service)
{
    static const enum sea_topic TOPICS[] = {SEA_TOPIC_DELIVERIES};
    struct notify_chat *chat = sea_alloc(sizeof(*chat));
    *chat = (struct notify_chat){.service = service,
                                 .arena = SEA_ARENA(ARENA_BYTES),
                                 .wire = SEA_BUF(WIRE_BYTES),
                                 .text = SEA_BUF(TEXT_BYTES)};
    TAILQ_INIT(&chat->streams);
    chat->wake = event_new(sea_app_base(service->app), -1, 0, on_wake, chat);
    sea_assert(chat->wake != NULL);
    struct sea_tail_options options = {.brokers = service->config->kafka,
                                       .client_id = "notifier-chat",
                                       .base = sea_app_base(service->app),
                                       .topics = TOPICS,
                                       .topics_count = SEA_COUNT(TOPICS),
                                       .on_record = on_record,
                                       .on_pause = on_pause,
                                       .on_gap = on_gap,
                                       .ctx = chat};
    *ret = chat;
    enum sea_err err = sea_tail_open(&chat->tail, &options);
    if (!err) err = open_producer(chat);
    if (!err) err = listen_to_agents(chat);
    if (!err) err = serve(chat);
    if (!err) sea_app_ready_check(service->app, "chat", is_tail_live, chat);
    return err;
}

void notify_chat_close(struct notify_chat **pointer)
{
    struct notify_chat *chat = *pointer;
    struct stream *stream, *next;
    if (chat == NULL) return;
    sea_tail_close(&chat->tail);
    sea_redis_close(&chat->agents);
    sea_producer_close(&chat->producer, 1000);
    for (stream = TAILQ_FIRST(&chat->streams); stream != NULL; stream = next) {
        next = TAILQ_NEXT(stream, all);
        free(stream);
    }
    if (chat->text.ptr != NULL) sodium_memzero(chat->text.ptr, chat->text.cap);
    if (chat->wire.ptr != NULL) sodium_memzero(chat->wire.ptr, chat->wire.cap);
    sea_buf_free(&chat->text);
    sea_buf_free(&chat->wire);
    sea_arena_free(&chat->arena);
    event_free(chat->wake);
    free(chat);
    *pointer = NULL;
}
