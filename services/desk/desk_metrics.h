/* desk_metrics.h: desk's own metrics, as variables sea_m_…; see desk_metrics.def. */
#ifndef DESK_METRICS_H
#define DESK_METRICS_H

#include "sea_metrics.h"

#define SEA_METRIC(name, ...) extern struct sea_metric sea_m_##name;
#include "desk_metrics.def"
#undef SEA_METRIC
extern struct sea_metric *const desk_metrics[];

#endif
