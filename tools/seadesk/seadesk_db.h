/* seadesk_db.h: the administrator's connections. */
#ifndef SEADESK_DB_H
#define SEADESK_DB_H

#include "sea_kafka.h"
#include "sea_pg.h"
#include "seadesk.h"

/* To the main database and to the key store's. They connect on first use. */
void seadesk_db_open(const struct seadesk *seadesk, struct sea_pg **ret);
void seadesk_db_open_keys(const struct seadesk *seadesk, struct sea_pg **ret);
/* Says on standard error what failed; returns the exit code that fits. */
int seadesk_db_complain(const struct sea_pg *pg, enum sea_err err, const char *command);

/* The services that have a schema, with _ for - in its name. */
struct seadesk_schema {
    const char *service, *schema;
};
extern const struct seadesk_schema seadesk_schemas[];
extern const size_t seadesk_schemas_count;
/* NULL: there is no such service. */
const struct seadesk_schema *seadesk_schema_of(const char *service);

/* A statement of one schema: in it @ stands for the schema. */
SEA_MUST_CHECK enum sea_err seadesk_db_query(struct sea_pg *pg, const struct seadesk_schema *schema,
                                             struct sea_pg_stmt *stmt, const char *sql,
                                             const struct sea_pg_args *args, PGresult **ret);
/* How far the service has read a topic in this partition number; 0: nothing yet. REJECT: its row is
 * unreadable. */
SEA_MUST_CHECK enum sea_err seadesk_db_position(struct sea_pg *pg,
                                                const struct seadesk_schema *schema, int32_t number,
                                                enum sea_topic topic, int64_t *ret);

/* Appends `select` for every schema, with UNION ALL between: in it @ stands for the schema and &
 * for the service's name. */
void seadesk_db_each(const char *select, struct sea_buf *ret);

#endif
