/* seadesk_db.c: the administrator's connections. */
#include "seadesk_db.h"

#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS = 120000 };

const struct seadesk_schema seadesk_schemas[] = {
    {"desk", "desk"},           {"ingest", "ingest"},
    {"notifier", "notifier"},   {"order-tracker", "order_tracker"},
    {"router", "router"},       {"retention-purger", "retention_purger"},
    {"sla-timer", "sla_timer"}, {"translator-gateway", "translator_gateway"},
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

void seadesk_db_each(const char *select, struct sea_buf *ret)
{
    for (size_t i = 0; i < seadesk_schemas_count; i++) {
        if (i) sea_buf_text(ret, " UNION ALL ");
        for (const char *c = select; *c; c++) {
            if (*c == '@')
                sea_buf_text(ret, seadesk_schemas[i].schema);
            else if (*c == '&')
                sea_buf_text(ret, seadesk_schemas[i].service);
            else
                sea_buf_char(ret, *c);
        }
    }
}
