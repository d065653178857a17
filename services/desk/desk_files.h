/* desk_files.h: the agents' page (services/desk/web), built into the program. */
#ifndef DESK_FILES_H
#define DESK_FILES_H

#include "sea_http_server.h"

/* A file of the page; the table is made by the build (embed.cmake). */
struct desk_file {
    const char *path; /* as asked for: /app.js; the page itself is / */
    const char *type;
    const unsigned char *bytes;
    size_t len;
    const char *etag; /* quoted */
};
extern const struct desk_file desk_files[];
extern const size_t desk_files_count;

/* GET of any path of the table. */
sea_http_handler desk_files_get;

#endif
