/* main.c: wires desk: its dependencies, what readiness asks of them, and the routes. */
#include <sodium.h>

#include "desk.h"
#include "desk_api.h"
#include "desk_demo.h"
#include "desk_forget.h"
#include "desk_metrics.h"
#include "desk_password.h"
#include "desk_publish.h"
#include "desk_store.h"
#include "desk_stream.h"
#include "desk_typing.h"
#include "sea_folder.h"

enum { LOOK_MS = 1000 };

static enum sea_err load(void *ctx, const struct sea_config *config)
{
    struct desk *desk = ctx;
    desk->config = config;
    return sea_folder_load(&desk->settings, config);
}

/* The page tells time by the header Date, so that it counts down to when things really happen. */
static void follow_clock(struct desk *desk)
{
    int64_t shift_ms;
    if (!desk_store_shift(desk, &shift_ms)) sea_http_server_shift_date(desk->server, shift_ms);
}

/* Dependencies are asked here, once a second, so that no request and no probe waits for them. */
static void look(void *ctx)
{
    struct desk *desk = ctx;
    desk->is_broker_up = desk_publisher_is_up(desk->publisher);
    desk->are_keys_up = !sea_keys_check(desk->keys);
    desk->is_postgres_up = !sea_pg_connect(desk->pg);
    if (desk->is_postgres_up && !desk->is_schema_known &&
        desk_store_schema(desk, &desk->is_schema_known))
        desk->is_postgres_up = false;
    if (desk->is_schema_known && !desk->has_demo_users)
        desk->has_demo_users = !desk_demo_make(desk);
    if (desk->is_schema_known) follow_clock(desk);
    desk_stream_tick(desk->stream);
}

static bool is_postgres_ready(void *ctx, struct sea_buf *why)
{
    const struct desk *desk = ctx;
    if (!desk->is_postgres_up)
        sea_buf_text(why, "postgresql is away");
    else if (!desk->is_schema_known)
        sea_buf_text(why, "the schema is older than this program (seadesk migrate)");
    return desk->is_postgres_up && desk->is_schema_known;
}

static bool are_keys_ready(void *ctx, struct sea_buf *why)
{
    const struct desk *desk = ctx;
    if (!desk->are_keys_up)
        sea_buf_text(why, "the key store is away, not migrated (seadesk migrate), or of another "
                          "master key");
    return desk->are_keys_up;
}

static bool is_redis_ready(void *ctx, struct sea_buf *why)
{
    const struct desk *desk = ctx;
    bool is_up = sea_redis_is_up(desk->redis);
    if (!is_up) sea_buf_text(why, sea_redis_cause(desk->redis));
    return is_up;
}

static bool is_kafka_ready(void *ctx, struct sea_buf *why)
{
    const struct desk *desk = ctx;
    bool is_up = desk->is_broker_up && desk_stream_is_live(desk->stream);
    if (!is_up) sea_buf_text(why, "kafka is away, or topics are missing (seadesk topics)");
    return is_up;
}

static enum sea_err open_stores(struct desk *desk, const struct sea_config *config)
{
    struct sea_pg_options pg = {.url = config->postgres,
                                .user = "seadesk_desk",
                                .password = config->postgres_password,
                                .name = "desk",
                                .statement_timeout_ms = DESK_STATEMENT_MS};
    struct sea_keys_options keys = {.url = config->keys_postgres,
                                    .user = "seadesk_desk",
                                    .password = config->postgres_password,
                                    .name = "desk",
                                    .master_key = config->master_key};
    struct sea_redis_options redis = {
        .base = sea_app_base(desk->app), .url = config->redis, .password = config->redis_password};
    sea_pg_open(&desk->pg, &pg);
    enum sea_err err = sea_keys_open(&desk->keys, &keys, sea_app_base(desk->app));
    return err ? err : sea_redis_open(&desk->redis, &redis);
}

static enum sea_err start(void *ctx, struct sea_app *app, const struct sea_config *config)
{
    struct desk *desk = ctx;
    desk->app = app;
    if (sodium_init() < 0) return SEA_ERR_FATAL;
    enum sea_err err = open_stores(desk, config);
    if (!err)
        err = desk_passwords_open(&desk->passwords, sea_app_base(app), desk->own.password_passes,
                                  desk->own.password_memory);
    if (!err) err = desk_publisher_open(&desk->publisher, desk);
    if (!err) err = desk_stream_open(&desk->stream, desk);
    if (!err) err = desk_typing_open(&desk->typing, desk);
    if (!err) err = desk_forget_open(&desk->forget, desk);
    if (!err) err = desk_api_open(desk);
    if (err) return err;
    sea_app_ready_check(app, "postgres", is_postgres_ready, desk);
    sea_app_ready_check(app, "keys", are_keys_ready, desk);
    sea_app_ready_check(app, "redis", is_redis_ready, desk);
    sea_app_ready_check(app, "kafka", is_kafka_ready, desk);
    sea_app_every(app, LOOK_MS, look, desk);
    look(desk);
    return SEA_OK;
}

/* The server first: what is still unanswered is then answered to nobody. */
static void stop(void *ctx)
{
    struct desk *desk = ctx;
    sea_http_server_close(&desk->server);
    desk_passwords_close(&desk->passwords);
    sea_redis_close(&desk->redis);
    desk_publisher_close(&desk->publisher);
    desk_typing_close(&desk->typing);
    desk_stream_close(&desk->stream);
    desk_forget_close(&desk->forget);
    sea_keys_close(&desk->keys);
    sea_pg_close(&desk->pg);
    sea_settings_close(&desk->settings);
}

int main(int argc, char **argv)
{
    static struct desk desk;
    static const struct sea_setting ROWS[] = {
#define SEA_SETTING(...) SEA_SETTING_ROW(struct desk_config, __VA_ARGS__)
#include "desk_config.def"
#undef SEA_SETTING
    };
    const struct sea_app_program program = {
        .config = {"desk", ROWS, SEA_COUNT(ROWS), &desk.own},
        .metrics = desk_metrics,
        .about = "what a person needs to see and do next",
        .load = load,
        .start = start,
        .stop = stop,
        .ctx = &desk,
    };
    return sea_app_main(&program, argc, argv);
}
