/* media_provider.h: how each provider hands files out. No I/O. Sources: WhatsApp Cloud API
 * ("Retrieve Media URL", "Download Media"), LINE Messaging API ("Get content"), Telegram Bot API
 * (getFile), Twilio ("Media resource"), Slack ("Retrieving files"), Mailgun ("Storing and
 * retrieving messages"). */
#ifndef MEDIA_PROVIDER_H
#define MEDIA_PROVIDER_H

#include "media_url.h"
#include "sea_channels.h"

struct media_call {
    struct sea_buf url;           /* of Telegram with a secret inside: never logged */
    struct sea_buf authorization; /* a header line, a secret; empty: none */
    bool is_lookup;               /* its answer is JSON that says where the bytes are */
    bool has_token; /* it carries the account's credentials, in the header or, of Telegram, the URL
                     */
    bool is_ours;   /* its address is made of an id, or the answer to a lookup: not the sender's */
};
#define MEDIA_CALL                                                                                 \
    {                                                                                              \
        .url = SEA_BUF(MEDIA_URL_MAX_BYTES), .authorization = SEA_BUF(4096)                        \
    }
void media_call_free(struct media_call *call); /* overwrites the secrets first */

/* The first call for an attachment, still without credentials. NULL on success, otherwise why
 * there is none: no_address (nothing to fetch it by), no_token (the account isn't configured for
 * it). `account` may be NULL. */
const char *media_provider_first(const struct sea_account *account, struct sea_str url,
                                 struct sea_str media_id, struct media_call *ret);

/* The next call, from the answer to a lookup. False: it doesn't say. */
SEA_MUST_CHECK bool media_provider_found(const struct sea_account *account, struct sea_str json,
                                         struct media_call *ret);

/* Says whether the call carries credentials, and adds the account's when its provider wants them
 * and `url` is the provider's own: configured as such, or a host of its name. Providers that hand
 * files out by id (WhatsApp, LINE) see them in calls of ours alone. */
void media_provider_authorize(const struct sea_account *account, const struct media_url *url,
                              struct media_call *call);

#endif
