/* desk_store_ticket.c: lists of tickets, and one in full, from router's and sla-timer's views.
 *
 * No list reads more than its index gives: tickets that are worked on by the partial index of
 * these, a customer's by its contacts, all others as a window of the newest, filtered; a window in
 * which too few match ends in a cursor that goes on behind it. */
#include <string.h>

#include "desk.h"
#include "desk_store.h"

#define COLUMNS                                                                                    \
    "t.ticket_id, t.version, t.home_key, t.status, t.market, t.channel, t.language, t.priority,"   \
    " t.queue, t.assignee, t.opened_at, array_to_string(t.order_ids, E'\\x1f') AS order_ids,"      \
    " t.sealed_subject, t.tag_issue, t.tag_emotion, t.tag_version, t.tag_stage, t.snoozed_until,"  \
    " t.conversation_id, t.customer_id"

enum column {
    TICKET_ID,
    VERSION,
    HOME_KEY,
    STATUS,
    MARKET,
    CHANNEL,
    LANGUAGE,
    PRIORITY,
    QUEUE,
    ASSIGNEE,
    OPENED_AT,
    ORDER_IDS,
    SUBJECT,
    TAG_ISSUE,
    TAG_EMOTION,
    TAG_VERSION,
    TAG_STAGE,
    SNOOZED_UNTIL,
    CONVERSATION_ID,
    CUSTOMER_ID,
};

/* $1 … $6 and $10; an empty text, the nil id, doesn't filter. */
#define FILTERS                                                                                    \
    "($1 = '' OR status = ANY (string_to_array($1, ','))) AND ($2 = '' OR queue = $2) AND ($3 = "  \
    "'' OR market = $3)"                                                                           \
    " AND ($4 = '' OR channel = $4) AND ($5 = '' OR assignee = $5)"                                \
    " AND ($6 = '' OR $6 = ANY (order_ids))"                                                       \
    " AND ($10 = '00000000-0000-0000-0000-000000000000' OR customer_id = $10)"
#define NEWEST " ORDER BY opened_at DESC, ticket_id DESC LIMIT $9"
#define BEFORE "(opened_at, ticket_id) < ($7, $8)"
#define WINDOW "10000"

static const struct sea_pg_stmt QUEUE_PAGE = {
    "tickets_queue",
    "WITH t AS MATERIALIZED (SELECT * FROM router.ticket_v WHERE is_active AND " FILTERS ")"
    " SELECT " COLUMNS " FROM t WHERE priority < $11"
    " OR (priority = $11 AND (opened_at, ticket_id) > ($7, $8))"
    " ORDER BY priority DESC, opened_at, ticket_id LIMIT $9"};

static const struct sea_pg_stmt ACTIVE_PAGE = {
    "tickets_active",
    "WITH t AS MATERIALIZED (SELECT * FROM router.ticket_v WHERE is_active AND " FILTERS ")"
    " SELECT " COLUMNS " FROM t WHERE " BEFORE NEWEST};

static const struct sea_pg_stmt NEWEST_PAGE = {
    "tickets_newest",
    "SELECT " COLUMNS " FROM (SELECT * FROM router.ticket_v WHERE " BEFORE
    " ORDER BY opened_at DESC, ticket_id DESC LIMIT " WINDOW ") AS t WHERE " FILTERS NEWEST};

/* The last ticket of the window that NEWEST_PAGE looked through; no row: it reached the end. */
static const struct sea_pg_stmt WINDOW_END = {
    "tickets_window",
    "SELECT opened_at, ticket_id FROM router.ticket_v WHERE (opened_at, ticket_id) < ($1, $2)"
    " ORDER BY opened_at DESC, ticket_id DESC OFFSET " WINDOW " - 1 LIMIT 1"};

static const struct sea_pg_stmt CUSTOMER_PAGE = {
    "tickets_customer",
    "WITH t AS MATERIALIZED (SELECT * FROM router.ticket_v WHERE home_key = ANY"
    " (ARRAY(SELECT contact_key FROM router.customer_v WHERE customer_id = $10)) AND " FILTERS ")"
    " SELECT " COLUMNS " FROM t WHERE " BEFORE NEWEST};

static const struct sea_pg_stmt ONE_PAGE = {
    "tickets_one", "SELECT " COLUMNS " FROM router.ticket_v t WHERE ticket_id = $11 AND " BEFORE
                   " AND " FILTERS NEWEST};

