/* desk_event.h: the live stream's events, and the newest of them in memory, for readers that come
 * back. Pure. */
#ifndef DESK_EVENT_H
#define DESK_EVENT_H

#include "sea_base.h"
#include "sea_buf.h"

enum desk_event_kind {
    DESK_EVENT_TICKET,
    DESK_EVENT_MESSAGE,
    DESK_EVENT_TRANSLATION,
    DESK_EVENT_DELIVERY,
    DESK_EVENT_ORDER,
    DESK_EVENT_DEADLINE,
    DESK_EVENT_PRESENCE,
    DESK_EVENT_KINDS
};
extern const char *const DESK_EVENT_NAMES[DESK_EVENT_KINDS];

enum { DESK_EVENT_DATA_MAX = 240 };

/* The short object of an event: members are added one after another, absent values left out. */
struct desk_event {
    enum desk_event_kind kind;
    char data[DESK_EVENT_DATA_MAX]; /* "{…" without the last brace */
    size_t len;
};
void desk_event_begin(struct desk_event *event, enum desk_event_kind kind);
void desk_event_id(struct desk_event *event, const char *name, struct sea_uuid id);
void desk_event_u64(struct desk_event *event, const char *name, uint64_t value);
void desk_event_true(struct desk_event *event, const char *name);
void desk_event_time(struct desk_event *event, const char *name, int64_t time_ms);
/* A text that needs escapes or has no room is left out: nobody finds anything by it. */
void desk_event_text(struct desk_event *event, const char *name, struct sea_str text);

/* The newest events of one process. A reader's place is the serial of the last event it has. */
struct desk_ring {
    struct desk_event *events; /* `size` of them, owned */
    size_t size;
    uint64_t next;     /* serial of the next event, from 1 */
    uint64_t instance; /* tells serials of this process from those of others */
};
void desk_ring_init(struct desk_ring *ring, size_t size, uint64_t instance);
void desk_ring_free(struct desk_ring *ring);
void desk_ring_add(struct desk_ring *ring, const struct desk_event *event);

/* The place that a Last-Event-ID names. False: of another process, or older than what is kept. */
SEA_MUST_CHECK bool desk_ring_find(const struct desk_ring *ring, struct sea_str last_event_id,
                                   uint64_t *ret_serial);

/* Appends one event without an id: a reader that comes back doesn't get it again. */
void desk_event_print(const struct desk_event *event, struct sea_buf *ret);
/* Appends the events after `serial` as they stand on the wire (WHATWG HTML, server-sent events). */
void desk_ring_print(const struct desk_ring *ring, uint64_t serial, struct sea_buf *ret);
/* Appends the ring's end as a place to come back to, without an event. */
void desk_ring_print_place(const struct desk_ring *ring, struct sea_buf *ret);
/* Appends the event `reset`, at the ring's end: what the reader shows must be read again. */
void desk_ring_print_reset(const struct desk_ring *ring, struct sea_buf *ret);

#endif
