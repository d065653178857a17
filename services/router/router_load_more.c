/* router_load_more.c: orders, notices, messages, outcomes and agents. */
#include <string.h>

#include "router_codes.h"
#include "router_load.h"
#include "sea_id.h"

static const struct sea_pg_stmt ORDERS = {
    "router_orders",
    "SELECT o.order_id, o.crm_key, o.market, o.milestone, o.milestone_at, o.exception, o.reason,"
    " o.expected_at, o.since_at, o.version, c.customer_id"
    " FROM (SELECT * FROM known_order WHERE order_id = ANY ($1::text[])"
    "   UNION SELECT * FROM known_order WHERE crm_key = ANY ($2::bytea[])) o"
    " LEFT JOIN contact c ON c.contact_key = o.crm_key"};
static const struct sea_pg_stmt NOTICES = {
    "router_notices",
    "SELECT n.order_id, n.about, n.parcel_id, n.state, n.crm_key, n.collapse_key, n.at,"
    " n.message_id, n.draft_id, n.to_key, n.give_up_at, m.delivery_state, n.due, n.event_id,"
    " n.root_id, n.\"offset\", n.number"
    " FROM notice n LEFT JOIN message m"
    "   ON m.message_id = n.message_id AND m.gone = gone_of(n.message_id)"
    " WHERE n.order_id = ANY ($1::text[])"};
static const struct sea_pg_stmt SENT = {
    "router_sent",
    "SELECT m.message_id, m.ticket_id, m.home_key, m.kind, m.language, m.sealed, m.routed_at,"
    " m.agent, m.draft_id, m.redraft, m.template, m.to_key, m.delivery_state, m.delivery_version,"
    " m.root_id"
    " FROM unnest($1::uuid[]) k (id) JOIN message m ON m.message_id = k.id AND m.gone = "
    "gone_of(k.id)"};
static const struct sea_pg_stmt OUTCOMES = {
    "router_outcomes", "SELECT command_id, body_hash, ticket_id, reason, version FROM command"
                       " WHERE command_id = ANY ($1::uuid[])"};
static const struct sea_pg_stmt AGENTS = {
    "router_agents",
    "SELECT a.agent, a.name, a.state, a.weight, a.limits, a.load, a.counts, a.lease_until,"
    " a.version, array_to_string(v.skills, ',')"
    " FROM agent a LEFT JOIN desk.agent_v v ON v.\"user\" = a.agent"
    " WHERE a.agent = ANY ($1::text[]) ORDER BY a.agent FOR UPDATE OF a"};
static const struct sea_pg_stmt ACCOUNTS = {
    "router_accounts", "SELECT \"user\" FROM desk.agent_v WHERE \"user\" = ANY ($1::text[])"};

static void text_array(struct sea_pg_args *args, const struct router_texts *texts)
{
    SEA_PG_ARRAY(args, SEA_PG_TEXT, texts->count, sea_pg_add_text(args, texts->items[i]));
}

static enum sea_err run(struct router_batch *batch, const struct sea_pg_stmt *stmt, PGresult **ret)
{
    enum sea_err err = sea_pg_query(batch->txn->pg, stmt, &batch->tools->args, ret);
    if (!err) router_batch_keep(batch, *ret);
    return err;
}

static void read_order(struct router_batch *batch, const PGresult *rows, int i)
{
    struct router_order *order = router_map_get(&batch->orders, sea_pg_str(rows, i, 0));
    if (!order) {
        order = router_batch_alloc(batch, sizeof(*order));
        order->id = sea_pg_str(rows, i, 0);
        order->crm = sea_pg_key(rows, i, 1);
        order->market = sea_pg_str(rows, i, 2);
        order->milestone = (uint32_t)sea_pg_i64(rows, i, 3);
        order->milestone_at_ms = sea_pg_time(rows, i, 4);
        order->exception = (uint32_t)sea_pg_i64(rows, i, 5);
        order->reason = sea_pg_str(rows, i, 6);
        order->expected_at_ms = sea_pg_time(rows, i, 7);
        order->since_ms = sea_pg_time(rows, i, 8);
        order->version = (uint64_t)sea_pg_i64(rows, i, 9);
        order->customer = sea_pg_uuid(rows, i, 10);
        order->is_stored = true;
        *router_map_at(&batch->orders, order->id) = order;
    }
    if (sea_uuid_is_nil(order->customer)) return;
    struct router_customer *customer = router_batch_customer(batch, order->customer);
    for (uint32_t n = 0; n < customer->order_count; n++)
        if (customer->orders[n] == order) return;
    if (customer->order_count < ROUTER_OWN_MAX) customer->orders[customer->order_count++] = order;
}

