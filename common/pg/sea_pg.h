/* sea_pg.h: one PostgreSQL connection, always pipelined, binary both ways, statements prepared on
 * first use. Synchronous: a call may wait for the server, at most the statement time-out. One
 * thread, one connection. */
#ifndef SEA_PG_H
#define SEA_PG_H

#include <libpq-fe.h>

#include "sea_base.h"
#include "sea_buf.h"

struct sea_pg; /* a connection, open or lost */

struct sea_pg_options {
    const char
        *url; /* connection URI or key=value text; its user and password give way to those below */
    const char *user;     /* NULL: as the url says */
    const char *password; /* NULL: as the url says */
    const char *name;     /* application_name */
    int statement_timeout_ms;
};

enum { SEA_PG_ROLE_TEXT = 64 };
/* The login role of a service: seadesk_sla_timer for sla-timer. */
void sea_pg_role(const char *service, char ret[SEA_PG_ROLE_TEXT]);

/* Makes the handle without connecting; keeps copies. The first use connects. */
void sea_pg_open(struct sea_pg **ret, const struct sea_pg_options *options);
void sea_pg_close(struct sea_pg **pg);

/* Connects when not connected. RETRY: the server is away; FATAL: it refuses us (password, no such
 * database). */
SEA_MUST_CHECK enum sea_err sea_pg_connect(struct sea_pg *pg);
bool sea_pg_is_connected(const struct sea_pg *pg);
int sea_pg_fd(
    const struct sea_pg *pg); /* the socket, for LISTEN and liveness; -1 when not connected */
/* Counts successful connects: whoever keeps state on the connection (locks) compares it. */
uint64_t sea_pg_generation(const struct sea_pg *pg);

/* A statement: a static object of the file that uses it. */
struct sea_pg_stmt {
    const char *name; /* unique in the program, for logs */
    const char *sql;
};

enum { SEA_PG_ARGS_MAX = 40 };

/* Parameters of one statement, in order of $1, $2, …; the bytes are copied. Reusable after
 * sea_pg_args_reset. */
struct sea_pg_args {
    struct sea_buf bytes;
    int count;
    size_t at[SEA_PG_ARGS_MAX];
    int len[SEA_PG_ARGS_MAX]; /* -1: NULL */
    Oid type[SEA_PG_ARGS_MAX];
};

enum { SEA_PG_BYTES_MAX = 64 * 1024 * 1024 };
#define SEA_PG_ARGS                                                                                \
    {                                                                                              \
        .bytes = SEA_BUF(SEA_PG_BYTES_MAX)                                                         \
    }

void sea_pg_args_reset(struct sea_pg_args *args);
void sea_pg_args_free(struct sea_pg_args *args);
void sea_pg_arg_null(struct sea_pg_args *args);
void sea_pg_arg_bool(struct sea_pg_args *args, bool value);
void sea_pg_arg_i32(struct sea_pg_args *args, int32_t value);
void sea_pg_arg_i64(struct sea_pg_args *args, int64_t value);
void sea_pg_arg_f64(struct sea_pg_args *args, double value);
void sea_pg_arg_text(struct sea_pg_args *args, struct sea_str value);
void sea_pg_arg_bytes(struct sea_pg_args *args, const void *data, size_t len);
void sea_pg_arg_uuid(struct sea_pg_args *args, struct sea_uuid value);
void sea_pg_arg_key(struct sea_pg_args *args, struct sea_key value); /* as bytea */
void sea_pg_arg_time(struct sea_pg_args *args, int64_t unix_ms);     /* timestamptz; 0 gives NULL */

/* Column arrays for UNNEST: begin, add one element per row, end. One array at a time. */
enum sea_pg_type {
    SEA_PG_BOOL,
    SEA_PG_I32,
    SEA_PG_I64,
    SEA_PG_TEXT,
    SEA_PG_BYTES,
    SEA_PG_UUID,
    SEA_PG_TIME
};
void sea_pg_array_begin(struct sea_pg_args *args, enum sea_pg_type type);
void sea_pg_add_null(struct sea_pg_args *args);
void sea_pg_add_bool(struct sea_pg_args *args, bool value);
void sea_pg_add_i32(struct sea_pg_args *args, int32_t value);
void sea_pg_add_i64(struct sea_pg_args *args, int64_t value);
void sea_pg_add_text(struct sea_pg_args *args, struct sea_str value);
void sea_pg_add_bytes(struct sea_pg_args *args, const void *data, size_t len);
void sea_pg_add_uuid(struct sea_pg_args *args, struct sea_uuid value);
void sea_pg_add_key(struct sea_pg_args *args,
                    struct sea_key value);                       /* in an array of SEA_PG_BYTES */
