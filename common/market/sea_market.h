/* sea_market.h: what a market pack says, and which market and zone a contact belongs to. Pure;
 * packs are immutable and owned by the settings they came from. deploy/config/README.md explains
 * the fields from the operator's side. */
#ifndef SEA_MARKET_H
#define SEA_MARKET_H

#include "sea_base.h"
#include "sea_calendar.h"
#include "sea_zone.h"

struct sea_texts {
    const char *const *items;
    uint32_t count;
};

bool sea_texts_have(const struct sea_texts *texts, struct sea_str text);

/* Classes of outgoing messages (contract.md). */
enum sea_message_class {
    SEA_CLASS_REPLY,   /* a human's */
    SEA_CLASS_AUTO,    /* a bot's answer to a customer's message */
    SEA_CLASS_SERVICE, /* order notice, survey */
    SEA_CLASS_MARKETING,
    SEA_CLASS_INTERNAL, /* to staff */
    SEA_CLASS_LEGAL,    /* what law or the customer's own request demands */
    SEA_CLASS_COUNT,
};

/* What customers expect of a channel: the columns of the table of targets. */
enum sea_channel_class {
    SEA_CHANNEL_PHONE,
    SEA_CHANNEL_LIVE_CHAT,
    SEA_CHANNEL_MESSAGING, /* WhatsApp, LINE, SMS … */
    SEA_CHANNEL_EMAIL,     /* e-mail, forms, letters */
    SEA_CHANNEL_CLASS_COUNT,
};

/* How hard a case is to answer (routing.yaml says by its issue). */
enum sea_complexity {
    SEA_SIMPLE,
    SEA_COMPLEX,
    SEA_TECHNICAL,
    SEA_COMPLEXITY_COUNT,
};

enum sea_clock {
    SEA_CLOCK_ACKNOWLEDGEMENT,
    SEA_CLOCK_FIRST_RESPONSE,
    SEA_CLOCK_NEXT_RESPONSE,
    SEA_CLOCK_RESOLUTION,
    SEA_CLOCK_COUNT,
};

extern const char *const SEA_MESSAGE_CLASS_NAMES[SEA_CLASS_COUNT];
extern const char *const SEA_CHANNEL_CLASS_NAMES[SEA_CHANNEL_CLASS_COUNT];
extern const char *const SEA_COMPLEXITY_NAMES[SEA_COMPLEXITY_COUNT];
extern const char *const SEA_CLOCK_NAMES[SEA_CLOCK_COUNT];

struct sea_target {
    int64_t limit_ms;  /* 0: no such clock */
    bool is_business;  /* counted in the market's working hours, otherwise in calendar time */
    uint32_t warn_pct; /* of the limit */
};

/* Calendar months, then days. Both 0: no period. */
struct sea_period {
    uint32_t months, days;
};

enum sea_retention_class {
    SEA_RETAIN_CONVERSATION,
    SEA_RETAIN_RECORDING,
    SEA_RETAIN_ORDER,
    SEA_RETAIN_CONSENT,
    SEA_RETAIN_COUNT,
};
extern const char *const SEA_RETENTION_NAMES[SEA_RETAIN_COUNT];

enum sea_consent_rule {
    SEA_CONSENT_NONE,   /* nothing is asked */
    SEA_CONSENT_NOTICE, /* the customer is told */
    SEA_CONSENT_OPT_IN, /* refused until the customer agreed */
};

/* Words that must not be said. */
struct sea_word_rule {
    const char *id;       /* vague_words */
    const char *category; /* vague, blame, religion … */
    const char *advice;   /* what to write instead; may be NULL */
    bool is_blocking;     /* otherwise the agent is warned */
    bool is_whole_word;   /* otherwise anywhere in the text (languages without blanks) */
    struct {
        const char *language; /* of the text that is checked; "*" for all */
        struct sea_texts phrases;
    } * lists;
    uint32_t list_count;
};

/* Codes that the translator's rules read; NULL: none. */
struct sea_manners {
    const char *family; /* courteous or direct */
    const char *honorific, *structure, *emoji, *closing;
    struct sea_texts signature; /* name, staff_number */
    struct sea_texts slang, required;
};

struct sea_channel_share {
    const char *channel;
    uint32_t percent;
};

/* A channel whose customers expect another class of answer here than elsewhere. */
struct sea_class_rule {
    const char *channel;
    enum sea_channel_class class;
};

struct sea_market {
    const char *code; /* BR, SEA, GLOBAL */
    const char *name_en, *name_zh;
    const struct sea_market *parent; /* NULL for GLOBAL */
    struct sea_texts languages;      /* BCP 47, the first is the default */
    const char *region;              /* where its customers' data are kept; NULL: anywhere */
    const char *desk_language;       /* what agents of this market read and write */
    const struct sea_zone *zone;     /* of contacts whose own zone isn't known */
    const char *date_format;         /* DD, MM and YYYY with what stands between: DD/MM/YYYY */

