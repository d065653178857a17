/* ingest_lmtp.c: the commands of LMTP, and the lines of a message. */
#include "ingest_lmtp.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { OUT_MAX = 64 * 1024, CHUNK_MAX = 64 * 1024 };

static const char *const ANSWERS[] = {
    [INGEST_LMTP_TAKEN] = "250 2.0.0 kept",
    [INGEST_LMTP_UNKNOWN] = "550 5.1.1 no such mailbox",
    [INGEST_LMTP_ELSEWHERE] = "550 5.7.1 the mailbox's mail is kept in another region",
    [INGEST_LMTP_DISABLED] = "550 5.2.1 the mailbox is closed",
    [INGEST_LMTP_LATER] = "451 4.3.0 it could not be kept; send it again",
    [INGEST_LMTP_REFUSED] = "552 5.3.4 the message is too large"};

static void say(struct ingest_lmtp *lmtp, const char *line)
{
    sea_buf_text(&lmtp->out, line);
    sea_buf_text(&lmtp->out, "\r\n");
}

static void forget(struct ingest_lmtp *lmtp)
{
    lmtp->budget->used_bytes -= lmtp->message.len;
    sea_buf_free(&lmtp->message);
    lmtp->recipients_count = 0;
    lmtp->has_sender = lmtp->is_too_large = lmtp->is_too_much = false;
}

void ingest_lmtp_open(struct ingest_lmtp *lmtp)
{
    lmtp->out = (struct sea_buf)SEA_BUF(OUT_MAX);
    lmtp->message = (struct sea_buf)SEA_BUF(lmtp->message_max_bytes);
    say(lmtp, "220 seadesk LMTP ready");
}

void ingest_lmtp_close(struct ingest_lmtp *lmtp)
{
    forget(lmtp);
    sea_buf_free(&lmtp->out);
}

void ingest_lmtp_end(struct ingest_lmtp *lmtp)
{
    say(lmtp, "421 4.3.2 seadesk is going down");
    lmtp->state = INGEST_LMTP_OVER;
}

/* A client that only makes mistakes is no mail server. */
static void mistake(struct ingest_lmtp *lmtp, const char *line)
{
    say(lmtp, line);
    if (++lmtp->mistakes < INGEST_LMTP_MISTAKES_MAX) return;
    say(lmtp, "421 4.7.0 too many mistakes");
    lmtp->state = INGEST_LMTP_OVER;
}

/* ---- commands ---- */

/* A word of letters ends where no more letters follow. */
static bool take(struct sea_str *line, const char *word)
{
    size_t len = strlen(word);
    bool is_open = word[len - 1] == ':' || word[len - 1] == '=';
    if (line->len < len || strncasecmp(line->ptr, word, len) != 0) return false;
    if (!is_open && line->len > len && line->ptr[len] != ' ' && line->ptr[len] != '\t')
        return false;
    *line = sea_str_trim((struct sea_str){line->ptr + len, line->len - len});
    return true;
}

/* "<address> PARAMETERS"; leaves the parameters. Source routes (RFC 5321 C) are left out. */
static bool take_path(struct sea_str *line, char ret[INGEST_LMTP_ADDRESS_MAX])
{
    bool is_quoted = false;
    size_t end = 1, from = 1;
    if (!line->len || line->ptr[0] != '<') return false;
    for (; end < line->len && (is_quoted || line->ptr[end] != '>'); end++) {
        unsigned char c = (unsigned char)line->ptr[end];
        if (c < ' ' || c == 0x7f) return false;
        if (c == '"') is_quoted = !is_quoted;
        if (c == '\\' && is_quoted) end++;
        if (c == ':' && !is_quoted && line->ptr[1] == '@') from = end + 1;
    }
    if (end >= line->len || end - from >= INGEST_LMTP_ADDRESS_MAX) return false;
    memcpy(ret, line->ptr + from, end - from);
    ret[end - from] = '\0';
    *line = sea_str_trim((struct sea_str){line->ptr + end + 1, line->len - end - 1});
    return true;
}

