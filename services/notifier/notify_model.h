/* notify_model.h: a delivery in memory, from a record or a row, with what happened to it in this
 * transaction. Plain data; texts point into the transaction's arena. */
#ifndef NOTIFY_MODEL_H
#define NOTIFY_MODEL_H

#include "notify_gate.h"
#include "notify_lattice.h"
#include "sea_arena.h"
#include "sea_base.h"
#include "sea_id.h"
#include "seadesk/v1/outbound.pb-c.h"

enum { NOTIFY_EVENTS_MAX = 4 };

/* A state to be told to the others (DeliveryChanged). */
struct notify_event {
    Seadesk__V1__DeliveryState state;
    struct sea_str reason;
    int64_t at_ms, release_at_ms;
};

/* What only an open delivery knows: read from its Outbound record. */
struct notify_order {
    struct sea_str market, zone;
    bool is_urgent, has_template;
    int64_t not_before_ms, expires_at_ms, last_inbound_ms, drafted_at_ms;
    uint64_t prev_seq;
    struct sea_uuid supersedes;
    uint32_t rungs_count;
};

struct notify_delivery {
    struct sea_uuid id, draft_id, message_id, ticket_id, customer_id, event_id, cause_id, root_id;
    struct sea_key contact_key, home_key, provider_hash;
    struct sea_str channel, account, collapse_key, reason, trace;
    struct sea_str outbound; /* packed; empty once nothing of it is needed */
    enum sea_message_class class;
    enum notify_state state;
    uint32_t number, version, tries, rung, redraft;
    uint64_t seq;
    bool is_automatic;
    int64_t offset, due_ms, release_ms, created_ms, at_ms;
    struct notify_order order;      /* of one whose `message` is there */
    Seadesk__V1__Outbound *message; /* `outbound` unpacked; NULL: not yet, or gone */

    /* what this transaction does with it */
    uint32_t via; /* the number in hand whose outbox tells of it */
    bool is_new, is_changed, must_send, must_be_template, needs_next_rung, is_urgent_pass;
    bool must_show; /* its words go to the chat of its contact */
    struct notify_event events[NOTIFY_EVENTS_MAX];
    uint32_t events_count;
};

/* Those a transaction is about, in the arena; a later one of the same contact stands behind. */
struct notify_set {
    struct notify_delivery **items;
    size_t count, cap;
};

void notify_set_add(struct sea_arena *arena, struct notify_set *set, struct notify_delivery *item);

/* The id of the delivery of one rung of a draft; receipts name it. */
struct sea_uuid notify_delivery_id(struct sea_uuid draft_id, uint32_t rung);

/* The versions of a draft's delivery rise over redrafts, rungs and events (deliveries.proto);
 * translator-gateway's are those of rung 0's base itself. */
uint64_t notify_event_version(const struct notify_delivery *delivery, uint32_t n);

#endif
