/* router_read.h: records become items: decoded, unsealed with the day's key, their texts read
 * once. */
#ifndef ROUTER_READ_H
#define ROUTER_READ_H

#include "router_batch.h"

/* Fills batch->items. What can't be read goes to the dead letters, what isn't known is counted.
 * RETRY: a day's key can't be had now. REJECT: the batch is too large to be held at once. */
SEA_MUST_CHECK enum sea_err router_read(struct router_batch *batch,
                                        const struct sea_record *records, size_t count);

/* Reads the texts of messages, once their contacts are in the batch: language, opt-out words (also
 * those of the contact's market), intents, order numbers. */
void router_read_texts(struct router_batch *batch);

/* The event of a notice that waited as a row. NULL: malformed. */
const Seadesk__V1__NoticeDue *router_read_notice(struct router_batch *batch, struct sea_str bytes);

#endif
