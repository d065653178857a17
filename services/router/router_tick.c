/* router_tick.c: what the clock brings: offers run out, snoozes end, resolved tickets close,
 * notices that wait for a profile, proofs of erasure, months of messages to come. */
#include <stdlib.h>

#include "router_decide.h"
#include "router_gather.h"
#include "router_load.h"
#include "router_metrics.h"
#include "router_shell.h"
#include "router_write.h"
#include "sea_clock.h"
#include "sea_crash.h"
#include "sea_erasure.h"
#include "sea_id.h"
#include "sea_log.h"

enum { MONTHS_MS = 3600 * 1000, ERASURES_MS = 1000, DUE_MOST = 200 };

static const struct sea_pg_stmt DUE_NUMBERS = {
    "router_due_numbers", "SELECT clock.now_ms(), array_to_string(ARRAY("
                          " SELECT DISTINCT number FROM ticket WHERE number = ANY ($1::int[])"
                          "   AND due_at <= to_timestamp(clock.now_ms() / 1000.0)"
                          " UNION SELECT DISTINCT number FROM notice WHERE number = ANY ($1::int[])"
                          "   AND due_at <= to_timestamp(clock.now_ms() / 1000.0)), ',')"};
static const struct sea_pg_stmt DUE_NOTICES = {
    "router_due_notices", "SELECT DISTINCT order_id FROM notice"
                          " WHERE number = ANY ($1::int[]) AND due_at <= $2 LIMIT $3"};

struct due {
    struct router *router;
    uint32_t numbers[SEA_PARTITIONS];
    size_t count;
};

static struct router_cause *cause_of(struct router_batch *batch, const struct router_ticket *ticket)
{
    struct router_cause *cause = router_batch_alloc(batch, sizeof(*cause));
    cause->id = sea_uuid_derive(ticket->id, "due", (uint32_t)ticket->version);
    cause->root = ticket->root;
    cause->number = ticket->number;
    return cause;
}

static void add_numbers(struct sea_pg_args *args, const uint32_t *numbers, size_t count)
{
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)numbers[i]));
}

static enum sea_err due_tickets(struct router_batch *batch, const struct due *due)
{
    struct router_texts users;
    router_texts_init(&users, batch->txn->arena);
    enum sea_err err = router_load_due(batch, due->numbers, due->count);
    for (size_t i = 0; !err && i < batch->tickets.cap; i++) {
        const struct router_ticket *ticket = batch->tickets.slots[i].value;
        if (ticket) router_texts_add(&users, ticket->assignee);
    }
    if (!err) err = router_load_agents(batch, &users);
    for (size_t i = 0; !err && i < batch->tickets.cap; i++) {
        struct router_ticket *ticket = batch->tickets.slots[i].value;
        if (!ticket) continue;
        if (ticket->status == ROUTER_OFFERED)
            router_count(&batch->tools->counts, &sea_m_router_offers_total, "expired");
        router_dispatch_due(&batch->plan, ticket, cause_of(batch, ticket));
    }
    return err;
}

/* The orders that have a notice due, with all their notices. */
static enum sea_err load_notices(struct router_batch *batch, const struct due *due)
{
    struct sea_pg_args *args = &batch->tools->args;
    struct router_texts orders;
    PGresult *rows = NULL;
    router_texts_init(&orders, batch->txn->arena);
    sea_pg_args_reset(args);
    add_numbers(args, due->numbers, due->count);
    sea_pg_arg_time(args, batch->txn->now_ms);
    sea_pg_arg_i64(args, DUE_MOST);
    enum sea_err err = sea_pg_query(batch->txn->pg, &DUE_NOTICES, args, &rows);
    if (err) return err;
    router_batch_keep(batch, rows);
    for (int i = 0; i < sea_pg_count(rows); i++) router_texts_add(&orders, sea_pg_str(rows, i, 0));
    return router_load_notices(batch, &orders);
}

