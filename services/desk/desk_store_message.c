/* desk_store_message.c: messages from router's view, opened. */
#include <string.h>

#include "desk.h"
#include "desk_store.h"
#include "sea_decode.h"
#include "seadesk/v1/messages.pb-c.h"

#define COLUMNS                                                                                    \
    "message_id, event_id, direction, channel, account, home_key, ticket_id, conversation_id,"     \
    " customer_id, market, language, sealed, agent, translation_state, translation_language,"      \
    " translated, engine, is_machine, quality, sent_at, received_at, routed_at, delivery_state,"   \
    " delivery_reason, delivery_at, release_at, span_from, span_to"

enum column {
    MESSAGE_ID,
    EVENT_ID,
    DIRECTION,
    CHANNEL,
    ACCOUNT,
    HOME_KEY,
    TICKET_ID,
    CONVERSATION_ID,
    CUSTOMER_ID,
    MARKET,
    LANGUAGE,
    SEALED,
    AGENT,
    TRANSLATION_STATE,
    TRANSLATION_LANGUAGE,
    TRANSLATED,
    ENGINE,
    IS_MACHINE,
    QUALITY,
    SENT_AT,
    RECEIVED_AT,
    ROUTED_AT,
    DELIVERY_STATE,
    DELIVERY_REASON,
    DELIVERY_AT,
    RELEASE_AT,
    SPAN_FROM,
    SPAN_TO,
    SEQ, /* 0, but in CONVERSATION */
};

static const struct sea_pg_stmt MESSAGE = {
    "message", "SELECT " COLUMNS ", 0 FROM router.message_v"
               " WHERE root_id = $1 AND event_id = $1 AND direction = 'in' LIMIT 1"};

static const struct sea_pg_stmt MESSAGES = {
    "messages",
    "SELECT " COLUMNS ", 0 FROM (SELECT * FROM router.message_v WHERE home_key = $1"
    " AND ticket_id = $2 ORDER BY sent_at DESC, routed_at DESC, place DESC LIMIT 500) AS m"
    " ORDER BY sent_at, routed_at, place"};

/* In the order in which router took them; counted when they are read. Those before message $3,
 * which was taken at $2 and may be gone since. */
static const struct sea_pg_stmt CONVERSATION = {
    "conversation",
    "WITH m AS (SELECT *, row_number() OVER (ORDER BY routed_at, sent_at, message_id) AS seq"
    " FROM router.message_v WHERE home_key = ANY"
    " (ARRAY(SELECT contact_key FROM router.customer_v WHERE customer_id = $1)))"
    " SELECT " COLUMNS ", seq FROM (SELECT * FROM m WHERE $2 IS NULL"
    " OR seq < coalesce((SELECT seq FROM m WHERE message_id = $3),"
    " (SELECT count(*) + 1 FROM m WHERE routed_at < $2))"
    " ORDER BY seq DESC LIMIT $4) AS newest ORDER BY seq"};

static const struct sea_pg_stmt OWN = {
    "own_messages", "SELECT " COLUMNS ", 0 FROM router.message_v WHERE home_key = ANY ($1)"
                    " AND (routed_at, message_id) > (coalesce($2, timestamptz '-infinity'), $3)"
                    " ORDER BY routed_at, message_id LIMIT $4"};

static void read_attachments(struct desk_read *read, const Seadesk__V1__MessageBody *body,
                             struct desk_message *ret)
{
    struct desk_attachment *list = desk_read_zero(read, body->n_attachments * sizeof(*list));
    for (size_t i = 0; i < body->n_attachments; i++) {
        const Seadesk__V1__Attachment *from = body->attachments[i];
        list[i] = (struct desk_attachment){.name = sea_str(from->name),
                                           .mime = sea_str(from->mime),
                                           .url = sea_str(from->url),
                                           .media_id = sea_str(from->media_id),
                                           .size_bytes = from->size_bytes,
                                           .state = SEA_STR("pending")};
    }
    ret->attachments = list;
    ret->attachments_count = body->n_attachments;
}

