/* sea_config_suite.c: every setting's name that any program of the suite knows, and the programs
 * themselves. */
#include "sea_config_suite.h"

#include <string.h>

#include "sea_config.h"

struct known {
    const char *name;
    enum sea_setting_type type;
};

static const struct known names[] = {
#define SEA_PROGRAM(whose)
#define SEA_SETTING(field, NAME, type, ...) {#NAME, SEA_SETTING_##type},
#include "sea_config_all.def"
#undef SEA_PROGRAM
#undef SEA_SETTING
    /* What ./dev reads, and tells with ./dev env. */
    {"STACK", SEA_SETTING_STR},
    {"BUILD", SEA_SETTING_STR},
    {"CACHE", SEA_SETTING_STR},
    {"CHECKOUT", SEA_SETTING_STR},
    {"STATE_DIR", SEA_SETTING_STR},
    {"LOG_DIR", SEA_SETTING_STR},
    {"PID_DIR", SEA_SETTING_STR},
    {"BIN_DIR", SEA_SETTING_STR},
    {"CHAT_URL", SEA_SETTING_URL},
    {"ADMIN_INGEST", SEA_SETTING_URL},
    {"ADMIN_ROUTER", SEA_SETTING_URL},
    {"ADMIN_TRANSLATOR_GATEWAY", SEA_SETTING_URL},
    {"ADMIN_SLA_TIMER", SEA_SETTING_URL},
    {"ADMIN_NOTIFIER", SEA_SETTING_URL},
    {"ADMIN_RETENTION_PURGER", SEA_SETTING_URL},
    {"ADMIN_DESK", SEA_SETTING_URL},
    {"ADMIN_ORDER_TRACKER", SEA_SETTING_URL},
    {"ADMIN_MEDIA_FETCHER", SEA_SETTING_URL},
};

const struct sea_setting sea_config_rows[] = {
#define SEA_SETTING(...) SEA_SETTING_ROW(struct sea_config, __VA_ARGS__)
#include "sea_config_common.def"
#undef SEA_SETTING
};
const size_t sea_config_rows_count = SEA_COUNT(sea_config_rows);

const struct sea_service sea_services[] = {
#define SEA_SERVICE(...) {__VA_ARGS__},
#include "sea_services.def"
#undef SEA_SERVICE
};
const size_t sea_services_count = SEA_COUNT(sea_services);

const struct sea_service *sea_service_find(struct sea_str name)
{
    for (size_t i = 0; i < sea_services_count; i++) {
        if (sea_str_is(name, sea_services[i].name)) return &sea_services[i];
    }
    return NULL;
}

static const struct known *find(const char *name)
{
    for (size_t i = 0; i < SEA_COUNT(names); i++) {
        if (strcmp(names[i].name, name) == 0) return &names[i];
    }
    return NULL;
}

bool sea_config_suite_knows(const char *name)
{
    return find(name) != NULL;
}

bool sea_config_suite_knows_secret(const char *name)
{
    const struct known *known = find(name);
    return known != NULL && known->type == SEA_SETTING_SECRET;
}

/* Levenshtein's distance, one row of the table at a time. */
static size_t distance(const char *a, const char *b)
{
    enum { LENGTH_MOST = 64 };
    size_t row[LENGTH_MOST + 1], len_b = strlen(b);
    if (len_b > LENGTH_MOST) return SIZE_MAX;
    for (size_t j = 0; j <= len_b; j++) row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len_b; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[len_b];
}

const char *sea_config_suite_nearest(const char *name)
{
    const char *nearest = NULL;
    size_t least = 3;
    for (size_t i = 0; i < SEA_COUNT(names); i++) {
        size_t far = distance(name, names[i].name);
        if (far >= least) continue;
        least = far;
        nearest = names[i].name;
    }
    return nearest;
}
