/* main.c: wires sla-timer: configuration folder and worker. */
#include "sea_app.h"
#include "sea_folder.h"
#include "sla_metrics.h"
#include "sla_shell.h"

static enum sea_err load(void *ctx, const struct sea_config *config)
{
    struct sla_timer *timer = ctx;
    timer->config = config;
    return sea_folder_load_without_secrets(&timer->settings, config);
}

static enum sea_err start(void *ctx, struct sea_app *app, const struct sea_config *config)
{
    struct sla_timer *timer = ctx;
    return sea_worker_open(&timer->worker, app, config, &sla_worker_ops, timer);
}

static void stop(void *ctx)
{
    struct sla_timer *timer = ctx;
    sea_worker_close(&timer->worker);
    sea_settings_close(&timer->settings);
    sea_pg_args_free(&timer->args);
}

int main(int argc, char **argv)
{
    static struct sla_timer timer = {.args = SEA_PG_ARGS};
    const struct sea_app_program program = {
        .config = {.name = "sla-timer"},
        .metrics = sla_metrics,
        .about = "what is due when, and whether it is late",
        .load = load,
        .start = start,
        .stop = stop,
        .ctx = &timer,
    };
    return sea_app_main(&program, argc, argv);
}
