/* sea_pg.c: the connection: pipeline bookkeeping, statements prepared on first use, errors sorted
 * by reaction. */
#include "sea_pg.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sea_log.h"

enum {
    STMTS_MAX = 512, /* prepared statements of one program */
    CONNECT_TIMEOUT_S = 5,
    IN_FLIGHT_MAX = 4096, /* commands sent and not yet answered */
    CAUSE_MAX = 256,
};

enum command { COMMAND_PREPARE, COMMAND_QUERY, COMMAND_SYNC };

struct flight {
    enum command kind;
    const struct sea_pg_stmt *stmt; /* NULL for syncs */
};

struct sea_pg {
    char *url, *user, *password, *name;
    int statement_timeout_ms;
    PGconn *conn;
    uint64_t generation;
    const struct sea_pg_stmt *prepared[STMTS_MAX]; /* open addressing by address */
    size_t prepared_count;
    struct flight flights[IN_FLIGHT_MAX]; /* ring */
    size_t first, count;
    bool is_in_transaction;
    char cause[CAUSE_MAX];
};

static const struct sea_pg_stmt BEGIN_STMT = {"begin", "BEGIN"};
static const struct sea_pg_stmt COMMIT_STMT = {"commit", "COMMIT"};

void sea_pg_open(struct sea_pg **ret, const struct sea_pg_options *options)
{
    struct sea_pg *pg = sea_alloc(sizeof(*pg));
    pg->url = sea_strdup(options->url);
    pg->user = sea_strdup(options->user);
    pg->password = sea_strdup(options->password);
    pg->name = sea_strdup(options->name);
    pg->statement_timeout_ms = options->statement_timeout_ms;
    *ret = pg;
}

static void disconnect(struct sea_pg *pg)
{
    if (pg->conn) PQfinish(pg->conn);
    pg->conn = NULL;
    pg->first = pg->count = 0;
    pg->is_in_transaction = false;
    memset(pg->prepared, 0, sizeof(pg->prepared));
    pg->prepared_count = 0;
}

void sea_pg_close(struct sea_pg **pg)
{
    if (!*pg) return;
    disconnect(*pg);
    free((*pg)->url);
    free((*pg)->user);
    if ((*pg)->password) explicit_bzero((*pg)->password, strlen((*pg)->password));
    free((*pg)->password);
    free((*pg)->name);
    free(*pg);
    *pg = NULL;
}

bool sea_pg_is_connected(const struct sea_pg *pg)
{
    return pg->conn && PQstatus(pg->conn) == CONNECTION_OK;
}

int sea_pg_fd(const struct sea_pg *pg)
{
    return pg->conn ? PQsocket(pg->conn) : -1;
}

uint64_t sea_pg_generation(const struct sea_pg *pg)
{
    return pg->generation;
}

const char *sea_pg_cause(const struct sea_pg *pg)
{
    return pg->cause;
}

/* First line only: libpq appends DETAIL, which can hold row values. */
static void keep_cause(struct sea_pg *pg, const char *text)
{
    size_t len = strcspn(text ? text : "", "\n");
    if (len >= CAUSE_MAX) len = CAUSE_MAX - 1;
    memcpy(pg->cause, text ? text : "", len);
    pg->cause[len] = '\0';
}

enum sea_err sea_pg_err(const char *sqlstate)
{
    static const struct {
        const char *prefix;
        enum sea_err err;
    } TABLE[] = {
        {"08", SEA_ERR_RETRY},    /* connection */
        {"40", SEA_ERR_RETRY},    /* serialization failure, deadlock */
        {"53", SEA_ERR_RETRY},    /* no resources */
        {"55", SEA_ERR_RETRY},    /* lock not available, object in use */
        {"57", SEA_ERR_RETRY},    /* shutdown, cancelled by time-out */
        {"58", SEA_ERR_RETRY},    /* I/O error outside PostgreSQL */
        {"25006", SEA_ERR_RETRY}, /* read-only: a standby, or being switched over */
        {"22", SEA_ERR_REJECT},   /* data */
        {"23", SEA_ERR_REJECT},   /* constraint */
        {"54", SEA_ERR_REJECT},   /* a value over a limit */
        {"P0", SEA_ERR_REJECT},   /* raised by a function of ours */
    };
    if (!sqlstate || !*sqlstate) return SEA_ERR_RETRY;
    for (size_t i = 0; i < SEA_COUNT(TABLE); i++)
        if (strncmp(sqlstate, TABLE[i].prefix, strlen(TABLE[i].prefix)) == 0) return TABLE[i].err;
    return SEA_ERR_FATAL;
}

