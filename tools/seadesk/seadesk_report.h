/* seadesk_report.h: what a subcommand says: findings with what to do about them, as text or as one
 * JSON object. */
#ifndef SEADESK_REPORT_H
#define SEADESK_REPORT_H

#include <yyjson.h>

#include "seadesk.h"

enum seadesk_level { SEADESK_NOTE, SEADESK_WRONG };

struct seadesk_report {
    bool is_json;
    unsigned wrong, notes;
    yyjson_mut_doc *doc; /* of JSON; a subcommand may add to `root` */
    yyjson_mut_val *root, *findings, *done;
};

void seadesk_report_open(struct seadesk_report *report, const struct seadesk *seadesk);
/* Adds a finding. `about`: constant, a short name such as kafka; `advice`: what to do, may be NULL.
 */
void seadesk_find(struct seadesk_report *report, enum seadesk_level level, const char *about,
                  const char *advice, const char *fmt, ...) SEA_PRINTF(5, 6);
/* Something was done: a line of its own. */
void seadesk_did(struct seadesk_report *report, const char *fmt, ...) SEA_PRINTF(2, 3);
/* Prints what is left to print: JSON, or `all_good` (may be NULL) when nothing is wrong. Returns
 * the exit code: FAILED when anything is wrong. */
int seadesk_report_close(struct seadesk_report *report, const char *all_good);

/* The same for a subcommand that has its exit code already, and said on standard error what failed.
 */
int seadesk_report_end(struct seadesk_report *report, int status, const char *all_good);

/* A text of any bytes as a copied JSON string. */
yyjson_mut_val *seadesk_json_text(yyjson_mut_doc *doc, struct sea_str text);
/* Adds a member with a copied text; an empty one is null. */
void seadesk_json_add(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name,
                      struct sea_str text);
/* Prints a document on standard output and frees it. */
void seadesk_json_print(yyjson_mut_doc *doc);

#endif
