/* desk_files.h: the agents' page (services/desk/web), built into the program. */
#ifndef DESK_FILES_H
#define DESK_FILES_H

#include "sea_http_file.h"

/* The files of the page, made by the build; the page itself is /. */
extern const struct sea_http_file desk_web[];
extern const size_t desk_web_count;

/* GET of any path of the table. */
sea_http_handler desk_files_get;

#endif
