/* router_metrics.c: router's own metrics. */
#include "router_metrics.h"

#define SEA_METRIC(name, ...) struct sea_metric sea_m_##name = SEA_METRIC_ROW(name, __VA_ARGS__);
#include "router_metrics.def"
#undef SEA_METRIC

#define SEA_METRIC(name, ...) &sea_m_##name,
struct sea_metric *const router_metrics[] = {
#include "router_metrics.def"
    NULL};
