/* router_calls.c: reads, decides and writes calls. */
#include "router_calls.h"

#include <string.h>

#include "router_metrics.h"
#include "router_open.h"
#include "router_person.h"
#include "router_profile.h"
#include "router_seal.h"
#include "router_write_parts.h"
#include "sea_id.h"

#define MONTH(name) "(date '1970-01-01' + make_interval(months => u." name "))::date"

static const struct sea_pg_stmt LOAD = {
    "router_calls",
    "SELECT call_id, home_key, ticket_id, version, is_outbound, outcome, rings, started_at,"
    " answered_at, ended_at, agent, sealed, created_at FROM call WHERE call_id = ANY ($1::uuid[])"};
static const struct sea_pg_stmt WRITE = {
    "router_write_calls",
    "INSERT INTO call AS c (call_id, home_key, ticket_id, version, is_outbound, outcome, rings,"
    " started_at, answered_at, ended_at, agent, sealed, created_at, recording_gone, gone)"
    " SELECT u.id, u.home, u.ticket, u.version, u.is_outbound, u.outcome, u.rings, u.started,"
    " u.answered, u.ended, u.agent, u.sealed, u.created, " MONTH("recording_month") ", " MONTH(
        "month") " FROM unnest($1::uuid[], $2::bytea[], $3::uuid[], $4::bigint[], $5::bool[],"
                 " $6::int[], $7::int[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[],"
                 " $11::text[], $12::bytea[], $13::timestamptz[], $14::int[], $15::int[]) u (id,"
                 " home, ticket, version, is_outbound, outcome, rings, started, answered, ended,"
                 " agent, sealed, created, recording_month, month)"
                 " ON CONFLICT (call_id) DO UPDATE SET home_key = excluded.home_key,"
                 " ticket_id = excluded.ticket_id, version = excluded.version,"
                 " is_outbound = excluded.is_outbound, outcome = excluded.outcome,"
                 " rings = excluded.rings, started_at = excluded.started_at,"
                 " answered_at = excluded.answered_at, ended_at = excluded.ended_at,"
                 " agent = excluded.agent, sealed = excluded.sealed,"
                 " created_at = excluded.created_at, recording_gone = excluded.recording_gone,"
                 " gone = excluded.gone WHERE c.version = excluded.version - 1"};

bool router_item_is_call(const struct router_item *item)
{
    return item->kind == ROUTER_ITEM_CALL_CHANGED || item->kind == ROUTER_ITEM_CALL_ENDED;
}

static bool is_end(const struct router_item *item)
{
    return item->kind == ROUTER_ITEM_CALL_ENDED;
}

struct sea_str router_calls_agent(const struct router_item *item)
{
    return sea_str(is_end(item) ? item->call_ended->agent : item->call_changed->agent);
}

/* Nil: the record tells no number. */
static struct sea_key caller_of(const struct router_item *item)
{
    return router_key_of(is_end(item) ? item->call_ended->contact_key
                                      : item->call_changed->contact_key);
}

static struct router_call *call_of(const struct router_batch *batch, const struct router_item *item)
{
    return router_map_get(&batch->calls, router_map_id(&item->call_id));
}

static void add_call(struct router_batch *batch, struct router_call *call)
{
    *router_map_at(&batch->calls, router_map_id(&call->id)) = call;
}

static void read_call(struct router_batch *batch, const PGresult *rows, int i)
{
    struct router_call *call = router_batch_alloc(batch, sizeof(*call));
    int at = 0;
    call->id = sea_pg_uuid(rows, i, at++);
    call->home = call->sealed_for = sea_pg_key(rows, i, at++);
    call->ticket_id = sea_pg_uuid(rows, i, at++);
    call->stored_version = (uint64_t)sea_pg_i64(rows, i, at++);
    call->is_outbound = sea_pg_bool(rows, i, at++);
    call->outcome = (enum router_call_outcome)sea_pg_i64(rows, i, at++);
    call->rings = (uint32_t)sea_pg_i64(rows, i, at++);
    call->started_at_ms = sea_pg_time(rows, i, at++);
    call->answered_at_ms = sea_pg_time(rows, i, at++);
    call->ended_at_ms = sea_pg_time(rows, i, at++);
    call->agent = sea_pg_str(rows, i, at++);
    call->sealed = sea_pg_str(rows, i, at++);
    call->created_at_ms = sea_pg_time(rows, i, at++);
    add_call(batch, call);
}

