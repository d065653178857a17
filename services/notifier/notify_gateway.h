/* notify_gateway.h: answers through the company's own gateway: anybody who takes a signed post can
 * carry a channel's messages. Source: Standard Webhooks 1.0. */
#ifndef NOTIFY_GATEWAY_H
#define NOTIFY_GATEWAY_H

#include "notify_provider.h"

/* POST to the account's base: {"type":"message.send","timestamp","data":{"id","channel","account",
 * "to","text"}}, signed with every live secret. The id, in webhook-id too, is that of the message:
 * one that comes twice is one. As notify_provider_call. */
const char *notify_gateway_call(const struct notify_letter *letter, const char *attempt,
                                struct notify_call *ret);

/* What the gateway calls the message: {"id":…}. */
yyjson_val *notify_gateway_id(yyjson_val *root);

#endif
