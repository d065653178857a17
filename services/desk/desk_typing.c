/* desk_typing.c: what Redis says of visitors, and what agents' pages say of their agents. */
#include "desk_typing.h"

#include <stdlib.h>

#include "desk.h"
#include "desk_metrics.h"
#include "desk_store.h"
#include "desk_stream.h"
#include "desk_typists.h"
#include "sea_clock.h"
#include "sea_id.h"
#include "sea_metrics_common.h"
#include "sea_typing.h"

struct desk_typing {
    struct desk *desk;
    struct sea_redis *visitors; /* listens */
    struct desk_typists typists;
    struct sea_typing agents;
};

/* ---- visitors ---- */

static void tell(struct desk_typing *typing, struct sea_uuid ticket_id)
{
    struct desk_event event;
    desk_event_begin(&event, DESK_EVENT_PRESENCE);
    desk_event_id(&event, "ticket_id", ticket_id);
    desk_event_text(&event, "who", SEA_STR("customer"));
    desk_event_true(&event, "typing");
    desk_event_u64(&event, "for_ms", SEA_TYPING_SHOWN_MS);
    desk_stream_tell(typing->desk->stream, &event);
}

/* PostgreSQL away: the next one asks again. */
static void find(struct desk_typing *typing, struct sea_key contact, int64_t mono_ms)
{
    struct desk_read read;
    struct sea_uuid ticket_id = {{0}};
    if (!typing->desk->is_postgres_up) return;
    desk_read_open(&read, typing->desk);
    if (!desk_store_open_chat(&read, contact, &ticket_id)) {
        desk_typists_learn(&typing->typists, contact, ticket_id, mono_ms);
        if (!sea_uuid_is_nil(ticket_id)) tell(typing, ticket_id);
    }
    desk_read_close(&read);
}

static void on_visitor(void *ctx, struct sea_str text)
{
    struct desk_typing *typing = ctx;
    struct sea_key contact;
    struct sea_uuid ticket_id;
    int64_t mono_ms = sea_clock_mono_ms();
    if (!sea_key_parse(text, &contact)) return;
    switch (desk_typists_hear(&typing->typists, contact, mono_ms, &ticket_id)) {
    case DESK_TYPIST_DROP:
        sea_metric_inc(&sea_m_typing_total, "too_often");
        return;
    case DESK_TYPIST_PASS:
        return;
    case DESK_TYPIST_FIND:
        find(typing, contact, mono_ms);
        return;
    case DESK_TYPIST_TELL:
        tell(typing, ticket_id);
        return;
    }
}

/* ---- agents ---- */

static bool is_too_often(struct desk_typing *typing, const struct desk_call *call)
{
    struct sea_str user = sea_str(call->who.user);
    struct sea_uuid hash = sea_uuid5(&user, 1);
    return !sea_typing_take(&typing->agents, sea_spread(hash.bytes), sea_clock_mono_ms());
}

static void pass_on(struct desk_call *call, const struct desk_chat *chat)
{
    struct sea_problem problem;
    if (!chat->is_open || !chat->is_theirs) {
        desk_refused(chat->is_open ? "not_assigned_to_you" : "not_open", &problem);
        desk_call_refuse(call, &problem);
        return;
    }
    if (chat->is_chat) sea_typing_tell(call->desk->redis, SEA_TYPING_AGENT, chat->contact);
    desk_call_answer_empty(call, 204, "");
}

void desk_typing_post(struct desk_call *call)
{
    struct desk_read read;
    struct desk_chat chat;
    struct sea_uuid id;
    bool is_found = false;
    if (!sea_uuid_parse(call->params[0], &id)) {
        desk_call_refuse_as(call, SEA_PROBLEM_NOT_FOUND, NULL);
        return;
    }
    if (is_too_often(call->desk->typing, call)) {
        sea_metric_inc(&sea_m_typing_total, "too_often");
        desk_call_answer_empty(call, 204, "");
        return;
    }
    desk_read_open(&read, call->desk);
    enum sea_err err = desk_store_chat(&read, id, sea_str(call->who.user), &chat, &is_found);
    desk_read_close(&read);
    if (err)
        desk_call_fail(call, err);
    else if (!is_found)
        desk_call_refuse_as(call, SEA_PROBLEM_NOT_FOUND, "there is no such ticket");
    else
        pass_on(call, &chat);
}

enum sea_err desk_typing_open(struct desk_typing **ret, struct desk *desk)
{
    struct desk_typing *typing = sea_alloc(sizeof(*typing));
    const struct sea_redis_options redis = {.base = sea_app_base(desk->app),
                                            .url = desk->config->redis,
                                            .password = desk->config->redis_password,
                                            .channel = SEA_TYPING_VISITOR,
                                            .on_message = on_visitor,
                                            .ctx = typing};
    typing->desk = desk;
    *ret = typing;
    return sea_redis_open(&typing->visitors, &redis);
}

void desk_typing_close(struct desk_typing **typing)
{
    if (!*typing) return;
    sea_redis_close(&(*typing)->visitors);
    free(*typing);
    *typing = NULL;
}
