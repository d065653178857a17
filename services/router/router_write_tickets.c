/* router_write_tickets.c: tickets; a change holds only while nobody else changed the ticket. */
#include <stdlib.h>
#include <string.h>

#include "router_metrics.h"
#include "router_seal.h"
#include "router_write_parts.h"
#include "sea_id.h"

#define GONE "(date '1970-01-01' + make_interval(months => u.gone_month))::date"

static const struct sea_pg_stmt INSERT = {
    "router_insert_tickets",
    "INSERT INTO ticket (ticket_id, home_key, number, version, status, is_active, market, channel,"
    " account, language, is_language_sure, priority, queue, opened_at, order_ids, sealed_subject,"
    " assignee, tag_issue, acknowledged_at, answered_at, asked_at, last_in_at, sort_at, root_id, "
    "gone)"
    " SELECT u.id, u.home, u.number, u.version, u.status, true, u.market, u.channel, u.account,"
    " u.language, u.is_sure, u.priority, u.queue, $1, string_to_array(u.orders, E'\\x1f'),"
    " u.subject, u.assignee, u.issue, u.acknowledged, u.answered, u.asked, u.last_in, u.sort, "
    "u.root, " GONE
    " FROM unnest($2::uuid[], $3::bytea[], $4::int[], $5::bigint[], $6::int[], $7::text[],"
    " $8::text[], $9::text[], $10::text[], $11::bool[], $12::int[], $13::text[], $14::text[],"
    " $15::bytea[], $16::text[], $17::text[], $18::timestamptz[], $19::timestamptz[],"
    " $20::timestamptz[], $21::timestamptz[], $22::timestamptz[], $23::uuid[], $24::int[])"
    " u (id, home, number, version, status, market, channel, account, language, is_sure,"
    " priority, queue, orders, subject, assignee, issue, acknowledged, answered, asked, last_in,"
    " sort, root, gone_month)"};
static const struct sea_pg_stmt UPDATE = {
    "router_update_tickets",
    "UPDATE ticket t SET version = u.version, status = u.status, is_active = u.status < 6,"
    " language = u.language, is_language_sure = u.is_sure, priority = u.priority, queue = u.queue,"
    " assignee = u.assignee, order_ids = string_to_array(u.orders, E'\\x1f'),"
    " tag_issue = u.issue, tag_emotion = u.emotion, tag_version = u.product, tag_stage = u.stage,"
    " asked_at = u.asked, asked_next_at = u.asked_next, last_in_at = u.last_in,"
    " replied_at = u.replied, acknowledged_at = u.acknowledged, answered_at = u.answered,"
    " resolved_at = u.resolved, snoozed_until = u.snoozed, sort_at = u.sort, due_at = u.due,"
    " gone = " GONE
    " FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::int[], $5::text[], $6::bool[],"
    " $7::int[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],"
    " $14::text[], $15::timestamptz[], $16::timestamptz[], $17::timestamptz[], $18::timestamptz[],"
    " $19::timestamptz[], $20::timestamptz[], $21::timestamptz[], $22::timestamptz[],"
    " $23::timestamptz[], $24::timestamptz[], $25::int[])"
    " u (id, was, version, status, language, is_sure, priority, queue, assignee, orders, issue,"
    " emotion, product, stage, asked, asked_next, last_in, replied, acknowledged, answered, "
    "resolved,"
    " snoozed, sort, due, gone_month)"
    " WHERE t.ticket_id = u.id AND t.version = u.was"};

struct list {
    struct router_ticket **items;
    size_t count;
};

static int by_id(const void *a, const void *b)
{
    const struct router_ticket *const *x = a, *const *y = b;
    return memcmp((*x)->id.bytes, (*y)->id.bytes, sizeof((*x)->id.bytes));
}

/* In ascending order: everybody locks rows in the same one. */
static struct list pick(struct router_batch *batch, bool is_new)
{
    struct list list = {router_batch_alloc(batch, (batch->tickets.count + 1) * sizeof(*list.items)),
                        0};
    for (size_t i = 0; i < batch->tickets.cap; i++) {
        struct router_ticket *ticket = batch->tickets.slots[i].value;
        if (!ticket || !ticket->change || (ticket->stored_version == 0) != is_new) continue;
        list.items[list.count++] = ticket;
    }
    if (list.count > 1) qsort(list.items, list.count, sizeof(*list.items), by_id);
    return list;
}

static struct sea_str joined_orders(struct router_batch *batch, const struct router_ticket *ticket)
{
    size_t len = 0;
    for (uint32_t i = 0; i < ticket->order_count; i++) len += ticket->orders[i].len + 1;
    char *text = router_batch_alloc(batch, len + 1);
    size_t at = 0;
    for (uint32_t i = 0; i < ticket->order_count; i++) {
        if (at) text[at++] = '\x1f';
        memcpy(text + at, ticket->orders[i].ptr, ticket->orders[i].len);
        at += ticket->orders[i].len;
    }
    return (struct sea_str){text, at};
}

