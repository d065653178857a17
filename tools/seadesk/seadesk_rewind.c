/* seadesk_rewind.c: forgets how far a service has read one partition, after its log was lost: it
 * begins anew with what the log holds. What it applied before is recognised and dropped. */
#include <stdio.h>
#include <string.h>

#include "sea_inputs.h"
#include "seadesk_db.h"
#include "seadesk_report.h"

enum { SQL_MAX = 1024 };

struct rewind {
    const struct seadesk_schema *schema;
    enum sea_topic topic;
    uint64_t number;
    int64_t position; /* what it was */
};

static bool read_arguments(const struct seadesk *seadesk, struct rewind *ret)
{
    if (seadesk->argc != 3) return false;
    ret->schema = seadesk_schema_of(seadesk->argv[0]);
    if (!ret->schema || !sea_str_u64(sea_str(seadesk->argv[1]), &ret->number) ||
        !sea_topic_find(sea_str(seadesk->argv[2]), &ret->topic))
        return false;
    /* The privacy topic's one partition is number 12. */
    return ret->topic == SEA_TOPIC_PRIVACY ? ret->number == SEA_PARTITIONS
                                           : ret->number < SEA_PARTITIONS;
}

/* Changes the row's text. False: nothing was read of that topic. */
static bool change(struct sea_str before, struct rewind *rewind, struct sea_buf *ret)
{
    static struct sea_inputs inputs; /* large */
    inputs = (struct sea_inputs){0};
    if (!sea_inputs_parse(before, &inputs)) return false;
    rewind->position = inputs.topics[rewind->topic].position;
    if (!sea_inputs_forget(&inputs, rewind->topic)) return false;
    sea_inputs_print(&inputs, ret);
    return true;
}

/* The epoch rises, so that a service that still runs can't write its old position back. */
static enum sea_err run(struct sea_pg *pg, struct rewind *rewind)
{
    static struct sea_pg_stmt lock = {.name = "rewind_lock"}, write = {.name = "rewind_write"};
    struct sea_buf lock_sql = SEA_BUF(SQL_MAX), write_sql = SEA_BUF(SQL_MAX),
                   text = SEA_BUF(SEA_INPUTS_TEXT_MAX);
    struct sea_pg_args args = SEA_PG_ARGS;
    PGresult *rows = NULL;
    sea_buf_printf(&lock_sql, "SELECT inputs FROM %s.source WHERE number = $1 FOR UPDATE",
                   rewind->schema->schema);
    sea_buf_printf(&write_sql,
                   "UPDATE %s.source SET inputs = $2, epoch = epoch + 1, updated_at = now()"
                   " WHERE number = $1",
                   rewind->schema->schema);
    lock.sql = lock_sql.ptr;
    write.sql = write_sql.ptr;
    sea_pg_arg_i32(&args, (int32_t)rewind->number);
    enum sea_err err = sea_pg_begin(pg);
    if (!err) err = sea_pg_query(pg, &lock, &args, &rows);
    if (!err && !change(sea_pg_str(rows, 0, 0), rewind, &text)) err = SEA_ERR_REJECT;
    sea_pg_clear(&rows);
    sea_pg_arg_text(&args, sea_buf_view(&text));
    if (!err) err = sea_pg_queue(pg, &write, &args);
    if (!err) err = sea_pg_commit(pg);
    if (err) sea_pg_rollback(pg);
    sea_pg_args_free(&args);
    sea_buf_free(&lock_sql);
    sea_buf_free(&write_sql);
    sea_buf_free(&text);
    return err;
}

int seadesk_rewind(struct seadesk *seadesk)
{
    struct rewind rewind = {0};
    struct sea_pg *pg = NULL;
    if (!read_arguments(seadesk, &rewind)) {
        fputs("seadesk rewind: which log? seadesk rewind SERVICE NUMBER TOPIC, as seadesk doctor "
              "says\n",
              stderr);
        return SEADESK_USAGE;
    }
    seadesk_db_open(seadesk, &pg);
    enum sea_err err = run(pg, &rewind);
    int status = SEADESK_DONE;
    if (err == SEA_ERR_REJECT) {
        fprintf(stderr, "seadesk rewind: %s has read nothing of %s there\n", seadesk->argv[0],
                seadesk->argv[2]);
        status = SEADESK_FAILED;
    } else if (err) {
        status = seadesk_db_complain(pg, err, "rewind");
    } else {
        struct seadesk_report report;
        seadesk_report_open(&report, seadesk);
        seadesk_did(&report,
                    "%s reads %s anew from its beginning at number %s (it was at %lld) once it is "
                    "started again",
                    seadesk->argv[0], seadesk->argv[2], seadesk->argv[1],
                    (long long)rewind.position);
        status = seadesk_report_close(&report, NULL);
    }
    sea_pg_close(&pg);
    return status;
}
