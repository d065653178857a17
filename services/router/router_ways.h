/* router_ways.h: by which of a customer's contacts they are answered: the market's matrix of
 * channels by how hard the case is, within what the customer's telephone can show. Pure. */
#ifndef ROUTER_WAYS_H
#define ROUTER_WAYS_H

#include "router_plan.h"

/* Calls, letters, SMS and dial strings reach every telephone; all else needs data. */
bool router_ways_needs_data(struct sea_str channel);

/* Whether the customer has a feature phone: not, where they wrote by something that needs data;
 * else as their profile says; else where all they wrote by is what the market's pack takes for
 * such telephones. Contacts of channel crm must be opened. */
bool router_ways_is_feature_phone(struct router_contact *const *contacts, size_t count);

/* The contact that an answer goes to when nobody chose another: the one on the channel that the
 * market's pack names for such cases, where the customer has it, can be reached there and didn't
 * refuse it; else the ticket's own. A marketplace's buyer, and who asks something simple in a live
 * session, are answered where they wrote. */
struct router_contact *router_ways_reply(const struct router_rules *rules,
                                         const struct router_ticket *ticket,
                                         struct router_contact *const *contacts, size_t count);

#endif
