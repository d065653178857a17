/* seadesk_story.c: the way of one event through all services, from the views story_v that each of
 * them offers. */
#include <stdio.h>
#include <string.h>

#include "sea_enc.h"
#include "sea_id.h"
#include "sea_pg.h"
#include "seadesk_db.h"
#include "seadesk_report.h"

enum { STEPS_MAX = 5000 };

static const struct sea_pg_stmt VIEWS = {
    "story_views", "SELECT format('%I.story_v', n.nspname) FROM pg_class c"
                   " JOIN pg_namespace n ON n.oid = c.relnamespace"
                   " WHERE c.relname = 'story_v' AND c.relkind = 'v' ORDER BY 1"};

static const char COLUMNS[] = "root_id, at, service, what, topic, partition, \"offset\", event_id, "
                              "caused_by";

/* SELECT … FROM a WHERE `where` UNION ALL SELECT … FROM b …; empty when there is no view. */
static enum sea_err union_of(struct sea_pg *pg, const char *columns, const char *where,
                             struct sea_buf *ret)
{
    PGresult *rows = NULL;
    enum sea_err err = sea_pg_query(pg, &VIEWS, NULL, &rows);
    if (err) return err;
    for (int i = 0; i < sea_pg_count(rows); i++) {
        struct sea_str view = sea_pg_str(rows, i, 0);
        sea_buf_printf(ret, "%sSELECT %s FROM %.*s WHERE %s", i ? " UNION ALL " : "", columns,
                       (int)view.len, view.ptr, where);
    }
    sea_pg_clear(&rows);
    return SEA_OK;
}

enum query { IS_ROOT, ROOT_OF, STEPS, QUERIES };

static enum sea_err by_id(struct sea_pg *pg, enum query query, const char *columns,
                          const char *where, const char *tail, struct sea_uuid id, PGresult **ret)
{
    static struct sea_pg_stmt stmts[QUERIES] = {
        {.name = "story_is_root"}, {.name = "story_root_of"}, {.name = "story_steps"}};
    struct sea_buf sql = SEA_BUF(65536), all = SEA_BUF(65536);
    struct sea_pg_args args = SEA_PG_ARGS;
    enum sea_err err = union_of(pg, columns, where, &all);
    sea_buf_printf(&sql, "SELECT * FROM (%s) s %s", all.len ? all.ptr : "SELECT 1 WHERE false",
                   tail);
    stmts[query].sql = sql.ptr;
    sea_pg_arg_uuid(&args, id);
    if (!err && !all.len) err = SEA_ERR_REJECT;
    if (!err) err = sea_pg_query(pg, &stmts[query], &args, ret);
    sea_pg_args_free(&args);
    sea_buf_free(&sql);
    sea_buf_free(&all);
    return err;
}

/* The edge event it belongs to: the id itself, or that of which it is a step. */
static enum sea_err find_root(struct sea_pg *pg, struct sea_uuid id, struct sea_uuid *ret,
                              bool *ret_found)
{
    PGresult *rows = NULL;
    enum sea_err err = by_id(pg, IS_ROOT, "root_id", "root_id = $1", "LIMIT 1", id, &rows);
    if (err) return err;
    if (sea_pg_count(rows) == 0) {
        sea_pg_clear(&rows);
        err =
            by_id(pg, ROOT_OF, "root_id", "event_id = $1 OR caused_by = $1", "LIMIT 1", id, &rows);
        if (err) return err;
    }
    *ret_found = sea_pg_count(rows) > 0;
    if (*ret_found) *ret = sea_pg_uuid(rows, 0, 0);
    sea_pg_clear(&rows);
    return SEA_OK;
}

static void print_human(const PGresult *rows, const char *id, const char *root)
{
    int64_t first_ms = sea_pg_time(rows, 0, 1), before_ms = first_ms;
    printf("event %s", id);
    printf(strcmp(id, root) == 0 ? "\n" : ", of edge event %s\n", root);
    for (int i = 0; i < sea_pg_count(rows); i++) {
        char time[SEA_TIME_TEXT], place[128] = "";
        int64_t at_ms = sea_pg_time(rows, i, 1);
        struct sea_str service = sea_pg_str(rows, i, 2), what = sea_pg_str(rows, i, 3),
                       topic = sea_pg_str(rows, i, 4);
        sea_time_print(at_ms, time);
        if (topic.len && sea_pg_is_null(rows, i, 6))
            snprintf(place, sizeof(place), "  (%.*s)", (int)topic.len, topic.ptr);
        else if (topic.len)
            snprintf(place, sizeof(place), "  (%.*s/%lld@%lld)", (int)topic.len, topic.ptr,
                     (long long)sea_pg_i64(rows, i, 5), (long long)sea_pg_i64(rows, i, 6));
        printf("  %-24s %+8lld ms  %-18.*s  %.*s%s\n", time, (long long)(at_ms - before_ms),
               (int)service.len, service.ptr, (int)what.len, what.ptr, place);
        before_ms = at_ms;
    }
    printf("%d steps in %lld ms\n", sea_pg_count(rows), (long long)(before_ms - first_ms));
}

