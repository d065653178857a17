/* seadesk_kafka.h: looking at the broker: watermarks and single records. */
#ifndef SEADESK_KAFKA_H
#define SEADESK_KAFKA_H

#include "sea_kafka.h"
#include "seadesk.h"

enum { SEADESK_KAFKA_TIMEOUT_MS = 10000 };

/* A handle for questions; NULL, with the reason on standard error, when there can be none. The
 * caller destroys it by rd_kafka_destroy. */
rd_kafka_t *seadesk_kafka_open(const struct seadesk *seadesk);
/* One that reads. */
rd_kafka_t *seadesk_kafka_open_reader(const struct seadesk *seadesk);

/* Asked once for each partition. False: the broker doesn't answer or there is no such partition. */
struct seadesk_marks {
    bool is_known[SEA_TOPICS][SEA_PARTITIONS];
    int64_t low[SEA_TOPICS][SEA_PARTITIONS], high[SEA_TOPICS][SEA_PARTITIONS];
};
SEA_MUST_CHECK bool seadesk_kafka_mark(rd_kafka_t *kafka, struct seadesk_marks *marks,
                                       enum sea_topic topic, int32_t partition);

/* Reads one partition from `from` to before `to` in order; `fn` false ends it. RETRY: the broker
 * is away or stopped answering. */
SEA_MUST_CHECK enum sea_err
seadesk_kafka_read(rd_kafka_t *reader, enum sea_topic topic, int32_t partition, int64_t from,
                   int64_t to, bool (*fn)(void *arg, const struct sea_record *record), void *arg);

#endif
