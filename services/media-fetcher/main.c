/* main.c: wires media-fetcher: configuration folder, keys, the worker, the HTTP client. */
#include "media_metrics.h"
#include "media_service.h"
#include "sea_folder.h"

static const enum sea_topic TOPICS[] = {SEA_TOPIC_MESSAGES, SEA_TOPIC_FILES, SEA_TOPIC_PRIVACY};

static const struct sea_worker_ops OPS = {
    .service = "media-fetcher",
    .topics = TOPICS,
    .topics_count = SEA_COUNT(TOPICS),
    .apply = media_apply,
    .committed = media_work_committed,
    .rolled_back = media_work_rolled_back,
    .tick = media_work_tick,
    .tick_ms = MEDIA_TICK_MS,
};

static enum sea_err load(void *ctx, const struct sea_config *config)
{
    struct media *service = ctx;
    service->config = config;
    return sea_folder_load(&service->settings, config);
}

static void on_step(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    media_work_step(arg);
}

static enum sea_err start(void *ctx, struct sea_app *app, const struct sea_config *config)
{
    struct media *service = ctx;
    struct sea_keys_options keys = {.url = config->keys_postgres,
                                    .user = "seadesk_media_fetcher",
                                    .password = config->postgres_password,
                                    .name = "media-fetcher",
                                    .master_key = config->master_key};
    /* A file's next call begins while its last one ends. */
    struct sea_http_client_config client = {.in_flight_max = 2 * (uint32_t)service->own.in_flight};
    service->app = app;
    service->store = (struct media_store)MEDIA_STORE;
    service->step_event = event_new(sea_app_base(app), -1, 0, on_step, service);
    sea_assert(service->step_event != NULL);
    enum sea_err err = sea_keys_open(&service->keys, &keys, sea_app_base(app));
    if (!err) err = sea_days_open(&service->days, &keys, 1U << SEA_DAYS_INTAKE);
    if (!err) err = sea_http_client_open(&service->client, sea_app_base(app), &client);
    if (!err) err = sea_worker_open(&service->worker, app, config, &OPS, service);
    if (err) return err;
    sea_app_ready_check(app, "keys", sea_keys_is_ready, service->keys);
    sea_app_ready_check(app, "days", sea_days_has_keys, service->days);
    return SEA_OK;
}

static void stop(void *ctx)
{
    struct media *service = ctx;
    sea_worker_close(&service->worker);
    sea_http_client_close(&service->client);
    while (service->jobs != NULL) media_job_free(service->jobs);
    sea_days_close(&service->days);
    sea_keys_close(&service->keys);
    if (service->step_event != NULL) event_free(service->step_event);
    media_store_free(&service->store);
    sea_settings_close(&service->settings);
}

int main(int argc, char **argv)
{
    static struct media service;
    static const struct sea_setting ROWS[] = {
#define SEA_SETTING(...) SEA_SETTING_ROW(struct media_config, __VA_ARGS__)
#include "media_config.def"
#undef SEA_SETTING
    };
    const struct sea_app_program program = {
        .config = {"media-fetcher", ROWS, SEA_COUNT(ROWS), &service.own},
        .metrics = media_metrics,
        .about = "the files that messages bring, fetched once and kept sealed",
        .load = load,
        .start = start,
        .stop = stop,
        .ctx = &service,
    };
    return sea_app_main(&program, argc, argv);
}
