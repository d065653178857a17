/* notify_helpdesk.h: answers into the tickets of help desks: Zendesk (Tickets API, "Update
 * ticket"), Freshdesk (API v2, "Create a reply"), Intercom (API, "Reply to a conversation"). The
 * contact is the ticket or conversation; the account's sender is the agent there who answers. */
#ifndef NOTIFY_HELPDESK_H
#define NOTIFY_HELPDESK_H

#include <yyjson.h>

#include "notify_provider.h"

/* Whether this adapter's letters are written here. */
bool notify_is_helpdesk(enum sea_adapter adapter);

/* As notify_provider_call; also no_address: what should name a ticket doesn't. */
const char *notify_helpdesk_call(const struct notify_letter *letter, struct notify_call *ret);

/* The id of what a 2xx answer says it made, as text; false: it says none. */
bool notify_helpdesk_id(enum sea_adapter adapter, yyjson_val *root, char ret[], size_t cap);

#endif
