/* sea_probe.h: whether the broker and all topics are there, asked on a thread of its own, because
 * librdkafka's question blocks. */
#ifndef SEA_PROBE_H
#define SEA_PROBE_H

#include "sea_kafka.h"

struct sea_probe;

/* Asks at once, and again every second while the answer is no; with `asks_replicas` also whether
 * the edge's topics outlive a broker. `handle` must outlive the probe. */
void sea_probe_open(struct sea_probe **ret, rd_kafka_t *handle, bool asks_replicas);
/* May wait for the question in flight, a second at most. */
void sea_probe_close(struct sea_probe **probe);

/* From any thread. */
bool sea_probe_is_up(const struct sea_probe *probe);
/* True where it was not to be asked. */
bool sea_probe_is_replicated(const struct sea_probe *probe);
/* What the owner has seen itself: an acknowledgement, or the loss of all brokers. */
void sea_probe_tell(struct sea_probe *probe, bool is_up);

#endif
