/* ingest_topic.c: seadesk.business: CloudEvents in Kafka's binary or structured mode. A batch is
 * validated and produced; when every record of it is acknowledged its offsets are committed, so
 * that a crash reads it again with the same ids. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ingest_business.h"
#include "ingest_edge.h"
#include "ingest_json.h"
#include "ingest_metrics.h"
#include "sea_clock.h"
#include "sea_crash.h"
#include "sea_enc.h"
#include "sea_kafka_private.h"
#include "sea_log.h"
#include "sea_trace.h"

enum {
    BATCH_MAX = 500,
    BATCH_MAX_BYTES = 256 * 1024, /* read, it and one event more are far from filling the arena */
    RETRY_MS = 500,
    POLL_MS = 1000,
    LEAVE_MS = 2000
};

struct ingest_topic {
    struct ingest_edge *edge;
    rd_kafka_t *consumer;
    rd_kafka_queue_t *queue;
    int wake_fd;
    struct event *wake, *retry;
    rd_kafka_message_t *batch[BATCH_MAX];
    size_t count, bytes;
    bool is_publishing; /* or waiting to try again */
    bool is_held;       /* the end waits for what is being published */
};

static const uint64_t ONE = 1;

/* What CloudEvents' Kafka binding says in headers (binary mode), as they come. */
struct binding {
    struct ingest_cloudevent event;
    struct sea_str trace;
};

static void read_header(struct binding *binding, const char *name, struct sea_str value)
{
    struct ingest_cloudevent *event = &binding->event;
    if (strcmp(name, "ce_specversion") == 0)
        event->specversion = value;
    else if (strcmp(name, "ce_id") == 0)
        event->id = value;
    else if (strcmp(name, "ce_source") == 0)
        event->source = value;
    else if (strcmp(name, "ce_type") == 0)
        event->type = value;
    else if (strcmp(name, "ce_subject") == 0)
        event->subject = value;
    else if (strcmp(name, "ce_time") == 0)
        event->time = value;
    else if (strcmp(name, "content-type") == 0)
        event->content_type = value;
    else if (strcmp(name, "traceparent") == 0)
        binding->trace = value;
}

static struct binding binding_of(rd_kafka_message_t *message)
{
    struct binding binding = {
        .event = {.bytes = {message->payload, message->payload ? message->len : 0}}};
    rd_kafka_headers_t *headers = NULL;
    const char *name;
    const void *value;
    size_t len;
    if (rd_kafka_message_headers(message, &headers)) return binding;
    for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &len) == 0; i++)
        read_header(&binding, name, (struct sea_str){value, value ? len : 0});
    return binding;
}

static bool take_protobuf(const struct ingest_business *business, struct sea_str value,
                          struct ingest_intake *intake, struct ingest_problem *problem)
{
    uint32_t count;
    return ingest_business_protobuf(business, value, false, &intake->items, &count, problem);
}

/* A source's own topic has its name behind this; the broker lets only that source write there, and
 * what it may say is its key's scope. */
static const char OWN[] = "seadesk.business.";

static bool is_registered(const struct ingest_business *business, const rd_kafka_message_t *message,
                          struct ingest_problem *problem)
{
    bool is_own = sea_str_starts(sea_str(rd_kafka_topic_name(message->rkt)), OWN);
    return !is_own || business->scope.publisher ||
           ingest_refuse(problem, 403, "source-not-allowed",
                         "the topic is named after no registered source", NULL);
}

static struct ingest_business business_of(const struct ingest_topic *topic,
                                          const rd_kafka_message_t *message, const yyjson_alc *alc)
{
    const struct sea_channels *channels = &topic->edge->settings->channels;
    struct sea_str name = sea_str(rd_kafka_topic_name(message->rkt));
    const struct sea_source *publisher = NULL;
    if (sea_str_starts(name, OWN))
        publisher = sea_channels_source_named(
            channels, (struct sea_str){name.ptr + sizeof(OWN) - 1, name.len - (sizeof(OWN) - 1)});
    return (struct ingest_business){alc, ingest_edge_scope(topic->edge, publisher), channels};
}

