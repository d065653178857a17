/* sea_metrics_common.h: the metrics that several services have, as variables sea_m_…; see
 * sea_metrics_common.def. */
#ifndef SEA_METRICS_COMMON_H
#define SEA_METRICS_COMMON_H

#include "sea_metrics.h"

#define SEA_METRIC(name, ...) extern struct sea_metric sea_m_##name;
#include "sea_metrics_common.def"
#undef SEA_METRIC
extern struct sea_metric *const sea_metrics_common[];

#endif
