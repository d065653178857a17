/* router_reconcile.c: compares the queues of Redis with the tickets that wait in PostgreSQL, adds
 * what is missing and removes what doesn't wait, and tells Redis offers and agents as they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router_codes.h"
#include "router_load.h"
#include "router_metrics.h"
#include "router_shell.h"
#include "router_write.h"
#include "sea_clock.h"
#include "sea_id.h"
#include "sea_log.h"
#include "sea_random.h"

enum { WHOLE_MS = 60 * 1000, ARENA_MAX = 512 * 1024 * 1024, MARK_TEXT = 64 };
static const struct sea_str MARK_LIFE_MS = {"600000", 6}; /* set again every WHOLE_MS */

static const struct sea_pg_stmt WAITING = {
    "router_waiting", "SELECT ticket_id, number, channel, queue, priority, sort_at, opened_at"
                      " FROM ticket WHERE number = ANY ($1::int[]) AND is_active AND status = 1"};
static const struct sea_pg_stmt OFFERED = {
    "router_offered", "SELECT ticket_id, assignee, due_at FROM ticket"
                      " WHERE number = ANY ($1::int[]) AND is_active AND status = 2"};
static const struct sea_pg_stmt STILL_WAITING = {
    "router_still_waiting", "SELECT ticket_id, queue FROM ticket"
                            " WHERE ticket_id = ANY ($1::uuid[]) AND status = 1"};
static const struct sea_pg_stmt ROSTER = {
    "router_roster",
    "SELECT a.agent, a.name, a.state, a.weight, a.limits, a.load, a.counts, a.lease_until,"
    " a.version, array_to_string(v.queues, ','), array_to_string(v.skills, ',') FROM agent a"
    " LEFT JOIN desk.agent_v v ON v.\"user\" = a.agent ORDER BY a.agent"};
static const struct sea_pg_stmt CARRIED = {
    "router_carried", "SELECT a.agent, a.load, t.channel, t.n FROM agent a LEFT JOIN LATERAL ("
                      " SELECT channel, count(*) AS n FROM ticket WHERE is_active"
                      " AND assignee = a.agent AND status IN (2, 3) GROUP BY channel) t ON true"
                      " ORDER BY a.agent"};

/* One queue of Redis on its way to be compared. */
struct comparison {
    struct router_reconciler *reconciler;
    const char *queue;
    struct router_waiting *want;
    size_t want_count;
};

struct router_reconciler {
    struct router *router;
    struct sea_arena arena; /* of the comparison in hand */
    struct comparison *comparisons;
    size_t count, open; /* queues to compare, and answers still to come */
    bool is_wanted;     /* wholly, at the next look */
    int64_t whole_at_ms;
    char mark[MARK_TEXT]; /* a key of its own: another instance rebuilds only its numbers */
};

void router_reconcile_open(struct router *router)
{
    struct router_reconciler *reconciler = sea_alloc(sizeof(*reconciler));
    reconciler->router = router;
    reconciler->arena = (struct sea_arena)SEA_ARENA(ARENA_MAX);
    reconciler->is_wanted = true;
    char id[SEA_UUID_TEXT];
    sea_uuid_print(sea_random_uuid7(), id);
    snprintf(reconciler->mark, sizeof(reconciler->mark), "sd:mark:router:%s", id);
    router->reconciler = reconciler;
}

void router_reconcile_close(struct router *router)
{
    if (!router->reconciler) return;
    sea_arena_free(&router->reconciler->arena);
    free(router->reconciler);
    router->reconciler = NULL;
}

void router_reconcile_wholly(struct router *router)
{
    if (router->reconciler) router->reconciler->is_wanted = true;
}

static void told(void *arg, enum sea_err err, const redisReply *reply)
{
    struct router_reconciler *reconciler = arg;
    (void)reply;
    if (err) reconciler->is_wanted = true;
}

static int by_member(const void *a, const void *b)
{
    const struct router_waiting *x = a, *y = b;
    size_t least = x->member.len < y->member.len ? x->member.len : y->member.len;
    int order = least ? memcmp(x->member.ptr, y->member.ptr, least) : 0;
    return order ? order : (x->member.len > y->member.len) - (x->member.len < y->member.len);
}

