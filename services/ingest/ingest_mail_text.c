/* ingest_mail_text.c: the words of a message of e-mail: charsets, HTML, and what is left when the
 * quoted history is gone. */
#include <string.h>
#include <strings.h>

#include <unicode/ucnv.h>

#include "ingest_mail.h"
#include "sea_enc.h"

/* ---- charsets ---- */

static bool is_nocase(struct sea_str text, const char *name)
{
    return text.len == strlen(name) && (!text.len || strncasecmp(text.ptr, name, text.len) == 0);
}

/* ICU's name of a charset as mailers use its name (WHATWG, "Encoding", names and labels); NULL:
 * UTF-8, or not told. */
static const char *converter_of(struct sea_str charset, char *name, size_t size)
{
    static const struct {
        const char *said, *meant;
    } NAMES[] = {{"", NULL},
                 {"utf-8", NULL},
                 {"utf8", NULL},
                 {"us-ascii", NULL},
                 {"ascii", NULL},
                 {"unknown-8bit", NULL},
                 {"gb2312", "gb18030"},
                 {"gbk", "gb18030"},
                 {"x-gbk", "gb18030"},
                 {"iso-8859-1", "windows-1252"},
                 {"latin1", "windows-1252"},
                 {"iso-8859-9", "windows-1254"},
                 {"ks_c_5601-1987", "windows-949"},
                 {"euc-kr", "windows-949"}};
    for (size_t i = 0; i < SEA_COUNT(NAMES); i++)
        if (is_nocase(charset, NAMES[i].said)) return NAMES[i].meant;
    size_t len = charset.len < size ? charset.len : size - 1;
    memcpy(name, charset.ptr, len);
    name[len] = '\0';
    return name;
}

struct sea_str ingest_mail_utf8(struct sea_str charset, struct sea_str bytes,
                                struct sea_arena *arena)
{
    char name[64];
    UErrorCode status = U_ZERO_ERROR;
    const char *from = converter_of(charset, name, sizeof(name));
    if (bytes.len > INGEST_MAIL_WORDS_MAX) bytes.len = INGEST_MAIL_WORDS_MAX;
    size_t size = 3 * bytes.len + 1; /* no byte stands for more than one character of three */
    char *text = bytes.len ? sea_arena_alloc(arena, size) : NULL;
    if (!text) return (struct sea_str){NULL, 0};
    int32_t len = from ? ucnv_convert("UTF-8", from, text, (int32_t)size, bytes.ptr,
                                      (int32_t)bytes.len, &status)
                       : 0;
    if (from && U_SUCCESS(status)) return (struct sea_str){text, (size_t)len};
    memcpy(text, bytes.ptr, bytes.len);
    return ingest_utf8((struct sea_str){text, bytes.len}, arena);
}

/* ---- HTML ---- */

enum { QUOTE = '\x01', UNQUOTE = '\x02' }; /* marks in the text; HTML has no such characters */

static bool is_tag(struct sea_str html, const char *name)
{
    size_t len = strlen(name);
    if (html.len <= len + 1 || strncasecmp(html.ptr + 1, name, len) != 0) return false;
    char c = html.ptr[len + 1];
    return c == '>' || c == '/' || c <= ' ';
}

/* How much of what begins here is never shown: a comment, or an element with its content. */
static size_t hidden_len(struct sea_str html)
{
    static const char *const NAMES[] = {"style", "script", "head", "title"};
    if (sea_str_starts(html, "<!--")) {
        const char *end = memmem(html.ptr, html.len, "-->", 3);
        return end ? (size_t)(end - html.ptr) + 3 : html.len;
    }
    for (size_t i = 0; i < SEA_COUNT(NAMES); i++) {
        if (!is_tag(html, NAMES[i])) continue;
        size_t len = strlen(NAMES[i]);
        for (size_t at = 1; at + len + 2 <= html.len; at++)
            if (html.ptr[at] == '<' && html.ptr[at + 1] == '/' &&
                strncasecmp(html.ptr + at + 2, NAMES[i], len) == 0)
                return at; /* its end is a tag like any other */
        return html.len;
    }
    return 0;
}

/* Without what is hidden, on one line, with marks for quotations. */
static struct sea_str simplified(struct sea_str html, struct sea_arena *arena)
{
    char *text = sea_arena_alloc(arena, 2 * html.len + 1);
    size_t len = 0;
    if (!text) return (struct sea_str){NULL, 0};
    for (size_t at = 0; at < html.len;) {
        struct sea_str rest = {html.ptr + at, html.len - at};
        size_t hidden = rest.ptr[0] == '<' ? hidden_len(rest) : 0;
        if (hidden) {
            at += hidden;
            continue;
        }
        if (rest.ptr[0] == '<' && (is_tag(rest, "blockquote") || is_tag(rest, "/blockquote")))
            text[len++] = rest.ptr[1] == '/' ? UNQUOTE : QUOTE;
        text[len++] = (unsigned char)rest.ptr[0] < ' ' ? ' ' : rest.ptr[0];
        at++;
    }
    return (struct sea_str){text, len};
}

