/* ingest_events.h: the types of business events and the rules of their data (ingest_events.def).
 * Pure. */
#ifndef INGEST_EVENTS_H
#define INGEST_EVENTS_H

#include <yyjson.h>

#include "ingest_item.h"
#include "seadesk/v1/business.pb-c.h"
#include "seadesk/v1/orders.pb-c.h"

enum ingest_event_kind {
    INGEST_EVENT_ORDER,
    INGEST_EVENT_PARCEL,
    INGEST_EVENT_CUSTOMER,
    INGEST_EVENT_CONSENT,
    INGEST_EVENT_PRODUCT,
    INGEST_EVENT_CAMPAIGN,
    INGEST_EVENT_REVIEW,
    INGEST_EVENT_CALL_RINGING,
    INGEST_EVENT_CALL_TAKEN,
    INGEST_EVENT_CALL_RECORDED,
    INGEST_EVENT_CALL, /* over */
};

struct ingest_event_type {
    const char *name; /* seadesk.order.paid.v1 */
    enum ingest_event_kind kind;
    Seadesk__V1__OrderFact fact; /* of orders and parcels */
};

/* NULL: no such type. */
const struct ingest_event_type *ingest_event_type_of(struct sea_str name);

/* The data of an event from JSON, in the arena. NULL, with a problem that names the field: a member
 * has the wrong type. */
Seadesk__V1__BusinessData *ingest_events_json(yyjson_val *object, struct sea_arena *arena,
                                              struct ingest_problem *problem);
/* The same from protobuf. */
Seadesk__V1__BusinessData *ingest_events_protobuf(struct sea_str bytes, struct sea_arena *arena,
                                                  struct ingest_problem *problem);

/* Whether the data keep every rule of their kind. `object` is the JSON they came as, or NULL. */
bool ingest_events_check(const Seadesk__V1__BusinessData *data, enum ingest_event_kind kind,
                         yyjson_val *object, struct ingest_problem *problem);

#endif