static size_t waiting(struct router_batch *batch, struct router_notice **ret)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->notices.cap; i++) {
        const struct router_notices *of_order = batch->notices.slots[i].value;
        for (uint32_t n = 0; of_order && n < of_order->count; n++)
            if (of_order->items[n]->state == ROUTER_NOTICE_WAITS) {
                if (ret) ret[count] = of_order->items[n];
                count++;
            }
    }
    return count;
}

static enum sea_err due_notices(struct router_batch *batch, const struct due *due)
{
    enum sea_err err = load_notices(batch, due);
    if (err) return err;
    size_t count = waiting(batch, NULL);
    struct router_notice **list = router_batch_alloc(batch, (count + 1) * sizeof(*list));
    waiting(batch, list);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (router_decide_fill(batch, list[i])) list[kept++] = list[i];
    }
    err = router_gather_notices(batch, list, kept);
    for (size_t i = 0; !err && i < kept; i++) router_decide_notice(batch, list[i]);
    return err;
}

static enum sea_err work_due(void *arg, struct sea_txn *txn)
{
    const struct due *due = arg;
    struct router_batch batch;
    router_batch_init(&batch, &due->router->tools, txn);
    enum sea_err err = due_tickets(&batch, due);
    if (!err) err = due_notices(&batch, due);
    if (!err) err = router_shell_finish(due->router, &batch);
    router_batch_free(&batch);
    return err;
}

static void parse_numbers(struct sea_str text, struct due *due)
{
    uint32_t n = 0;
    bool is_any = false;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9') {
            n = n * 10 + (uint32_t)(text.ptr[i] - '0');
            is_any = true;
            continue;
        }
        if (is_any && n < SEA_PARTITIONS && due->count < SEA_PARTITIONS)
            due->numbers[due->count++] = n;
        n = 0;
        is_any = false;
    }
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* False: PostgreSQL is away, or nothing is owned. */
static bool look(struct router *router, struct due *due, int64_t *ret_now_ms)
{
    struct sea_pg_args *args = &router->tools.args;
    uint32_t owned[SEA_NUMBERS];
    PGresult *rows = NULL;
    size_t count = sea_worker_owned(router->worker, owned);
    if (!count) return false;
    sea_pg_args_reset(args);
    add_numbers(args, owned, count);
    if (sea_pg_query(sea_worker_pg(router->worker), &DUE_NUMBERS, args, &rows)) return false;
    *ret_now_ms = sea_pg_i64(rows, 0, 0);
    parse_numbers(sea_pg_str(rows, 0, 1), due);
    sea_pg_clear(&rows);
    if (due->count > 1) qsort(due->numbers, due->count, sizeof(due->numbers[0]), by_number);
    return true;
}

static bool is_time(int64_t *last_ms, int64_t every_ms)
{
    int64_t now_ms = sea_clock_mono_ms();
    if (*last_ms && now_ms - *last_ms < every_ms) return false;
    *last_ms = now_ms;
    return true;
}

void router_tick(void *ctx)
{
    struct router *router = ctx;
    struct due due = {.router = router};
    int64_t now_ms = 0;
    if (!look(router, &due, &now_ms)) return;
    if (is_time(&router->months_at_ms, MONTHS_MS) &&
        router_write_months(&router->tools, sea_worker_pg(router->worker), now_ms))
        router->months_at_ms = 0;
    if (due.count) {
        SEA_CRASHPOINT("router.due");
        /* What fails stays due. */
        if (sea_worker_transact(router->worker, due.numbers, due.count, work_due, &due))
            sea_log(SEA_LOG_WARN, "due rows wait", SEA_F_U64("numbers", due.count));
    }
    if (router->is_roster_stale) router_reconcile_agents(router);
    if (is_time(&router->reconciled_at_ms, router->own.reconcile_ms))
        router_reconcile(router, now_ms);
    router_offer_ask(router, now_ms);
    if (is_time(&router->erasures_at_ms, ERASURES_MS)) sea_erasure_publish(router->worker);
}
