/* seadesk_replay_range.c: reads the range in steps, leaves out what the service's `seen` knows,
 * puts the rest into its parked rows, released, and waits until it has taken them. */
#include "seadesk_replay_range.h"

#include <stdio.h>
#include <unistd.h>

#include "sea_arena.h"
#include "sea_clock.h"
#include "sea_frame.h"
#include "seadesk_kafka.h"
#include "seadesk_replay_rules.h"

/* A step's keys are few beside those that a worker may hold parked. */
enum { STEP_RECORDS = 500, STEP_BYTES = 16 << 20, LOOK_US = 100 * 1000, PATIENCE_MS = 60 * 1000 };

struct one {
    struct sea_uuid id;
    int64_t offset;
    struct sea_str key, frame;
};

struct step {
    const struct seadesk_replay_range *range;
    struct sea_arena arena;
    struct sea_buf frame;
    struct one *records;
    size_t count;
    int64_t next; /* offset */
};

static bool add(void *arg, const struct sea_record *record)
{
    struct step *step = arg;
    struct sea_outgoing out = {record->topic, record->key, record->value, record->headers};
    sea_buf_reset(&step->frame);
    sea_frame_add(&step->frame, (struct sea_src){0, (uint32_t)record->partition, 0}, &out);
    struct one one = {.id = record->headers.id,
                      .offset = record->offset,
                      .key = sea_arena_str(&step->arena, record->key),
                      .frame = sea_arena_str(&step->arena, sea_buf_view(&step->frame))};
    if (!one.frame.ptr) return false; /* the next step begins with it */
    step->records[step->count++] = one;
    step->next = record->offset + 1;
    return step->count < STEP_RECORDS;
}

static void add_columns(struct sea_pg_args *args, const struct step *step)
{
    SEA_PG_ARRAY(args, SEA_PG_UUID, step->count, sea_pg_add_uuid(args, step->records[i].id));
    SEA_PG_ARRAY(args, SEA_PG_I64, step->count, sea_pg_add_i64(args, step->records[i].offset));
    SEA_PG_ARRAY(args, SEA_PG_TEXT, step->count, sea_pg_add_text(args, step->records[i].key));
    SEA_PG_ARRAY(args, SEA_PG_BYTES, step->count,
                 sea_pg_add_bytes(args, step->records[i].frame.ptr, step->records[i].frame.len));
}

#define FRESH                                                                                      \
    "WITH fresh AS (SELECT DISTINCT ON (id) id, place, key, record"                                \
    " FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bytea[]) AS r(id, place, key, "        \
    "record)"                                                                                      \
    " WHERE NOT EXISTS (SELECT FROM @.seen s WHERE s.id = r.id) ORDER BY id, place)"

/* How many are fresh, and unless it is a dry run they are the service's from now on. */
static enum sea_err give(struct sea_pg *pg, const struct step *step, int64_t *ret_fresh)
{
    static struct sea_pg_stmt count = {.name = "replay_count"}, take = {.name = "replay_take"};
    const struct seadesk_replay_range *range = step->range;
    struct sea_pg_args args = SEA_PG_ARGS;
    PGresult *rows = NULL;
    enum sea_err err;
    add_columns(&args, step);
    if (range->is_dry) {
        err = seadesk_db_query(pg, range->schema, &count, FRESH " SELECT count(*) FROM fresh",
                               &args, &rows);
    } else {
        sea_pg_arg_i32(&args, range->partition);
        sea_pg_arg_text(&args, sea_str(sea_topic_info(range->topic)->name));
        err = seadesk_db_query(
            pg, range->schema, &take,
            FRESH ", known AS (INSERT INTO @.seen (day, id) SELECT current_date, id FROM fresh),"
                  " given AS (INSERT INTO @.parked (number, topic, key, \"offset\", is_cause,"
                  " is_released, reason, attempts, record)"
                  " SELECT $5, $6, key, place, true, true, 'replay', 0, record FROM fresh"
                  " ON CONFLICT DO NOTHING) SELECT count(*) FROM fresh",
            &args, &rows);
    }
    sea_pg_args_free(&args);
    if (err) return err;
    *ret_fresh = sea_pg_i64(rows, 0, 0);
    sea_pg_clear(&rows);
    return SEA_OK;
}