/* What `sealed` holds: the provider's id, subject, text and what is attached. */
static enum sea_err open_body(struct desk_read *read, const struct desk_sealed *sealed,
                              struct desk_message *ret)
{
    struct sea_str plain;
    enum sea_err err = desk_read_unseal(read, sealed, &plain, &ret->is_erased);
    if (err || !plain.len) return err;
    const Seadesk__V1__MessageBody *body =
        sea_decode(&seadesk__v1__message_body__descriptor, plain, &read->texts);
    if (!body) return SEA_OK;
    ret->external_id = sea_str(body->external_id);
    ret->subject = sea_str(body->subject);
    ret->text = sea_str(body->text);
    read_attachments(read, body, ret);
    return SEA_OK;
}

/* Of a message made from a template the words as sent are all there is. */
static void settle_words(struct desk_message *message)
{
    if (message->text.len || sea_str_is(message->direction, "in") || !message->translation.text.len)
        return;
    message->text = message->translation.text;
    if (message->translation.language.len) message->language = message->translation.language;
    message->translation = (struct desk_translation){.state = SEA_STR("none")};
}

static struct desk_delivery delivery_of(const PGresult *rows, int row)
{
    return (struct desk_delivery){
        .state = sea_pg_str(rows, row, DELIVERY_STATE),
        .reason = sea_pg_str(rows, row, DELIVERY_REASON),
        .channel = sea_pg_str(rows, row, CHANNEL),
        .has_span = !sea_pg_is_null(rows, row, SPAN_TO),
        .span_from = sea_pg_i64(rows, row, SPAN_FROM),
        .span_to = sea_pg_i64(rows, row, SPAN_TO),
        .release_at_ms = sea_pg_time(rows, row, RELEASE_AT),
        .at_ms = sea_pg_time(rows, row, DELIVERY_AT),
    };
}

static enum sea_err read_message(struct desk_read *read, const PGresult *rows, int row,
                                 struct desk_message *ret)
{
    *ret = (struct desk_message){
        .message_id = sea_pg_uuid(rows, row, MESSAGE_ID),
        .event_id = sea_pg_uuid(rows, row, EVENT_ID),
        .ticket_id = sea_pg_uuid(rows, row, TICKET_ID),
        .conversation_id = sea_pg_uuid(rows, row, CONVERSATION_ID),
        .customer_id = sea_pg_uuid(rows, row, CUSTOMER_ID),
        .direction = sea_pg_str(rows, row, DIRECTION),
        .channel = sea_pg_str(rows, row, CHANNEL),
        .account = sea_pg_str(rows, row, ACCOUNT),
        .market = sea_pg_str(rows, row, MARKET),
        .language = sea_pg_str(rows, row, LANGUAGE),
        .agent = sea_pg_str(rows, row, AGENT),
        .sent_at_ms = sea_pg_time(rows, row, SENT_AT),
        .received_at_ms = sea_pg_time(rows, row, RECEIVED_AT),
        .routed_at_ms = sea_pg_time(rows, row, ROUTED_AT),
        .seq = sea_pg_i64(rows, row, SEQ),
        .translation = {.state = sea_pg_str(rows, row, TRANSLATION_STATE),
                        .language = sea_pg_str(rows, row, TRANSLATION_LANGUAGE),
                        .engine = sea_pg_str(rows, row, ENGINE),
                        .is_machine = sea_pg_bool(rows, row, IS_MACHINE),
                        .quality = sea_pg_f64(rows, row, QUALITY)},
    };
    if (sea_str_is(ret->direction, "out")) ret->delivery = delivery_of(rows, row);
    struct desk_sealed sealed = {sea_pg_key(rows, row, HOME_KEY),
                                 "router.message",
                                 "sealed",
                                 {(const char *)ret->message_id.bytes, 16},
                                 sea_pg_str(rows, row, SEALED)};
    enum sea_err err = open_body(read, &sealed, ret);
    sealed.column = "translated";
    sealed.bytes = sea_pg_str(rows, row, TRANSLATED);
    if (!err) err = desk_read_unseal(read, &sealed, &ret->translation.text, NULL);
    settle_words(ret);
    return err;
}

