/* sea_metrics_common.c: the metrics that several services have. */
#include "sea_metrics_common.h"

#define SEA_METRIC(name, ...) struct sea_metric sea_m_##name = SEA_METRIC_ROW(name, __VA_ARGS__);
#include "sea_metrics_common.def"
#undef SEA_METRIC

#define SEA_METRIC(name, ...) &sea_m_##name,
struct sea_metric *const sea_metrics_common[] = {
#include "sea_metrics_common.def"
    NULL};
