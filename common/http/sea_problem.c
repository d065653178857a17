/* sea_problem.c: errors as problem documents. */
#include "sea_problem.h"

#include <inttypes.h>

#include "sea_json.h"

struct kind {
    int status;
    const char *code, *title;
};

#define SEA_PROBLEM_KIND(name, status, code, title) {status, code, title},
static const struct kind KINDS[] = {SEA_PROBLEMS(SEA_PROBLEM_KIND)};
#undef SEA_PROBLEM_KIND

int sea_problem_status(enum sea_problem_code code)
{
    sea_assert((size_t)code < SEA_COUNT(KINDS));
    return KINDS[code].status;
}

static void print_member(struct sea_buf *out, const char *name, const char *value)
{
    if (value == NULL) return;
    sea_buf_printf(out, ",\"%s\":", name);
    sea_json_string(out, sea_str(value));
}

void sea_problem_print(const struct sea_problem *problem, struct sea_buf *out)
{
    sea_assert((size_t)problem->code < SEA_COUNT(KINDS));
    const struct kind *kind = &KINDS[problem->code];
    sea_buf_printf(out, "{\"type\":\"urn:seadesk:problem:%s\",\"title\":\"%s\",\"status\":%d",
                   kind->code, kind->title, kind->status);
    print_member(out, "detail", problem->detail);
    print_member(out, "field", problem->field);
    print_member(out, "reason", problem->reason);
    if (problem->index != NULL) sea_buf_printf(out, ",\"index\":%" PRId64, *problem->index);
    sea_buf_char(out, '}');
}
