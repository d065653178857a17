/* desk_store_story.c: what became of an event, from every service's view of its own steps. */
#include <string.h>

#include "desk.h"
#include "desk_store.h"

#define STEP "root_id, at, service, what, topic, partition, \"offset\", event_id, caused_by"

#define STEPS                                                                                      \
    "SELECT " STEP " FROM router.story_v"                                                          \
    " UNION ALL SELECT " STEP " FROM order_tracker.story_v"                                        \
    " UNION ALL SELECT " STEP " FROM translator_gateway.story_v"                                   \
    " UNION ALL SELECT " STEP " FROM sla_timer.story_v"                                            \
    " UNION ALL SELECT " STEP " FROM notifier.story_v"                                             \
    " UNION ALL SELECT " STEP " FROM media_fetcher.story_v"                                        \
    " UNION ALL SELECT " STEP " FROM retention_purger.story_v"

/* ingest keeps no rows: what it took is known by the time it stamped on it. */
static const struct sea_pg_stmt STORY = {
    "story",
    "SELECT * FROM (" STEPS
    " UNION ALL SELECT root_id, received_at, 'ingest', 'accepted from ' || channel, NULL::text,"
    " NULL::integer, NULL::bigint, event_id, NULL::uuid FROM router.message_v"
    " WHERE direction = 'in' AND event_id = root_id"
    " UNION ALL SELECT root_id, received_at, 'ingest', name || ' accepted', NULL::text,"
    " NULL::integer, NULL::bigint, event_id, NULL::uuid FROM order_tracker.event_v"
    ") AS s WHERE root_id = $1 ORDER BY at, (service <> 'ingest'), \"offset\" LIMIT 1000"};

/* No index knows every id: this one looks through the stories, for a short time only. */
static const struct sea_pg_stmt BRIEFLY = {"story_briefly", "SET LOCAL statement_timeout = 300"};
static const struct sea_pg_stmt ROOT = {"story_root", "SELECT root_id FROM (" STEPS
                                                      ") AS s WHERE event_id = $1 LIMIT 1"};

static const struct sea_pg_stmt FACT = {
    "story_fact", "SELECT 'seadesk.' || name || '.v1' FROM order_tracker.event_v"
                  " WHERE root_id = $1 LIMIT 1"};

enum column { ROOT_ID, AT, SERVICE, WHAT, TOPIC, PARTITION, OFFSET, EVENT_ID, CAUSED_BY };

static enum sea_err query(struct desk_read *read, const struct sea_pg_stmt *stmt,
                          struct sea_uuid id, const PGresult **ret)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_uuid(&args, id);
    enum sea_err err = desk_read_query(read, stmt, &args, ret);
    sea_pg_args_free(&args);
    return err;
}

/* Not found within the time is not found: whoever has the root's id gets the story. */
static enum sea_err find_root(struct desk_read *read, struct sea_uuid id, struct sea_uuid *ret)
{
    struct sea_pg *pg = read->desk->pg;
    const PGresult *rows = NULL;
    *ret = id;
    enum sea_err err = sea_pg_begin(pg);
    if (!err) err = sea_pg_queue(pg, &BRIEFLY, NULL);
    if (!err) err = query(read, &ROOT, id, &rows);
    if (!err && sea_pg_count(rows) > 0) *ret = sea_pg_uuid(rows, 0, 0);
    if (err) return sea_pg_is_connected(pg) ? SEA_OK : err;
    return sea_pg_commit(pg);
}

/* The full name of the event that the story began with; empty when it isn't known. */
static struct sea_str type_of(const struct desk_step *steps, size_t count, struct sea_uuid root)
{
    static const struct {
        const char *topic, *type;
    } TYPES[] = {{"seadesk.messages", "seadesk.v1.MessageReceived"},
                 {"seadesk.calls", "seadesk.v1.CallChanged"},
                 {"seadesk.orders", "seadesk.v1.OrderEvent"},
                 {"seadesk.parcels", "seadesk.v1.ParcelFact"},
                 {"seadesk.profiles", "seadesk.v1.ProfileChanged"},
                 {"seadesk.consents", "seadesk.v1.ConsentChanged"},
                 {"seadesk.receipts", "seadesk.v1.ReceiptReceived"},
                 {"seadesk.commands", "seadesk.v1.Command"},
                 {"seadesk.privacy", "seadesk.v1.ErasureRequested"}};
    for (size_t i = 0; i < count; i++)
        for (size_t t = 0; t < SEA_COUNT(TYPES); t++)
            if (sea_uuid_eq(steps[i].event_id, root) && sea_str_is(steps[i].topic, TYPES[t].topic))
                return sea_str(TYPES[t].type);
    return (struct sea_str){NULL, 0};
}

static void read_steps(struct desk_read *read, const PGresult *rows, struct desk_story *ret)
{
    size_t count = (size_t)sea_pg_count(rows);
    struct desk_step *steps = desk_read_zero(read, count * sizeof(*steps));
    for (size_t i = 0; i < count; i++) {
        int row = (int)i;
        steps[i] = (struct desk_step){.at_ms = sea_pg_time(rows, row, AT),
                                      .service = sea_pg_str(rows, row, SERVICE),
                                      .what = sea_pg_str(rows, row, WHAT),
                                      .has_record = !sea_pg_is_null(rows, row, OFFSET),
                                      .topic = sea_pg_str(rows, row, TOPIC),
                                      .partition = (int32_t)sea_pg_i64(rows, row, PARTITION),
                                      .offset = sea_pg_i64(rows, row, OFFSET),
                                      .event_id = sea_pg_uuid(rows, row, EVENT_ID),
                                      .caused_by = sea_pg_uuid(rows, row, CAUSED_BY)};
    }
    ret->steps = steps;
    ret->steps_count = count;
    ret->type = type_of(steps, count, ret->event_id);
}

enum sea_err desk_store_story(struct desk_read *read, struct sea_uuid id, struct desk_story *ret,
                              bool *ret_found)
{
    const PGresult *rows = NULL, *fact = NULL;
    struct sea_uuid root = id;
    enum sea_err err = query(read, &STORY, id, &rows);
    if (!err && !sea_pg_count(rows)) err = find_root(read, id, &root);
    if (!err && !sea_uuid_eq(root, id)) err = query(read, &STORY, root, &rows);
    *ret_found = !err && sea_pg_count(rows) > 0;
    if (!*ret_found) return err;
    *ret = (struct desk_story){.event_id = root};
    read_steps(read, rows, ret);
    if (!sea_str_is(ret->type, "seadesk.v1.OrderEvent")) return SEA_OK;
    err = query(read, &FACT, root, &fact);
    if (!err && sea_pg_count(fact) > 0) ret->type = sea_pg_str(fact, 0, 0);
    return err;
}
