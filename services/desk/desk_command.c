/* desk_command.c: a request becomes a Command on seadesk.commands, its outcome the answer. */
#include "desk_command.h"

#include <string.h>

#include <sodium.h>

#include "desk.h"
#include "desk_answer.h"
#include "desk_body.h"
#include "desk_metrics.h"
#include "desk_publish.h"
#include "desk_store.h"
#include "sea_clock.h"
#include "sea_id.h"
#include "seadesk/v1/commands.pb-c.h"

enum { SEALED_MAX_BYTES = DESK_TEXT_MAX_BYTES + SEA_SEAL_EXTRA_BYTES };

/* A command on its way; in the call's arena. */
struct order {
    struct desk_command command;
    struct sea_uuid ticket_id; /* nil: presence */
    struct desk_ticket_head head;
    struct desk_cause cause;
};

static ProtobufCBinaryData bytes_of(const void *data, size_t len)
{
    return (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)data};
}

/* ---- the outcome ---- */

static void count(const struct desk_call *call, const char *outcome)
{
    const struct order *order = call->work;
    sea_metric_inc(&sea_m_desk_commands_total, DESK_VERB_NAMES[order->command.verb], outcome);
    sea_metric_observe(&sea_m_desk_command_duration_seconds,
                       (double)(sea_clock_mono_us() - call->begun_us) / 1e6);
}

static void on_outcome(struct desk_call *call, enum sea_err err, const struct desk_outcome *outcome)
{
    const struct order *order = call->work;
    struct sea_problem problem;
    if (err) {
        count(call, "failed");
        desk_call_fail(call, err);
    } else if (!outcome->is_known) {
        count(call, "timeout");
        desk_answer_id(call, 202, "event_id", order->cause.id);
    } else if (outcome->reason) {
        count(call, "refused");
        desk_refused(outcome->reason, &problem);
        desk_call_refuse(call, &problem);
    } else {
        count(call, "done");
        if (sea_uuid_is_nil(order->ticket_id))
            desk_answer_presence(call);
        else
            desk_answer_ticket(call, order->ticket_id);
    }
}

/* ---- the record ---- */

/* Text under the home key, at its place (proto/README.md). */
static enum sea_err seal_text(struct desk_call *call, struct sea_str text, ProtobufCBinaryData *ret)
{
    const struct order *order = call->work;
    struct sea_keys *keys = call->desk->keys;
    struct sea_buf out = SEA_BUF(SEALED_MAX_BYTES);
    struct sea_place place = {SEA_STR("seadesk.commands"),
                              SEA_STR("text"),
                              {(const char *)order->cause.id.bytes, sizeof(order->cause.id.bytes)}};
    enum sea_err err = sea_keys_ensure(keys, &order->head.home_key, 1);
    if (!err) err = sea_keys_seal(keys, &order->head.home_key, &place, text, &out);
    if (!err) {
        struct sea_str kept = sea_arena_str(&call->arena, sea_buf_view(&out));
        sea_assert(kept.len && !out.is_full);
        *ret = bytes_of(kept.ptr, kept.len);
    }
    sea_buf_free(&out);
    return err;
}

/* What must be the same when an Idempotency-Key comes again. */
static ProtobufCBinaryData body_hash(struct desk_call *call)
{
    crypto_hash_sha256_state state;
    uint8_t *hash = sea_arena_alloc(&call->arena, crypto_hash_sha256_BYTES);
    const struct sea_str parts[] = {sea_str(call->method), call->path, sea_str(call->who.user),
                                    call->if_match, call->body};
    sea_assert(hash);
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < SEA_COUNT(parts); i++) {
        crypto_hash_sha256_update(&state, (const uint8_t *)parts[i].ptr, parts[i].len);
        crypto_hash_sha256_update(&state, (const uint8_t *)"", 1);
    }
    crypto_hash_sha256_final(&state, hash);
    return bytes_of(hash, crypto_hash_sha256_BYTES);
}

