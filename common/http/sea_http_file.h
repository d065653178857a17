/* sea_http_file.h: files that are built into a program (sea_embed of cmake/SeaTargets.cmake). */
#ifndef SEA_HTTP_FILE_H
#define SEA_HTTP_FILE_H

#include "sea_http_server.h"

struct sea_http_file {
    const char *path; /* as asked for: /app.js; index.html is / */
    const char *type;
    const unsigned char *bytes;
    size_t len;
    const char *etag; /* quoted */
};

/* The file, or 304 to who has it already; `headers` as of an answer, at most 1 KiB. */
void sea_http_answer_file(struct sea_http_exchange *exchange,
                          const struct sea_http_request *request, const struct sea_http_file *file,
                          const char *headers);

#endif
