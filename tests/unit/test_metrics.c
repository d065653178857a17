/* Counting, and the text that Prometheus reads. */
#include "sea_cmocka.h"
#include "sea_metrics.h"
#include "sea_metrics_common.h"

#include <ctype.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

static struct sea_metric plain =
    SEA_METRIC_ROW(test_total, COUNTER, "", NONE, "Plain \\ text\nin two lines.");
static struct sea_metric known =
    SEA_METRIC_ROW(test_known_total, COUNTER, "outcome=ok|failed,side=in|out", NONE, "Known.");
static struct sea_metric open = SEA_METRIC_ROW(test_open, GAUGE, "topic:2", NONE, "Open.");
static struct sea_metric times =
    SEA_METRIC_ROW(test_seconds, HISTOGRAM, "kind=a|b", SECONDS, "Times.");
static struct sea_metric shared =
    SEA_METRIC_ROW(test_shared_total, COUNTER, "thread:8", NONE, "Shared.");
static struct sea_metric *const table[] = {&plain, &known, &open, &times, &shared, NULL};

static struct sea_buf page = SEA_BUF(1024 * 1024);

static const char *rendered(void)
{
    sea_buf_reset(&page);
    sea_metrics_render(&page, "test");
    assert_false(page.is_full);
    return page.ptr;
}

static void assert_shown(const char *line)
{
    const char *at = strstr(rendered(), line);
    if (at == NULL) {
        fail_msg("not shown: %s", line);
        return;
    }
    assert_true(at == page.ptr || at[-1] == '\n');
    assert_int_equal(at[strlen(line)], '\n');
}

static void counters_count_by_their_labels(void **state)
{
    (void)state;
    sea_metric_inc(&plain);
    sea_metric_add(&plain, 41);
    sea_metric_inc(&known, "failed", "out");
    assert_shown("seadesk_test_total 42");
    assert_shown("seadesk_test_known_total{outcome=\"failed\",side=\"out\"} 1");
    assert_true(sea_metric_value(&plain) == 42);
}

static void declared_values_are_shown_before_they_happen(void **state)
{
    (void)state;
    assert_shown("seadesk_test_known_total{outcome=\"ok\",side=\"in\"} 0");
    assert_shown("seadesk_test_seconds_count{kind=\"b\"} 0");
    assert_null(strstr(rendered(), "seadesk_test_known_total{outcome=\"other\""));
}

static void what_is_beyond_the_bounds_is_other(void **state)
{
    (void)state;
    char long_value[100];
    memset(long_value, 'x', sizeof long_value);
    long_value[99] = '\0';
    sea_metric_set(&open, 9, long_value);
    sea_metric_set(&open, 8, "other");
    sea_metric_set(&open, 1.5, "a\"\\\n");
    sea_metric_set(&open, -2, "b");
    sea_metric_set(&open, 3, "c");
    sea_metric_set(&open, 4, "d");
    sea_metric_inc(&known, "no such outcome", "in");
    assert_shown("seadesk_test_open{topic=\"a\\\"\\\\\\n\"} 1.5");
    assert_shown("seadesk_test_open{topic=\"b\"} -2");
    assert_shown("seadesk_test_open{topic=\"other\"} 4");
    assert_null(strstr(page.ptr, "topic=\"c\""));
    assert_shown("seadesk_test_known_total{outcome=\"other\",side=\"in\"} 1");
}

static void a_gauge_may_go_down(void **state)
{
    (void)state;
    sea_metric_set(&sea_m_http_connections, 3);
    sea_metric_add(&sea_m_http_connections, -1);
    assert_shown("seadesk_http_connections 2");
    sea_metric_set(&sea_m_http_connections, INFINITY);
    assert_shown("seadesk_http_connections +Inf");
}

static void a_histogram_is_cumulative(void **state)
{
    (void)state;
    sea_metric_observe(&times, 0.005, "a");
    sea_metric_observe(&times, 0.3, "a");
    sea_metric_observe(&times, 99, "a");
    assert_shown("seadesk_test_seconds_bucket{kind=\"a\",le=\"0.005\"} 1");
    assert_shown("seadesk_test_seconds_bucket{kind=\"a\",le=\"0.25\"} 1");
    assert_shown("seadesk_test_seconds_bucket{kind=\"a\",le=\"0.5\"} 2");
    assert_shown("seadesk_test_seconds_bucket{kind=\"a\",le=\"10\"} 2");
    assert_shown("seadesk_test_seconds_bucket{kind=\"a\",le=\"+Inf\"} 3");
    assert_shown("seadesk_test_seconds_sum{kind=\"a\"} 99.305");
    assert_shown("seadesk_test_seconds_count{kind=\"a\"} 3");
    assert_true(sea_metric_value(&times, "a") == 3);
}

