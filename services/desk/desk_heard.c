/* desk_heard.c: tickets, translations, deliveries, deadlines and timelines as short events. */
#include "desk_heard.h"

#include <string.h>

#include "sea_decode.h"
#include "seadesk/v1/clocks.pb-c.h"
#include "seadesk/v1/deliveries.pb-c.h"
#include "seadesk/v1/tickets.pb-c.h"
#include "seadesk/v1/timelines.pb-c.h"
#include "seadesk/v1/translations.pb-c.h"

static void *decode(const struct sea_record *record, const ProtobufCMessageDescriptor *type,
                    struct sea_arena *arena)
{
    if (!sea_str_is(record->headers.type, type->name)) return NULL;
    return sea_decode(type, record->value, arena);
}

static struct sea_uuid id_of(ProtobufCBinaryData bytes)
{
    struct sea_uuid id = {{0}};
    if (bytes.len == sizeof(id.bytes)) memcpy(id.bytes, bytes.data, sizeof(id.bytes));
    return id;
}

static struct sea_str str_of(ProtobufCBinaryData bytes)
{
    return (struct sea_str){(const char *)bytes.data, bytes.len};
}

static struct desk_event *add(struct desk_heard *heard, enum desk_event_kind kind)
{
    sea_assert(heard->count < DESK_HEARD_EVENTS_MAX);
    struct desk_event *event = &heard->events[heard->count++];
    desk_event_begin(event, kind);
    return event;
}

/* ---- tickets ---- */

/* The contract's name of a value of `names`; empty when this program doesn't know it. */
static struct sea_str name_of(int value, const char *const *names, size_t count)
{
    return value >= 0 && (size_t)value < count ? sea_str(names[value]) : (struct sea_str){NULL, 0};
}

static void hear_ticket(const struct sea_record *record, const Seadesk__V1__TicketChanged *ticket,
                        struct desk_heard *ret)
{
    static const char *const STATUSES[] = {"",        "open",    "offered",  "assigned",
                                           "waiting", "snoozed", "resolved", "closed"};
    struct desk_event *event = add(ret, DESK_EVENT_TICKET);
    desk_event_id(event, "id", id_of(ticket->ticket_id));
    desk_event_u64(event, "version", ticket->version);
    desk_event_text(event, "status", name_of((int)ticket->status, STATUSES, SEA_COUNT(STATUSES)));
    desk_event_text(event, "cause", sea_str(ticket->cause));
    if (!ticket->message_id.len) return;
    event = add(ret, DESK_EVENT_MESSAGE);
    desk_event_id(event, "event_id", record->headers.root);
    desk_event_id(event, "message_id", id_of(ticket->message_id));
    desk_event_id(event, "ticket_id", id_of(ticket->ticket_id));
}

/* Of presence commands the key is the user. */
static void hear_outcome(const struct sea_record *record, ProtobufCBinaryData command,
                         ProtobufCBinaryData ticket, uint64_t version, struct desk_heard *ret)
{
    bool is_presence = ticket.len == 0;
    struct desk_event *event = add(ret, is_presence ? DESK_EVENT_PRESENCE : DESK_EVENT_TICKET);
    ret->is_outcome = true;
    ret->command_id = id_of(command);
    if (is_presence)
        desk_event_text(event, "agent", record->key);
    else
        desk_event_id(event, "id", id_of(ticket));
    desk_event_id(event, "event_id", ret->command_id);
    if (version) desk_event_u64(event, "version", version);
    desk_event_text(event, "outcome", sea_str(ret->reason ? "refused" : "done"));
    if (ret->reason) desk_event_text(event, "reason", sea_str(ret->reason));
}

