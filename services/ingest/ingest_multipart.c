/* ingest_multipart.c: multipart/form-data (RFC 7578, RFC 2046 5.1), read in place. */
#include "ingest_multipart.h"

#include <string.h>
#include <strings.h>

static bool starts_nocase(struct sea_str text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && strncasecmp(text.ptr, prefix, len) == 0;
}

static struct sea_str after(struct sea_str text, size_t skip)
{
    return (struct sea_str){text.ptr + skip, text.len - skip};
}

/* The value of `; name=value` or `; name="value"` in a header's value, as it stands there. */
static bool parameter(struct sea_str text, const char *name, struct sea_str *ret)
{
    size_t name_len = strlen(name);
    const char *semicolon;
    while (text.len && (semicolon = memchr(text.ptr, ';', text.len))) {
        text = sea_str_trim(after(text, (size_t)(semicolon - text.ptr) + 1));
        bool is_it = starts_nocase(text, name) && text.len > name_len && text.ptr[name_len] == '=';
        size_t at = 0;
        while (at < text.len && text.ptr[at] != '=' && text.ptr[at] != ';') at++;
        if (at == text.len || text.ptr[at] == ';') continue;
        bool is_quoted = ++at < text.len && text.ptr[at] == '"';
        size_t from = at + is_quoted;
        for (at = from; at < text.len && text.ptr[at] != (is_quoted ? '"' : ';'); at++)
            if (is_quoted && text.ptr[at] == '\\') at++;
        if (at > text.len) at = text.len;
        *ret = (struct sea_str){text.ptr + from, at - from};
        if (is_it) return true;
        text = after(text, at);
    }
    return false;
}

bool ingest_multipart_open(struct ingest_multipart *ret, struct sea_str type, struct sea_str body)
{
    struct sea_str boundary;
    *ret = (struct ingest_multipart){.rest = body};
    if (!starts_nocase(type, "multipart/form-data") || !parameter(type, "boundary", &boundary) ||
        !boundary.len || boundary.len > sizeof(ret->boundary) - 5)
        return false;
    memcpy(ret->boundary, "\r\n--", 4);
    memcpy(ret->boundary + 4, boundary.ptr, boundary.len);
    ret->boundary_len = boundary.len + 4;
    /* The first one needs no line before it. */
    struct sea_str first = {ret->boundary + 2, ret->boundary_len - 2};
    const char *found = body.len ? memmem(body.ptr, body.len, first.ptr, first.len) : NULL;
    if (!found) return false;
    ret->rest = after(body, (size_t)(found - body.ptr) + first.len);
    return true;
}

static void read_header(struct sea_str line, struct ingest_part *part)
{
    const char *colon = line.len ? memchr(line.ptr, ':', line.len) : NULL;
    if (!colon) return;
    struct sea_str value = sea_str_trim(after(line, (size_t)(colon - line.ptr) + 1));
    if (starts_nocase(line, "content-disposition:")) {
        parameter(value, "name", &part->name);
        part->is_file = parameter(value, "filename", &part->file);
    } else if (starts_nocase(line, "content-type:")) {
        part->type = value;
    }
}

/* The header lines at the beginning of a part, and its value up to the line end that belongs to the
 * boundary. */
static bool read_part(struct sea_str text, struct ingest_part *ret)
{
    *ret = (struct ingest_part){.is_file = false};
    for (;;) {
        const char *end = text.len ? memmem(text.ptr, text.len, "\r\n", 2) : NULL;
        if (!end) return false;
        struct sea_str line = {text.ptr, (size_t)(end - text.ptr)};
        text = after(text, line.len + 2);
        if (!line.len) break;
        read_header(line, ret);
    }
    if (text.len < 2 || !ret->name.len) return false;
    ret->value = (struct sea_str){text.ptr, text.len - 2};
    return true;
}

bool ingest_multipart_next(struct ingest_multipart *multipart, struct ingest_part *ret)
{
    while (multipart->count++ < INGEST_FIELDS_MAX) {
        struct sea_str rest = multipart->rest;
        if (sea_str_starts(rest, "--")) return false; /* the last boundary */
        const char *line = rest.len ? memmem(rest.ptr, rest.len, "\r\n", 2) : NULL;
        if (!line) return false;
        rest = after(rest, (size_t)(line - rest.ptr)); /* blanks may stand behind a boundary */
        const char *end = memmem(rest.ptr, rest.len, multipart->boundary, multipart->boundary_len);
        if (!end) return false;
        size_t len = (size_t)(end - rest.ptr);
        multipart->rest = after(rest, len + multipart->boundary_len);
        if (len >= 2 && read_part((struct sea_str){rest.ptr + 2, len}, ret)) return true;
    }
    return false;
}

struct sea_str ingest_field(const struct ingest_webhook *hook, const char *name,
                            struct sea_arena *arena)
{
    struct ingest_multipart multipart;
    struct ingest_part part;
    struct sea_str type = ingest_header(hook, "content-type");
    if (!starts_nocase(type, "multipart/")) return ingest_form_get(hook->body, name, arena);
    if (!ingest_multipart_open(&multipart, type, hook->body)) return (struct sea_str){NULL, 0};
    while (ingest_multipart_next(&multipart, &part))
        if (!part.is_file && sea_str_is(part.name, name)) return part.value;
    return (struct sea_str){NULL, 0};
}

struct sea_str ingest_field_text(const struct ingest_webhook *hook, const char *name,
                                 struct sea_arena *arena)
{
    return ingest_utf8(ingest_field(hook, name, arena), arena);
}
