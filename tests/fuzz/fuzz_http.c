/* fuzz_http.c: HTTP requests in pieces: what comes out must not depend on where the bytes were cut,
 * and every part of a request must lie where it may be read. The first byte of an input says how
 * long the pieces are. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sea_buf.h"
#include "sea_http_parse.h"

enum { BODY_MAX = 4096, STORY_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_head(struct sea_http_parse *parse, void *ctx)
{
    (void)ctx;
    parse->body.max = BODY_MAX;
    return 0;
}

static void tell(struct sea_buf *story, struct sea_str text)
{
    sea_buf_str(story, text);
    sea_buf_char(story, '\n');
}

static void tell_request(struct sea_buf *story, struct sea_http_parse *parse)
{
    const struct sea_http_request *request = &parse->request;
    struct sea_arena arena = SEA_ARENA(65536);
    struct sea_str value;
    bool is_broken = false;
    sea_assert(request->path.len > 0 && request->body.len <= BODY_MAX);
    sea_buf_printf(story, "%d %d\n", (int)request->method, parse->is_kept_alive);
    tell(story, request->path);
    tell(story, request->query);
    tell(story, request->body);
    for (size_t i = 0; i < request->headers_count; i++) {
        tell(story, request->headers[i].name);
        tell(story, request->headers[i].value);
    }
    if (sea_http_parse_route(parse, "/v1/channels/{channel}/{account}", &is_broken) && !is_broken)
        for (size_t i = 0; i < request->params_count; i++) tell(story, request->params[i]);
    if (sea_http_form_find(request->query, "a", &arena, &value)) tell(story, value);
    if (sea_http_form_find(request->body, "a", &arena, &value)) tell(story, value);
    sea_arena_free(&arena);
}

/* All requests of `text`, cut into pieces of `step` bytes, and the first refusal. */
static void tell_all(struct sea_buf *story, struct sea_str text, size_t step)
{
    struct sea_http_parse *parse = sea_alloc(sizeof *parse);
    parse->on_head = on_head;
    sea_http_parse_init(parse);
    while (text.len > 0) {
        size_t taken = 0;
        struct sea_str piece = {text.ptr, text.len < step ? text.len : step};
        enum sea_http_parsed parsed = sea_http_parse_feed(parse, piece, &taken);
        if (parsed == SEA_HTTP_REFUSED) {
            sea_buf_printf(story, "refused %d\n", (int)parse->refusal);
            break;
        }
        sea_assert(taken <= piece.len);
        text = (struct sea_str){text.ptr + taken, text.len - taken};
        if (parsed != SEA_HTTP_WHOLE) continue;
        sea_assert(taken > 0);
        tell_request(story, parse);
        sea_http_parse_init(parse);
    }
    sea_http_parse_free(parse);
    free(parse);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    struct sea_buf whole = SEA_BUF(STORY_MAX), cut = SEA_BUF(STORY_MAX);
    struct sea_str text = {(const char *)data + 1, size - 1};
    tell_all(&whole, text, text.len);
    tell_all(&cut, text, 1 + data[0] % 64);
    sea_assert(sea_str_eq(sea_buf_view(&whole), sea_buf_view(&cut)));
    sea_buf_free(&whole);
    sea_buf_free(&cut);
    return 0;
}
