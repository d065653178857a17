/* ingest_mail.h: a message of e-mail: who writes, in which thread, when, in which words, with what
 * attached, and whether a person wrote it at all. Pure. */
#ifndef INGEST_MAIL_H
#define INGEST_MAIL_H

#include "ingest_adapter.h"
#include "sea_buf.h"

enum {
    INGEST_MAIL_WORDS_MAX = 1 << 20,  /* of a text that is looked at */
    INGEST_MAIL_TEXT_MAX = 64 * 1024, /* of the words that go on; more stays in the raw part */
    INGEST_MAIL_LINE_MAX = 2000,      /* of the subject */
    INGEST_MAIL_HOPS_MAX = 50,        /* Received lines; more is a loop (RFC 5321 6.3) */
};

struct ingest_mail {
    struct sea_str from, name;  /* the address in lower case, and the name beside it */
    struct sea_str message_id;  /* without angle brackets, like all ids here; may be empty */
    struct sea_str in_reply_to; /* of In-Reply-To, else the last of References */
    struct sea_str subject;
    struct sea_str text;   /* UTF-8, the quoted history left out */
    int64_t sent_at_ms;    /* 0: not told */
    const char *automatic; /* why no person wrote it (a word, constant); NULL: one did */
    struct ingest_bounce {
        struct sea_str id, to, code; /* Message-ID and recipient of ours, and the status 5.1.1 … */
        struct sea_uuid attempt; /* that its Message-ID was made of; nil: it reports no failure of a
                                    message of ours */
    } bounce;
    bool is_cut; /* more lines than any honest message has: the rest wasn't read */
    struct ingest_attachment attachments[INGEST_ATTACHMENTS_MAX];
    size_t attachments_count;
};

/* Reads a message (RFC 5322; MIME, RFC 2045 to 2049), which may be a header alone. Broken ones are
 * read as far as they go; `from` is empty where there is none. What it finds is in the arena.
 * False: the arena is full. */
SEA_MUST_CHECK bool ingest_mail_read(struct ingest_mail *ret, struct sea_str message,
                                     struct sea_arena *arena);
/* Its words, where they came apart from the header; the HTML counts where there is no plain text.
 * What is no UTF-8 becomes '?'. */
void ingest_mail_words(struct ingest_mail *mail, struct sea_str plain, struct sea_str html,
                       struct sea_arena *arena);
/* The attachment came inside the message: measures and hashes its bytes, which must live as long as
 * the item. */
void ingest_mail_bytes(struct ingest_attachment *attachment, struct sea_str bytes);
/* One more attachment; beyond INGEST_ATTACHMENTS_MAX it is left out. */
void ingest_mail_attach(struct ingest_mail *mail, const struct ingest_attachment *attachment);

/* A file of a form; other fields are none. */
struct ingest_part;
void ingest_mail_attach_part(struct ingest_mail *mail, const struct ingest_part *part,
                             struct sea_arena *arena);
bool ingest_mail_too_large(struct ingest_problem *problem); /* refused with 413; false */

/* The message as an item of the account. `recipient` is the address it came to, as far as known:
 * what comes from there is our own. NULL: no sender, a dead letter; or the list is full. */
struct ingest_item *ingest_found_mail(const struct ingest_webhook *hook, struct ingest_items *items,
                                      const struct ingest_mail *mail, struct sea_str recipient,
                                      struct sea_str raw);

/* An address under which a marketplace passes on what its buyers write: Amazon's. */
bool ingest_mail_is_relay(struct sea_str address);

/* ---- ingest_mail_text.c ---- */

/* Bytes of a charset (an IANA name; empty: not told) in UTF-8, INGEST_MAIL_WORDS_MAX at most. What
 * has no place in it, or is of a charset that nobody knows, becomes U+FFFD or '?', for all to see.
 */
struct sea_str ingest_mail_utf8(struct sea_str charset, struct sea_str bytes,
                                struct sea_arena *arena);
/* The words of an HTML part, quotations marked with "> " as in plain text. */
struct sea_str ingest_mail_html(struct sea_str html, struct sea_arena *arena);
/* What the sender wrote: without quoted lines, and without the earlier messages below the usual
 * openings in many languages. All of it, when nothing else would be left. */
struct sea_str ingest_mail_fresh(struct sea_str text, struct sea_arena *arena);

/* ---- header blocks made anew, so that one reader serves all ---- */

/* From names and values and values that a provider decoded: [["Name", "value"], …] (Mailgun) or
 * [{"Name": …, "Value": …}, …] (Postmark). */
void ingest_mail_head(struct sea_buf *head, yyjson_val *list);
void ingest_mail_head_line(struct sea_buf *head, struct sea_str name, struct sea_str value);

#endif
