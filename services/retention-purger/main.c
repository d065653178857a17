/* main.c: wires retention-purger. */
#include "purge_metrics.h"
#include "purge_shell.h"

static enum sea_err start(void *ctx, struct sea_app *app, const struct sea_config *config)
{
    return purge_open(ctx, app, config);
}

static void stop(void *ctx)
{
    purge_close(ctx);
}

int main(int argc, char **argv)
{
    static struct purge purge;
    static const struct sea_setting ROWS[] = {
#define SEA_SETTING(...) SEA_SETTING_ROW(struct purge_config, __VA_ARGS__)
#include "purge_config.def"
#undef SEA_SETTING
    };
    const struct sea_app_program program = {
        .config = {"retention-purger", ROWS, SEA_COUNT(ROWS), &purge.own},
        .metrics = purge_metrics,
        .about = "what must be forgotten, and whether it is gone everywhere",
        .start = start,
        .stop = stop,
        .ctx = &purge,
    };
    return sea_app_main(&program, argc, argv);
}