/* CloudEvents' Kafka binding 3: by the content type's beginning; its case doesn't count. */
static bool is_structured(struct sea_str content_type)
{
    static const char BEGINNING[] = "application/cloudevents";
    size_t len = sizeof(BEGINNING) - 1;
    return content_type.len >= len && strncasecmp(content_type.ptr, BEGINNING, len) == 0;
}

static bool take(const struct ingest_business *business, const rd_kafka_message_t *message,
                 const struct binding *binding, uint32_t index, struct ingest_intake *intake,
                 struct ingest_problem *problem)
{
    const struct ingest_cloudevent *event = &binding->event;
    if (event->bytes.len > INGEST_EVENT_BYTES_MAX)
        return ingest_refuse(problem, 413, "too-large", "an event may have 192 KiB", NULL);
    if (!is_registered(business, message, problem)) return false;
    if (!is_structured(event->content_type))
        return ingest_business_take(business, event, index, &intake->items, problem);
    if (sea_http_type_is(event->content_type, "application/cloudevents+protobuf"))
        return take_protobuf(business, event->bytes, intake, problem);
    if (!sea_http_type_is(event->content_type, "application/cloudevents+json"))
        return ingest_refuse(problem, 415, "unsupported-media-type",
                             "structured events are read as JSON or protobuf", NULL);
    yyjson_val *root = yyjson_doc_get_root(ingest_json_parse(event->bytes, business->alc));
    if (!root) return ingest_json_refuse(event->bytes, business->alc, problem);
    if (!yyjson_is_obj(root))
        return ingest_refuse(problem, 400, "malformed", "the value is not a JSON object", NULL);
    struct ingest_cloudevent structured = ingest_cloudevent_of(root, &intake->arena);
    return ingest_business_take(business, &structured, index, &intake->items, problem);
}

/* What can't be taken goes to the dead letters with its place and reason, and the partition goes
 * on. */
static void put_aside(struct ingest_intake *intake, const rd_kafka_message_t *message,
                      const struct ingest_problem *problem)
{
    char place[32];
    struct sea_str topic = sea_str(rd_kafka_topic_name(message->rkt));
    struct sea_str value = {message->payload, message->payload ? message->len : 0};
    if (problem->status == 421) value.len = 0; /* another region's data are not copied here */
    struct sea_str parts[] = {SEA_STR("dead"), topic, {place, 0}};
    parts[2].len = (size_t)snprintf(place, sizeof(place), "%d/%lld", message->partition,
                                    (long long)message->offset);
    struct ingest_item *item = ingest_items_add_dead(&intake->items, problem->code, value);
    sea_assert(item); /* a batch has room for two items of each record */
    item->id = sea_uuid5(parts, SEA_COUNT(parts));
    item->dead.topic = topic;
    item->dead.partition = message->partition;
    item->dead.offset = message->offset;
    sea_metric_inc(&sea_m_ingest_refused_total, "business", problem->code);
    sea_log(SEA_LOG_WARN, "business event put aside", SEA_F_STR("code", problem->code),
            SEA_F_STR("field", problem->field), SEA_F_STR("topic", topic),
            SEA_F_I64("partition", message->partition), SEA_F_I64("offset", message->offset));
}

/* For the source to look at: that of the topic, else whoever speaks for the event's source. */
static void tell_source(const struct ingest_topic *topic, const struct sea_source *publisher,
                        const rd_kafka_message_t *message, const struct ingest_problem *problem,
                        const struct ingest_item *item)
{
    const struct ingest_refusal refusal = {.id = item->id,
                                           .problem = problem,
                                           .at_ms = sea_clock_wall_ms(),
                                           .topic = rd_kafka_topic_name(message->rkt),
                                           .partition = message->partition,
                                           .offset = message->offset};
    if (!publisher)
        publisher = sea_channels_source_for(&topic->edge->settings->channels, problem->source);
    if (publisher) ingest_rejects_keep(topic->edge->rejects, publisher, &refusal);
}

static void drop_batch(struct ingest_topic *topic)
{
    for (size_t i = 0; i < topic->count; i++) rd_kafka_message_destroy(topic->batch[i]);
    topic->count = topic->bytes = 0;
}

