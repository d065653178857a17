/* sla_watch.c: decides what may fire. */
#include "sla_watch.h"

void sla_watch_start(struct sla_watch *watch, int64_t wall_ms)
{
    *watch = (struct sla_watch){.since_ms = wall_ms};
}

int64_t sla_watch_ask(struct sla_watch *watch, int64_t next_ms, int64_t now_ms, int64_t wall_ms)
{
    if (!next_ms || next_ms > now_ms) {
        watch->asked_now_ms = watch->asked_wall_ms = 0;
        return 0;
    }
    if (!watch->asked_wall_ms) {
        watch->asked_now_ms = now_ms;
        watch->asked_wall_ms = wall_ms;
    }
    return watch->asked_wall_ms;
}

bool sla_watch_answer(struct sla_watch *watch, bool is_reached, int64_t next_ms, int64_t now_ms,
                      int64_t wall_ms, int64_t *ret_upto_ms, int64_t *ret_sure_ms)
{
    int64_t sure_ms = 0, upto_ms = 0;
    sea_assert(watch->asked_wall_ms);
    if (is_reached) {
        upto_ms = sure_ms = watch->asked_now_ms;
        watch->asked_now_ms = watch->asked_wall_ms = 0;
    }
    if (wall_ms - watch->since_ms >= SLA_GRACE_MS && now_ms - SLA_GRACE_MS > upto_ms)
        upto_ms = now_ms - SLA_GRACE_MS;
    if (!next_ms || next_ms > upto_ms) return false;
    *ret_upto_ms = upto_ms;
    *ret_sure_ms = sure_ms;
    return true;
}