void sea_pg_role(const char *service, char ret[SEA_PG_ROLE_TEXT])
{
    snprintf(ret, SEA_PG_ROLE_TEXT, "seadesk_%s", service);
    for (char *c = ret; *c; c++)
        if (*c == '-') *c = '_';
}

/* Whether the address itself has a value for `key`. */
static bool says(const char *url, const char *key)
{
    bool found = false;
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    for (PQconninfoOption *option = options; option && option->keyword; option++)
        if (strcmp(option->keyword, key) == 0 && option->val && *option->val) found = true;
    PQconninfoFree(options);
    return found;
}

static PGconn *dial(const struct sea_pg *pg)
{
    const char *keys[8], *values[8];
    char timeout[12];
    size_t n = 0;
    snprintf(timeout, sizeof(timeout), "%d", CONNECT_TIMEOUT_S);
    keys[n] = "dbname", values[n++] = pg->url; /* expanded */
    if (pg->user && !says(pg->url, "user")) keys[n] = "user", values[n++] = pg->user;
    if (pg->password && *pg->password && !says(pg->url, "password"))
        keys[n] = "password", values[n++] = pg->password;
    if (pg->name) keys[n] = "application_name", values[n++] = pg->name;
    keys[n] = "connect_timeout", values[n++] = timeout;
    keys[n] = "client_encoding", values[n++] = "UTF8";
    keys[n] = NULL, values[n] = NULL;
    return PQconnectdbParams(keys, values, 1);
}

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

enum sea_err sea_pg_connect(struct sea_pg *pg)
{
    if (sea_pg_is_connected(pg)) return SEA_OK;
    disconnect(pg);
    pg->conn = dial(pg);
    if (PQstatus(pg->conn) != CONNECTION_OK) {
        const char *text = PQerrorMessage(pg->conn);
        /* libpq gives no SQLSTATE for a failed connect; these texts mean that waiting won't help.
         */
        bool is_refused = strstr(text, "password authentication failed") ||
                          strstr(text, "no password supplied") || strstr(text, "does not exist");
        keep_cause(pg, text);
        sea_log(SEA_LOG_WARN, "postgresql refused the connection", SEA_F_STR("cause", pg->cause));
        disconnect(pg);
        return is_refused ? SEA_ERR_FATAL : SEA_ERR_RETRY;
    }
    PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
    char set[64];
    snprintf(set, sizeof(set), "SET statement_timeout = %d", pg->statement_timeout_ms);
    PQclear(PQexec(pg->conn, set));
    PQclear(PQexec(pg->conn, "SET timezone = 'UTC'"));
    if (PQsetnonblocking(pg->conn, 1) != 0 || PQenterPipelineMode(pg->conn) != 1) {
        keep_cause(pg, PQerrorMessage(pg->conn));
        disconnect(pg);
        return SEA_ERR_RETRY;
    }
    pg->generation++;
    return SEA_OK;
}

static enum sea_err lost(struct sea_pg *pg)
{
    keep_cause(pg, pg->conn ? PQerrorMessage(pg->conn) : "not connected");
    sea_log(SEA_LOG_WARN, "postgresql connection lost", SEA_F_STR("cause", pg->cause));
    disconnect(pg);
    return SEA_ERR_RETRY;
}

/* Sends what is buffered while taking in what arrives, so that neither side waits for the other for
 * ever. */
static bool pump(struct sea_pg *pg, bool until_input)
{
    for (;;) {
        int rest = PQflush(pg->conn);
        if (rest < 0) return false;
        if (rest == 0 && !until_input) return true;
        struct pollfd fd = {.fd = PQsocket(pg->conn),
                            .events = (short)(POLLIN | (rest ? POLLOUT : 0))};
        int ready = poll(&fd, 1, pg->statement_timeout_ms + 2000);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        if (fd.revents & (POLLIN | POLLERR | POLLHUP)) {
            if (!PQconsumeInput(pg->conn)) return false;
            if (until_input) return true;
        }
    }
}

static void push_flight(struct sea_pg *pg, enum command kind, const struct sea_pg_stmt *stmt)
{
    sea_assert(pg->count < IN_FLIGHT_MAX);
    pg->flights[(pg->first + pg->count++) % IN_FLIGHT_MAX] = (struct flight){kind, stmt};
}

