/* xlate_metrics.c: translator-gateway's own metrics. */
#include "xlate_metrics.h"

#define SEA_METRIC(name, ...) struct sea_metric sea_m_##name = SEA_METRIC_ROW(name, __VA_ARGS__);
#include "xlate_metrics.def"
#undef SEA_METRIC

#define SEA_METRIC(name, ...) &sea_m_##name,
struct sea_metric *const xlate_metrics[] = {
#include "xlate_metrics.def"
    NULL};

void xlate_count(const struct xlate_item *item, enum xlate_state state, const char *rule)
{
    static const char *const outcomes[] = {
        [XLATE_AS_WRITTEN] = "as_written", [XLATE_RENDERED] = "rendered",
        [XLATE_TRANSLATED] = "translated", [XLATE_UNTRANSLATED] = "untranslated",
        [XLATE_BLOCKED] = "blocked",       [XLATE_AGAIN] = "again",
        [XLATE_FAILED] = "failed",         [XLATE_DROPPED] = "dropped"};
    sea_assert(state != XLATE_WAITING);
    sea_metric_inc(&sea_m_translator_work_total, item->kind == XLATE_DRAFT ? "draft" : "foreign",
                   outcomes[state]);
    if (state == XLATE_BLOCKED)
        sea_metric_inc(&sea_m_translator_blocked_total, rule, item->draft->market);
}
