/* xlate_metrics.h: translator-gateway's own metrics, as variables sea_m_…; see xlate_metrics.def.
 */
#ifndef XLATE_METRICS_H
#define XLATE_METRICS_H

#include "sea_metrics.h"
#include "xlate_item.h"

#define SEA_METRIC(name, ...) extern struct sea_metric sea_m_##name;
#include "xlate_metrics.def"
#undef SEA_METRIC
extern struct sea_metric *const xlate_metrics[];

void xlate_count(const struct xlate_item *item, enum xlate_state state, const char *rule);

#endif
