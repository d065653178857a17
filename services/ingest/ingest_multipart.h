/* ingest_multipart.h: the fields of forms, whichever of the two ways they were sent: url-encoded or
 * multipart/form-data (RFC 7578). Pure; the body is there whole. */
#ifndef INGEST_MULTIPART_H
#define INGEST_MULTIPART_H

#include "ingest_adapter.h"

enum { INGEST_FIELDS_MAX = 400 }; /* of one multipart body; more are not looked at */

/* One field or file; all of it points into the body. */
struct ingest_part {
    struct sea_str name, type, value;
    struct sea_str file; /* its name */
    bool is_file;
};

/* A body in work. */
struct ingest_multipart {
    struct sea_str rest; /* behind the last boundary */
    char boundary[76];   /* "\r\n--" and at most 70 characters (RFC 2046 5.1.1) */
    size_t boundary_len, count;
};

/* False: `type` isn't multipart/form-data with a boundary, or that isn't in the body. */
SEA_MUST_CHECK bool ingest_multipart_open(struct ingest_multipart *ret, struct sea_str type,
                                          struct sea_str body);
/* The next part that has a name; false: there is none, or the body is broken off. */
bool ingest_multipart_next(struct ingest_multipart *multipart, struct ingest_part *ret);

/* The first field of that name in the request's form, of either kind; bytes as they were sent.
 * Empty: there is none. */
struct sea_str ingest_field(const struct ingest_webhook *hook, const char *name,
                            struct sea_arena *arena);
/* The same for words: what is no UTF-8 becomes '?'. */
struct sea_str ingest_field_text(const struct ingest_webhook *hook, const char *name,
                                 struct sea_arena *arena);

#endif
