/* desk_publish.c: the producer, calls that wait for acknowledgements, and calls that wait for a
 * command's outcome. */
#include "desk_publish.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "desk.h"
#include "sea_clock.h"
#include "sea_id.h"
#include "sea_log.h"
#include "sea_metrics_common.h"
#include "sea_random.h"
#include "sea_trace.h"

enum { QUEUE_MESSAGES_MAX = 4096, QUEUE_KBYTES_MAX = 16384 };

/* Records on their way to the broker, and the call that waits for them. */
struct parcel {
    LIST_ENTRY(parcel) all;
    struct desk_publisher *publisher;
    struct desk_call *call;    /* NULL: answered already */
    size_t unacknowledged;     /* records that have not been reported */
    enum sea_err err;          /* the worst report */
    desk_published *published; /* either this */
    desk_commanded *commanded; /* or this */
    struct sea_uuid command_id;
    const uint8_t *body_hash; /* of the command, in the call's arena */
    struct event *timer;      /* of commands */
    bool is_late;             /* waited long enough for an outcome */
};

LIST_HEAD(parcels, parcel);

struct desk_publisher {
    struct desk *desk;
    struct sea_producer *producer;
    struct parcels parcels;
    size_t count;
    bool is_dead;
};

/* Frees the parcel once nothing points to it any more. */
static void parcel_end(struct parcel *parcel)
{
    if (parcel->call || parcel->unacknowledged) return;
    LIST_REMOVE(parcel, all);
    parcel->publisher->count--;
    if (parcel->timer) event_free(parcel->timer);
    free(parcel);
}

static void tell_outcome(struct parcel *parcel, enum sea_err err, bool is_known, const char *reason)
{
    struct desk_outcome outcome = {is_known, reason};
    struct desk_call *call = parcel->call;
    parcel->call = NULL;
    parcel->commanded(call, err, &outcome);
}

static void on_report(void *ctx, void *opaque, enum sea_err err)
{
    struct parcel *parcel = opaque;
    (void)ctx;
    sea_metric_inc(&sea_m_produced_total, "desk", err ? "failed" : "acknowledged");
    if (err) parcel->err = err;
    if (--parcel->unacknowledged == 0 && parcel->call) {
        if (parcel->published) {
            struct desk_call *call = parcel->call;
            parcel->call = NULL;
            parcel->published(call, parcel->err);
        } else if (parcel->err || parcel->is_late) {
            tell_outcome(parcel, parcel->err, false, NULL);
        }
    }
    parcel_end(parcel);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
    struct parcel *parcel = arg;
    (void)fd;
    (void)what;
    parcel->is_late = true;
    if (!parcel->unacknowledged && parcel->call) tell_outcome(parcel, SEA_OK, false, NULL);
    parcel_end(parcel);
}

static bool is_answer(const struct parcel *parcel, const struct desk_heard *heard)
{
    return parcel->call && parcel->commanded &&
           sea_uuid_eq(parcel->command_id, heard->command_id) &&
           (heard->body_hash.len != DESK_HASH_BYTES ||
            memcmp(heard->body_hash.ptr, parcel->body_hash, DESK_HASH_BYTES) == 0);
}

void desk_publisher_hear(struct desk_publisher *publisher, const struct desk_heard *heard)
{
    struct parcel *parcel, *next;
    for (parcel = LIST_FIRST(&publisher->parcels); parcel; parcel = next) {
        next = LIST_NEXT(parcel, all);
        if (!is_answer(parcel, heard)) continue;
        tell_outcome(parcel, SEA_OK, true, heard->reason);
        parcel_end(parcel);
    }
}

static void on_lost(void *ctx, bool is_fatal)
{
    struct desk_publisher *publisher = ctx;
    if (is_fatal) publisher->is_dead = true;
}

static enum sea_err open_producer(struct desk_publisher *publisher)
{
    struct sea_producer_options options = {
        .brokers = publisher->desk->config->kafka,
        .client_id = "desk",
        .linger_ms = 0,
        .message_timeout_ms = DESK_ACK_TIMEOUT_MS,
        .queue_messages_max = QUEUE_MESSAGES_MAX,
        .queue_kbytes_max = QUEUE_KBYTES_MAX,
        .base = sea_app_base(publisher->desk->app),
        .on_report = on_report,
        .on_lost = on_lost,
        .ctx = publisher,
    };
    publisher->is_dead = false;
    enum sea_err err = sea_producer_open(&publisher->producer, &options);
    if (!err) sea_producer_watch(publisher->producer, false);
    return err;
}

