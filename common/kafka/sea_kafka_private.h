/* sea_kafka_private.h: what the files of this folder and the worker share. */
#ifndef SEA_KAFKA_PRIVATE_H
#define SEA_KAFKA_PRIVATE_H

#include "sea_kafka.h"

/* The headers as librdkafka wants them; given away with the record that is produced. */
rd_kafka_headers_t *sea_headers_write(const struct sea_headers *headers);

/* Sets one property; a wrong name or value is a bug of ours. */
void sea_kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value);
/* What producers and consumers have in common; librdkafka's own lines go to sea_log. */
rd_kafka_conf_t *sea_kafka_conf(const char *brokers, const char *client_id);

/* The two halves of the judgement, pure: each partition of each of the edge's topics is there and
 * has three replicas; a topic's min.insync.replicas is at least two. */
bool sea_replicas_suffice(const struct rd_kafka_metadata *metadata);
bool sea_insync_suffices(const char *min_insync);
/* The topics of the edge have three replicas, and acknowledge with two (design.md section 4).
 * REJECT: some have not. RETRY: the broker didn't say within the time-out, twice that. Waits. */
SEA_MUST_CHECK enum sea_err sea_kafka_edge_is_replicated(rd_kafka_t *handle, int timeout_ms);

#endif