static void sort(struct router_waiting *items, size_t count)
{
    if (count > 1) qsort(items, count, sizeof(*items), by_member);
}

/* Members that this instance doesn't want may be another's: PostgreSQL tells whether they wait
 * here. */
static void remove_strangers(struct comparison *comparison, struct sea_str *members, size_t count)
{
    struct router_reconciler *reconciler = comparison->reconciler;
    struct router *router = reconciler->router;
    struct sea_pg_args *args = &router->tools.args;
    struct router_map waiting;
    PGresult *rows = NULL;
    router_map_init(&waiting, &reconciler->arena);
    sea_pg_args_reset(args);
    sea_pg_array_begin(args, SEA_PG_UUID);
    for (size_t i = 0; i < count; i++) {
        struct sea_uuid id;
        uint32_t number;
        if (router_member_parse(members[i], &id, &number)) sea_pg_add_uuid(args, id);
    }
    sea_pg_array_end(args);
    if (sea_pg_query(sea_worker_pg(router->worker), &STILL_WAITING, args, &rows)) {
        reconciler->is_wanted = true;
        return;
    }
    for (int i = 0; i < sea_pg_count(rows); i++)
        if (sea_str_is(sea_pg_str(rows, i, 1), comparison->queue)) {
            char id[SEA_UUID_TEXT];
            sea_uuid_print(sea_pg_uuid(rows, i, 0), id);
            *router_map_at(&waiting, sea_arena_str(&reconciler->arena, sea_str(id))) = reconciler;
        }
    sea_pg_clear(&rows);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct sea_str id = {members[i].ptr, SEA_UUID_TEXT - 1};
        if (members[i].len < id.len || !router_map_get(&waiting, id)) members[kept++] = members[i];
    }
    if (!kept) return;
    sea_metric_add(&sea_m_router_queue_repairs_total, (double)kept, "removed");
    if (router_queue_remove(router->redis, comparison->queue, members, kept, told, reconciler))
        reconciler->is_wanted = true;
}

static void repair(struct comparison *comparison, const struct router_waiting *have,
                   size_t have_count)
{
    struct router_reconciler *reconciler = comparison->reconciler;
    struct sea_arena *arena = &reconciler->arena;
    size_t add_count, remove_count;
    size_t *add = sea_arena_alloc(arena, (comparison->want_count + 1) * sizeof(*add));
    size_t *rem = sea_arena_alloc(arena, (have_count + 1) * sizeof(*rem));
    struct router_waiting *missing =
        sea_arena_alloc(arena, (comparison->want_count + 1) * sizeof(*missing));
    struct sea_str *strange = sea_arena_alloc(arena, (have_count + 1) * sizeof(*strange));
    sea_assert(add && rem && missing && strange);
    router_dispatch_compare(comparison->want, comparison->want_count, have, have_count, add,
                            &add_count, rem, &remove_count);
    for (size_t i = 0; i < add_count; i++) missing[i] = comparison->want[add[i]];
    for (size_t i = 0; i < remove_count; i++) strange[i] = have[rem[i]].member;
    if (add_count) {
        sea_metric_add(&sea_m_router_queue_repairs_total, (double)add_count, "added");
        if (router_queue_add(reconciler->router->redis, comparison->queue, missing, add_count, told,
                             reconciler))
            reconciler->is_wanted = true;
    }
    if (remove_count) remove_strangers(comparison, strange, remove_count);
}

static void compared(void *arg, enum sea_err err, const redisReply *reply)
{
    struct comparison *comparison = arg;
    struct router_reconciler *reconciler = comparison->reconciler;
    struct sea_arena *arena = &reconciler->arena;
    size_t count = sea_redis_count(reply) / 2;
    if (err) {
        reconciler->is_wanted = true;
    } else {
        struct router_waiting *have = sea_arena_alloc(arena, (count + 1) * sizeof(*have));
        sea_assert(have);
        for (size_t i = 0; i < count; i++) {
            struct sea_str score = sea_redis_str(sea_redis_at(reply, 2 * i + 1));
            have[i].member = sea_redis_str(sea_redis_at(reply, 2 * i));
            char *text = sea_arena_dup(arena, score);
            have[i].score = text ? strtod(text, NULL) : 0;
        }
        sort(have, count);
        repair(comparison, have, count);
    }
    reconciler->open--;
    if (!reconciler->open) sea_arena_reset(arena);
}

