/* notify_metrics.h: notifier's own metrics, as variables sea_m_…; see notify_metrics.def. */
#ifndef NOTIFY_METRICS_H
#define NOTIFY_METRICS_H

#include "sea_metrics.h"

#define SEA_METRIC(name, ...) extern struct sea_metric sea_m_##name;
#include "notify_metrics.def"
#undef SEA_METRIC
extern struct sea_metric *const notify_metrics[];

#endif
