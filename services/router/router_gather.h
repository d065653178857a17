/* router_gather.h: completes a batch of read records with everything that the cores need to decide
 * them, in a few set-based reads. */
#ifndef ROUTER_GATHER_H
#define ROUTER_GATHER_H

#include "router_batch.h"

/* Afterwards every item that isn't skipped has its contact (new ones are made up), tickets, orders,
 * agents and opened texts in the batch. */
SEA_MUST_CHECK enum sea_err router_gather(struct router_batch *batch);

/* The same for rows that came due: their contacts, the customers' contacts with addresses, agents.
 */
SEA_MUST_CHECK enum sea_err router_gather_notices(struct router_batch *batch,
                                                  struct router_notice *const *notices,
                                                  size_t count);

#endif