/* Takes the answer to the oldest command. False: connection lost. *ret is NULL only for a
 * statement's end. */
static bool next_result(struct sea_pg *pg, PGresult **ret)
{
    while (PQisBusy(pg->conn))
        if (!pump(pg, true)) return false;
    *ret = PQgetResult(pg->conn);
    return PQstatus(pg->conn) == CONNECTION_OK;
}

/* Reads the whole answer of the oldest command in flight into *ret. */
static bool take_answer(struct sea_pg *pg, PGresult **ret)
{
    struct flight flight = pg->flights[pg->first];
    PGresult *result = NULL, *end = NULL;
    if (!next_result(pg, &result)) {
        PQclear(result);
        return false;
    }
    pg->first = (pg->first + 1) % IN_FLIGHT_MAX;
    pg->count--;
    if (flight.kind != COMMAND_SYNC) {
        if (!next_result(pg, &end)) {
            PQclear(result);
            return false;
        }
        sea_assert(!end); /* one statement, one result */
    }
    *ret = result;
    return true;
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_PIPELINE_SYNC;
}

/* Leaves the failed pipeline: everything up to a sync is skipped by the server, then the
 * transaction is ended and the statements are forgotten, since some may not have been prepared. */
static void recover(struct sea_pg *pg)
{
    if (!PQpipelineSync(pg->conn)) {
        (void)lost(pg);
        return;
    }
    push_flight(pg, COMMAND_SYNC, NULL);
    while (pg->count) {
        PGresult *result = NULL;
        if (!take_answer(pg, &result)) {
            (void)lost(pg);
            return;
        }
        PQclear(result);
    }
    if (PQexitPipelineMode(pg->conn) != 1) {
        (void)lost(pg);
        return;
    }
    PQclear(PQexec(pg->conn, "ROLLBACK"));
    PQclear(PQexec(pg->conn, "DEALLOCATE ALL"));
    memset(pg->prepared, 0, sizeof(pg->prepared));
    pg->prepared_count = 0;
    pg->is_in_transaction = false;
    if (PQenterPipelineMode(pg->conn) != 1) (void)lost(pg);
}

static enum sea_err failed(struct sea_pg *pg, const struct sea_pg_stmt *stmt,
                           const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    enum sea_err err = sea_pg_err(state);
    keep_cause(pg, text ? text : "pipeline aborted");
    sea_log(err == SEA_ERR_FATAL ? SEA_LOG_ERROR : SEA_LOG_WARN, "statement failed",
            SEA_F_STR("statement", stmt ? stmt->name : "sync"),
            SEA_F_STR("sqlstate", state ? state : ""), SEA_F_STR("cause", pg->cause));
    recover(pg);
    return err;
}

/* Takes in answers until `left` commands are in flight; the last answer goes to *ret when asked
 * for. */
static enum sea_err wait_until(struct sea_pg *pg, size_t left, PGresult **ret)
{
    while (pg->count > left) {
        const struct sea_pg_stmt *stmt = pg->flights[pg->first].stmt;
        PGresult *result = NULL;
        if (!take_answer(pg, &result)) return lost(pg);
        if (!is_good(result)) {
            enum sea_err err = failed(pg, stmt, result);
            PQclear(result);
            return err;
        }
        if (ret && pg->count == left)
            *ret = result;
        else
            PQclear(result);
    }
    return SEA_OK;
}

static size_t slot_of(const struct sea_pg *pg, const struct sea_pg_stmt *stmt)
{
    size_t slot = ((uintptr_t)stmt >> 4) % STMTS_MAX;
    while (pg->prepared[slot] && pg->prepared[slot] != stmt) slot = (slot + 1) % STMTS_MAX;
    return slot;
}

static bool prepare(struct sea_pg *pg, const struct sea_pg_stmt *stmt,
                    const struct sea_pg_args *args, const char *name)
{
    size_t slot = slot_of(pg, stmt);
    if (pg->prepared[slot] == stmt) return true;
    sea_assert(pg->prepared_count < STMTS_MAX / 2);
    if (!PQsendPrepare(pg->conn, name, stmt->sql, args ? args->count : 0, args ? args->type : NULL))
        return false;
    push_flight(pg, COMMAND_PREPARE, stmt);
    pg->prepared[slot] = stmt;
    pg->prepared_count++;
    return true;
}

