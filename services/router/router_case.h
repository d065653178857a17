/* router_case.h: conversations and tickets: what a message, a command, a delivery or a clock does
 * to a ticket, and what is said to the customer then. Pure. */
#ifndef ROUTER_CASE_H
#define ROUTER_CASE_H

#include "router_plan.h"

/* What common/text read in a message. */
struct router_reading {
    struct sea_str language; /* BCP 47; "" */
    bool is_language_sure;
    enum { ROUTER_NO_WORD, ROUTER_STOP, ROUTER_START } word; /* the whole text is such a word */
    bool asks_for_order, asks_for_person, asks_to_stop;
};

struct router_inbound {
    const struct router_cause *cause;
    enum router_kind kind;
    bool is_automatic; /* an auto-responder's: never answered, opens no ticket */
    int64_t provider_time_ms, received_at_ms;
    struct sea_str subject, text;
    struct sea_str thread; /* the provider's id of what an answer goes on with; "" */
    const void *body;
    uint32_t rating; /* stars; 0: none */
    struct router_reading reading;
    struct sea_str order_id;     /* told by the sender's system; "" */
    struct sea_str empty_fields; /* of a form, by name; "" */
    struct sea_str booking;      /* the reference of a visit; "" */
    struct sea_visit visit;
    struct router_contact *reminded; /* of a booking: where it is reminded of; NULL: nowhere */
    const struct router_order *const *orders; /* known ones that the message names */
    uint32_t order_count;
    const struct router_order *const *own; /* all of the customer's, for one who asks */
    uint32_t own_count;
};

/* When the customer wrote (contract.md, clocks): the provider's time, unless absent or in the
 * future. */
int64_t router_case_sent_at_ms(const struct router_inbound *in, int64_t now_ms);

/* A message of a contact. *ticket is its newest ticket or NULL; a new one is put there. STOP and
 * START are obeyed and confirmed once, and open no ticket (contract.md). */
void router_case_message(struct router_plan *plan, const struct router_inbound *in,
                         struct router_contact *contact, struct router_ticket **ticket);

/* The ticket of what a customer did at `at_ms` (a message, a call): *ticket, the contact's newest
 * or NULL, goes on, unless it is over; then a new one is put there. */
void router_case_place(struct router_plan *plan, const struct router_inbound *in,
                       struct router_contact *contact, int64_t at_ms,
                       struct router_ticket **ticket);

enum router_command_kind {
    ROUTER_TAKE,
    ROUTER_REPLY,
    ROUTER_NOTE_DOWN,
    ROUTER_RESOLVE,
    ROUTER_TRANSFER,
    ROUTER_SNOOZE,
    ROUTER_MEET,
};

struct router_command {
    const struct router_cause *cause;
    enum router_command_kind kind;
    struct sea_key home;
    struct sea_uuid ticket_id;
    uint64_t expected_version;
    struct router_speaker agent;
    uint8_t body_hash[32];
    struct sea_str text, text_language, to_language; /* reply, note */
    struct sea_str channel;                          /* reply: wanted; "" */
    struct sea_str link;                             /* video: what both join; "": there is none */
    struct router_contact *const *contacts;          /* reply, video: those of the customer */
    uint32_t contact_count;
    struct router_contact *fallback; /* reply, video: the next rung; NULL */
    struct router_tags tags;
    struct sea_str to;
    int64_t until_ms; /* snooze; video: when it is */
};

/* Carries a command out, or refuses it by contract.md's reasons; exactly one outcome either way.
 * `ticket` is NULL when there is none. */
void router_case_command(struct router_plan *plan, const struct router_command *command,
                         struct router_ticket *ticket);

/* The answer to a command whose outcome is known: the same again, or `key-reused`. */
void router_case_repeat(struct router_plan *plan, const struct router_cause *cause,
                        const uint8_t body_hash[32], const struct router_outcome *known);

/* News of an outgoing message. `draft_id` is the draft it speaks of. */
struct router_delivered {
    const struct router_cause *cause;
    struct sea_uuid draft_id;
    uint64_t version;
    enum router_delivery state;
    struct sea_str reason, rule, channel;
    int64_t at_ms, release_at_ms;
    uint32_t span_from, span_to;
    struct sea_key to;
    struct sea_str words, words_language;   /* as sent, when told */
    struct router_contact *const *contacts; /* of the customer, for another draft */
    uint32_t contact_count;
};
/* The state only rises with the version; older drafts of the message are ignored. `ticket` may be
 * NULL. Returns false when it was no news. */
bool router_case_delivery(struct router_plan *plan, const struct router_delivered *news,
                          struct router_sent *sent, struct router_ticket *ticket);

/* When a visit is that was booked at `booked_ms`; 0: no time was chosen. */
int64_t router_case_visit_ms(const struct sea_zone *zone, const struct sea_visit *visit,
                             int64_t booked_ms);

/* The template of an automatic answer and its variables, from the order's state. */
void router_case_order_answer(struct router_plan *plan, struct router_draft *draft,
                              const struct router_order *order);

#endif
