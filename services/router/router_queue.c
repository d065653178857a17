/* router_queue.c: queues, agents and proposals in Redis. */
#include "router_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router_codes.h"
#include "sea_id.h"

enum { AFTER_MAX = 16 * 1024 * 1024, KEY_TEXT = 160, NUMBER_TEXT = 32, WORDS_MOST = 1000 };

/* KEYS: the queue, then a hash per agent that serves it. ARGV: now, offer's life in ms, numbers
 * `,0,3,`, weights `default=2,phone=10`, how many at most. Takes the first ticket of these numbers
 * that somebody has room for, gives it to the least busy one, and so on. */
static struct sea_redis_script PROPOSE = {
    .name = "propose",
    .source =
        "local function read(text) local t = {} "
        "for k, v in string.gmatch(text or '', '([^=,]+)=(%d+)') do t[k] = tonumber(v) end "
        "return t end\n"
        "local weights, agents, out = read(ARGV[4]), {}, {}\n"
        "for i = 2, #KEYS do "
        "local h = redis.call('HMGET', KEYS[i], 'state', 'weight', 'load', 'lease', 'limits', "
        "'counts') "
        "if h[1] == 'online' and tonumber(h[4] or 0) > tonumber(ARGV[1]) then "
        "agents[#agents + 1] = {key = KEYS[i], weight = tonumber(h[2] or 0), "
        "load = tonumber(h[3] or 0), limits = read(h[5]), counts = read(h[6])} end end\n"
        "if #agents == 0 then return out end\n"
        "for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, 99)) do "
        "if #out >= 2 * tonumber(ARGV[5]) then break end "
        "local ticket, number, channel = string.match(member, '^([^:]+):([^:]+):(.*)$') "
        "if ticket and string.find(ARGV[3], ',' .. number .. ',', 1, true) then "
        "local w, best = weights[channel] or weights['default'] or 1, nil "
        "for _, a in ipairs(agents) do "
        "local limit = a.limits[channel] "
        "if a.load + w <= a.weight and (not limit or (a.counts[channel] or 0) < limit) and "
        "(not best or a.load * best.weight < best.load * a.weight) then best = a end end "
        "if best then "
        "redis.call('ZREM', KEYS[1], member) "
        "best.load = best.load + w best.counts[channel] = (best.counts[channel] or 0) + 1 "
        "redis.call('HINCRBY', best.key, 'load', w) "
        "local user = string.sub(best.key, 10) "
        "redis.call('SET', 'sd:offer:' .. ticket, user, 'PX', ARGV[2]) "
        "out[#out + 1] = member out[#out + 1] = user end end end\n"
        "return out",
};

enum op_kind { OP_ADD, OP_REMOVE, OP_AGENT, OP_NO_OFFER };

struct router_after_op {
    struct router_after_op *next;
    enum op_kind kind;
    struct sea_str queue, member; /* OP_NO_OFFER: member is the ticket */
    double score;
    struct router_agent agent;
};

void router_roster_free(struct router_roster *roster)
{
    for (size_t i = 0; i < roster->count; i++) {
        free(roster->seats[i].user);
        free(roster->seats[i].queues);
        free(roster->seats[i].skills);
    }
    roster->count = 0;
}

static bool is_here(const struct router_seat *seat, int64_t now_ms)
{
    return seat->state == ROUTER_ONLINE && seat->lease_until_ms > now_ms;
}

bool router_roster_is_anybody(const struct router_roster *roster, int64_t now_ms)
{
    for (size_t i = 0; i < roster->count; i++)
        if (is_here(&roster->seats[i], now_ms)) return true;
    return false;
}

struct sea_str router_member_print(struct sea_uuid ticket, uint32_t number, struct sea_str channel,
                                   char ret[ROUTER_MEMBER_TEXT])
{
    char id[SEA_UUID_TEXT];
    sea_uuid_print(ticket, id);
    int len =
        snprintf(ret, ROUTER_MEMBER_TEXT, "%s:%u:%.*s", id, number, (int)channel.len, channel.ptr);
    sea_assert(len > 0);
    return (struct sea_str){ret, (size_t)len < ROUTER_MEMBER_TEXT ? (size_t)len
                                                                  : ROUTER_MEMBER_TEXT - 1};
}