static const struct sea_pg_stmt TICKET = {"ticket", "SELECT " COLUMNS
                                                    " FROM router.ticket_v t WHERE ticket_id = $1"};

static const struct sea_pg_stmt HEAD = {
    "ticket_head", "SELECT home_key, clock.now_ms() FROM router.ticket_v WHERE ticket_id = $1"};

static const struct sea_pg_stmt OPEN_CHAT = {
    "open_chat", "SELECT ticket_id FROM router.ticket_v WHERE home_key = $1 AND is_active"
                 " AND channel = 'chat' ORDER BY opened_at DESC LIMIT 1"};

static const struct sea_pg_stmt CHAT = {
    "chat", "SELECT home_key, is_active, assignee = $2 AND status <> 'offered', channel = 'chat'"
            " FROM router.ticket_v WHERE ticket_id = $1"};

static const struct sea_pg_stmt CLOCKS = {
    "clocks", "SELECT ticket_id, name, due_at, state, is_withdrawn, policy FROM sla_timer.clock_v"
              " WHERE ticket_id = ANY ($1) ORDER BY ticket_id, due_at, name"};

static const struct sea_pg_stmt DECISIONS = {
    "decisions", "SELECT at, by, what, reason FROM (SELECT * FROM router.decision_v"
                 " WHERE ticket_id = $1 ORDER BY at DESC LIMIT 500) AS d ORDER BY at"};

/* ---- rows ---- */

static enum sea_err read_clocks(struct desk_read *read, struct desk_ticket *tickets, size_t count)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const PGresult *rows = NULL;
    SEA_PG_ARRAY(&args, SEA_PG_UUID, count, sea_pg_add_uuid(&args, tickets[i].id));
    enum sea_err err = desk_read_query(read, &CLOCKS, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    int all = sea_pg_count(rows);
    struct desk_clock *clocks = desk_read_zero(read, (size_t)all * sizeof(*clocks));
    for (int row = 0; row < all; row++) {
        clocks[row] = (struct desk_clock){.clock = sea_pg_str(rows, row, 1),
                                          .due_at_ms = sea_pg_time(rows, row, 2),
                                          .state = sea_pg_str(rows, row, 3),
                                          .is_withdrawn = sea_pg_bool(rows, row, 4),
                                          .policy = sea_pg_str(rows, row, 5)};
        struct sea_uuid id = sea_pg_uuid(rows, row, 0);
        for (size_t i = 0; i < count; i++) {
            if (!sea_uuid_eq(tickets[i].id, id)) continue;
            if (!tickets[i].clocks_count++) tickets[i].clocks = &clocks[row];
        }
    }
    return SEA_OK;
}

static enum sea_err read_ticket(struct desk_read *read, const PGresult *rows, int row,
                                struct desk_ticket *ret)
{
    const struct sea_markets *markets = &read->desk->settings->markets;
    const struct sea_market *market = sea_market_by_code(markets, sea_pg_str(rows, row, MARKET));
    *ret = (struct desk_ticket){
        .id = sea_pg_uuid(rows, row, TICKET_ID),
        .conversation_id = sea_pg_uuid(rows, row, CONVERSATION_ID),
        .customer_id = sea_pg_uuid(rows, row, CUSTOMER_ID),
        .version = (uint64_t)sea_pg_i64(rows, row, VERSION),
        .status = sea_pg_str(rows, row, STATUS),
        .market = sea_pg_str(rows, row, MARKET),
        .zone = sea_str(market && market->zone ? market->zone->name : NULL),
        .channel = sea_pg_str(rows, row, CHANNEL),
        .language = sea_pg_str(rows, row, LANGUAGE),
        .queue = sea_pg_str(rows, row, QUEUE),
        .assignee = sea_pg_str(rows, row, ASSIGNEE),
        .priority = sea_pg_i64(rows, row, PRIORITY),
        .opened_at_ms = sea_pg_time(rows, row, OPENED_AT),
        .snoozed_until_ms = sea_pg_time(rows, row, SNOOZED_UNTIL),
        .issue = sea_pg_str(rows, row, TAG_ISSUE),
        .emotion = sea_pg_str(rows, row, TAG_EMOTION),
        .product_version = sea_pg_str(rows, row, TAG_VERSION),
        .stage = sea_pg_str(rows, row, TAG_STAGE),
    };
    ret->order_ids = desk_read_split(read, sea_pg_str(rows, row, ORDER_IDS), &ret->order_ids_count);
    struct desk_sealed subject = {sea_pg_key(rows, row, HOME_KEY),
                                  "router.ticket",
                                  "sealed_subject",
                                  {(const char *)ret->id.bytes, sizeof(ret->id.bytes)},
                                  sea_pg_str(rows, row, SUBJECT)};
    return desk_read_unseal(read, &subject, &ret->subject, NULL);
}

