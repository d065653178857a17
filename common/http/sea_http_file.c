/* sea_http_file.c: a built-in file as an answer, with its entity tag (RFC 9110, 8.8.3). */
#include "sea_http_file.h"

#include <stdio.h>

void sea_http_answer_file(struct sea_http_exchange *exchange,
                          const struct sea_http_request *request, const struct sea_http_file *file,
                          const char *headers)
{
    char all[1152];
    bool is_same = sea_str_is(sea_http_header(request, "if-none-match"), file->etag);
    int len = snprintf(all, sizeof all, "%sETag: %s\r\n", headers, file->etag);
    sea_assert(len > 0 && (size_t)len < sizeof all);
    struct sea_http_answer answer = {
        .status = is_same ? 304 : 200, .content_type = is_same ? NULL : file->type, .headers = all};
    if (!is_same) answer.body = (struct sea_str){(const char *)file->bytes, file->len};
    sea_http_answer(exchange, &answer);
}
