/* main.c: wires the edge: configuration folder, keys, producer, HTTP and the topic of business
 * events. */
#include "ingest_edge.h"
#include "ingest_lmtp_server.h"
#include "ingest_metrics.h"
#include "sea_thread.h"

enum {
    LOOK_MS = 1000,
    KEY_LOOKS_MAX = 60,
    KEY_LOOK_MS = 50,
    GIVE_UP_MS = 6000, /* of a drain, which has 8 s: then requests hear 503 and not nothing */
};

static enum sea_err load(void *ctx, const struct sea_config *config)
{
    struct ingest_edge *edge = ctx;
    edge->config = config;
    enum sea_err err = ingest_edge_load(edge, config);
    if (!err && edge->courier) ingest_courier_load(edge->courier, &edge->settings->channels);
    return err;
}

static void reload(void *ctx)
{
    ingest_edge_reload(ctx);
}

static void look(void *ctx)
{
    struct ingest_edge *edge = ctx;
    ingest_intakes_mend(edge->intakes);
    sea_metric_set(&sea_m_ingest_waiting_requests, ingest_intakes_waiting(edge->intakes));
    if (edge->topic) ingest_topic_look(edge->topic);
    ingest_http_parts_look(edge);
    if (!sea_app_is_draining(edge->app)) ingest_courier_look(edge->courier);
}

static bool is_broker_up(void *ctx, struct sea_buf *why)
{
    const struct ingest_edge *edge = ctx;
    bool is_up = ingest_intakes_is_up(edge->intakes);
    if (!is_up) sea_buf_text(why, "kafka is away, or topics are missing (seadesk topics)");
    return is_up;
}

static bool is_replicated(void *ctx, struct sea_buf *why)
{
    const struct ingest_edge *edge = ctx;
    bool is_good = ingest_intakes_is_replicated(edge->intakes);
    if (!is_good)
        sea_buf_text(why, "production mode wants three replicas of the edge's topics and "
                          "min.insync.replicas 2 (SEADESK_KAFKA_REPLICAS at seadesk topics)");
    return is_good;
}

static bool is_listening(void *ctx, struct sea_buf *why)
{
    const struct ingest_edge *edge = ctx;
    if (!edge->is_listening) sea_buf_text(why, "not listening yet");
    return edge->is_listening;
}

/* Without its day key it could only answer 503: a moment's wait for it makes a restart smoother. */
static void serve_when_ready(void *ctx)
{
    struct ingest_edge *edge = ctx;
    if (sea_app_is_draining(edge->app)) return;
    if (!sea_days_is_ready(edge->days) && edge->key_looks++ < KEY_LOOKS_MAX)
        sea_app_after(edge->app, KEY_LOOK_MS, serve_when_ready, edge);
    else if (ingest_http_open(edge) || ingest_lmtp_server_open(&edge->lmtp, edge))
        sea_app_fail(edge->app);
    else
        edge->is_listening = true;
}

static void give_up(void *ctx)
{
    const struct ingest_edge *edge = ctx;
    ingest_intakes_give_up(edge->intakes);
}

static void on_drain(void *ctx)
{
    struct ingest_edge *edge = ctx;
    ingest_lmtp_server_drain(edge->lmtp);
    sea_app_after(edge->app, GIVE_UP_MS, give_up, edge);
}

static enum sea_err start(void *ctx, struct sea_app *app, const struct sea_config *config)
{
    struct ingest_edge *edge = ctx;
    struct sea_keys_options keys = {.url = config->keys_postgres,
                                    .user = "seadesk_ingest",
                                    .password = config->postgres_password,
                                    .name = "ingest",
                                    .master_key = config->master_key};
    edge->app = app;
    edge->mail.max_bytes = INGEST_MAIL_MEMORY_MAX;
    sea_thread_open(&edge->reader, sea_app_base(app));
    sea_pepper_init(&edge->pepper, sea_str(config->pepper));
    enum sea_err err =
        sea_days_open(&edge->days, &keys, (1u << SEA_DAYS_INTAKE) | (1u << SEA_DAYS_DEAD));
    if (err) return err;
    struct ingest_intakes_options options = {
        .base = sea_app_base(app),
        .brokers = config->kafka,
        .linger_ms = (int)edge->own.linger_ms,
        .ack_timeout_ms = (int)edge->own.ack_timeout_ms,
        .queue_max_bytes = (size_t)edge->own.queue_bytes,
        .needs_replicas = config->mode == SEA_MODE_PRODUCTION,
        .encoder = {&edge->pepper, edge->days},
        .recall = {.base = sea_app_base(app),
                   .url = config->redis,
                   .password = config->redis_password,
                   .remember_ms = edge->own.remember_ms},
    };
    err = ingest_intakes_open(&edge->intakes, &options);
    const struct ingest_rejects_options rejects = {.base = sea_app_base(app),
                                                   .url = config->redis,
                                                   .password = config->redis_password,
                                                   .days = edge->days};
    if (!err) err = ingest_rejects_open(&edge->rejects, &rejects);
    const struct ingest_courier_options courier = {
        .base = sea_app_base(app), .rejects = edge->rejects, .retry_ms = edge->own.reject_retry_ms};
    if (!err) err = ingest_courier_open(&edge->courier, &courier);
    const struct sea_http_client_config client = {.in_flight_max = 8};
    if (!err) err = sea_http_client_open(&edge->client, sea_app_base(app), &client);
    if (!err) ingest_courier_load(edge->courier, &edge->settings->channels);
    ingest_parts_open(&edge->parts, edge->own.parts_wait_ms);
    if (!err) err = ingest_topic_open(&edge->topic, edge);
    if (err) return err;
    sea_app_ready_check(app, "kafka", is_broker_up, edge);
    sea_app_ready_check(app, "replicas", is_replicated, edge);
    sea_app_ready_check(app, "keys", sea_days_has_keys, edge->days);
    sea_app_ready_check(app, "http", is_listening, edge);
    sea_app_on_drain(app, on_drain, edge);
    sea_app_every(app, LOOK_MS, look, edge);
    look(edge);
    serve_when_ready(edge);
    return SEA_OK;
}

static void stop(void *ctx)
{
    struct ingest_edge *edge = ctx;
    sea_thread_close(&edge->reader, NULL);
    ingest_intakes_close(&edge->intakes); /* what still arrives is told to the topic */
    ingest_lmtp_server_close(&edge->lmtp);
    ingest_topic_close(&edge->topic);
    ingest_parts_close(&edge->parts);
    ingest_rejects_close(&edge->rejects);
    ingest_courier_close(&edge->courier);
    sea_http_client_close(&edge->client);
    sea_days_close(&edge->days);
    ingest_edge_unload(edge);
}

int main(int argc, char **argv)
{
    static struct ingest_edge edge;
    static const struct sea_setting ROWS[] = {
#define SEA_SETTING(...) SEA_SETTING_ROW(struct ingest_config, __VA_ARGS__)
#include "ingest_config.def"
#undef SEA_SETTING
    };
    const struct sea_app_program program = {
        .config = {"ingest", ROWS, SEA_COUNT(ROWS), &edge.own},
        .metrics = ingest_metrics,
        .about = "the edge: authentic, well-formed and allowed events, safe in the log",
        .load = load,
        .start = start,
        .stop = stop,
        .reload = reload,
        .ctx = &edge,
    };
    return sea_app_main(&program, argc, argv);
}
