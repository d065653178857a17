/* notify_purse.h: the budgets of all accounts, filled from the buckets in Redis that all instances
 * share (sd:rate:CHANNEL:ACCOUNT). */
#ifndef NOTIFY_PURSE_H
#define NOTIFY_PURSE_H

#include "notify_budget.h"
#include "sea_channels.h"
#include "sea_redis.h"

enum { NOTIFY_PURSES_MAX = 256, NOTIFY_PURSE_KEY = 160 };

struct notify_purse {
    struct notify_budget budget;
    char key[NOTIFY_PURSE_KEY];
    struct sea_str channel, account; /* within `key` */
};

struct notify_purses {
    struct sea_redis *redis;
    struct notify_purse items[NOTIFY_PURSES_MAX];
    size_t count;
};

/* The budget of an account, made when there is none; NULL: more accounts than there is room for. */
struct notify_budget *notify_purse_of(struct notify_purses *purses,
                                      const struct sea_account *account);

/* Asks Redis for what is needed; about every 100 ms. */
void notify_purse_refill(struct notify_purses *purses, int64_t mono_ms);

#endif
