/* ingest_metrics.c: ingest's own metrics. */
#include "ingest_metrics.h"

#define SEA_METRIC(name, ...) struct sea_metric sea_m_##name = SEA_METRIC_ROW(name, __VA_ARGS__);
#include "ingest_metrics.def"
#undef SEA_METRIC

#define SEA_METRIC(name, ...) &sea_m_##name,
struct sea_metric *const ingest_metrics[] = {
#include "ingest_metrics.def"
    NULL};
