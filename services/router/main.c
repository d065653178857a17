/* main.c: wires router: configuration folder, keys, Redis and the worker. */
#include "router_metrics.h"
#include "router_shell.h"
#include "sea_folder.h"

static enum sea_err load(void *ctx, const struct sea_config *config)
{
    struct router *router = ctx;
    router->config = config;
    enum sea_err err = sea_folder_load(&router->settings, config);
    if (err) return err;
    const struct sea_settings *settings = router->settings;
    router->rules = (struct router_rules){
        .markets = &settings->markets,
        .channels = &settings->channels,
        .routing = &settings->routing,
        .templates = &settings->templates,
        .reopen_ms = router->own.reopen_ms,
        .video_url = sea_str(router->own.video_url),
        .visit_reminder_ms = router->own.visit_reminder_ms,
        .notice_wait_ms = router->own.notice_wait_ms,
        .notice_retry_ms = router->own.notice_retry_ms,
        .autos_per_hour = (uint32_t)router->own.autos_per_hour,
        .agent_weight = (uint32_t)router->own.agent_weight,
    };
    router->tools.rules = &router->rules;
    router->months_at_ms = 0;
    return SEA_OK;
}

static void on_redis(void *ctx, bool is_up)
{
    if (is_up) router_reconcile_wholly(ctx);
}

static enum sea_err start(void *ctx, struct sea_app *app, const struct sea_config *config)
{
    struct router *router = ctx;
    struct router_tools *tools = &router->tools;
    struct sea_keys_options keys = {.url = config->keys_postgres,
                                    .user = "seadesk_router",
                                    .password = config->postgres_password,
                                    .name = "router",
                                    .master_key = config->master_key};
    struct sea_redis_options redis = {.base = sea_app_base(app),
                                      .url = config->redis,
                                      .password = config->redis_password,
                                      .on_change = on_redis,
                                      .ctx = router};
    router->app = app;
    sea_pepper_init(&tools->pepper, sea_str(config->pepper));
    tools->lexicon = sea_lexicon_open();
    router_after_init(&router->after);
    router_reconcile_open(router);
    enum sea_err err = sea_days_open(&tools->days, &keys, 1U << SEA_DAYS_INTAKE);
    if (!err) err = sea_keys_open(&tools->keys, &keys, sea_app_base(app));
    if (!err) err = sea_redis_open(&router->redis, &redis);
    if (err) return err;
    sea_app_ready_check(app, "keys", sea_days_has_keys, tools->days);
    router->ops = router_worker_ops;
    router->ops.tick_ms = (int)router->own.tick_ms;
    return sea_worker_open(&router->worker, app, config, &router->ops, router);
}

static void stop(void *ctx)
{
    struct router *router = ctx;
    struct router_tools *tools = &router->tools;
    sea_redis_close(&router->redis);
    sea_worker_close(&router->worker);
    router_reconcile_close(router);
    router_roster_free(&router->roster);
    router_after_free(&router->after);
    sea_keys_close(&tools->keys);
    sea_days_close(&tools->days);
    sea_lexicon_close(&tools->lexicon);
    sodium_memzero(&tools->pepper, sizeof(tools->pepper));
    sea_pg_args_free(&tools->args);
    sea_buf_free(&tools->buf);
    sea_settings_close(&router->settings);
}

int main(int argc, char **argv)
{
    static struct router router = {.tools = {.args = SEA_PG_ARGS, .buf = SEA_BUF(4 * 1024 * 1024)}};
    static const struct sea_setting ROWS[] = {
#define SEA_SETTING(...) SEA_SETTING_ROW(struct router_config, __VA_ARGS__)
#include "router_config.def"
#undef SEA_SETTING
    };
    const struct sea_app_program program = {
        .config = {"router", ROWS, SEA_COUNT(ROWS), &router.own},
        .metrics = router_metrics,
        .about = "whose message it is, how urgent, who answers",
        .load = load,
        .start = start,
        .stop = stop,
        .ctx = &router,
    };
    return sea_app_main(&program, argc, argv);
}
