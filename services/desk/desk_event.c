/* desk_event.c: short objects, and the ring that holds them. */
#include "desk_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sea_enc.h"
#include "sea_id.h"

enum { INSTANCE_DIGITS = 16 };

const char *const DESK_EVENT_NAMES[DESK_EVENT_KINDS] = {
    "ticket", "message", "translation", "delivery", "order", "deadline", "presence"};

void desk_event_begin(struct desk_event *event, enum desk_event_kind kind)
{
    event->kind = kind;
    event->data[0] = '{';
    event->data[1] = 0;
    event->len = 1;
}

/* The quotes and the last brace must have room too. */
static void add(struct desk_event *event, const char *name, struct sea_str value, bool is_quoted)
{
    size_t room = sizeof(event->data) - event->len;
    const char *quote = is_quoted ? "\"" : "";
    if (strlen(name) + value.len + 8 > room) return;
    event->len +=
        (size_t)snprintf(event->data + event->len, room, "%s\"%s\":%s%.*s%s",
                         event->len > 1 ? "," : "", name, quote, (int)value.len, value.ptr, quote);
}

void desk_event_id(struct desk_event *event, const char *name, struct sea_uuid id)
{
    char text[SEA_UUID_TEXT];
    if (sea_uuid_is_nil(id)) return;
    sea_uuid_print(id, text);
    add(event, name, sea_str(text), true);
}

void desk_event_u64(struct desk_event *event, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, value);
    add(event, name, sea_str(text), false);
}

void desk_event_true(struct desk_event *event, const char *name)
{
    add(event, name, SEA_STR("true"), false);
}

void desk_event_time(struct desk_event *event, const char *name, int64_t time_ms)
{
    char text[SEA_TIME_TEXT];
    if (!time_ms) return;
    sea_time_print(time_ms, text);
    add(event, name, sea_str(text), true);
}

void desk_event_text(struct desk_event *event, const char *name, struct sea_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == '"' || c == '\\') return;
    }
    if (text.len && sea_utf8_is_valid(text)) add(event, name, text, true);
}

void desk_ring_init(struct desk_ring *ring, size_t size, uint64_t instance)
{
    sea_assert(size > 0);
    *ring = (struct desk_ring){.events = sea_alloc(size * sizeof(*ring->events)),
                               .size = size,
                               .next = 1,
                               .instance = instance};
}

void desk_ring_free(struct desk_ring *ring)
{
    free(ring->events);
    *ring = (struct desk_ring){.events = NULL};
}

void desk_ring_add(struct desk_ring *ring, const struct desk_event *event)
{
    ring->events[ring->next++ % ring->size] = *event;
}

bool desk_ring_find(const struct desk_ring *ring, struct sea_str last_event_id,
                    uint64_t *ret_serial)
{
    uint64_t serial;
    char mine[INSTANCE_DIGITS + 1];
    snprintf(mine, sizeof(mine), "%016" PRIx64, ring->instance);
    if (last_event_id.len < INSTANCE_DIGITS + 2 || !sea_str_starts(last_event_id, mine))
        return false;
    struct sea_str rest = {last_event_id.ptr + INSTANCE_DIGITS,
                           last_event_id.len - INSTANCE_DIGITS};
    if (rest.ptr[0] != '-' || !sea_str_u64((struct sea_str){rest.ptr + 1, rest.len - 1}, &serial))
        return false;
    if (serial >= ring->next || ring->next - serial - 1 > ring->size) return false;
    *ret_serial = serial;
    return true;
}

void desk_event_print(const struct desk_event *event, struct sea_buf *ret)
{
    sea_buf_printf(ret, "event: %s\ndata: %.*s}\n\n", DESK_EVENT_NAMES[event->kind],
                   (int)event->len, event->data);
}

void desk_ring_print(const struct desk_ring *ring, uint64_t serial, struct sea_buf *ret)
{
    sea_assert(serial < ring->next && ring->next - serial - 1 <= ring->size);
    for (uint64_t n = serial + 1; n < ring->next; n++) {
        sea_buf_printf(ret, "id: %016" PRIx64 "-%" PRIu64 "\n", ring->instance, n);
        desk_event_print(&ring->events[n % ring->size], ret);
    }
}

void desk_ring_print_place(const struct desk_ring *ring, struct sea_buf *ret)
{
    sea_buf_printf(ret, "id: %016" PRIx64 "-%" PRIu64 "\n\n", ring->instance, ring->next - 1);
}

void desk_ring_print_reset(const struct desk_ring *ring, struct sea_buf *ret)
{
    sea_buf_printf(ret, "id: %016" PRIx64 "-%" PRIu64 "\nevent: reset\ndata: {}\n\n",
                   ring->instance, ring->next - 1);
}
