/* notify_metrics.c: notifier's own metrics. */
#include "notify_metrics.h"

#define SEA_METRIC(name, ...) struct sea_metric sea_m_##name = SEA_METRIC_ROW(name, __VA_ARGS__);
#include "notify_metrics.def"
#undef SEA_METRIC

#define SEA_METRIC(name, ...) &sea_m_##name,
struct sea_metric *const notify_metrics[] = {
#include "notify_metrics.def"
    NULL};
