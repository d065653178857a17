/* ingest_business_data.h: the `data` of a business event, from JSON or protobuf, as plain fields.
 * Pure. */
#ifndef INGEST_BUSINESS_DATA_H
#define INGEST_BUSINESS_DATA_H

#include "ingest_business.h"

struct ingest_data {
    int64_t occurred_at_ms;
    struct ingest_order order;     /* without its fact */
    struct ingest_profile profile; /* customer_ref empty: no customer */
    struct ingest_consent consent;
    struct ingest_channel consent_contact;
};

/* False with a problem that names the field. */
bool ingest_data_read(const struct ingest_cloudevent *event, const yyjson_alc *alc,
                      struct sea_arena *arena, struct ingest_data *ret,
                      struct ingest_problem *problem);

#endif
