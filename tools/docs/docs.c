/* docs.c: writes docs/config.md and docs/metrics.md from the tables in which settings and metrics
 * are declared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sea_config.h"

enum { PAGE_BYTES = 1024 * 1024 };

/* A row without a name is a heading. */
static const struct sea_setting settings[] = {
#define SEA_PROGRAM(whose) {.help = (whose)},
#define SEA_SETTING(field, NAME, type, standard, range, help)                                      \
    {#NAME, SEA_SETTING_##type, 0, (standard), (range), (help)},
#include "sea_config_all.def"
#undef SEA_SETTING
#undef SEA_PROGRAM
};

struct metric {
    const char *name, *kind, *labels, *buckets, *help;
};

static const struct metric metrics[] = {
#define SEA_PROGRAM(whose)                            {.help = (whose)},
#define SEA_METRIC(name, kind, labels, buckets, help) {#name, #kind, (labels), #buckets, (help)},
#include "sea_metrics_all.def"
#undef SEA_METRIC
#undef SEA_PROGRAM
};

static const char config_head[] =
    "# Settings\n\n"
    "Made by `cmake --build --preset dev --target docs` from the tables in which the settings are "
    "declared; not edited by hand.\n\n"
    "Every setting is an environment variable. Durations are written `250ms`, `10s`, `5m`, `2h`, "
    "`7d`; sizes `512B`, `64KiB`,\n"
    "`4MiB`, `1GiB`. A secret may stand in a file whose path is in `…_FILE`; both at once are a "
    "mistake. A value out of its\n"
    "range, and a variable `SEADESK_…` that no program of the suite knows, stop the start with a "
    "line that says what was\n"
    "expected. `--explain` prints what a program has and from where, secrets only by their length; "
    "`--check` reads everything\n"
    "and stops.\n\n"
    "## Programs\n\n| program | what it does | serves at | admin listener | shared settings it "
    "reads |\n|---|---|---|---|---|\n";

static const char metrics_head[] =
    "# Metrics\n\n"
    "Made by `cmake --build --preset dev --target docs` from the tables in which the metrics are "
    "declared; not edited by hand.\n\n"
    "Each program's admin listener serves them at `/metrics` in Prometheus' text format 0.0.4. A "
    "label takes the values that are\n"
    "listed, or up to the number given as they come; what is beyond is counted under `other`. "
    "Histograms come as `_bucket`,\n"
    "`_sum` and `_count`. No label holds an id, a name or anything else about a person.\n";

static void add_code(struct sea_buf *page, const char *text)
{
    if (text[0] == '\0') return;
    sea_buf_printf(page, "`%s`", text);
}

static void add_programs(struct sea_buf *page)
{
    for (size_t i = 0; i < sea_services_count; i++) {
        const struct sea_service *each = &sea_services[i];
        sea_buf_printf(page, "| %s | %s | ", each->name, each->about);
        add_code(page, each->listen);
        sea_buf_text(page, " | ");
        add_code(page, each->admin_listen);
        sea_buf_printf(page, " | %s |\n", each->uses);
    }
}

static void add_settings(struct sea_buf *page)
{
    for (size_t i = 0; i < SEA_COUNT(settings);) {
        size_t first = i + 1, end = first;
        while (end < SEA_COUNT(settings) && settings[end].name != NULL) end++;
        if (end > first) {
            sea_buf_printf(page, "\n## %s\n\n", settings[i].help);
            sea_config_markdown(settings + first, end - first, page);
        }
        i = end;
    }
}

/* "topic:24,outcome=ok|failed" in words. */
static void add_labels(struct sea_buf *page, const char *labels)
{
    for (; *labels != '\0'; labels++) {
        switch (*labels) {
        case '|':
            sea_buf_text(page, " \\| ");
            break;
        case ',':
            sea_buf_text(page, "; ");
            break;
        case ':':
            sea_buf_text(page, ", up to ");
            break;
        case '=':
            sea_buf_text(page, ": ");
            break;
        default:
            sea_buf_char(page, *labels);
        }
    }
}

static void add_metric(struct sea_buf *page, const struct metric *metric)
{
    static const char *const kinds[][2] = {
        {"COUNTER", "counter"}, {"GAUGE", "gauge"}, {"HISTOGRAM", "histogram"}};
    sea_buf_printf(page, "| `seadesk_%s` | ", metric->name);
    for (size_t i = 0; i < SEA_COUNT(kinds); i++) {
        if (strcmp(metric->kind, kinds[i][0]) == 0) sea_buf_text(page, kinds[i][1]);
    }
    sea_buf_text(page, " | ");
    add_labels(page, metric->labels);
    sea_buf_printf(page, " | %s |\n", metric->help);
}

static void add_metrics(struct sea_buf *page)
{
    for (size_t i = 0; i < SEA_COUNT(metrics); i++) {
        bool is_last = i + 1 == SEA_COUNT(metrics);
        if (metrics[i].name != NULL) {
            add_metric(page, &metrics[i]);
        } else if (!is_last && metrics[i + 1].name != NULL) {
            sea_buf_printf(page,
                           "\n## %s\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n",
                           metrics[i].help);
        }
    }
}

int main(int argc, char **argv)
{
    struct sea_buf page = SEA_BUF(PAGE_BYTES);
    const char *which = argc == 2 ? argv[1] : "";
    if (strcmp(which, "config") == 0) {
        sea_buf_text(&page, config_head);
        add_programs(&page);
        add_settings(&page);
    } else if (strcmp(which, "metrics") == 0) {
        sea_buf_text(&page, metrics_head);
        add_metrics(&page);
    } else {
        fputs("usage: sea-docs config|metrics\n", stderr);
        return 2;
    }
    sea_assert(!page.is_full);
    bool is_written = fwrite(page.ptr, 1, page.len, stdout) == page.len && fflush(stdout) == 0;
    sea_buf_free(&page);
    return is_written ? 0 : 1;
}