enum sea_err router_load_orders(struct router_batch *batch, const struct router_texts *ids,
                                const struct router_keys *crm)
{
    struct sea_pg_args *args = &batch->tools->args;
    PGresult *rows = NULL;
    if (!ids->count && !crm->count) return SEA_OK;
    sea_pg_args_reset(args);
    text_array(args, ids);
    SEA_PG_ARRAY(args, SEA_PG_BYTES, crm->count, sea_pg_add_key(args, crm->items[i]));
    enum sea_err err = run(batch, &ORDERS, &rows);
    for (int i = 0; !err && i < sea_pg_count(rows); i++) read_order(batch, rows, i);
    return err;
}

static void read_notice(struct router_batch *batch, const PGresult *rows, int i)
{
    struct router_notice *notice = router_batch_alloc(batch, sizeof(*notice));
    struct router_cause *cause = router_batch_alloc(batch, sizeof(*cause));
    notice->order_id = sea_pg_str(rows, i, 0);
    notice->about = sea_pg_str(rows, i, 1);
    notice->parcel_id = sea_pg_str(rows, i, 2);
    notice->state = (enum router_notice_state)sea_pg_i64(rows, i, 3);
    notice->crm = sea_pg_key(rows, i, 4);
    notice->collapse_key = sea_pg_str(rows, i, 5);
    notice->at_ms = sea_pg_time(rows, i, 6);
    notice->message_id = sea_pg_uuid(rows, i, 7);
    notice->draft_id = sea_pg_uuid(rows, i, 8);
    notice->to = sea_pg_key(rows, i, 9);
    notice->give_up_at_ms = sea_pg_time(rows, i, 10);
    notice->delivery = (enum router_delivery)sea_pg_i64(rows, i, 11);
    notice->record = sea_pg_str(rows, i, 12);
    cause->id = sea_pg_uuid(rows, i, 13);
    cause->root = sea_pg_uuid(rows, i, 14);
    cause->topic = sea_topic_info(SEA_TOPIC_TIMELINES)->name;
    cause->offset = sea_pg_i64(rows, i, 15);
    cause->number = (uint32_t)sea_pg_i64(rows, i, 16);
    notice->cause = cause;
    notice->is_stored = true;
    router_batch_add_notice(batch, notice);
}

enum sea_err router_load_notices(struct router_batch *batch, const struct router_texts *orders)
{
    PGresult *rows = NULL;
    if (!orders->count) return SEA_OK;
    sea_pg_args_reset(&batch->tools->args);
    text_array(&batch->tools->args, orders);
    enum sea_err err = run(batch, &NOTICES, &rows);
    for (int i = 0; !err && i < sea_pg_count(rows); i++) read_notice(batch, rows, i);
    return err;
}

static void read_sent(struct router_batch *batch, const PGresult *rows, int i)
{
    struct router_sent *sent = router_batch_alloc(batch, sizeof(*sent));
    int at = 0;
    sent->id = sea_pg_uuid(rows, i, at++);
    sent->ticket_id = sea_pg_uuid(rows, i, at++);
    sent->home = sea_pg_key(rows, i, at++);
    sent->class = router_class_of((int)sea_pg_i64(rows, i, at++));
    sent->language = sea_pg_str(rows, i, at++);
    sent->sealed = sea_pg_str(rows, i, at++);
    sent->has_words = sent->sealed.len > 0;
    sent->drafted_at_ms = sea_pg_time(rows, i, at++);
    sent->agent = sea_pg_str(rows, i, at++);
    sent->draft_id = sea_pg_uuid(rows, i, at++);
    sent->redraft = (uint32_t)sea_pg_i64(rows, i, at++);
    sent->template = sea_pg_str(rows, i, at++);
    sent->to = sea_pg_key(rows, i, at++);
    sent->state = (enum router_delivery)sea_pg_i64(rows, i, at++);
    sent->version = (uint64_t)sea_pg_i64(rows, i, at++);
    sent->root = sea_pg_uuid(rows, i, at++);
    *router_map_at(&batch->sent, router_map_id(&sent->id)) = sent;
}

