/* ingest_mail.c: messages read by GMime. It has no bounds of its own for hostile ones, so that it
 * is given no more lines than an honest message has. */
#include "ingest_mail.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "sea_buf.h"
#include "sea_enc.h"
#include "sea_id.h"
#include <gmime/gmime.h>

enum {
    DEPTH_MAX = 10,
    PARTS_MAX = 100,
    LINES_MAX = 20000,         /* that look like a header field or a boundary */
    FIELD_MAX_BYTES = 1 << 17, /* of one header field */
    GROUPS_MAX = 500,          /* colons in it: GMime reads groups by recursion */
};

/* One message in work. `wanted` says which parts count at this place. */
enum { WANT_PLAIN = 1, WANT_HTML = 2, WANT_FILES = 4 };
struct reading {
    struct ingest_mail *mail;
    struct sea_arena *arena;
    struct sea_buf words;
    unsigned parts;
    bool is_full; /* the arena */
};

static bool starts_nocase(struct sea_str text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && strncasecmp(text.ptr, prefix, len) == 0;
}

static bool is_address_field(struct sea_str line)
{
    static const char *const NAMES[] = {"from", "sender", "reply-to", "to", "cc", "bcc"};
    for (size_t i = 0; i < SEA_COUNT(NAMES); i++) {
        size_t len = strlen(NAMES[i]);
        if (starts_nocase(line, NAMES[i]) && line.len > len &&
            (line.ptr[len] == ':' || line.ptr[len] == ' ' || line.ptr[len] == '\t'))
            return true;
    }
    return false;
}

static bool is_field_or_boundary(struct sea_str line)
{
    size_t len = 0;
    if (sea_str_starts(line, "--")) return true;
    while (len < line.len && line.ptr[len] > ' ' && line.ptr[len] != ':') len++;
    return len < line.len && line.ptr[len] == ':';
}

/* As much of the message as GMime reads in reasonable time and stack. */
static struct sea_str within_bounds(struct sea_str message)
{
    size_t lines = 0, field_at = 0, colons = 0;
    bool is_field = false, is_address = false;
    for (size_t at = 0; at < message.len;) {
        struct sea_str line = {message.ptr + at, message.len - at};
        const char *end = memchr(line.ptr, '\n', line.len);
        if (end) line.len = (size_t)(end - line.ptr) + 1;
        if (line.ptr[0] != ' ' && line.ptr[0] != '\t') {
            field_at = at;
            colons = 0;
            is_address = is_address_field(line);
            is_field = is_address || is_field_or_boundary(line);
            lines += is_field;
        }
        for (size_t i = 0; is_address && i < line.len; i++) colons += line.ptr[i] == ':';
        at += line.len;
        if (lines > LINES_MAX || colons > GROUPS_MAX ||
            (is_field && at - field_at > FIELD_MAX_BYTES))
            return (struct sea_str){message.ptr, field_at};
    }
    return message;
}

/* A copy in the arena, in UTF-8, of what belongs to GMime. */
static struct sea_str kept(struct sea_arena *arena, const char *text)
{
    return ingest_utf8(sea_arena_str(arena, sea_str_trim(sea_str(text))), arena);
}

/* ---- the header ---- */

static const char *field(GMimeMessage *message, const char *name)
{
    return g_mime_object_get_header(GMIME_OBJECT(message), name);
}

static void read_from(struct reading *reading, GMimeMessage *message)
{
    InternetAddressList *list = g_mime_message_get_from(message);
    struct ingest_mail *mail = reading->mail;
    for (int i = 0; list && i < internet_address_list_length(list); i++) {
        InternetAddress *address = internet_address_list_get_address(list, i);
        if (!INTERNET_ADDRESS_IS_MAILBOX(address)) continue;
        mail->from = kept(reading->arena,
                          internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address)));
        mail->name =
            sea_utf8_cut(kept(reading->arena, internet_address_get_name(address)), INGEST_ID_MAX);
        for (size_t k = 0; k < mail->from.len; k++) {
            char *c = (char *)(uintptr_t)&mail->from.ptr[k];
            if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
        }
        return;
    }
}

