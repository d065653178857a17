/* seadesk_migrate.c: applies what is new of deploy/sql to the main database and of deploy/sql/keys
 * to the key database. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "sea_buf.h"
#include "sea_enc.h"
#include "sea_pg.h"
#include "seadesk_report.h"

enum { FILE_MAX = 4 * 1024 * 1024, FILES_MAX = 1000, TIMEOUT_MS = 600000 };

static const char *const SERVICES[] = {
    "ingest",   "order-tracker",    "router", "translator-gateway", "sla-timer",
    "notifier", "retention-purger", "desk",   "media-fetcher"};

static const struct sea_pg_stmt ROLE_EXISTS = {
    "role_exists", "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"};
static const struct sea_pg_stmt QUOTE = {"quote",
                                         "SELECT format('%I', $1::text), format('%L', $2::text)"};
static const struct sea_pg_stmt APPLIED = {
    "applied", "SELECT sha256 FROM seadesk.migration WHERE version = $1"};
static const struct sea_pg_stmt RECORD = {
    "record", "INSERT INTO seadesk.migration (version, name, sha256) VALUES ($1, $2, $3)"};
static const struct sea_pg_stmt LOCK = {"lock",
                                        "SELECT pg_advisory_lock(hashtext('seadesk migrate'))"};

static const char LEDGER[] =
    "CREATE SCHEMA IF NOT EXISTS seadesk;"
    "CREATE TABLE IF NOT EXISTS seadesk.migration ("
    " version integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL,"
    " applied_at timestamptz NOT NULL DEFAULT now());"
    "GRANT USAGE ON SCHEMA seadesk TO PUBLIC;"
    "GRANT SELECT ON seadesk.migration TO PUBLIC";

static int complain(const struct sea_pg *pg, enum sea_err err, const char *what)
{
    fprintf(stderr, "seadesk migrate: %s: %s\n", what, sea_pg_cause(pg));
    return err == SEA_ERR_RETRY ? SEADESK_AWAY : SEADESK_FAILED;
}

/* Runs `format` with the role and the password quoted by the server. */
static enum sea_err with_role(struct sea_pg *pg, bool exists, const char *role,
                              const char *password)
{
    PGresult *rows = NULL;
    struct sea_pg_args args = SEA_PG_ARGS;
    struct sea_buf sql = SEA_BUF(4096);
    sea_pg_arg_text(&args, sea_str(role));
    sea_pg_arg_text(&args, sea_str(password));
    enum sea_err err = sea_pg_query(pg, &QUOTE, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    struct sea_str name = sea_pg_str(rows, 0, 0), secret = sea_pg_str(rows, 0, 1);
    sea_buf_printf(&sql, "%s ROLE %.*s LOGIN PASSWORD %.*s", exists ? "ALTER" : "CREATE",
                   (int)name.len, name.ptr, (int)secret.len, secret.ptr);
    sea_pg_clear(&rows);
    err = sea_pg_script(pg, sql.ptr);
    explicit_bzero(sql.ptr, sql.len);
    sea_buf_free(&sql);
    return err;
}

static enum sea_err make_roles(struct sea_pg *pg, const char *password)
{
    for (size_t i = 0; i < SEA_COUNT(SERVICES); i++) {
        char role[SEA_PG_ROLE_TEXT];
        PGresult *rows = NULL;
        struct sea_pg_args args = SEA_PG_ARGS;
        sea_pg_role(SERVICES[i], role);
        sea_pg_arg_text(&args, sea_str(role));
        enum sea_err err = sea_pg_query(pg, &ROLE_EXISTS, &args, &rows);
        sea_pg_args_free(&args);
        if (err) return err;
        bool exists = sea_pg_bool(rows, 0, 0);
        sea_pg_clear(&rows);
        if (*password || !exists) err = with_role(pg, exists, role, password);
        if (err) return err;
    }
    return SEA_OK;
}

static bool read_file(const char *path, struct sea_buf *ret)
{
    char block[65536];
    size_t n;
    FILE *file = fopen(path, "re");
    if (!file) return false;
    while ((n = fread(block, 1, sizeof(block), file)) > 0) sea_buf_add(ret, block, n);
    bool is_good = !ferror(file) && !ret->is_full && ret->len > 0;
    (void)fclose(file);
    return is_good;
}

static void digest(const struct sea_buf *text, char ret[2 * SHA256_DIGEST_LENGTH + 1])
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)text->ptr, text->len, hash);
    sea_hex_print(hash, sizeof(hash), ret);
}

