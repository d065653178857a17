/* router_write_messages.c: messages, their deliveries and translations. */
#include <string.h>

#include "router_codes.h"
#include "router_seal.h"
#include "router_write_parts.h"
#include "sea_id.h"

static const struct sea_pg_stmt INSERT_IN = {
    "router_insert_in",
    "INSERT INTO message (message_id, gone, home_key, ticket_id, direction, kind, language, sealed,"
    " sent_at, received_at, routed_at, event_id, root_id, topic, number, \"offset\","
    " translation_state, translation_language)"
    " SELECT m.id, gone_of(m.id), m.home, m.ticket, 1, m.kind, m.language, m.sealed, m.sent,"
    " m.received, $1, m.event, m.root, 1, m.number, m.pos,"
    " CASE WHEN m.wanted IS NULL THEN 0 ELSE 1 END, m.wanted"
    " FROM unnest($2::uuid[], $3::bytea[], $4::uuid[], $5::int[], $6::text[], $7::bytea[],"
    " $8::timestamptz[], $9::timestamptz[], $10::uuid[], $11::uuid[], $12::int[], $13::bigint[],"
    " $14::text[]) m (id, home, ticket, kind, language, sealed, sent, received, event, root, "
    "number,"
    " pos, wanted)"};
static const struct sea_pg_stmt INSERT_OUT = {
    "router_insert_out",
    "INSERT INTO message (message_id, gone, home_key, ticket_id, direction, kind, language, sealed,"
    " sent_at, received_at, routed_at, event_id, root_id, topic, number, \"offset\", agent, "
    "draft_id,"
    " redraft, template, to_key, delivery_state, delivery_version, delivery_at)"
    " SELECT m.id, gone_of(m.id), m.home, m.ticket, m.direction, m.kind, m.language, m.sealed, $1,"
    " $1, $1, m.event, m.root, m.topic, m.number, m.pos, m.agent, m.draft,"
    " CASE WHEN m.direction = 2 THEN 0 END, m.template, m.target,"
    " CASE WHEN m.direction = 2 THEN 1 END, CASE WHEN m.direction = 2 THEN 0 END,"
    " CASE WHEN m.direction = 2 THEN $1 END"
    " FROM unnest($2::uuid[], $3::bytea[], $4::uuid[], $5::int[], $6::int[], $7::text[],"
    " $8::bytea[], $9::uuid[], $10::uuid[], $11::int[], $12::int[], $13::bigint[], $14::text[],"
    " $15::uuid[], $16::text[], $17::bytea[])"
    " m (id, home, ticket, direction, kind, language, sealed, event, root, topic, number, pos,"
    " agent, draft, template, target)"};
static const struct sea_pg_stmt UPDATE_SENT = {
    "router_update_sent",
    "UPDATE message m SET draft_id = u.draft, redraft = u.redraft, to_key = u.target,"
    " delivery_state = u.state, delivery_version = u.version, delivery_reason = u.reason,"
    " delivery_rule = u.rule, delivery_at = u.at, release_at = u.release, span_from = u.span_from,"
    " span_to = u.span_to, sealed = COALESCE(m.sealed, u.sealed),"
    " translated = COALESCE(u.translated, m.translated),"
    " translation_language = COALESCE(u.translated_to, m.translation_language),"
    " translation_state = CASE WHEN u.translated IS NULL THEN m.translation_state ELSE 2 END"
    " FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bytea[], $5::int[], $6::bigint[],"
    " $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[], $11::int[], $12::int[],"
    " $13::bytea[], $14::bytea[], $15::text[])"
    " u (id, draft, redraft, target, state, version, reason, rule, at, release, span_from, span_to,"
    " sealed, translated, translated_to)"
    " WHERE m.message_id = u.id AND m.gone = gone_of(u.id)"
    " AND (m.draft_id <> u.draft OR m.delivery_version < u.version)"};
static const struct sea_pg_stmt UPDATE_TRANSLATIONS = {
    "router_update_translations",
    "UPDATE message m SET translation_state = u.state,"
    " translated = COALESCE(u.translated, m.translated), engine = u.engine,"
    " is_machine = u.is_machine, quality = u.quality / 1000.0"
    " FROM unnest($1::uuid[], $2::int[], $3::bytea[], $4::text[], $5::bool[], $6::int[])"
    " u (id, state, translated, engine, is_machine, quality)"
    " WHERE m.message_id = u.id AND m.gone = gone_of(u.id)"};
