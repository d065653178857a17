/* router_metrics.h: router's own metrics, as variables sea_m_…; see router_metrics.def. */
#ifndef ROUTER_METRICS_H
#define ROUTER_METRICS_H

#include "sea_metrics.h"

#define SEA_METRIC(name, ...) extern struct sea_metric sea_m_##name;
#include "router_metrics.def"
#undef SEA_METRIC
extern struct sea_metric *const router_metrics[];

#endif
