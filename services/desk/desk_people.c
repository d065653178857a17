/* desk_people.c: consents and privacy requests, published and acknowledged. */
#include "desk_people.h"

#include "desk.h"
#include "desk_answer.h"
#include "desk_body.h"
#include "desk_publish.h"
#include "desk_store.h"
#include "sea_id.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/privacy.pb-c.h"

static ProtobufCBinaryData bytes_of(const void *data, size_t len)
{
    return (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)data};
}

static struct sea_str packed(struct desk_call *call, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = sea_arena_alloc(&call->arena, len + 1);
    sea_assert(bytes);
    protobuf_c_message_pack(message, bytes);
    return (struct sea_str){(const char *)bytes, len};
}

/* ---- consents ---- */

static void on_consents(struct desk_call *call, enum sea_err err)
{
    const struct desk_cause *cause = call->work;
    if (err)
        desk_call_fail(call, err);
    else
        desk_answer_id(call, 202, "event_id", cause->id);
}

/* One record per contact; equal Idempotency-Keys give equal ids. */
static void publish_consents(struct desk_call *call, const struct desk_consent *given,
                             const struct desk_reach *reach, size_t count, int64_t now_ms)
{
    struct desk_cause *cause = call->work;
    struct sea_outgoing *records = sea_arena_zero(&call->arena, count * sizeof(*records));
    sea_assert(records);
    for (size_t i = 0; i < count; i++) {
        Seadesk__V1__ConsentChanged consent = SEADESK__V1__CONSENT_CHANGED__INIT;
        char *key = sea_arena_alloc(&call->arena, SEA_KEY_TEXT);
        sea_assert(key);
        sea_key_print(reach[i].key, key);
        consent.contact_key = bytes_of(reach[i].key.bytes, sizeof(reach[i].key.bytes));
        consent.channel = sea_arena_dup(&call->arena, given->channel);
        consent.account = sea_arena_dup(&call->arena, reach[i].account);
        consent.class_ = (Seadesk__V1__ConsentClass)given->class;
        consent.is_granted = given->is_granted;
        consent.at_ms = now_ms;
        consent.source = SEADESK__V1__CONSENT_SOURCE__CONSENT_AGENT;
        consent.proof = sea_arena_dup(&call->arena, given->proof);
        records[i] = (struct sea_outgoing){.topic = SEA_TOPIC_CONSENTS,
                                           .key = sea_str(key),
                                           .value = packed(call, &consent.base),
                                           .headers = cause->headers};
        records[i].headers.id = sea_uuid_derive(cause->id, key, 0);
        records[i].headers.type = sea_str(seadesk__v1__consent_changed__descriptor.name);
    }
    desk_publish(call, records, count, on_consents);
}

void desk_post_consent(struct desk_call *call)
{
    struct desk_consent given;
    struct sea_problem problem;
    struct sea_uuid customer_id;
    struct desk_read read;
    const struct desk_reach *reach = NULL;
    size_t count = 0;
    int64_t now_ms = 0;
    bool is_found = false;
    if (!sea_uuid_parse(call->params[0], &customer_id)) {
        desk_call_refuse_as(call, SEA_PROBLEM_NOT_FOUND, "there is no such customer");
        return;
    }
    if (!desk_body_consent(call->body, &call->arena, &given, &problem)) {
        desk_call_refuse(call, &problem);
        return;
    }
    struct desk_cause *cause = sea_arena_alloc(&call->arena, sizeof(*cause));
    sea_assert(cause);
    desk_cause_of(call, "consent", cause);
    call->work = cause;
    desk_read_open(&read, call->desk);
    enum sea_err err =
        desk_store_reach(&read, customer_id, given.channel, &reach, &count, &is_found, &now_ms);
    problem = (struct sea_problem){.code = SEA_PROBLEM_INVALID,
                                   .detail = "the customer has no contact on this channel",
                                   .field = "/channel"};
    if (err)
        desk_call_fail(call, err);
    else if (!is_found)
        desk_call_refuse_as(call, SEA_PROBLEM_NOT_FOUND, "there is no such customer");
    else if (!count)
        desk_call_refuse(call, &problem);
    else
        publish_consents(call, &given, reach, count, now_ms);
    desk_read_close(&read);
}

/* ---- privacy ---- */

static void on_request(struct desk_call *call, enum sea_err err)
{
    const struct desk_cause *cause = call->work;
    if (err)
        desk_call_fail(call, err);
    else
        desk_answer_id(call, 202, "request_id", cause->id);
}

/* The request's id is the record's. */
void desk_post_request(struct desk_call *call)
{
    Seadesk__V1__ErasureRequested request = SEADESK__V1__ERASURE_REQUESTED__INIT;
    struct desk_privacy given;
    struct sea_problem problem;
    char key[SEA_UUID_TEXT];
    if (!desk_body_privacy(call->body, &call->arena, &given, &problem)) {
        desk_call_refuse(call, &problem);
        return;
    }
    struct desk_cause *cause = sea_arena_alloc(&call->arena, sizeof(*cause));
    sea_assert(cause);
    desk_cause_of(call, "privacy", cause);
    call->work = cause;
    sea_uuid_print(given.customer_id, key);
    request.request_id = bytes_of(cause->id.bytes, sizeof(cause->id.bytes));
    request.customer_id = bytes_of(given.customer_id.bytes, sizeof(given.customer_id.bytes));
    request.kind = sea_arena_dup(&call->arena, given.kind);
    request.requested_by = *call->who.user ? call->who.user : call->who.key;
    request.requested_at_ms = cause->headers.time_ms;
    struct sea_outgoing record = {.topic = SEA_TOPIC_PRIVACY,
                                  .key = sea_str(key),
                                  .value = packed(call, &request.base),
                                  .headers = cause->headers};
    record.headers.id = cause->id;
    record.headers.type = sea_str(seadesk__v1__erasure_requested__descriptor.name);
    desk_publish(call, &record, 1, on_request);
}