static void commit(struct ingest_topic *topic)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    for (size_t i = 0; i < topic->count; i++) {
        const char *name = rd_kafka_topic_name(topic->batch[i]->rkt);
        int32_t partition = topic->batch[i]->partition;
        rd_kafka_topic_partition_t *part =
            rd_kafka_topic_partition_list_find(list, name, partition);
        if (!part) part = rd_kafka_topic_partition_list_add(list, name, partition);
        part->offset = topic->batch[i]->offset + 1;
    }
    SEA_CRASHPOINT("ingest.business_acknowledged");
    rd_kafka_resp_err_t err = rd_kafka_commit(topic->consumer, list, 1);
    if (err)
        sea_log(SEA_LOG_WARN, "offsets not committed", SEA_F_STR("cause", rd_kafka_err2str(err)));
    rd_kafka_topic_partition_list_destroy(list);
}

static void wake(struct ingest_topic *topic)
{
    (void)!write(topic->wake_fd, &ONE, sizeof(ONE));
}

static void on_published(struct ingest_intake *intake, enum sea_err err)
{
    struct ingest_topic *topic = intake->ctx;
    sea_assert(err != SEA_ERR_REJECT); /* events are bounded, so their records are */
    if (err && !topic->is_held) {
        struct timeval tv = {0, RETRY_MS * 1000};
        event_add(topic->retry, &tv); /* the same batch again: same ids */
        return;
    }
    if (!err) commit(topic);
    drop_batch(topic);
    topic->is_publishing = false;
    if (topic->is_held) sea_app_release(topic->edge->app);
    topic->is_held = false;
    wake(topic);
}

static void publish(struct ingest_topic *topic)
{
    struct ingest_intake *intake = ingest_intake_begin(topic->edge->intakes);
    struct sea_trace trace = sea_trace_new();
    bool is_again = topic->is_publishing;
    intake->ctx = topic;
    sea_trace_print(&trace, intake->trace);
    for (size_t i = 0; i < topic->count; i++) {
        struct ingest_problem problem = {0};
        struct binding binding = binding_of(topic->batch[i]);
        struct ingest_business business = business_of(topic, topic->batch[i], &intake->alc);
        size_t before = intake->items.count;
        if (take(&business, topic->batch[i], &binding, (uint32_t)i, intake, &problem)) continue;
        intake->items.count = before;
        if (!problem.source.len) ingest_business_refused(&binding.event, &problem); /* by headers */
        put_aside(intake, topic->batch[i], &problem);
        if (!is_again)
            tell_source(topic, business.scope.publisher, topic->batch[i], &problem,
                        &intake->items.list[before]);
    }
    topic->is_publishing = true;
    ingest_intake_publish(intake, on_published);
}

/* False when there is none now. */
static bool take_message(struct ingest_topic *topic)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(topic->consumer, 0);
    if (!message) return false;
    if (!message->err) {
        topic->bytes += message->len;
        topic->batch[topic->count++] = message;
        return true;
    }
    /* no seadesk.business.{source} topic is no mistake */
    if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF &&
        message->err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        sea_log(SEA_LOG_WARN, "consumer error", SEA_F_STR("cause", rd_kafka_err2str(message->err)));
    rd_kafka_message_destroy(message);
    return true;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct ingest_topic *topic = arg;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof(count)) < 0 || topic->is_publishing) return;
    if (sea_app_is_draining(topic->edge->app)) return;
    while (topic->count < BATCH_MAX && topic->bytes < BATCH_MAX_BYTES && take_message(topic)) {
    }
    if (topic->count) publish(topic);
}

/* Without a poll now and then the group takes an idle member for dead (max.poll.interval.ms). */
static void on_poll(void *ctx)
{
    wake(ctx);
}

/* What is being published is answered for before the end. */
static void on_drain(void *ctx)
{
    struct ingest_topic *topic = ctx;
    if (!topic->is_publishing) return;
    topic->is_held = true;
    sea_app_hold(topic->edge->app);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    publish(arg);
}