/* SIZE=n BODY=… SMTPUTF8; false: it was answered. */
static bool take_parameters(struct ingest_lmtp *lmtp, struct sea_str line)
{
    while (line.len) {
        size_t len = 0;
        uint64_t size;
        while (len < line.len && line.ptr[len] != ' ') len++;
        struct sea_str one = {line.ptr, len};
        line = sea_str_trim((struct sea_str){line.ptr + len, line.len - len});
        if (take(&one, "SIZE=")) {
            if (!sea_str_u64(one, &size)) return mistake(lmtp, "501 5.5.4 SIZE is a number"), false;
            if (size > lmtp->message_max_bytes)
                return say(lmtp, "552 5.3.4 the message is too large"), false;
        } else if (!take(&one, "BODY=7BIT") && !take(&one, "BODY=8BITMIME") &&
                   !take(&one, "SMTPUTF8")) {
            return mistake(lmtp, "555 5.5.4 the parameter is not known"), false;
        }
    }
    return true;
}

static void on_lhlo(struct ingest_lmtp *lmtp, struct sea_str line)
{
    if (!line.len) {
        mistake(lmtp, "501 5.5.4 LHLO names its client");
        return;
    }
    forget(lmtp);
    lmtp->is_greeted = true;
    say(lmtp, "250-seadesk");
    say(lmtp, "250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES");
    sea_buf_printf(&lmtp->out, "250 SIZE %zu\r\n", lmtp->message_max_bytes);
}

static void on_mail(struct ingest_lmtp *lmtp, struct sea_str line)
{
    if (!lmtp->is_greeted || lmtp->has_sender)
        mistake(lmtp, "503 5.5.1 MAIL comes once, after LHLO");
    else if (!take_path(&line, lmtp->sender))
        mistake(lmtp, "501 5.1.7 MAIL FROM:<address>");
    else if (take_parameters(lmtp, line)) {
        lmtp->has_sender = true;
        say(lmtp, "250 2.1.0 go on");
    }
}

static void on_rcpt(struct ingest_lmtp *lmtp, struct sea_str line)
{
    if (!lmtp->has_sender) {
        mistake(lmtp, "503 5.5.1 RCPT comes after MAIL");
        return;
    }
    if (lmtp->recipients_count == INGEST_LMTP_RECIPIENTS_MAX) {
        say(lmtp, "452 4.5.3 too many recipients");
        return;
    }
    char *address = lmtp->recipients[lmtp->recipients_count];
    if (!take_path(&line, address) || line.len) {
        mistake(lmtp, "501 5.1.3 RCPT TO:<address>");
        return;
    }
    enum ingest_lmtp_outcome outcome = lmtp->has(lmtp->ctx, sea_str(address));
    bool is_heard = outcome == INGEST_LMTP_TAKEN || outcome == INGEST_LMTP_DISABLED;
    if (is_heard) lmtp->mailboxes[lmtp->recipients_count++] = outcome;
    say(lmtp, is_heard ? "250 2.1.5 go on" : ANSWERS[outcome]);
}

static void on_data(struct ingest_lmtp *lmtp)
{
    const struct ingest_lmtp_budget *budget = lmtp->budget;
    if (!lmtp->recipients_count) {
        mistake(lmtp, "503 5.5.1 no recipient was accepted");
    } else if (budget->used_bytes >= budget->max_bytes) {
        say(lmtp, "452 4.3.1 too many messages at once");
    } else {
        lmtp->state = INGEST_LMTP_DATA;
        lmtp->is_line_start = true;
        sea_buf_printf(&lmtp->message, "Return-Path: <%s>\r\n", lmtp->sender);
        lmtp->budget->used_bytes += lmtp->message.len;
        say(lmtp, "354 end with a dot");
    }
}

static void on_command(struct ingest_lmtp *lmtp, struct sea_str line)
{
    line = sea_str_trim(line);
    if (memchr(line.ptr, 0, line.len)) {
        mistake(lmtp, "500 5.5.2 a command is text");
    } else if (take(&line, "LHLO")) {
        on_lhlo(lmtp, line);
    } else if (take(&line, "MAIL FROM:")) {
        on_mail(lmtp, line);
    } else if (take(&line, "RCPT TO:")) {
        on_rcpt(lmtp, line);
    } else if (take(&line, "DATA")) {
        on_data(lmtp);
    } else if (take(&line, "RSET")) {
        forget(lmtp);
        say(lmtp, "250 2.0.0 forgotten");
    } else if (take(&line, "NOOP")) {
        say(lmtp, "250 2.0.0 here");
    } else if (take(&line, "VRFY")) {
        say(lmtp, "252 2.1.5 send, and see");
    } else if (take(&line, "QUIT")) {
        say(lmtp, "221 2.0.0 bye");
        lmtp->state = INGEST_LMTP_OVER;
    } else {
        mistake(lmtp, "500 5.5.1 the command is not known");
    }
}

/* ---- the message ---- */

