/* router_say.h: what a batch tells the others, as records of the outbox. */
#ifndef ROUTER_SAY_H
#define ROUTER_SAY_H

#include "router_batch.h"

/* After router_write: consents, drafts, changed tickets (once each, as they are now), outcomes,
 * translations wanted, withdrawals. */
SEA_MUST_CHECK enum sea_err router_say(struct router_batch *batch);

#endif
