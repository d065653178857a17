/* seadesk_doctor.c: what is wrong with this machine and the stack, and what to do. */
#include "seadesk_doctor.h"

#include <dirent.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "sea_clock.h"
#include "sea_keys.h"
#include "sea_redis_url.h"
#include "sea_settings.h"
#include "seadesk_db.h"
#include "seadesk_inventory.h"

enum {
    DISK_LEAST_MB = 1024,
    CLOCK_APART_MS = 2000,
    REDIS_TIMEOUT_S = 3,
    REDIS_SCANS = 20,
    REDIS_SCAN_KEYS = 1000,
};

static const struct sea_pg_stmt VERSIONS = {"doctor_versions",
                                            "SELECT version FROM seadesk.migration"};
static const struct sea_pg_stmt LEDGER = {"doctor_ledger",
                                          "SELECT to_regclass('seadesk.migration') IS NOT NULL"};
static const struct sea_pg_stmt CLOCKS = {
    "doctor_clocks", "SELECT clock_timestamp(), (SELECT offset_ms FROM clock.shift),"
                     " pg_database_size(current_database())"};

void seadesk_doctor_machine(struct seadesk_doctor *doctor)
{
    struct statvfs disk;
    if (statvfs(".", &disk)) return;
    unsigned long long free_mb = (unsigned long long)disk.f_bavail * disk.f_frsize / (1024 * 1024);
    if (free_mb < DISK_LEAST_MB)
        seadesk_find(&doctor->report, SEADESK_WRONG, "disk", "make room",
                     "only %llu MB are free in this folder", free_mb);
}

/* ---- databases ---- */

static bool is_applied(const PGresult *rows, long version)
{
    for (int i = 0; i < sea_pg_count(rows); i++)
        if (sea_pg_i64(rows, i, 0) == version) return true;
    return false;
}

static int is_migration(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 9 && strspn(entry->d_name, "0123456789") == 4 &&
           strcmp(entry->d_name + len - 4, ".sql") == 0;
}

static void compare_folder(struct seadesk_doctor *doctor, const char *folder, const PGresult *rows)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, is_migration, alphasort), known = 0;
    if (count < 0) {
        seadesk_find(&doctor->report, SEADESK_NOTE, "schema", "set SEADESK_SQL",
                     "%s cannot be read, so migrations were not compared", folder);
        return;
    }
    for (int i = 0; i < count; i++) {
        if (is_applied(rows, strtol(names[i]->d_name, NULL, 10)))
            known++;
        else
            seadesk_find(&doctor->report, SEADESK_WRONG, "schema", "seadesk migrate",
                         "%s is not applied", names[i]->d_name);
        free(names[i]);
    }
    free(names);
    if (sea_pg_count(rows) > known)
        seadesk_find(&doctor->report, SEADESK_NOTE, "schema", "use the version that migrated it",
                     "the database is newer than this command by %d migration(s)",
                     sea_pg_count(rows) - known);
}

/* False: the database can't be used. */
static bool look_at_database(struct seadesk_doctor *doctor, struct sea_pg *pg, const char *name,
                             const char *folder)
{
    PGresult *rows = NULL;
    enum sea_err err = sea_pg_query(pg, &LEDGER, NULL, &rows);
    if (err) {
        seadesk_find(&doctor->report, SEADESK_WRONG, "postgres",
                     "start it, or mend SEADESK_POSTGRES, SEADESK_KEYS_POSTGRES and the password",
                     "the %s can't be reached: %s", name, sea_pg_cause(pg));
        return false;
    }
    bool has_ledger = sea_pg_bool(rows, 0, 0);
    sea_pg_clear(&rows);
    if (!has_ledger || sea_pg_query(pg, &VERSIONS, NULL, &rows)) {
        seadesk_find(&doctor->report, SEADESK_WRONG, "schema", "seadesk migrate",
                     "the %s was never migrated", name);
        return false;
    }
    compare_folder(doctor, folder, rows);
    sea_pg_clear(&rows);
    return true;
}

static void look_at_clocks(struct seadesk_doctor *doctor)
{
    PGresult *rows = NULL;
    if (sea_pg_query(doctor->pg, &CLOCKS, NULL, &rows)) return;
    int64_t apart_ms = sea_pg_time(rows, 0, 0) - sea_clock_wall_ms();
    int64_t shift_ms = sea_pg_i64(rows, 0, 1);
    if (llabs(apart_ms) > CLOCK_APART_MS)
        seadesk_find(
            &doctor->report, SEADESK_WRONG, "clock", "let both follow the same time server",
            "PostgreSQL's clock and this machine's are %lld ms apart", (long long)apart_ms);
    if (shift_ms)
        seadesk_find(&doctor->report,
                     doctor->seadesk->config.mode == SEA_MODE_PRODUCTION ? SEADESK_WRONG
                                                                         : SEADESK_NOTE,
                     "clock", "UPDATE clock.shift SET offset_ms = 0",
                     "the suite's clock is shifted by %lld s", (long long)shift_ms / 1000);
    yyjson_mut_obj_add_sint(doctor->report.doc, doctor->report.root, "database_bytes",
                            sea_pg_i64(rows, 0, 2));
    sea_pg_clear(&rows);
}

static void look_at_keys(struct seadesk_doctor *doctor)
{
    struct sea_keys *keys = NULL;
    const struct sea_config *config = &doctor->seadesk->config;
    struct sea_keys_options options = {.url = config->keys_postgres,
                                       .password = config->postgres_password,
                                       .name = "seadesk",
                                       .master_key = config->master_key};
    enum sea_err err = sea_keys_open(&keys, &options, NULL);
    if (!err) err = sea_keys_check(keys);
    if (err)
        seadesk_find(&doctor->report, SEADESK_WRONG, "keys",
                     "use the master key that the store was made with",
                     err == SEA_ERR_RETRY ? "the key store does not answer"
                                          : "the master key does not open the key store");
    sea_keys_close(&keys);
}

