/* router_write.h: writes what a batch decided, set by set. */
#ifndef ROUTER_WRITE_H
#define ROUTER_WRITE_H

#include "router_batch.h"

/* Everything; afterwards the drafts have their places in their customers' order. RETRY: another
 * instance changed a ticket, or made a contact, in between: the batch must be read again. */
SEA_MUST_CHECK enum sea_err router_write(struct router_batch *batch);

/* Makes the months of router.message that the rules can name within the next weeks, and remembers
 * them. Outside a transaction. */
SEA_MUST_CHECK enum sea_err router_write_months(struct router_tools *tools, struct sea_pg *pg,
                                                int64_t now_ms);

#endif
