/* router_calls.h: calls between their records, their rows and the core (router_call.h).
 *
 * A call lies under its caller's contact. Of one whose number wasn't told there is a contact of
 * that call alone, without an address, under the key of its records: it has its ticket, and nobody
 * can be called back. A recording is told without a number also where its call has one: it joins
 * its call by the call's id, or waits for it. */
#ifndef ROUTER_CALLS_H
#define ROUTER_CALLS_H

#include "router_load.h"

bool router_item_is_call(const struct router_item *item);
/* The agent whom the record names; "". */
struct sea_str router_calls_agent(const struct router_item *item);

/* Reads the calls of the batch, and says of each record whose it is. Adds their contacts. */
SEA_MUST_CHECK enum sea_err router_calls_load(struct router_batch *batch, struct router_keys *ret);
/* What was known of a call before its contact was forgotten is not known any more. */
void router_calls_forget(struct router_batch *batch);
/* The caller, if new. */
void router_calls_meet(struct router_batch *batch, const struct router_item *item);
void router_calls_decide(struct router_batch *batch, const struct router_item *item);
/* Contacts under whose keys calls are sealed. */
void router_calls_want(const struct router_batch *batch, struct router_keys *ret);
/* RETRY: another instance changed one. */
SEA_MUST_CHECK enum sea_err router_calls_write(struct router_batch *batch);

#endif
