/* router_plan.h: what a batch is going to do: the cores add to it, the store writes it, the shell
 * says it. Lists are in the order of adding; everything lives in the plan's arena. Pure. */
#ifndef ROUTER_PLAN_H
#define ROUTER_PLAN_H

#include "router_map.h"
#include "router_model.h"
#include "sea_arena.h"
#include "sea_routing.h"
#include "sea_template.h"

/* The company's choices. */
struct router_rules {
    const struct sea_markets *markets;
    const struct sea_channels *channels;
    const struct sea_routing *routing;
    const struct sea_templates *templates;
    int64_t reopen_ms; /* a message so soon after resolving opens the ticket again */
    int64_t notice_wait_ms, notice_retry_ms; /* for a profile that isn't known yet */
    int64_t visit_reminder_ms;               /* so long before it a visit is reminded of */
    struct sea_str video_url;                /* before a room's name; "": no video */
    uint32_t autos_per_hour;                 /* automatic answers to one contact */
    uint32_t agent_weight;                   /* capacity of one who never said */
};

struct router_speaker {
    struct sea_str user, name, staff_number;
};

struct router_var {
    const char *name;
    struct sea_str value;
};

struct router_draft;

/* A row of router.message. */
struct router_message {
    struct router_message *next;
    struct sea_uuid id;
    uint32_t gone_month;
    struct router_contact *home; /* under whose key it is sealed */
    struct router_ticket *ticket;
    enum { ROUTER_IN = 1, ROUTER_OUT, ROUTER_NOTE } direction;
    int kind; /* in: enum router_kind; out: enum sea_message_class */
    struct sea_str language;
    const void *body;           /* in: the shell's own, sealed as it is */
    struct sea_str text;        /* out and notes */
    struct sea_str to_language; /* in: a translation is wanted; else "" */
    int64_t sent_at_ms, received_at_ms;
    struct sea_str agent;
    const struct router_draft *draft;
    const struct router_cause *cause;
};

/* Something to be said to a customer. */
struct router_draft {
    struct router_draft *next;
    struct sea_uuid id; /* also of its record */
    uint32_t n;         /* of its cause */
    struct sea_uuid customer, message_id, ticket_id, supersedes;
    struct sea_key home;
    uint64_t seq, prev_seq; /* by router_plan_number_drafts */
    enum sea_message_class class;
    const struct sea_market *market;
    const char *zone;
    struct sea_str language;
    bool is_language_sure, is_automatic, is_first_reply;
    struct sea_str text, text_language; /* or … */
    const char *template;               /* … its id */
    struct router_var vars[ROUTER_VARS_MAX];
    uint32_t var_count;
    struct router_contact *ladder[ROUTER_LADDER_MAX];
    uint32_t ladder_count;
    struct router_speaker agent;
    int64_t last_inbound_ms, not_before_ms, expires_at_ms;
    struct sea_str collapse_key;
    uint32_t redraft;
    bool is_row; /* its message row stands already: only the draft changes there */
    const struct router_cause *cause;
};

struct router_decision {
    struct router_decision *next;
    struct sea_uuid ticket_id;
    struct sea_str by;
    const char *what;
    struct sea_str reason;
    bool is_alert; /* counted by name */
    const struct router_cause *cause;
};

/* The answer to a command. */
struct router_outcome {
    struct router_outcome *next;
    struct sea_uuid command_id, ticket_id;
    struct sea_str key; /* of the record: home key or agent */
    const char *reason; /* "": done */
    uint64_t version;
    uint8_t body_hash[32];
    bool is_stored; /* a repeated command: only said again */
    const struct router_cause *cause;
};

struct router_consent {
    struct router_consent *next;
    const struct router_contact *contact;
    bool is_marketing, is_granted; /* else of service notices */
    int64_t at_ms;
    uint32_t n;
    const struct router_cause *cause;
};

struct router_withdraw {
    struct router_withdraw *next;
    struct sea_key to;
    struct sea_uuid draft_id;
    uint32_t n;
    const struct router_cause *cause;
};

