/* notify_mail.c: one message of plain text, and one line of SMTP. No word of a customer or an agent
 * gets into a header but through add_words, which knows no line ends. */
#include "notify_mail.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sea_enc.h"

enum {
    ADDRESS_MAX = 254, /* RFC 5321 4.5.3.1.3 */
    SUBJECT_MAX = 200,
    OWN_SUBJECT_MAX = 70, /* of one that is made of the text */
    THREAD_MAX = 250,
    CHARS_MAX = 998,   /* of a line: RFC 5322 2.1.1 */
    WORD_BYTES = 30,   /* make an encoded word of 52: a line with one has 76 at most */
    BASE64_BYTES = 57, /* make a line of 76 */
};

/* ---- addresses ---- */

static bool is_printable(struct sea_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') return false;
    return text.len > 0;
}

/* A plain addr-spec, of which nothing needs quotes. */
static bool is_address(struct sea_str text)
{
    const char *at = text.len > 0 ? memchr(text.ptr, '@', text.len) : NULL;
    if (at == NULL || text.len > ADDRESS_MAX || !is_printable(text)) return false;
    for (size_t i = 0; i < text.len; i++)
        if (strchr("()<>[]:;,\\\"", text.ptr[i]) != NULL) return false;
    size_t local = (size_t)(at - text.ptr);
    return local > 0 && local + 1 < text.len && memchr(at + 1, '@', text.len - local - 1) == NULL;
}

struct mailbox {
    struct sea_str name, address, domain;
};

static bool read_mailbox(struct sea_str text, struct mailbox *ret)
{
    const char *open = text.len > 0 ? memchr(text.ptr, '<', text.len) : NULL;
    *ret = (struct mailbox){.address = text};
    if (open != NULL && text.ptr[text.len - 1] == '>') {
        size_t before = (size_t)(open - text.ptr);
        ret->name = sea_str_trim((struct sea_str){text.ptr, before});
        ret->address = (struct sea_str){open + 1, text.len - before - 2};
    }
    if (!is_address(ret->address)) return false;
    const char *at = memchr(ret->address.ptr, '@', ret->address.len);
    ret->domain = (struct sea_str){at + 1, ret->address.len - (size_t)(at + 1 - ret->address.ptr)};
    return true;
}

/* ---- headers ---- */

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 127;
}

static bool is_plain(struct sea_str text, const char *special)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] > '~' || strchr(special, text.ptr[i]) != NULL) return false;
    return true;
}

/* Free words, as they are or, where they have what is special there or isn't ASCII, as encoded
 * words of whole characters, each on a line of its own (RFC 2047 2, 5). Control characters, line
 * ends among them, become blanks. */
static void add_words(struct sea_buf *out, struct sea_str text, const char *special)
{
    char clean[SUBJECT_MAX], base64[BASE64_BYTES * 2];
    struct sea_str rest = sea_utf8_cut(text, SUBJECT_MAX);
    for (size_t i = 0; i < rest.len; i++) clean[i] = is_control(rest.ptr[i]) ? ' ' : rest.ptr[i];
    rest.ptr = clean;
    if (is_plain(rest, special)) {
        sea_buf_str(out, rest);
        return;
    }
    for (bool is_first = true; rest.len > 0; is_first = false) {
        struct sea_str part = sea_utf8_cut(rest, WORD_BYTES);
        if (part.len == 0) return; /* no UTF-8 */
        sea_base64_print(part.ptr, part.len, base64);
        sea_buf_printf(out, "%s=?UTF-8?B?%s?=", is_first ? "" : "\r\n ", base64);
        rest = (struct sea_str){rest.ptr + part.len, rest.len - part.len};
    }
}

/* From RFC 3339, "2026-11-22T08:15:00". */
static void add_date(struct sea_buf *out, int64_t now_ms)
{
    enum { MONTH = 5, DAY = 8, CLOCK = 11 };
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char time[SEA_TIME_TEXT];
    sea_time_print(now_ms, time);
    int month = (time[MONTH] - '0') * 10 + time[MONTH + 1] - '0';
    sea_buf_printf(out, "Date: %s, %.2s %s %.4s %.8s +0000\r\n", days[now_ms / 86400000 % 7],
                   time + DAY, months[month - 1], time, time + CLOCK);
}