static void pack_and_publish(struct desk_call *call, Seadesk__V1__Command *command,
                             struct sea_str key)
{
    const struct order *order = call->work;
    size_t len = seadesk__v1__command__get_packed_size(command);
    uint8_t *packed = sea_arena_alloc(&call->arena, len + 1);
    sea_assert(packed);
    seadesk__v1__command__pack(command, packed);
    struct sea_outgoing record = {.topic = SEA_TOPIC_COMMANDS,
                                  .key = key,
                                  .value = {(const char *)packed, len},
                                  .headers = order->cause.headers};
    record.headers.id = order->cause.id;
    record.headers.type = sea_str(seadesk__v1__command__descriptor.name);
    sea_assert(command->body_hash.len == DESK_HASH_BYTES);
    desk_publish_command(call, &record, command->body_hash.data, on_outcome);
}

static char *text_of(struct desk_call *call, struct sea_str text)
{
    char *copy = sea_arena_dup(&call->arena, text);
    sea_assert(copy);
    return copy;
}

/* The fields that every command has. */
static void fill(struct desk_call *call, Seadesk__V1__Command *command,
                 Seadesk__V1__AgentRef *agent)
{
    const struct order *order = call->work;
    seadesk__v1__agent_ref__init(agent);
    agent->user = call->who.user;
    agent->name = call->who.name;
    agent->staff_number = call->who.staff_number;
    command->agent = agent;
    command->body_hash = body_hash(call);
    command->expected_version = order->command.expected_version;
}

/* ---- commands on a ticket ---- */

static enum sea_err publish_reply(struct desk_call *call, const Seadesk__V1__Command *common,
                                  struct sea_str key)
{
    Seadesk__V1__Command command = *common;
    const struct order *order = call->work;
    Seadesk__V1__SealedText text = SEADESK__V1__SEALED_TEXT__INIT;
    Seadesk__V1__Command__Reply reply = SEADESK__V1__COMMAND__REPLY__INIT;
    Seadesk__V1__Command__Note note = SEADESK__V1__COMMAND__NOTE__INIT;
    enum sea_err err = seal_text(call, order->command.text, &text.sealed);
    if (err) return err;
    text.language = text_of(call, order->command.language);
    reply.text = note.text = &text;
    reply.channel = text_of(call, order->command.channel);
    if (order->command.verb == DESK_REPLY) {
        command.what_case = SEADESK__V1__COMMAND__WHAT_REPLY;
        command.reply = &reply;
    } else {
        command.what_case = SEADESK__V1__COMMAND__WHAT_NOTE;
        command.note = &note;
    }
    pack_and_publish(call, &command, key);
    return SEA_OK;
}

static void publish_resolve(struct desk_call *call, const Seadesk__V1__Command *common,
                            struct sea_str key)
{
    Seadesk__V1__Command command = *common;
    const struct desk_command *given = &((const struct order *)call->work)->command;
    Seadesk__V1__TicketTags tags = SEADESK__V1__TICKET_TAGS__INIT;
    Seadesk__V1__Command__Resolve resolve = SEADESK__V1__COMMAND__RESOLVE__INIT;
    tags.issue = text_of(call, given->issue);
    tags.emotion = text_of(call, given->emotion);
    tags.product_version = text_of(call, given->product_version);
    tags.stage = text_of(call, given->stage);
    resolve.tags = &tags;
    command.what_case = SEADESK__V1__COMMAND__WHAT_RESOLVE;
    command.resolve = &resolve;
    pack_and_publish(call, &command, key);
}

