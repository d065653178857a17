/* sla_core.h: the clocks of a ticket: when each is set, warns, is met, breached or cancelled. Pure:
 * a ticket's clocks, news of it and the time in; changed clocks and effects out.
 *
 * acknowledgement and first_response count from the customer's first message and are met when the
 * provider accepts the first outbound of any kind, and the first reply of a person; next_response
 * counts from a later message that waits; resolution from the opening, and stands still while the
 * ticket waits for the customer. Times are the provider's (contract.md, clocks). Met, breached and
 * cancelled are final: a proof that comes after a breach only withdraws it, once. */
#ifndef SLA_CORE_H
#define SLA_CORE_H

#include "sea_base.h"
#include "sea_market.h"
#include "sea_sla.h"

/* Values of seadesk.v1.ClockState. */
enum sla_state {
    SLA_NONE,
    SLA_RUNNING,
    SLA_PAUSED,
    SLA_WARNED,
    SLA_MET,
    SLA_BREACHED,
    SLA_CANCELLED,
    SLA_STATES,
};

/* Values of seadesk.v1.TicketStatus. */
enum sla_status {
    SLA_OPEN = 1,
    SLA_OFFERED,
    SLA_ASSIGNED,
    SLA_WAITING, /* for the customer */
    SLA_SNOOZED,
    SLA_RESOLVED,
    SLA_CLOSED,
};

enum { SLA_EFFECTS_MAX = 20 };

struct sla_clock {
    enum sla_state state;
    int64_t due_ms;
    int64_t warn_ms;       /* 0: it has warned, or doesn't */
    struct sea_str policy; /* of sla.yaml; empty: the market's pack */
    bool is_withdrawn;
};

struct sla_ticket {
    struct sea_uuid id;
    uint64_t version; /* of the ticket, when a clock last changed by it */
    const struct sea_market *market;
    enum sea_channel_class channel_class;
    int64_t asked_ms;   /* message that the latest response clock counts from; 0: none */
    int64_t started_ms; /* when next_response was started */
    int64_t left_ms;    /* of the resolution clock while it is paused */
    struct sla_clock clocks[SEA_CLOCK_COUNT];
    bool is_new;   /* no clock was ever set */
    bool is_dirty; /* a clock changed */
};

/* What router says of a ticket (seadesk.v1.TicketChanged). Times 0: not. */
struct sla_change {
    uint64_t version;
    enum sla_status status;
    int64_t opened_ms, asked_ms, acknowledged_ms, answered_ms, resolved_ms;
    int64_t said_ms; /* when router said it */
};

struct sla_effect {
    enum sea_clock clock;
    enum sla_state state;
    int64_t due_ms, at_ms;
    int64_t asked_ms; /* that a next_response counts from: tells its runs apart */
    bool is_withdrawn, is_late_decision;
};

struct sla_effects {
    uint32_t count;
    struct sla_effect items[SLA_EFFECTS_MAX];
};

/* Takes a change; an older one than is known does nothing. Appends to `ret`, as all of these. */
void sla_core_change(struct sla_ticket *ticket, const struct sla_change *change,
                     const struct sea_sla *sla, int64_t now_ms, struct sla_effects *ret);

/* The provider accepted an outbound message of the ticket at `at_ms`. */
void sla_core_accepted(struct sla_ticket *ticket, bool is_reply, int64_t at_ms, int64_t now_ms,
                       struct sla_effects *ret);

/* Warns and breaches what is due up to `upto_ms`; what is due after `sure_ms` is told as decided
 * late, because its proof may still be on its way. */
void sla_core_due(struct sla_ticket *ticket, int64_t upto_ms, int64_t sure_ms,
                  struct sla_effects *ret);

/* The first moment at which a clock warns or is due; 0: none runs. */
int64_t sla_core_next_ms(const struct sla_ticket *ticket);

/* The clock's id: the same for the same run of the same clock. */
struct sea_uuid sla_core_clock_id(struct sea_uuid ticket_id, const struct sla_effect *effect);

#endif
