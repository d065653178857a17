/* notify_chat.h: the streams of web-chat visitors (server-sent events), and the rows they are read
 * from.
 *
 * Acceptance is a row of notifier.chat. Any instance serves any visitor: it hears of new rows on
 * seadesk.deliveries, reads them and writes them to the visitor's streams; what was written is told
 * as a receipt on seadesk.receipts, which the owner of the contact takes like a provider's. That an
 * agent types is heard of by Redis and written to who listens now. */
#ifndef NOTIFY_CHAT_H
#define NOTIFY_CHAT_H

#include "notify_model.h"
#include "notify_store.h"

struct notify;
struct notify_chat;

enum {
    NOTIFY_CHAT_TABS_MAX = 8,    /* streams of one visitor on one instance */
    NOTIFY_CHAT_REPLAY_MAX = 50, /* newest messages that a visitor without a place is shown */
    NOTIFY_CHAT_KEEP_DAYS = 7,   /* how long they can be read again */
};

/* Serves at SEADESK_LISTEN; registers its readiness with the app. */
SEA_MUST_CHECK enum sea_err notify_chat_open(struct notify_chat **ret, struct notify *service);
void notify_chat_close(struct notify_chat **chat);

/* About every 100 ms: writes what is new, heartbeats, ends what is over. */
void notify_chat_tick(struct notify_chat *chat);

#endif
