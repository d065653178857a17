/* desk_files.c: files with a strict policy: nothing from elsewhere, no inline code, no framing. */
#include "desk_files.h"

#include <stdio.h>

static const char HEADERS[] =
    "Cache-Control: no-cache\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n"
    "Content-Security-Policy: default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'\r\n";

static const struct desk_file *find(struct sea_str path)
{
    for (size_t i = 0; i < desk_files_count; i++)
        if (sea_str_is(path, desk_files[i].path)) return &desk_files[i];
    return NULL;
}

void desk_files_get(void *ctx, struct sea_http_exchange *exchange,
                    const struct sea_http_request *request)
{
    const struct desk_file *file = find(request->path);
    char headers[1024];
    (void)ctx;
    if (!file) {
        sea_http_answer_problem(exchange, &(struct sea_problem){.code = SEA_PROBLEM_NOT_FOUND});
        return;
    }
    bool is_same = sea_str_is(sea_http_header(request, "if-none-match"), file->etag);
    int len = snprintf(headers, sizeof(headers), "%sETag: %s\r\n", HEADERS, file->etag);
    sea_assert(len > 0 && (size_t)len < sizeof(headers));
    struct sea_http_answer answer = {.status = is_same ? 304 : 200,
                                     .content_type = is_same ? NULL : file->type,
                                     .headers = headers};
    if (!is_same) answer.body = (struct sea_str){(const char *)file->bytes, file->len};
    sea_http_answer(exchange, &answer);
}
