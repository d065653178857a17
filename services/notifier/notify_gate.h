/* notify_gate.h: may this message go to this contact now? Pure.
 *
 * Consent (contract.md, STOP), expiry, WhatsApp's 24-hour window (free text only within a day of
 * the customer's last message, otherwise an approved template), and the hours in which the market's
 * pack lets a class be sent, in the zone of the person. Law's own messages pass; an answer within a
 * live session passes the hours; what is urgent passes them and is counted (NT-06). */
#ifndef NOTIFY_GATE_H
#define NOTIFY_GATE_H

#include "sea_base.h"
#include "sea_channels.h"
#include "sea_market.h"

enum {
    NOTIFY_LIVE_SESSION_MS = 60 * 60 * 1000,
    NOTIFY_WINDOW_MS = 24 * 60 * 60 * 1000,
    NOTIFY_WINDOW_MARGIN_MS = 60 * 1000, /* the request must arrive within the window, too */
};

/* What the ledger says of one contact; 0 = never said. */
struct notify_consent {
    bool is_service_refused;
    int64_t
        refused_at_ms; /* the newest refusal of service notices (STOP), also when since restored */
    bool is_marketing_refused;
    int64_t marketing_granted_at_ms; /* 0 unless the newest word on marketing is a grant */
};

struct notify_case {
    enum sea_message_class class;
    enum sea_adapter adapter;
    uint32_t rung;
    bool is_urgent, has_template;
    bool is_erased;
    const char *withdrawn;                /* why it was taken back or overtaken; NULL: it wasn't */
    int64_t not_before_ms, expires_at_ms; /* 0: none */
    int64_t last_inbound_ms;              /* on the first rung's channel; 0: none */
    struct notify_consent consent;
    enum sea_consent_rule marketing; /* the market's */
    const struct sea_market *market;
    const struct sea_zone *zones[SEA_ZONES_MAX];
    uint32_t zone_count;
};

enum notify_verdict { NOTIFY_SEND, NOTIFY_HOLD, NOTIFY_DROP, NOTIFY_RETURN };

struct notify_decision {
    enum notify_verdict verdict;
    const char *reason;    /* of anything but SEND; of a bounded set */
    int64_t release_at_ms; /* of HOLD: when to decide again */
    bool is_urgent_pass;   /* went through closed hours because it is urgent */
    bool must_be_template; /* of SEND: free text would be refused */
};

struct notify_decision notify_gate(const struct notify_case *about, int64_t now_ms);

/* Only the question that is asked once more in the instant before the request is written. */
bool notify_gate_consents(const struct notify_case *about);

/* Whether this class waits while the consents of its partition lag. */
bool notify_gate_needs_consent(enum sea_message_class class);

#endif