void sea_pg_add_time(struct sea_pg_args *args, int64_t unix_ms); /* 0 gives NULL */
void sea_pg_array_end(struct sea_pg_args *args);

/* Writes one array of `count` values: ROW, which adds one, is evaluated for each `size_t i`. */
#define SEA_PG_ARRAY(args, type, count, ROW)                                                       \
    do {                                                                                           \
        sea_pg_array_begin((args), (type));                                                        \
        for (size_t i = 0; i < (count); i++) {                                                     \
            ROW;                                                                                   \
        }                                                                                          \
        sea_pg_array_end((args));                                                                  \
    } while (0)

/* Queues a statement whose rows nobody needs. It is sent at once, its outcome is seen by the next
 * call that waits (sea_pg_query, sea_pg_commit, sea_pg_sync). `args` may be NULL. */
SEA_MUST_CHECK enum sea_err sea_pg_queue(struct sea_pg *pg, const struct sea_pg_stmt *stmt,
                                         const struct sea_pg_args *args);

/* Queues a statement and waits for its rows and for everything queued before it. On success *ret is
 * the caller's, to be cleared by sea_pg_clear. On an error the open transaction is rolled back, and
 * the connection ready for the next use. */
SEA_MUST_CHECK enum sea_err sea_pg_query(struct sea_pg *pg, const struct sea_pg_stmt *stmt,
                                         const struct sea_pg_args *args, PGresult **ret);

/* A transaction: begin is only queued; commit waits. A connection lost in commit gives RETRY, and
 * the outcome is unknown: the caller reads what it wrote. rollback never fails. */
SEA_MUST_CHECK enum sea_err sea_pg_begin(struct sea_pg *pg);
SEA_MUST_CHECK enum sea_err sea_pg_commit(struct sea_pg *pg);
void sea_pg_rollback(struct sea_pg *pg);
/* Waits for everything queued, outside a transaction. */
SEA_MUST_CHECK enum sea_err sea_pg_sync(struct sea_pg *pg);

/* Runs SQL text of several statements (migrations), not prepared, not pipelined; the text is
 * trusted. */
SEA_MUST_CHECK enum sea_err sea_pg_script(struct sea_pg *pg, const char *sql);

/* Cells of a binary result; the column's type must fit (sea_assert). Text and bytes point into the
 * result. */
void sea_pg_clear(PGresult **rows);
int sea_pg_count(const PGresult *rows);
int64_t sea_pg_changed(const PGresult *rows); /* rows that an INSERT, UPDATE or DELETE touched */
bool sea_pg_is_null(const PGresult *rows, int row, int col);
bool sea_pg_bool(const PGresult *rows, int row, int col);   /* NULL gives false */
int64_t sea_pg_i64(const PGresult *rows, int row, int col); /* int2, int4, int8; NULL gives 0 */
double sea_pg_f64(const PGresult *rows, int row, int col);  /* float4, float8; NULL gives 0 */
int64_t sea_pg_time(const PGresult *rows, int row,
                    int col); /* Unix ms of a timestamptz; NULL gives 0 */
struct sea_str sea_pg_str(const PGresult *rows, int row,
                          int col); /* text, bytea, json; NULL gives empty */
struct sea_uuid sea_pg_uuid(const PGresult *rows, int row, int col); /* NULL gives nil */
struct sea_key sea_pg_key(const PGresult *rows, int row, int col); /* bytea of 16; NULL gives nil */

/* The caller's reaction to a SQLSTATE (PostgreSQL 15, appendix A); NULL or empty means the
 * connection was lost. */
enum sea_err sea_pg_err(const char *sqlstate);
/* The last error's text, for the one log line; never holds row values (error fields DETAIL are left
 * out). */
const char *sea_pg_cause(const struct sea_pg *pg);

#endif