static enum sea_err load_rows(struct router_batch *batch)
{
    struct sea_pg_args *args = &batch->tools->args;
    PGresult *rows = NULL;
    size_t count = 0;
    sea_pg_args_reset(args);
    sea_pg_array_begin(args, SEA_PG_UUID);
    for (size_t i = 0; i < batch->item_count; i++) {
        if (!router_item_is_call(&batch->items[i])) continue;
        sea_pg_add_uuid(args, batch->items[i].call_id);
        count++;
    }
    sea_pg_array_end(args);
    if (!count) return SEA_OK;
    enum sea_err err = sea_pg_query(batch->txn->pg, &LOAD, args, &rows);
    if (err) return err;
    router_batch_keep(batch, rows);
    for (int i = 0; i < sea_pg_count(rows); i++) read_call(batch, rows, i);
    return SEA_OK;
}

/* A call without a ticket is its caller's as soon as one is told. */
static void settle(struct router_batch *batch, const struct router_item *item, struct sea_key home)
{
    struct router_call *call = call_of(batch, item);
    if (!call) {
        call = router_batch_alloc(batch, sizeof(*call));
        call->id = item->call_id;
        call->created_at_ms = batch->txn->now_ms;
        add_call(batch, call);
    }
    if (sea_uuid_is_nil(call->ticket_id)) call->home = home;
}

enum sea_err router_calls_load(struct router_batch *batch, struct router_keys *ret)
{
    enum sea_err err = load_rows(batch);
    if (err) return err;
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct router_item *item = &batch->items[i];
        if (router_item_is_call(item) && !sea_key_is_nil(caller_of(item)))
            settle(batch, item, caller_of(item));
    }
    for (size_t i = 0; i < batch->item_count; i++) {
        struct router_item *item = &batch->items[i];
        struct sea_key own;
        if (!router_item_is_call(item)) continue;
        if (!call_of(batch, item)) {
            if (!sea_key_parse(item->record->key, &own)) {
                item->kind = ROUTER_ITEM_SKIPPED;
                sea_txn_refuse(batch->txn, item->record, "malformed");
                continue;
            }
            settle(batch, item, own);
        }
        const struct router_call *call = call_of(batch, item);
        item->contact = call->home;
        item->ticket_id = call->ticket_id;
        router_keys_add(ret, call->home);
        router_keys_add(ret, call->sealed_for);
    }
    return SEA_OK;
}

void router_calls_forget(struct router_batch *batch)
{
    for (size_t i = 0; i < batch->item_count; i++) {
        struct router_item *item = &batch->items[i];
        struct router_call *call = router_item_is_call(item) ? call_of(batch, item) : NULL;
        if (!call || !call->stored_version) continue;
        const struct router_forgotten *gone =
            router_map_get(&batch->forgotten, router_map_key(&call->sealed_for));
        if (!gone || call->created_at_ms > gone->at_ms) continue;
        *call = (struct router_call){.id = call->id,
                                     .home = call->home,
                                     .stored_version = call->stored_version,
                                     .created_at_ms = batch->txn->now_ms};
    }
    for (size_t i = 0; i < batch->item_count; i++)
        if (router_item_is_call(&batch->items[i]))
            batch->items[i].ticket_id = call_of(batch, &batch->items[i])->ticket_id;
}

