/* order_metrics.h: order-tracker's own metrics, as variables sea_m_…; see order_metrics.def. */
#ifndef ORDER_METRICS_H
#define ORDER_METRICS_H

#include "sea_metrics.h"

#define SEA_METRIC(name, ...) extern struct sea_metric sea_m_##name;
#include "order_metrics.def"
#undef SEA_METRIC
extern struct sea_metric *const order_metrics[];

#endif
