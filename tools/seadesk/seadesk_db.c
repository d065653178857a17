/* seadesk_db.c: the administrator's connections. */
#include "seadesk_db.h"

#include <stdio.h>
#include <string.h>

#include "sea_inputs.h"

enum { TIMEOUT_MS = 120000, SQL_MAX = 64 * 1024 };

const struct seadesk_schema seadesk_schemas[] = {
    {"desk", "desk"},
    {"ingest", "ingest"},
    {"media-fetcher", "media_fetcher"},
    {"notifier", "notifier"},
    {"order-tracker", "order_tracker"},
    {"router", "router"},
    {"retention-purger", "retention_purger"},
    {"sla-timer", "sla_timer"},
    {"translator-gateway", "translator_gateway"},
};
const size_t seadesk_schemas_count = SEA_COUNT(seadesk_schemas);

const struct seadesk_schema *seadesk_schema_of(const char *service)
{
    for (size_t i = 0; i < seadesk_schemas_count; i++)
        if (strcmp(service, seadesk_schemas[i].service) == 0) return &seadesk_schemas[i];
    return NULL;
}

static void open_url(const struct seadesk *seadesk, const char *url, struct sea_pg **ret)
{
    struct sea_pg_options options = {.url = url,
                                     .password = seadesk->config.postgres_password,
                                     .name = "seadesk",
                                     .statement_timeout_ms = TIMEOUT_MS};
    sea_pg_open(ret, &options);
}

void seadesk_db_open(const struct seadesk *seadesk, struct sea_pg **ret)
{
    open_url(seadesk, seadesk->config.postgres, ret);
}

void seadesk_db_open_keys(const struct seadesk *seadesk, struct sea_pg **ret)
{
    open_url(seadesk, seadesk->config.keys_postgres, ret);
}

int seadesk_db_complain(const struct sea_pg *pg, enum sea_err err, const char *command)
{
    fprintf(stderr, "seadesk %s: PostgreSQL: %s\n", command, sea_pg_cause(pg));
    return err == SEA_ERR_RETRY ? SEADESK_AWAY : SEADESK_FAILED;
}

static void for_schema(const struct seadesk_schema *schema, const char *sql, struct sea_buf *ret)
{
    for (const char *c = sql; *c; c++) {
        if (*c == '@')
            sea_buf_text(ret, schema->schema);
        else if (*c == '&')
            sea_buf_text(ret, schema->service);
        else
            sea_buf_char(ret, *c);
    }
}

enum sea_err seadesk_db_query(struct sea_pg *pg, const struct seadesk_schema *schema,
                              struct sea_pg_stmt *stmt, const char *sql,
                              const struct sea_pg_args *args, PGresult **ret)
{
    struct sea_buf text = SEA_BUF(SQL_MAX);
    for_schema(schema, sql, &text);
    stmt->sql = text.ptr;
    enum sea_err err = sea_pg_query(pg, stmt, args, ret);
    sea_buf_free(&text);
    return err;
}

enum sea_err seadesk_db_position(struct sea_pg *pg, const struct seadesk_schema *schema,
                                 int32_t number, enum sea_topic topic, int64_t *ret)
{
    static struct sea_pg_stmt stmt = {.name = "position"};
    static struct sea_inputs inputs; /* large */
    struct sea_pg_args args = SEA_PG_ARGS;
    PGresult *rows = NULL;
    sea_pg_arg_i32(&args, number);
    enum sea_err err = seadesk_db_query(
        pg, schema, &stmt, "SELECT inputs FROM @.source WHERE number = $1", &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    inputs = (struct sea_inputs){0};
    bool has_row = sea_pg_count(rows) > 0;
    if (has_row && !sea_inputs_parse(sea_pg_str(rows, 0, 0), &inputs)) err = SEA_ERR_REJECT;
    sea_pg_clear(&rows);
    *ret = inputs.topics[topic].position;
    return err;
}

void seadesk_db_each(const char *select, struct sea_buf *ret)
{
    for (size_t i = 0; i < seadesk_schemas_count; i++) {
        if (i) sea_buf_text(ret, " UNION ALL ");
        for_schema(&seadesk_schemas[i], select, ret);
    }
}