static void add(struct ingest_lmtp *lmtp, struct sea_str bytes)
{
    struct ingest_lmtp_budget *budget = lmtp->budget;
    if (lmtp->is_too_large || lmtp->is_too_much) return;
    lmtp->is_too_large = lmtp->message.len + bytes.len > lmtp->message_max_bytes;
    lmtp->is_too_much = budget->used_bytes + bytes.len > budget->max_bytes;
    if (lmtp->is_too_large || lmtp->is_too_much) {
        budget->used_bytes -= lmtp->message.len;
        sea_buf_free(&lmtp->message);
        return;
    }
    sea_buf_str(&lmtp->message, bytes);
    budget->used_bytes += bytes.len;
}

/* A line of the message, or a piece of a long one; true: it was the last. A dot alone ends it only
 * between two CR LF; others are part of the text (RFC 5321 4.1.1.4). */
static bool add_line(struct ingest_lmtp *lmtp, struct sea_str line)
{
    bool is_first = lmtp->is_line_start;
    lmtp->is_line_start = line.len >= 2 && memcmp(line.ptr + line.len - 2, "\r\n", 2) == 0;
    if (is_first && line.ptr[0] == '.') {
        if (sea_str_is(line, ".\r\n")) return true;
        line.ptr++;
        line.len--;
    }
    add(lmtp, line);
    return false;
}

static void end_data(struct ingest_lmtp *lmtp)
{
    if (lmtp->is_too_large)
        ingest_lmtp_done(lmtp, INGEST_LMTP_REFUSED);
    else if (lmtp->is_too_much)
        ingest_lmtp_done(lmtp, INGEST_LMTP_LATER);
    else
        lmtp->state = INGEST_LMTP_WHOLE;
}

void ingest_lmtp_done(struct ingest_lmtp *lmtp, enum ingest_lmtp_outcome outcome)
{
    for (size_t i = 0; i < lmtp->recipients_count; i++)
        say(lmtp, ANSWERS[outcome == INGEST_LMTP_TAKEN ? lmtp->mailboxes[i] : outcome]);
    forget(lmtp);
    lmtp->state = INGEST_LMTP_COMMANDS;
}

/* The next line with its end; false: it isn't whole yet. */
static bool next_line(const struct ingest_lmtp *lmtp, struct sea_str bytes, struct sea_str *ret)
{
    const char *end = memchr(bytes.ptr, '\n', bytes.len);
    *ret = (struct sea_str){bytes.ptr, end ? (size_t)(end - bytes.ptr) + 1 : bytes.len};
    if (!end && bytes.ptr[bytes.len - 1] == '\r') ret->len--; /* half of a line's end */
    return end || (lmtp->state == INGEST_LMTP_DATA && ret->len >= CHUNK_MAX);
}

size_t ingest_lmtp_feed(struct ingest_lmtp *lmtp, struct sea_str bytes)
{
    struct sea_str line;
    size_t taken = 0;
    while (taken < bytes.len) {
        struct sea_str rest = {bytes.ptr + taken, bytes.len - taken};
        bool is_whole = next_line(lmtp, rest, &line);
        if (lmtp->state == INGEST_LMTP_WHOLE || lmtp->state == INGEST_LMTP_OVER) break;
        if (lmtp->state == INGEST_LMTP_COMMANDS && line.len > INGEST_LMTP_LINE_MAX) {
            say(lmtp, "500 5.5.6 the line is too long");
            lmtp->state = INGEST_LMTP_OVER;
            break;
        }
        if (!is_whole || lmtp->out.len > OUT_MAX / 2) break; /* a client that doesn't listen */
        taken += line.len;
        if (lmtp->state == INGEST_LMTP_COMMANDS)
            on_command(lmtp, line);
        else if (add_line(lmtp, line))
            end_data(lmtp);
    }
    return taken;
}

bool ingest_lmtp_mailbox(struct sea_str address, char ret[INGEST_LMTP_ADDRESS_MAX])
{
    const char *at = address.len ? memrchr(address.ptr, '@', address.len) : NULL;
    size_t len = at ? (size_t)(at - address.ptr) : 0;
    const char *plus = len ? memchr(address.ptr, '+', len) : NULL;
    if (plus) len = (size_t)(plus - address.ptr);
    if (!len || len >= INGEST_LMTP_ADDRESS_MAX) return false;
    for (size_t i = 0; i < len; i++) {
        char c = address.ptr[i];
        ret[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    ret[len] = '\0';
    return true;
}
