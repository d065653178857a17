/* router_erase.h: router's part in forgetting a person: it knows whose the contacts are, and
 * deletes its rows when their keys are gone. */
#ifndef ROUTER_ERASE_H
#define ROUTER_ERASE_H

#include "router_batch.h"

/* Answers with the contacts of the customer. */
SEA_MUST_CHECK enum sea_err router_erase_requested(struct router_batch *batch,
                                                   const struct router_item *item);
/* Deletes what stands from before the erasure. */
SEA_MUST_CHECK enum sea_err router_erase_ordered(struct router_batch *batch,
                                                 const struct router_item *item);

#endif
