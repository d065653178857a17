/* ingest_http_rejects.c: GET /v1/sources/{source}/rejects: what was refused of a source, for its
 * own key alone. Query: after (a cursor), limit (1 to 100). */
#include "ingest_http.h"
#include "sea_json.h"

enum { LIMIT = 50, CURSOR_TEXT = 128, ANSWER_MAX = 2 * 1024 * 1024 };

static void invalid(struct sea_http_exchange *exchange, const char *field, const char *detail)
{
    struct sea_problem problem = {.code = SEA_PROBLEM_INVALID, .detail = detail, .field = field};
    ingest_http_count_refusal("rejects", "invalid");
    sea_http_answer_problem(exchange, &problem);
}

static void on_read(void *ctx, enum sea_err err, const struct ingest_reject *list, size_t count,
                    const char *next)
{
    struct sea_http_exchange *exchange = ctx;
    if (err) {
        struct sea_problem problem = {.code = SEA_PROBLEM_UNAVAILABLE,
                                      .detail = "the rejects can't be read now",
                                      .retry_after_s = 1};
        sea_http_answer_problem(exchange, &problem);
        return;
    }
    struct sea_buf text = SEA_BUF(ANSWER_MAX);
    sea_buf_text(&text, "{\"items\":[");
    for (size_t i = 0; i < count; i++)
        sea_buf_printf(&text, "%s{\"cursor\":\"%s\",%.*s}", i ? "," : "", list[i].cursor,
                       (int)list[i].json.len, list[i].json.ptr);
    if (next)
        sea_buf_printf(&text, "],\"next\":\"%s\"}", next);
    else
        sea_buf_text(&text, "],\"next\":null}");
    sea_http_answer_json(exchange, 200, sea_buf_view(&text));
    sea_buf_free(&text);
}

/* False: it is there and wrong. */
static bool read_limit(const struct sea_http_request *request, struct sea_arena *arena,
                       uint32_t *ret)
{
    struct sea_str text;
    uint64_t limit;
    if (!sea_http_form_find(request->query, "limit", arena, &text)) return true;
    if (!sea_str_u64(text, &limit) || limit < 1 || limit > INGEST_REJECTS_PAGE_MAX) return false;
    *ret = (uint32_t)limit;
    return true;
}

void ingest_http_rejects(void *ctx, struct sea_http_exchange *exchange,
                         const struct sea_http_request *request)
{
    const struct ingest_edge *edge = ctx;
    const struct sea_source *source = ingest_http_publisher(edge, exchange, request, "rejects");
    struct sea_arena arena = SEA_ARENA(CURSOR_TEXT * 2);
    struct sea_str after = {"", 0};
    uint32_t limit = LIMIT;
    if (!source) return;
    bool has_after = sea_http_form_find(request->query, "after", &arena, &after);
    if (!sea_str_is(request->params[0], source->name)) {
        struct sea_problem problem = {.code = SEA_PROBLEM_FORBIDDEN,
                                      .detail = "the key belongs to another source"};
        ingest_http_count_refusal("rejects", "forbidden");
        sea_http_answer_problem(exchange, &problem);
    } else if (has_after && !ingest_rejects_is_cursor(after)) {
        invalid(exchange, "after", "after must be a cursor of an item, or absent");
    } else if (!read_limit(request, &arena, &limit)) {
        invalid(exchange, "limit", "limit must be 1 to 100");
    } else {
        ingest_rejects_read(edge->rejects, source->name, after, limit, on_read, exchange);
    }
    sea_arena_free(&arena);
}
