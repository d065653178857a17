/* main.c: wires translator-gateway: configuration folder, keys, Redis, the worker, the engine. */
#include "sea_folder.h"
#include "xlate_metrics.h"
#include "xlate_service.h"

static const enum sea_topic TOPICS[] = {SEA_TOPIC_DRAFTS, SEA_TOPIC_FOREIGN, SEA_TOPIC_PRIVACY};

static const struct sea_worker_ops OPS = {
    .service = "translator-gateway",
    .topics = TOPICS,
    .topics_count = SEA_COUNT(TOPICS),
    .apply = xlate_apply,
    .committed = xlate_work_committed,
    .tick = xlate_work_tick,
    .tick_ms = XLATE_TICK_MS,
};

static enum sea_err load(void *ctx, const struct sea_config *config)
{
    struct xlate *service = ctx;
    service->config = config;
    return sea_folder_load(&service->settings, config);
}

static void on_step(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    xlate_work_step(arg);
}

static void every_while(void *ctx)
{
    xlate_work_step(ctx);
}

static void on_drain(void *ctx)
{
    struct xlate *service = ctx;
    service->is_holding = true;
    sea_app_hold(service->app);
    xlate_work_soon(service);
}

static enum sea_err start(void *ctx, struct sea_app *app, const struct sea_config *config)
{
    struct xlate *service = ctx;
    struct sea_keys_options keys = {.url = config->keys_postgres,
                                    .user = "seadesk_translator_gateway",
                                    .password = config->postgres_password,
                                    .name = "translator-gateway",
                                    .master_key = config->master_key};
    struct sea_redis_options redis = {
        .base = sea_app_base(app), .url = config->redis, .password = config->redis_password};
    struct sea_http_client_config client = {.in_flight_max = XLATE_JOBS_MAX,
                                            .per_host_max = XLATE_JOBS_MAX};
    service->app = app;
    service->store = (struct xlate_store)XLATE_STORE;
    sea_pepper_init(&service->pepper, sea_str(config->pepper));
    service->step_event = event_new(sea_app_base(app), -1, 0, on_step, service);
    sea_assert(service->step_event != NULL);
    enum sea_err err = sea_keys_open(&service->keys, &keys, sea_app_base(app));
    if (!err) err = sea_redis_open(&service->redis, &redis);
    if (!err) err = sea_http_client_open(&service->client, sea_app_base(app), &client);
    if (!err) err = sea_worker_open(&service->worker, app, config, &OPS, service);
    if (err) return err;
    sea_app_ready_check(app, "keys", sea_keys_is_ready, service->keys);
    sea_app_on_drain(app, on_drain, service);
    sea_app_every(app, XLATE_TICK_MS, every_while, service);
    return SEA_OK;
}

static void stop(void *ctx)
{
    struct xlate *service = ctx;
    sea_worker_close(&service->worker);
    sea_http_client_close(&service->client);
    sea_redis_close(&service->redis);
    while (service->jobs != NULL) xlate_job_free(service->jobs);
    sea_keys_close(&service->keys);
    if (service->step_event != NULL) event_free(service->step_event);
    xlate_store_free(&service->store);
    sodium_memzero(&service->pepper, sizeof(service->pepper));
    sea_settings_close(&service->settings);
}

int main(int argc, char **argv)
{
    static struct xlate service;
    const struct sea_app_program program = {
        .config = {"translator-gateway", NULL, 0, NULL},
        .metrics = xlate_metrics,
        .about = "whether these words may go, in that language",
        .load = load,
        .start = start,
        .stop = stop,
        .ctx = &service,
    };
    return sea_app_main(&program, argc, argv);
}
