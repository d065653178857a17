/* notify_budget.h: how much a provider lets an account send: tokens granted by the bucket that all
 * instances share in Redis, spent here. While Redis is away an instance grants itself a tenth.
 * Pure. */
#ifndef NOTIFY_BUDGET_H
#define NOTIFY_BUDGET_H

#include "sea_base.h"

enum { NOTIFY_BUDGET_AHEAD_MS = 250, NOTIFY_BUDGET_ALONE_PART = 10 };

struct notify_budget {
    uint32_t rate_per_s;
    int64_t granted_milli;  /* thousandths of a send */
    int64_t alone_since_ms; /* last self-grant; 0: Redis answers */
    bool is_asked;          /* an answer of Redis is on its way */
    bool is_queued;         /* some wait for it already: new ones go behind them */
};

/* A tenth of a second's worth to begin with, at least one send. */
void notify_budget_init(struct notify_budget *budget, uint32_t rate_per_s);

/* Whole sends at hand. */
uint32_t notify_budget_room(const struct notify_budget *budget);
/* Spends one send for somebody who comes just now or has waited, or says no and changes nothing. */
bool notify_budget_reserve(struct notify_budget *budget, bool is_new);
/* What was reserved costs `sends`: 0 gives it back, more than one may leave a debt. */
void notify_budget_settle(struct notify_budget *budget, uint32_t sends);

/* How many sends to ask Redis for now; 0: enough at hand, or an answer is awaited. Marks it asked.
 */
uint32_t notify_budget_wants(struct notify_budget *budget);
void notify_budget_granted(struct notify_budget *budget, uint32_t sends);
/* Redis didn't answer. */
void notify_budget_alone(struct notify_budget *budget, int64_t now_ms);

#endif
