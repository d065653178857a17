/* ingest_business_data.h: the checked data of a business event as plain items. Texts point into the
 * data. Pure. */
#ifndef INGEST_BUSINESS_DATA_H
#define INGEST_BUSINESS_DATA_H

#include "ingest_item.h"
#include "seadesk/v1/business.pb-c.h"

int64_t ingest_data_time(const Seadesk__V1__BusinessData *data);            /* occurred_at */
struct sea_str ingest_data_customer(const Seadesk__V1__BusinessData *data); /* may be empty */

void ingest_data_order(const Seadesk__V1__BusinessData *data, struct ingest_order *ret);
/* Of data with a customer. False: the arena is full. */
SEA_MUST_CHECK bool ingest_data_profile(const Seadesk__V1__BusinessData *data,
                                        struct sea_arena *arena, struct ingest_profile *ret);
void ingest_data_consent(const Seadesk__V1__BusinessConsent *consent, struct ingest_item *ret);
void ingest_data_product(const Seadesk__V1__BusinessData *data, struct ingest_launch *ret);
void ingest_data_campaign(const Seadesk__V1__BusinessData *data, struct ingest_launch *ret);
void ingest_data_review(const Seadesk__V1__BusinessData *data, struct ingest_item *ret);
void ingest_data_call(const Seadesk__V1__BusinessData *data, struct ingest_item *ret);

#endif