/* Until the service has taken what it was given, or has refused it. *ret_left: it hasn't. */
static enum sea_err wait_until_taken(struct sea_pg *pg, const struct seadesk_replay_range *range,
                                     int64_t *ret_left)
{
    static struct sea_pg_stmt stmt = {.name = "replay_left"};
    int64_t end_ms = sea_clock_mono_ms() + PATIENCE_MS;
    for (;;) {
        struct sea_pg_args args = SEA_PG_ARGS;
        PGresult *rows = NULL;
        sea_pg_arg_i32(&args, range->partition);
        sea_pg_arg_text(&args, sea_str(sea_topic_info(range->topic)->name));
        enum sea_err err = seadesk_db_query(pg, range->schema, &stmt,
                                            "SELECT count(*) FROM @.parked WHERE number = $1"
                                            " AND topic = $2 AND is_released",
                                            &args, &rows);
        sea_pg_args_free(&args);
        if (err) return err;
        *ret_left = sea_pg_i64(rows, 0, 0);
        sea_pg_clear(&rows);
        if (*ret_left == 0 || sea_clock_mono_ms() > end_ms) return SEA_OK;
        usleep(LOOK_US);
    }
}

struct totals {
    int64_t read, fresh, left, next;
};

/* One step after the other; ends early where the service takes nothing more. */
static enum sea_err walk(struct sea_pg *pg, rd_kafka_t *reader, struct step *step,
                         struct totals *totals, const char **ret_away)
{
    const struct seadesk_replay_range *range = step->range;
    enum sea_err err = SEA_OK;
    while (!err && totals->next < range->to && !totals->left) {
        int64_t fresh = 0;
        sea_arena_reset(&step->arena);
        step->count = 0;
        step->next = range->to;
        step->records = sea_arena_alloc(&step->arena, STEP_RECORDS * sizeof(*step->records));
        *ret_away = "the broker does not answer";
        err = seadesk_kafka_read(reader, range->topic, range->partition, totals->next, range->to,
                                 add, step);
        if (err || !step->count) break;
        *ret_away = NULL;
        err = give(pg, step, &fresh);
        if (!err && fresh && !range->is_dry) err = wait_until_taken(pg, range, &totals->left);
        totals->read += (int64_t)step->count;
        totals->fresh += fresh;
        totals->next = step->next;
    }
    return err;
}

static int tell(const struct seadesk_replay_range *range, const struct totals *totals, char *ret)
{
    if (totals->left)
        snprintf(ret, SEADESK_REPLAY_TEXT,
                 "%s takes nothing (%lld records wait): is it running? Begin again at offset %lld",
                 range->schema->service, (long long)totals->left, (long long)totals->next);
    else
        snprintf(ret, SEADESK_REPLAY_TEXT,
                 "%s %s %lld of %lld record(s) again; the others had taken effect",
                 range->schema->service, range->is_dry ? "would take" : "took",
                 (long long)totals->fresh, (long long)totals->read);
    return totals->left ? SEADESK_FAILED : SEADESK_DONE;
}

static int walk_whole(const struct seadesk_replay_range *range, struct sea_pg *pg,
                      rd_kafka_t *reader, char *ret)
{
    struct step step = {
        .range = range, .arena = SEA_ARENA(STEP_BYTES), .frame = SEA_BUF(SEA_FRAME_MAX_BYTES)};
    struct totals totals = {.next = range->from};
    const char *away = NULL;
    enum sea_err err = walk(pg, reader, &step, &totals, &away);
    sea_arena_free(&step.arena);
    sea_buf_free(&step.frame);
    if (!err) return tell(range, &totals, ret);
    if (!away) return seadesk_db_complain(pg, err, "replay");
    fprintf(stderr, "seadesk replay: %s\n", away);
    return SEADESK_AWAY;
}

int seadesk_replay_range(const struct seadesk_replay_range *range, char ret[SEADESK_REPLAY_TEXT])
{
    struct sea_pg *pg = NULL;
    int64_t position = 0;
    int status;
    if (!seadesk_replay_is_intake(range->topic)) {
        snprintf(ret, SEADESK_REPLAY_TEXT,
                 "ranges are of what came from outside: services know it by its id");
        return SEADESK_FAILED;
    }
    seadesk_db_open(range->seadesk, &pg);
    enum sea_err err =
        seadesk_db_position(pg, range->schema, range->partition, range->topic, &position);
    if (err) {
        status = seadesk_db_complain(pg, err, "replay");
    } else if (range->to > position) {
        snprintf(ret, SEADESK_REPLAY_TEXT,
                 "%s has read this topic up to offset %lld, and will read what follows",
                 range->schema->service, (long long)position - 1);
        status = SEADESK_FAILED;
    } else {
        rd_kafka_t *reader = seadesk_kafka_open_reader(range->seadesk);
        status = reader ? walk_whole(range, pg, reader, ret) : SEADESK_AWAY;
        if (reader) rd_kafka_destroy(reader);
    }
    sea_pg_close(&pg);
    return status;
}
