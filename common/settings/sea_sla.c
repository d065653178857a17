/* sea_sla.c: finds the target of a clock. */
#include "sea_sla.h"

struct sea_target sea_sla_target(const struct sea_sla *sla, const struct sea_market *market,
                                 enum sea_channel_class channel, enum sea_clock clock,
                                 int64_t at_ms, const char **ret_policy)
{
    sea_assert((uint32_t)channel < SEA_CHANNEL_CLASS_COUNT && (uint32_t)clock < SEA_CLOCK_COUNT);
    for (uint32_t i = 0; i < sla->policy_count; i++) {
        const struct sea_sla_policy *policy = &sla->policies[i];
        if (!policy->is_enabled || policy->clock != clock) continue;
        if (!(policy->channel_classes & 1u << channel)) continue;
        if (policy->market && !sea_market_is_in(market, policy->market)) continue;
        if (at_ms < policy->from_ms || at_ms >= policy->until_ms) continue;
        *ret_policy = policy->id;
        return policy->target;
    }
    *ret_policy = market->code;
    return market->targets[channel][clock];
}
