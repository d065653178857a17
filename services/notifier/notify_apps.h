/* notify_apps.h: answers in chat apps: LINE (Messaging API, "Send push message", "Retry failed API
 * requests"), Messenger and Instagram (Messenger Platform, "Send API", "Error codes"), Telegram
 * (Bot API, "sendMessage"), Slack (Web API, "chat.postMessage"). */
#ifndef NOTIFY_APPS_H
#define NOTIFY_APPS_H

#include "notify_provider.h"

/* As notify_provider_call; also no_address: what should name a chat doesn't. */
const char *notify_line_call(const struct notify_letter *letter, const char *attempt,
                             struct notify_call *ret);
const char *notify_messenger_call(const struct notify_letter *letter, const char *attempt,
                                  struct notify_call *ret);
const char *notify_telegram_call(const struct notify_letter *letter, const char *attempt,
                                 struct notify_call *ret);
const char *notify_slack_call(const struct notify_letter *letter, const char *attempt,
                              struct notify_call *ret);

/* The id of what a 2xx answer says it made; NULL: it says none. */
yyjson_val *notify_line_id(yyjson_val *root);
yyjson_val *notify_messenger_id(yyjson_val *root);
yyjson_val *notify_telegram_id(yyjson_val *root);
yyjson_val *notify_slack_id(yyjson_val *root);

/* What any other answer says beyond its status. */
void notify_line_refused(yyjson_val *root, const struct notify_response *response, uint32_t tries,
                         struct notify_answer *answer);
void notify_messenger_refused(yyjson_val *root, const struct notify_response *response,
                              uint32_t tries, struct notify_answer *answer);
void notify_telegram_refused(yyjson_val *root, const struct notify_response *response,
                             uint32_t tries, struct notify_answer *answer);
void notify_slack_refused(yyjson_val *root, const struct notify_response *response, uint32_t tries,
                          struct notify_answer *answer);

#endif