static const struct sea_pg_stmt MAKE_MONTHS = {
    "router_make_month",
    "SELECT make_months(array_agg(DISTINCT gone_of(m))) FROM unnest($1::uuid[]) m"};

static struct sea_place place_of(const char *column, const struct sea_uuid *id)
{
    return (struct sea_place){SEA_STR("router.message"), sea_str(column), router_map_id(id)};
}

/* A message on its way into the table. */
struct row {
    const struct router_message *message;
    struct sea_str sealed;
};

static enum sea_err seal_row(struct router_batch *batch, struct row *row)
{
    const struct router_message *message = row->message;
    struct sea_place place = place_of("sealed", &message->id);
    Seadesk__V1__MessageBody body = SEADESK__V1__MESSAGE_BODY__INIT;
    const ProtobufCMessage *plain = message->body;
    row->sealed = (struct sea_str){"", 0};
    if (!plain) {
        if (!message->text.len) return SEA_OK; /* of a template: its words come with the delivery */
        body.text = router_c_str(batch, message->text);
        plain = &body.base;
    }
    return router_seal_message(batch, message->home->key, &place, plain, &row->sealed);
}

static struct row *rows_of(struct router_batch *batch, bool is_in, size_t *ret_count,
                           enum sea_err *ret_err)
{
    size_t all = 0, count = 0;
    for (const struct router_message *m = batch->plan.messages; m; m = m->next) all++;
    struct row *rows = router_batch_alloc(batch, (all + 1) * sizeof(*rows));
    *ret_err = SEA_OK;
    for (const struct router_message *m = batch->plan.messages; m && !*ret_err; m = m->next) {
        if ((m->direction == ROUTER_IN) != is_in) continue;
        rows[count].message = m;
        *ret_err = seal_row(batch, &rows[count++]);
    }
    *ret_count = count;
    return rows;
}

static int topic_code(const char *topic)
{
    static const char *const TOPICS[] = {"", "seadesk.messages", "seadesk.commands",
                                         "seadesk.timelines", "seadesk.deliveries"};
    for (int i = 1; topic && i < (int)SEA_COUNT(TOPICS); i++)
        if (strcmp(TOPICS[i], topic) == 0) return i;
    return 0;
}

static void add_text_or_null(struct sea_pg_args *args, struct sea_str text)
{
    if (text.len)
        sea_pg_add_text(args, text);
    else
        sea_pg_add_null(args);
}

static void add_ticket(struct sea_pg_args *args, const struct router_message *m)
{
    if (m->ticket)
        sea_pg_add_uuid(args, m->ticket->id);
    else
        sea_pg_add_null(args);
}

#define ROW(type, add)                                                                             \
    SEA_PG_ARRAY(args, type, count, const struct router_message *m = rows[i].message; add)

static enum sea_err insert_in(struct router_batch *batch)
{
    struct sea_pg_args *args = &batch->tools->args;
    enum sea_err err;
    size_t count;
    const struct row *rows = rows_of(batch, true, &count, &err);
    if (err || !count) return err;
    sea_pg_args_reset(args);
    sea_pg_arg_time(args, batch->txn->now_ms);
    ROW(SEA_PG_UUID, sea_pg_add_uuid(args, m->id));
    ROW(SEA_PG_BYTES, sea_pg_add_key(args, m->home->key));
    ROW(SEA_PG_UUID, add_ticket(args, m));
    ROW(SEA_PG_I32, sea_pg_add_i32(args, m->kind));
    ROW(SEA_PG_TEXT, sea_pg_add_text(args, m->language));
    ROW(SEA_PG_BYTES, (void)m; router_arg_bytes(args, rows[i].sealed));
    ROW(SEA_PG_TIME, sea_pg_add_time(args, m->sent_at_ms));
    ROW(SEA_PG_TIME, sea_pg_add_time(args, m->received_at_ms));
    ROW(SEA_PG_UUID, sea_pg_add_uuid(args, m->cause->id));
    ROW(SEA_PG_UUID, sea_pg_add_uuid(args, m->cause->root));
    ROW(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)m->cause->number));
    ROW(SEA_PG_I64, router_arg_offset(args, m->cause));
    ROW(SEA_PG_TEXT, add_text_or_null(args, m->to_language));
    return sea_pg_queue(batch->txn->pg, &INSERT_IN, args);
}

static void add_draft(struct sea_pg_args *args, const struct router_message *m)
{
    if (m->draft)
        sea_pg_add_uuid(args, m->draft->id);
    else
        sea_pg_add_null(args);
}

