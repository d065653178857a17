/* ingest_adapter.h: the contract of a provider's adapter: challenge, verify, parse, limits. One
 * file in adapters/, one row in sea_channels.def. Pure: no I/O; the clock is an argument. */
#ifndef INGEST_ADAPTER_H
#define INGEST_ADAPTER_H

#include <yyjson.h>

#include "ingest_scope.h"
#include "sea_channels.h"
#include "sea_http.h"
#include "sea_mac.h"
#include "sea_pubkey.h"

enum {
    INGEST_PROOF_MAX = 4,               /* headers that a signature rests on */
    INGEST_BODY_MAX = 4 * 1024 * 1024,  /* of an adapter that says nothing else */
    INGEST_MAIL_MAX = 30 * 1024 * 1024, /* of what carries e-mail (contract.md) */
    INGEST_SESSION_MAX = 4096,          /* of what is kept between two requests */
};

/* Whether a request is the provider's; names in ingest_verdict_name(). */
enum ingest_verdict {
    INGEST_NO_SIGNATURE, /* 0: what nobody decided is refused */
    INGEST_BAD_SIGNATURE,
    INGEST_DOUBLED_HEADER, /* one that the signature rests on came twice */
    INGEST_BAD_TIME,       /* the signed time is none */
    INGEST_STALE,          /* the signed time is too old, or too far ahead */
    INGEST_FUTURE,
    INGEST_AUTHENTIC,
};

const char *ingest_verdict_name(enum ingest_verdict verdict); /* no_signature, stale … */

/* What an account's secret is, and how it is made ready once. */
enum ingest_secret {
    INGEST_SECRET_SHA256, /* key of an HMAC */
    INGEST_SECRET_SHA1,
    INGEST_SECRET_NFKD,     /* key of an HMAC-SHA256, taken apart first (Unicode NFKD) */
    INGEST_SECRET_STANDARD, /* of Standard Webhooks: whsec_…; anything else is a key as it stands */
    INGEST_SECRET_PLAIN,    /* a token, a password, or what the adapter hashes itself */
    INGEST_SECRET_PUBLIC,   /* the provider's public key or certificate (sea_pubkey.h) */
};

struct ingest_key {
    struct sea_mac *mac;       /* of an HMAC, or NULL */
    struct sea_pubkey *pubkey; /* of SECRET_PUBLIC, or NULL */
    struct sea_str plain;      /* as configured */
};

/* The live secrets: two while one is being rotated. */
struct ingest_keys {
    struct ingest_key list[SEA_SECRETS_MAX];
    size_t count;
};

/* False: one of them isn't what `secret` wants; those before it are open. */
SEA_MUST_CHECK bool ingest_keys_open(struct ingest_keys *keys, enum ingest_secret secret,
                                     const struct sea_secrets *secrets);
void ingest_keys_close(struct ingest_keys *keys);

/* A provider's request as it came. */
struct ingest_webhook {
    const struct ingest_adapter *adapter;
    const struct sea_account *account;
    const struct ingest_keys *keys; /* for verify and challenge; NULL in parse */
    struct sea_str url;   /* as the provider knows it: SEADESK_PUBLIC_URL + path + raw query */
    struct sea_str query; /* raw, without '?' */
    struct sea_str body;
    const struct sea_http_header *headers;
    size_t headers_count;
    struct sea_str proof[INGEST_PROOF_MAX]; /* values of adapter->proof, set by ingest_verify */
    int64_t now_ms, tolerance_ms;           /* real time; how far a signed time may be off */
    struct sea_str session;                 /* what the last request's reply kept; empty: nothing */
    const yyjson_alc *alc;
    /* What business events are held to that come by it. */
    struct ingest_scope scope;
    const struct sea_channels *channels; /* NULL: accounts are not looked up */
};

/* The value of the first header of that name (lower case); empty when there is none. */
struct sea_str ingest_header(const struct ingest_webhook *hook, const char *name);

/* What the provider expects to hear. */
struct ingest_reply {
    int status;               /* 0: 200 */
    const char *content_type; /* NULL: no body */
    struct sea_str body;      /* constant, or in the request's arena */
    struct sea_str session;   /* to be kept for the next request with this session's name */
    int64_t session_ms;       /* how long; 0: what was kept is forgotten */
    /* Confirms the provider's subscription when it is visited (terminated). Then this is the
     * answer, and what was found isn't needed; otherwise that is kept, and the answer is 503. */
    const char *confirm_url;
    bool is_unsubscribed; /* the provider will send nothing more */
};

