/* router_model.h: the facts that router's cores decide about, as plain structs in the memory of one
 * batch. Texts are borrowed from the batch; "" means not known. Times are Unix ms, 0 = none. */
#ifndef ROUTER_MODEL_H
#define ROUTER_MODEL_H

#include "sea_base.h"
#include "sea_channels.h"
#include "sea_market.h"

enum {
    ROUTER_ORDERS_MAX = 8, /* linked to one ticket */
    ROUTER_LADDER_MAX = 3,
    ROUTER_VARS_MAX = 10,
    ROUTER_LIMITS_MAX = 8, /* channels with a limit of their own, per agent */
    ROUTER_REDRAFTS_MAX = 2,
    ROUTER_MESSAGE_TEXT_MAX = 64 * 1024,
};

/* Numbers as in seadesk.v1.TicketStatus; they stand in router.ticket. */
enum router_status {
    ROUTER_OPEN = 1,
    ROUTER_OFFERED,
    ROUTER_ASSIGNED,
    ROUTER_WAITING, /* for the customer */
    ROUTER_SNOOZED,
    ROUTER_RESOLVED,
    ROUTER_CLOSED,
};

/* As in seadesk.v1.DeliveryState. */
enum router_delivery {
    ROUTER_DRAFTED = 1,
    ROUTER_HELD,
    ROUTER_BLOCKED,
    ROUTER_QUEUED,
    ROUTER_ACCEPTED,
    ROUTER_DELIVERED,
    ROUTER_READ,
    ROUTER_FAILED,
    ROUTER_DROPPED,
    ROUTER_RETURNED,
    ROUTER_UNCERTAIN,
    ROUTER_RELEASED,
};

/* As in seadesk.v1.MessageKind. */
enum router_kind {
    ROUTER_TEXT = 1,
    ROUTER_IMAGE,
    ROUTER_AUDIO,
    ROUTER_VIDEO,
    ROUTER_DOCUMENT,
    ROUTER_LOCATION,
    ROUTER_REACTION,
    ROUTER_EDIT,
    ROUTER_UNSEND,
    ROUTER_OTHER,
};

/* What a decision follows from: a record, or a row that came due (no topic). */
struct router_cause {
    struct sea_uuid id, root;
    struct sea_str trace;
    const char *topic; /* seadesk.…; NULL: a timer */
    uint32_t number;   /* source row under which it is worked */
    int64_t offset;
};

/* One address of a person. The customer is the set of contacts with the same customer id. */
struct router_contact {
    struct sea_key key;
    struct sea_uuid customer, conversation;
    struct sea_str channel, account;
    const struct sea_market *market;
    struct sea_str language;
    struct sea_key phone_hash, email_hash, profile_hash; /* nil: none */
    struct sea_key twin; /* of one that was just met: the same person's on the other channel */
    bool is_service_refused, is_marketing_granted;
    int64_t service_at_ms, marketing_at_ms; /* when the customer said so */
    int64_t auto_since_ms;
    uint32_t auto_count;
    int64_t profile_at_ms, created_at_ms;
    int64_t last_in_at_ms; /* newest message of the customer here; of its newest ticket */
    bool is_stored;        /* has a row */
    bool is_changed;
    bool is_moved; /* to another customer */
    /* the sealed part, once it was opened or learnt */
    bool is_opened;
    struct sea_str address, name, phone, email, locale, tier, observance, handset;
    struct sea_str thread, subject; /* of the newest message, where the channel has threads */
    struct sea_str sealed; /* as stored */
};

struct router_tags {
    struct sea_str issue, emotion, version, stage;
};

struct router_ticket {
    struct sea_uuid id;
    struct router_contact *contact; /* it was opened under: home key */
    struct sea_key home;
    uint32_t number;
    uint64_t version;
    enum router_status status;
    const struct sea_market *market;
    struct sea_str channel, account, language;
    bool is_language_sure;
    int32_t priority;
    struct sea_str queue, assignee;
    int64_t opened_at_ms;
    struct sea_str orders[ROUTER_ORDERS_MAX];
    uint32_t order_count;
    struct sea_str subject; /* plain, of a new one */
    struct router_tags tags;
    int64_t asked_at_ms, asked_next_at_ms, last_in_at_ms, replied_at_ms;
    int64_t acknowledged_at_ms, answered_at_ms, resolved_at_ms, snoozed_until_ms;
    int64_t sort_at_ms, due_at_ms;
    uint32_t gone_month;
    struct sea_uuid root; /* edge event that opened it */
    /* as stored, for the conditional update and the queues */
    uint64_t stored_version; /* 0: no row yet */
    enum router_status stored_status;
    struct sea_str stored_queue;
    int32_t stored_priority;
    int64_t stored_sort_at_ms;
    /* the newest change in this batch */
    const char *change;
    struct sea_uuid message_id;
    const struct router_cause *cause;
};

/* A message of the table that a delivery or translation speaks of. */
struct router_sent {
    struct sea_uuid id, ticket_id, draft_id, root;
    struct sea_key home, to;
    enum sea_message_class class;
    uint32_t redraft;
    struct sea_str language, template, agent;
    enum router_delivery state;
    uint64_t version;
    struct sea_str reason, rule;
    int64_t at_ms, release_at_ms, drafted_at_ms;
    uint32_t span_from, span_to;
    bool has_words; /* its text is stored */
    bool is_changed;
    struct sea_str text; /* opened, for another draft */
    struct sea_str sealed;
    struct sea_str words, words_language; /* as sent, to be stored */
};

struct router_order {
    struct sea_str id;
    struct sea_key crm; /* nil: not known */
    struct sea_uuid customer;
    struct sea_str market;
    uint32_t milestone; /* seadesk.v1.Milestone */
    int64_t milestone_at_ms;
    uint32_t exception; /* seadesk.v1.ExceptionClass that is open; 0: none */
    struct sea_str reason;
    int64_t expected_at_ms, since_ms;
    uint64_t version;
    bool is_stored, is_changed;
};

enum router_presence { ROUTER_OFFLINE, ROUTER_AWAY, ROUTER_ONLINE };

struct router_limit {
    struct sea_str channel;
    uint32_t limit, count;
};

struct router_agent {
    struct sea_str user, name;
    enum router_presence state;
    uint32_t weight, load;
    struct router_limit limits[ROUTER_LIMITS_MAX]; /* limit UINT32_MAX: counted only */
    uint32_t limit_count;
    struct sea_str skills; /* of the account: native-ja,… */
    int64_t lease_until_ms;
    uint64_t version;
    bool has_account; /* desk knows the user */
    bool is_stored, is_changed;
};

#endif