/* As in router.notice. */
enum router_notice_state {
    ROUTER_NOTICE_WAITS = 1,
    ROUTER_NOTICE_DRAFTED,
    ROUTER_NOTICE_UNKNOWN,
    ROUTER_NOTICE_REFUSED,
    ROUTER_NOTICE_OVERTAKEN,
    ROUTER_NOTICE_NO_CHANNEL,
    ROUTER_NOTICE_EXPIRED,
};

/* A notice of an order: one that a record speaks of, or an older row. */
struct router_notice {
    struct router_notice *next;
    struct sea_str order_id, about, parcel_id, reason, collapse_key;
    struct sea_str carrier, tracking_number, location, market;
    struct sea_key crm, to;
    int64_t at_ms, expected_at_ms, expires_at_ms;
    enum router_notice_state state; /* 0: not decided */
    struct sea_uuid message_id, draft_id;
    enum router_delivery delivery; /* of its message, where there is one */
    int64_t due_at_ms, give_up_at_ms;
    struct sea_str record; /* the event itself, for one that waits */
    bool is_stored, is_changed;
    const struct router_cause *cause;
};

struct router_plan {
    struct sea_arena *arena;
    const struct router_rules *rules;
    int64_t now_ms;
    struct router_map *agents; /* by user: those that the batch may touch */
    struct router_message *messages, **messages_end;
    struct router_draft *drafts, **drafts_end;
    struct router_decision *decisions, **decisions_end;
    struct router_outcome *outcomes, **outcomes_end;
    struct router_consent *consents, **consents_end;
    struct router_withdraw *withdraws, **withdraws_end;
};

void router_plan_init(struct router_plan *plan, struct sea_arena *arena,
                      const struct router_rules *rules, int64_t now_ms);

/* Memory of the batch, zeroed; never NULL (the shell bounds what a batch may hold). */
void *router_plan_alloc(struct router_plan *plan, size_t size);
struct sea_str router_plan_print(struct router_plan *plan, const char *fmt, ...) SEA_PRINTF(2, 3);

/* A new message row; its id is derived from the cause and ends in the month. */
struct router_message *router_plan_message(struct router_plan *plan,
                                           const struct router_cause *cause,
                                           struct router_contact *home,
                                           const struct sea_market *market, int64_t sent_at_ms);
/* A draft for `message`. */
struct router_draft *router_plan_draft(struct router_plan *plan, struct router_message *message,
                                       enum sea_message_class class);
/* Another draft of a message that has a row. */
struct router_draft *router_plan_redraft(struct router_plan *plan, const struct router_cause *cause,
                                         const struct router_sent *sent);
void router_draft_var(struct router_draft *draft, const char *name, struct sea_str value);
void router_plan_decide(struct router_plan *plan, const struct router_ticket *ticket,
                        const struct router_cause *cause, struct sea_str by, const char *what,
                        struct sea_str reason);
/* A decision that is counted by its name, for alarms. */
void router_plan_alert(struct router_plan *plan, const struct router_ticket *ticket,
                       const struct router_cause *cause, const char *name, struct sea_str reason);
struct router_outcome *router_plan_outcome(struct router_plan *plan,
                                           const struct router_cause *cause);
void router_plan_consent(struct router_plan *plan, const struct router_cause *cause,
                         const struct router_contact *contact, bool is_marketing, bool is_granted);
void router_plan_withdraw(struct router_plan *plan, const struct router_cause *cause,
                          const struct router_notice *notice, uint32_t n);

/* Gives the drafts of one customer their places, `last` being the newest before this batch. Returns
 * the newest after. */
uint64_t router_plan_number_drafts(struct router_plan *plan, struct sea_uuid customer,
                                   uint64_t last);

/* Months since 1970-01 of the month in which what begins now must be gone: a conversation, and
 * anything of a class. */
uint32_t router_gone_month(const struct sea_market *market, int64_t from_ms);
uint32_t router_gone_month_of(const struct sea_market *market, enum sea_retention_class class,
                              int64_t from_ms);
/* The id with the month in its last 16 bits: a UUID of version 8 (RFC 9562, section 5.8). */
struct sea_uuid router_month_id(struct sea_uuid id, uint32_t month);
uint32_t router_month_of_id(struct sea_uuid id);

#endif
