/* sla_metrics.h: sla-timer's own metrics, as variables sea_m_…; see sla_metrics.def. */
#ifndef SLA_METRICS_H
#define SLA_METRICS_H

#include "sea_metrics.h"

#define SEA_METRIC(name, ...) extern struct sea_metric sea_m_##name;
#include "sla_metrics.def"
#undef SEA_METRIC
extern struct sea_metric *const sla_metrics[];

#endif
