/* notify_air.c: a short list of flights over the HTTP client. */
#include "notify_air.h"

#include <stdlib.h>

#include "sea_clock.h"
#include "sea_crash.h"
#include "sea_id.h"

/* What is written begins within 5 s of an opt-out's answer: consents may lag by 2 s. Of mail the
 * greeting, TLS and the login are part of it. */
enum { CONNECT_TIMEOUT_MS = 2000, MAIL_CONNECT_TIMEOUT_MS = 3000, RESPONSE_MAX_BYTES = 64 * 1024 };

enum sea_err notify_air_open(struct notify_air *air, struct event_base *base, size_t cap,
                             uint32_t timeout_ms)
{
    /* No call waits inside the client: it would be written later than consent was looked up. */
    struct sea_http_client_config config = {.in_flight_max = (uint32_t)cap,
                                            .per_host_max = (uint32_t)cap};
    air->cap = cap;
    air->timeout_ms = timeout_ms;
    return sea_http_client_open(&air->client, base, &config);
}

void notify_air_close(struct notify_air *air)
{
    sea_http_client_close(&air->client);
    while (air->first != NULL) notify_air_remove(air->first);
}

bool notify_air_has_room(const struct notify_air *air)
{
    return air->count < air->cap;
}

bool notify_air_has(const struct notify_air *air, struct sea_uuid id)
{
    for (const struct notify_flight *flight = air->first; flight != NULL; flight = flight->next)
        if (sea_uuid_eq(flight->id, id)) return true;
    return false;
}

size_t notify_air_count(const struct notify_air *air, enum notify_stage stage)
{
    size_t count = 0;
    for (const struct notify_flight *flight = air->first; flight != NULL; flight = flight->next)
        if (flight->stage == stage) count++;
    return count;
}

struct notify_flight *notify_air_add(struct notify_air *air)
{
    struct notify_flight *flight = sea_alloc(sizeof(*flight));
    sea_assert(notify_air_has_room(air));
    *flight = (struct notify_flight){.air = air, .stage = NOTIFY_BUILT, .call = NOTIFY_CALL};
    if (air->last != NULL)
        air->last->next = flight;
    else
        air->first = flight;
    air->last = flight;
    air->count++;
    return flight;
}

void notify_air_remove(struct notify_flight *flight)
{
    struct notify_air *air = flight->air;
    struct notify_flight *before = NULL;
    for (struct notify_flight *at = air->first; at != flight; at = at->next) before = at;
    if (before != NULL)
        before->next = flight->next;
    else
        air->first = flight->next;
    if (air->last == flight) air->last = before;
    air->count--;
    notify_call_free(&flight->call);
    free(flight);
}

void notify_air_committed(struct notify_air *air)
{
    int64_t now_ms = sea_clock_boot_ms();
    for (struct notify_flight *flight = air->first; flight != NULL; flight = flight->next) {
        if (flight->stage != NOTIFY_BUILT) continue;
        flight->stage = NOTIFY_COMMITTED;
        flight->committed_boot_ms = now_ms;
    }
}

void notify_air_rolled_back(struct notify_air *air)
{
    struct notify_flight *next = NULL;
    for (struct notify_flight *flight = air->first; flight != NULL; flight = next) {
        next = flight->next;
        if (flight->stage == NOTIFY_BUILT) notify_air_remove(flight);
    }
}

static void land(struct notify_flight *flight)
{
    flight->stage = NOTIFY_LANDED;
    flight->landed_mono_ms = sea_clock_mono_ms();
    flight->air->on_landed(flight->air->ctx);
}

void notify_air_keep(struct notify_flight *flight, const char *reason, bool is_final)
{
    flight->unsent = reason;
    flight->is_unsent_final = is_final;
    land(flight);
}

static void on_reply(void *ctx, const struct sea_http_reply *reply)
{
    struct notify_flight *flight = ctx;
    bool is_whole = reply->outcome != SEA_HTTP_UNKNOWN; /* or nothing, but why mail wasn't taken */
    struct notify_response response = {.status = is_whole ? reply->status : 0,
                                       .is_unsent = reply->outcome == SEA_HTTP_NOT_SENT,
                                       .retry_after_ms =
                                           is_whole ? sea_http_reply_retry_after_ms(reply) : 0,
                                       .body = is_whole ? reply->body : SEA_STR("")};
    SEA_CRASHPOINT("notifier.answered");
    flight->answer = notify_provider_classify(flight->about.adapter, &response, flight->tries);
    land(flight);
}

void notify_air_send(struct notify_flight *flight)
{
    const char *headers[5] = {flight->call.content_type, flight->call.authorization.ptr};
    for (size_t i = 0, n = 2; i < SEA_COUNT(flight->call.lines); i++)
        if (flight->call.lines[i][0] != '\0') headers[n++] = flight->call.lines[i];
    const struct notify_call *from = &flight->call;
    const struct sea_http_mail mail = {
        .from = from->mail_from.ptr,
        .to = from->mail_to.ptr,
        .user = from->mail_user.len > 0 ? from->mail_user.ptr : NULL,
        .password = from->mail_password.ptr,
        .is_plain = from->is_mail_plain,
    };
    struct sea_http_call call = {
        .peer = flight->peer,
        .method = flight->call.is_put ? SEA_HTTP_PUT : SEA_HTTP_POST,
        .url = flight->call.url.ptr,
        .headers = headers,
        .body = sea_buf_view(&flight->call.body),
        .timeout_ms = flight->air->timeout_ms,
        .mail = from->is_mail ? &mail : NULL,
        .connect_timeout_ms = from->is_mail ? MAIL_CONNECT_TIMEOUT_MS : CONNECT_TIMEOUT_MS,
        .response_max_bytes = RESPONSE_MAX_BYTES,
    };
    sea_assert(flight->stage == NOTIFY_COMMITTED);
    flight->stage = NOTIFY_FLYING;
    if (sea_http_client_send(flight->air->client, &call, on_reply, flight) == NULL)
        notify_air_keep(flight, "capacity", false);
}