/* The first id of a field, or the last. */
static struct sea_str id_of(struct reading *reading, const char *ids, bool is_last)
{
    GMimeReferences *list = ids ? g_mime_references_parse(NULL, ids) : NULL;
    int count = list ? g_mime_references_length(list) : 0;
    struct sea_str id = {NULL, 0};
    if (count)
        id = kept(reading->arena, g_mime_references_get_message_id(list, is_last ? count - 1 : 0));
    if (list) g_mime_references_free(list);
    return ingest_is_id(id) ? id : (struct sea_str){NULL, 0};
}

static bool is_suppressing(const char *value)
{
    return value &&
           (strcasestr(value, "all") || strcasestr(value, "oof") || strcasestr(value, "autoreply"));
}

static bool is_bulk(const char *value)
{
    return value && (strcasestr(value, "bulk") || strcasestr(value, "list") ||
                     strcasestr(value, "junk") || strcasestr(value, "auto_reply"));
}

static size_t hops(GMimeMessage *message)
{
    GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(message));
    size_t count = 0;
    for (int i = 0; i < g_mime_header_list_get_count(list); i++) {
        const char *name = g_mime_header_get_name(g_mime_header_list_get_header_at(list, i));
        count += name && strcasecmp(name, "Received") == 0;
    }
    return count;
}

/* A report about mail of ours (RFC 3464), or what a mailer says without expecting an answer. */
static bool is_bounce(GMimeMessage *message, struct sea_str from)
{
    const char *path = field(message, "Return-Path");
    GMimeObject *body = g_mime_message_get_mime_part(message);
    bool is_report = body && g_mime_content_type_is_type(g_mime_object_get_content_type(body),
                                                         "multipart", "report");
    return is_report || (path && sea_str_is(sea_str_trim(sea_str(path)), "<>")) ||
           sea_str_starts(from, "mailer-daemon@") || sea_str_starts(from, "postmaster@");
}

/* Why no person wrote it (RFC 3834, RFC 2919, Exchange's X-Auto-Response-Suppress). A marketplace's
 * relay writes such headers itself: of the buyer they say nothing. */
static const char *automatic_of(GMimeMessage *message, struct sea_str from)
{
    const char *submitted = field(message, "Auto-Submitted");
    if (hops(message) > INGEST_MAIL_HOPS_MAX) return "hops";
    if (is_bounce(message, from)) return "bounce";
    if (submitted && !starts_nocase(sea_str_trim(sea_str(submitted)), "no"))
        return "auto_submitted";
    if (field(message, "X-Autoreply") || field(message, "X-Autorespond")) return "auto_submitted";
    if (ingest_mail_is_relay(from)) return NULL;
    if (is_suppressing(field(message, "X-Auto-Response-Suppress"))) return "suppressed";
    if (is_bulk(field(message, "Precedence"))) return "precedence";
    return field(message, "List-Id") ? "list" : NULL;
}

static void read_header(struct reading *reading, GMimeMessage *message)
{
    struct ingest_mail *mail = reading->mail;
    GDateTime *date = g_mime_message_get_date(message);
    int64_t sent_at_s = date ? g_date_time_to_unix(date) : 0;
    read_from(reading, message);
    mail->subject = sea_utf8_cut(kept(reading->arena, g_mime_message_get_subject(message)),
                                 INGEST_MAIL_LINE_MAX);
    mail->message_id = kept(reading->arena, g_mime_message_get_message_id(message));
    mail->in_reply_to = id_of(reading, field(message, "In-Reply-To"), false);
    if (!mail->in_reply_to.len)
        mail->in_reply_to = id_of(reading, field(message, "References"), true);
    mail->sent_at_ms = sent_at_s > 0 ? ingest_unix_ms(sent_at_s) : 0;
    mail->automatic = automatic_of(message, mail->from);
}

/* ---- the body ---- */

static void add_words(struct reading *reading, struct sea_str text)
{
    struct sea_buf *words = &reading->words;
    if (!sea_str_trim(text).len) return;
    if (words->len) sea_buf_char(words, '\n');
    sea_buf_str(words, sea_utf8_cut(text, INGEST_MAIL_WORDS_MAX - words->len));
}

/* Lines end as on the way here (RFC 5322 2.1); GMime would write them as of a local file. */
static void write_message(GMimeMessage *message, GMimeStream *stream)
{
    GMimeFormatOptions *options = g_mime_format_options_new();
    g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
    g_mime_object_write_to_stream(GMIME_OBJECT(message), options, stream);
    g_mime_format_options_free(options);
}

