/* router_notice.h: what order-tracker tells: the state of orders, and the notices that customers
 * must get, each once. Pure. */
#ifndef ROUTER_NOTICE_H
#define ROUTER_NOTICE_H

#include "router_plan.h"

/* A state of an order's timeline; false when a newer version is known. One change of the timeline
 * may say several things under one version. */
bool router_notice_milestone(struct router_order *order, uint32_t milestone, int64_t at_ms,
                             uint64_t version);
struct router_trouble {
    uint32_t exception;
    struct sea_str reason;
    int64_t since_ms, expected_at_ms, closed_at_ms;
};
bool router_notice_exception(struct router_order *order, const struct router_trouble *trouble,
                             uint64_t version);

/* Whom a notice is for. */
struct router_addressee {
    const struct router_contact *crm;       /* the profile; NULL: not known yet */
    struct router_contact *const *contacts; /* of the same customer */
    uint32_t contact_count;
};
/* Decides a notice that is new or waits for its customer: drafts it, lets it wait, or gives it up.
 * `earlier` are the other notices of the order; those of the same collapse key that aren't
 * delivered yet are taken back. */
void router_notice_decide(struct router_plan *plan, struct router_notice *notice,
                          const struct router_addressee *to, struct router_notice *const *earlier,
                          uint32_t earlier_count);

/* The template for what a notice is about: the one with a tracking number where there is one. */
const char *router_notice_template(const struct router_plan *plan,
                                   const struct router_notice *notice);

#endif
