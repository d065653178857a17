/* purge_days.c: keys of days: whether everybody is past them, and their end. */
#include "purge_days.h"

#include <stdlib.h>

#include "purge_core.h"
#include "sea_clock.h"
#include "sea_inputs.h"
#include "sea_kafka_private.h"
#include "sea_log.h"

enum { ASK_TIMEOUT_MS = 5000, STATEMENT_TIMEOUT_MS = 10000 };

/* Who reads what ingest seals with the key of the day. */
static const struct reader {
    const char *name;
    struct sea_pg_stmt positions, parked;
    enum sea_topic topics[3];
    size_t topics_count;
} READERS[] = {
    {"router",
     {"purge_router", "SELECT number, inputs FROM router.source WHERE number < 12"},
     {"purge_router_parked",
      "SELECT EXISTS (SELECT FROM router.parked WHERE topic = ANY ($1) AND at < $2)"},
     {SEA_TOPIC_MESSAGES, SEA_TOPIC_PROFILES, SEA_TOPIC_CALLS},
     3},
    {"media-fetcher",
     {"purge_media", "SELECT number, inputs FROM media_fetcher.source WHERE number < 12"},
     {"purge_media_parked",
      "SELECT EXISTS (SELECT FROM media_fetcher.parked WHERE topic = ANY ($1) AND at < $2)"},
     {SEA_TOPIC_MESSAGES, SEA_TOPIC_FILES},
     2},
};

static const struct sea_pg_stmt DESTROY_DAYS = {"purge_destroy_days",
                                                "SELECT keys.destroy_days($1, $2)"};
static const struct sea_pg_stmt FATE = {"purge_fate",
                                        "SELECT destroyed, alive FROM keys.fate($1, $2)"};

struct purge_days {
    struct purge_days_options options;
    struct sea_pg *keys_pg;
    int32_t intake_done, dead_done; /* keys before these days are destroyed */
};

void purge_days_open(struct purge_days **ret, const struct purge_days_options *options)
{
    struct purge_days *days = sea_alloc(sizeof(*days));
    days->options = *options;
    sea_pg_open(&days->keys_pg,
                &(struct sea_pg_options){.url = options->keys_url,
                                         .user = "seadesk_retention_purger",
                                         .password = options->password,
                                         .name = "retention-purger days",
                                         .statement_timeout_ms = STATEMENT_TIMEOUT_MS});
    *ret = days;
}

void purge_days_close(struct purge_days **days)
{
    if (!*days) return;
    sea_pg_close(&(*days)->keys_pg);
    free(*days);
    *days = NULL;
}

