/* router_load.h: what the tables know about a batch: set-based reads, each at most once or twice a
 * batch. Contacts are locked against being forgotten first (retention_purger.guard). */
#ifndef ROUTER_LOAD_H
#define ROUTER_LOAD_H

#include "router_batch.h"

/* A set of ids to ask for, each once. */
struct router_keys {
    struct router_map seen;
    struct sea_key *items;
    size_t count, cap;
};
void router_keys_init(struct router_keys *keys, struct sea_arena *arena);
void router_keys_add(struct router_keys *keys, struct sea_key key); /* nil is left out */
/* A set of UUIDs as one array parameter. */
void router_keys_arg(struct sea_pg_args *args, const struct router_keys *ids);

struct router_texts {
    struct router_map seen;
    struct sea_str *items;
    size_t count, cap;
};
void router_texts_init(struct router_texts *texts, struct sea_arena *arena);
void router_texts_add(struct router_texts *texts, struct sea_str text); /* "" is left out */

/* Locks the contacts and reads who was forgotten. */
SEA_MUST_CHECK enum sea_err router_load_guard(struct router_batch *batch,
                                              const struct router_keys *contacts);
/* Contacts with their newest tickets. */
SEA_MUST_CHECK enum sea_err router_load_contacts(struct router_batch *batch,
                                                 const struct router_keys *contacts);
/* Tickets by id that aren't in the batch yet; their contacts must be. */
SEA_MUST_CHECK enum sea_err router_load_tickets(struct router_batch *batch,
                                                const struct router_keys *tickets);
/* Tickets by id with their contacts: those that were proposed for an offer. */
SEA_MUST_CHECK enum sea_err router_load_proposed(struct router_batch *batch,
                                                 const struct router_keys *tickets);
/* Tickets of these numbers whose time came, some hundreds at most, with their contacts. */
SEA_MUST_CHECK enum sea_err router_load_due(struct router_batch *batch, const uint32_t *numbers,
                                            size_t count);
/* All contacts of these customers, and of whoever shares a number or address by these hashes. */
SEA_MUST_CHECK enum sea_err router_load_relatives(struct router_batch *batch,
                                                  const struct router_keys *customers,
                                                  const struct router_keys *phones,
                                                  const struct router_keys *emails);
/* Orders by id, and all of these profiles. */
SEA_MUST_CHECK enum sea_err router_load_orders(struct router_batch *batch,
                                               const struct router_texts *ids,
                                               const struct router_keys *crm);
SEA_MUST_CHECK enum sea_err router_load_notices(struct router_batch *batch,
                                                const struct router_texts *orders);
/* Messages by id that deliveries and translations speak of. */
SEA_MUST_CHECK enum sea_err router_load_sent(struct router_batch *batch,
                                             const struct router_keys *messages);
/* Outcomes of commands that were answered before. */
SEA_MUST_CHECK enum sea_err router_load_outcomes(struct router_batch *batch,
                                                 const struct router_keys *commands);
/* Agents, locked until the transaction's end. */
SEA_MUST_CHECK enum sea_err router_load_agents(struct router_batch *batch,
                                               const struct router_texts *users);
/* Which of these users have an account (desk.agent_v). */
SEA_MUST_CHECK enum sea_err router_load_accounts(struct router_batch *batch,
                                                 const struct router_texts *users);

#endif
