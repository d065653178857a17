/* seadesk_check.c: settings and configuration folder: mistakes, what a company must still decide,
 * what production refuses, and whether the inventory is complete. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sea_settings.h"
#include "seadesk_db.h"
#include "seadesk_inventory.h"
#include "seadesk_report.h"
#include "seadesk_tables.h"

/* Adds a finding per line. */
static void find_lines(struct seadesk_report *report, enum seadesk_level level, const char *about,
                       const char *advice, struct sea_str lines)
{
    while (lines.len) {
        size_t len = 0;
        while (len < lines.len && lines.ptr[len] != '\n') len++;
        seadesk_find(report, level, about, advice, "%.*s", (int)len, lines.ptr);
        lines.ptr += len;
        lines.len -= len;
        if (lines.len) lines.ptr++, lines.len--;
    }
}

/* NULL: it is wrong, and the findings say where. */
static struct sea_settings *load(const struct seadesk *seadesk, bool is_production,
                                 struct sea_buf *ret_errors)
{
    struct sea_settings_from from = {.folder = seadesk->config.config,
                                     .is_production = is_production};
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_settings *settings = NULL;
    if (!sea_settings_open(&from, &errors, &settings))
        sea_buf_str(ret_errors, sea_buf_view(&errors.lines));
    sea_yaml_errors_free(&errors);
    return settings;
}

static void check_examples(struct seadesk_report *report, const struct sea_settings *settings,
                           enum seadesk_level level)
{
    for (const struct sea_example *one = settings->examples.first; one; one = one->next)
        seadesk_find(report, level, "example", NULL, "%s:%u: %s is an example value", one->at.file,
                     one->at.line, *one->path ? one->path : "the whole file");
}

/* Never lean on a single channel: the day it fails nobody can be answered. */
static void check_reply_ways(struct seadesk_report *report, const struct sea_settings *settings)
{
    for (uint32_t i = 0; i < settings->markets.count; i++) {
        const struct sea_market *market = &settings->markets.items[i];
        uint32_t ways = sea_channels_reply_ways(&settings->channels, market);
        if (ways < 2)
            seadesk_find(
                report, SEADESK_WRONG, "channels",
                "add an account that can send to channels.yaml, or open a closed channel",
                "customers of %s can be answered by %u channel(s), at least two are needed",
                market->code, ways);
    }
}

/* A secret that stands in the environment itself is seen by whoever lists processes. */
static void check_secrets(struct seadesk_report *report, enum seadesk_level level)
{
    for (size_t i = 0; i < sea_config_rows_count; i++) {
        char name[96];
        if (sea_config_rows[i].type != SEA_SETTING_SECRET) continue;
        snprintf(name, sizeof(name), "SEADESK_%s", sea_config_rows[i].name);
        if (getenv(name))
            seadesk_find(report, level, "secrets", "put it into a file and set its name as …_FILE",
                         "%s stands in the environment", name);
    }
}

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* What production wants beside the folder. */
static void check_go_live(struct seadesk_report *report, const struct seadesk *seadesk,
                          enum seadesk_level level)
{
    const struct sea_config *config = &seadesk->config;
    check_secrets(report, level);
    if (seadesk->own.kafka_replicas < 3)
        seadesk_find(report, level, "kafka",
                     "set SEADESK_KAFKA_REPLICAS to 3 before seadesk topics first runs",
                     "topics are made with %lld replica(s): with a disk goes what was acknowledged",
                     (long long)seadesk->own.kafka_replicas);
    if (!starts(config->public_url, "https://"))
        seadesk_find(report, level, "edge", "set SEADESK_PUBLIC_URL",
                     "providers reach ingest without TLS: %s", config->public_url);
    if (!starts(config->desk_url, "https://"))
        seadesk_find(report, level, "desk", "set SEADESK_DESK_URL",
                     "people open the desk without TLS: %s", config->desk_url);
    if (!*config->postgres_password)
        seadesk_find(report, level, "postgres", "set SEADESK_POSTGRES_PASSWORD_FILE",
                     "the databases are opened without a password");
}

static void check_inventory(struct seadesk_report *report, const struct seadesk *seadesk,
                            const struct sea_settings *settings)
{
    struct sea_buf lines = SEA_BUF(256 * 1024);
    struct seadesk_tables tables;
    seadesk_inventory_topics(&settings->inventory, &lines);
    seadesk_inventory_families(&settings->inventory, &lines);
    if (seadesk_tables_load(seadesk, &tables)) {
        seadesk_inventory_tables(&settings->inventory, tables.items, tables.count, &lines);
        seadesk_tables_free(&tables);
    } else {
        seadesk_find(report, SEADESK_NOTE, "inventory", NULL,
                     "tables were not compared: a database is away");
    }
    find_lines(report, SEADESK_WRONG, "inventory",
               "say in retention.yaml what it holds, why, how long, and how it is erased",
               sea_buf_view(&lines));
    sea_buf_free(&lines);
}

static void check_production(struct seadesk_report *report, const struct seadesk *seadesk)
{
    struct sea_buf errors = SEA_BUF(65536);
    struct sea_settings *settings = load(seadesk, true, &errors);
    find_lines(report, SEADESK_NOTE, "production", NULL, sea_buf_view(&errors));
    sea_settings_close(&settings);
    sea_buf_free(&errors);
}

int seadesk_check(struct seadesk *seadesk)
{
    struct seadesk_report report;
    struct sea_buf errors = SEA_BUF(65536);
    bool is_production = seadesk->config.mode == SEA_MODE_PRODUCTION;
    enum seadesk_level level = is_production ? SEADESK_WRONG : SEADESK_NOTE;
    seadesk_report_open(&report, seadesk);
    struct sea_settings *settings = load(seadesk, is_production, &errors);
    find_lines(&report, SEADESK_WRONG, "configuration", NULL, sea_buf_view(&errors));
    sea_buf_free(&errors);
    if (settings) {
        check_inventory(&report, seadesk, settings);
        check_reply_ways(&report, settings);
        check_examples(&report, settings, level);
        if (!is_production) check_production(&report, seadesk);
    }
    check_go_live(&report, seadesk, level);
    sea_settings_close(&settings);
    return seadesk_report_close(&report, is_production ? "ready to go live"
                                                       : "the configuration is good; the notes say "
                                                         "what is to be decided before going live");
}