static void *count_along(void *arg)
{
    char name[2] = {(char)('0' + *(int *)arg % 3), '\0'};
    for (int i = 0; i < 10000; i++) sea_metric_inc(&shared, name);
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    (void)state;
    pthread_t threads[4];
    int numbers[4] = {0, 1, 2, 3};
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_along, &numbers[i]), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    assert_true(sea_metric_value(&shared, "0") == 20000);
    assert_true(sea_metric_value(&shared, "1") == 10000);
}

static void the_process_describes_itself(void **state)
{
    (void)state;
    rendered();
    assert_true(sea_metric_value(&sea_m_process_resident_memory_bytes) > 1e6);
    assert_true(sea_metric_value(&sea_m_process_open_fds) >= 3);
    assert_true(sea_metric_value(&sea_m_process_start_time_seconds) > 1.7e9);
    assert_shown("seadesk_build_info{version=\"" SEADESK_VERSION "\",service=\"test\"} 1");
}

/* The grammar of the text format 0.0.4, line by line. */
static const char *skip_name(const char *at)
{
    assert_true(isalpha(*at) || *at == '_');
    while (isalnum(*at) || *at == '_') at++;
    return at;
}

static const char *skip_labels(const char *at)
{
    if (*at != '{') return at;
    do {
        at = skip_name(at + 1);
        assert_true(at[0] == '=' && at[1] == '"');
        for (at += 2; *at != '"'; at++) {
            assert_true(*at != '\n' && *at != '\0');
            if (*at == '\\') assert_non_null(strchr("\\\"n", *++at));
        }
        at++;
    } while (*at == ',');
    assert_int_equal(*at, '}');
    return at + 1;
}

static const char *check_family(const char *at)
{
    char *end;
    assert_memory_equal(at, "# HELP seadesk_", 15);
    const char *name = at + 7;
    size_t len = (size_t)(skip_name(name) - name);
    at = strchr(at, '\n') + 1;
    assert_memory_equal(at, "# TYPE ", 7);
    assert_memory_equal(at + 7, name, len);
    at += 7 + len + 1;
    assert_true(strncmp(at, "counter\n", 8) == 0 || strncmp(at, "gauge\n", 6) == 0 ||
                strncmp(at, "histogram\n", 10) == 0);
    bool is_counter = *at == 'c';
    assert_int_equal(is_counter, memcmp(name + len - 6, "_total", 6) == 0);
    for (at = strchr(at, '\n') + 1; *at != '#' && *at != '\0'; at = end + 1) {
        assert_memory_equal(at, name, len); /* all lines of a family stand together */
        at = skip_labels(skip_name(at));
        assert_int_equal(*at, ' ');
        strtod(at + 1, &end);
        assert_int_equal(*end, '\n');
    }
    return at;
}

static void the_page_follows_the_grammar(void **state)
{
    (void)state;
    int families = 0;
    for (const char *at = rendered(); *at != '\0'; families++) at = check_family(at);
    assert_true(families > 30);
}

static void no_name_is_declared_twice(void **state)
{
    (void)state;
    for (struct sea_metric *const *a = sea_metrics_common; *a != NULL; a++) {
        for (struct sea_metric *const *b = a + 1; *b != NULL; b++)
            assert_string_not_equal((*a)->name, (*b)->name);
    }
}

static int show(void **state)
{
    (void)state;
    sea_metrics_show(table);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    sea_buf_free(&page);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_count_by_their_labels),
        cmocka_unit_test(declared_values_are_shown_before_they_happen),
        cmocka_unit_test(what_is_beyond_the_bounds_is_other),
        cmocka_unit_test(a_gauge_may_go_down),
        cmocka_unit_test(a_histogram_is_cumulative),
        cmocka_unit_test(threads_lose_no_count),
        cmocka_unit_test(the_process_describes_itself),
        cmocka_unit_test(the_page_follows_the_grammar),
        cmocka_unit_test(no_name_is_declared_twice),
    };
    return cmocka_run_group_tests(tests, show, finish);
}
