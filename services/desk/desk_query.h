/* desk_query.h: what a list of tickets is asked for, and where its next page begins. Pure. */
#ifndef DESK_QUERY_H
#define DESK_QUERY_H

#include "sea_arena.h"
#include "sea_base.h"
#include "sea_id.h"
#include "sea_problem.h"

enum { DESK_PAGE = 50, DESK_PAGE_MAX = 100, DESK_CURSOR_TEXT = 96 };

/* The order of a list: of tickets that wait as a queue is worked off, of all others newest first.
 */
enum desk_sort { DESK_NEWEST, DESK_QUEUE };

/* The last ticket that was shown or passed over. */
struct desk_cursor {
    enum desk_sort sort;
    int32_t priority; /* DESK_QUEUE alone */
    int64_t opened_ms;
    struct sea_uuid id;
};
void desk_cursor_print(const struct desk_cursor *cursor, char ret[DESK_CURSOR_TEXT]);
SEA_MUST_CHECK bool desk_cursor_parse(struct sea_str text, struct desk_cursor *ret);

/* An empty text, a nil id: no such filter. */
struct desk_query {
    enum desk_sort sort;
    struct sea_str status, queue, market, channel, assignee, order_id;
    struct sea_uuid ticket_id, customer_id;
    uint32_t limit;
    bool has_cursor;
    struct desk_cursor after;
};

/* Reads the parameters status (one or several, with commas between) queue market channel assignee
 * (a user, or me) order_id customer_id q (a ticket's id or an order's) cursor limit of a query as
 * sent; unknown ones are ignored. `me` is the one who asks, may be empty. Texts are in `arena`.
 * False: *ret_problem, constant, says why. */
SEA_MUST_CHECK bool desk_query_parse(struct sea_str query, struct sea_str me,
                                     struct sea_arena *arena, struct desk_query *ret,
                                     struct sea_problem *ret_problem);

/* Whether tickets of this status, or of each of these, are still worked on. */
bool desk_status_is_active(struct sea_str status);

#endif
