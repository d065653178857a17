/* xlate_breaker.c: closed while the engine answers, open after failures in a row, one probe at a
 * time after a pause. */
#include "xlate_breaker.h"

bool xlate_breaker_is_open(const struct xlate_breaker *breaker)
{
    return breaker->failures >= XLATE_BREAKER_FAILURES;
}

bool xlate_breaker_may_call(struct xlate_breaker *breaker, int64_t now_ms)
{
    if (!xlate_breaker_is_open(breaker)) return true;
    if (breaker->is_probing || now_ms < breaker->open_until_ms) return false;
    breaker->is_probing = true;
    return true;
}

void xlate_breaker_succeeded(struct xlate_breaker *breaker)
{
    *breaker = (struct xlate_breaker){0};
}

void xlate_breaker_failed(struct xlate_breaker *breaker, int64_t now_ms)
{
    if (breaker->failures < XLATE_BREAKER_FAILURES) breaker->failures++;
    breaker->open_until_ms = now_ms + XLATE_BREAKER_OPEN_MS;
    breaker->is_probing = false;
}