/* Lines without blanks at their ends, one empty line at most, "> " before what is quoted. */
static struct sea_str tidied(struct sea_str text, struct sea_arena *arena)
{
    char *out = sea_arena_alloc(arena, 4 * text.len + 1);
    size_t len = 0, depth = 0, empty = 2;
    bool is_start = true, is_blank = false;
    if (!out) return (struct sea_str){NULL, 0};
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == QUOTE || c == UNQUOTE) {
            if (c == QUOTE) depth++;
            if (c == UNQUOTE && depth) depth--;
            c = '\n';
            if (is_start) continue;
        }
        if (c == ' ') {
            is_blank = !is_start;
        } else if (c == '\n') {
            if (!is_start) empty = 0;
            if (empty++ < 2) out[len++] = '\n';
            is_start = true;
            is_blank = false;
        } else {
            if (is_start && depth) out[len++] = '>', out[len++] = ' ';
            if (is_blank) out[len++] = ' ';
            out[len++] = c;
            is_start = is_blank = false;
        }
    }
    return sea_str_trim((struct sea_str){out, len});
}

struct sea_str ingest_mail_html(struct sea_str html, struct sea_arena *arena)
{
    if (!html.len) return html;
    return tidied(ingest_plain(simplified(html, arena), arena), arena);
}

/* ---- quoted history ---- */

enum { WRAPPED_LINES = 3, WRAPPED_MAX = 400, BLOCK_LINES = 6 };

static bool has(struct sea_str text, const char *word)
{
    return text.len && memmem(text.ptr, text.len, word, strlen(word));
}

/* The line at `at` without its end, and where the next begins. */
static struct sea_str line_at(struct sea_str text, size_t at, size_t *ret_next)
{
    const char *end = at < text.len ? memchr(text.ptr + at, '\n', text.len - at) : NULL;
    struct sea_str line = {text.ptr + at, (end ? (size_t)(end - text.ptr) : text.len) - at};
    *ret_next = at + line.len + (end ? 1 : 0);
    return sea_str_trim(line);
}

static bool ends_with(struct sea_str text, const char *end)
{
    size_t len = strlen(end);
    return text.len >= len && memcmp(text.ptr + text.len - len, end, len) == 0;
}

static bool has_digit(struct sea_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9') return true;
    return false;
}

static bool is_quoted(struct sea_str line)
{
    return line.len && line.ptr[0] == '>' &&
           (line.len == 1 || line.ptr[1] == ' ' || line.ptr[1] == '>');
}

/* "On Sun, 22 Nov 2026 at 08:15, Ana <ana@example.com> wrote:": begins so, has that word and a
 * date, ends with a colon. */
static const struct {
    const char *begin, *word;
} OPENINGS[] = {
    {"On ", "wrote"},    {"Am ", "schrieb"},  {"Le ", "écrit"},
    {"El ", "escribió"}, {"Em ", "escreveu"}, {"", "escreveu"},
    {"Il ", "scritto"},  {"Op ", "schre"},    {"W dniu", "napisał"},
    {"Den ", "skrev"},   {"Dne ", "napsal"},  {"在", "写道"},
    {"在", "寫道"},      {"", "写道"},        {"", "寫道"},
    {"", "님이 작성"},   {"", "yazdı"},       {"", "пишет"},
    {"", "написал"},     {"", "كتب"},         {"", ">:"},
    {"", "のメール"},    {"", "wrote"},       {"", "schrieb"},
    {"", "a écrit"},
};

static bool is_opening(struct sea_str line, bool is_wrapped)
{
    if (line.len > WRAPPED_MAX || !has_digit(line)) return false;
    if (!ends_with(line, ":") && !ends_with(line, "：")) return false;
    for (size_t i = 0; i < SEA_COUNT(OPENINGS); i++)
        if (has(line, OPENINGS[i].word) && sea_str_starts(line, OPENINGS[i].begin) &&
            (*OPENINGS[i].begin ? true : !is_wrapped && has(line, "@")))
            return true;
    return false;
}

static bool begins_opening(struct sea_str line)
{
    for (size_t i = 0; i < SEA_COUNT(OPENINGS); i++)
        if (*OPENINGS[i].begin && sea_str_starts(line, OPENINGS[i].begin)) return true;
    return false;
}

/* Where what follows an opening begins, which mailers wrap over some lines; 0: it is none. */
static size_t opening_end(struct sea_str text, size_t at)
{
    char joined[WRAPPED_MAX + 1];
    size_t len = 0, next = at;
    for (int i = 0; i < WRAPPED_LINES && next < text.len; i++) {
        struct sea_str line = line_at(text, next, &next);
        if (!line.len || len + line.len + 1 > WRAPPED_MAX || (i && begins_opening(line))) return 0;
        if (i) joined[len++] = ' ';
        memcpy(joined + len, line.ptr, line.len);
        len += line.len;
        if (is_opening((struct sea_str){joined, len}, i > 0)) return next;
    }
    return 0;
}

