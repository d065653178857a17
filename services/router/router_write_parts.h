/* router_write_parts.h: the parts of router_write.c that have files of their own. */
#ifndef ROUTER_WRITE_PARTS_H
#define ROUTER_WRITE_PARTS_H

#include "router_batch.h"

/* Elements of arrays; nil, "" and a timer's offset become NULL. */
void router_arg_key(struct sea_pg_args *args, struct sea_key key);
void router_arg_uuid(struct sea_pg_args *args, struct sea_uuid id);
void router_arg_bytes(struct sea_pg_args *args, struct sea_str bytes);
void router_arg_offset(struct sea_pg_args *args, const struct router_cause *cause);

/* New messages, sealed. */
SEA_MUST_CHECK enum sea_err router_write_messages(struct router_batch *batch);
/* Deliveries and translations of messages that have rows. */
SEA_MUST_CHECK enum sea_err router_write_sent(struct router_batch *batch);
/* New and changed tickets. RETRY: one was changed by another instance. */
SEA_MUST_CHECK enum sea_err router_write_tickets(struct router_batch *batch);

#endif
