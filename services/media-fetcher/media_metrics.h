/* media_metrics.h: media-fetcher's own metrics, as variables sea_m_…; see media_metrics.def. */
#ifndef MEDIA_METRICS_H
#define MEDIA_METRICS_H

#include "sea_metrics.h"

#define SEA_METRIC(name, ...) extern struct sea_metric sea_m_##name;
#include "media_metrics.def"
#undef SEA_METRIC
extern struct sea_metric *const media_metrics[];

#endif
