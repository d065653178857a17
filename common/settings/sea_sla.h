/* sea_sla.h: sla.yaml: policies that override the targets of market packs, perhaps from a date on.
 * Pure; immutable and owned by the settings it came from. */
#ifndef SEA_SLA_H
#define SEA_SLA_H

#include "sea_base.h"
#include "sea_market.h"

struct sea_sla_policy {
    const char *id;
    const struct sea_market *market; /* and all that inherit from it; NULL: any */
    uint32_t channel_classes;        /* bits by enum sea_channel_class */
    enum sea_clock clock;
    struct sea_target target;
    bool is_enabled;
    int64_t from_ms, until_ms; /* [from, until); INT64_MIN and INT64_MAX without bounds */
};

struct sea_sla {
    const struct sea_sla_policy *policies; /* the first that matches counts */
    uint32_t policy_count;
};

/* The target of a clock that starts at `at_ms`: a policy's, else the pack's (then *ret_policy is
 * the pack's code). A limit of 0: there is no such clock. */
struct sea_target sea_sla_target(const struct sea_sla *sla, const struct sea_market *market,
                                 enum sea_channel_class channel, enum sea_clock clock,
                                 int64_t at_ms, const char **ret_policy);

#endif
