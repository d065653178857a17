/* seadesk_replay.c: gives a service a record again that it refused or parked. No topic is written:
 * the record goes into the parked rows of the (service, partition) that had it, released. Ranges of
 * what came from outside: seadesk_replay_range.c. */
#include <stdio.h>
#include <string.h>

#include "sea_enc.h"
#include "sea_frame.h"
#include "seadesk_db.h"
#include "seadesk_letters.h"
#include "seadesk_replay_range.h"
#include "seadesk_replay_rules.h"
#include "seadesk_report.h"

enum { SQL_MAX = 64 * 1024, PARKED_MAX = 1000 };

static const char USAGE[] = "usage: seadesk replay list\n"
                            "       seadesk replay SERVICE TOPIC PARTITION OFFSET [--dry-run]\n"
                            "       seadesk replay SERVICE TOPIC PARTITION FROM..TO [--dry-run]\n";

struct replay {
    struct seadesk *seadesk;
    const struct seadesk_schema *schema;
    enum sea_topic topic;
    int32_t partition, number; /* number of the source row */
    int64_t offset;
    bool is_dry;
    struct sea_pg *pg;
    rd_kafka_t *reader;
    struct seadesk_letters letters;
    struct seadesk_marks marks;
    /* of the record */
    struct sea_buf frame, key;
    struct seadesk_replay_case given;
};

static int say(const struct replay *replay, bool is_good, const char *what)
{
    if (replay->seadesk->is_json) {
        yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
        yyjson_mut_val *root = yyjson_mut_obj(doc);
        yyjson_mut_doc_set_root(doc, root);
        yyjson_mut_obj_add_bool(doc, root, "ok", is_good);
        yyjson_mut_obj_add_bool(doc, root, "dry_run", replay->is_dry);
        seadesk_json_add(doc, root, "text", sea_str(what));
        seadesk_json_print(doc);
    } else {
        fprintf(is_good ? stdout : stderr, "%s: %s\n", is_good ? "replay" : "refused", what);
    }
    return is_good ? SEADESK_DONE : SEADESK_FAILED;
}

/* ---- parked rows ---- */

static void place_args(const struct replay *replay, struct sea_pg_args *args)
{
    sea_pg_arg_i32(args, replay->number);
    sea_pg_arg_text(args, sea_str(sea_topic_info(replay->topic)->name));
    sea_pg_arg_i64(args, replay->offset);
}

static enum sea_err query(const struct replay *replay, struct sea_pg_stmt *stmt, const char *sql,
                          const struct sea_pg_args *args, PGresult **ret)
{
    return seadesk_db_query(replay->pg, replay->schema, stmt, sql, args, ret);
}

static enum sea_err find_parked(const struct replay *replay, PGresult **ret)
{
    static struct sea_pg_stmt stmt = {.name = "replay_find"};
    struct sea_pg_args args = SEA_PG_ARGS;
    place_args(replay, &args);
    enum sea_err err =
        query(replay, &stmt,
              "SELECT p.is_cause, p.attempts, (SELECT count(*) FROM @.parked b WHERE (b.number, "
              "b.topic, b.key) = (p.number, p.topic, p.key)) FROM @.parked p"
              " WHERE p.number = $1 AND p.topic = $2 AND p.\"offset\" = $3",
              &args, ret);
    sea_pg_args_free(&args);
    return err;
}

static int release(struct replay *replay, const PGresult *found)
{
    static struct sea_pg_stmt stmt = {.name = "replay_release"};
    struct sea_pg_args args = SEA_PG_ARGS;
    PGresult *rows = NULL;
    char text[256];
    if (!sea_pg_bool(found, 0, 0))
        return say(replay, false, "it waits behind an earlier record of its key: release that one");
    replay->given.attempts = (uint32_t)sea_pg_i64(found, 0, 1);
    const char *refusal = seadesk_replay_refusal(&replay->given);
    if (refusal) return say(replay, false, refusal);
    snprintf(text, sizeof(text), "%s %s %lld record(s) of this key again, in order",
             replay->schema->service, replay->is_dry ? "would take" : "now takes",
             (long long)sea_pg_i64(found, 0, 2));
    if (replay->is_dry) return say(replay, true, text);
    place_args(replay, &args);
    enum sea_err err = query(replay, &stmt,
                             "UPDATE @.parked SET is_released = true"
                             " WHERE number = $1 AND topic = $2 AND \"offset\" = $3",
                             &args, &rows);
    sea_pg_args_free(&args);
    if (err) return seadesk_db_complain(replay->pg, err, "replay");
    sea_pg_clear(&rows);
    return say(replay, true, text);
}

