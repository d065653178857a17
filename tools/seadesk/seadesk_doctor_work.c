/* seadesk_doctor_work.c: how far each service is, what is lost, parked, unsent or overdue. */
#include <stdio.h>
#include <string.h>

#include "sea_enc.h"
#include "sea_inputs.h"
#include "seadesk_db.h"
#include "seadesk_doctor.h"
#include "seadesk_lag.h"

enum { STILL_S = 60, SQL_MAX = 64 * 1024 }; /* a service with work writes its source row at once */

static const char SOURCES[] = "SELECT '&'::text, number, inputs,"
                              " extract(epoch FROM clock_timestamp() - updated_at)::bigint,"
                              " (SELECT count(*) FROM @.outbox o WHERE o.number = s.number)"
                              " FROM @.source s";
static const char PARKED[] =
    "SELECT '&'::text, topic, count(*), count(DISTINCT (number, key)), min(at), "
    "max(attempts)::bigint FROM @.parked GROUP BY topic";

static const struct sea_pg_stmt ERASURES = {
    "doctor_erasures",
    "SELECT (SELECT count(*) FROM retention_purger.request WHERE state NOT IN (5, 6)"
    " AND requested_at < to_timestamp(clock.now_ms() / 1000.0) - interval '1 day'),"
    " (SELECT count(*) FROM retention_purger.hold WHERE released_at IS NULL"
    " AND review_on < current_date),"
    " (SELECT string_agg(store, ', ') FROM"
    " retention_purger.overdue(to_timestamp(clock.now_ms() / 1000.0)::date))"};

/* Records that a service has still to read of one topic. */
struct lag {
    const char *service; /* of seadesk_schemas */
    enum sea_topic topic;
    int64_t records;
};

struct lags {
    struct lag items[256];
    size_t count;
};

static void add_lag(struct lags *lags, const char *service, enum sea_topic topic, int64_t records)
{
    for (size_t i = 0; i < lags->count; i++) {
        if (lags->items[i].service != service || lags->items[i].topic != topic) continue;
        lags->items[i].records += records;
        return;
    }
    sea_assert(lags->count < SEA_COUNT(lags->items));
    lags->items[lags->count++] = (struct lag){service, topic, records};
}

static const char *service_of(struct sea_str name)
{
    for (size_t i = 0; i < seadesk_schemas_count; i++)
        if (sea_str_is(name, seadesk_schemas[i].service)) return seadesk_schemas[i].service;
    return "";
}

static void say_lost(struct seadesk_doctor *doctor, const char *service, long long number,
                     enum sea_topic topic, const struct seadesk_log *log)
{
    char advice[256];
    const char *name = sea_topic_info(topic)->name;
    long long partition = topic == SEA_TOPIC_PRIVACY ? 0 : number;
    snprintf(advice, sizeof(advice),
             "put the log back if you have it; otherwise: stop %s, seadesk rewind %s %lld %s, "
             "start it",
             service, service, number, name);
    if (seadesk_log_state(log) == SEADESK_LOG_SHORTER)
        seadesk_find(&doctor->report, SEADESK_WRONG, "lost log", advice,
                     "%s read %s/%lld up to %lld, but the log ends at %lld: it was lost or made "
                     "anew, and nothing of it is taken until you decide",
                     service, name, partition, (long long)log->position, (long long)log->high);
    else if (seadesk_log_state(log) == SEADESK_LOG_REPLACED)
        seadesk_find(&doctor->report, SEADESK_WRONG, "lost log", advice,
                     "%s read %s/%lld up to %lld, but another record stands there now: the log was "
                     "cut or made anew",
                     service, name, partition, (long long)log->position);
    else
        seadesk_find(&doctor->report, SEADESK_WRONG, "lost log", advice,
                     "%s read %s/%lld up to %lld, but the log begins at %lld: records expired "
                     "unread",
                     service, name, partition, (long long)log->position, (long long)log->low);
}

struct last {
    struct sea_uuid id; /* that was read */
    bool is_other;
};

