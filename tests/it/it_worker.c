/* it_worker.c: the smallest service on the worker, for its tests: every message becomes one row and
 * one record on seadesk.tickets. The value says what else happens: "poison" can never be applied,
 * "fail" fails while the table worker_switch says so. Runs as `desk`, whose schema has the worker's
 * tables and no worker. PROBE=later: knows a topic that was added to its list; PROBE=reader: runs
 * as `sla-timer` and reads what the other one says, without saying anything itself, and its group
 * waits longer for it than a broker takes to come back. */
#include <stdlib.h>
#include <string.h>

#include "sea_app.h"
#include "sea_config.h"
#include "sea_crash.h"
#include "sea_worker.h"
#include "seadesk/v1/tickets.pb-c.h"

static const enum sea_topic TOPICS[] = {SEA_TOPIC_MESSAGES, SEA_TOPIC_PROFILES};

static const struct sea_pg_stmt IS_BROKEN = {"is_broken",
                                             "SELECT EXISTS (SELECT FROM worker_switch)"};
static const struct sea_pg_stmt EFFECT = {
    "effect", "INSERT INTO worker_effect (number, topic, \"offset\", key, id)"
              " SELECT * FROM unnest($1::int[], $2::text[], $3::bigint[], $4::text[], $5::uuid[])"};

static const enum sea_topic TOPICS_OF_READER[] = {SEA_TOPIC_TICKETS, SEA_TOPIC_DELIVERIES};
static const struct sea_later_topic LATER[] = {{SEA_TOPIC_CONSENTS, 1}};

static bool is_reader(void)
{
    const char *role = getenv("PROBE");
    return role != NULL && strcmp(role, "reader") == 0;
}

/* In place of common/kafka's (the linker's --wrap): numbers that the group gave anew would be
 * compared with their logs anyway. */
void __real_sea_kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value);
void __wrap_sea_kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value);

void __wrap_sea_kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    bool is_patient = is_reader() && strcmp(name, "session.timeout.ms") == 0;
    __real_sea_kafka_set(conf, name, is_patient ? "60000" : value);
}

struct probe {
    struct sea_worker *worker;
    struct sea_pg_args args;
    bool is_silent;
};

static enum sea_err write_effects(struct probe *probe, struct sea_txn *txn,
                                  const struct sea_record *records, const bool *is_applied,
                                  size_t count)
{
    struct sea_pg_args *args = &probe->args;
    sea_pg_args_reset(args);
    sea_pg_array_begin(args, SEA_PG_I32);
    for (size_t i = 0; i < count; i++)
        if (is_applied[i]) sea_pg_add_i32(args, records[i].partition);
    sea_pg_array_end(args);
    sea_pg_array_begin(args, SEA_PG_TEXT);
    for (size_t i = 0; i < count; i++)
        if (is_applied[i]) sea_pg_add_text(args, sea_str(sea_topic_info(records[i].topic)->name));
    sea_pg_array_end(args);
    sea_pg_array_begin(args, SEA_PG_I64);
    for (size_t i = 0; i < count; i++)
        if (is_applied[i]) sea_pg_add_i64(args, records[i].offset);
    sea_pg_array_end(args);
    sea_pg_array_begin(args, SEA_PG_TEXT);
    for (size_t i = 0; i < count; i++)
        if (is_applied[i]) sea_pg_add_text(args, records[i].key);
    sea_pg_array_end(args);
    sea_pg_array_begin(args, SEA_PG_UUID);
    for (size_t i = 0; i < count; i++)
        if (is_applied[i]) sea_pg_add_uuid(args, records[i].headers.id);
    sea_pg_array_end(args);
    return sea_pg_queue(txn->pg, &EFFECT, args);
}

static bool is_broken(struct sea_txn *txn)
{
    PGresult *rows = NULL;
    if (sea_pg_query(txn->pg, &IS_BROKEN, NULL, &rows)) return true;
    bool broken = sea_pg_bool(rows, 0, 0);
    sea_pg_clear(&rows);
    return broken;
}

static enum sea_err apply(void *ctx, struct sea_txn *txn, const struct sea_record *records,
                          size_t count)
{
    struct probe *probe = ctx;
    bool *is_applied = sea_arena_zero(txn->arena, count);
    if (!is_applied) return SEA_ERR_RETRY;
    for (size_t i = 0; i < count; i++) {
        const struct sea_record *record = &records[i];
        Seadesk__V1__TicketChanged ticket = SEADESK__V1__TICKET_CHANGED__INIT;
        struct sea_cause cause = sea_cause_of(record);
        if (sea_str_is(record->value, "poison")) {
            sea_txn_refuse(txn, record, "undecodable");
            continue;
        }
        if (sea_str_is(record->value, "fail") && is_broken(txn)) return SEA_ERR_REJECT;
        is_applied[i] = true;
        if (probe->is_silent) continue;
        ticket.version = (uint64_t)record->offset;
        enum sea_err err = sea_txn_emit(txn, (uint32_t)record->partition, SEA_TOPIC_TICKETS,
                                        record->key, &ticket.base, &cause, "ticket", 0, NULL);
        if (err) return err;
    }
    SEA_CRASHPOINT("probe.applied");
    return write_effects(probe, txn, records, is_applied, count);
}

static struct sea_worker_ops ops = {
    .service = "desk", .topics = TOPICS, .topics_count = SEA_COUNT(TOPICS), .apply = apply};

static void choose_role(struct probe *probe)
{
    const char *role = getenv("PROBE");
    if (role != NULL && strcmp(role, "later") == 0) {
        ops.later = LATER;
        ops.later_count = SEA_COUNT(LATER);
    }
    probe->is_silent = is_reader();
    if (!probe->is_silent) return;
    ops.service = "sla-timer";
    ops.topics = TOPICS_OF_READER;
    ops.topics_count = SEA_COUNT(TOPICS_OF_READER);
}

static enum sea_err start(void *ctx, struct sea_app *app, const struct sea_config *config)
{
    struct probe *probe = ctx;
    probe->args = (struct sea_pg_args)SEA_PG_ARGS;
    return sea_worker_open(&probe->worker, app, config, &ops, probe);
}

static void stop(void *ctx)
{
    struct probe *probe = ctx;
    sea_worker_close(&probe->worker);
    sea_pg_args_free(&probe->args);
}

int main(int argc, char **argv)
{
    static struct probe probe;
    choose_role(&probe);
    const struct sea_app_program program = {.config = {ops.service, NULL, 0, NULL},
                                            .about = "a probe of the worker",
                                            .start = start,
                                            .stop = stop,
                                            .ctx = &probe};
    return sea_app_main(&program, argc, argv);
}
