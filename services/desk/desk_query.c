/* desk_query.c: query parameters and cursors, checked. */
#include "desk_query.h"

#include <stdio.h>
#include <string.h>

#include "sea_enc.h"
#include "sea_http.h"

enum { FILTER_MAX_BYTES = 200, PRIORITY_MAX = 1000 };

static const char *const STATUSES[] = {"open",    "offered",  "assigned", "waiting",
                                       "snoozed", "resolved", "closed"};
enum { STATUSES_ACTIVE = 5, STATUSES_WAITING = 2 };

static size_t rank_of_one(struct sea_str status)
{
    for (size_t i = 0; i < SEA_COUNT(STATUSES); i++)
        if (sea_str_is(status, STATUSES[i])) return i;
    return SEA_COUNT(STATUSES);
}

/* Of a list with commas the highest; SEA_COUNT(STATUSES) when one of it is none. */
static size_t status_rank(struct sea_str list)
{
    size_t highest = 0;
    for (bool is_more = true; is_more;) {
        const char *comma = list.len ? memchr(list.ptr, ',', list.len) : NULL;
        size_t len = comma ? (size_t)(comma - list.ptr) : list.len;
        size_t rank = rank_of_one((struct sea_str){list.ptr, len});
        if (rank > highest) highest = rank;
        is_more = comma != NULL;
        if (is_more) list = (struct sea_str){comma + 1, list.len - len - 1};
    }
    return highest;
}

bool desk_status_is_active(struct sea_str status)
{
    return status_rank(status) < STATUSES_ACTIVE;
}

/* ---- cursors: "q9.1763798400000.id" and "n.1763798400000.id" ---- */

void desk_cursor_print(const struct desk_cursor *cursor, char ret[DESK_CURSOR_TEXT])
{
    char id[SEA_UUID_TEXT], head[16] = "n";
    sea_uuid_print(cursor->id, id);
    if (cursor->sort == DESK_QUEUE) snprintf(head, sizeof(head), "q%d", (int)cursor->priority);
    snprintf(ret, DESK_CURSOR_TEXT, "%s.%lld.%s", head, (long long)cursor->opened_ms, id);
}

static struct sea_str take_part(struct sea_str *rest)
{
    const char *dot = rest->len ? memchr(rest->ptr, '.', rest->len) : NULL;
    struct sea_str part = {rest->ptr, dot ? (size_t)(dot - rest->ptr) : rest->len};
    size_t taken = part.len + (dot != NULL);
    *rest = (struct sea_str){rest->ptr + taken, rest->len - taken};
    return part;
}

bool desk_cursor_parse(struct sea_str text, struct desk_cursor *ret)
{
    struct sea_str head = take_part(&text), opened = take_part(&text);
    struct desk_cursor got = {.sort = DESK_NEWEST};
    if (sea_str_starts(head, "q")) {
        uint64_t priority;
        if (!sea_str_u64((struct sea_str){head.ptr + 1, head.len - 1}, &priority) ||
            priority > PRIORITY_MAX)
            return false;
        got.sort = DESK_QUEUE;
        got.priority = (int32_t)priority;
    } else if (!sea_str_is(head, "n")) {
        return false;
    }
    if (!sea_str_i64(opened, &got.opened_ms) || !sea_uuid_parse(text, &got.id)) return false;
    *ret = got;
    return true;
}

/* ---- parameters ---- */

static bool wrong(struct sea_problem *problem, const char *detail)
{
    *problem = (struct sea_problem){.code = SEA_PROBLEM_INVALID, .detail = detail};
    return false;
}

static bool read_text(const char *name, struct sea_str value, struct sea_str me,
                      struct desk_query *ret, struct sea_problem *problem)
{
    const struct {
        const char *name;
        struct sea_str *ret;
    } rows[] = {{"status", &ret->status},     {"queue", &ret->queue},
                {"market", &ret->market},     {"channel", &ret->channel},
                {"assignee", &ret->assignee}, {"order_id", &ret->order_id}};
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        if (strcmp(name, rows[i].name) != 0) continue;
        *rows[i].ret = value;
    }
    if (ret->status.len && status_rank(ret->status) == SEA_COUNT(STATUSES))
        return wrong(problem, "the parameter status must be open, offered, assigned, waiting, "
                              "snoozed, resolved, closed, or several of them with commas between");
    if (sea_str_is(ret->assignee, "me")) {
        if (!me.len) return wrong(problem, "assignee=me needs the header Seadesk-Agent");
        ret->assignee = me;
    }
    return true;
}

static bool read_other(const char *name, struct sea_str value, struct desk_query *ret,
                       struct sea_problem *problem)
{
    uint64_t limit;
    if (strcmp(name, "customer_id") == 0)
        return sea_uuid_parse(value, &ret->customer_id) ||
               wrong(problem, "the parameter customer_id must be a UUID");
    if (strcmp(name, "q") == 0) {
        if (!sea_uuid_parse(value, &ret->ticket_id)) ret->order_id = value;
        return true;
    }
    if (strcmp(name, "limit") == 0) {
        if (!sea_str_u64(value, &limit) || limit == 0)
            return wrong(problem, "the parameter limit must be a positive whole number");
        ret->limit = limit < DESK_PAGE_MAX ? (uint32_t)limit : DESK_PAGE_MAX;
        return true;
    }
    ret->has_cursor = true;
    return desk_cursor_parse(value, &ret->after) ||
           wrong(problem, "the parameter cursor is not one that was given out");
}

static bool read_one(const char *name, struct sea_str value, struct sea_str me,
                     struct desk_query *ret, struct sea_problem *problem)
{
    static const char *const OTHERS[] = {"customer_id", "q", "limit", "cursor"};
    if (value.len > FILTER_MAX_BYTES) return wrong(problem, "a parameter is too long");
    if (!sea_utf8_is_valid(value) || memchr(value.ptr, 0, value.len))
        return wrong(problem, "a parameter is not text in UTF-8");
    for (size_t i = 0; i < SEA_COUNT(OTHERS); i++)
        if (strcmp(name, OTHERS[i]) == 0) return read_other(name, value, ret, problem);
    return read_text(name, value, me, ret, problem);
}

bool desk_query_parse(struct sea_str query, struct sea_str me, struct sea_arena *arena,
                      struct desk_query *ret, struct sea_problem *ret_problem)
{
    static const char *const NAMES[] = {"status",   "queue",       "market", "channel", "assignee",
                                        "order_id", "customer_id", "q",      "limit",   "cursor"};
    struct sea_str value;
    *ret = (struct desk_query){.limit = DESK_PAGE};
    for (size_t i = 0; i < SEA_COUNT(NAMES); i++) {
        if (!sea_http_form_find(query, NAMES[i], arena, &value) || !value.len) continue;
        if (!read_one(NAMES[i], value, me, ret, ret_problem)) return false;
    }
    ret->sort = status_rank(ret->status) < STATUSES_WAITING ? DESK_QUEUE : DESK_NEWEST;
    if (ret->has_cursor && ret->after.sort != ret->sort)
        return wrong(ret_problem, "the parameter cursor belongs to another list");
    return true;
}
