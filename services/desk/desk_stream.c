/* desk_stream.c: the topics' tail, the ring of events, and the readers. */
#include "desk_stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "desk.h"
#include "desk_heard.h"
#include "desk_metrics.h"
#include "desk_publish.h"
#include "desk_session.h"
#include "sea_clock.h"
#include "sea_random.h"

enum {
    WIRE_MAX_BYTES = 16 << 20,
    BURST_MAX_BYTES = 128 << 10, /* more at once than this is `reset`, which costs readers less */
    ARENA_MAX_BYTES = 4 << 20,
    PING_MS = 15000,          /* proxies close what is silent for long */
    SESSION_CHECK_MS = 60000, /* how long a stream may outlive its session */
};

static const enum sea_topic TOPICS[] = {SEA_TOPIC_TICKETS, SEA_TOPIC_TRANSLATIONS,
                                        SEA_TOPIC_DELIVERIES, SEA_TOPIC_DEADLINES,
                                        SEA_TOPIC_TIMELINES};

struct reader {
    TAILQ_ENTRY(reader) all;
    struct desk_stream *stream;
    struct sea_http_exchange *exchange; /* NULL: ended, but its session is being looked up */
    char session[DESK_SESSION_TEXT];    /* empty: an API key */
    int64_t pinged_ms, checked_ms;
    bool is_checking;
};

TAILQ_HEAD(readers, reader);

struct desk_stream {
    struct desk *desk;
    struct sea_tail *tail;
    struct desk_ring ring;
    struct readers readers;
    size_t count;
    uint64_t written; /* serial of the last event that all readers were given */
    struct sea_arena arena;
    struct sea_buf wire;
};

/* ---- readers ---- */

static void reader_end(struct reader *reader)
{
    if (reader->exchange) {
        reader->exchange = NULL;
        sea_metric_set(&sea_m_desk_streams, --reader->stream->count);
    }
    if (reader->is_checking) return;
    TAILQ_REMOVE(&reader->stream->readers, reader, all);
    free(reader);
}

static void on_gone(void *ctx)
{
    reader_end(ctx);
}

static void hang_up(struct reader *reader)
{
    struct sea_http_exchange *exchange = reader->exchange;
    if (!exchange) return;
    reader_end(reader);
    sea_http_stream_end(exchange);
}

static void on_checked(void *ctx, bool is_alive)
{
    struct reader *reader = ctx;
    reader->is_checking = false;
    if (!reader->exchange)
        reader_end(reader);
    else if (!is_alive)
        hang_up(reader);
}

/* Appends the events after `serial`, or `reset` when these are too many. */
static void print_since(struct desk_stream *stream, uint64_t serial)
{
    size_t before = stream->wire.len;
    desk_ring_print(&stream->ring, serial, &stream->wire);
    if (stream->wire.len <= BURST_MAX_BYTES) return;
    stream->wire.len = before;
    desk_ring_print_reset(&stream->ring, &stream->wire);
}

static void write_to_all(struct desk_stream *stream)
{
    struct reader *reader;
    TAILQ_FOREACH(reader, &stream->readers, all)
    if (reader->exchange)
        (void)sea_http_stream_write(reader->exchange, sea_buf_view(&stream->wire));
}

/* Writes what the readers haven't got yet; one that reads too slowly is ended by the server. */
static void flush(struct desk_stream *stream)
{
    if (stream->count && stream->written + 1 < stream->ring.next) {
        sea_buf_reset(&stream->wire);
        print_since(stream, stream->written);
        write_to_all(stream);
    }
    stream->written = stream->ring.next - 1;
}

void desk_stream_tell(struct desk_stream *stream, const struct desk_event *event)
{
    if (!stream->count) return;
    flush(stream);
    sea_buf_reset(&stream->wire);
    desk_event_print(event, &stream->wire);
    write_to_all(stream);
    sea_metric_inc(&sea_m_desk_stream_events_total, DESK_EVENT_NAMES[event->kind]);
}

