/* main.c: wires notifier: configuration folder, keys, Redis, the worker, the providers. */
#include "notify_metrics.h"
#include "notify_service.h"
#include "sea_folder.h"

static const enum sea_topic TOPICS[] = {SEA_TOPIC_OUTBOUND, SEA_TOPIC_CONSENTS, SEA_TOPIC_RECEIPTS,
                                        SEA_TOPIC_PRIVACY};

static const struct sea_worker_ops OPS = {
    .service = "notifier",
    .topics = TOPICS,
    .topics_count = SEA_COUNT(TOPICS),
    .apply = notify_apply,
    .committed = notify_work_committed,
    .rolled_back = notify_work_rolled_back,
    .gained = notify_work_gained,
    .lost = notify_work_lost,
    .tick = notify_work_tick,
    .tick_ms = NOTIFY_TICK_MS,
};

static enum sea_err load(void *ctx, const struct sea_config *config)
{
    struct notify *service = ctx;
    service->config = config;
    return sea_folder_load(&service->settings, config);
}

static void on_step(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    notify_work_step(arg);
}

static void every_while(void *ctx)
{
    struct notify *service = ctx;
    notify_work_step(service);
    notify_chat_tick(service->chat);
}

static void on_landed(void *ctx)
{
    notify_work_soon(ctx);
}

static void on_drain(void *ctx)
{
    struct notify *service = ctx;
    service->is_holding = true;
    sea_app_hold(service->app);
    notify_work_soon(service);
}

static enum sea_err start(void *ctx, struct sea_app *app, const struct sea_config *config)
{
    struct notify *service = ctx;
    struct sea_keys_options keys = {.url = config->keys_postgres,
                                    .user = "seadesk_notifier",
                                    .password = config->postgres_password,
                                    .name = "notifier",
                                    .master_key = config->master_key};
    struct sea_redis_options redis = {
        .base = sea_app_base(app), .url = config->redis, .password = config->redis_password};
    service->app = app;
    service->store = (struct notify_store)NOTIFY_STORE;
    service->air.on_landed = on_landed;
    service->air.ctx = service;
    sea_pepper_init(&service->pepper, sea_str(config->pepper));
    service->step_event = event_new(sea_app_base(app), -1, 0, on_step, service);
    sea_assert(service->step_event != NULL);
    enum sea_err err = sea_keys_open(&service->keys, &keys, sea_app_base(app));
    if (!err) err = sea_redis_open(&service->redis, &redis);
    service->purses.redis = service->redis;
    if (!err)
        err = notify_air_open(&service->air, sea_app_base(app), (size_t)service->own.in_flight,
                              (uint32_t)service->own.send_timeout_ms);
    if (!err) err = sea_worker_open(&service->worker, app, config, &OPS, service);
    if (err) return err;
    err = notify_chat_open(&service->chat, service);
    if (err) return err;
    sea_app_ready_check(app, "keys", sea_keys_is_ready, service->keys);
    sea_app_on_drain(app, on_drain, service);
    sea_app_every(app, NOTIFY_TICK_MS, every_while, service);
    return SEA_OK;
}

static void stop(void *ctx)
{
    struct notify *service = ctx;
    notify_chat_close(&service->chat);
    sea_worker_close(&service->worker);
    notify_air_close(&service->air);
    sea_redis_close(&service->redis);
    sea_keys_close(&service->keys);
    if (service->step_event != NULL) event_free(service->step_event);
    notify_store_free(&service->store);
    sodium_memzero(&service->pepper, sizeof(service->pepper));
    sea_settings_close(&service->settings);
}

int main(int argc, char **argv)
{
    static struct notify service;
    static const struct sea_setting ROWS[] = {
#define SEA_SETTING(...) SEA_SETTING_ROW(struct notify_config, __VA_ARGS__)
#include "notify_config.def"
#undef SEA_SETTING
    };
    const struct sea_app_program program = {
        .config = {"notifier", ROWS, SEA_COUNT(ROWS), &service.own},
        .metrics = notify_metrics,
        .about = "whether it may go now, and whether it arrived",
        .load = load,
        .start = start,
        .stop = stop,
        .ctx = &service,
    };
    return sea_app_main(&program, argc, argv);
}