static enum sea_err read_tickets(struct desk_read *read, const PGresult *rows, size_t count,
                                 struct desk_ticket **ret)
{
    struct desk_ticket *tickets = desk_read_zero(read, count * sizeof(*tickets));
    enum sea_err err = desk_read_fetch(read, rows, HOME_KEY, SUBJECT);
    for (size_t i = 0; i < count && !err; i++) err = read_ticket(read, rows, (int)i, &tickets[i]);
    if (!err && count) err = read_clocks(read, tickets, count);
    *ret = tickets;
    return err;
}

/* ---- lists ---- */

/* Later than any ticket: 9999-01-01. */
static const int64_t FAR_MS = INT64_C(253370764800000);
enum { PRIORITY_ABOVE = 1001 };

static const struct sea_pg_stmt *statement_of(const struct desk_query *query)
{
    if (!sea_uuid_is_nil(query->ticket_id)) return &ONE_PAGE;
    if (query->sort == DESK_QUEUE) return &QUEUE_PAGE;
    if (!sea_uuid_is_nil(query->customer_id)) return &CUSTOMER_PAGE;
    return desk_status_is_active(query->status) ? &ACTIVE_PAGE : &NEWEST_PAGE;
}

static void add_args(const struct desk_query *query, const struct sea_pg_stmt *stmt,
                     struct sea_pg_args *args)
{
    const struct sea_str filters[] = {query->status,  query->queue,    query->market,
                                      query->channel, query->assignee, query->order_id};
    for (size_t i = 0; i < SEA_COUNT(filters); i++)
        sea_pg_arg_text(args, filters[i].len ? filters[i] : SEA_STR(""));
    sea_pg_arg_time(args, query->has_cursor ? query->after.opened_ms : FAR_MS);
    sea_pg_arg_uuid(args, query->after.id);
    sea_pg_arg_i64(args, (int64_t)query->limit + 1);
    sea_pg_arg_uuid(args, query->customer_id);
    if (stmt == &QUEUE_PAGE)
        sea_pg_arg_i32(args, query->has_cursor ? query->after.priority : PRIORITY_ABOVE);
    if (stmt == &ONE_PAGE) sea_pg_arg_uuid(args, query->ticket_id);
}

static enum sea_err window_end(struct desk_read *read, const struct desk_query *query,
                               struct desk_tickets *ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const PGresult *rows = NULL;
    sea_pg_arg_time(&args, query->has_cursor ? query->after.opened_ms : FAR_MS);
    sea_pg_arg_uuid(&args, query->after.id);
    enum sea_err err = desk_read_query(read, &WINDOW_END, &args, &rows);
    sea_pg_args_free(&args);
    if (err || !sea_pg_count(rows)) return err;
    struct desk_cursor end = {
        .sort = DESK_NEWEST, .opened_ms = sea_pg_time(rows, 0, 0), .id = sea_pg_uuid(rows, 0, 1)};
    desk_cursor_print(&end, ret->next);
    return SEA_OK;
}