void desk_stream_get(struct desk_call *call)
{
    struct desk *desk = call->desk;
    struct desk_stream *stream = desk->stream;
    uint64_t serial;
    if (strcmp(call->method, "HEAD") == 0) {
        desk_call_answer_empty(call, 200, "");
        return;
    }
    if (stream->count >= (size_t)desk->own.streams) {
        desk_call_refuse_as(call, SEA_PROBLEM_UNAVAILABLE, "too many readers of the stream");
        return;
    }
    struct reader *reader = sea_alloc(sizeof(*reader));
    reader->stream = stream;
    memcpy(reader->session, call->session, sizeof(reader->session));
    if (*call->who.key) *reader->session = 0;
    reader->pinged_ms = reader->checked_ms = sea_clock_mono_ms();
    flush(stream);
    sea_buf_reset(&stream->wire);
    sea_buf_text(&stream->wire, "retry: 2000\n");
    if (desk_ring_find(&stream->ring, call->last_event_id, &serial))
        print_since(stream, serial);
    else if (call->last_event_id.len)
        desk_ring_print_reset(&stream->ring, &stream->wire);
    desk_ring_print_place(&stream->ring, &stream->wire);
    struct sea_http_answer head = {
        .status = 200, .content_type = "text/event-stream", .headers = DESK_API_HEADERS};
    reader->exchange = desk_call_release(call);
    TAILQ_INSERT_TAIL(&stream->readers, reader, all);
    sea_metric_set(&sea_m_desk_streams, ++stream->count);
    sea_http_stream_open(reader->exchange, &head, on_gone, reader);
    if (reader->exchange)
        (void)sea_http_stream_write(reader->exchange, sea_buf_view(&stream->wire));
}

void desk_stream_end_session(struct desk_stream *stream, const char *session)
{
    struct reader *reader, *next;
    for (reader = TAILQ_FIRST(&stream->readers); reader; reader = next) {
        next = TAILQ_NEXT(reader, all);
        if (strcmp(reader->session, session) == 0) hang_up(reader);
    }
}

void desk_stream_tick(struct desk_stream *stream)
{
    struct reader *reader;
    int64_t now_ms = sea_clock_mono_ms();
    TAILQ_FOREACH(reader, &stream->readers, all)
    {
        if (!reader->exchange) continue;
        if (*reader->session && !reader->is_checking &&
            now_ms - reader->checked_ms >= SESSION_CHECK_MS) {
            reader->checked_ms = now_ms;
            reader->is_checking =
                !desk_session_touch(stream->desk, reader->session, on_checked, reader);
        }
        if (now_ms - reader->pinged_ms < PING_MS) continue;
        reader->pinged_ms = now_ms;
        (void)sea_http_stream_write(reader->exchange, SEA_STR(":\n\n"));
    }
}

/* ---- the tail ---- */

static void on_record(void *ctx, const struct sea_record *record)
{
    struct desk_stream *stream = ctx;
    struct desk_heard heard;
    desk_heard_of(record, &stream->arena, &heard);
    for (size_t i = 0; i < heard.count; i++) {
        desk_ring_add(&stream->ring, &heard.events[i]);
        sea_metric_inc(&sea_m_desk_stream_events_total, DESK_EVENT_NAMES[heard.events[i].kind]);
    }
    if (heard.is_outcome) desk_publisher_hear(stream->desk->publisher, &heard);
    sea_arena_reset(&stream->arena);
}

static void on_pause(void *ctx)
{
    flush(ctx);
}

/* Something may have been missed: whoever is connected reads again, and no older place is good. */
static void on_gap(void *ctx)
{
    struct desk_stream *stream = ctx;
    flush(stream);
    stream->ring.instance++;
    sea_buf_reset(&stream->wire);
    desk_ring_print_reset(&stream->ring, &stream->wire);
    write_to_all(stream);
}

enum sea_err desk_stream_open(struct desk_stream **ret, struct desk *desk)
{
    struct desk_stream *stream = sea_alloc(sizeof(*stream));
    uint64_t instance;
    sea_random_bytes(&instance, sizeof(instance));
    stream->desk = desk;
    stream->arena = (struct sea_arena)SEA_ARENA(ARENA_MAX_BYTES);
    stream->wire = (struct sea_buf)SEA_BUF(WIRE_MAX_BYTES);
    TAILQ_INIT(&stream->readers);
    desk_ring_init(&stream->ring, (size_t)desk->own.stream_events, instance);
    struct sea_tail_options options = {.brokers = desk->config->kafka,
                                       .client_id = "desk",
                                       .base = sea_app_base(desk->app),
                                       .topics = TOPICS,
                                       .topics_count = SEA_COUNT(TOPICS),
                                       .on_record = on_record,
                                       .on_pause = on_pause,
                                       .on_gap = on_gap,
                                       .ctx = stream};
    *ret = stream;
    return sea_tail_open(&stream->tail, &options);
}

void desk_stream_close(struct desk_stream **pointer)
{
    struct desk_stream *stream = *pointer;
    struct reader *reader;
    if (!stream) return;
    sea_tail_close(&stream->tail);
    while ((reader = TAILQ_FIRST(&stream->readers))) {
        TAILQ_REMOVE(&stream->readers, reader, all);
        free(reader);
    }
    desk_ring_free(&stream->ring);
    sea_arena_free(&stream->arena);
    sea_buf_free(&stream->wire);
    free(stream);
    *pointer = NULL;
}

bool desk_stream_is_live(const struct desk_stream *stream)
{
    return stream->tail && sea_tail_is_live(stream->tail);
}