bool router_member_parse(struct sea_str member, struct sea_uuid *ret_ticket, uint32_t *ret_number)
{
    const char *first = memchr(member.ptr, ':', member.len);
    if (!first) return false;
    size_t id_len = (size_t)(first - member.ptr);
    struct sea_str rest = {first + 1, member.len - id_len - 1};
    const char *second = memchr(rest.ptr, ':', rest.len);
    uint64_t number;
    struct sea_uuid ticket;
    if (!second || !sea_uuid_parse((struct sea_str){member.ptr, id_len}, &ticket)) return false;
    if (!sea_str_u64((struct sea_str){rest.ptr, (size_t)(second - rest.ptr)}, &number) ||
        number >= SEA_PARTITIONS)
        return false;
    *ret_ticket = ticket;
    *ret_number = (uint32_t)number;
    return true;
}

void router_after_init(struct router_after *after)
{
    *after = (struct router_after){.arena = SEA_ARENA(AFTER_MAX)};
    after->end = &after->first;
}

void router_after_free(struct router_after *after)
{
    sea_arena_free(&after->arena);
}

void router_after_forget(struct router_after *after)
{
    sea_arena_reset(&after->arena);
    after->first = NULL;
    after->end = &after->first;
    after->has_agents = false;
}

static struct router_after_op *add_op(struct router_after *after, enum op_kind kind)
{
    struct router_after_op *op = sea_arena_zero(&after->arena, sizeof(*op));
    sea_assert(op);
    op->kind = kind;
    *after->end = op;
    after->end = &op->next;
    return op;
}

static struct sea_str kept(struct router_after *after, struct sea_str text)
{
    struct sea_str copy = sea_arena_str(&after->arena, text);
    sea_assert(copy.ptr);
    return copy;
}

static struct sea_str member_of(struct router_after *after, const struct router_ticket *ticket)
{
    char text[ROUTER_MEMBER_TEXT];
    return kept(after, router_member_print(ticket->id, ticket->number, ticket->channel, text));
}

static void queue_up(struct router_after *after, const struct router_ticket *ticket)
{
    struct router_after_op *op = add_op(after, OP_ADD);
    op->queue = kept(after, ticket->queue);
    op->member = member_of(after, ticket);
    op->score = router_dispatch_score(ticket->priority, ticket->sort_at_ms);
}

static void collect_ticket(struct router_after *after, const struct router_ticket *ticket)
{
    bool waited = ticket->stored_version && router_dispatch_waits(ticket->stored_status);
    bool waits = router_dispatch_waits(ticket->status);
    bool is_elsewhere = waited && !sea_str_eq(ticket->queue, ticket->stored_queue);
    if (waited && (!waits || is_elsewhere)) {
        struct router_after_op *op = add_op(after, OP_REMOVE);
        op->queue = kept(after, ticket->stored_queue);
        op->member = member_of(after, ticket);
    }
    if (waits && (!waited || is_elsewhere || ticket->priority != ticket->stored_priority ||
                  ticket->sort_at_ms != ticket->stored_sort_at_ms))
        queue_up(after, ticket);
    if (ticket->stored_version && ticket->stored_status == ROUTER_OFFERED &&
        ticket->status != ROUTER_OFFERED)
        add_op(after, OP_NO_OFFER)->member = member_of(after, ticket);
}

void router_after_agent(struct router_after *after, const struct router_agent *agent)
{
    struct router_after_op *op = add_op(after, OP_AGENT);
    op->agent = *agent;
    op->agent.user = kept(after, agent->user);
    for (uint32_t i = 0; i < agent->limit_count; i++)
        op->agent.limits[i].channel = kept(after, agent->limits[i].channel);
    after->has_agents = true;
}

void router_after_collect(struct router_after *after, const struct router_batch *batch)
{
    for (size_t i = 0; i < batch->tickets.cap; i++) {
        const struct router_ticket *ticket = batch->tickets.slots[i].value;
        if (ticket && ticket->change) collect_ticket(after, ticket);
    }
    for (size_t i = 0; i < batch->agents.cap; i++) {
        const struct router_agent *agent = batch->agents.slots[i].value;
        if (agent && agent->is_changed) router_after_agent(after, agent);
    }
}

void router_after_restore(struct router_after *after, const struct router_ticket *ticket)
{
    if (router_dispatch_waits(ticket->status)) queue_up(after, ticket);
}

static struct sea_str key_print(const char *family, struct sea_str name, char ret[KEY_TEXT])
{
    int len = snprintf(ret, KEY_TEXT, "sd:%s:%.*s", family, (int)name.len, name.ptr);
    sea_assert(len > 0);
    return (struct sea_str){ret, (size_t)len < KEY_TEXT ? (size_t)len : KEY_TEXT - 1};
}