static void add_target(struct sea_pg_args *args, const struct router_message *m)
{
    if (m->draft)
        sea_pg_add_key(args, m->draft->ladder[0]->key);
    else
        sea_pg_add_null(args);
}

static int kind_of(const struct router_message *m)
{
    return m->direction == ROUTER_OUT ? (int)router_class_number((enum sea_message_class)m->kind)
                                      : 0;
}

static enum sea_err insert_out(struct router_batch *batch)
{
    struct sea_pg_args *args = &batch->tools->args;
    enum sea_err err;
    size_t count;
    const struct row *rows = rows_of(batch, false, &count, &err);
    if (err || !count) return err;
    sea_pg_args_reset(args);
    sea_pg_arg_time(args, batch->txn->now_ms);
    ROW(SEA_PG_UUID, sea_pg_add_uuid(args, m->id));
    ROW(SEA_PG_BYTES, sea_pg_add_key(args, m->home->key));
    ROW(SEA_PG_UUID, add_ticket(args, m));
    ROW(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)m->direction));
    ROW(SEA_PG_I32, sea_pg_add_i32(args, kind_of(m)));
    ROW(SEA_PG_TEXT, sea_pg_add_text(args, m->language));
    ROW(SEA_PG_BYTES, (void)m; router_arg_bytes(args, rows[i].sealed));
    ROW(SEA_PG_UUID, sea_pg_add_uuid(args, m->cause->id));
    ROW(SEA_PG_UUID, sea_pg_add_uuid(args, m->cause->root));
    ROW(SEA_PG_I32, sea_pg_add_i32(args, topic_code(m->cause->topic)));
    ROW(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)m->cause->number));
    ROW(SEA_PG_I64, router_arg_offset(args, m->cause));
    ROW(SEA_PG_TEXT, add_text_or_null(args, m->agent));
    ROW(SEA_PG_UUID, add_draft(args, m));
    ROW(SEA_PG_TEXT, add_text_or_null(args, sea_str(m->draft ? m->draft->template : NULL)));
    ROW(SEA_PG_BYTES, add_target(args, m));
    return sea_pg_queue(batch->txn->pg, &INSERT_OUT, args);
}
#undef ROW

/* Months that nobody foresaw (the clock was moved) are made on the way. */
static enum sea_err make_months(struct router_batch *batch)
{
    struct sea_pg_args *args = &batch->tools->args;
    bool seen[ROUTER_MONTHS_MAX] = {false};
    size_t count = 0;
    PGresult *rows = NULL;
    sea_pg_args_reset(args);
    sea_pg_array_begin(args, SEA_PG_UUID);
    for (const struct router_message *m = batch->plan.messages; m; m = m->next) {
        uint32_t month = m->gone_month;
        if (month >= ROUTER_MONTHS_MAX || seen[month] || batch->tools->months[month]) continue;
        seen[month] = true;
        sea_pg_add_uuid(args, m->id);
        count++;
    }
    sea_pg_array_end(args);
    if (!count) return SEA_OK;
    enum sea_err err = sea_pg_query(batch->txn->pg, &MAKE_MONTHS, args, &rows);
    sea_pg_clear(&rows);
    return err;
}

enum sea_err router_write_messages(struct router_batch *batch)
{
    if (!batch->plan.messages) return SEA_OK;
    enum sea_err err = make_months(batch);
    if (!err) err = insert_in(batch);
    if (!err) err = insert_out(batch);
    return err;
}

/* What a delivery tells of the words, sealed for their row: a template's are the message itself,
 * others are what became of it. */
struct told {
    const struct router_sent *sent;
    struct sea_str sealed, translated;
};

static enum sea_err seal_words(struct router_batch *batch, struct told *told)
{
    const struct router_sent *sent = told->sent;
    told->sealed = told->translated = (struct sea_str){"", 0};
    if (!sent->words.len) return SEA_OK;
    if (!sent->has_words) {
        Seadesk__V1__MessageBody body = SEADESK__V1__MESSAGE_BODY__INIT;
        struct sea_place place = place_of("sealed", &sent->id);
        body.text = router_c_str(batch, sent->words);
        return router_seal_message(batch, sent->home, &place, &body.base, &told->sealed);
    }
    struct sea_place place = place_of("translated", &sent->id);
    return router_seal_text(batch, sent->home, &place, sent->words, &told->translated);
}

#define TOLD(type, add)                                                                            \
    SEA_PG_ARRAY(args, type, count, const struct router_sent *s = list[i].sent; add)