/* "-----Original Message-----" */
static bool is_divider(struct sea_str line)
{
    static const char *const WORDS[] = {"Original Message",
                                        "Original message",
                                        "Original-Nachricht",
                                        "Ursprüngliche Nachricht",
                                        "Message d'origine",
                                        "Message original",
                                        "Mensaje original",
                                        "Mensagem original",
                                        "Messaggio originale",
                                        "Oorspronkelijk bericht",
                                        "原始邮件",
                                        "邮件原件",
                                        "原邮件",
                                        "原始郵件",
                                        "元のメッセージ",
                                        "Исходное сообщение",
                                        "원본 메시지"};
    if (!sea_str_starts(line, "--") || !ends_with(line, "--")) return false;
    for (size_t i = 0; i < SEA_COUNT(WORDS); i++)
        if (has(line, WORDS[i])) return true;
    return false;
}

/* "Sent: …" in whatever language; bold lines begin with '*'. */
static bool is_field(struct sea_str line, const char *const *names)
{
    while (line.len && line.ptr[0] == '*') line.ptr++, line.len--;
    for (; *names; names++) {
        if (!sea_str_starts(line, *names)) continue;
        size_t len = strlen(*names);
        struct sea_str rest = sea_str_trim((struct sea_str){line.ptr + len, line.len - len});
        while (rest.len && rest.ptr[0] == '*') rest.ptr++, rest.len--;
        if (sea_str_starts(rest, "\xc2\xa0")) rest.ptr += 2, rest.len -= 2;
        if (sea_str_starts(rest, ":") || sea_str_starts(rest, "：")) return true;
    }
    return false;
}

/* A sender, and two more lines of a header within the next ones. */
static bool is_header_block(struct sea_str text, size_t at)
{
    static const char *const SENDERS[] = {"From",   "Von",    "De",     "Da",   "Van", "От",
                                          "发件人", "寄件者", "差出人", "Från", "Od",  NULL},
                             *const FIELDS[] = {
                                 "Sent",      "Date",       "To",       "Cc",         "Subject",
                                 "Gesendet",  "Datum",      "An",       "Betreff",    "Envoyé",
                                 "À",         "Objet",      "Enviado",  "Enviada em", "Enviado el",
                                 "Fecha",     "Para",       "Asunto",   "Assunto",    "Data",
                                 "Inviato",   "A",          "Oggetto",  "Verzonden",  "Aan",
                                 "Onderwerp", "Отправлено", "Дата",     "Кому",       "Тема",
                                 "发送时间",  "日期",       "收件人",   "主题",       "寄件日期",
                                 "收件者",    "主旨",       "送信日時", "日時",       "宛先",
                                 "件名",      "Skickat",    "Till",     "Ämne",       "Wysłano",
                                 "Do",        "Temat",      NULL};
    size_t next = at, found = 0;
    if (!is_field(line_at(text, at, &next), SENDERS)) return false;
    for (int i = 0; i < BLOCK_LINES && next < text.len; i++)
        found += is_field(line_at(text, next, &next), FIELDS);
    return found >= 2;
}

/* Whether the next line with words in it is quoted. */
static bool is_quoted_next(struct sea_str text, size_t at)
{
    while (at < text.len) {
        struct sea_str line = line_at(text, at, &at);
        if (line.len) return is_quoted(line);
    }
    return false;
}

static bool is_rule(struct sea_str line)
{
    size_t len = 0;
    while (len < line.len && line.ptr[len] == '_') len++;
    return len > 8 && len == line.len;
}

struct sea_str ingest_mail_fresh(struct sea_str text, struct sea_arena *arena)
{
    char *out = sea_arena_alloc(arena, text.len + 1);
    size_t len = 0, next;
    if (!out || !text.len) return (struct sea_str){NULL, 0};
    for (size_t at = 0; at < text.len; at = next) {
        struct sea_str line = line_at(text, at, &next);
        if (is_quoted(line)) continue;
        size_t opened = opening_end(text, at);
        if (opened && is_quoted_next(text, opened)) {
            next = opened;
            continue;
        }
        if (opened || is_divider(line) || is_header_block(text, at)) break;
        memcpy(out + len, text.ptr + at, next - at);
        len += next - at;
    }
    struct sea_str fresh = sea_str_trim((struct sea_str){out, len});
    size_t last = fresh.len;
    while (last && fresh.ptr[last - 1] != '\n') last--;
    if (is_rule((struct sea_str){fresh.ptr + last, fresh.len - last})) fresh.len = last;
    fresh = sea_str_trim(fresh);
    if (fresh.len) return fresh;
    memcpy(out, text.ptr, text.len);
    return sea_str_trim((struct sea_str){out, text.len});
}