enum sea_err desk_store_tickets(struct desk_read *read, const struct desk_query *query,
                                struct desk_tickets *ret)
{
    const struct sea_pg_stmt *stmt = statement_of(query);
    struct sea_pg_args args = SEA_PG_ARGS;
    const PGresult *rows = NULL;
    struct desk_ticket *tickets = NULL;
    *ret = (struct desk_tickets){.count = 0};
    add_args(query, stmt, &args);
    enum sea_err err = desk_read_query(read, stmt, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    size_t found = (size_t)sea_pg_count(rows);
    bool is_more = found > query->limit;
    ret->count = is_more ? query->limit : found;
    err = read_tickets(read, rows, ret->count, &tickets);
    ret->items = tickets;
    if (!err && !is_more && stmt == &NEWEST_PAGE) err = window_end(read, query, ret);
    if (err || !is_more) return err;
    const struct desk_ticket *last = &tickets[ret->count - 1];
    struct desk_cursor end = {query->sort, (int32_t)last->priority, last->opened_at_ms, last->id};
    desk_cursor_print(&end, ret->next);
    return SEA_OK;
}

/* ---- one ---- */

static enum sea_err query_by_id(struct desk_read *read, const struct sea_pg_stmt *stmt,
                                struct sea_uuid id, const PGresult **ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_uuid(&args, id);
    enum sea_err err = desk_read_query(read, stmt, &args, ret);
    sea_pg_args_free(&args);
    return err;
}

static enum sea_err read_decisions(struct desk_read *read, struct desk_ticket *ret)
{
    const PGresult *rows = NULL;
    enum sea_err err = query_by_id(read, &DECISIONS, ret->id, &rows);
    if (err) return err;
    size_t count = (size_t)sea_pg_count(rows);
    struct desk_decision *decisions = desk_read_zero(read, count * sizeof(*decisions));
    for (size_t i = 0; i < count; i++)
        decisions[i] =
            (struct desk_decision){sea_pg_time(rows, (int)i, 0), sea_pg_str(rows, (int)i, 1),
                                   sea_pg_str(rows, (int)i, 2), sea_pg_str(rows, (int)i, 3)};
    ret->decisions = decisions;
    ret->decisions_count = count;
    return SEA_OK;
}

static enum sea_err read_customer(struct desk_read *read, struct desk_ticket *ret)
{
    struct desk_customer *customer = desk_read_zero(read, sizeof(*customer));
    bool is_found = false;
    if (sea_uuid_is_nil(ret->customer_id)) return SEA_OK;
    enum sea_err err = desk_store_customer(read, ret->customer_id, customer, &is_found);
    if (is_found) ret->customer = customer;
    return err;
}

enum sea_err desk_store_ticket(struct desk_read *read, struct sea_uuid id, struct desk_ticket *ret,
                               bool *ret_found)
{
    const PGresult *rows = NULL;
    struct desk_ticket *ticket = NULL;
    enum sea_err err = query_by_id(read, &TICKET, id, &rows);
    *ret_found = !err && sea_pg_count(rows) > 0;
    if (!*ret_found) return err;
    err = read_tickets(read, rows, 1, &ticket);
    if (!err)
        err = desk_store_messages(read, sea_pg_key(rows, 0, HOME_KEY), id, &ticket->messages,
                                  &ticket->messages_count);
    if (!err) err = read_decisions(read, ticket);
    if (!err) err = desk_store_calls(read, id, &ticket->calls, &ticket->calls_count);
    if (!err) err = read_customer(read, ticket);
    *ret = *ticket;
    return err;
}

enum sea_err desk_store_ticket_head(struct desk_read *read, struct sea_uuid id,
                                    struct desk_ticket_head *ret, bool *ret_found)
{
    const PGresult *rows = NULL;
    enum sea_err err = query_by_id(read, &HEAD, id, &rows);
    *ret_found = !err && sea_pg_count(rows) > 0;
    if (*ret_found)
        *ret = (struct desk_ticket_head){sea_pg_key(rows, 0, 0), sea_pg_i64(rows, 0, 1)};
    return err;
}

enum sea_err desk_store_open_chat(struct desk_read *read, struct sea_key contact,
                                  struct sea_uuid *ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const PGresult *rows = NULL;
    sea_pg_arg_key(&args, contact);
    enum sea_err err = desk_read_query(read, &OPEN_CHAT, &args, &rows);
    sea_pg_args_free(&args);
    if (!err && sea_pg_count(rows)) *ret = sea_pg_uuid(rows, 0, 0);
    return err;
}

enum sea_err desk_store_chat(struct desk_read *read, struct sea_uuid ticket_id, struct sea_str user,
                             struct desk_chat *ret, bool *ret_found)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const PGresult *rows = NULL;
    sea_pg_arg_uuid(&args, ticket_id);
    sea_pg_arg_text(&args, user);
    enum sea_err err = desk_read_query(read, &CHAT, &args, &rows);
    sea_pg_args_free(&args);
    *ret_found = !err && sea_pg_count(rows) > 0;
    if (*ret_found)
        *ret = (struct desk_chat){.contact = sea_pg_key(rows, 0, 0),
                                  .is_open = sea_pg_bool(rows, 0, 1),
                                  .is_theirs = sea_pg_bool(rows, 0, 2),
                                  .is_chat = sea_pg_bool(rows, 0, 3)};
    return err;
}