/* A part's content, decoded; a message inside the message as it stands. To be freed. */
static GByteArray *content_of(GMimeObject *part)
{
    GByteArray *bytes = g_byte_array_new();
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    GMimeDataWrapper *content =
        GMIME_IS_PART(part) ? g_mime_part_get_content(GMIME_PART(part)) : NULL;
    GMimeMessage *message = GMIME_IS_MESSAGE_PART(part)
                                ? g_mime_message_part_get_message(GMIME_MESSAGE_PART(part))
                                : NULL;
    if (content) g_mime_data_wrapper_write_to_stream(content, stream);
    if (message) write_message(message, stream);
    g_object_unref(stream);
    return bytes;
}

static void add_file(struct reading *reading, GMimeObject *object, const char *name)
{
    struct ingest_attachment file = {.name = kept(reading->arena, name)};
    if (reading->mail->attachments_count == INGEST_ATTACHMENTS_MAX) return;
    char *mime = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(object));
    file.mime = kept(reading->arena, mime);
    g_free(mime);
    GByteArray *bytes = content_of(object);
    struct sea_str content = {(const char *)bytes->data, bytes->len};
    ingest_mail_bytes(&file, sea_arena_str(reading->arena, content));
    reading->is_full |= content.len && !file.bytes.len;
    g_byte_array_free(bytes, TRUE);
    ingest_mail_attach(reading->mail, &file);
}

static void add_text(struct reading *reading, GMimeObject *object, bool is_html)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);
    struct sea_str charset = sea_str(g_mime_content_type_get_parameter(type, "charset"));
    GByteArray *bytes = content_of(object);
    struct sea_str raw = {(const char *)bytes->data, bytes->len};
    struct sea_str text = ingest_mail_utf8(charset, raw, reading->arena);
    add_words(reading, is_html ? ingest_mail_html(text, reading->arena) : text);
    g_byte_array_free(bytes, TRUE);
}

static void read_part(struct reading *reading, GMimeObject *object, unsigned wanted)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);
    bool is_part = GMIME_IS_PART(object);
    const char *name = is_part ? g_mime_part_get_filename(GMIME_PART(object)) : NULL;
    bool is_file = !is_part || name || g_mime_part_is_attachment(GMIME_PART(object));
    bool is_plain = !is_file && g_mime_content_type_is_type(type, "text", "plain");
    bool is_html = !is_file && g_mime_content_type_is_type(type, "text", "html");
    if (is_plain || is_html) {
        if (wanted & (is_plain ? WANT_PLAIN : WANT_HTML)) add_text(reading, object, is_html);
    } else if (wanted & WANT_FILES) {
        add_file(reading, object, name);
    }
}

/* Of alternatives, the plain text; the HTML, where there is none. */
static void read_object(struct reading *reading, GMimeObject *object, unsigned wanted, int depth)
{
    if (!object || depth > DEPTH_MAX || reading->parts++ > PARTS_MAX) return;
    if (!GMIME_IS_MULTIPART(object)) {
        read_part(reading, object, wanted);
        return;
    }
    GMimeMultipart *parts = GMIME_MULTIPART(object);
    bool is_alternative = g_mime_content_type_is_type(g_mime_object_get_content_type(object),
                                                      "multipart", "alternative");
    size_t before = reading->words.len;
    int count = g_mime_multipart_get_count(parts);
    unsigned first = is_alternative ? wanted & ~(unsigned)WANT_HTML : wanted;
    for (int i = 0; i < count; i++)
        read_object(reading, g_mime_multipart_get_part(parts, i), first, depth + 1);
    if (first == wanted || reading->words.len > before) return;
    for (int i = 0; i < count; i++)
        read_object(reading, g_mime_multipart_get_part(parts, i), WANT_HTML, depth + 1);
}

/* ---- a report that a message of ours failed (RFC 3464) ---- */

struct report {
    struct sea_str action, status, id, to;
};

/* The value of the first such line, in the arena. */
static struct sea_str line_named(struct reading *reading, struct sea_str text, const char *name)
{
    size_t name_len = strlen(name);
    while (text.len) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end ? (size_t)(end - text.ptr) + 1 : text.len;
        if (len > name_len && text.ptr[name_len] == ':' &&
            strncasecmp(text.ptr, name, name_len) == 0)
            return sea_arena_str(reading->arena, sea_str_trim((struct sea_str){
                                                     text.ptr + name_len + 1, len - name_len - 1}));
        text = (struct sea_str){text.ptr + len, text.len - len};
    }
    return (struct sea_str){"", 0};
}

