/* sea_redis_url.h: redis://[user[:password]@]host[:port][/database] taken apart; used by sea_redis
 * alone. */
#ifndef SEA_REDIS_URL_H
#define SEA_REDIS_URL_H

#include "sea_base.h"

struct sea_redis_url {
    char host[256], user[128], password[512]; /* "" where absent */
    int port, database;
};

/* False, and *ret untouched, when malformed. User and password may hold %XX. */
SEA_MUST_CHECK bool sea_redis_url_parse(struct sea_str text, struct sea_redis_url *ret);

#endif
