/* sea_typing.h: that somebody is typing in a web chat, told from service to service on a channel of
 * Redis: the visitor's to every desk, the agent's to every notifier. Nothing of it is kept, and no
 * words are told. What is told is the contact's key; it holds for SEA_TYPING_SHOWN_MS. */
#ifndef SEA_TYPING_H
#define SEA_TYPING_H

#include "sea_redis.h"

enum {
    SEA_TYPING_EVERY_MS =
        2000, /* whoever types is told of at most so often; they say it every 3 s */
    SEA_TYPING_SHOWN_MS = 6000, /* how long it is shown unless it is told again */
    SEA_TYPING_PLACES = 4096,
};

#define SEA_TYPING_VISITOR "sd:typing:visitor"
#define SEA_TYPING_AGENT   "sd:typing:agent"

/* When whom was told of; zeroed at first. Some share a place: then one of them is told of less. */
struct sea_typing {
    int64_t next_ms[SEA_TYPING_PLACES];
};

/* Whether `who` (evenly spread: a key, a hash) may be told of at `mono_ms`, which is then noted.
 * Pure. */
SEA_MUST_CHECK bool sea_typing_take(struct sea_typing *typing, uint16_t who, int64_t mono_ms);

/* Tells the channel that there is typing in the contact's chat; counted. Best effort. */
void sea_typing_tell(struct sea_redis *redis, const char *channel, struct sea_key contact);

#endif
