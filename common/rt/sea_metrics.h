/* sea_metrics.h: counters, gauges and histograms, each declared once in a .def table, shown in
 * Prometheus' text format 0.0.4. Every operation is safe from any thread; counting takes no lock.
 *
 * A row: SEA_METRIC(name, kind, labels, buckets, help)
 *   name     without the prefix seadesk_; ends in its unit, counters in _total
 *   kind     COUNTER, GAUGE, HISTOGRAM
 *   labels   "" or up to three, with commas: "outcome=ok|failed" has these values, "topic:24" up to
 * 24 values as they come. What is beyond goes to the value "other". Never an id, never anything
 * about a person. buckets  NONE, or of a histogram SECONDS (5 ms … 10 s), LATENESS (1 s … 1 d),
 * COUNT (1 … 1000)
 *
 * A service declares its table <short>_metrics.def like sea_metrics_common.def, with a header and a
 * source like sea_metrics_common.h and .c. */
#ifndef SEA_METRICS_H
#define SEA_METRICS_H

#include "sea_base.h"
#include "sea_buf.h"

enum sea_metric_kind { SEA_METRIC_COUNTER, SEA_METRIC_GAUGE, SEA_METRIC_HISTOGRAM };

struct sea_buckets {
    const double *bounds; /* ascending upper bounds, without +Inf */
    size_t count;
};

struct sea_metric_state;

struct sea_metric {
    const char *name, *labels, *help;
    const struct sea_buckets *buckets;
    _Atomic(struct sea_metric_state *) state;
    enum sea_metric_kind kind;
};

extern const struct sea_buckets sea_buckets_seconds, sea_buckets_lateness, sea_buckets_count;
#define SEA_BUCKETS_NONE     NULL
#define SEA_BUCKETS_SECONDS  &sea_buckets_seconds
#define SEA_BUCKETS_LATENESS &sea_buckets_lateness
#define SEA_BUCKETS_COUNT    &sea_buckets_count

/* The initializer of a row's variable. */
#define SEA_METRIC_ROW(metric, metric_kind, metric_labels, metric_buckets, metric_help)            \
    {                                                                                              \
        .name = "seadesk_" #metric, .kind = SEA_METRIC_##metric_kind, .labels = (metric_labels),   \
        .buckets = SEA_BUCKETS_##metric_buckets, .help = (metric_help)                             \
    }

/* After the value come the values of the labels, in the table's order, as C strings: exactly as
 * many as declared. add counts a counter up, a gauge up or down; set is for gauges, and for
 * counters that are kept elsewhere; observe is for histograms; value is what a counter or gauge, or
 * a histogram's number of samples, is now. */
#define sea_metric_inc(metric, ...) sea_metric_add(metric, 1 __VA_OPT__(, ) __VA_ARGS__)
#define sea_metric_add(metric, n, ...)                                                             \
    sea_metric_count((metric), (double)(n), SEA_METRIC_LABELS(__VA_ARGS__))
#define sea_metric_set(metric, value, ...)                                                         \
    sea_metric_put((metric), (double)(value), SEA_METRIC_LABELS(__VA_ARGS__))
#define sea_metric_observe(metric, value, ...)                                                     \
    sea_metric_sample((metric), (double)(value), SEA_METRIC_LABELS(__VA_ARGS__))
#define sea_metric_value(metric, ...) sea_metric_get((metric), SEA_METRIC_LABELS(__VA_ARGS__))
#define SEA_METRIC_LABELS(...)        ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

void sea_metric_count(struct sea_metric *metric, double n, const char *const *labels);
void sea_metric_put(struct sea_metric *metric, double value, const char *const *labels);
void sea_metric_sample(struct sea_metric *metric, double value, const char *const *labels);
double sea_metric_get(struct sea_metric *metric, const char *const *labels);

/* Shows a table (NULL ends it, kept) in sea_metrics_render; the common one is always shown. At
 * most 8. */
void sea_metrics_show(struct sea_metric *const *table);
/* Calls `fn` before each rendering, to set gauges that are only known on looking. At most 16. */
void sea_metrics_collect(void (*fn)(void *arg), void *arg);
/* Content type of what is rendered. */
#define SEA_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
void sea_metrics_render(struct sea_buf *ret, const char *service);

#endif
