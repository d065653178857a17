/* ingest_metrics.h: ingest's own metrics, as variables sea_m_…; see ingest_metrics.def. */
#ifndef INGEST_METRICS_H
#define INGEST_METRICS_H

#include "sea_metrics.h"

#define SEA_METRIC(name, ...) extern struct sea_metric sea_m_##name;
#include "ingest_metrics.def"
#undef SEA_METRIC
extern struct sea_metric *const ingest_metrics[];

#endif