static void add_numbers(struct sea_pg_args *args, const uint32_t *numbers, size_t count)
{
    SEA_PG_ARRAY(args, SEA_PG_I32, count, sea_pg_add_i32(args, (int32_t)numbers[i]));
}

static struct comparison *comparison_of(struct router_reconciler *reconciler, struct sea_str queue)
{
    for (size_t i = 0; i < reconciler->count; i++)
        if (sea_str_is(queue, reconciler->comparisons[i].queue)) return &reconciler->comparisons[i];
    return NULL;
}

/* A queue that was taken out of the configuration keeps its tickets; the general one, the last,
 * takes them. */
static struct comparison *place_of(struct router_reconciler *reconciler, struct sea_str queue)
{
    struct comparison *comparison = comparison_of(reconciler, queue);
    return comparison ? comparison : &reconciler->comparisons[reconciler->count - 1];
}

static bool is_served(const struct router_reconciler *reconciler, const char *name, int64_t now_ms)
{
    const struct router *router = reconciler->router;
    const struct sea_queue *queue = sea_routing_queue_by_name(router->rules.routing, sea_str(name));
    return queue && router_roster_serves(&router->roster, queue, now_ms);
}

static void read_waiting(struct router_reconciler *reconciler, const PGresult *rows, int64_t now_ms)
{
    struct sea_arena *arena = &reconciler->arena;
    int count = sea_pg_count(rows);
    int64_t oldest_ms = now_ms;
    for (int i = 0; i < count; i++) place_of(reconciler, sea_pg_str(rows, i, 3))->want_count++;
    for (size_t i = 0; i < reconciler->count; i++) {
        struct comparison *comparison = &reconciler->comparisons[i];
        comparison->want =
            sea_arena_alloc(arena, (comparison->want_count + 1) * sizeof(*comparison->want));
        sea_assert(comparison->want);
        sea_metric_set(&sea_m_router_waiting_tickets, (double)comparison->want_count,
                       comparison->queue);
        sea_metric_set(
            &sea_m_router_unserved_tickets,
            is_served(reconciler, comparison->queue, now_ms) ? 0.0 : (double)comparison->want_count,
            comparison->queue);
        comparison->want_count = 0;
    }
    for (int i = 0; i < count; i++) {
        char text[ROUTER_MEMBER_TEXT];
        struct comparison *comparison = place_of(reconciler, sea_pg_str(rows, i, 3));
        struct sea_str member =
            router_member_print(sea_pg_uuid(rows, i, 0), (uint32_t)sea_pg_i64(rows, i, 1),
                                sea_pg_str(rows, i, 2), text);
        comparison->want[comparison->want_count++] = (struct router_waiting){
            sea_arena_str(arena, member),
            router_dispatch_score((int32_t)sea_pg_i64(rows, i, 4), sea_pg_time(rows, i, 5))};
        int64_t opened_ms = sea_pg_time(rows, i, 6);
        if (opened_ms < oldest_ms) oldest_ms = opened_ms;
    }
    sea_metric_set(&sea_m_router_oldest_waiting_seconds, (double)(now_ms - oldest_ms) / 1000.0);
    for (size_t i = 0; i < reconciler->count; i++)
        sort(reconciler->comparisons[i].want, reconciler->comparisons[i].want_count);
}

static void ask_redis(struct router_reconciler *reconciler)
{
    for (size_t i = 0; i < reconciler->count; i++) {
        char key[160];
        struct comparison *comparison = &reconciler->comparisons[i];
        struct sea_buf name = SEA_BUF(sizeof(key));
        sea_buf_printf(&name, "sd:q:%s", comparison->queue);
        struct sea_str words[] = {SEA_STR("ZRANGE"), sea_buf_view(&name), SEA_STR("0"),
                                  SEA_STR("-1"), SEA_STR("WITHSCORES")};
        enum sea_err err = sea_redis_send(reconciler->router->redis, words, SEA_COUNT(words),
                                          compared, comparison);
        sea_buf_free(&name);
        if (err)
            reconciler->is_wanted = true;
        else
            reconciler->open++;
    }
    struct sea_str words[] = {SEA_STR("SET"), sea_str(reconciler->mark), SEA_STR("1"),
                              SEA_STR("PX"), MARK_LIFE_MS};
    if (sea_redis_send(reconciler->router->redis, words, SEA_COUNT(words), told, reconciler))
        reconciler->is_wanted = true;
}

