/* seadesk_report.c: findings and JSON on standard output. */
#include "seadesk_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sea_enc.h"

enum { TEXT_MAX = 4096 };

void seadesk_report_open(struct seadesk_report *report, const struct seadesk *seadesk)
{
    *report = (struct seadesk_report){.is_json = seadesk->is_json};
    report->doc = yyjson_mut_doc_new(NULL);
    sea_assert(report->doc);
    report->root = yyjson_mut_obj(report->doc);
    report->findings = yyjson_mut_arr(report->doc);
    report->done = yyjson_mut_arr(report->doc);
    yyjson_mut_doc_set_root(report->doc, report->root);
}

void seadesk_find(struct seadesk_report *report, enum seadesk_level level, const char *about,
                  const char *advice, const char *fmt, ...)
{
    struct sea_buf text = SEA_BUF(TEXT_MAX);
    char *room = sea_buf_grow(&text, TEXT_MAX - 1);
    va_list args;
    va_start(args, fmt);
    vsnprintf(room, TEXT_MAX - 1, fmt, args);
    va_end(args);
    if (level == SEADESK_WRONG)
        report->wrong++;
    else
        report->notes++;
    if (report->is_json) {
        yyjson_mut_val *one = yyjson_mut_arr_add_obj(report->doc, report->findings);
        yyjson_mut_obj_add_str(report->doc, one, "level",
                               level == SEADESK_WRONG ? "wrong" : "note");
        yyjson_mut_obj_add_str(report->doc, one, "about", about);
        seadesk_json_add(report->doc, one, "text", sea_str(room));
        seadesk_json_add(report->doc, one, "advice", sea_str(advice));
    } else {
        printf("%s: %s: %s\n", level == SEADESK_WRONG ? "wrong" : "note", about, room);
        if (advice) printf("       -> %s\n", advice);
    }
    sea_buf_free(&text);
}

void seadesk_did(struct seadesk_report *report, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (report->is_json)
        yyjson_mut_arr_append(report->done, seadesk_json_text(report->doc, sea_str(text)));
    else
        puts(text);
}

int seadesk_report_end(struct seadesk_report *report, int status, const char *all_good)
{
    if (report->is_json) {
        yyjson_mut_obj_add_bool(report->doc, report->root, "ok", status == SEADESK_DONE);
        yyjson_mut_obj_add_val(report->doc, report->root, "findings", report->findings);
        yyjson_mut_obj_add_val(report->doc, report->root, "done", report->done);
        seadesk_json_print(report->doc);
    } else {
        if (status == SEADESK_DONE && all_good) puts(all_good);
        yyjson_mut_doc_free(report->doc);
    }
    report->doc = NULL;
    return status;
}

int seadesk_report_close(struct seadesk_report *report, const char *all_good)
{
    return seadesk_report_end(report, report->wrong ? SEADESK_FAILED : SEADESK_DONE, all_good);
}

yyjson_mut_val *seadesk_json_text(yyjson_mut_doc *doc, struct sea_str text)
{
    if (!sea_utf8_is_valid(text)) return yyjson_mut_strcpy(doc, "?");
    return yyjson_mut_strncpy(doc, text.len ? text.ptr : "", text.len);
}

void seadesk_json_add(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name,
                      struct sea_str text)
{
    yyjson_mut_val *value = text.len ? seadesk_json_text(doc, text) : yyjson_mut_null(doc);
    yyjson_mut_obj_add_val(doc, object, name, value);
}

void seadesk_json_print(yyjson_mut_doc *doc)
{
    char *text = yyjson_mut_write(doc, YYJSON_WRITE_PRETTY, NULL);
    sea_assert(text);
    puts(text);
    free(text);
    yyjson_mut_doc_free(doc);
}
