/* notify_budget.c: a purse that is filled in small portions, never with more than what a quarter of
 * a second needs. */
#include "notify_budget.h"

enum { MILLI = 1000 };

static int64_t purse_milli(const struct notify_budget *budget)
{
    int64_t milli = (int64_t)budget->rate_per_s * NOTIFY_BUDGET_AHEAD_MS;
    return milli > MILLI ? milli : MILLI;
}

static void add(struct notify_budget *budget, int64_t milli)
{
    budget->granted_milli += milli;
    if (budget->granted_milli > purse_milli(budget)) budget->granted_milli = purse_milli(budget);
}

void notify_budget_init(struct notify_budget *budget, uint32_t rate_per_s)
{
    *budget = (struct notify_budget){.rate_per_s = rate_per_s > 0 ? rate_per_s : 1};
    budget->granted_milli = (int64_t)budget->rate_per_s * MILLI / NOTIFY_BUDGET_ALONE_PART;
    if (budget->granted_milli < MILLI) budget->granted_milli = MILLI;
    add(budget, 0);
}

uint32_t notify_budget_room(const struct notify_budget *budget)
{
    return budget->granted_milli > 0 ? (uint32_t)(budget->granted_milli / MILLI) : 0;
}

bool notify_budget_reserve(struct notify_budget *budget, bool is_new)
{
    if ((is_new && budget->is_queued) || notify_budget_room(budget) == 0) return false;
    budget->granted_milli -= MILLI;
    return true;
}

void notify_budget_settle(struct notify_budget *budget, uint32_t sends)
{
    add(budget, MILLI - (int64_t)sends * MILLI);
}

uint32_t notify_budget_wants(struct notify_budget *budget)
{
    int64_t missing = purse_milli(budget) - budget->granted_milli;
    if (budget->is_asked || missing < MILLI || missing * 2 < purse_milli(budget)) return 0;
    budget->is_asked = true;
    return (uint32_t)(missing / MILLI);
}

void notify_budget_granted(struct notify_budget *budget, uint32_t sends)
{
    budget->is_asked = false;
    budget->alone_since_ms = 0;
    add(budget, (int64_t)sends * MILLI);
}

void notify_budget_alone(struct notify_budget *budget, int64_t now_ms)
{
    budget->is_asked = false;
    if (budget->alone_since_ms > 0 && now_ms > budget->alone_since_ms)
        add(budget,
            (now_ms - budget->alone_since_ms) * budget->rate_per_s / NOTIFY_BUDGET_ALONE_PART);
    budget->alone_since_ms = now_ms;
}