void router_calls_meet(struct router_batch *batch, const struct router_item *item)
{
    struct router_contact *contact = router_batch_contact(batch, item->contact);
    bool is_new = !contact;
    if (is_new)
        contact = router_batch_new_contact(batch, item->contact, "phone",
                                           is_end(item) ? item->call_ended->account
                                                        : item->call_changed->account);
    if (!contact->sealed.len && !contact->is_opened && sea_key_eq(caller_of(item), item->contact)) {
        contact->is_opened = contact->is_changed = true;
        contact->address = sea_str(item->call_body->number);
        contact->phone =
            router_person_phone(&batch->plan, contact->channel, contact->address, contact->address);
        router_profile_hash(batch, contact);
    }
    if (!is_new) return;
    router_person_meet(&batch->plan, contact);
    router_batch_add_contact(batch, contact);
}

static void read_change(const struct router_item *item, int64_t received_at_ms,
                        struct router_call_news *ret)
{
    const Seadesk__V1__CallChanged *from = item->call_changed;
    int64_t at_ms = from->at_ms ? from->at_ms : received_at_ms;
    ret->is_outbound = from->direction == SEADESK__V1__CALL_DIRECTION__CALL_OUTBOUND;
    ret->is_historical = from->is_historical;
    ret->rings = from->rings;
    ret->state = ROUTER_RINGING;
    if (from->state == SEADESK__V1__CALL_STATE__CALL_TAKEN) ret->state = ROUTER_TAKEN;
    if (from->state == SEADESK__V1__CALL_STATE__CALL_RECORDED) ret->state = ROUTER_RECORDED;
    if (ret->state == ROUTER_RINGING) ret->started_at_ms = at_ms;
    if (ret->state == ROUTER_TAKEN) ret->answered_at_ms = at_ms;
}

static void read_end(const struct router_item *item, int64_t received_at_ms,
                     struct router_call_news *ret)
{
    const Seadesk__V1__CallEnded *from = item->call_ended;
    bool is_known = from->outcome >= SEADESK__V1__CALL_OUTCOME__CALL_ANSWERED &&
                    from->outcome <= SEADESK__V1__CALL_OUTCOME__CALL_FAILED;
    ret->state = ROUTER_OVER;
    ret->is_outbound = from->direction == SEADESK__V1__CALL_DIRECTION__CALL_OUTBOUND;
    ret->is_historical = from->is_historical;
    ret->rings = from->rings;
    ret->outcome = is_known ? (enum router_call_outcome)from->outcome : ROUTER_CALL_MISSED;
    ret->started_at_ms = from->started_at_ms;
    ret->answered_at_ms = from->answered_at_ms;
    ret->ended_at_ms = from->ended_at_ms ? from->ended_at_ms : received_at_ms;
}

static void count(struct router_batch *batch, const struct router_ticket *before,
                  const struct router_ticket *after, const struct router_call *call)
{
    const char *outcome = "aside";
    if (after && !sea_uuid_is_nil(call->ticket_id))
        outcome = after == before ? "continued" : "opened";
    router_count(&batch->tools->counts, &sea_m_router_calls_total, outcome);
}

void router_calls_decide(struct router_batch *batch, const struct router_item *item)
{
    struct router_contact *contact = router_batch_contact(batch, item->contact);
    struct router_call *call = call_of(batch, item);
    struct router_call_news news = {.cause = &item->cause,
                                    .agent = router_calls_agent(item),
                                    .recording = sea_str(item->call_body->recording),
                                    .order_id = item->order_id};
    int64_t received_at_ms = item->at_ms + batch->txn->shift_ms;
    if (is_end(item))
        read_end(item, received_at_ms, &news);
    else
        read_change(item, received_at_ms, &news);
    struct router_ticket *before =
        sea_uuid_is_nil(call->ticket_id)
            ? router_map_get(&batch->newest, router_map_key(&contact->key))
            : router_batch_ticket(batch, call->ticket_id);
    if (before && !before->contact) before = NULL; /* its customer was forgotten */
    struct router_ticket *ticket = before;
    router_call_take(&batch->plan, &news, contact, call, &ticket);
    if (ticket && ticket != before) {
        *router_map_at(&batch->newest, router_map_key(&contact->key)) = ticket;
        router_batch_add_ticket(batch, ticket);
    }
    count(batch, before, ticket, call);
}