    struct sea_calendar working;                  /* hours and holidays */
    struct sea_calendar contact[SEA_CLASS_COUNT]; /* when a class may be sent … */
    bool is_contact_limited[SEA_CLASS_COUNT];     /* … false: at any time */
    struct sea_calendar preferred;                /* best time for what can wait; may be empty */
    struct sea_target targets[SEA_CHANNEL_CLASS_COUNT][SEA_CLOCK_COUNT];
    struct sea_period retention[SEA_RETAIN_COUNT], retention_ceiling;
    enum sea_consent_rule recording, marketing;
    struct sea_texts recording_channels; /* on which `recording` holds */
    const struct sea_word_rule *word_rules;
    uint32_t word_rule_count;
    struct sea_manners manners;
    struct sea_texts stop_words, start_words; /* beside those that hold everywhere */
    struct sea_texts channels;                /* preferred first */
    const char *fallback_channel;             /* when that fails; may be NULL */
    struct sea_texts closed_channels;         /* not opened to this market's customers (yet) */
    const struct sea_channel_share *shares;   /* of its messages, as expected; where told */
    uint32_t share_count;
    const struct sea_class_rule *class_rules;
    uint32_t class_rule_count;
    const char *reply_channels[SEA_COMPLEXITY_COUNT]; /* NULL: where the customer wrote */
    struct sea_texts feature_phones; /* channels of those who have such a telephone */
};

struct sea_country {
    const char *code; /* ISO 3166-1, or a UN M.49 region that locales use, such as 419 */
    const struct sea_market *market;
    const struct sea_zone *zone;
};

enum { SEA_ZONES_MAX = 3 };

/* Numbers that begin with `digits` belong to this country and one of these zones. */
struct sea_phone_prefix {
    const char *digits;
    const struct sea_country *country;
    const struct sea_zone *zones[SEA_ZONES_MAX];
    uint32_t zone_count;
};

struct sea_markets {
    const struct sea_market *items;
    uint32_t count;
    const struct sea_market *global;
    const struct sea_country *const *countries;
    uint32_t country_count;
    const struct sea_phone_prefix *prefixes; /* ascending by digits */
    uint32_t prefix_count;
    const struct sea_zone *const *zones;
    uint32_t zone_count;
};

const struct sea_market *sea_market_by_code(const struct sea_markets *markets, struct sea_str code);
bool sea_market_is_in(const struct sea_market *market, const struct sea_market *group);
const struct sea_zone *sea_market_zone_by_name(const struct sea_markets *markets,
                                               struct sea_str name);

/* What is known of a contact. */
struct sea_contact_facts {
    const struct sea_market *account_market; /* may be NULL */
    struct sea_str phone;                    /* international, with or without '+'; may be empty */
    struct sea_str locale;                   /* BCP 47 or POSIX; may be empty */
};

/* The Market rule of contract.md: the account's market; else the country of the phone number; else
 * of the locale; else GLOBAL. Never NULL. A country without a pack of its own falls to the region
 * that lists it. */
const struct sea_market *sea_market_of(const struct sea_markets *markets,
                                       const struct sea_contact_facts *facts);

/* The zones in one of which the contact lives: by the phone number, else the locale's country, else
 * the market's. Returns their count, at least 1. */
uint32_t sea_market_zones_of(const struct sea_markets *markets,
                             const struct sea_contact_facts *facts,
                             const struct sea_zone *ret[SEA_ZONES_MAX]);

/* When a message of this class may go to somebody in these zones. False: never (no window within a
 * year). */
SEA_MUST_CHECK bool sea_market_next_contact(const struct sea_market *market,
                                            enum sea_message_class class,
                                            const struct sea_zone *const *zones,
                                            uint32_t zone_count, int64_t at_ms, int64_t *ret_ms);

/* The instant a clock of this target runs out. False: not within the horizon. */
SEA_MUST_CHECK bool sea_market_due(const struct sea_market *market, const struct sea_target *target,
                                   int64_t from_ms, int64_t *ret_ms);

enum { SEA_DATE_TEXT = 24 };
/* The market's way to write the local date of an instant: 25/11/2026. */
void sea_market_date(const struct sea_market *market, const struct sea_zone *zone, int64_t at_ms,
                     char ret[SEA_DATE_TEXT]);

/* The day a period that begins at from_ms is over, as an instant: months are calendar months (P1M
 * from 31 January ends on the last day of February), in UTC. */
int64_t sea_period_end_ms(struct sea_period period, int64_t from_ms);

#endif