static bool is_answer(const struct notify_letter *letter)
{
    return letter->class == SEA_CLASS_REPLY || letter->class == SEA_CLASS_AUTO;
}

/* An answer goes on with its conversation, a notice begins with its first words. */
static void add_subject(struct sea_buf *out, const struct notify_letter *letter)
{
    struct sea_str subject = sea_str_trim(letter->subject), text = sea_str_trim(letter->text);
    sea_buf_text(out, "Subject: ");
    if (is_answer(letter) && subject.len > 0) {
        bool is_re = subject.len > 3 && strncasecmp(subject.ptr, "re:", 3) == 0;
        if (!is_re) sea_buf_text(out, "Re: ");
        add_words(out, subject, "=");
    } else {
        const char *end = memchr(text.ptr, '\n', text.len);
        if (end != NULL) text.len = (size_t)(end - text.ptr);
        add_words(out, sea_utf8_cut(text, OWN_SUBJECT_MAX), "=");
    }
    sea_buf_text(out, "\r\n");
}

static void add_thread(struct sea_buf *out, const struct notify_letter *letter)
{
    struct sea_str id = letter->thread;
    if (!is_answer(letter) || id.len > THREAD_MAX || !is_printable(id)) return;
    if (memchr(id.ptr, '<', id.len) != NULL || memchr(id.ptr, '>', id.len) != NULL) return;
    sea_buf_printf(out, "In-Reply-To: <%.*s>\r\n", (int)id.len, id.ptr);
    sea_buf_printf(out, "References: <%.*s>\r\n", (int)id.len, id.ptr);
}

/* Who answers mail by itself must not answer these (RFC 3834); who has enough writes STOP. */
static void add_kind(struct sea_buf *out, const struct notify_letter *letter,
                     const struct mailbox *from)
{
    if (letter->class != SEA_CLASS_REPLY)
        sea_buf_printf(out, "Auto-Submitted: auto-%s\r\n",
                       letter->class == SEA_CLASS_AUTO ? "replied" : "generated");
    if (letter->class == SEA_CLASS_MARKETING)
        sea_buf_printf(out, "List-Unsubscribe: <mailto:%.*s?subject=STOP&body=STOP>\r\n",
                       (int)from->address.len, from->address.ptr);
}

static void add_head(struct sea_buf *out, const struct notify_letter *letter, const char *attempt,
                     const struct mailbox *from)
{
    add_date(out, letter->now_ms);
    sea_buf_text(out, "From: ");
    if (from->name.len > 0) add_words(out, from->name, "=\"\\<>()@,;:.[]");
    sea_buf_printf(out, "%s<%.*s>\r\n", from->name.len > 0 ? " " : "", (int)from->address.len,
                   from->address.ptr);
    sea_buf_printf(out, "To: <%.*s>\r\n", (int)letter->to.len, letter->to.ptr);
    add_subject(out, letter);
    sea_buf_printf(out, "Message-ID: <%s@%.*s>\r\n", attempt, (int)from->domain.len,
                   from->domain.ptr);
    add_thread(out, letter);
    add_kind(out, letter, from);
    sea_buf_text(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n");
}

/* ---- the text ---- */

static bool is_7bit(struct sea_str text)
{
    size_t line = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        line = c == '\n' ? 0 : line + 1;
        if (line > CHARS_MAX || (c != '\n' && c != '\t' && (c < ' ' || c > '~'))) return false;
    }
    return true;
}

static void add_lines(struct sea_buf *out, struct sea_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\r') continue;
        if (text.ptr[i] == '\n') sea_buf_char(out, '\r');
        sea_buf_char(out, text.ptr[i]);
    }
    sea_buf_text(out, "\r\n");
}

static void add_base64(struct sea_buf *out, struct sea_str text)
{
    char line[BASE64_BYTES * 2];
    for (size_t at = 0; at < text.len; at += BASE64_BYTES) {
        size_t len = text.len - at < BASE64_BYTES ? text.len - at : BASE64_BYTES;
        sea_base64_print(text.ptr + at, len, line);
        sea_buf_printf(out, "%s\r\n", line);
    }
}

