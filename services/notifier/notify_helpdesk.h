/* notify_helpdesk.h: answers into the tickets of help desks: Zendesk (Tickets API, "Update
 * ticket"), Freshdesk (API v2, "Create a reply"), Intercom (API, "Reply to a conversation"). The
 * contact is the ticket or conversation; the account's sender is the agent there who answers. */
#ifndef NOTIFY_HELPDESK_H
#define NOTIFY_HELPDESK_H

#include <yyjson.h>

#include "notify_provider.h"

/* As notify_provider_call; also no_address: what should name a ticket doesn't. */
const char *notify_helpdesk_call(const struct notify_letter *letter, const char *attempt,
                                 struct notify_call *ret);

/* The id of what a 2xx answer says it made; NULL: it says none. */
yyjson_val *notify_zendesk_id(yyjson_val *root);
yyjson_val *notify_freshdesk_id(yyjson_val *root);
yyjson_val *notify_intercom_id(yyjson_val *root);

#endif
