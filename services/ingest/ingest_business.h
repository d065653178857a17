/* ingest_business.h: business events (contract.md): CloudEvents 1.0 in JSON or with protobuf data
 * become order facts, profiles, consents, launches, reviews and calls. Pure. */
#ifndef INGEST_BUSINESS_H
#define INGEST_BUSINESS_H

#include <yyjson.h>

#include "ingest_item.h"
#include "ingest_scope.h"

/* A CloudEvent's attributes and its data, however they came. */
struct ingest_cloudevent {
    struct sea_str specversion, id, source, type, subject, time, content_type;
    yyjson_val *data;     /* JSON data, or NULL */
    struct sea_str bytes; /* other data: protobuf or JSON text, by content_type */
    bool is_data_broken;  /* data_base64 is none */
};

struct ingest_business {
    const yyjson_alc *alc;
    struct ingest_scope scope;
    const struct sea_channels *channels; /* NULL: accounts are not looked up */
};

/* Adds the items of one event, the event's own first; false with a problem whose field points into
 * the event. */
bool ingest_business_take(const struct ingest_business *business,
                          const struct ingest_cloudevent *event, uint32_t index,
                          struct ingest_items *items, struct ingest_problem *problem);

/* Says of a problem which event it is about; false. */
bool ingest_business_refused(const struct ingest_cloudevent *event, struct ingest_problem *problem);

/* An attribute's value from its header (CloudEvents' HTTP binding 3.1.3.2): without the quotes of a
 * quoted string, after one round of percent-decoding. False, *ret untouched: it is no UTF-8 text.
 */
SEA_MUST_CHECK bool ingest_cloudevent_header(struct sea_str value, struct sea_arena *arena,
                                             struct sea_str *ret);

/* A structured event from its JSON object. */
struct ingest_cloudevent ingest_cloudevent_of(yyjson_val *object, struct sea_arena *arena);

/* A body of application/cloudevents+json or …-batch+json: all events or none. *ret_count: how many
 * events. */
bool ingest_business_json(const struct ingest_business *business, struct sea_str body,
                          bool is_batch, struct ingest_items *items, uint32_t *ret_count,
                          struct ingest_problem *problem);

/* The same of application/cloudevents+protobuf and …-batch+protobuf. */
bool ingest_business_protobuf(const struct ingest_business *business, struct sea_str body,
                              bool is_batch, struct ingest_items *items, uint32_t *ret_count,
                              struct ingest_problem *problem);

/* ce_id of a business event: UUIDv5 of (source, id). */
struct sea_uuid ingest_business_id(struct sea_str source, struct sea_str id);

#endif