/* Our message comes back whole, or its header alone. */
static void read_report_part(struct reading *reading, GMimeObject *object, struct report *report)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);
    if (GMIME_IS_MESSAGE_PART(object)) {
        GMimeMessage *ours = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
        if (!ours) return;
        report->id = kept(reading->arena, g_mime_message_get_message_id(ours));
        report->to = kept(reading->arena, field(ours, "To"));
    } else if (GMIME_IS_PART(object)) {
        GByteArray *bytes = content_of(object);
        struct sea_str text = {(const char *)bytes->data, bytes->len};
        if (g_mime_content_type_is_type(type, "message", "delivery-status")) {
            report->action = line_named(reading, text, "Action");
            report->status = line_named(reading, text, "Status");
        } else if (g_mime_content_type_is_type(type, "text", "rfc822-headers")) {
            report->id = line_named(reading, text, "Message-ID");
            report->to = line_named(reading, text, "To");
        }
        g_byte_array_free(bytes, TRUE);
    }
}

static struct sea_str without_brackets(struct sea_str id)
{
    bool has = id.len > 2 && id.ptr[0] == '<' && id.ptr[id.len - 1] == '>';
    return has ? (struct sea_str){id.ptr + 1, id.len - 2} : id;
}

static void read_bounce(struct reading *reading, GMimeMessage *message)
{
    enum { REPORT_PARTS = 3, CODE_MAX = 9 };
    GMimeObject *body = g_mime_message_get_mime_part(message);
    struct ingest_bounce *bounce = &reading->mail->bounce;
    struct report report = {{"", 0}, {"", 0}, {"", 0}, {"", 0}};
    if (!body || !GMIME_IS_MULTIPART(body) ||
        !g_mime_content_type_is_type(g_mime_object_get_content_type(body), "multipart", "report"))
        return;
    int count = g_mime_multipart_get_count(GMIME_MULTIPART(body));
    for (int i = 0; i < count && i < REPORT_PARTS; i++)
        read_report_part(reading, g_mime_multipart_get_part(GMIME_MULTIPART(body), i), &report);
    struct sea_str id = without_brackets(report.id), code = report.status;
    const char *at = id.len ? memchr(id.ptr, '@', id.len) : NULL;
    if (!at || !starts_nocase(report.action, "failed")) return;
    if (!sea_uuid_parse((struct sea_str){id.ptr, (size_t)(at - id.ptr)}, &bounce->attempt)) return;
    bounce->id = id;
    bounce->to = without_brackets(report.to);
    while (bounce->code.len < code.len && bounce->code.len < CODE_MAX &&
           (code.ptr[bounce->code.len] == '.' ||
            (code.ptr[bounce->code.len] >= '0' && code.ptr[bounce->code.len] <= '9')))
        bounce->code = (struct sea_str){code.ptr, bounce->code.len + 1};
}

/* ---- all of it ---- */

static void start_gmime(void)
{
    g_mime_init();
}

/* What is parsed goes on pointing to the bytes. */
static GMimeMessage *parse(GByteArray *bytes)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_gmime);
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *parsed = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    return parsed;
}

bool ingest_mail_read(struct ingest_mail *ret, struct sea_str message, struct sea_arena *arena)
{
    struct sea_str bounded = within_bounds(message);
    struct reading reading = {.mail = ret, .arena = arena, .words = SEA_BUF(INGEST_MAIL_WORDS_MAX)};
    /* Only read, and so not copied first. */
    GByteArray bytes = {(guint8 *)(uintptr_t)bounded.ptr, (guint)bounded.len};
    GMimeMessage *parsed = bounded.len ? parse(&bytes) : NULL;
    *ret = (struct ingest_mail){.is_cut = bounded.len < message.len};
    if (!parsed) return true;
    read_header(&reading, parsed);
    read_bounce(&reading, parsed);
    read_object(&reading, g_mime_message_get_mime_part(parsed), WANT_PLAIN | WANT_HTML | WANT_FILES,
                0);
    g_object_unref(parsed);
    ingest_mail_words(ret, sea_buf_view(&reading.words), (struct sea_str){NULL, 0}, arena);
    bool is_lost = reading.is_full || (reading.words.len > 0 && !ret->text.ptr);
    sea_buf_free(&reading.words);
    return !is_lost;
}
