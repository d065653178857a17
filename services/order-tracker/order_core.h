/* order_core.h: what an order's events mean: how far it and each of its parcels are, what is wrong,
 * and what the customer is to be told. Pure: order and event in, changed order and effects out.
 *
 * A milestone only rises, so whatever arrives late or twice changes nothing. Exceptions open and
 * close by the place of their events in the order's history: by the publisher's sequence where both
 * events have one, otherwise by occurred_at and, at the same instant, by the rank of the fact
 * (contract.md, business events). */
#ifndef ORDER_CORE_H
#define ORDER_CORE_H

#include "sea_base.h"

/* What happened; the values are those of seadesk.v1.OrderFact and rank facts of the same instant.
 */
enum order_fact {
    ORDER_PLACED = 1,
    ORDER_PAID,
    ORDER_CHANGED,
    ORDER_CANCELLED,
    PARCEL_DISPATCHED,
    PARCEL_SCANNED,
    PARCEL_IN_CUSTOMS,
    PARCEL_CUSTOMS_HELD,
    PARCEL_CUSTOMS_CLEARED,
    PARCEL_ADDRESS_PROBLEM,
    PARCEL_ADDRESS_CORRECTED,
    PARCEL_OUT_FOR_DELIVERY,
    PARCEL_DELIVERY_FAILED,
    PARCEL_DELIVERED,
    PARCEL_RETURNED,
    ORDER_REFUNDED,
    ORDER_FACTS,
};

/* Values of seadesk.v1.Milestone, in the order in which they rise. */
enum order_milestone {
    MILESTONE_NONE,
    MILESTONE_PLACED,
    MILESTONE_PAID,
    MILESTONE_DISPATCHED,
    MILESTONE_IN_CUSTOMS,
    MILESTONE_OUT_FOR_DELIVERY,
    MILESTONE_DELIVERED,
    MILESTONE_RETURNED,
    MILESTONE_CANCELLED,
    MILESTONES,
};

/* Values of seadesk.v1.ExceptionClass. */
enum order_class {
    CLASS_CUSTOMS_HELD = 1,
    CLASS_ADDRESS_PROBLEM,
    CLASS_DELIVERY_FAILED,
    ORDER_CLASSES,
};

enum {
    ORDER_EFFECTS_MAX = 2 + ORDER_CLASSES, /* a milestone, every exception, a notice */
    ORDER_TOLD_MAX = 3, /* notices about one class of exception of one parcel, over all its times */
};

/* Place in the order's history; the zero one is before everything. */
struct order_place {
    bool has_sequence;
    int64_t sequence;
    int64_t at_ms;
    enum order_fact fact; /* 0: none yet */
};
/* Below, at, or above 0, as `a` is before, at, or after `b`. */
int order_place_compare(const struct order_place *a, const struct order_place *b);

struct order_event {
    enum order_fact fact;
    struct order_place place;
    bool has_contact;
    struct sea_key contact; /* of channel crm */
    struct sea_str market;  /* may be empty */
    struct sea_str carrier, tracking_number, location, reason;
    int64_t expected_at_ms; /* 0: not known */
    bool is_historical;     /* back-fill: nobody is told */
};

/* One class of trouble of one parcel; its latest time is what is kept. */
struct order_exception {
    struct order_place opened, closed; /* the latest of either that is known */
    int64_t since_ms;                  /* 0: it was never open */
    int64_t closed_at_ms;              /* 0: open, or never was */
    struct sea_str reason;
    int64_t expected_at_ms;
    bool is_told;   /* the customer knows of this time, or is not to hear of it */
    uint32_t tolds; /* notices so far */
    bool is_dirty;
};

/* How far something is. `is_told`: nothing is left to be told about the milestone it is at. */
struct order_progress {
    enum order_milestone milestone;
    int64_t at_ms[MILESTONES]; /* when each was reached; 0: not */
    bool is_told;
};

struct order_parcel {
    struct order_parcel *next;
    struct sea_str parcel_id, carrier, tracking_number;
    struct order_progress progress;
    struct order_place moved; /* latest of out for delivery, delivered, returned: closes all trouble
                               */
    struct order_exception exceptions[ORDER_CLASSES];
    bool is_dirty;
};

struct order {
    struct sea_str order_id, market;
    bool has_contact;
    struct sea_key contact;
    uint64_t version;               /* rises with every change */
    struct order_progress progress; /* placed, paid, cancelled */
    struct order_place parcels_at;  /* latest milestone of any parcel */
    struct order_parcel *parcels;
    bool is_new, is_dirty;
};

enum order_outcome {
    ORDER_APPLIED,
    ORDER_LATE,      /* the order is further, or newer is known */
    ORDER_DUPLICATE, /* nothing new is said */
    ORDER_OUTCOMES,
};
extern const char *const ORDER_OUTCOME_NAMES[ORDER_OUTCOMES];

enum order_effect_kind { EFFECT_MILESTONE, EFFECT_EXCEPTION, EFFECT_NOTICE };

struct order_effect {
    enum order_effect_kind kind;
    const struct order_parcel *parcel; /* NULL: the order */
    enum order_milestone milestone;
    enum order_class class; /* of exceptions and their notices; 0 otherwise */
    int64_t at_ms;
    /* Of notices. */
    const char *about; /* template stem */
    const char
        *collapses; /* last part of the collapse key: newer news replaces older unsent ones */
    int64_t expires_at_ms;
};

struct order_effects {
    uint32_t count;
    struct order_effect items[ORDER_EFFECTS_MAX];
};

bool order_fact_is_of_parcel(enum order_fact fact);
const char *order_fact_name(enum order_fact fact); /* parcel.in_customs */

/* Applies one event. `parcel` is the order's parcel it names, NULL exactly for facts of the order
 * itself. Texts of the event are kept by the order. */
enum order_outcome order_core_apply(struct order *order, struct order_parcel *parcel,
                                    const struct order_event *event, struct order_effects *ret);

#endif
