/* ingest_plain.c: the words of a piece of HTML, as help desks send it: tags go, breaks and ends of
 * blocks become new lines, character references become characters (HTML 13.1.4). Not for showing:
 * nothing in it is trusted, it is text like any other. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ingest_adapter.h"

enum { REFERENCE_MAX = 10 }; /* &#x10FFFF; */

/* Whether the tag (without '<') ends a line. */
static bool is_break(struct sea_str tag)
{
    static const char *const NAMES[] = {"br", "/p", "/div", "/li", "/tr", "/h1", "/h2", "/h3"};
    size_t len = 0;
    while (len < tag.len && tag.ptr[len] != ' ' && (tag.ptr[len] != '/' || len == 0)) len++;
    for (size_t i = 0; i < SEA_COUNT(NAMES); i++)
        if (len == strlen(NAMES[i]) && strncasecmp(tag.ptr, NAMES[i], len) == 0) return true;
    return false;
}

/* The character in UTF-8; 0: none that belongs into a text. */
static size_t put_char(unsigned long c, char *ret)
{
    if (c < ' ' || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return 0;
    if (c < 0x80) {
        ret[0] = (char)c;
        return 1;
    }
    size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char FIRST[] = {0, 0xc0, 0xe0, 0xf0};
    ret[0] = (char)(FIRST[more] | (c >> (6 * more)));
    for (size_t i = 1; i <= more; i++) ret[i] = (char)(0x80 | ((c >> (6 * (more - i))) & 0x3f));
    return more + 1;
}

/* The reference at `text` ('&' included) to `ret`, which it never outgrows; 0: it is none. */
static size_t take_reference(struct sea_str text, char *ret, size_t *ret_len)
{
    static const struct {
        const char *name;
        char c;
    } NAMED[] = {{"amp", '&'},  {"lt", '<'},    {"gt", '>'},
                 {"quot", '"'}, {"apos", '\''}, {"nbsp", ' '}};
    char name[REFERENCE_MAX + 1], *end;
    const char *stop = memchr(text.ptr, ';', text.len < REFERENCE_MAX ? text.len : REFERENCE_MAX);
    if (!stop) return 0;
    size_t len = (size_t)(stop - text.ptr) - 1;
    memcpy(name, text.ptr + 1, len);
    name[len] = '\0';
    for (size_t i = 0; i < SEA_COUNT(NAMED); i++) {
        if (strcmp(name, NAMED[i].name) != 0) continue;
        ret[0] = NAMED[i].c;
        *ret_len = 1;
        return len + 2;
    }
    bool is_hex = len > 1 && (name[1] == 'x' || name[1] == 'X');
    if (name[0] != '#') return 0;
    unsigned long c = strtoul(name + (is_hex ? 2 : 1), &end, is_hex ? 16 : 10);
    *ret_len = *end ? 0 : put_char(c, ret);
    return *ret_len ? len + 2 : 0;
}

struct sea_str ingest_plain(struct sea_str html, struct sea_arena *arena)
{
    char *text = sea_arena_alloc(arena, html.len + 1);
    size_t len = 0, more = 0;
    if (!text || !html.len) return (struct sea_str){NULL, 0};
    for (size_t at = 0; at < html.len;) {
        struct sea_str rest = {html.ptr + at, html.len - at};
        const char *end = rest.ptr[0] == '<' ? memchr(rest.ptr, '>', rest.len) : NULL;
        if (end) {
            struct sea_str tag = {rest.ptr + 1, (size_t)(end - rest.ptr) - 1};
            if (is_break(tag)) text[len++] = '\n';
            at += tag.len + 2;
            continue;
        }
        size_t taken = rest.ptr[0] == '&' ? take_reference(rest, text + len, &more) : 0;
        if (!taken) text[len] = rest.ptr[0];
        len += taken ? more : 1;
        at += taken ? taken : 1;
    }
    return sea_str_trim((struct sea_str){text, len});
}