static rd_kafka_t *open_consumer(const struct ingest_edge *edge)
{
    char error[256];
    rd_kafka_conf_t *conf = sea_kafka_conf(edge->config->kafka, "ingest");
    sea_kafka_set(conf, "group.id", "ingest");
    sea_kafka_set(conf, "partition.assignment.strategy", "range");
    sea_kafka_set(conf, "session.timeout.ms", "10000");
    sea_kafka_set(conf, "enable.auto.commit", "false");
    sea_kafka_set(conf, "enable.auto.offset.store", "false");
    sea_kafka_set(conf, "auto.offset.reset", "earliest");
    sea_kafka_set(conf, "fetch.wait.max.ms", "500");
    sea_kafka_set(conf, "queued.min.messages", "1000");
    sea_kafka_set(conf, "queued.max.messages.kbytes", "8192");
    sea_kafka_set(conf, "check.crcs", "true");
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    if (!consumer) {
        rd_kafka_conf_destroy(conf);
        sea_log(SEA_LOG_ERROR, "no kafka consumer", SEA_F_STR("cause", error));
    }
    return consumer;
}

enum sea_err ingest_topic_open(struct ingest_topic **ret, struct ingest_edge *edge)
{
    rd_kafka_t *consumer = open_consumer(edge);
    if (!consumer) return SEA_ERR_FATAL;
    struct ingest_topic *topic = sea_alloc(sizeof(*topic));
    topic->edge = edge;
    topic->consumer = consumer;
    rd_kafka_poll_set_consumer(consumer);
    topic->queue = rd_kafka_queue_get_consumer(consumer);
    topic->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    sea_assert(topic->wake_fd >= 0);
    rd_kafka_queue_io_event_enable(topic->queue, topic->wake_fd, &ONE, sizeof(ONE));
    topic->wake =
        event_new(sea_app_base(edge->app), topic->wake_fd, EV_READ | EV_PERSIST, on_wake, topic);
    topic->retry = evtimer_new(sea_app_base(edge->app), on_retry, topic);
    event_add(topic->wake, NULL);
    sea_app_every(edge->app, POLL_MS, on_poll, topic);
    sea_app_on_drain(edge->app, on_drain, topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    rd_kafka_topic_partition_list_add(list, sea_topic_info(SEA_TOPIC_BUSINESS)->name,
                                      RD_KAFKA_PARTITION_UA);
    rd_kafka_topic_partition_list_add(list, "^seadesk\\.business\\..+", RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t err = rd_kafka_subscribe(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    *ret = topic;
    return err ? SEA_ERR_FATAL : SEA_OK;
}

void ingest_topic_look(struct ingest_topic *topic)
{
    (void)!write(topic->wake_fd, &ONE, sizeof(ONE));
}

/* A group that is just being shared out anew (a topic came or went) may keep who leaves waiting for
 * as long as a member may be silent; it does without our good-bye then. */
static void leave(struct ingest_topic *topic)
{
    int64_t until_ms = sea_clock_mono_ms() + LEAVE_MS;
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(topic->consumer, topic->queue);
    if (error) rd_kafka_error_destroy(error);
    while (!error && !rd_kafka_consumer_closed(topic->consumer) && sea_clock_mono_ms() < until_ms) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(topic->queue, 50);
        if (event) rd_kafka_event_destroy(event);
    }
}

/* Here leak checkers find it: its own threads don't always point to it. */
static rd_kafka_t *volatile left_to_the_process;

void ingest_topic_close(struct ingest_topic **pointer)
{
    struct ingest_topic *topic = *pointer;
    if (!topic) return;
    drop_batch(topic);
    event_free(topic->wake);
    event_free(topic->retry);
    rd_kafka_queue_io_event_enable(topic->queue, -1, NULL, 0);
    leave(topic);
    /* The consumer itself goes with the process: librdkafka 2.0.2 waits for ever for the thread of
     * a broker one of whose topics was deleted while it was read. */
    left_to_the_process = topic->consumer;
    rd_kafka_queue_destroy(topic->queue);
    close(topic->wake_fd);
    free(topic);
    *pointer = NULL;
}