static void put_offers(struct router_reconciler *reconciler, int64_t now_ms)
{
    struct router *router = reconciler->router;
    PGresult *rows = NULL;
    if (sea_pg_query(sea_worker_pg(router->worker), &OFFERED, &router->tools.args, &rows)) {
        reconciler->is_wanted = true;
        return;
    }
    for (int i = 0; i < sea_pg_count(rows); i++) {
        int64_t left_ms = sea_pg_time(rows, i, 2) - now_ms;
        if (left_ms > 0 &&
            router_queue_put_offer(router->redis, sea_pg_uuid(rows, i, 0), sea_pg_str(rows, i, 1),
                                   left_ms, told, reconciler))
            reconciler->is_wanted = true;
    }
    sea_pg_clear(&rows);
}

static void start_whole(struct router_reconciler *reconciler, int64_t now_ms)
{
    struct router *router = reconciler->router;
    const struct sea_routing *routing = router->rules.routing;
    struct sea_pg_args *args = &router->tools.args;
    uint32_t owned[SEA_NUMBERS];
    PGresult *rows = NULL;
    size_t count = sea_worker_owned(router->worker, owned);
    sea_pg_args_reset(args);
    add_numbers(args, owned, count);
    if (sea_pg_query(sea_worker_pg(router->worker), &WAITING, args, &rows)) return;
    sea_arena_reset(&reconciler->arena);
    reconciler->is_wanted = false;
    reconciler->whole_at_ms = sea_clock_mono_ms();
    reconciler->count = routing->queue_count;
    reconciler->comparisons =
        sea_arena_zero(&reconciler->arena, routing->queue_count * sizeof(*reconciler->comparisons));
    sea_assert(reconciler->comparisons);
    for (uint32_t i = 0; i < routing->queue_count; i++) {
        reconciler->comparisons[i].reconciler = reconciler;
        reconciler->comparisons[i].queue =
            sea_arena_dup(&reconciler->arena, sea_str(routing->queues[i].name));
    }
    read_waiting(reconciler, rows, now_ms);
    sea_pg_clear(&rows);
    put_offers(reconciler, now_ms);
    ask_redis(reconciler);
}

static void marked(void *arg, enum sea_err err, const redisReply *reply)
{
    struct router_reconciler *reconciler = arg;
    if (err || !sea_redis_str(reply).len) reconciler->is_wanted = true; /* emptied */
}

static void ask_mark(struct router_reconciler *reconciler)
{
    struct sea_str words[] = {SEA_STR("GET"), sea_str(reconciler->mark)};
    if (sea_redis_send(reconciler->router->redis, words, SEA_COUNT(words), marked, reconciler))
        reconciler->is_wanted = true;
}

static void add_seat(struct router_roster *roster, const struct router_agent *agent,
                     struct sea_str queues)
{
    if (roster->count == ROUTER_ROSTER_MAX) return;
    struct router_seat *seat = &roster->seats[roster->count++];
    struct sea_buf list = SEA_BUF(4096);
    if (queues.len) sea_buf_printf(&list, ",%.*s,", (int)queues.len, queues.ptr);
    seat->user = sea_str_dup(agent->user);
    seat->queues = sea_str_dup(sea_buf_view(&list));
    seat->skills = sea_str_dup(agent->skills);
    seat->state = agent->state;
    seat->lease_until_ms = agent->lease_until_ms;
    sea_buf_free(&list);
}