static void add_span(struct sea_pg_args *args, const struct router_sent *sent, uint32_t end)
{
    if (sent->span_to)
        sea_pg_add_i32(args, (int32_t)end);
    else
        sea_pg_add_null(args);
}

static enum sea_err update_sent(struct router_batch *batch)
{
    struct sea_pg_args *args = &batch->tools->args;
    size_t count = 0;
    enum sea_err err = SEA_OK;
    struct told *list = router_batch_alloc(batch, (batch->sent.count + 1) * sizeof(*list));
    for (size_t i = 0; i < batch->sent.cap && !err; i++) {
        const struct router_sent *sent = batch->sent.slots[i].value;
        if (!sent || !sent->is_changed) continue;
        list[count].sent = sent;
        err = seal_words(batch, &list[count++]);
    }
    if (err || !count) return err;
    sea_pg_args_reset(args);
    TOLD(SEA_PG_UUID, sea_pg_add_uuid(args, s->id));
    TOLD(SEA_PG_UUID, sea_pg_add_uuid(args, s->draft_id));
    TOLD(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)s->redraft));
    TOLD(SEA_PG_BYTES, router_arg_key(args, s->to));
    TOLD(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)s->state));
    TOLD(SEA_PG_I64, sea_pg_add_i64(args, (int64_t)s->version));
    TOLD(SEA_PG_TEXT, add_text_or_null(args, s->reason));
    TOLD(SEA_PG_TEXT, add_text_or_null(args, s->rule));
    TOLD(SEA_PG_TIME, sea_pg_add_time(args, s->at_ms));
    TOLD(SEA_PG_TIME, sea_pg_add_time(args, s->release_at_ms));
    TOLD(SEA_PG_I32, add_span(args, s, s->span_from));
    TOLD(SEA_PG_I32, add_span(args, s, s->span_to));
    TOLD(SEA_PG_BYTES, (void)s; router_arg_bytes(args, list[i].sealed));
    TOLD(SEA_PG_BYTES, (void)s; router_arg_bytes(args, list[i].translated));
    TOLD(SEA_PG_TEXT, add_text_or_null(args, s->words_language));
    return sea_pg_queue(batch->txn->pg, &UPDATE_SENT, args);
}
#undef TOLD

static int translation_code(const char *state)
{
    return strcmp(state, "done") == 0 ? 2 : strcmp(state, "held") == 0 ? 4 : 3;
}

/* A translation on its way into its message's row. */
struct translated {
    const struct router_item *item;
    struct sea_str sealed;
};

#define TRANSLATED(type, add)                                                                      \
    SEA_PG_ARRAY(                                                                                  \
        args, type, count, const Seadesk__V1__TranslationDone *t = list[i].item->translation; add)

static enum sea_err update_translations(struct router_batch *batch)
{
    struct sea_pg_args *args = &batch->tools->args;
    size_t count = 0;
    enum sea_err err = SEA_OK;
    struct translated *list = router_batch_alloc(batch, (batch->item_count + 1) * sizeof(*list));
    for (size_t i = 0; i < batch->item_count && !err; i++) {
        const struct router_item *item = &batch->items[i];
        if (item->kind != ROUTER_ITEM_TRANSLATION ||
            !router_map_get(&batch->sent, router_map_id(&item->message_id)))
            continue;
        struct sea_place place = place_of("translated", &item->message_id);
        list[count].item = item;
        err = router_seal_text(batch, item->contact, &place, item->text, &list[count++].sealed);
    }
    if (err || !count) return err;
    sea_pg_args_reset(args);
    TRANSLATED(SEA_PG_UUID, sea_pg_add_uuid(args, list[i].item->message_id); (void)t);
    TRANSLATED(SEA_PG_I32, sea_pg_add_i32(args, translation_code(t->state)));
    TRANSLATED(SEA_PG_BYTES, router_arg_bytes(args, list[i].sealed); (void)t);
    TRANSLATED(SEA_PG_TEXT, sea_pg_add_text(args, sea_str(t->engine)));
    TRANSLATED(SEA_PG_BOOL, sea_pg_add_bool(args, t->is_machine));
    TRANSLATED(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)(t->quality * 1000.0F)));
    return sea_pg_queue(batch->txn->pg, &UPDATE_TRANSLATIONS, args);
}
#undef TRANSLATED

enum sea_err router_write_sent(struct router_batch *batch)
{
    enum sea_err err = update_sent(batch);
    return err ? err : update_translations(batch);
}
