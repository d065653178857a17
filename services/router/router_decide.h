/* router_decide.h: hands every item of a complete batch to its core, in order. */
#ifndef ROUTER_DECIDE_H
#define ROUTER_DECIDE_H

#include "router_batch.h"

/* Erasures, which no core decides, are carried out at once. */
SEA_MUST_CHECK enum sea_err router_decide(struct router_batch *batch);

/* A waiting notice's event back in its fields. False: it can't be read. */
bool router_decide_fill(struct router_batch *batch, struct router_notice *notice);
/* Decides notices that waited. */
void router_decide_notice(struct router_batch *batch, struct router_notice *notice);

#endif