static struct sea_str number_print(double n, char ret[NUMBER_TEXT])
{
    int len = snprintf(ret, NUMBER_TEXT, "%.0f", n);
    return (struct sea_str){ret, (size_t)len};
}

/* ZADD in pieces; scores are whole numbers. */
enum sea_err router_queue_add(struct sea_redis *redis, const char *queue,
                              const struct router_waiting *items, size_t count,
                              sea_redis_answer *fn, void *arg)
{
    enum { MOST = (WORDS_MOST - 2) / 2 };
    char key[KEY_TEXT], scores[MOST][NUMBER_TEXT];
    struct sea_str words[WORDS_MOST];
    words[0] = SEA_STR("ZADD");
    words[1] = key_print("q", sea_str(queue), key);
    enum sea_err err = SEA_OK;
    for (size_t at = 0; at < count && !err; at += MOST) {
        size_t n = count - at < MOST ? count - at : MOST;
        for (size_t i = 0; i < n; i++) {
            words[2 + 2 * i] = number_print(items[at + i].score, scores[i]);
            words[3 + 2 * i] = items[at + i].member;
        }
        err = sea_redis_send(redis, words, 2 + 2 * n, fn, arg);
    }
    return err;
}

enum sea_err router_queue_remove(struct sea_redis *redis, const char *queue,
                                 const struct sea_str *members, size_t count, sea_redis_answer *fn,
                                 void *arg)
{
    char key[KEY_TEXT];
    struct sea_str words[WORDS_MOST];
    words[0] = SEA_STR("ZREM");
    words[1] = key_print("q", sea_str(queue), key);
    enum sea_err err = SEA_OK;
    for (size_t at = 0; at < count && !err; at += WORDS_MOST - 2) {
        size_t n = count - at < WORDS_MOST - 2 ? count - at : WORDS_MOST - 2;
        for (size_t i = 0; i < n; i++) words[2 + i] = members[at + i];
        err = sea_redis_send(redis, words, 2 + n, fn, arg);
    }
    return err;
}

enum sea_err router_queue_put_agent(struct sea_redis *redis, const struct router_agent *agent,
                                    sea_redis_answer *fn, void *arg)
{
    static const char *const STATES[] = {"offline", "away", "online"};
    char key[KEY_TEXT], weight[NUMBER_TEXT], load[NUMBER_TEXT], lease[NUMBER_TEXT];
    struct sea_buf limits = SEA_BUF(4096), counts = SEA_BUF(4096);
    router_limits_print(agent, &limits, &counts);
    struct sea_str words[] = {SEA_STR("HSET"),   key_print("agent", agent->user, key),
                              SEA_STR("state"),  sea_str(STATES[agent->state]),
                              SEA_STR("weight"), number_print(agent->weight, weight),
                              SEA_STR("load"),   number_print(agent->load, load),
                              SEA_STR("lease"),  number_print((double)agent->lease_until_ms, lease),
                              SEA_STR("limits"), sea_buf_view(&limits),
                              SEA_STR("counts"), sea_buf_view(&counts)};
    enum sea_err err = sea_redis_send(redis, words, SEA_COUNT(words), fn, arg);
    sea_buf_free(&limits);
    sea_buf_free(&counts);
    return err;
}

enum sea_err router_queue_put_offer(struct sea_redis *redis, struct sea_uuid ticket,
                                    struct sea_str user, int64_t life_ms, sea_redis_answer *fn,
                                    void *arg)
{
    char id[SEA_UUID_TEXT], key[KEY_TEXT], life[NUMBER_TEXT];
    sea_uuid_print(ticket, id);
    struct sea_str words[] = {SEA_STR("SET"), key_print("offer", sea_str(id), key), user,
                              SEA_STR("PX"), number_print((double)life_ms, life)};
    return sea_redis_send(redis, words, SEA_COUNT(words), fn, arg);
}

static enum sea_err drop_offer(struct sea_redis *redis, struct sea_str member, sea_redis_answer *fn,
                               void *arg)
{
    char key[KEY_TEXT];
    const char *end = memchr(member.ptr, ':', member.len);
    struct sea_str ticket = {member.ptr, end ? (size_t)(end - member.ptr) : member.len};
    struct sea_str words[] = {SEA_STR("DEL"), key_print("offer", ticket, key)};
    return sea_redis_send(redis, words, SEA_COUNT(words), fn, arg);
}