/* A message authentication code that a header carries, in the way most providers do it. */
enum ingest_encoding { INGEST_HEX, INGEST_BASE64 };
struct ingest_scheme {
    enum ingest_encoding encoding;
    const char *prefix; /* of the header's value, such as "sha256="; NULL: none */
    const char *over;   /* what is signed: %t the time (proof[1] as it came), %b the body, %u the
                           URL, the rest as it stands; NULL: the body */
};

/* Kinds of body, by Content-Type; a request without one is let through. */
enum { INGEST_JSON = 1, INGEST_FORM = 2, INGEST_ANY = 4, INGEST_MULTIPART = 8 };

struct ingest_adapter {
    enum ingest_secret secret;
    unsigned bodies;
    size_t body_max_bytes; /* 0: INGEST_BODY_MAX */
    /* Headers (lower case) that must each be there once; the signature first, and the signed time
     * second where scheme.over has %t. */
    const char *proof[INGEST_PROOF_MAX];
    struct ingest_scheme scheme; /* of ingest_verify_mac */
    bool is_timed;               /* the signature covers a time, checked against now_ms */
    bool is_body_unsigned;       /* a token, or a signature over something else */
    /* Proof headers are there once each. Constant time where secrets are compared. */
    enum ingest_verdict (*verify)(const struct ingest_webhook *hook);
    /* The answer to a GET that asks who we are; false: refused. NULL: the provider has none. */
    bool (*challenge)(const struct ingest_webhook *hook, struct sea_arena *arena,
                      struct ingest_reply *reply);
    /* Everything in the body; `reply` may be changed. False with a problem when it can't be read:
     * what is merely of a later version is left out or of kind OTHER, never refused. */
    bool (*parse)(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem);
    /* The name under which replies keep a session, such as the caller's number; NULL: none do.
     * A session holds no personal data. */
    struct sea_str (*session)(const struct ingest_webhook *hook, struct sea_arena *arena);
    /* Where the proof doesn't cover the body: what it is good for once, such as a token. The same
     * with other items is refused as replayed; sent again with the same ones it is a repeat. NULL:
     * nothing is. */
    struct sea_str (*once)(const struct ingest_webhook *hook, struct sea_arena *arena);
    struct ingest_reply reply; /* after success, unless parse says another */
};

/* NULL: the account has no webhook. */
const struct ingest_adapter *ingest_adapter_of(enum sea_adapter adapter);

/* The calls through the table: what holds for every adapter, then the adapter's own. */
enum ingest_verdict ingest_verify(struct ingest_webhook *hook);
bool ingest_parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem);

/* ---- for the adapters: proofs (ingest_proof.c) ---- */

/* By adapter->scheme. */
enum ingest_verdict ingest_verify_mac(const struct ingest_webhook *hook);
/* proof[0] is the secret itself (Telegram), or, with `scheme.prefix`, after that. */
enum ingest_verdict ingest_verify_token(const struct ingest_webhook *hook);
/* proof[0] is Authorization: Basic, the secret is "user:password". */
enum ingest_verdict ingest_verify_basic(const struct ingest_webhook *hook);
/* TwiML that asks for nothing: the answer of Twilio's adapters. */
#define INGEST_TWIML "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>"
/* proof[0] is X-Twilio-Signature of a form (Twilio, "Validating requests"). */
enum ingest_verdict ingest_verify_twilio(const struct ingest_webhook *hook);
/* The URL's parameter `key` is the secret itself, as it stands there: for providers that sign
 * nothing and send no header of ours. It must be there once; such a secret has only characters that
 * no URL escapes. */
enum ingest_verdict ingest_verify_query(const struct ingest_webhook *hook);
/* AUTHENTIC when one of the keys made `code` of the parts. */
enum ingest_verdict ingest_verify_parts(const struct ingest_webhook *hook,
                                        const struct sea_str *parts, size_t count,
                                        enum ingest_encoding encoding, struct sea_str code);
/* GET with hub.mode=subscribe: hub.challenge to who knows our verify token (Meta, "Webhooks"). */
bool ingest_challenge_meta(const struct ingest_webhook *hook, struct sea_arena *arena,
                           struct ingest_reply *reply);
/* AUTHENTIC when `time` (Unix seconds or milliseconds, or RFC 3339) is within the tolerance. */
enum ingest_verdict ingest_check_time(const struct ingest_webhook *hook, struct sea_str time);