static enum sea_err read_messages(struct desk_read *read, const struct sea_pg_stmt *stmt,
                                  const struct sea_pg_args *args, const struct desk_message **ret,
                                  size_t *ret_count)
{
    const PGresult *rows = NULL;
    enum sea_err err = desk_read_query(read, stmt, args, &rows);
    if (!err) err = desk_read_fetch(read, rows, HOME_KEY, SEALED);
    if (!err) err = desk_read_fetch(read, rows, HOME_KEY, TRANSLATED);
    if (err) return err;
    size_t count = (size_t)sea_pg_count(rows);
    struct desk_message *messages = desk_read_zero(read, count * sizeof(*messages));
    for (size_t i = 0; i < count && !err; i++) err = read_message(read, rows, (int)i, &messages[i]);
    if (!err) err = desk_store_states(read, messages, count);
    *ret = messages;
    *ret_count = count;
    return err;
}

enum sea_err desk_store_message(struct desk_read *read, struct sea_uuid event_id,
                                struct desk_message *ret, bool *ret_found)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const struct desk_message *messages = NULL;
    size_t count = 0;
    sea_pg_arg_uuid(&args, event_id);
    enum sea_err err = read_messages(read, &MESSAGE, &args, &messages, &count);
    sea_pg_args_free(&args);
    *ret_found = !err && count > 0;
    if (*ret_found) *ret = messages[0];
    return err;
}

enum sea_err desk_store_messages(struct desk_read *read, struct sea_key home_key,
                                 struct sea_uuid ticket_id, const struct desk_message **ret,
                                 size_t *ret_count)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_key(&args, home_key);
    sea_pg_arg_uuid(&args, ticket_id);
    enum sea_err err = read_messages(read, &MESSAGES, &args, ret, ret_count);
    sea_pg_args_free(&args);
    return err;
}

enum sea_err desk_store_conversation(struct desk_read *read, struct sea_uuid customer_id,
                                     const struct desk_query *query, struct desk_conversation *ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    *ret = (struct desk_conversation){.customer_id = customer_id};
    sea_pg_arg_uuid(&args, customer_id);
    sea_pg_arg_time(&args, query->has_cursor ? query->after.opened_ms : 0);
    sea_pg_arg_uuid(&args, query->after.id);
    sea_pg_arg_i64(&args, (int64_t)query->limit + 1);
    enum sea_err err = read_messages(read, &CONVERSATION, &args, &ret->items, &ret->count);
    sea_pg_args_free(&args);
    if (err || ret->count <= query->limit) return err;
    ret->items++;
    ret->count--;
    struct desk_cursor oldest = {.opened_ms = ret->items->routed_at_ms,
                                 .id = ret->items->message_id};
    desk_cursor_print(&oldest, ret->next);
    return SEA_OK;
}

enum sea_err desk_store_own_messages(struct desk_read *read, const PGresult *contacts,
                                     const struct desk_cursor *after, struct desk_export *ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const struct desk_message *found = NULL;
    desk_read_add_keys(&args, contacts);
    sea_pg_arg_time(&args, after ? after->opened_ms : 0);
    sea_pg_arg_uuid(&args, after ? after->id : (struct sea_uuid){{0}});
    sea_pg_arg_i32(&args, DESK_EXPORT_MESSAGES);
    enum sea_err err = read_messages(read, &OWN, &args, &found, &ret->messages_count);
    sea_pg_args_free(&args);
    if (err) return err;
    struct desk_message *own = desk_read_zero(read, ret->messages_count * sizeof(*own));
    for (size_t i = 0; i < ret->messages_count; i++) {
        own[i] = found[i];
        own[i].agent = (struct sea_str){NULL, 0};
    }
    ret->messages = own;
    return SEA_OK;
}