static void add_id(yyjson_mut_doc *doc, yyjson_mut_val *step, const char *name,
                   const PGresult *rows, int i, int col)
{
    char text[SEA_UUID_TEXT];
    sea_uuid_print(sea_pg_uuid(rows, i, col), text);
    seadesk_json_add(doc, step, name, sea_str(sea_pg_is_null(rows, i, col) ? "" : text));
}

static void add_number(yyjson_mut_doc *doc, yyjson_mut_val *step, const char *name,
                       const PGresult *rows, int i, int col)
{
    if (sea_pg_is_null(rows, i, col))
        yyjson_mut_obj_add_null(doc, step, name);
    else
        yyjson_mut_obj_add_sint(doc, step, name, sea_pg_i64(rows, i, col));
}

static void print_json(const PGresult *rows, const char *id, const char *root)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, object);
    seadesk_json_add(doc, object, "event_id", sea_str(id));
    seadesk_json_add(doc, object, "root_id", sea_str(root));
    yyjson_mut_val *steps = yyjson_mut_obj_add_arr(doc, object, "steps");
    int64_t before_ms = sea_pg_time(rows, 0, 1);
    for (int i = 0; i < sea_pg_count(rows); i++) {
        char time[SEA_TIME_TEXT];
        yyjson_mut_val *step = yyjson_mut_arr_add_obj(doc, steps);
        int64_t at_ms = sea_pg_time(rows, i, 1);
        sea_time_print(at_ms, time);
        seadesk_json_add(doc, step, "at", sea_str(time));
        yyjson_mut_obj_add_sint(doc, step, "after_ms", at_ms - before_ms);
        seadesk_json_add(doc, step, "service", sea_pg_str(rows, i, 2));
        seadesk_json_add(doc, step, "what", sea_pg_str(rows, i, 3));
        seadesk_json_add(doc, step, "topic", sea_pg_str(rows, i, 4));
        add_number(doc, step, "partition", rows, i, 5);
        add_number(doc, step, "offset", rows, i, 6);
        add_id(doc, step, "event_id", rows, i, 7);
        add_id(doc, step, "caused_by", rows, i, 8);
        before_ms = at_ms;
    }
    seadesk_json_print(doc);
}

static enum sea_err load(struct sea_pg *pg, struct sea_uuid id, struct sea_uuid *ret_root,
                         PGresult **ret)
{
    bool is_found = false;
    char tail[64];
    enum sea_err err = find_root(pg, id, ret_root, &is_found);
    if (err || !is_found) return err;
    snprintf(tail, sizeof(tail), "ORDER BY at, service, what LIMIT %d", STEPS_MAX);
    return by_id(pg, STEPS, COLUMNS, "root_id = $1", tail, *ret_root, ret);
}

int seadesk_story(struct seadesk *seadesk)
{
    struct sea_uuid id, root;
    struct sea_pg *pg = NULL;
    PGresult *rows = NULL;
    char id_text[SEA_UUID_TEXT], root_text[SEA_UUID_TEXT];
    if (seadesk->argc != 1 || !sea_uuid_parse(sea_str(seadesk->argv[0]), &id)) {
        fputs("seadesk story: which event? seadesk story EVENT_ID, a UUID\n", stderr);
        return SEADESK_USAGE;
    }
    seadesk_db_open(seadesk, &pg);
    enum sea_err err = load(pg, id, &root, &rows);
    int status = err ? seadesk_db_complain(pg, err, "story") : SEADESK_DONE;
    sea_uuid_print(id, id_text);
    if (!err && !rows) {
        fprintf(stderr, "seadesk story: no service knows %s (yet)\n", id_text);
        status = SEADESK_FAILED;
    }
    if (rows) {
        sea_uuid_print(root, root_text);
        if (seadesk->is_json)
            print_json(rows, id_text, root_text);
        else
            print_human(rows, id_text, root_text);
    }
    sea_pg_clear(&rows);
    sea_pg_close(&pg);
    return status;
}
