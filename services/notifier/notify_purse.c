/* notify_purse.c: one small script per account that is sending. */
#include "notify_purse.h"

#include <stdio.h>
#include <string.h>

#include "sea_clock.h"

/* A bucket holds at most a second's worth, and begins with a tenth of it. */
static struct sea_redis_script TAKE = {
    .name = "notify_take",
    .source = "local t = redis.call('TIME')\n"
              "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
              "local rate, want = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
              "local b = redis.call('HMGET', KEYS[1], 'tokens', 'at')\n"
              "local tokens, at = tonumber(b[1]) or rate / 10, tonumber(b[2]) or now\n"
              "tokens = math.min(rate, tokens + (now - at) * rate / 1000)\n"
              "local given = math.min(want, math.floor(tokens))\n"
              "redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - given), 'at', now)\n"
              "redis.call('PEXPIRE', KEYS[1], 60000)\n"
              "return given\n",
};

struct notify_budget *notify_purse_of(struct notify_purses *purses,
                                      const struct sea_account *account)
{
    char key[NOTIFY_PURSE_KEY];
    snprintf(key, sizeof(key), "sd:rate:%s:%s", account->channel->name, account->name);
    struct notify_purse *purse = NULL;
    for (size_t i = 0; i < purses->count && purse == NULL; i++)
        if (strcmp(purses->items[i].key, key) == 0) purse = &purses->items[i];
    if (purse == NULL) {
        if (purses->count == NOTIFY_PURSES_MAX) return NULL;
        purse = &purses->items[purses->count++];
        memcpy(purse->key, key, sizeof(key));
        size_t channel = strlen("sd:rate:"), len = strlen(account->channel->name);
        purse->channel = (struct sea_str){purse->key + channel, len};
        purse->account = sea_str(purse->key + channel + len + 1);
        notify_budget_init(&purse->budget, account->rate_per_s);
    }
    purse->budget.rate_per_s = account->rate_per_s > 0 ? account->rate_per_s : 1;
    return &purse->budget;
}

static void on_answer(void *arg, enum sea_err err, const redisReply *reply)
{
    struct notify_budget *budget = arg;
    if (err)
        notify_budget_alone(budget, sea_clock_mono_ms());
    else
        notify_budget_granted(budget, (uint32_t)sea_redis_i64(reply));
}

void notify_purse_refill(struct notify_purses *purses, int64_t mono_ms)
{
    for (size_t i = 0; i < purses->count; i++) {
        struct notify_purse *purse = &purses->items[i];
        uint32_t wants = notify_budget_wants(&purse->budget);
        char rate[12], want[12];
        if (wants == 0) continue;
        snprintf(rate, sizeof(rate), "%u", purse->budget.rate_per_s);
        snprintf(want, sizeof(want), "%u", wants);
        const struct sea_str words[] = {sea_str(purse->key), sea_str(rate), sea_str(want)};
        enum sea_err err = sea_redis_run(purses->redis, &TAKE, words, 1, SEA_COUNT(words),
                                         on_answer, &purse->budget);
        if (err) notify_budget_alone(&purse->budget, mono_ms);
    }
}