/* 0: new; 1: applied as it is; -1: applied with other content; -2: the database failed. */
static int state_of(struct sea_pg *pg, int32_t version, const char *sha256)
{
    PGresult *rows = NULL;
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_i32(&args, version);
    enum sea_err err = sea_pg_query(pg, &APPLIED, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return -2;
    int state = sea_pg_count(rows) == 0 ? 0 : sea_str_is(sea_pg_str(rows, 0, 0), sha256) ? 1 : -1;
    sea_pg_clear(&rows);
    return state;
}

static int record(struct sea_pg *pg, int32_t version, const char *name, const char *sha256)
{
    PGresult *rows = NULL;
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_i32(&args, version);
    sea_pg_arg_text(&args, sea_str(name));
    sea_pg_arg_text(&args, sea_str(sha256));
    enum sea_err err = sea_pg_query(pg, &RECORD, &args, &rows);
    sea_pg_args_free(&args);
    sea_pg_clear(&rows);
    return err ? complain(pg, err, name) : SEADESK_DONE;
}

static int apply_file(struct seadesk_report *report, struct sea_pg *pg, const char *folder,
                      const char *name)
{
    char path[4400], sha256[2 * SHA256_DIGEST_LENGTH + 1];
    struct sea_buf text = SEA_BUF(FILE_MAX), script = SEA_BUF(FILE_MAX + 64);
    int32_t version = (int32_t)strtol(name, NULL, 10);
    int status = SEADESK_DONE;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (!read_file(path, &text)) {
        fprintf(stderr, "seadesk migrate: %s cannot be read\n", path);
        return SEADESK_FAILED;
    }
    digest(&text, sha256);
    int state = state_of(pg, version, sha256);
    if (state == 0) {
        sea_buf_printf(&script, "BEGIN;%s;COMMIT", text.ptr);
        enum sea_err err = sea_pg_script(pg, script.ptr);
        if (err) {
            status = complain(pg, err, path);
        } else {
            status = record(pg, version, name, sha256);
            if (!status) seadesk_did(report, "applied %s", name);
        }
    } else if (state < 0) {
        fprintf(stderr,
                state == -1
                    ? "seadesk migrate: %s was applied with another content; write a new file\n"
                    : "seadesk migrate: %s: the ledger of migrations cannot be read\n",
                path);
        status = SEADESK_FAILED;
    }
    sea_buf_free(&text);
    sea_buf_free(&script);
    return status;
}

static int is_migration(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 9 && strspn(entry->d_name, "0123456789") == 4 &&
           strcmp(entry->d_name + len - 4, ".sql") == 0;
}

static int apply_folder(struct seadesk_report *report, struct sea_pg *pg, const char *folder)
{
    struct dirent **names = NULL;
    int status = SEADESK_DONE, count = scandir(folder, &names, is_migration, alphasort);
    if (count <= 0) {
        fprintf(stderr, "seadesk migrate: no migrations in %s\n", folder);
        return SEADESK_FAILED;
    }
    for (int i = 0; i < count; i++) {
        if (!status) status = apply_file(report, pg, folder, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return status;
}

static int migrate(const struct seadesk *seadesk, struct seadesk_report *report, const char *url,
                   const char *folder, bool is_main)
{
    struct sea_pg *pg = NULL;
    PGresult *rows = NULL;
    struct sea_pg_options options = {.url = url,
                                     .password = seadesk->config.postgres_password,
                                     .name = "seadesk migrate",
                                     .statement_timeout_ms = TIMEOUT_MS};
    sea_pg_open(&pg, &options);
    enum sea_err err = sea_pg_query(pg, &LOCK, NULL, &rows);
    sea_pg_clear(&rows);
    if (!err) err = sea_pg_script(pg, LEDGER);
    if (!err && is_main) err = make_roles(pg, seadesk->own.service_password);
    int status = err ? complain(pg, err, "cannot begin") : apply_folder(report, pg, folder);
    sea_pg_close(&pg);
    return status;
}

int seadesk_migrate(struct seadesk *seadesk)
{
    char keys[4200];
    snprintf(keys, sizeof(keys), "%s/keys", seadesk->own.sql);
    struct seadesk_report report;
    seadesk_report_open(&report, seadesk);
    int status = migrate(seadesk, &report, seadesk->config.postgres, seadesk->own.sql, true);
    if (!status) status = migrate(seadesk, &report, seadesk->config.keys_postgres, keys, false);
    return seadesk_report_end(&report, status, "schema is current");
}