/* ---- dead letters ---- */

static bool take_record(void *arg, const struct sea_record *record)
{
    struct replay *replay = arg;
    struct sea_outgoing out = {record->topic, record->key, record->value, record->headers};
    if (record->offset != replay->offset) return false;
    sea_frame_add(&replay->frame, (struct sea_src){0, (uint32_t)replay->number, 0}, &out);
    sea_buf_str(&replay->key, record->key);
    return false;
}

static bool look_for_key(void *arg, const struct sea_record *record)
{
    struct replay *replay = arg;
    replay->given.is_later_taken = sea_str_eq(record->key, sea_buf_view(&replay->key));
    return !replay->given.is_later_taken;
}

/* The record itself, and whether later ones of its key were applied where that matters. */
static enum sea_err fetch(struct replay *replay)
{
    int64_t position = 0;
    if (!seadesk_kafka_mark(replay->reader, &replay->marks, replay->topic, replay->partition))
        return SEA_ERR_RETRY;
    int64_t low = replay->marks.low[replay->topic][replay->partition],
            high = replay->marks.high[replay->topic][replay->partition];
    replay->given.is_gone = replay->offset < low || replay->offset >= high;
    if (replay->given.is_gone) return SEA_OK;
    enum sea_err err = seadesk_kafka_read(replay->reader, replay->topic, replay->partition,
                                          replay->offset, replay->offset + 1, take_record, replay);
    if (!err && !replay->frame.len) replay->given.is_gone = true;
    if (err || !seadesk_replay_disorder(replay->topic)) return err;
    err = seadesk_db_position(replay->pg, replay->schema, replay->number, replay->topic, &position);
    if (err) return err;
    return seadesk_kafka_read(replay->reader, replay->topic, replay->partition, replay->offset + 1,
                              position < high ? position : high, look_for_key, replay);
}

static int insert(struct replay *replay, const char *text)
{
    static struct sea_pg_stmt stmt = {.name = "replay_insert"};
    struct sea_pg_args args = SEA_PG_ARGS;
    PGresult *rows = NULL;
    place_args(replay, &args);
    sea_pg_arg_text(&args, sea_buf_view(&replay->key));
    sea_pg_arg_i32(&args, (int32_t)replay->given.attempts);
    sea_pg_arg_bytes(&args, replay->frame.ptr, replay->frame.len);
    enum sea_err err = query(replay, &stmt,
                             "INSERT INTO @.parked (number, topic, \"offset\", key, is_cause, "
                             "is_released, reason, attempts, record)"
                             " VALUES ($1, $2, $3, $4, true, true, 'replay', $5, $6)",
                             &args, &rows);
    sea_pg_args_free(&args);
    if (err) return seadesk_db_complain(replay->pg, err, "replay");
    sea_pg_clear(&rows);
    return say(replay, true, text);
}

static int replay_letter(struct replay *replay)
{
    char text[256];
    enum sea_err err = seadesk_letters_load(replay->reader, &replay->letters);
    const struct seadesk_letter *letter =
        err ? NULL
            : seadesk_letters_find(&replay->letters, replay->schema->service,
                                   sea_topic_info(replay->topic)->name, replay->partition,
                                   replay->offset);
    if (!err && !letter)
        return say(replay, false, "that service has neither parked nor refused such a record");
    if (!err) replay->given.attempts = letter->times;
    if (!err) err = fetch(replay);
    if (err) {
        fputs("seadesk replay: the broker does not answer\n", stderr);
        return SEADESK_AWAY;
    }
    const char *refusal = seadesk_replay_refusal(&replay->given);
    if (refusal) return say(replay, false, refusal);
    snprintf(text, sizeof(text), "%s %s the record again that it refused as '%.*s'",
             replay->schema->service, replay->is_dry ? "would take" : "now takes",
             (int)letter->reason.len, letter->reason.ptr);
    return replay->is_dry ? say(replay, true, text) : insert(replay, text);
}

