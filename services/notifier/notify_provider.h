/* notify_provider.h: what a send looks like on each provider's wire, and what its answer means.
 * No I/O. Sources: WhatsApp Cloud API (Messages, Error codes), Twilio Programmable Messaging
 * (Message resource, error dictionary), Africa's Talking (SMS: send bulk messages, error codes). */
#ifndef NOTIFY_PROVIDER_H
#define NOTIFY_PROVIDER_H

#include <yyjson.h>

#include "sea_base.h"
#include "sea_buf.h"
#include "sea_channels.h"

enum {
    NOTIFY_PROVIDER_ID_MAX = 160, /* wamid.… has up to 128 */
    NOTIFY_CODE_MAX = 24,
    NOTIFY_TRIES_MAX = 10, /* over some eight minutes */
    NOTIFY_WHATSAPP_CHARS_MAX = 4096,
    NOTIFY_SMS_CHARS_MAX = 1600,
};

/* An approved message of the provider, for outside the 24-hour window. */
struct notify_template {
    struct sea_str name, language;
    const struct sea_str *parameters; /* of the body, in order */
    size_t parameters_count;
};

/* What is to be sent; everything is borrowed. */
struct notify_letter {
    const struct sea_account *account;
    struct sea_str to;                      /* the external contact id */
    struct sea_str text;                    /* UTF-8 */
    const struct notify_template *template; /* NULL: free text */
    struct sea_uuid attempt;                /* comes back with the provider's receipts */
    enum sea_message_class class;
    struct sea_str subject, thread; /* of the conversation, and the id of its newest message; may be
                                       empty */
    struct sea_str public_url;      /* how providers reach ingest, without a final '/' */
    int64_t now_ms;                 /* the real time, of signatures */
};

struct notify_call {
    const char *content_type; /* header lines, without line ends */
    char lines[2][64];        /* more of them; empty: none */
    bool is_put;              /* instead of POST */
    bool is_mail;             /* instead of HTTP: by the envelope below, `body` is the message */
    bool is_mail_plain;       /* see sea_http_mail */
    struct sea_buf mail_from, mail_to, mail_user, mail_password; /* user: empty, no login */
    struct sea_buf url, authorization;                           /* the latter holds a secret */
    struct sea_buf body;
};
#define NOTIFY_CALL                                                                                \
    {                                                                                              \
        .url = SEA_BUF(2048), .authorization = SEA_BUF(4096), .body = SEA_BUF(256 * 1024),         \
        .mail_from = SEA_BUF(512), .mail_to = SEA_BUF(512), .mail_user = SEA_BUF(2048),            \
        .mail_password = SEA_BUF(4096)                                                             \
    }
void notify_call_free(struct notify_call *call); /* overwrites the secret first */

/* What senders write alike: a token (RFC 6750), address and token of Meta's Graph API, a JSON body,
 * which frees `doc`, and a field of a form. */
void notify_call_bearer(struct notify_call *call, struct sea_str token);
void notify_call_graph(struct notify_call *call, const struct sea_account *account);
void notify_call_json(struct notify_call *call, yyjson_mut_doc *doc);
void notify_call_form(struct notify_call *call, const char *name, struct sea_str value);
/* The object that `doc` is; a member of one, which borrows its value. */
yyjson_mut_val *notify_json_root(yyjson_mut_doc *doc);
void notify_json_str(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name,
                     struct sea_str value);
/* Text in which nothing is markup; `line_end` stands for each line end. */
void notify_escape(struct sea_buf *ret, struct sea_str text, const char *line_end);
size_t notify_chars(struct sea_str text); /* of UTF-8 */
size_t notify_units(struct sea_str text); /* of UTF-16, that valid UTF-8 becomes */

/* Writes the request. NULL on success; otherwise the reason, of a bounded set, why this
 * letter can't be sent this way: no_sender, too_long, empty, no_address. */
const char *notify_provider_call(const struct notify_letter *letter, struct notify_call *ret);

/* How many sends the provider counts it for: SMS parts. */
uint32_t notify_provider_cost(enum sea_adapter adapter, struct sea_str text);

enum notify_answer_kind {
    NOTIFY_ANSWER_ACCEPTED,
    NOTIFY_ANSWER_RETRY,     /* clearly not accepted, may be later */
    NOTIFY_ANSWER_REJECTED,  /* clearly not accepted, never in this form */
    NOTIFY_ANSWER_UNCERTAIN, /* it may have been accepted */
};

/* What came back over HTTP; of mail the status is SMTP's and the body its line. */
struct notify_response {
    int status;             /* 0: no answer */
    bool is_unsent;         /* of no answer: not a byte of the request was written */
    int64_t retry_after_ms; /* of the header Retry-After; 0: none */
    struct sea_str body;
};

struct notify_answer {
    enum notify_answer_kind kind;
    char id[NOTIFY_PROVIDER_ID_MAX]; /* of ACCEPTED: the provider's message id; "": it tells none */
    char code[NOTIFY_CODE_MAX];      /* of the others: the provider's code, or http_STATUS */
    int64_t after_ms;                /* of RETRY: not before */
    bool is_window_closed;           /* of REJECTED: the 24-hour window is over */
};

/* Makes the answer one that is tried again: when the provider says, else after a pause that grows
 * by `factor` with each of the `tries` before. */
void notify_answer_later(struct notify_answer *answer, const struct notify_response *response,
                         uint32_t tries, int64_t factor);
/* Takes a message id, text or number; false: there is none. */
bool notify_answer_id(struct notify_answer *answer, yyjson_val *value);
/* Takes the provider's code, a number; false: there is none. */
bool notify_answer_code(struct notify_answer *answer, yyjson_val *value, int64_t *ret);
yyjson_val *notify_text_only(yyjson_val *value); /* NULL: it is none */
bool notify_is_any(int64_t code, const int64_t *codes, size_t count);

/* `tries` made before this one, for the pause between tries. */
struct notify_answer notify_provider_classify(enum sea_adapter adapter,
                                              const struct notify_response *response,
                                              uint32_t tries);

#endif