static bool compare_last(void *arg, const struct sea_record *record)
{
    struct last *last = arg;
    last->is_other = !sea_uuid_eq(record->headers.id, last->id);
    return false;
}

/* Whether another record stands where the last one was read; asked only where records wait, since
 * who stopped there leaves them. */
static bool is_replaced(struct seadesk_doctor *doctor, enum sea_topic topic, int32_t partition,
                        const struct sea_input_topic *input, const struct seadesk_log *log)
{
    struct last last = {.id = input->last};
    if (seadesk_log_lag(log) == 0 || log->low >= log->position) return false;
    if (!doctor->reader) doctor->reader = seadesk_kafka_open_reader(doctor->seadesk);
    if (!doctor->reader || seadesk_kafka_read(doctor->reader, topic, partition, log->position - 1,
                                              log->position, compare_last, &last))
        return false;
    return last.is_other;
}

/* One number of one service: positions beside the logs. Returns the records it has to read. */
static int64_t look_at_source(struct seadesk_doctor *doctor, const char *service, int64_t number,
                              struct sea_str text, struct lags *lags)
{
    static struct sea_inputs inputs; /* large */
    int64_t waiting = 0;
    inputs = (struct sea_inputs){0};
    if (!sea_inputs_parse(text, &inputs)) {
        seadesk_find(&doctor->report, SEADESK_WRONG, "source",
                     "restore it from a backup; the service does not start with it",
                     "%s's row %lld is unreadable", service, (long long)number);
        return 0;
    }
    for (unsigned t = 0; t < SEA_TOPICS; t++) {
        enum sea_topic topic = (enum sea_topic)t;
        int32_t partition = topic == SEA_TOPIC_PRIVACY ? 0 : (int32_t)number;
        if (!inputs.topics[t].is_known || !doctor->kafka) continue;
        if (!seadesk_kafka_mark(doctor->kafka, &doctor->marks, topic, partition)) continue;
        struct seadesk_log log = {true, inputs.topics[t].position, doctor->marks.low[t][partition],
                                  doctor->marks.high[t][partition], false};
        log.is_other = is_replaced(doctor, topic, partition, &inputs.topics[t], &log);
        if (seadesk_log_state(&log) != SEADESK_LOG_FINE)
            say_lost(doctor, service, number, topic, &log);
        waiting += seadesk_log_lag(&log);
        add_lag(lags, service, topic, seadesk_log_lag(&log));
    }
    return waiting;
}

static void show_lags(struct seadesk_doctor *doctor, const struct lags *lags)
{
    struct seadesk_report *report = &doctor->report;
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(report->doc, report->root, "lag");
    for (size_t i = 0; i < lags->count; i++) {
        const struct lag *lag = &lags->items[i];
        yyjson_mut_val *one = yyjson_mut_arr_add_obj(report->doc, list);
        yyjson_mut_obj_add_str(report->doc, one, "service", lag->service);
        yyjson_mut_obj_add_str(report->doc, one, "topic", sea_topic_info(lag->topic)->name);
        yyjson_mut_obj_add_sint(report->doc, one, "records", lag->records);
        if (!report->is_json && lag->records)
            printf("lag: %-18s %-22s %lld records\n", lag->service,
                   sea_topic_info(lag->topic)->name, (long long)lag->records);
    }
}

static void look_at_sources(struct seadesk_doctor *doctor)
{
    static struct sea_pg_stmt stmt = {.name = "doctor_sources"};
    struct sea_buf sql = SEA_BUF(SQL_MAX);
    struct lags lags = {.count = 0};
    PGresult *rows = NULL;
    seadesk_db_each(SOURCES, &sql);
    sea_buf_text(&sql, " ORDER BY 1, 2");
    stmt.sql = sql.ptr;
    if (!sea_pg_query(doctor->pg, &stmt, NULL, &rows)) {
        for (int i = 0; i < sea_pg_count(rows); i++) {
            const char *service = service_of(sea_pg_str(rows, i, 0));
            long long number = sea_pg_i64(rows, i, 1), still_s = sea_pg_i64(rows, i, 3),
                      unsent = sea_pg_i64(rows, i, 4);
            int64_t waiting =
                look_at_source(doctor, service, number, sea_pg_str(rows, i, 2), &lags);
            if (still_s < STILL_S || (!waiting && !unsent)) continue;
            seadesk_find(&doctor->report, SEADESK_WRONG, "work",
                         "is it running, and ready? look at its /readyz and its log",
                         "%s has not worked at number %lld for %lld s: %lld record(s) to read, "
                         "%lld outbox row(s) left",
                         service, number, still_s, (long long)waiting, unsent);
        }
        show_lags(doctor, &lags);
    }
    sea_pg_clear(&rows);
    sea_buf_free(&sql);
}

