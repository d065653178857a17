/* sea_metrics.c: counting without locks, and Prometheus' text format. */
#include "sea_metrics.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "sea_metrics_common.h"
#include "sea_metrics_process.h"

enum {
    LABELS_MOST = 3,
    LABEL_VALUES_MOST = 64,
    LABEL_VALUE_BYTES = 64,
    SERIES_MOST = 8192,
    TABLES_MOST = 8,
    COLLECTORS_MOST = 16,
};

struct label {
    char name[32];
    bool is_open;      /* takes values as they come, up to `cap` */
    uint32_t cap;      /* values apart from "other", whose index this is */
    atomic_uint count; /* values known so far */
    _Atomic(const char *) values[LABEL_VALUES_MOST];
};

/* A counter's and a gauge's series is one cell, the bits of a double; a histogram's a count per
 * bucket and for +Inf, and the bits of the sum. */
struct sea_metric_state {
    struct label labels[LABELS_MOST];
    size_t labels_count, series_count, series_cells;
    atomic_bool *is_used; /* per series: it has been touched, or is to be shown from the start */
    _Atomic uint64_t *cells;
};

static const double seconds[] = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                 0.5,   0.75, 1,     2.5,  5,     7.5, 10};
static const double lateness[] = {1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400};
static const double count[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
const struct sea_buckets sea_buckets_seconds = {seconds, SEA_COUNT(seconds)};
const struct sea_buckets sea_buckets_lateness = {lateness, SEA_COUNT(lateness)};
const struct sea_buckets sea_buckets_count = {count, SEA_COUNT(count)};

static pthread_mutex_t lock =
    PTHREAD_MUTEX_INITIALIZER; /* of what is made once: states and label values */
static struct sea_metric *const *tables[TABLES_MOST] = {sea_metrics_common};
static size_t tables_count = 1;
static struct {
    void (*fn)(void *arg);
    void *arg;
} collectors[COLLECTORS_MOST];
static size_t collectors_count;

/* Up to the first of `stops`, taken off *text together with the stop. */
static struct sea_str take_word(const char **text, const char *stops)
{
    struct sea_str word = {*text, strcspn(*text, stops)};
    *text += word.len;
    return word;
}

static void parse_label(const char **text, struct label *ret)
{
    struct sea_str name = take_word(text, "=:");
    sea_assert(name.len > 0 && name.len < sizeof ret->name);
    memcpy(ret->name, name.ptr, name.len);
    ret->is_open = **text == ':';
    (*text)++;
    if (ret->is_open) {
        uint64_t cap = 0;
        sea_assert(sea_str_u64(take_word(text, ","), &cap) && cap > 0 && cap <= LABEL_VALUES_MOST);
        ret->cap = (uint32_t)cap;
        return;
    }
    for (;;) {
        struct sea_str value = take_word(text, "|,");
        sea_assert(value.len > 0 && ret->cap < LABEL_VALUES_MOST);
        ret->values[ret->cap++] = sea_str_dup(value);
        if (**text != '|') break;
        (*text)++;
    }
    ret->count = ret->cap;
}

static struct sea_metric_state *make_state(const struct sea_metric *metric)
{
    struct sea_metric_state *state = sea_alloc(sizeof *state);
    bool is_open = false;
    state->series_count = 1;
    state->series_cells = metric->buckets != NULL ? metric->buckets->count + 2 : 1;
    sea_assert((metric->kind == SEA_METRIC_HISTOGRAM) == (metric->buckets != NULL));
    for (const char *text = metric->labels; *text != '\0';) {
        sea_assert(state->labels_count < LABELS_MOST);
        struct label *label = &state->labels[state->labels_count++];
        parse_label(&text, label);
        is_open = is_open || label->is_open;
        state->series_count *= label->cap + 1;
        if (*text == ',') text++;
    }
    sea_assert(state->series_count <= SERIES_MOST);
    state->is_used = sea_alloc(state->series_count * sizeof *state->is_used);
    state->cells = sea_alloc(state->series_count * state->series_cells * sizeof *state->cells);
    /* What has only declared values is shown at 0 from the start, so that its rate is right from
     * the first event. */
    for (size_t i = 0; i < state->series_count && !is_open; i++) {
        bool is_other = false;
        size_t rest = i;
        for (size_t l = state->labels_count; l-- > 0; rest /= state->labels[l].cap + 1) {
            is_other = is_other || rest % (state->labels[l].cap + 1) == state->labels[l].cap;
        }
        state->is_used[i] = !is_other;
    }
    return state;
}

static struct sea_metric_state *state_of(struct sea_metric *metric)
{
    struct sea_metric_state *state = atomic_load_explicit(&metric->state, memory_order_acquire);
    if (state != NULL) return state;
    pthread_mutex_lock(&lock);
    state = atomic_load(&metric->state);
    if (state == NULL) {
        state = make_state(metric);
        atomic_store_explicit(&metric->state, state, memory_order_release);
    }
    pthread_mutex_unlock(&lock);
    return state;
}

/* Where every value goes that has no place of its own. */
static const char other[] = "other";

static uint32_t find_value(struct label *label, const char *value)
{
    uint32_t known = atomic_load_explicit(&label->count, memory_order_acquire);
    for (uint32_t i = 0; i < known; i++) {
        if (strcmp(label->values[i], value) == 0) return i;
    }
    return UINT32_MAX;
}

static uint32_t index_of(struct label *label, const char *value)
{
    uint32_t found = find_value(label, value);
    if (found != UINT32_MAX) return found;
    bool is_new = label->is_open && label->count < label->cap &&
                  strlen(value) <= LABEL_VALUE_BYTES && strcmp(value, other) != 0;
    if (!is_new) return label->cap;
    pthread_mutex_lock(&lock);
    found = find_value(label, value);
    if (found == UINT32_MAX) {
        found = label->count;
        if (found < label->cap) {
            label->values[found] = sea_strdup(value);
            atomic_store_explicit(&label->count, found + 1, memory_order_release);
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static _Atomic uint64_t *cells_of(struct sea_metric *metric, const char *const *labels)
{
    struct sea_metric_state *state = state_of(metric);
    size_t series = 0;
    for (size_t i = 0; i < state->labels_count; i++) {
        sea_assert(labels[i] != NULL);
        series = series * (state->labels[i].cap + 1) + index_of(&state->labels[i], labels[i]);
    }
    sea_assert(labels[state->labels_count] == NULL);
    atomic_store_explicit(&state->is_used[series], true, memory_order_relaxed);
    return state->cells + series * state->series_cells;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void add_double(_Atomic uint64_t *cell, double n)
{
    uint64_t seen = atomic_load_explicit(cell, memory_order_relaxed), wanted;
    do wanted = bits_of(double_of(seen) + n);
    while (!atomic_compare_exchange_weak_explicit(cell, &seen, wanted, memory_order_relaxed,
                                                  memory_order_relaxed));
}

void sea_metric_count(struct sea_metric *metric, double n, const char *const *labels)
{
    sea_assert(metric->kind == SEA_METRIC_GAUGE || (metric->kind == SEA_METRIC_COUNTER && n >= 0));
    add_double(cells_of(metric, labels), n);
}

void sea_metric_put(struct sea_metric *metric, double value, const char *const *labels)
{
    sea_assert(metric->kind != SEA_METRIC_HISTOGRAM);
    atomic_store_explicit(cells_of(metric, labels), bits_of(value), memory_order_relaxed);
}

void sea_metric_sample(struct sea_metric *metric, double value, const char *const *labels)
{
    sea_assert(metric->kind == SEA_METRIC_HISTOGRAM);
    _Atomic uint64_t *cells = cells_of(metric, labels);
    size_t bucket = 0, buckets = metric->buckets->count;
    while (bucket < buckets && !(value <= metric->buckets->bounds[bucket])) bucket++;
    atomic_fetch_add_explicit(&cells[bucket], 1, memory_order_relaxed);
    add_double(&cells[buckets + 1], value);
}

double sea_metric_get(struct sea_metric *metric, const char *const *labels)
{
    _Atomic uint64_t *cells = cells_of(metric, labels);
    if (metric->kind != SEA_METRIC_HISTOGRAM) return double_of(cells[0]);
    uint64_t samples = 0;
    for (size_t i = 0; i <= metric->buckets->count; i++) samples += cells[i];
    return (double)samples;
}

void sea_metrics_show(struct sea_metric *const *table)
{
    sea_assert(tables_count < TABLES_MOST);
    tables[tables_count++] = table;
}

void sea_metrics_collect(void (*fn)(void *arg), void *arg)
{
    sea_assert(collectors_count < COLLECTORS_MOST);
    collectors[collectors_count].fn = fn;
    collectors[collectors_count++].arg = arg;
}

static void add_number(struct sea_buf *ret, double value)
{
    if (isnan(value)) {
        sea_buf_text(ret, "NaN");
    } else if (isinf(value)) {
        sea_buf_text(ret, value > 0 ? "+Inf" : "-Inf");
    } else {
        sea_buf_printf(ret, "%.15g", value);
    }
}

/* Escapes of the text format: \ and line feed everywhere, quotes in label values. */
static void add_escaped(struct sea_buf *ret, const char *text, bool is_label)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            sea_buf_text(ret, "\\n");
            continue;
        }
        if (*text == '\\' || (*text == '"' && is_label)) sea_buf_char(ret, '\\');
        sea_buf_char(ret, *text);
    }
}

static const char *value_at(struct label *label, size_t index)
{
    return index < label->count ? label->values[index] : other;
}

static void add_labels(struct sea_buf *ret, struct sea_metric_state *state, size_t series,
                       const char *le)
{
    size_t index[LABELS_MOST];
    for (size_t i = state->labels_count; i-- > 0; series /= state->labels[i].cap + 1) {
        index[i] = series % (state->labels[i].cap + 1);
    }
    char separator = '{';
    for (size_t i = 0; i < state->labels_count; i++, separator = ',') {
        sea_buf_char(ret, separator);
        sea_buf_printf(ret, "%s=\"", state->labels[i].name);
        add_escaped(ret, value_at(&state->labels[i], index[i]), true);
        sea_buf_char(ret, '"');
    }
    if (le != NULL) {
        sea_buf_printf(ret, "%cle=\"%s\"", separator, le);
        separator = ',';
    }
    if (separator == ',') sea_buf_char(ret, '}');
}

static void render_histogram(struct sea_buf *ret, const struct sea_metric *metric,
                             struct sea_metric_state *state, size_t series)
{
    _Atomic uint64_t *cells = state->cells + series * state->series_cells;
    size_t buckets = metric->buckets->count;
    uint64_t samples = 0;
    for (size_t i = 0; i <= buckets; i++) {
        char memory[32];
        struct sea_buf le = {.ptr = memory, .cap = sizeof memory, .max = sizeof memory - 1};
        samples += cells[i];
        add_number(&le, i < buckets ? metric->buckets->bounds[i] : INFINITY);
        sea_buf_printf(ret, "%s_bucket", metric->name);
        add_labels(ret, state, series, le.ptr);
        sea_buf_printf(ret, " %llu\n", (unsigned long long)samples);
    }
    sea_buf_printf(ret, "%s_sum", metric->name);
    add_labels(ret, state, series, NULL);
    sea_buf_char(ret, ' ');
    add_number(ret, double_of(cells[buckets + 1]));
    sea_buf_printf(ret, "\n%s_count", metric->name);
    add_labels(ret, state, series, NULL);
    sea_buf_printf(ret, " %llu\n", (unsigned long long)samples);
}

static void render_value(struct sea_buf *ret, const struct sea_metric *metric,
                         struct sea_metric_state *state, size_t series)
{
    sea_buf_text(ret, metric->name);
    add_labels(ret, state, series, NULL);
    sea_buf_char(ret, ' ');
    add_number(ret, double_of(state->cells[series * state->series_cells]));
    sea_buf_char(ret, '\n');
}

static void render(struct sea_buf *ret, struct sea_metric *metric)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    struct sea_metric_state *state = state_of(metric);
    sea_buf_printf(ret, "# HELP %s ", metric->name);
    add_escaped(ret, metric->help, false);
    sea_buf_printf(ret, "\n# TYPE %s %s\n", metric->name, kinds[metric->kind]);
    for (size_t i = 0; i < state->series_count; i++) {
        if (!state->is_used[i]) continue;
        if (metric->kind == SEA_METRIC_HISTOGRAM) {
            render_histogram(ret, metric, state, i);
        } else {
            render_value(ret, metric, state, i);
        }
    }
}

void sea_metrics_render(struct sea_buf *ret, const char *service)
{
    sea_metric_set(&sea_m_build_info, 1, SEADESK_VERSION, service);
    sea_metrics_process();
    for (size_t i = 0; i < collectors_count; i++) collectors[i].fn(collectors[i].arg);
    for (size_t i = 0; i < tables_count; i++) {
        for (struct sea_metric *const *each = tables[i]; *each != NULL; each++) render(ret, *each);
    }
}