static enum sea_err destroy(struct purge_days *days, const char *purpose, int32_t before,
                            uint64_t *ret_count)
{
    PGresult *rows = NULL;
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_text(&args, sea_str(purpose));
    sea_pg_arg_i32(&args, before);
    enum sea_err err = sea_pg_query(days->keys_pg, &DESTROY_DAYS, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    *ret_count += (uint64_t)sea_pg_i64(rows, 0, 0);
    sea_pg_clear(&rows);
    return SEA_OK;
}

/* ---- whether its readers are past that instant ---- */

static enum sea_err load_positions(struct sea_pg *pg, const struct reader *reader,
                                   struct sea_inputs inputs[SEA_PARTITIONS])
{
    PGresult *rows = NULL;
    enum sea_err err = sea_pg_query(pg, &reader->positions, NULL, &rows);
    for (int i = 0; !err && i < sea_pg_count(rows); i++)
        if (!sea_inputs_parse(sea_pg_str(rows, i, 1), &inputs[sea_pg_i64(rows, i, 0)]))
            err = SEA_ERR_RETRY;
    sea_pg_clear(&rows);
    return err;
}

static enum sea_err is_any_parked(struct sea_pg *pg, const struct reader *reader, int64_t before_ms,
                                  bool *ret)
{
    PGresult *rows = NULL;
    struct sea_pg_args args = SEA_PG_ARGS;
    SEA_PG_ARRAY(&args, SEA_PG_TEXT, reader->topics_count,
                 sea_pg_add_text(&args, sea_str(sea_topic_info(reader->topics[i])->name)));
    sea_pg_arg_time(&args, before_ms);
    enum sea_err err = sea_pg_query(pg, &reader->parked, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    *ret = sea_pg_bool(rows, 0, 0);
    sea_pg_clear(&rows);
    return SEA_OK;
}

/* RETRY: the broker didn't answer. */
static enum sea_err has_passed(rd_kafka_t *kafka, const rd_kafka_topic_partition_t *day,
                               int64_t position, bool *ret)
{
    struct purge_progress progress = {.position = position,
                                      .day_ends = day->offset < 0 ? -1 : day->offset};
    if (day->err || rd_kafka_query_watermark_offsets(kafka, day->topic, day->partition,
                                                     &progress.low, &progress.high, ASK_TIMEOUT_MS))
        return SEA_ERR_RETRY;
    *ret = purge_has_passed(&progress);
    return SEA_OK;
}

static enum sea_err have_all_passed(rd_kafka_t *kafka, const struct reader *reader,
                                    const struct sea_inputs *inputs, int64_t before_ms, bool *ret)
{
    enum sea_err err = SEA_OK;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(24);
    for (size_t t = 0; t < reader->topics_count; t++)
        for (int32_t p = 0; p < SEA_PARTITIONS; p++)
            rd_kafka_topic_partition_list_add(list, sea_topic_info(reader->topics[t])->name, p)
                ->offset = before_ms;
    if (rd_kafka_offsets_for_times(kafka, list, ASK_TIMEOUT_MS)) err = SEA_ERR_RETRY;
    *ret = true;
    for (int i = 0; i < list->cnt && !err && *ret; i++) {
        enum sea_topic topic = reader->topics[i / SEA_PARTITIONS];
        const struct sea_input_topic *input = &inputs[list->elems[i].partition].topics[topic];
        err = has_passed(kafka, &list->elems[i], input->is_known ? input->position : 0, ret);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

static enum sea_err ask_broker(const struct purge_days *days, const struct reader *reader,
                               const struct sea_inputs *inputs, int64_t before_ms, bool *ret)
{
    char error[256];
    rd_kafka_conf_t *conf = sea_kafka_conf(days->options.brokers, "retention-purger-days");
    rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    if (!kafka) {
        rd_kafka_conf_destroy(conf);
        return SEA_ERR_RETRY;
    }
    enum sea_err err = have_all_passed(kafka, reader, inputs, before_ms, ret);
    rd_kafka_destroy(kafka);
    return err;
}

static enum sea_err is_reader_past(struct purge_days *days, struct sea_pg *pg,
                                   const struct reader *reader, int32_t before, bool *ret)
{
    static struct sea_inputs inputs[SEA_PARTITIONS]; /* large */
    int64_t before_ms = (int64_t)before * PURGE_DAY_MS;
    bool is_parked = false, is_passed = false;
    for (size_t n = 0; n < SEA_PARTITIONS; n++) inputs[n] = (struct sea_inputs){0};
    enum sea_err err = load_positions(pg, reader, inputs);
    if (!err) err = is_any_parked(pg, reader, before_ms, &is_parked);
    if (!err && !is_parked) err = ask_broker(days, reader, inputs, before_ms, &is_passed);
    if (err) return err;
    *ret = is_passed && !is_parked;
    if (!*ret)
        sea_log(SEA_LOG_WARN, "day keys live on: not everything of those days has been read",
                SEA_F_STR("by", reader->name), SEA_F_I64("before_day", before),
                SEA_F_BOOL("is_parked", is_parked));
    return SEA_OK;
}

static enum sea_err run_intake(struct purge_days *days, struct sea_pg *pg, int32_t before,
                               uint64_t *ret_count)
{
    enum sea_err err = SEA_OK;
    bool is_past = true;
    for (size_t i = 0; !err && is_past && i < SEA_COUNT(READERS); i++)
        err = is_reader_past(days, pg, &READERS[i], before, &is_past);
    if (err || !is_past) return err;
    err = destroy(days, "intake", before, ret_count);
    if (!err) days->intake_done = before;
    return err;
}

enum sea_err purge_days_run(struct purge_days *days, struct sea_pg *pg, uint64_t *ret_count)
{
    int64_t now_ms = sea_clock_wall_ms();
    int32_t intake = purge_days_before(now_ms, PURGE_INTAKE_DAYS);
    int32_t dead = purge_days_before(now_ms, PURGE_DEAD_DAYS);
    enum sea_err err = SEA_OK;
    *ret_count = 0;
    if (days->dead_done < dead) err = destroy(days, "dead", dead, ret_count);
    if (!err) days->dead_done = dead;
    if (!err && days->intake_done < intake) err = run_intake(days, pg, intake, ret_count);
    return err;
}

enum sea_err purge_days_fate(struct purge_days *days, const struct sea_key *contacts, size_t count,
                             int64_t before_ms, uint64_t *ret_destroyed, uint64_t *ret_alive)
{
    PGresult *rows = NULL;
    struct sea_pg_args args = SEA_PG_ARGS;
    SEA_PG_ARRAY(&args, SEA_PG_BYTES, count, sea_pg_add_key(&args, contacts[i]));
    sea_pg_arg_time(&args, before_ms);
    enum sea_err err = sea_pg_query(days->keys_pg, &FATE, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    *ret_destroyed = (uint64_t)sea_pg_i64(rows, 0, 0);
    *ret_alive = (uint64_t)sea_pg_i64(rows, 0, 1);
    sea_pg_clear(&rows);
    return SEA_OK;
}
