/* router_profile.h: what company systems know of a customer becomes contacts: the profile itself
 * (channel crm), the channels it names, and those its telephone number stands for. */
#ifndef ROUTER_PROFILE_H
#define ROUTER_PROFILE_H

#include "router_batch.h"

/* Sets the contact's look-up hashes from its number and address. */
void router_profile_hash(struct router_batch *batch, struct router_contact *contact);

/* The channels of a profile, with their contact keys, into item->listed. */
void router_profile_list(struct router_batch *batch, struct router_item *item);
/* The profile's own contact takes its facts, if they are newer and differ; listed contacts that are
 * new appear. A profile that says nothing new leaves no list. */
void router_profile_meet(struct router_batch *batch, struct router_item *item);
/* Joins contacts that the profile names, or that share its number or address, to its customer. */
void router_profile_claim(struct router_batch *batch, const struct router_item *item);

/* The contact behind each reply's own, where the market has a fall-back channel: item->sibling. */
SEA_MUST_CHECK enum sea_err router_profile_siblings(struct router_batch *batch);

#endif
