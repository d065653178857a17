/* desk_store_order.c: an order as order-tracker's and router's views tell it, and requests to
 * forget from retention-purger's. */
#include <string.h>

#include "desk.h"
#include "desk_store.h"

static const struct sea_pg_stmt ORDER = {
    "order", "SELECT t.order_id, t.market, t.state, o.customer_id FROM order_tracker.timeline_v t"
             " LEFT JOIN router.order_v o ON o.order_id = t.order_id WHERE t.order_id = $1"};

static const struct sea_pg_stmt MILESTONES = {
    "milestones",
    "SELECT name, at FROM order_tracker.milestone_v WHERE order_id = $1 ORDER BY rank, at"};

static const struct sea_pg_stmt PARCELS = {
    "parcels", "SELECT parcel_id, state, carrier, tracking_number FROM order_tracker.parcel_v"
               " WHERE order_id = $1 ORDER BY parcel_id LIMIT 100"};

static const struct sea_pg_stmt EVENTS = {
    "order_events", "SELECT parcel_id, 'seadesk.' || name || '.v1', reason, location, occurred_at"
                    " FROM order_tracker.event_v WHERE order_id = $1 AND parcel_id <> ''"
                    " ORDER BY occurred_at, sequence LIMIT 1000"};

static const struct sea_pg_stmt EXCEPTIONS = {
    "exceptions", "SELECT class, parcel_id, since, reason, expected_at, closed_at"
                  " FROM order_tracker.exception_v WHERE order_id = $1 ORDER BY since LIMIT 1000"};

/* What was due, and what router and notifier made of it. */
static const struct sea_pg_stmt NOTICES = {
    "notices",
    "SELECT d.about, n.parcel_id, d.event_id, n.state, m.delivery_state, m.delivery_reason,"
    " m.channel, m.delivery_at, m.release_at FROM order_tracker.notice_v d"
    " LEFT JOIN router.notice_v n ON n.order_id = d.order_id AND n.event_id = d.notice_id"
    " LEFT JOIN router.message_v m ON m.message_id = n.message_id"
    " AND m.gone = router.gone_of(n.message_id)"
    " WHERE d.order_id = $1 ORDER BY d.at LIMIT 200"};

static const struct sea_pg_stmt REQUEST = {
    "request", "SELECT request_id, customer_id, kind, state, stores::text, certificate"
               " FROM retention_purger.request_v WHERE request_id = $1"};

static enum sea_err query(struct desk_read *read, const struct sea_pg_stmt *stmt,
                          struct sea_str order_id, const PGresult **ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_text(&args, order_id);
    enum sea_err err = desk_read_query(read, stmt, &args, ret);
    sea_pg_args_free(&args);
    return err;
}

static enum sea_err read_milestones(struct desk_read *read, struct desk_order *ret)
{
    const PGresult *rows = NULL;
    enum sea_err err = query(read, &MILESTONES, ret->order_id, &rows);
    if (err) return err;
    size_t count = (size_t)sea_pg_count(rows);
    struct desk_milestone *list = desk_read_zero(read, count * sizeof(*list));
    for (size_t i = 0; i < count; i++)
        list[i] =
            (struct desk_milestone){sea_pg_str(rows, (int)i, 0), sea_pg_time(rows, (int)i, 1)};
    ret->milestones = list;
    ret->milestones_count = count;
    return SEA_OK;
}

static enum sea_err read_parcels(struct desk_read *read, struct desk_order *ret)
{
    const PGresult *rows = NULL;
    enum sea_err err = query(read, &PARCELS, ret->order_id, &rows);
    if (err) return err;
    size_t count = (size_t)sea_pg_count(rows);
    struct desk_parcel *list = desk_read_zero(read, count * sizeof(*list));
    for (size_t i = 0; i < count; i++)
        list[i] = (struct desk_parcel){sea_pg_str(rows, (int)i, 0), sea_pg_str(rows, (int)i, 1),
                                       sea_pg_str(rows, (int)i, 2), sea_pg_str(rows, (int)i, 3)};
    ret->parcels = list;
    ret->parcels_count = count;
    return SEA_OK;
}

