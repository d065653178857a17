/* media_metrics.c: media-fetcher's own metrics. */
#include "media_metrics.h"

#define SEA_METRIC(name, ...) struct sea_metric sea_m_##name = SEA_METRIC_ROW(name, __VA_ARGS__);
#include "media_metrics.def"
#undef SEA_METRIC

#define SEA_METRIC(name, ...) &sea_m_##name,
struct sea_metric *const media_metrics[] = {
#include "media_metrics.def"
    NULL};
