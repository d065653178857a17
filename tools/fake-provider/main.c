/* main.c: wires the fake provider: the other end of every channel, for demo and tests. */
#include "fake.h"
#include "sea_log.h"

static void let_out(void *ctx)
{
    fake_answer_held(ctx);
}

static enum sea_err start(void *ctx, struct sea_app *app, const struct sea_config *config)
{
    struct fake *fake = ctx;
    struct sea_http_server *server = NULL;
    struct sea_http_server_config http = {
        .routes = fake_routes, .routes_count = fake_routes_count, .ctx = fake};
    if (config->mode == SEA_MODE_PRODUCTION) {
        sea_log(SEA_LOG_ERROR, "a fake provider is refused in production mode");
        return SEA_ERR_FATAL;
    }
    fake->app = app;
    fake_log_init(&fake->log);
    enum sea_err err =
        fake_reporter_open(&fake->reporter, app, config->ingest_url, &fake->offset_ms);
    if (err) return err;
    sea_app_on_drain(app, let_out, fake);
    return sea_app_serve(app, &http, &server);
}

static void stop(void *ctx)
{
    struct fake *fake = ctx;
    fake_answer_held(fake);
    fake_reporter_close(&fake->reporter);
    fake_log_clear(&fake->log);
}

int main(int argc, char **argv)
{
    static struct fake fake;
    const struct sea_app_program program = {
        .config = {.name = "fake-provider"},
        .about = "the other end of every channel, for demo and tests",
        .start = start,
        .stop = stop,
        .ctx = &fake,
    };
    TAILQ_INIT(&fake.held);
    return sea_app_main(&program, argc, argv);
}