static enum sea_err read_events(struct desk_read *read, struct desk_order *ret)
{
    const PGresult *rows = NULL;
    enum sea_err err = query(read, &EVENTS, ret->order_id, &rows);
    if (err) return err;
    size_t count = (size_t)sea_pg_count(rows);
    struct desk_parcel_event *list = desk_read_zero(read, count * sizeof(*list));
    for (size_t i = 0; i < count; i++)
        list[i] = (struct desk_parcel_event){
            sea_pg_str(rows, (int)i, 0), sea_pg_str(rows, (int)i, 1), sea_pg_str(rows, (int)i, 2),
            sea_pg_str(rows, (int)i, 3), sea_pg_time(rows, (int)i, 4)};
    ret->events = list;
    ret->events_count = count;
    return SEA_OK;
}

static enum sea_err read_exceptions(struct desk_read *read, struct desk_order *ret)
{
    const PGresult *rows = NULL;
    enum sea_err err = query(read, &EXCEPTIONS, ret->order_id, &rows);
    if (err) return err;
    size_t count = (size_t)sea_pg_count(rows);
    struct desk_exception *list = desk_read_zero(read, count * sizeof(*list));
    for (size_t i = 0; i < count; i++)
        list[i] = (struct desk_exception){.class = sea_pg_str(rows, (int)i, 0),
                                          .parcel_id = sea_pg_str(rows, (int)i, 1),
                                          .since_ms = sea_pg_time(rows, (int)i, 2),
                                          .reason = sea_pg_str(rows, (int)i, 3),
                                          .expected_at_ms = sea_pg_time(rows, (int)i, 4),
                                          .closed_at_ms = sea_pg_time(rows, (int)i, 5)};
    ret->exceptions = list;
    ret->exceptions_count = count;
    return SEA_OK;
}

static enum sea_err read_notices(struct desk_read *read, struct desk_order *ret)
{
    const PGresult *rows = NULL;
    enum sea_err err = query(read, &NOTICES, ret->order_id, &rows);
    if (err) return err;
    size_t count = (size_t)sea_pg_count(rows);
    struct desk_notice *list = desk_read_zero(read, count * sizeof(*list));
    for (size_t i = 0; i < count; i++)
        list[i] = (struct desk_notice){
            .about = sea_pg_str(rows, (int)i, 0),
            .parcel_id = sea_pg_str(rows, (int)i, 1),
            .event_id = sea_pg_uuid(rows, (int)i, 2),
            .state = sea_pg_str(rows, (int)i, 3),
            .delivery = {.state = sea_pg_str(rows, (int)i, 4),
                         .reason = sea_pg_str(rows, (int)i, 5),
                         .channel = sea_pg_str(rows, (int)i, 6),
                         .at_ms = sea_pg_time(rows, (int)i, 7),
                         .release_at_ms = sea_pg_time(rows, (int)i, 8)},
        };
    ret->notices = list;
    ret->notices_count = count;
    return SEA_OK;
}

enum sea_err desk_store_order(struct desk_read *read, struct sea_str order_id,
                              struct desk_order *ret, bool *ret_found)
{
    const PGresult *rows = NULL;
    enum sea_err err = query(read, &ORDER, order_id, &rows);
    *ret_found = !err && sea_pg_count(rows) > 0;
    if (!*ret_found) return err;
    *ret = (struct desk_order){.order_id = sea_pg_str(rows, 0, 0),
                               .market = sea_pg_str(rows, 0, 1),
                               .state = sea_pg_str(rows, 0, 2),
                               .customer_id = sea_pg_uuid(rows, 0, 3)};
    err = read_milestones(read, ret);
    if (!err) err = read_parcels(read, ret);
    if (!err) err = read_events(read, ret);
    if (!err) err = read_exceptions(read, ret);
    return err ? err : read_notices(read, ret);
}

enum sea_err desk_store_request(struct desk_read *read, struct sea_uuid id,
                                struct desk_request *ret, bool *ret_found)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    const PGresult *rows = NULL;
    sea_pg_arg_uuid(&args, id);
    enum sea_err err = desk_read_query(read, &REQUEST, &args, &rows);
    sea_pg_args_free(&args);
    *ret_found = !err && sea_pg_count(rows) > 0;
    if (*ret_found)
        *ret = (struct desk_request){.request_id = sea_pg_uuid(rows, 0, 0),
                                     .customer_id = sea_pg_uuid(rows, 0, 1),
                                     .kind = sea_pg_str(rows, 0, 2),
                                     .state = sea_pg_str(rows, 0, 3),
                                     .stores = sea_pg_str(rows, 0, 4),
                                     .certificate = sea_pg_str(rows, 0, 5)};
    return err;
}
