/* xlate_breaker.h: stops asking an engine that fails, and asks once in a while whether it is back.
 * Pure; times are of any clock that never goes back. */
#ifndef XLATE_BREAKER_H
#define XLATE_BREAKER_H

#include "sea_base.h"

enum { XLATE_BREAKER_FAILURES = 5, XLATE_BREAKER_OPEN_MS = 10 * 1000 };

struct xlate_breaker { /* starts zeroed: closed */
    uint32_t failures; /* in a row */
    int64_t open_until_ms;
    bool is_probing; /* one call is out to see whether the engine is back */
};

/* Whether a call may go out now; a true answer for an open breaker is the probe, whose outcome must
 * be told. */
bool xlate_breaker_may_call(struct xlate_breaker *breaker, int64_t now_ms);
void xlate_breaker_succeeded(struct xlate_breaker *breaker);
void xlate_breaker_failed(struct xlate_breaker *breaker, int64_t now_ms);
bool xlate_breaker_is_open(const struct xlate_breaker *breaker);

#endif
