/* sea_producer.c: the idempotent producer; its reports arrive as events on the loop's thread. */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sea_kafka_private.h"
#include "sea_log.h"
#include "sea_probe.h"

struct sea_producer {
    struct sea_producer_options options;
    rd_kafka_t *handle;
    rd_kafka_queue_t *events;
    rd_kafka_topic_t *topics[SEA_TOPICS];
    int wake_fd;
    struct event *wake;
    struct sea_probe *probe; /* NULL: not watched */
    bool was_up, is_dead;
};

enum { EVENTS_PER_POLL = 64 };

static const uint64_t ONE = 1;

/* An acknowledgement, or the loss of all brokers. */
static void saw(struct sea_producer *producer, bool is_up)
{
    producer->was_up = is_up;
    if (producer->probe) sea_probe_tell(producer->probe, is_up);
}

static void on_reports(struct sea_producer *producer, rd_kafka_event_t *event)
{
    const rd_kafka_message_t *message;
    const char *topic = "", *cause = "";
    uint64_t failed = 0;
    while ((message = rd_kafka_event_message_next(event))) {
        enum sea_err err = message->err ? SEA_ERR_RETRY : SEA_OK;
        if (!err) saw(producer, true);
        if (message->err && message->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE) {
            failed++;
            topic = rd_kafka_topic_name(message->rkt);
            cause = rd_kafka_err2str(message->err);
        }
        producer->options.on_report(producer->options.ctx, message->_private, err);
    }
    if (failed)
        sea_log(SEA_LOG_WARN, "records not acknowledged", SEA_F_U64("count", failed),
                SEA_F_STR("topic", topic), SEA_F_STR("cause", cause));
}

static void on_error(struct sea_producer *producer, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t err = rd_kafka_event_error(event);
    bool is_fatal = err == RD_KAFKA_RESP_ERR__FATAL;
    if (!is_fatal && err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
    sea_log(SEA_LOG_WARN, is_fatal ? "producer turned fatal" : "all brokers are away",
            SEA_F_STR("cause", rd_kafka_event_error_string(event)));
    bool was_up = producer->was_up;
    saw(producer, false);
    if (is_fatal) producer->is_dead = true;
    if (producer->options.on_lost && (is_fatal || was_up))
        producer->options.on_lost(producer->options.ctx, is_fatal);
}

void sea_producer_poll(struct sea_producer *producer)
{
    rd_kafka_event_t *event;
    for (int i = 0; i < EVENTS_PER_POLL && (event = rd_kafka_queue_poll(producer->events, 0));
         i++) {
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR) on_reports(producer, event);
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) on_error(producer, event);
        rd_kafka_event_destroy(event);
    }
    /* The wake-up comes only when an empty queue gets its first event: ask for another turn. */
    if (rd_kafka_queue_length(producer->events) > 0)
        (void)!write(producer->wake_fd, &ONE, sizeof(ONE));
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct sea_producer *producer = arg;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof(count)) < 0) return;
    sea_producer_poll(producer);
}

static rd_kafka_conf_t *make_conf(const struct sea_producer_options *options)
{
    rd_kafka_conf_t *conf = sea_kafka_conf(options->brokers, options->client_id);
    char number[16];
    sea_kafka_set(conf, "enable.idempotence", "true");
    sea_kafka_set(conf, "partitioner", "murmur2_random");
    sea_kafka_set(conf, "message.max.bytes", "1000000");
    sea_kafka_set(conf, "sticky.partitioning.linger.ms", "0");
    if (options->message_timeout_ms == 0) sea_kafka_set(conf, "enable.gapless.guarantee", "true");
    snprintf(number, sizeof(number), "%d", options->linger_ms);
    sea_kafka_set(conf, "linger.ms", number);
    snprintf(number, sizeof(number), "%d", options->message_timeout_ms);
    sea_kafka_set(conf, "message.timeout.ms", number);
    snprintf(number, sizeof(number), "%d", options->queue_messages_max);
    sea_kafka_set(conf, "queue.buffering.max.messages", number);
    snprintf(number, sizeof(number), "%d", options->queue_kbytes_max);
    sea_kafka_set(conf, "queue.buffering.max.kbytes", number);
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    return conf;
}