/* Neighbours of the same kind and queue go as one command. */
static enum sea_err send_run(struct sea_redis *redis, const struct router_after_op **op,
                             sea_redis_answer *fn, void *arg)
{
    enum { MOST = 256 };
    struct router_waiting items[MOST];
    struct sea_str members[MOST];
    const struct router_after_op *first = *op, *last = first;
    size_t n = 0;
    char queue[KEY_TEXT];
    snprintf(queue, sizeof(queue), "%.*s", (int)first->queue.len, first->queue.ptr);
    for (; last && n < MOST && last->kind == first->kind && sea_str_eq(last->queue, first->queue);
         last = last->next, n++) {
        items[n] = (struct router_waiting){last->member, last->score};
        members[n] = last->member;
    }
    *op = last;
    return first->kind == OP_ADD ? router_queue_add(redis, queue, items, n, fn, arg)
                                 : router_queue_remove(redis, queue, members, n, fn, arg);
}

bool router_after_send(struct router_after *after, struct sea_redis *redis, sea_redis_answer *fn,
                       void *arg)
{
    bool is_whole = true;
    for (const struct router_after_op *op = after->first; op;) {
        enum sea_err err;
        if (op->kind == OP_ADD || op->kind == OP_REMOVE) {
            err = send_run(redis, &op, fn, arg);
        } else {
            err = op->kind == OP_AGENT ? router_queue_put_agent(redis, &op->agent, fn, arg)
                                       : drop_offer(redis, op->member, fn, arg);
            op = op->next;
        }
        if (err) is_whole = false;
    }
    return is_whole;
}

static bool serves(const struct router_seat *seat, const struct sea_queue *queue)
{
    char wanted[KEY_TEXT];
    if (!sea_queue_is_served_by(queue, sea_str(seat->skills))) return false;
    if (!*seat->queues) return true;
    snprintf(wanted, sizeof(wanted), ",%s,", queue->name);
    return strstr(seat->queues, wanted) != NULL;
}

bool router_roster_serves(const struct router_roster *roster, const struct sea_queue *queue,
                          int64_t now_ms)
{
    for (size_t i = 0; i < roster->count; i++)
        if (is_here(&roster->seats[i], now_ms) && serves(&roster->seats[i], queue)) return true;
    return false;
}

static void print_weights(const struct sea_routing *routing, struct sea_buf *ret)
{
    sea_buf_printf(ret, "default=%u", routing->default_weight);
    for (uint32_t i = 0; i < routing->weight_count; i++)
        sea_buf_printf(ret, ",%s=%u", routing->weights[i].channel, routing->weights[i].weight);
}

enum sea_err router_queue_propose(struct sea_redis *redis, const struct router_roster *roster,
                                  const struct router_proposal_call *call, sea_redis_answer *fn,
                                  void *arg)
{
    static char keys[ROUTER_ROSTER_MAX + 1][KEY_TEXT];
    struct sea_str words[ROUTER_ROSTER_MAX + 8];
    char now[NUMBER_TEXT], life[NUMBER_TEXT], most[NUMBER_TEXT];
    struct sea_buf numbers = SEA_BUF(256), weights = SEA_BUF(4096);
    size_t n = 0;
    words[n++] = key_print("q", sea_str(call->queue->name), keys[0]);
    for (size_t i = 0; i < roster->count; i++) {
        const struct router_seat *seat = &roster->seats[i];
        if (!is_here(seat, call->now_ms) || !serves(seat, call->queue)) continue;
        words[n] = key_print("agent", sea_str(seat->user), keys[n]);
        n++;
    }
    size_t key_count = n;
    if (key_count == 1) return SEA_OK; /* nobody serves it */
    sea_buf_char(&numbers, ',');
    for (size_t i = 0; i < call->number_count; i++)
        sea_buf_printf(&numbers, "%u,", call->numbers[i]);
    print_weights(call->routing, &weights);
    words[n++] = number_print((double)call->now_ms, now);
    words[n++] = number_print((double)call->offer_ms, life);
    words[n++] = sea_buf_view(&numbers);
    words[n++] = sea_buf_view(&weights);
    words[n++] = number_print(ROUTER_PROPOSALS_MAX, most);
    enum sea_err err = sea_redis_run(redis, &PROPOSE, words, key_count, n, fn, arg);
    sea_buf_free(&numbers);
    sea_buf_free(&weights);
    return err;
}