static bool send_statement(struct sea_pg *pg, const struct sea_pg_stmt *stmt,
                           const struct sea_pg_args *args)
{
    const char *values[SEA_PG_ARGS_MAX];
    int formats[SEA_PG_ARGS_MAX];
    int count = args ? args->count : 0;
    char name[24];

    snprintf(name, sizeof(name), "s%lx", (unsigned long)(uintptr_t)stmt);
    if (!prepare(pg, stmt, args, name)) return false;
    for (int i = 0; i < count; i++) {
        values[i] = args->len[i] < 0 ? NULL : args->bytes.ptr + args->at[i];
        formats[i] = 1;
    }
    if (!PQsendQueryPrepared(pg->conn, name, count, values, args ? args->len : NULL, formats, 1))
        return false;
    push_flight(pg, COMMAND_QUERY, stmt);
    return true;
}

enum sea_err sea_pg_queue(struct sea_pg *pg, const struct sea_pg_stmt *stmt,
                          const struct sea_pg_args *args)
{
    sea_assert(!args || !args->bytes.is_full);
    enum sea_err err = sea_pg_connect(pg);
    if (err) return err;
    if (pg->count > IN_FLIGHT_MAX - 4) {
        if (!PQsendFlushRequest(pg->conn)) return lost(pg);
        err = wait_until(pg, 0, NULL);
        if (err) return err;
    }
    if (!send_statement(pg, stmt, args) || !pump(pg, false)) return lost(pg);
    return SEA_OK;
}

enum sea_err sea_pg_query(struct sea_pg *pg, const struct sea_pg_stmt *stmt,
                          const struct sea_pg_args *args, PGresult **ret)
{
    enum sea_err err = sea_pg_queue(pg, stmt, args);
    if (err) return err;
    /* Outside a transaction a sync ends the implicit one, so that nothing stays open. */
    if (pg->is_in_transaction) {
        if (!PQsendFlushRequest(pg->conn)) return lost(pg);
        return wait_until(pg, 0, ret);
    }
    if (!PQpipelineSync(pg->conn)) return lost(pg);
    push_flight(pg, COMMAND_SYNC, NULL);
    PGresult *rows = NULL;
    err = wait_until(pg, 1, &rows);
    if (!err) err = wait_until(pg, 0, NULL);
    if (err) {
        PQclear(rows);
        return err;
    }
    *ret = rows;
    return SEA_OK;
}

enum sea_err sea_pg_begin(struct sea_pg *pg)
{
    sea_assert(!pg->is_in_transaction);
    enum sea_err err = sea_pg_queue(pg, &BEGIN_STMT, NULL);
    if (!err) pg->is_in_transaction = true;
    return err;
}

enum sea_err sea_pg_sync(struct sea_pg *pg)
{
    if (!sea_pg_is_connected(pg)) return SEA_ERR_RETRY;
    if (!PQpipelineSync(pg->conn)) return lost(pg);
    push_flight(pg, COMMAND_SYNC, NULL);
    return wait_until(pg, 0, NULL);
}

enum sea_err sea_pg_commit(struct sea_pg *pg)
{
    if (!sea_pg_is_connected(pg) || !pg->is_in_transaction) return SEA_ERR_RETRY;
    enum sea_err err = sea_pg_queue(pg, &COMMIT_STMT, NULL);
    if (!err) err = sea_pg_sync(pg);
    pg->is_in_transaction = false;
    return err;
}

void sea_pg_rollback(struct sea_pg *pg)
{
    if (sea_pg_is_connected(pg) && pg->is_in_transaction) recover(pg);
    pg->is_in_transaction = false;
}

enum sea_err sea_pg_script(struct sea_pg *pg, const char *sql)
{
    enum sea_err err = sea_pg_connect(pg);
    if (err) return err;
    sea_assert(pg->count == 0);
    if (PQexitPipelineMode(pg->conn) != 1) return lost(pg);
    PGresult *result = PQexec(pg->conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
        err = sea_pg_err(PQresultErrorField(result, PG_DIAG_SQLSTATE));
        keep_cause(pg, PQresultErrorMessage(result));
    }
    PQclear(result);
    if (PQstatus(pg->conn) != CONNECTION_OK || PQenterPipelineMode(pg->conn) != 1) return lost(pg);
    return err;
}