static enum sea_err seal_subject(struct router_batch *batch, const struct router_ticket *ticket,
                                 struct sea_str *ret)
{
    struct sea_place place = {SEA_STR("router.ticket"), SEA_STR("sealed_subject"),
                              router_map_id(&ticket->id)};
    return router_seal_text(batch, ticket->home, &place, ticket->subject, ret);
}

#define COLUMN(type, add)                                                                          \
    SEA_PG_ARRAY(args, type, list.count, const struct router_ticket *t = list.items[i]; add)
#define TIME(field) COLUMN(SEA_PG_TIME, sea_pg_add_time(args, t->field))

static enum sea_err insert(struct router_batch *batch)
{
    struct sea_pg_args *args = &batch->tools->args;
    struct list list = pick(batch, true);
    enum sea_err err = SEA_OK;
    if (!list.count) return SEA_OK;
    struct sea_str *subjects = router_batch_alloc(batch, list.count * sizeof(*subjects));
    for (size_t i = 0; i < list.count && !err; i++) {
        sea_assert(list.items[i]->status == ROUTER_OPEN ||
                   list.items[i]->status == ROUTER_ASSIGNED);
        err = seal_subject(batch, list.items[i], &subjects[i]);
    }
    if (err) return err;
    sea_pg_args_reset(args);
    sea_pg_arg_time(args, batch->txn->now_ms);
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, t->id));
    COLUMN(SEA_PG_BYTES, sea_pg_add_key(args, t->home));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)t->number));
    COLUMN(SEA_PG_I64, sea_pg_add_i64(args, (int64_t)t->version));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)t->status));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, sea_str(t->market->code)));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, t->channel));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, t->account));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, t->language));
    COLUMN(SEA_PG_BOOL, sea_pg_add_bool(args, t->is_language_sure));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, t->priority));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, t->queue));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, joined_orders(batch, t)));
    COLUMN(SEA_PG_BYTES, router_arg_bytes(args, subjects[i]); (void)t);
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, t->assignee));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, t->tags.issue));
    TIME(acknowledged_at_ms);
    TIME(answered_at_ms);
    TIME(asked_at_ms);
    TIME(last_in_at_ms);
    TIME(sort_at_ms);
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, t->root));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)t->gone_month));
    return sea_pg_queue(batch->txn->pg, &INSERT, args);
}

static void update_arrays(struct router_batch *batch, struct list list)
{
    struct sea_pg_args *args = &batch->tools->args;
    sea_pg_args_reset(args);
    COLUMN(SEA_PG_UUID, sea_pg_add_uuid(args, t->id));
    COLUMN(SEA_PG_I64, sea_pg_add_i64(args, (int64_t)t->stored_version));
    COLUMN(SEA_PG_I64, sea_pg_add_i64(args, (int64_t)t->version));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)t->status));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, t->language));
    COLUMN(SEA_PG_BOOL, sea_pg_add_bool(args, t->is_language_sure));
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, t->priority));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, t->queue));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, t->assignee));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, joined_orders(batch, t)));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, t->tags.issue));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, t->tags.emotion));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, t->tags.version));
    COLUMN(SEA_PG_TEXT, sea_pg_add_text(args, t->tags.stage));
    TIME(asked_at_ms);
    TIME(asked_next_at_ms);
    TIME(last_in_at_ms);
    TIME(replied_at_ms);
    TIME(acknowledged_at_ms);
    TIME(answered_at_ms);
    TIME(resolved_at_ms);
    TIME(snoozed_until_ms);
    TIME(sort_at_ms);
    TIME(due_at_ms);
    COLUMN(SEA_PG_I32, sea_pg_add_i32(args, (int32_t)t->gone_month));
}
#undef TIME
#undef COLUMN

static enum sea_err update(struct router_batch *batch)
{
    struct list list = pick(batch, false);
    PGresult *rows = NULL;
    if (!list.count) return SEA_OK;
    update_arrays(batch, list);
    enum sea_err err = sea_pg_query(batch->txn->pg, &UPDATE, &batch->tools->args, &rows);
    if (err) return err;
    bool is_whole = sea_pg_changed(rows) == (int64_t)list.count;
    sea_pg_clear(&rows);
    if (is_whole) return SEA_OK;
    sea_metric_inc(&sea_m_router_conflicts_total);
    return SEA_ERR_RETRY;
}

enum sea_err router_write_tickets(struct router_batch *batch)
{
    enum sea_err err = insert(batch);
    return err ? err : update(batch);
}
