/* ingest_item.h: what the adapters find in a request: messages, receipts, consents, profiles and
 * order facts as plain data. Texts point into the request or its arena. */
#ifndef INGEST_ITEM_H
#define INGEST_ITEM_H

#include "sea_arena.h"
#include "sea_base.h"
#include "sea_menu.h"

enum {
    INGEST_ITEMS_MAX = 2000, /* of one request */
    INGEST_EVENTS_MAX = 100, /* of one batch of business events (contract) */
    INGEST_EVENT_BYTES_MAX = 192 * 1024,
    INGEST_RAW_MAX = 128 * 1024,  /* of the provider's own part that is kept */
    INGEST_DEAD_MAX = 224 * 1024, /* of what goes to the dead letters; an event always fits */
    INGEST_ID_MAX = 512,          /* of any id or address */
    INGEST_ATTACHMENTS_MAX = 20,
    INGEST_PIECE_BYTES = 240 * 1024, /* of a file in one record; with its frame it fits */
    INGEST_LIST_MAX = 20,            /* of any list in one event */
    INGEST_ARENA_MAX = 48 * 1024 * 1024,
    /* Of e-mail: JSON of 30 MiB asks for five times as much, most of which is never touched. */
    INGEST_MAIL_ARENA_MAX = 256 * 1024 * 1024,
    INGEST_FIELD_TEXT = 64,  /* buffer of a JSON pointer */
    INGEST_IGNORED_MAX = 24, /* kinds of events that one adapter makes nothing of */
};

enum ingest_kind {
    INGEST_MESSAGE,
    INGEST_RECEIPT,
    INGEST_CONSENT,
    INGEST_PROFILE,
    INGEST_ORDER,
    INGEST_LAUNCH,
    INGEST_CALL,
    INGEST_DEAD, /* authentic, but unreadable or not wanted: to the dead letters */
};

struct ingest_attachment {
    struct sea_str url, media_id, mime, name;
    uint64_t size_bytes;
    uint8_t sha256[32];
    bool has_sha256;
    bool is_inside; /* it came inside the message: `bytes` are all of it */
    struct sea_str bytes;
};

/* In how many records such a file goes on; 0 of one that is to be fetched. */
uint32_t ingest_pieces(const struct ingest_attachment *attachment);
struct sea_str ingest_piece(const struct ingest_attachment *attachment, uint32_t piece);

struct ingest_message {
    int kind; /* Seadesk__V1__MessageKind */
    struct sea_str external_id, name, phone, email, locale, subject, text, in_reply_to, order_id;
    struct ingest_attachment *attachments;
    size_t attachments_count;
    struct sea_str raw;
    bool has_recording_consent, is_automatic;
    const char *automatic; /* of e-mail: what tells it (a word, constant); NULL otherwise */
    bool is_public;        /* a mention, comment or review that everybody can read */
    unsigned rating;       /* 1 to 5 stars; 0: none */
    struct sea_str notice_version, notice_locale; /* of the recording notice that was shown */
    struct sea_str part_of;      /* of a message in parts: the reference that they share */
    unsigned part, parts;        /* which of how many; 0: it is whole */
    bool is_incomplete;          /* parts of it didn't come */
    struct sea_str empty_fields; /* of a form: the optional members that it left empty */
    struct sea_str booking;      /* its reference; empty: nothing was booked */
    struct sea_visit visit;      /* when, of a booking; zeros: no time was chosen */
};

struct ingest_receipt {
    int state; /* Seadesk__V1__DeliveryState */
    struct sea_str provider_id, error_code;
    struct sea_uuid attempt;
};

struct ingest_consent {
    int class;  /* Seadesk__V1__ConsentClass */
    int source; /* Seadesk__V1__ConsentSource; 0: a company system */
    bool is_granted;
    struct sea_str proof;
};

struct ingest_channel {
    struct sea_str channel, account, id;
};

