/* main.c: wires order-tracker: configuration folder and worker. */
#include "order_metrics.h"
#include "order_shell.h"
#include "sea_app.h"
#include "sea_folder.h"

static enum sea_err load(void *ctx, const struct sea_config *config)
{
    struct order_tracker *tracker = ctx;
    tracker->config = config;
    return sea_folder_load_without_secrets(&tracker->settings, config);
}

static enum sea_err start(void *ctx, struct sea_app *app, const struct sea_config *config)
{
    struct order_tracker *tracker = ctx;
    return sea_worker_open(&tracker->worker, app, config, &order_worker_ops, tracker);
}

static void stop(void *ctx)
{
    struct order_tracker *tracker = ctx;
    sea_worker_close(&tracker->worker);
    sea_settings_close(&tracker->settings);
    sea_pg_args_free(&tracker->args);
}

int main(int argc, char **argv)
{
    static struct order_tracker tracker = {.args = SEA_PG_ARGS};
    const struct sea_app_program program = {
        .config = {.name = "order-tracker"},
        .metrics = order_metrics,
        .about = "where the parcel is, what is wrong, what was promised",
        .load = load,
        .start = start,
        .stop = stop,
        .ctx = &tracker,
    };
    return sea_app_main(&program, argc, argv);
}
