/* purge_metrics.c: retention-purger's own metrics. */
#include "purge_metrics.h"

#define SEA_METRIC(name, ...) struct sea_metric purge_m_##name = SEA_METRIC_ROW(name, __VA_ARGS__);
#include "purge_metrics.def"
#undef SEA_METRIC

#define SEA_METRIC(name, ...) &purge_m_##name,
struct sea_metric *const purge_metrics[] = {
#include "purge_metrics.def"
    NULL};