void seadesk_doctor_databases(struct seadesk_doctor *doctor)
{
    char folder[4200];
    struct sea_pg *keys_pg = NULL;
    snprintf(folder, sizeof(folder), "%s/keys", doctor->seadesk->own.sql);
    seadesk_db_open(doctor->seadesk, &doctor->pg);
    seadesk_db_open_keys(doctor->seadesk, &keys_pg);
    if (!look_at_database(doctor, doctor->pg, "main database", doctor->seadesk->own.sql))
        sea_pg_close(&doctor->pg);
    else
        look_at_clocks(doctor);
    if (look_at_database(doctor, keys_pg, "key store", folder)) look_at_keys(doctor);
    sea_pg_close(&keys_pg);
}

/* ---- Redis ---- */

static redisReply *ask(redisContext *redis, const char *first, const char *second)
{
    redisReply *reply =
        second ? redisCommand(redis, "%s %s", first, second) : redisCommand(redis, "%s", first);
    if (reply && reply->type == REDIS_REPLY_ERROR) {
        freeReplyObject(reply);
        return NULL;
    }
    return reply;
}

static bool is_welcome(redisContext *redis, const struct sea_redis_url *url, const char *password)
{
    char database[16];
    redisReply *reply;
    if (*url->password || *password) {
        const char *secret = *url->password ? url->password : password;
        reply = *url->user ? redisCommand(redis, "AUTH %s %s", url->user, secret)
                           : redisCommand(redis, "AUTH %s", secret);
        bool is_in = reply && reply->type != REDIS_REPLY_ERROR;
        if (reply) freeReplyObject(reply);
        if (!is_in) return false;
    }
    snprintf(database, sizeof(database), "%d", url->database);
    reply = ask(redis, "SELECT", database);
    if (!reply) return false;
    freeReplyObject(reply);
    reply = ask(redis, "PING", NULL);
    if (!reply) return false;
    freeReplyObject(reply);
    return true;
}

/* Keys of no family in the inventory, of the first some thousand. */
static void look_at_families(struct seadesk_doctor *doctor, redisContext *redis,
                             const struct sea_settings *settings)
{
    char cursor[32] = "0";
    size_t strangers = 0;
    for (int i = 0; i < REDIS_SCANS; i++) {
        redisReply *reply = redisCommand(redis, "SCAN %s COUNT %d", cursor, REDIS_SCAN_KEYS);
        if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
            if (reply) freeReplyObject(reply);
            return;
        }
        const redisReply *keys = reply->element[1];
        for (size_t k = 0; k < keys->elements; k++) {
            struct sea_str key = {keys->element[k]->str, keys->element[k]->len};
            if (!seadesk_inventory_family(&settings->inventory, key)) strangers++;
        }
        snprintf(cursor, sizeof(cursor), "%s", reply->element[0]->str);
        freeReplyObject(reply);
        if (strcmp(cursor, "0") == 0) break;
    }
    if (strangers)
        seadesk_find(&doctor->report, SEADESK_WRONG, "redis",
                     "give Seadesk a Redis of its own, or add the family to retention.yaml",
                     "%zu key(s) belong to no family of retention.yaml", strangers);
}

static void look_at_redis(struct seadesk_doctor *doctor, redisContext *redis)
{
    struct sea_settings_from from = {.folder = doctor->seadesk->config.config};
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_settings *settings = NULL;
    if (sea_settings_open(&from, &errors, &settings)) look_at_families(doctor, redis, settings);
    sea_settings_close(&settings);
    sea_yaml_errors_free(&errors);
}

void seadesk_doctor_redis(struct seadesk_doctor *doctor)
{
    const struct sea_config *config = &doctor->seadesk->config;
    struct sea_redis_url url;
    struct timeval timeout = {REDIS_TIMEOUT_S, 0};
    if (!sea_redis_url_parse(sea_str(config->redis), &url)) {
        seadesk_find(&doctor->report, SEADESK_WRONG, "redis", "mend SEADESK_REDIS",
                     "its address is malformed");
        return;
    }
    redisContext *redis = redisConnectWithTimeout(url.host, url.port, timeout);
    if (redis && !redis->err) redisSetTimeout(redis, timeout);
    if (!redis || redis->err || !is_welcome(redis, &url, config->redis_password))
        seadesk_find(&doctor->report, SEADESK_WRONG, "redis",
                     "start it, or mend SEADESK_REDIS; until then nothing is offered and nobody "
                     "signs in",
                     "%s:%d can't be used: %s", url.host, url.port,
                     redis && redis->err ? redis->errstr : "it refuses us");
    else
        look_at_redis(doctor, redis);
    if (redis) redisFree(redis);
    explicit_bzero(&url, sizeof(url));
}

int seadesk_doctor(struct seadesk *seadesk)
{
    static struct seadesk_doctor doctor;
    doctor.seadesk = seadesk;
    seadesk_report_open(&doctor.report, seadesk);
    seadesk_doctor_machine(&doctor);
    seadesk_doctor_databases(&doctor);
    seadesk_doctor_redis(&doctor);
    seadesk_doctor_kafka(&doctor);
    if (doctor.pg) seadesk_doctor_work(&doctor);
    sea_pg_close(&doctor.pg);
    if (doctor.reader) rd_kafka_destroy(doctor.reader);
    if (doctor.kafka) rd_kafka_destroy(doctor.kafka);
    return seadesk_report_close(&doctor.report, "nothing is wrong");
}
