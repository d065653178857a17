/* sea_tail.c: every partition of some topics into one queue, from its end. */
#include "sea_tail.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sea_kafka_private.h"
#include "sea_log.h"

enum { RECORDS_PER_TURN = 1000 };

static const uint64_t ONE = 1;

struct sea_tail {
    struct sea_tail_options options;
    rd_kafka_t *handle;
    rd_kafka_queue_t *queue;
    rd_kafka_topic_t *topics[SEA_TOPICS]; /* NULL: not read */
    uint32_t live[SEA_TOPICS];            /* partitions whose end was reached, as bits */
    size_t waiting;                       /* partitions whose end was not reached yet */
    int wake_fd;
    struct event *wake;
};

static void on_end(struct sea_tail *tail, enum sea_topic topic, int32_t partition)
{
    uint32_t bit = UINT32_C(1) << partition;
    if (tail->live[topic] & bit) return;
    tail->live[topic] |= bit;
    if (--tail->waiting == 0) tail->options.on_gap(tail->options.ctx);
}

/* The log is not what it was: go on at its new end. */
static void on_cut(struct sea_tail *tail, enum sea_topic topic, int32_t partition)
{
    sea_log(SEA_LOG_WARN, "tail: log was cut", SEA_F_STR("topic", sea_topic_info(topic)->name),
            SEA_F_I64("partition", partition));
    (void)rd_kafka_seek(tail->topics[topic], partition, RD_KAFKA_OFFSET_END, 0);
    tail->options.on_gap(tail->options.ctx);
}

static void on_error(struct sea_tail *tail, enum sea_topic topic, const rd_kafka_message_t *message)
{
    switch ((int)message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        on_end(tail, topic, message->partition);
        return;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        on_cut(tail, topic, message->partition);
        return;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
        return; /* librdkafka comes back by itself */
    default:
        sea_log(SEA_LOG_WARN, "tail: consumer error",
                SEA_F_STR("topic", sea_topic_info(topic)->name),
                SEA_F_STR("cause", rd_kafka_err2str(message->err)));
    }
}

/* True: it was a record. */
static bool give(struct sea_tail *tail, rd_kafka_message_t *message)
{
    enum sea_topic topic;
    if (!message->rkt || !sea_topic_find(sea_str(rd_kafka_topic_name(message->rkt)), &topic))
        return false;
    if (message->err) {
        on_error(tail, topic, message);
        return false;
    }
    struct sea_record record;
    sea_record_of(message, topic, &record);
    tail->options.on_record(tail->options.ctx, &record);
    return true;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct sea_tail *tail = arg;
    uint64_t count;
    bool has_records = false;
    (void)what;
    if (read(fd, &count, sizeof(count)) < 0) return;
    for (int i = 0; i < RECORDS_PER_TURN; i++) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(tail->queue, 0);
        if (!message) break;
        has_records |= give(tail, message);
        rd_kafka_message_destroy(message);
    }
    if (has_records) tail->options.on_pause(tail->options.ctx);
    if (rd_kafka_queue_length(tail->queue) > 0) (void)!write(fd, &ONE, sizeof(ONE));
}

static rd_kafka_conf_t *make_conf(const struct sea_tail_options *options)
{
    rd_kafka_conf_t *conf = sea_kafka_conf(options->brokers, options->client_id);
    sea_kafka_set(conf, "enable.partition.eof", "true");
    sea_kafka_set(conf, "fetch.min.bytes", "65536");
    sea_kafka_set(conf, "fetch.wait.max.ms", "50");
    sea_kafka_set(conf, "fetch.error.backoff.ms", "100");
    sea_kafka_set(conf, "queued.min.messages", "1000");
    sea_kafka_set(conf, "queued.max.messages.kbytes", "4096");
    return conf;
}

static void start(struct sea_tail *tail, enum sea_topic topic)
{
    const struct sea_topic_info *info = sea_topic_info(topic);
    rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
    (void)rd_kafka_topic_conf_set(conf, "auto.offset.reset", "error", NULL, 0);
    tail->topics[topic] = rd_kafka_topic_new(tail->handle, info->name, conf);
    sea_assert(tail->topics[topic] && info->partitions <= 32);
    for (uint32_t p = 0; p < info->partitions; p++) {
        int failed = rd_kafka_consume_start_queue(tail->topics[topic], (int32_t)p,
                                                  RD_KAFKA_OFFSET_END, tail->queue);
        sea_assert(!failed);
    }
    tail->waiting += info->partitions;
}

enum sea_err sea_tail_open(struct sea_tail **ret, const struct sea_tail_options *options)
{
    char error[256];
    rd_kafka_conf_t *conf = make_conf(options);
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    if (!handle) {
        rd_kafka_conf_destroy(conf);
        sea_log(SEA_LOG_ERROR, "no kafka consumer", SEA_F_STR("cause", error));
        return SEA_ERR_FATAL;
    }
    struct sea_tail *tail = sea_alloc(sizeof(*tail));
    tail->options = *options;
    tail->handle = handle;
    tail->queue = rd_kafka_queue_new(handle);
    tail->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    sea_assert(tail->wake_fd >= 0);
    rd_kafka_queue_io_event_enable(tail->queue, tail->wake_fd, &ONE, sizeof(ONE));
    tail->wake = event_new(options->base, tail->wake_fd, EV_READ | EV_PERSIST, on_wake, tail);
    sea_assert(tail->wake && event_add(tail->wake, NULL) == 0);
    for (size_t i = 0; i < options->topics_count; i++) start(tail, options->topics[i]);
    *ret = tail;
    return SEA_OK;
}

void sea_tail_close(struct sea_tail **pointer)
{
    struct sea_tail *tail = *pointer;
    if (!tail) return;
    event_free(tail->wake);
    rd_kafka_queue_io_event_enable(tail->queue, -1, NULL, 0);
    for (unsigned t = 0; t < SEA_TOPICS; t++) {
        if (!tail->topics[t]) continue;
        for (uint32_t p = 0; p < sea_topic_info((enum sea_topic)t)->partitions; p++)
            (void)rd_kafka_consume_stop(tail->topics[t], (int32_t)p);
        rd_kafka_topic_destroy(tail->topics[t]);
    }
    rd_kafka_queue_destroy(tail->queue);
    rd_kafka_destroy(tail->handle);
    close(tail->wake_fd);
    free(tail);
    *pointer = NULL;
}

bool sea_tail_is_live(const struct sea_tail *tail)
{
    return tail->waiting == 0;
}