/* ---- for the adapters: what they find (ingest_find.c) ---- */

/* The body's JSON object, in the request's memory; NULL, and refused, when it is none. */
yyjson_val *ingest_found_json(const struct ingest_webhook *hook, struct ingest_problem *problem);

/* The id of what a provider sent: UUIDv5 of the parts (design.md section 4). At most 5 parts. */
struct sea_uuid ingest_id(const char *kind, const struct sea_account *account,
                          const struct sea_str *parts, size_t count);

/* The account that a part of the webhook is for: an application of a provider has one address for
 * all its numbers and pages, and `sender` is one of them, as accounts name what they send under.
 * Only an account with the very secret that signed this counts; where there is none, or the
 * webhook's own names none itself, that. */
const struct sea_account *ingest_account_of(const struct ingest_webhook *hook,
                                            struct sea_str sender);
/* False: the account is disabled, and `raw` went to the dead letters. */
bool ingest_is_enabled(const struct ingest_webhook *hook, struct ingest_items *items,
                       struct sea_str raw);
/* A message of kind TEXT with ids, contact and raw part set. NULL: an id is missing or too long,
 * and the raw part goes to the dead letters; or the list is full. */
struct ingest_item *ingest_found_message(const struct ingest_webhook *hook,
                                         struct ingest_items *items, struct sea_str external_id,
                                         struct sea_str contact_id, struct sea_str raw);
/* A client may send its message a second time by another channel: an app without data, by SMS. It
 * marks its text's end with "[m:UUID]", a UUID of its own choice; then that makes the event's id,
 * on whatever channel it comes, and the mark is cut off. */
void ingest_take_mark(struct ingest_item *item);
struct sea_uuid ingest_client_id(struct sea_uuid client_message_id);
/* A change of a message that came earlier: an edit, a reaction, a deletion. `change` tells it from
 * others of the same message: its time, or what was said. `external_id` becomes the target's, and
 * in_reply_to too. As above. */
struct ingest_item *ingest_found_change(const struct ingest_webhook *hook,
                                        struct ingest_items *items, int kind,
                                        struct sea_str target_id, struct sea_str change,
                                        struct sea_str contact_id, struct sea_str raw);
/* What became of a message we sent; `status` and `time` are the provider's words. NULL: no usable
 * id, or the list is full. */
struct ingest_item *ingest_found_receipt(const struct ingest_webhook *hook,
                                         struct ingest_items *items, int state,
                                         struct sea_str provider_id, struct sea_str contact_id,
                                         struct sea_str status, struct sea_str time);
/* An order fact (Seadesk__V1__OrderFact) of a commerce or parcel provider; `unique` is the
 * provider's id of this very change. NULL: the order id or `unique` can't be used (a dead letter),
 * or the list is full. The caller sets the rest; a parcel fact needs parcel_id. */
struct ingest_item *ingest_found_fact(const struct ingest_webhook *hook, struct ingest_items *items,
                                      int fact, struct sea_str order_id, struct sea_str unique,
                                      int64_t occurred_at_ms, struct sea_str raw);
/* The channel's own opt-out (or its end): `class` is a Seadesk__V1__ConsentClass, `word` the
 * provider's, which becomes the proof. NULL: no usable contact, or the list is full. */
struct ingest_item *ingest_found_consent(const struct ingest_webhook *hook,
                                         struct ingest_items *items, int class, bool is_granted,
                                         struct sea_str contact_id, struct sea_str word,
                                         int64_t time_ms);
/* A step on a parcel's way in a provider's words: the first of a table that `word` begins with, so
 * particular ones stand before general ones. NULL: none of our facts. */
struct ingest_step {
    const char *word;
    int fact;           /* Seadesk__V1__OrderFact */
    const char *reason; /* of trouble, a word of ours; may be NULL */
};
const struct ingest_step *ingest_step_of(const struct ingest_step *steps, size_t count,
                                         struct sea_str word);
/* A parcel that a tracking service speaks of; its number is its id. Where the tracker names no
 * order, order-tracker finds it by the number (docs/decisions/0011). */
struct ingest_parcel {
    struct sea_str order_id, number, carrier, raw;
};
/* False: it has no number; its raw part went to the dead letters. */
bool ingest_is_parcel(const struct ingest_webhook *hook, struct ingest_items *items,
                      const struct ingest_parcel *parcel);
