/* desk_answer.c: reads, prints, answers. */
#include "desk_answer.h"

#include <string.h>

#include "desk.h"
#include "desk_json.h"
#include "desk_store.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "sea_log.h"

enum { ANSWER_MAX_BYTES = 64 << 20, ID_MAX_BYTES = 512 };

/* An answer in the making. */
struct answer {
    struct desk_read read;
    struct sea_buf json;
};

static void begin(struct answer *answer, struct desk_call *call)
{
    desk_read_open(&answer->read, call->desk);
    answer->json = (struct sea_buf)SEA_BUF(ANSWER_MAX_BYTES);
}

static void end(struct answer *answer, struct desk_call *call, enum sea_err err, bool is_found)
{
    if (err || answer->json.is_full)
        desk_call_fail(call, err ? err : SEA_ERR_FATAL);
    else if (!is_found)
        desk_call_refuse_as(call, SEA_PROBLEM_NOT_FOUND, NULL);
    else
        desk_call_answer(call, 200, sea_buf_view(&answer->json));
    desk_read_close(&answer->read);
    sea_buf_free(&answer->json);
}

/* The id in the path; what isn't one names nothing. */
static bool path_id(struct desk_call *call, struct sea_uuid *ret)
{
    if (sea_uuid_parse(call->params[0], ret)) return true;
    desk_call_refuse_as(call, SEA_PROBLEM_NOT_FOUND, "the id is not a UUID");
    return false;
}

void desk_answer_id(struct desk_call *call, int status, const char *name, struct sea_uuid id)
{
    struct sea_buf json = SEA_BUF(DESK_BODY_MAX_BYTES);
    desk_json_id(name, id, &json);
    desk_call_answer(call, status, sea_buf_view(&json));
    sea_buf_free(&json);
}

void desk_answer_ticket(struct desk_call *call, struct sea_uuid ticket_id)
{
    struct answer answer;
    struct desk_ticket ticket;
    bool is_found = false;
    begin(&answer, call);
    enum sea_err err = desk_store_ticket(&answer.read, ticket_id, &ticket, &is_found);
    if (!err && is_found) desk_json_ticket(&ticket, &answer.json);
    if (err || !is_found || answer.json.is_full) {
        end(&answer, call, err, is_found);
        return;
    }
    desk_call_answer_ticket(call, ticket.version, sea_buf_view(&answer.json));
    desk_read_close(&answer.read);
    sea_buf_free(&answer.json);
}

void desk_get_ticket(struct desk_call *call)
{
    struct sea_uuid id;
    if (path_id(call, &id)) desk_answer_ticket(call, id);
}

void desk_get_tickets(struct desk_call *call)
{
    struct answer answer;
    struct desk_query query;
    struct desk_tickets page;
    struct sea_problem problem;
    if (!desk_query_parse(call->query, sea_str(call->who.user), &call->arena, &query, &problem)) {
        desk_call_refuse(call, &problem);
        return;
    }
    begin(&answer, call);
    enum sea_err err = desk_store_tickets(&answer.read, &query, &page);
    if (!err) desk_json_tickets(page.items, page.count, page.next, &answer.json);
    end(&answer, call, err, true);
}

/* An inbound message's event id is derived from the provider's (design.md, the edge), so that it is
 * found by what its sender calls it without that name being kept. */
void desk_get_message(struct desk_call *call)
{
    struct answer answer;
    struct desk_message message;
    bool is_found = false;
    struct sea_str parts[] = {SEA_STR("message"), call->params[0], call->params[1],
                              call->params[2]};
    begin(&answer, call);
    enum sea_err err =
        desk_store_message(&answer.read, sea_uuid5(parts, SEA_COUNT(parts)), &message, &is_found);
    if (!err && is_found) desk_json_message(&message, &answer.json);
    end(&answer, call, err, is_found);
}

void desk_get_order(struct desk_call *call)
{
    struct answer answer;
    struct desk_order order;
    bool is_found = false;
    begin(&answer, call);
    enum sea_err err = SEA_OK;
    if (call->params[0].len <= ID_MAX_BYTES && sea_utf8_is_valid(call->params[0]) &&
        !memchr(call->params[0].ptr, 0, call->params[0].len))
        err = desk_store_order(&answer.read, call->params[0], &order, &is_found);
    if (!err && is_found) desk_json_order(&order, &answer.json);
    end(&answer, call, err, is_found);
}

