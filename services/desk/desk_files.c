/* desk_files.c: files with a strict policy: nothing from elsewhere, no inline code, no framing. */
#include "desk_files.h"

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

void desk_files_get(void *ctx, struct sea_http_exchange *exchange,
                    const struct sea_http_request *request)
{
    (void)ctx;
    for (size_t i = 0; i < desk_web_count; i++) {
        if (!sea_str_is(request->path, desk_web[i].path)) continue;
        sea_http_answer_file(exchange, request, &desk_web[i], HEADERS);
        return;
    }
    sea_http_answer_problem(exchange, &(struct sea_problem){.code = SEA_PROBLEM_NOT_FOUND});
}