void router_calls_want(const struct router_batch *batch, struct router_keys *ret)
{
    for (size_t i = 0; i < batch->calls.cap; i++) {
        const struct router_call *call = batch->calls.slots[i].value;
        if (call && call->is_changed) router_keys_add(ret, call->home);
    }
}

/* The recording under its home's key; what waited for its caller lies under another's. */
static enum sea_err seal(struct router_batch *batch, struct router_call *call)
{
    struct sea_place place = {SEA_STR("router.call"), SEA_STR("sealed"), router_map_id(&call->id)};
    enum sea_err err = SEA_OK;
    if (call->sealed.len && !sea_key_eq(call->sealed_for, call->home))
        err = router_open_text(batch, call->sealed_for, &place, call->sealed, &call->recording);
    if (err || !call->recording.len) return err;
    return router_seal_text(batch, call->home, &place, call->recording, &call->sealed);
}

static void fill(struct router_batch *batch, struct router_call *const *calls, size_t count)
{
    struct sea_pg_args *args = &batch->tools->args;
    int64_t now_ms = batch->txn->now_ms;
    sea_pg_args_reset(args);
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, sea_pg_add_uuid(args, calls[i]->id));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count, sea_pg_add_key(args, calls[i]->home));
    SEA_PG_ARRAY(args, SEA_PG_UUID, count, router_arg_uuid(args, calls[i]->ticket_id));
    SEA_PG_ARRAY(args, SEA_PG_I64, count,
                 sea_pg_add_i64(args, (int64_t)calls[i]->stored_version + 1));
    SEA_PG_ARRAY(args, SEA_PG_BOOL, count, sea_pg_add_bool(args, calls[i]->is_outbound));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)calls[i]->outcome));
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)calls[i]->rings));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, calls[i]->started_at_ms));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, calls[i]->answered_at_ms));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, calls[i]->ended_at_ms));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, count, sea_pg_add_text(args, calls[i]->agent));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, count, router_arg_bytes(args, calls[i]->sealed));
    SEA_PG_ARRAY(args, SEA_PG_TIME, count, sea_pg_add_time(args, calls[i]->created_at_ms));
    SEA_PG_ARRAY(args, SEA_PG_I32, count,
                 sea_pg_add_i32(args, (int32_t)router_gone_month_of(calls[i]->market,
                                                                    SEA_RETAIN_RECORDING, now_ms)));
    SEA_PG_ARRAY(args, SEA_PG_I32, count,
                 sea_pg_add_i32(args, (int32_t)router_gone_month(calls[i]->market, now_ms)));
}

enum sea_err router_calls_write(struct router_batch *batch)
{
    struct router_call **calls =
        router_batch_alloc(batch, (batch->calls.count + 1) * sizeof(*calls));
    size_t count = 0;
    enum sea_err err = SEA_OK;
    PGresult *rows = NULL;
    for (size_t i = 0; i < batch->calls.cap && !err; i++) {
        struct router_call *call = batch->calls.slots[i].value;
        if (!call || !call->is_changed) continue;
        calls[count++] = call;
        err = seal(batch, call);
    }
    if (err || !count) return err;
    fill(batch, calls, count);
    err = sea_pg_query(batch->txn->pg, &WRITE, &batch->tools->args, &rows);
    if (err) return err;
    bool is_whole = sea_pg_changed(rows) == (int64_t)count;
    sea_pg_clear(&rows);
    if (is_whole) return SEA_OK;
    sea_metric_inc(&sea_m_router_conflicts_total);
    return SEA_ERR_RETRY;
}