static void look_at_parked(struct seadesk_doctor *doctor)
{
    static struct sea_pg_stmt stmt = {.name = "doctor_parked"};
    struct sea_buf sql = SEA_BUF(SQL_MAX);
    PGresult *rows = NULL;
    seadesk_db_each(PARKED, &sql);
    stmt.sql = sql.ptr;
    if (!sea_pg_query(doctor->pg, &stmt, NULL, &rows)) {
        for (int i = 0; i < sea_pg_count(rows); i++) {
            char since[SEA_TIME_TEXT];
            struct sea_str service = sea_pg_str(rows, i, 0), topic = sea_pg_str(rows, i, 1);
            sea_time_print(sea_pg_time(rows, i, 4), since);
            seadesk_find(&doctor->report, SEADESK_WRONG, "parked",
                         "find the cause in its log, mend it, then release them: seadesk replay "
                         "list",
                         "%.*s keeps %lld record(s) of %lld key(s) of %.*s waiting since %s",
                         (int)service.len, service.ptr, (long long)sea_pg_i64(rows, i, 2),
                         (long long)sea_pg_i64(rows, i, 3), (int)topic.len, topic.ptr, since);
        }
    }
    sea_pg_clear(&rows);
    sea_buf_free(&sql);
}

static void look_at_dead_letters(struct seadesk_doctor *doctor)
{
    int64_t count = 0;
    for (int32_t p = 0; p < SEA_PARTITIONS && doctor->kafka; p++)
        if (seadesk_kafka_mark(doctor->kafka, &doctor->marks, SEA_TOPIC_DLQ, p))
            count += doctor->marks.high[SEA_TOPIC_DLQ][p] - doctor->marks.low[SEA_TOPIC_DLQ][p];
    if (count)
        seadesk_find(&doctor->report, SEADESK_NOTE, "dead letters", "seadesk replay list",
                     "%lld record(s) were refused in the last 14 days", (long long)count);
}

static void look_at_erasures(struct seadesk_doctor *doctor)
{
    PGresult *rows = NULL;
    if (sea_pg_query(doctor->pg, &ERASURES, NULL, &rows)) return;
    long long late = sea_pg_i64(rows, 0, 0), holds = sea_pg_i64(rows, 0, 1);
    struct sea_str overdue = sea_pg_str(rows, 0, 2);
    if (late)
        seadesk_find(&doctor->report, SEADESK_WRONG, "erasure",
                     "SELECT * FROM retention_purger.request_v WHERE state <> 'done' shows who has "
                     "not answered",
                     "%lld request(s) to erase a person are open for more than a day", late);
    if (holds)
        seadesk_find(&doctor->report, SEADESK_NOTE, "legal hold",
                     "review it; retention_purger.release_hold ends it",
                     "%lld legal hold(s) are past their review", holds);
    if (overdue.len)
        seadesk_find(&doctor->report, SEADESK_WRONG, "retention",
                     "is retention-purger running? its log says why they stay",
                     "kept beyond their month: %.*s", (int)overdue.len, overdue.ptr);
    sea_pg_clear(&rows);
}

void seadesk_doctor_work(struct seadesk_doctor *doctor)
{
    look_at_sources(doctor);
    look_at_parked(doctor);
    look_at_dead_letters(doctor);
    look_at_erasures(doctor);
}
