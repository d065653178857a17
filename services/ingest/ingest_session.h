/* ingest_session.h: what an adapter keeps between two requests of one caller (a menu's step), in
 * Redis as sd:talk:KEY. Best effort: Redis away means "nothing was kept". */
#ifndef INGEST_SESSION_H
#define INGEST_SESSION_H

#include "sea_redis.h"

/* Asks; `answered` is called exactly once, possibly at once, with what was kept or the empty text.
 */
void ingest_session_ask(struct sea_redis *redis, struct sea_key key,
                        void (*answered)(void *ctx, struct sea_str kept), void *ctx);
/* Keeps `text` for `keep_ms`; 0: forgets what was kept. */
void ingest_session_keep(struct sea_redis *redis, struct sea_key key, struct sea_str text,
                         int64_t keep_ms);

#endif