static int replay_one(struct replay *replay)
{
    PGresult *rows = NULL;
    replay->given.topic = replay->topic;
    seadesk_db_open(replay->seadesk, &replay->pg);
    enum sea_err err = find_parked(replay, &rows);
    int status = SEADESK_AWAY;
    if (err) {
        status = seadesk_db_complain(replay->pg, err, "replay");
    } else if (sea_pg_count(rows) > 0) {
        status = release(replay, rows);
    } else {
        replay->reader = seadesk_kafka_open_reader(replay->seadesk);
        if (replay->reader) status = replay_letter(replay);
    }
    sea_pg_clear(&rows);
    seadesk_letters_free(&replay->letters);
    sea_buf_free(&replay->frame);
    sea_buf_free(&replay->key);
    if (replay->reader) rd_kafka_destroy(replay->reader);
    sea_pg_close(&replay->pg);
    return status;
}

/* ---- list ---- */

static void add_place(yyjson_mut_doc *doc, yyjson_mut_val *list, struct sea_str service,
                      struct sea_str topic, int64_t partition, int64_t offset,
                      struct sea_str reason, int64_t times, int64_t at_ms, yyjson_mut_val **ret)
{
    char at[SEA_TIME_TEXT];
    *ret = yyjson_mut_arr_add_obj(doc, list);
    sea_time_print(at_ms, at);
    seadesk_json_add(doc, *ret, "service", service);
    seadesk_json_add(doc, *ret, "topic", topic);
    yyjson_mut_obj_add_sint(doc, *ret, "partition", partition);
    yyjson_mut_obj_add_sint(doc, *ret, "offset", offset);
    seadesk_json_add(doc, *ret, "reason", reason);
    yyjson_mut_obj_add_sint(doc, *ret, "attempts", times);
    seadesk_json_add(doc, *ret, "at", sea_str(at));
}

static void print_place(const char *kind, struct sea_str service, struct sea_str topic,
                        int64_t partition, int64_t offset, struct sea_str reason, int64_t times,
                        int64_t at_ms)
{
    char at[SEA_TIME_TEXT];
    sea_time_print(at_ms, at);
    printf("%-7s %-18.*s %-22.*s %3lld %10lld  %lld x %-24.*s %s\n", kind, (int)service.len,
           service.ptr, (int)topic.len, topic.len ? topic.ptr : "", (long long)partition,
           (long long)offset, (long long)times, (int)reason.len, reason.ptr, at);
}

static void list_letters(const struct seadesk *seadesk, const struct seadesk_letters *letters,
                         yyjson_mut_doc *doc, yyjson_mut_val *root)
{
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "dead"), *one;
    for (size_t i = 0; i < letters->count; i++) {
        const struct seadesk_letter *letter = &letters->items[i];
        if (seadesk->is_json)
            add_place(doc, list, letter->service, letter->topic, letter->partition, letter->offset,
                      letter->reason, letter->times, letter->at_ms, &one);
        else
            print_place("dead", letter->service, letter->topic, letter->partition, letter->offset,
                        letter->reason, letter->times, letter->at_ms);
    }
}

static void list_parked(const struct seadesk *seadesk, const PGresult *rows, yyjson_mut_doc *doc,
                        yyjson_mut_val *root)
{
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "parked"), *one;
    for (int i = 0; i < sea_pg_count(rows); i++) {
        bool is_cause = sea_pg_bool(rows, i, 4);
        if (!seadesk->is_json) {
            print_place(is_cause ? "parked" : "behind", sea_pg_str(rows, i, 0),
                        sea_pg_str(rows, i, 1), sea_pg_i64(rows, i, 2), sea_pg_i64(rows, i, 3),
                        sea_pg_str(rows, i, 5), sea_pg_i64(rows, i, 6), sea_pg_time(rows, i, 7));
            continue;
        }
        add_place(doc, list, sea_pg_str(rows, i, 0), sea_pg_str(rows, i, 1), sea_pg_i64(rows, i, 2),
                  sea_pg_i64(rows, i, 3), sea_pg_str(rows, i, 5), sea_pg_i64(rows, i, 6),
                  sea_pg_time(rows, i, 7), &one);
        yyjson_mut_obj_add_bool(doc, one, "is_cause", is_cause);
    }
}

static enum sea_err load_parked(struct sea_pg *pg, PGresult **ret)
{
    static struct sea_pg_stmt stmt = {.name = "replay_list"};
    struct sea_buf sql = SEA_BUF(SQL_MAX);
    seadesk_db_each("SELECT '&'::text, topic, CASE number WHEN 12 THEN 0 ELSE number END, "
                    "\"offset\", is_cause, reason, attempts, at FROM @.parked",
                    &sql);
    sea_buf_printf(&sql, " ORDER BY 1, 2, 3, 4 LIMIT %d", PARKED_MAX);
    stmt.sql = sql.ptr;
    enum sea_err err = sea_pg_query(pg, &stmt, NULL, ret);
    sea_buf_free(&sql);
    return err;
}

