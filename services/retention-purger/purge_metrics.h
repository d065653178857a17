/* purge_metrics.h: retention-purger's own metrics, as variables purge_m_…; see purge_metrics.def.
 */
#ifndef PURGE_METRICS_H
#define PURGE_METRICS_H

#include "sea_metrics.h"

#define SEA_METRIC(name, ...) extern struct sea_metric purge_m_##name;
#include "purge_metrics.def"
#undef SEA_METRIC
extern struct sea_metric *const purge_metrics[];

#endif