struct ingest_profile {
    struct sea_str customer_ref, name, locale, phone, email, tier, observance, handset, order_id,
        market;
    struct ingest_channel *channels;
    size_t channels_count;
};

struct ingest_order {
    int fact; /* Seadesk__V1__OrderFact */
    struct sea_str order_id, market, customer_ref, parcel_id, carrier, tracking_number, reason,
        location, currency;
    int64_t occurred_at_ms, expected_at_ms, sequence, minor;
    bool has_sequence, has_amount, is_historical;
};

/* A product or a campaign that came out. */
struct ingest_launch {
    bool is_campaign, is_historical;
    struct sea_str id, name, version, category, url;
    int64_t from_ms, until_ms; /* 0: not told */
    char *const *markets, *const *product_ids;
    size_t markets_count, product_ids_count;
};

struct ingest_call {
    int state;              /* Seadesk__V1__CallState at the item's time; 0: it is over */
    int direction, outcome; /* Seadesk__V1__CallDirection, …CallOutcome */
    struct sea_str id, agent, recording, order_id, market, customer_ref;
    int64_t started_at_ms, answered_at_ms, ended_at_ms;
    uint32_t rings;
    bool is_historical;
};

/* Its place, where it came from a topic; offset -1 otherwise. */
struct ingest_dead {
    const char *reason; /* constant, of a small set */
    struct sea_str value, topic;
    int32_t partition;
    int64_t offset;
};

struct ingest_item {
    enum ingest_kind kind;
    struct sea_uuid id;              /* ce_id */
    struct sea_uuid root;            /* of a business event's second record: the event's */
    struct sea_str channel, account; /* of the contact */
    struct sea_str contact_id;       /* external; empty: not told */
    struct sea_str source,
        origin_id;   /* CloudEvents source; the publisher's own id of a business event */
    int64_t time_ms; /* provider's or publisher's; 0: not told */
    uint32_t event;  /* index of the business event it belongs to */
    union {
        struct ingest_message message;
        struct ingest_receipt receipt;
        struct ingest_consent consent;
        struct ingest_profile profile;
        struct ingest_order order;
        struct ingest_launch launch;
        struct ingest_call call;
        struct ingest_dead dead;
    };
};

/* 1 to INGEST_ID_MAX bytes of UTF-8 without NUL. */
bool ingest_is_id(struct sea_str text);

/* Events of which nothing is made, by what they are: a word of ours, constant. */
struct ingest_ignored {
    const char *what;
    unsigned count;
};

/* Items of one request, in the arena; grows up to INGEST_ITEMS_MAX. */
struct ingest_items {
    struct sea_arena *arena;
    struct ingest_item *list;
    size_t count, cap;
    bool is_full;
    struct ingest_ignored ignored[INGEST_IGNORED_MAX];
};

/* A new zeroed item; NULL, and is_full, beyond the limit. */
struct ingest_item *ingest_items_add(struct ingest_items *items, enum ingest_kind kind);

/* An event of which nothing is made on purpose, or of a kind that nobody knows ("unknown"); an
 * adapter has at most INGEST_IGNORED_MAX words for them. */
void ingest_ignore(struct ingest_items *items, const char *what);

/* One for the dead letters. */
struct ingest_item *ingest_items_add_dead(struct ingest_items *items, const char *reason,
                                          struct sea_str value);

/* Why a request is refused (contract.md, problems). `field` is a JSON pointer, `index` -1 outside
 * batches. */
struct ingest_problem {
    int status;         /* 0: none */
    const char *code;   /* malformed, invalid, … */
    const char *detail; /* constant, or in the request's arena */
    const char *reason; /* a word for programs that the settings own; NULL: none */
    char field[INGEST_FIELD_TEXT];
    int index;
    struct sea_str source, id,
        type; /* of the business event it is about, as far as they were read */
};

bool ingest_refuse(struct ingest_problem *problem, int status, const char *code, const char *detail,
                   const char *field);

#endif
