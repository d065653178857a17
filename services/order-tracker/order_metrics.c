/* order_metrics.c: order-tracker's own metrics. */
#include "order_metrics.h"

#define SEA_METRIC(name, ...) struct sea_metric sea_m_##name = SEA_METRIC_ROW(name, __VA_ARGS__);
#include "order_metrics.def"
#undef SEA_METRIC

#define SEA_METRIC(name, ...) &sea_m_##name,
struct sea_metric *const order_metrics[] = {
#include "order_metrics.def"
    NULL};
