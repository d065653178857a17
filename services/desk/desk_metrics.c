/* desk_metrics.c: desk's own metrics. */
#include "desk_metrics.h"

#define SEA_METRIC(name, ...) struct sea_metric sea_m_##name = SEA_METRIC_ROW(name, __VA_ARGS__);
#include "desk_metrics.def"
#undef SEA_METRIC

#define SEA_METRIC(name, ...) &sea_m_##name,
struct sea_metric *const desk_metrics[] = {
#include "desk_metrics.def"
    NULL};
