/* media_core.h: what becomes of an attachment: done, tried again, given up, or never taken. Pure.
 */
#ifndef MEDIA_CORE_H
#define MEDIA_CORE_H

#include "sea_base.h"

/* Kept in the table (0080_media.sql); never renumber. */
enum media_state {
    MEDIA_PENDING = 1, /* to be fetched, or fetched again */
    MEDIA_DONE = 2,
    MEDIA_FAILED = 3,  /* it couldn't be fetched */
    MEDIA_REFUSED = 4, /* it could, or might, but we don't take it */
};

enum { MEDIA_REASON_TEXT = 24, MEDIA_DIGEST_BYTES = 32 };

/* The reason of a file that came inside its message, and of which pieces are missing. */
#define MEDIA_INCOMPLETE "incomplete"

/* What came of a call. */
struct media_answer {
    int status;             /* 0: no whole answer */
    bool is_timeout;        /* of no whole answer, as the next two */
    bool is_too_large;      /* longer than is taken */
    bool is_forbidden;      /* its address may not be connected to */
    bool has_token;         /* the call carried the account's credentials */
    int64_t retry_after_ms; /* of the header; 0: none */
};

struct media_verdict {
    enum media_state state;
    int64_t after_ms;               /* of PENDING: not before */
    char reason[MEDIA_REASON_TEXT]; /* of a bounded set; "" of DONE */
};

struct media_verdict media_refused(const char *reason);
struct media_verdict media_failed(const char *reason);
/* To be tried again, after growing waits: 10 s, 1 min, 10 min, 1 h, 6 h; then failed. `tries` were
 * made, this one included; `least_ms` is what the peer asked for. */
struct media_verdict media_again(const char *reason, uint32_t tries, int64_t least_ms);

/* Of the call for the bytes, or for where they are. DONE: status 200. Statuses that may mend (408,
 * 425, 429, 5xx, LINE's 202, and a token that is refused, since the configuration may be mended)
 * are tried again, others fail at once. */
struct media_verdict media_judge(const struct media_answer *answer, uint32_t tries);

/* What becomes of a file that came, when so much of its contact is kept: DONE, or refused (quota)
 * beyond MEDIA_CONTACT_MAX_BYTES: nobody fills the database alone, and whoever is erased goes in
 * one transaction. */
#define MEDIA_CONTACT_MAX_BYTES (UINT64_C(1) << 30)
struct media_verdict media_quota(uint64_t kept_bytes, uint64_t file_bytes);

/* Of a whole file: DONE, or failed (empty), or refused (digest): it isn't what was told, where that
 * isn't NULL. `ret` is its SHA-256. */
struct media_verdict media_check(struct sea_str bytes, const uint8_t *told,
                                 uint8_t ret[MEDIA_DIGEST_BYTES]);

/* What the bytes are, by their first ones: one of a few common types, text/plain, or
 * application/octet-stream; never what a browser would run. */
const char *media_mime_of(struct sea_str bytes);

#endif