enum sea_err desk_publisher_open(struct desk_publisher **ret, struct desk *desk)
{
    struct desk_publisher *publisher = sea_alloc(sizeof(*publisher));
    publisher->desk = desk;
    LIST_INIT(&publisher->parcels);
    enum sea_err err = open_producer(publisher);
    if (err)
        free(publisher);
    else
        *ret = publisher;
    return err;
}

void desk_publisher_close(struct desk_publisher **pointer)
{
    struct desk_publisher *publisher = *pointer;
    struct parcel *parcel;
    if (!publisher) return;
    sea_producer_close(&publisher->producer, DESK_ACK_TIMEOUT_MS);
    while ((parcel = LIST_FIRST(&publisher->parcels))) {
        LIST_REMOVE(parcel, all);
        if (parcel->call) desk_call_fail(parcel->call, SEA_ERR_RETRY);
        if (parcel->timer) event_free(parcel->timer);
        free(parcel);
    }
    free(publisher);
    *pointer = NULL;
}

bool desk_publisher_is_up(struct desk_publisher *publisher)
{
    /* A producer that turned fatal is replaced once it has reported all it held. */
    if (publisher->is_dead && sea_producer_queued(publisher->producer) == 0) {
        sea_producer_close(&publisher->producer, 0);
        if (open_producer(publisher)) sea_app_fail(publisher->desk->app);
    }
    if (publisher->is_dead || !publisher->producer) return false;
    return sea_producer_is_up(publisher->producer);
}

void desk_cause_of(const struct desk_call *call, const char *kind, struct desk_cause *ret)
{
    struct sea_trace trace = sea_trace_from(call->trace);
    bool is_key = *call->who.key != 0;
    struct sea_str parts[] = {sea_str(kind), is_key ? SEA_STR("key") : SEA_STR("user"),
                              sea_str(is_key ? call->who.key : call->who.user),
                              call->idempotency_key};
    *ret = (struct desk_cause){.id = call->idempotency_key.len ? sea_uuid5(parts, SEA_COUNT(parts))
                                                               : sea_random_uuid7()};
    sea_trace_print(&trace, ret->trace);
    ret->headers = (struct sea_headers){.source = SEA_STR("/seadesk/desk"),
                                        .time_ms = sea_clock_wall_ms(),
                                        .root = ret->id,
                                        .trace = sea_str(ret->trace),
                                        .content_type = SEA_STR("application/protobuf")};
}

static struct parcel *make(struct desk_call *call, const struct sea_outgoing *records, size_t count)
{
    struct desk_publisher *publisher = call->desk->publisher;
    if (publisher->count >= DESK_WAITING_MAX || publisher->is_dead) return NULL;
    struct parcel *parcel = sea_alloc(sizeof(*parcel));
    parcel->publisher = publisher;
    parcel->call = call;
    LIST_INSERT_HEAD(&publisher->parcels, parcel, all);
    publisher->count++;
    for (size_t i = 0; i < count && !parcel->err; i++) {
        parcel->err = sea_producer_send(publisher->producer, &records[i], parcel);
        if (!parcel->err) parcel->unacknowledged++;
    }
    return parcel;
}

/* The call is answered by the caller: what was sent is only seen to its end. */
static enum sea_err give_up(struct parcel *parcel)
{
    enum sea_err err = parcel ? parcel->err : SEA_ERR_RETRY;
    if (parcel) parcel->call = NULL;
    if (parcel) parcel_end(parcel);
    return err;
}

void desk_publish(struct desk_call *call, const struct sea_outgoing *records, size_t count,
                  desk_published *done)
{
    struct parcel *parcel = make(call, records, count);
    if (parcel && !parcel->err)
        parcel->published = done;
    else
        done(call, give_up(parcel));
}

void desk_publish_command(struct desk_call *call, const struct sea_outgoing *record,
                          const uint8_t *body_hash, desk_commanded *done)
{
    static const struct timeval WAIT = {DESK_COMMAND_WAIT_MS / 1000,
                                        (DESK_COMMAND_WAIT_MS % 1000) * 1000};
    static const struct desk_outcome NONE;
    struct parcel *parcel = make(call, record, 1);
    if (!parcel || parcel->err) {
        done(call, give_up(parcel), &NONE);
        return;
    }
    parcel->commanded = done;
    parcel->command_id = record->headers.id;
    parcel->body_hash = body_hash;
    parcel->timer = evtimer_new(sea_app_base(call->desk->app), on_late, parcel);
    sea_assert(parcel->timer && event_add(parcel->timer, &WAIT) == 0);
}
