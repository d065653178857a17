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

/* The names of the characters from U+00A0 on (HTML 13.5), and of some that mailers use. */
static const char *const LATIN[] = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",
    "copy",   "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn",
    "sup2",   "sup3",   "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",
    "raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde",
    "Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave",
    "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde",
    "Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",
    "szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil",
    "egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",   "eth",
    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
    "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};
static const struct {
    const char *name;
    unsigned long c;
} NAMED[] = {{"amp", '&'},      {"lt", '<'},       {"gt", '>'},       {"quot", '"'},
             {"apos", '\''},    {"nbsp", ' '},     {"euro", 0x20ac},  {"hellip", 0x2026},
             {"ndash", 0x2013}, {"mdash", 0x2014}, {"lsquo", 0x2018}, {"rsquo", 0x2019},
             {"ldquo", 0x201c}, {"rdquo", 0x201d}, {"bull", 0x2022}};

/* 0: nobody's. */
static unsigned long char_named(const char *name)
{
    for (size_t i = 0; i < SEA_COUNT(NAMED); i++)
        if (strcmp(name, NAMED[i].name) == 0) return NAMED[i].c;
    for (size_t i = 0; i < SEA_COUNT(LATIN); i++)
        if (strcmp(name, LATIN[i]) == 0) return 0xa0 + i;
    return 0;
}

/* The reference at `text` ('&' included) to `ret`, which it never outgrows; 0: it is none. */
static size_t take_reference(struct sea_str text, char *ret, size_t *ret_len)
{
    char name[REFERENCE_MAX + 1], *end;
    const char *stop = memchr(text.ptr, ';', text.len < REFERENCE_MAX ? text.len : REFERENCE_MAX);
    if (!stop) return 0;
    size_t len = (size_t)(stop - text.ptr) - 1;
    memcpy(name, text.ptr + 1, len);
    name[len] = '\0';
    bool is_hex = len > 1 && (name[1] == 'x' || name[1] == 'X');
    unsigned long c = char_named(name);
    if (name[0] == '#') {
        c = strtoul(name + (is_hex ? 2 : 1), &end, is_hex ? 16 : 10);
        if (*end) return 0;
    }
    *ret_len = put_char(c, ret);
    return *ret_len ? len + 2 : 0;
}

struct sea_str ingest_plain(struct sea_str html, struct sea_arena *arena)
{
    char *text = sea_arena_alloc(arena, html.len + 1);
    size_t len = 0, more = 0;
    bool has_ends = true; /* looked for only once where there is none */
    if (!text || !html.len) return (struct sea_str){NULL, 0};
    for (size_t at = 0; at < html.len;) {
        struct sea_str rest = {html.ptr + at, html.len - at};
        bool is_tag = rest.ptr[0] == '<' && has_ends;
        const char *end = is_tag ? memchr(rest.ptr, '>', rest.len) : NULL;
        if (is_tag && !end) has_ends = false;
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

void ingest_found_pictures(struct ingest_items *items, struct ingest_message *message,
                           struct sea_str html)
{
    static const char START[] = "<img ", SOURCE[] = "src=\"";
    while (message->attachments_count < INGEST_ATTACHMENTS_MAX) {
        const char *tag = html.len ? memmem(html.ptr, html.len, START, sizeof(START) - 1) : NULL;
        size_t left = tag ? html.len - (size_t)(tag - html.ptr) : 0;
        const char *end = tag ? memchr(tag, '>', left) : NULL;
        if (!end) return;
        html = (struct sea_str){end, left - (size_t)(end - tag)};
        const char *src = memmem(tag, (size_t)(end - tag), SOURCE, sizeof(SOURCE) - 1);
        const char *from = src ? src + sizeof(SOURCE) - 1 : end;
        const char *quote = memchr(from, '"', (size_t)(end - from));
        if (!quote) continue;
        const struct ingest_attachment picture = {
            .url = ingest_plain((struct sea_str){from, (size_t)(quote - from)}, items->arena)};
        if (picture.url.len) ingest_found_attachment(items, message, &picture);
    }
}
