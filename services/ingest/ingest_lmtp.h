/* ingest_lmtp.h: one conversation of LMTP (RFC 2033, with RFC 5321's commands): bytes in, answers
 * out, and a message when it is whole. Pure: who has a mailbox and what becomes of a message, the
 * caller says. Pipelining (RFC 2920), 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531), SIZE (RFC 1870) and
 * enhanced status codes (RFC 2034). */
#ifndef INGEST_LMTP_H
#define INGEST_LMTP_H

#include "sea_base.h"
#include "sea_buf.h"

enum {
    INGEST_LMTP_LINE_MAX = 4096,      /* of a command, with its end */
    INGEST_LMTP_RECIPIENTS_MAX = 100, /* of one message (RFC 5321 4.5.3.1.8) */
    INGEST_LMTP_ADDRESS_MAX = 320,
    INGEST_LMTP_MISTAKES_MAX = 20, /* of a client, before it is sent away */
};

/* What the caller says of a mailbox, and of the message for it. */
enum ingest_lmtp_outcome {
    INGEST_LMTP_TAKEN,     /* 250 */
    INGEST_LMTP_UNKNOWN,   /* 550: no such mailbox */
    INGEST_LMTP_ELSEWHERE, /* 550: its mail is kept in another region */
    INGEST_LMTP_DISABLED,  /* 550 when the message is kept: the mailbox is closed */
    INGEST_LMTP_LATER,     /* 451: not safely kept; the client sends it again */
    INGEST_LMTP_REFUSED,   /* 552: larger than what can be kept */
};

enum ingest_lmtp_state {
    INGEST_LMTP_COMMANDS,
    INGEST_LMTP_DATA,
    INGEST_LMTP_WHOLE, /* `message` waits for ingest_lmtp_done() */
    INGEST_LMTP_OVER,  /* to be closed when `out` is written */
};

/* Memory for messages that conversations share. */
struct ingest_lmtp_budget {
    size_t used_bytes, max_bytes;
};

struct ingest_lmtp {
    /* Set by the caller. */
    enum ingest_lmtp_outcome (*has)(void *ctx, struct sea_str address); /* what it would be */
    void *ctx;
    struct ingest_lmtp_budget *budget;
    size_t message_max_bytes;
    /* To be looked at. */
    enum ingest_lmtp_state state;
    struct sea_buf out;     /* answers to be written; the caller resets it */
    struct sea_buf message; /* begins with Return-Path */
    char recipients[INGEST_LMTP_RECIPIENTS_MAX][INGEST_LMTP_ADDRESS_MAX];
    enum ingest_lmtp_outcome mailboxes[INGEST_LMTP_RECIPIENTS_MAX]; /* TAKEN or DISABLED */
    size_t recipients_count;
    /* Its own. */
    char sender[INGEST_LMTP_ADDRESS_MAX];
    bool is_greeted, has_sender, is_line_start, is_too_large, is_too_much;
    unsigned mistakes;
};

/* Fields not set by the caller are zero. Says 220 first. */
void ingest_lmtp_open(struct ingest_lmtp *lmtp);
void ingest_lmtp_close(struct ingest_lmtp *lmtp);
/* Takes what it can of the bytes; returns how many. The rest, an unfinished line or what follows a
 * whole message, is given again with more, or after ingest_lmtp_done(). */
size_t ingest_lmtp_feed(struct ingest_lmtp *lmtp, struct sea_str bytes);
/* What became of the whole message: an answer for each recipient (RFC 2033 4.2). Where it was
 * TAKEN, a closed mailbox's says that it is closed. */
void ingest_lmtp_done(struct ingest_lmtp *lmtp, enum ingest_lmtp_outcome outcome);
/* The server ends: 421. */
void ingest_lmtp_end(struct ingest_lmtp *lmtp);

/* The mailbox of an address: before '@' and before '+', in lower case. False: it has none. */
bool ingest_lmtp_mailbox(struct sea_str address, char ret[INGEST_LMTP_ADDRESS_MAX]);

#endif