static void publish_other(struct desk_call *call, const Seadesk__V1__Command *common,
                          struct sea_str key)
{
    Seadesk__V1__Command command = *common;
    const struct desk_command *given = &((const struct order *)call->work)->command;
    Seadesk__V1__Command__Take take = SEADESK__V1__COMMAND__TAKE__INIT;
    Seadesk__V1__Command__Transfer transfer = SEADESK__V1__COMMAND__TRANSFER__INIT;
    Seadesk__V1__Command__Snooze snooze = SEADESK__V1__COMMAND__SNOOZE__INIT;
    Seadesk__V1__Command__Video video = SEADESK__V1__COMMAND__VIDEO__INIT;
    if (given->verb == DESK_TAKE) {
        command.what_case = SEADESK__V1__COMMAND__WHAT_TAKE;
        command.take = &take;
    } else if (given->verb == DESK_TRANSFER) {
        transfer.to = text_of(call, given->to);
        command.what_case = SEADESK__V1__COMMAND__WHAT_TRANSFER;
        command.transfer = &transfer;
    } else if (given->verb == DESK_VIDEO) {
        video.at_ms = given->until_ms;
        command.what_case = SEADESK__V1__COMMAND__WHAT_VIDEO;
        command.video = &video;
    } else {
        snooze.until_ms = given->until_ms;
        command.what_case = SEADESK__V1__COMMAND__WHAT_SNOOZE;
        command.snooze = &snooze;
    }
    pack_and_publish(call, &command, key);
}

static void publish_for_ticket(struct desk_call *call)
{
    const struct order *order = call->work;
    Seadesk__V1__Command command = SEADESK__V1__COMMAND__INIT;
    Seadesk__V1__AgentRef agent;
    char key[SEA_KEY_TEXT];
    enum sea_err err = SEA_OK;
    sea_key_print(order->head.home_key, key);
    command.ticket_id = bytes_of(order->ticket_id.bytes, sizeof(order->ticket_id.bytes));
    command.home_key = bytes_of(order->head.home_key.bytes, sizeof(order->head.home_key.bytes));
    fill(call, &command, &agent);
    switch (order->command.verb) {
    case DESK_REPLY:
    case DESK_NOTE:
        err = publish_reply(call, &command, sea_str(key));
        break;
    case DESK_RESOLVE:
        publish_resolve(call, &command, sea_str(key));
        break;
    case DESK_TAKE:
    case DESK_TRANSFER:
    case DESK_SNOOZE:
    case DESK_VIDEO:
        publish_other(call, &command, sea_str(key));
        break;
    case DESK_PRESENCE:
    case DESK_VERBS:
        break;
    }
    if (err) desk_call_fail(call, err);
}

static bool verb_of(struct sea_str name, enum desk_verb *ret)
{
    for (unsigned i = 0; i < DESK_PRESENCE; i++) {
        if (!sea_str_is(name, DESK_VERB_NAMES[i])) continue;
        *ret = (enum desk_verb)i;
        return true;
    }
    return false;
}

static bool is_good_key(struct sea_str key)
{
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] < 0x21 || key.ptr[i] > 0x7e) return false;
    return key.len <= DESK_SHORT_MAX_BYTES;
}

static bool has_preconditions(const struct desk_call *call, const struct desk_command *command,
                              struct sea_problem *ret)
{
    *ret = (struct sea_problem){.code = SEA_PROBLEM_PRECONDITION_REQUIRED};
    if (!call->idempotency_key.len) {
        ret->detail = "the header Idempotency-Key is missing";
    } else if (!command->expected_version) {
        ret->detail = "expected_version is missing, in the body or as If-Match";
        ret->field = "/expected_version";
    } else if (!is_good_key(call->idempotency_key)) {
        ret->code = SEA_PROBLEM_INVALID;
        ret->detail = "the Idempotency-Key must be at most 200 visible ASCII characters";
    } else {
        return true;
    }
    return false;
}

/* False: the call is answered. */
static bool find_ticket(struct desk_call *call, struct order *order)
{
    struct desk_read read;
    bool is_found = false;
    desk_read_open(&read, call->desk);
    enum sea_err err = desk_store_ticket_head(&read, order->ticket_id, &order->head, &is_found);
    desk_read_close(&read);
    if (err)
        desk_call_fail(call, err);
    else if (!is_found)
        desk_call_refuse_as(call, SEA_PROBLEM_NOT_FOUND, "there is no such ticket");
    return !err && is_found;
}

