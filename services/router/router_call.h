/* router_call.h: telephone calls: what the records of one call, in whatever order, come to, and the
 * ticket it belongs to. Pure. */
#ifndef ROUTER_CALL_H
#define ROUTER_CALL_H

#include "router_case.h"

/* As in seadesk.v1.CallOutcome. */
enum router_call_outcome {
    ROUTER_CALL_ANSWERED = 1,
    ROUTER_CALL_MISSED,
    ROUTER_CALL_BUSY,
    ROUTER_CALL_VOICEMAIL,
    ROUTER_CALL_FAILED,
};

/* A row of router.call. Times are 0 as long as nobody told them. */
struct router_call {
    struct sea_uuid id;
    struct sea_key home; /* contact under whose key it is sealed */
    struct sea_uuid ticket_id;
    uint64_t stored_version; /* 0: no row yet */
    bool is_outbound;
    enum router_call_outcome outcome; /* 0: it goes on */
    uint32_t rings;
    int64_t started_at_ms, answered_at_ms, ended_at_ms, created_at_ms;
    struct sea_str agent, recording;
    struct sea_str sealed;     /* the recording as stored, while nothing newer is known */
    struct sea_key sealed_for; /* contact under whose key that is */
    const struct sea_market *market;
    bool is_changed;
};

enum router_call_state { ROUTER_RINGING = 1, ROUTER_TAKEN, ROUTER_RECORDED, ROUTER_OVER };

/* What one record tells. */
struct router_call_news {
    const struct router_cause *cause;
    enum router_call_state state;
    bool is_outbound, is_historical;
    enum router_call_outcome outcome;
    uint32_t rings;
    int64_t started_at_ms, answered_at_ms, ended_at_ms; /* at least one, unless RECORDED */
    struct sea_str agent, recording, order_id;
};

/* Adds what the record tells to its call. The first one of a customer's call opens a ticket, or
 * goes on with *ticket, the contact's newest; later ones are the ticket's of the call, which
 * *ticket then is (NULL: gone). A call of ours, one of long ago, and a recording that is told
 * before its call open none. Records that tell nothing new change nothing. */
void router_call_take(struct router_plan *plan, const struct router_call_news *news,
                      struct router_contact *contact, struct router_call *call,
                      struct router_ticket **ticket);

#endif