void desk_get_event(struct desk_call *call)
{
    struct answer answer;
    struct desk_story story;
    struct sea_uuid id;
    bool is_found = false;
    if (!path_id(call, &id)) return;
    begin(&answer, call);
    enum sea_err err = desk_store_story(&answer.read, id, &story, &is_found);
    if (!err && is_found) desk_json_story(&story, &answer.json);
    end(&answer, call, err, is_found);
}

void desk_get_customer(struct desk_call *call)
{
    struct answer answer;
    struct desk_customer customer;
    struct sea_uuid id;
    bool is_found = false;
    if (!path_id(call, &id)) return;
    begin(&answer, call);
    enum sea_err err = desk_store_customer(&answer.read, id, &customer, &is_found);
    if (!err && is_found) desk_json_customer(&customer, &answer.json);
    end(&answer, call, err, is_found);
}

void desk_get_conversation(struct desk_call *call)
{
    struct answer answer;
    struct desk_conversation page;
    struct desk_query query;
    struct sea_problem problem;
    struct sea_uuid id;
    if (!path_id(call, &id)) return;
    if (!desk_query_parse(call->query, sea_str(call->who.user), &call->arena, &query, &problem)) {
        desk_call_refuse(call, &problem);
        return;
    }
    begin(&answer, call);
    enum sea_err err = desk_store_conversation(&answer.read, id, &query, &page);
    if (!err) desk_json_conversation(&page, &answer.json);
    end(&answer, call, err, page.count > 0 || query.has_cursor);
}

void desk_get_request(struct desk_call *call)
{
    struct answer answer;
    struct desk_request request;
    struct sea_uuid id;
    bool is_found = false;
    if (!path_id(call, &id)) return;
    begin(&answer, call);
    enum sea_err err = desk_store_request(&answer.read, id, &request, &is_found);
    if (!err && is_found) desk_json_request(&request, &answer.json);
    end(&answer, call, err, is_found);
}

static void refuse_export(struct answer *answer, struct desk_call *call,
                          enum desk_export_state state)
{
    if (state == DESK_EXPORT_EARLY)
        desk_call_refuse_as(call, SEA_PROBLEM_CONFLICT, "not ready yet: ask again in a moment");
    else
        desk_call_refuse_as(call, SEA_PROBLEM_NOT_FOUND,
                            state == DESK_EXPORT_OVER
                                ? "it was asked for more than seven days ago: ask for a new one"
                                : "there is no such request to export");
    desk_read_close(&answer->read);
    sea_buf_free(&answer->json);
}

static void print_export(struct answer *answer, const struct desk_export *own, bool is_first)
{
    char next[DESK_CURSOR_TEXT] = "";
    if (own->messages_count == DESK_EXPORT_MESSAGES) {
        const struct desk_message *last = &own->messages[own->messages_count - 1];
        struct desk_cursor cursor = {.opened_ms = last->routed_at_ms, .id = last->message_id};
        desk_cursor_print(&cursor, next);
    }
    desk_json_export(own, is_first, next, &answer->json);
}

/* Whoever was handed what is in the log, by the request's id alone. */
void desk_get_export(struct desk_call *call)
{
    struct answer answer;
    struct desk_query query;
    struct desk_export own;
    struct sea_problem problem;
    struct sea_uuid id;
    enum desk_export_state state = DESK_EXPORT_UNKNOWN;
    if (!path_id(call, &id)) return;
    if (!desk_query_parse(call->query, sea_str(call->who.user), &call->arena, &query, &problem)) {
        desk_call_refuse(call, &problem);
        return;
    }
    begin(&answer, call);
    enum sea_err err = desk_store_export_state(&answer.read, id, &own, &state);
    if (!err && state != DESK_EXPORT_OPEN) {
        refuse_export(&answer, call, state);
        return;
    }
    if (!err) err = desk_store_export(&answer.read, query.has_cursor ? &query.after : NULL, &own);
    if (!err) {
        print_export(&answer, &own, !query.has_cursor);
        sea_log(SEA_LOG_INFO, "personal data handed over", SEA_F_UUID("request_id", id),
                SEA_F_STR("by", *call->who.user ? call->who.user : call->who.key),
                SEA_F_U64("messages", own.messages_count));
    }
    end(&answer, call, err, true);
}

void desk_answer_presence(struct desk_call *call)
{
    struct answer answer;
    struct desk_presence presence;
    begin(&answer, call);
    enum sea_err err = desk_store_presence(&answer.read, sea_str(call->who.user), &presence);
    if (!err) desk_json_presence(&presence, &answer.json);
    end(&answer, call, err, true);
}