void router_reconcile_agents(struct router *router)
{
    PGresult *rows = NULL;
    if (sea_pg_query(sea_worker_pg(router->worker), &ROSTER, NULL, &rows)) return;
    router_roster_free(&router->roster);
    router->is_roster_stale = false;
    for (int i = 0; i < sea_pg_count(rows); i++) {
        struct router_agent agent = {
            .user = sea_pg_str(rows, i, 0),
            .name = sea_pg_str(rows, i, 1),
            .state = (enum router_presence)sea_pg_i64(rows, i, 2),
            .weight = (uint32_t)sea_pg_i64(rows, i, 3),
            .load = (uint32_t)sea_pg_i64(rows, i, 5),
            .lease_until_ms = sea_pg_time(rows, i, 7),
            .skills = sea_pg_str(rows, i, 10),
        };
        router_limits_parse(&agent, sea_pg_str(rows, i, 4), sea_pg_str(rows, i, 6));
        if (agent.state == ROUTER_ONLINE) add_seat(&router->roster, &agent, sea_pg_str(rows, i, 9));
        if (router_queue_put_agent(router->redis, &agent, told, router->reconciler)) break;
    }
    sea_pg_clear(&rows);
}

/* Puts an agent's load right where it isn't the sum of what they carry. Counted again under the
 * agents' locks. */
static enum sea_err recount(void *arg, struct sea_txn *txn)
{
    struct router *router = arg;
    struct router_batch batch;
    struct router_texts users;
    PGresult *before = NULL, *rows = NULL;
    router_batch_init(&batch, &router->tools, txn);
    router_texts_init(&users, txn->arena);
    enum sea_err err = sea_pg_query(txn->pg, &CARRIED, NULL, &before);
    for (int i = 0; !err && i < sea_pg_count(before); i++)
        router_texts_add(&users, sea_pg_str(before, i, 0));
    if (!err) err = router_load_agents(&batch, &users);
    if (!err) err = sea_pg_query(txn->pg, &CARRIED, NULL, &rows);
    for (size_t i = 0; !err && i < users.count; i++)
        router_dispatch_recount(router_map_get(&batch.agents, users.items[i]), NULL, 0, 0);
    for (int i = 0; !err && i < sea_pg_count(rows); i++) {
        struct router_agent *agent = router_map_get(&batch.agents, sea_pg_str(rows, i, 0));
        struct sea_str channel = sea_pg_str(rows, i, 2);
        if (agent && channel.len)
            router_dispatch_recount(agent, &channel, (uint32_t)sea_pg_i64(rows, i, 3),
                                    sea_routing_weight(router->rules.routing, channel));
    }
    if (!err) err = router_shell_finish(router, &batch);
    sea_pg_clear(&before);
    sea_pg_clear(&rows);
    router_batch_free(&batch);
    return err;
}

/* Whether the agents' loads are what they carry. */
static bool is_load_right(struct router *router)
{
    PGresult *rows = NULL;
    bool is_right = true;
    if (sea_pg_query(sea_worker_pg(router->worker), &CARRIED, NULL, &rows)) return true;
    for (int i = 0; i < sea_pg_count(rows);) {
        struct sea_str user = sea_pg_str(rows, i, 0);
        int64_t load = sea_pg_i64(rows, i, 1), carried = 0;
        for (; i < sea_pg_count(rows) && sea_str_eq(sea_pg_str(rows, i, 0), user); i++)
            carried += sea_pg_i64(rows, i, 3) *
                       sea_routing_weight(router->rules.routing, sea_pg_str(rows, i, 2));
        is_right = is_right && load == carried;
    }
    sea_pg_clear(&rows);
    return is_right;
}

static void check_loads(struct router *router)
{
    uint32_t owned[SEA_NUMBERS];
    if (!sea_worker_owned(router->worker, owned) || is_load_right(router)) return;
    sea_log(SEA_LOG_WARN, "agents' loads put right", SEA_F_U64("agents", router->roster.count));
    if (sea_worker_transact(router->worker, owned, 1, recount, router))
        router->is_roster_stale = true;
}

void router_reconcile(struct router *router, int64_t now_ms)
{
    struct router_reconciler *reconciler = router->reconciler;
    if (!sea_redis_is_up(router->redis)) {
        reconciler->is_wanted = true;
        return;
    }
    if (reconciler->open) return; /* answers are still to come */
    bool is_whole =
        reconciler->is_wanted || sea_clock_mono_ms() - reconciler->whole_at_ms >= WHOLE_MS;
    router_reconcile_agents(router);
    if (is_whole) {
        check_loads(router);
        start_whole(reconciler, now_ms);
    }
    ask_mark(reconciler);
}