void desk_command_ticket(struct desk_call *call)
{
    struct order *order = sea_arena_zero(&call->arena, sizeof(*order));
    struct sea_problem problem;
    enum desk_verb verb = DESK_TAKE;
    sea_assert(order);
    call->work = order;
    if (!sea_uuid_parse(call->params[0], &order->ticket_id) || !verb_of(call->params[1], &verb)) {
        desk_call_refuse_as(call, SEA_PROBLEM_NOT_FOUND, NULL);
        return;
    }
    if (!desk_body_command(verb, call->body, call->if_match, &call->arena, &order->command,
                           &problem) ||
        !has_preconditions(call, &order->command, &problem)) {
        desk_call_refuse(call, &problem);
        return;
    }
    if (!find_ticket(call, order)) return;
    if ((verb == DESK_SNOOZE || verb == DESK_VIDEO) &&
        order->command.until_ms <= order->head.now_ms) {
        problem = (struct sea_problem){.code = SEA_PROBLEM_INVALID,
                                       .detail = "must be in the future",
                                       .field = verb == DESK_VIDEO ? "/at" : "/until"};
        desk_call_refuse(call, &problem);
        return;
    }
    desk_cause_of(call, "command", &order->cause);
    publish_for_ticket(call);
}

/* ---- presence ---- */

enum { WEIGHT_STANDARD = 10 };

/* Without a capacity the one that is known stays. */
static enum sea_err settle_capacity(struct desk_call *call, struct desk_command *command,
                                    struct desk_read *read)
{
    struct desk_presence known;
    if (command->has_capacity) return SEA_OK;
    enum sea_err err = desk_store_presence(read, sea_str(call->who.user), &known);
    if (err) return err;
    command->weight = known.weight ? (uint32_t)known.weight : WEIGHT_STANDARD;
    command->limits_count = desk_limits_parse(known.limits, command->limits);
    for (size_t i = 0; i < command->limits_count; i++)
        command->limits[i].channel = sea_arena_str(&call->arena, command->limits[i].channel);
    return SEA_OK;
}

static void publish_presence(struct desk_call *call)
{
    const struct desk_command *given = &((const struct order *)call->work)->command;
    Seadesk__V1__Command command = SEADESK__V1__COMMAND__INIT;
    Seadesk__V1__AgentRef agent;
    Seadesk__V1__Command__Presence presence = SEADESK__V1__COMMAND__PRESENCE__INIT;
    Seadesk__V1__Command__ChannelCapacity limits[DESK_LIMITS_MAX], *list[DESK_LIMITS_MAX];
    fill(call, &command, &agent);
    for (size_t i = 0; i < given->limits_count; i++) {
        list[i] = &limits[i];
        seadesk__v1__command__channel_capacity__init(list[i]);
        limits[i].channel = text_of(call, given->limits[i].channel);
        limits[i].limit = given->limits[i].limit;
    }
    presence.state = text_of(call, given->state);
    presence.weight = given->weight;
    presence.channels = list;
    presence.n_channels = given->limits_count;
    command.what_case = SEADESK__V1__COMMAND__WHAT_PRESENCE;
    command.presence = &presence;
    command.expected_version = 0;
    pack_and_publish(call, &command, sea_str(call->who.user));
}

void desk_command_presence(struct desk_call *call)
{
    struct order *order = sea_arena_zero(&call->arena, sizeof(*order));
    struct sea_problem problem;
    struct desk_read read;
    sea_assert(order);
    call->work = order;
    if (!desk_body_command(DESK_PRESENCE, call->body, SEA_STR(""), &call->arena, &order->command,
                           &problem)) {
        desk_call_refuse(call, &problem);
        return;
    }
    if (!is_good_key(call->idempotency_key)) {
        desk_call_refuse_as(call, SEA_PROBLEM_INVALID, "the Idempotency-Key is malformed");
        return;
    }
    desk_read_open(&read, call->desk);
    enum sea_err err = settle_capacity(call, &order->command, &read);
    desk_read_close(&read);
    if (err) {
        desk_call_fail(call, err);
        return;
    }
    desk_cause_of(call, "command", &order->cause);
    publish_presence(call);
}
