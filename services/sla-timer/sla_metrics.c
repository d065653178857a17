/* sla_metrics.c: sla-timer's own metrics. */
#include "sla_metrics.h"

#define SEA_METRIC(name, ...) struct sea_metric sea_m_##name = SEA_METRIC_ROW(name, __VA_ARGS__);
#include "sla_metrics.def"
#undef SEA_METRIC

#define SEA_METRIC(name, ...) &sea_m_##name,
struct sea_metric *const sla_metrics[] = {
#include "sla_metrics.def"
    NULL};