/* The fact of one step; `time` as the provider wrote it, which tells steps apart. */
void ingest_found_step(const struct ingest_webhook *hook, struct ingest_items *items,
                       const struct ingest_parcel *parcel, const struct ingest_step *step,
                       struct sea_str time, int64_t at_ms, struct sea_str location);
/* A phone call at the item's time, in the state of a Seadesk__V1__CallState, 0 when it is over;
 * `change` tells its records apart. The contact may be empty. NULL: no usable call id (a dead
 * letter), or the list is full. */
struct ingest_item *ingest_found_call(const struct ingest_webhook *hook, struct ingest_items *items,
                                      int state, struct sea_str call_id, struct sea_str change,
                                      struct sea_str contact_id);
/* One attachment of a message; false beyond INGEST_ATTACHMENTS_MAX. */
bool ingest_found_attachment(struct ingest_items *items, struct ingest_message *message,
                             const struct ingest_attachment *attachment);

/* The value of a word in a table of a provider's words; `otherwise` when it isn't there. */
struct ingest_word {
    const char *word;
    int value;
};
int ingest_word_of(const struct ingest_word *words, size_t count, struct sea_str word,
                   int otherwise);
/* Kinds of events in a provider's words, and what they are in ours, for ingest_ignore; "unknown"
 * when it is none of them. ingest_other_in: by the member that the object has. */
struct ingest_other {
    const char *word, *what;
};
const char *ingest_other_of(const struct ingest_other *others, size_t count, struct sea_str word);
const char *ingest_other_in(const struct ingest_other *others, size_t count, yyjson_val *object);
/* Seadesk__V1__MessageKind by "image/…", "image", "photo" and so on; DOCUMENT for others. */
int ingest_kind_of_media(struct sea_str mime);
/* A Unix time in seconds or milliseconds; 0: none, or not before the year 10000. */
int64_t ingest_unix_ms(int64_t time);
struct sea_str ingest_printed(struct sea_arena *arena, const char *format, ...) SEA_PRINTF(2, 3);

/* The raw value of a form or query parameter, decoded into the arena; empty when absent. */
struct sea_str ingest_form_get(struct sea_str form, const char *name, struct sea_arena *arena);

/* The same for words: what is no UTF-8 becomes '?'. */
struct sea_str ingest_form_text(struct sea_str form, const char *name, struct sea_arena *arena);

/* ---- for the adapters: what isn't written as a text, as words (ingest_words.c) ---- */

/* Lines of a text. Empty ones are left out, and those beyond the limit. */
enum { INGEST_WORDS_MAX = 32 };
struct ingest_words {
    struct sea_arena *arena;
    struct sea_str list[INGEST_WORDS_MAX];
    size_t count;
};
void ingest_words_add(struct ingest_words *lines, struct sea_str line);
struct sea_str ingest_words_text(const struct ingest_words *lines);
/* A message that has neither words nor files becomes one of kind OTHER that at least says what it
 * is: "[poll]". `type` is the provider's word, or empty. */
void ingest_name_wordless(struct ingest_message *message, struct sea_str type,
                          struct sea_arena *arena);
/* A text in which `&`, `<` and `>` alone are written as references. */
struct sea_str ingest_unescaped(struct sea_str text, struct sea_arena *arena);
/* Text, a number or a truth value as text; anything else: empty. */
struct sea_str ingest_json_scalar(yyjson_val *object, const char *name, struct sea_arena *arena);
/* What a place is called, its address, and "latitude,longitude"; each may be empty. */
struct sea_str ingest_place(struct sea_str name, struct sea_str address, struct sea_str latitude,
                            struct sea_str longitude, struct sea_arena *arena);
/* `member` of each object in the list. */
void ingest_words_each(struct ingest_words *lines, yyjson_val *list, const char *member);
/* What was chosen or filled in: "name: value" of each member, those of objects inside too. */
void ingest_words_answers(struct ingest_words *lines, yyjson_val *object);

/* The words of a piece of HTML (ingest_plain.c), and the pictures that stand among them, which
 * become attachments. */
struct sea_str ingest_plain(struct sea_str html, struct sea_arena *arena);
void ingest_found_pictures(struct ingest_items *items, struct ingest_message *message,
                           struct sea_str html);
/* Words from anywhere: what is no UTF-8 becomes '?'. */
struct sea_str ingest_utf8(struct sea_str text, struct sea_arena *arena);

#endif