enum sea_err router_load_sent(struct router_batch *batch, const struct router_keys *messages)
{
    PGresult *rows = NULL;
    if (!messages->count) return SEA_OK;
    sea_pg_args_reset(&batch->tools->args);
    router_keys_arg(&batch->tools->args, messages);
    enum sea_err err = run(batch, &SENT, &rows);
    for (int i = 0; !err && i < sea_pg_count(rows); i++) read_sent(batch, rows, i);
    return err;
}

enum sea_err router_load_outcomes(struct router_batch *batch, const struct router_keys *commands)
{
    PGresult *rows = NULL;
    if (!commands->count) return SEA_OK;
    sea_pg_args_reset(&batch->tools->args);
    router_keys_arg(&batch->tools->args, commands);
    enum sea_err err = run(batch, &OUTCOMES, &rows);
    for (int i = 0; !err && i < sea_pg_count(rows); i++) {
        struct router_outcome *known = router_batch_alloc(batch, sizeof(*known));
        struct sea_str hash = sea_pg_str(rows, i, 1);
        known->command_id = sea_pg_uuid(rows, i, 0);
        if (hash.len == sizeof(known->body_hash)) memcpy(known->body_hash, hash.ptr, hash.len);
        known->ticket_id = sea_pg_uuid(rows, i, 2);
        known->reason = sea_arena_dup(batch->txn->arena, sea_pg_str(rows, i, 3));
        known->version = (uint64_t)sea_pg_i64(rows, i, 4);
        sea_assert(known->reason);
        *router_map_at(&batch->known, router_map_id(&known->command_id)) = known;
    }
    return err;
}

enum sea_err router_load_agents(struct router_batch *batch, const struct router_texts *users)
{
    PGresult *rows = NULL;
    if (!users->count) return SEA_OK;
    sea_pg_args_reset(&batch->tools->args);
    text_array(&batch->tools->args, users);
    enum sea_err err = run(batch, &AGENTS, &rows);
    for (int i = 0; !err && i < sea_pg_count(rows); i++) {
        struct router_agent *agent = router_batch_alloc(batch, sizeof(*agent));
        agent->user = sea_pg_str(rows, i, 0);
        agent->name = sea_pg_str(rows, i, 1);
        agent->state = (enum router_presence)sea_pg_i64(rows, i, 2);
        agent->weight = (uint32_t)sea_pg_i64(rows, i, 3);
        agent->load = (uint32_t)sea_pg_i64(rows, i, 5);
        router_limits_parse(agent, sea_pg_str(rows, i, 4), sea_pg_str(rows, i, 6));
        agent->lease_until_ms = sea_pg_time(rows, i, 7);
        agent->version = (uint64_t)sea_pg_i64(rows, i, 8);
        agent->skills = sea_pg_str(rows, i, 9);
        agent->is_stored = true;
        *router_map_at(&batch->agents, agent->user) = agent;
    }
    /* Who holds a ticket always has a row; somebody new gets one. */
    for (size_t i = 0; !err && i < users->count; i++)
        router_dispatch_agent(&batch->plan, users->items[i]);
    return err;
}

enum sea_err router_load_accounts(struct router_batch *batch, const struct router_texts *users)
{
    PGresult *rows = NULL;
    if (!users->count) return SEA_OK;
    sea_pg_args_reset(&batch->tools->args);
    text_array(&batch->tools->args, users);
    enum sea_err err = run(batch, &ACCOUNTS, &rows);
    for (int i = 0; !err && i < sea_pg_count(rows); i++)
        router_dispatch_agent(&batch->plan, sea_pg_str(rows, i, 0))->has_account = true;
    return err;
}
