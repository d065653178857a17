/* purge_core.c: what is done next for a request to forget somebody. */
#include "purge_core.h"

#include <string.h>

const char *const purge_services[] = {
    "desk",   "media-fetcher", "notifier",          "order-tracker",
    "router", "sla-timer",     "translator-gateway"};
const size_t purge_services_count = SEA_COUNT(purge_services);

bool purge_is_service(struct sea_str name)
{
    for (size_t i = 0; i < purge_services_count; i++)
        if (sea_str_is(name, purge_services[i])) return true;
    return false;
}

bool purge_is_name(struct sea_str name)
{
    if (name.len == 0 || name.len > 64) return false;
    for (size_t i = 0; i < name.len; i++)
        if (!name.ptr[i] || !strchr("abcdefghijklmnopqrstuvwxyz0123456789_.:*-", name.ptr[i]))
            return false;
    return true;
}

enum purge_step purge_next(const struct purge_request *request, const struct purge_rules *rules,
                           int64_t now_ms, int64_t real_ms)
{
    switch (request->state) {
    case PURGE_VERIFIED:
        if (request->is_held) return PURGE_HOLD;
        if (request->contact_count == 0) return PURGE_FINISH;
        return now_ms >= request->verified_at_ms + rules->grace_ms ? PURGE_MARK : PURGE_WAIT;
    case PURGE_HELD:
        return request->is_held ? PURGE_WAIT : PURGE_GO_ON;
    case PURGE_MARKED:
        return PURGE_DESTROY;
    case PURGE_RUNNING:
        if (!request->is_answered) return PURGE_WAIT;
        return real_ms >= request->destroyed_at_ms + rules->wait_ms ? PURGE_FINISH : PURGE_WAIT;
    case PURGE_RECEIVED:
    case PURGE_DONE:
        return PURGE_WAIT;
    }
    return PURGE_WAIT;
}

int32_t purge_days_before(int64_t real_ms, int32_t days)
{
    return (int32_t)(real_ms / PURGE_DAY_MS) - days;
}

bool purge_has_passed(const struct purge_progress *progress)
{
    int64_t end = progress->day_ends < 0 ? progress->high : progress->day_ends;
    return progress->position >= end || progress->low >= end;
}