enum sea_err sea_producer_open(struct sea_producer **ret,
                               const struct sea_producer_options *options)
{
    char error[256];
    rd_kafka_conf_t *conf = make_conf(options);
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    if (!handle) {
        rd_kafka_conf_destroy(conf);
        sea_log(SEA_LOG_ERROR, "no kafka producer", SEA_F_STR("cause", error));
        return SEA_ERR_FATAL;
    }
    struct sea_producer *producer = sea_alloc(sizeof(*producer));
    producer->options = *options;
    producer->handle = handle;
    producer->events = rd_kafka_queue_get_main(handle);
    producer->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    sea_assert(producer->wake_fd >= 0);
    rd_kafka_queue_io_event_enable(producer->events, producer->wake_fd, &ONE, sizeof(ONE));
    producer->wake =
        event_new(options->base, producer->wake_fd, EV_READ | EV_PERSIST, on_wake, producer);
    sea_assert(producer->wake && event_add(producer->wake, NULL) == 0);
    for (unsigned i = 0; i < SEA_TOPICS; i++)
        producer->topics[i] =
            rd_kafka_topic_new(handle, sea_topic_info((enum sea_topic)i)->name, NULL);
    *ret = producer;
    return SEA_OK;
}

void sea_producer_close(struct sea_producer **producer, int flush_ms)
{
    struct sea_producer *p = *producer;
    if (!p) return;
    if (flush_ms > 0 && !p->is_dead) {
        /* With events, rd_kafka_flush doesn't serve reports: serve them here until the queue is
         * empty. */
        for (int waited = 0; waited < flush_ms && rd_kafka_outq_len(p->handle) > 0; waited += 10) {
            rd_kafka_event_t *event = rd_kafka_queue_poll(p->events, 10);
            if (event && rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR) on_reports(p, event);
            if (event) rd_kafka_event_destroy(event);
        }
    }
    sea_probe_close(&p->probe);
    event_free(p->wake);
    rd_kafka_queue_io_event_enable(p->events, -1, NULL, 0);
    rd_kafka_purge(p->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    for (size_t i = 0; i < SEA_TOPICS; i++) rd_kafka_topic_destroy(p->topics[i]);
    rd_kafka_queue_destroy(p->events);
    rd_kafka_destroy_flags(p->handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    close(p->wake_fd);
    free(p);
    *producer = NULL;
}

enum sea_err sea_producer_send(struct sea_producer *producer, const struct sea_outgoing *out,
                               void *opaque)
{
    if (out->value.len > SEA_RECORD_MAX_BYTES) return SEA_ERR_REJECT;
    rd_kafka_headers_t *headers = sea_headers_write(&out->headers);
    rd_kafka_resp_err_t err =
        rd_kafka_producev(producer->handle, RD_KAFKA_V_RKT(producer->topics[out->topic]),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_KEY((void *)(uintptr_t)out->key.ptr, out->key.len),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)out->value.ptr, out->value.len),
                          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
    if (err) rd_kafka_headers_destroy(headers); /* still ours after a failed call */
    return sea_kafka_err(err);
}

void sea_producer_give_up(struct sea_producer *producer)
{
    rd_kafka_purge(producer->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

int sea_producer_queued(const struct sea_producer *producer)
{
    return rd_kafka_outq_len(producer->handle);
}

void sea_producer_watch(struct sea_producer *producer, bool asks_replicas)
{
    sea_probe_open(&producer->probe, producer->handle, asks_replicas);
}

bool sea_producer_is_replicated(const struct sea_producer *producer)
{
    return producer->probe && sea_probe_is_replicated(producer->probe);
}

bool sea_producer_is_up(const struct sea_producer *producer)
{
    return producer->probe && sea_probe_is_up(producer->probe);
}