static int list_both(const struct seadesk *seadesk, struct sea_pg *pg, rd_kafka_t *reader)
{
    struct seadesk_letters letters;
    PGresult *rows = NULL;
    enum sea_err err = load_parked(pg, &rows);
    if (err) return seadesk_db_complain(pg, err, "replay");
    if (seadesk_letters_load(reader, &letters)) {
        fputs("seadesk replay: the broker does not answer\n", stderr);
        sea_pg_clear(&rows);
        return SEADESK_AWAY;
    }
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    list_letters(seadesk, &letters, doc, root);
    list_parked(seadesk, rows, doc, root);
    if (seadesk->is_json) {
        seadesk_json_print(doc);
    } else {
        if (!letters.count && !sea_pg_count(rows)) puts("nothing was refused, nothing is parked");
        if (letters.is_cut) puts("there are more dead letters than these");
        yyjson_mut_doc_free(doc);
    }
    seadesk_letters_free(&letters);
    sea_pg_clear(&rows);
    return SEADESK_DONE;
}

static int list(const struct seadesk *seadesk)
{
    struct sea_pg *pg = NULL;
    rd_kafka_t *reader = seadesk_kafka_open_reader(seadesk);
    if (!reader) return SEADESK_AWAY;
    seadesk_db_open(seadesk, &pg);
    int status = list_both(seadesk, pg, reader);
    sea_pg_close(&pg);
    rd_kafka_destroy(reader);
    return status;
}

static int replay_range(const struct replay *replay, int64_t last)
{
    struct seadesk_replay_range range = {.seadesk = replay->seadesk,
                                         .schema = replay->schema,
                                         .topic = replay->topic,
                                         .partition = replay->partition,
                                         .from = replay->offset,
                                         .to = last + 1,
                                         .is_dry = replay->is_dry};
    char text[SEADESK_REPLAY_TEXT];
    int status = seadesk_replay_range(&range, text);
    if (status == SEADESK_AWAY) return status;
    return say(replay, status == SEADESK_DONE, text);
}

/* OFFSET, with *ret_last -1, or FROM..TO with both of them in it. */
static bool read_offsets(const char *text, int64_t *ret_first, int64_t *ret_last)
{
    const char *dots = strstr(text, "..");
    size_t len = dots ? (size_t)(dots - text) : strlen(text);
    uint64_t first, last;
    if (!sea_str_u64((struct sea_str){text, len}, &first) || first >= INT64_MAX) return false;
    if (dots && !sea_str_u64(sea_str(dots + 2), &last)) return false;
    if (dots && (last < first || last >= INT64_MAX)) return false;
    *ret_first = (int64_t)first;
    *ret_last = dots ? (int64_t)last : -1;
    return true;
}

static bool read_arguments(struct seadesk *seadesk, struct replay *ret, int64_t *ret_last)
{
    uint64_t partition;
    int argc = seadesk->argc;
    char **argv = seadesk->argv;
    if (argc == 5 && strcmp(argv[4], "--dry-run") == 0) {
        ret->is_dry = true;
        argc = 4;
    }
    if (argc != 4) return false;
    ret->schema = seadesk_schema_of(argv[0]);
    if (!ret->schema || !sea_topic_find(sea_str(argv[1]), &ret->topic) ||
        !sea_str_u64(sea_str(argv[2]), &partition) ||
        partition >= sea_topic_info(ret->topic)->partitions ||
        !read_offsets(argv[3], &ret->offset, ret_last))
        return false;
    ret->partition = (int32_t)partition;
    ret->number = ret->topic == SEA_TOPIC_PRIVACY ? SEA_PARTITIONS : ret->partition;
    return true;
}

int seadesk_replay(struct seadesk *seadesk)
{
    static struct replay replay = {.frame = SEA_BUF(SEA_FRAME_MAX_BYTES), .key = SEA_BUF(1024)};
    int64_t last;
    replay.seadesk = seadesk;
    if (seadesk->argc == 1 && strcmp(seadesk->argv[0], "list") == 0) return list(seadesk);
    if (read_arguments(seadesk, &replay, &last))
        return last < 0 ? replay_one(&replay) : replay_range(&replay, last);
    fputs(USAGE, stderr);
    return SEADESK_USAGE;
}
