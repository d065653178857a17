/* sea_typing.c: one PUBLISH per telling, and a table of times that bounds them. */
#include "sea_typing.h"

#include "sea_id.h"
#include "sea_metrics_common.h"

bool sea_typing_take(struct sea_typing *typing, uint16_t who, int64_t mono_ms)
{
    int64_t *next_ms = &typing->next_ms[who % SEA_TYPING_PLACES];
    if (mono_ms < *next_ms) return false;
    *next_ms = mono_ms + SEA_TYPING_EVERY_MS;
    return true;
}

void sea_typing_tell(struct sea_redis *redis, const char *channel, struct sea_key contact)
{
    char key[SEA_KEY_TEXT];
    sea_key_print(contact, key);
    const struct sea_str words[] = {SEA_STR("PUBLISH"), sea_str(channel), sea_str(key)};
    enum sea_err err =
        redis ? sea_redis_send(redis, words, SEA_COUNT(words), NULL, NULL) : SEA_ERR_RETRY;
    sea_metric_inc(&sea_m_typing_total, err ? "away" : "told");
}