static void add_text(struct sea_buf *out, struct sea_str text)
{
    if (is_7bit(text)) {
        sea_buf_text(out, "Content-Transfer-Encoding: 7bit\r\n\r\n");
        add_lines(out, text);
        return;
    }
    struct sea_buf lines = SEA_BUF(out->max);
    sea_buf_text(out, "Content-Transfer-Encoding: base64\r\n\r\n");
    add_lines(&lines, text); /* the line ends of text are those of mail (RFC 2045 6.8) */
    if (lines.is_full) out->is_full = true;
    add_base64(out, sea_buf_view(&lines));
    sea_buf_wipe(&lines);
}

/* ---- the call ---- */

/* A server on this machine needs no TLS, and seldom has a certificate in that name. */
static bool is_local(const char *base)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
    const char *host = strstr(base, "://") + 3;
    for (size_t i = 0; i < SEA_COUNT(hosts); i++) {
        size_t len = strlen(hosts[i]);
        if (strncmp(host, hosts[i], len) == 0 && (host[len] == ':' || host[len] == '\0'))
            return true;
    }
    return false;
}

const char *notify_mail_call(const struct notify_letter *letter, const char *attempt,
                             struct notify_call *ret)
{
    const struct sea_account *account = letter->account;
    struct sea_buf *bufs[] = {&ret->mail_from, &ret->mail_to, &ret->mail_user, &ret->mail_password};
    struct mailbox from;
    for (size_t i = 0; i < SEA_COUNT(bufs); i++) sea_buf_reset(bufs[i]);
    if (!read_mailbox(sea_str(account->sender), &from)) return "no_sender";
    if (!is_address(letter->to)) return "no_address";
    ret->is_mail = true;
    ret->is_mail_plain = is_local(account->api_base);
    /* The path is what libcurl says it is called. */
    sea_buf_printf(&ret->url, "%s/%.*s", account->api_base, (int)from.domain.len, from.domain.ptr);
    sea_buf_str(&ret->mail_from, from.address);
    sea_buf_str(&ret->mail_to, letter->to);
    if (account->login != NULL) {
        sea_buf_text(&ret->mail_user, account->login);
        sea_buf_str(&ret->mail_password, account->token.live[0]);
    }
    add_head(&ret->body, letter, attempt, &from);
    add_text(&ret->body, letter->text);
    return NULL;
}

/* ---- the answer ---- */

/* "550 5.1.1 …": the enhanced code says more. */
static void read_code(const struct notify_response *response, char ret[NOTIFY_CODE_MAX])
{
    enum { BEFORE = 4, LEAST = 5, MOST = 9 };
    const struct sea_str body = response->body;
    size_t len = 0, dots = 0;
    while (BEFORE + len < body.len && len <= MOST &&
           ((body.ptr[BEFORE + len] >= '0' && body.ptr[BEFORE + len] <= '9') ||
            body.ptr[BEFORE + len] == '.'))
        dots += body.ptr[BEFORE + len++] == '.';
    if (response->status == 0)
        snprintf(ret, NOTIFY_CODE_MAX, "%s", response->is_unsent ? "no_connection" : "no_answer");
    else if (dots == 2 && len >= LEAST && len <= MOST)
        snprintf(ret, NOTIFY_CODE_MAX, "%.*s", (int)len, body.ptr + BEFORE);
    else
        snprintf(ret, NOTIFY_CODE_MAX, "smtp_%d", response->status);
}

/* 250 after the message's end: it is the server's now. 4xx, and what is wrong with the server or
 * the login, passes or is mended by a person; 5xx is a refusal; no answer after the end, who knows.
 */
struct notify_answer notify_mail_classify(const struct notify_response *response, uint32_t tries)
{
    static const int64_t login[] = {530, 534, 535, 538};
    struct notify_answer answer = {.kind = NOTIFY_ANSWER_UNCERTAIN};
    int class = response->status / 100;
    read_code(response, answer.code);
    if (notify_is_any(response->status, login, SEA_COUNT(login)))
        notify_answer_later(&answer, response, tries, 4);
    else if (response->is_unsent || class == 4)
        notify_answer_later(&answer, response, tries, 2);
    else if (class == 5)
        answer.kind = NOTIFY_ANSWER_REJECTED;
    else if (class == 2)
        answer.kind = NOTIFY_ANSWER_ACCEPTED;
    return answer;
}