static void hear_tickets(const struct sea_record *record, struct sea_arena *arena,
                         struct desk_heard *ret)
{
    const Seadesk__V1__TicketChanged *ticket =
        decode(record, &seadesk__v1__ticket_changed__descriptor, arena);
    const Seadesk__V1__CommandDone *done =
        decode(record, &seadesk__v1__command_done__descriptor, arena);
    const Seadesk__V1__CommandRefused *refused =
        decode(record, &seadesk__v1__command_refused__descriptor, arena);
    if (ticket) hear_ticket(record, ticket, ret);
    if (done) {
        ret->body_hash = str_of(done->body_hash);
        hear_outcome(record, done->command_id, done->ticket_id, done->version, ret);
    }
    if (refused) {
        ret->reason = refused->reason;
        ret->body_hash = str_of(refused->body_hash);
        hear_outcome(record, refused->command_id, refused->ticket_id, refused->version, ret);
    }
}

/* ---- the others ---- */

static void hear_translation(const struct sea_record *record, struct sea_arena *arena,
                             struct desk_heard *ret)
{
    const Seadesk__V1__TranslationDone *done =
        decode(record, &seadesk__v1__translation_done__descriptor, arena);
    if (!done) return;
    struct desk_event *event = add(ret, DESK_EVENT_TRANSLATION);
    desk_event_id(event, "event_id", record->headers.root);
    desk_event_id(event, "message_id", id_of(done->message_id));
    desk_event_id(event, "ticket_id", id_of(done->ticket_id));
    desk_event_text(event, "state", sea_str(done->state));
}

static void hear_delivery(const struct sea_record *record, struct sea_arena *arena,
                          struct desk_heard *ret)
{
    static const char *const STATES[] = {"",         "drafted",   "held",    "blocked", "queued",
                                         "accepted", "delivered", "read",    "failed",  "dropped",
                                         "returned", "uncertain", "released"};
    const Seadesk__V1__DeliveryChanged *changed =
        decode(record, &seadesk__v1__delivery_changed__descriptor, arena);
    if (!changed) return;
    struct desk_event *event = add(ret, DESK_EVENT_DELIVERY);
    desk_event_id(event, "event_id", record->headers.root);
    desk_event_id(event, "message_id", id_of(changed->message_id));
    desk_event_id(event, "ticket_id", id_of(changed->ticket_id));
    desk_event_text(event, "state", name_of((int)changed->state, STATES, SEA_COUNT(STATES)));
}

static void hear_deadline(const struct sea_record *record, struct sea_arena *arena,
                          struct desk_heard *ret)
{
    static const char *const STATES[] = {"",    "running",  "paused",   "warned",
                                         "met", "breached", "cancelled"};
    const Seadesk__V1__DeadlineChanged *changed =
        decode(record, &seadesk__v1__deadline_changed__descriptor, arena);
    if (!changed || !changed->ticket_id.len) return;
    struct desk_event *event = add(ret, DESK_EVENT_DEADLINE);
    desk_event_id(event, "ticket_id", id_of(changed->ticket_id));
    desk_event_text(event, "clock", sea_str(changed->name));
    desk_event_text(event, "state", name_of((int)changed->state, STATES, SEA_COUNT(STATES)));
    desk_event_time(event, "due_at", changed->due_at_ms);
}

/* Whatever is told about an order, its id is the key. */
static void hear_timeline(const struct sea_record *record, struct desk_heard *ret)
{
    struct desk_event *event = add(ret, DESK_EVENT_ORDER);
    desk_event_text(event, "order_id", record->key);
}

void desk_heard_of(const struct sea_record *record, struct sea_arena *arena, struct desk_heard *ret)
{
    *ret = (struct desk_heard){.count = 0};
    switch ((int)record->topic) {
    case SEA_TOPIC_TICKETS:
        hear_tickets(record, arena, ret);
        return;
    case SEA_TOPIC_TRANSLATIONS:
        hear_translation(record, arena, ret);
        return;
    case SEA_TOPIC_DELIVERIES:
        hear_delivery(record, arena, ret);
        return;
    case SEA_TOPIC_DEADLINES:
        hear_deadline(record, arena, ret);
        return;
    case SEA_TOPIC_TIMELINES:
        hear_timeline(record, ret);
        return;
    default:
        return;
    }
}
