/* seadesk_topics.c: creates the topics that are missing and says which ones differ from the
 * contract. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sea_clock.h"
#include "sea_kafka.h"
#include "sea_kafka_private.h"
#include "seadesk_report.h"

enum {
    TRY_MS = 5000,       /* one question */
    PATIENCE_MS = 60000, /* all of them: a broker that just starts */
    PAUSE_MS = 500,
    WAIT_MS = 30000,
    POLL_MS = 200
};

static void set(rd_kafka_NewTopic_t *topic, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)value);
    rd_kafka_NewTopic_set_config(topic, name, text);
}

static rd_kafka_NewTopic_t *make(const struct seadesk *seadesk, enum sea_topic which)
{
    char error[256];
    const struct sea_topic_info *info = sea_topic_info(which);
    int64_t replicas = seadesk->own.kafka_replicas;
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(info->name, (int)info->partitions,
                                                       (int)replicas, error, sizeof(error));
    sea_assert(topic);
    rd_kafka_NewTopic_set_config(topic, "cleanup.policy", "delete");
    set(topic, "retention.ms", info->retention_ms);
    set(topic, "segment.ms", info->segment_ms);
    set(topic, "max.message.bytes", 1000000);
    if (replicas >= 3) set(topic, "min.insync.replicas", 2);
    if (replicas == 1 && info->is_edge && seadesk->own.kafka_flush_edge)
        set(topic, "flush.messages", 1);
    if (replicas == 1 && !info->is_edge) set(topic, "flush.ms", 1000);
    return topic;
}

/* What a broker says that has not all of its cluster yet; brokers that are still to come make a
 * number of replicas wrong for a while. */
static bool may_pass(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR ||
           err == RD_KAFKA_RESP_ERR_NOT_CONTROLLER || err == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT ||
           err == RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
}

/* AWAY: worth another try, *ret_cause says why. */
static int tell(struct seadesk_report *report, rd_kafka_event_t *event, struct sea_buf *ret_cause)
{
    size_t count = 0;
    int status = SEADESK_DONE;
    if (rd_kafka_event_error(event)) {
        sea_buf_text(ret_cause, rd_kafka_event_error_string(event));
        return SEADESK_AWAY;
    }
    const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
    const rd_kafka_topic_result_t **topics = rd_kafka_CreateTopics_result_topics(result, &count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t err = rd_kafka_topic_result_error(topics[i]);
        if (!err) seadesk_did(report, "created %s", rd_kafka_topic_result_name(topics[i]));
        if (!err || err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
        if (may_pass(err)) {
            sea_buf_reset(ret_cause);
            sea_buf_text(ret_cause, rd_kafka_topic_result_error_string(topics[i]));
            if (!status) status = SEADESK_AWAY;
            continue;
        }
        fprintf(stderr, "seadesk topics: %s: %s\n", rd_kafka_topic_result_name(topics[i]),
                rd_kafka_topic_result_error_string(topics[i]));
        status = SEADESK_FAILED;
    }
    return status;
}

static int create(const struct seadesk *seadesk, struct seadesk_report *report, rd_kafka_t *handle,
                  struct sea_buf *ret_cause)
{
    rd_kafka_NewTopic_t *topics[SEA_TOPICS];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_AdminOptions_set_request_timeout(options, TRY_MS, NULL, 0);
    for (unsigned i = 0; i < SEA_TOPICS; i++) topics[i] = make(seadesk, (enum sea_topic)i);
    rd_kafka_CreateTopics(handle, topics, SEA_TOPICS, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TRY_MS + 1000);
    int status = SEADESK_AWAY;
    if (event)
        status = tell(report, event, ret_cause);
    else
        sea_buf_text(ret_cause, "no answer");
    if (event) rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy_array(topics, SEA_TOPICS);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return status;
}

static int create_patiently(const struct seadesk *seadesk, struct seadesk_report *report,
                            rd_kafka_t *handle)
{
    struct sea_buf cause = SEA_BUF(1024);
    int64_t end_ms = sea_clock_mono_ms() + PATIENCE_MS;
    bool is_told = false;
    int status = create(seadesk, report, handle, &cause);
    while (status == SEADESK_AWAY && sea_clock_mono_ms() < end_ms) {
        if (!is_told)
            fprintf(stderr,
                    "seadesk topics: the broker at %s is not ready (%.*s); trying for %d s\n",
                    seadesk->config.kafka, (int)cause.len, cause.ptr, PATIENCE_MS / 1000);
        is_told = true;
        rd_kafka_poll(handle, PAUSE_MS);
        sea_buf_reset(&cause);
        status = create(seadesk, report, handle, &cause);
    }
    if (status == SEADESK_AWAY)
        fprintf(stderr, "seadesk topics: the broker at %s is away: %.*s\n", seadesk->config.kafka,
                (int)cause.len, cause.ptr);
    sea_buf_free(&cause);
    return status;
}

/* Services must see every topic with its partitions before they subscribe. */
static int wait_visible(rd_kafka_t *handle)
{
    enum sea_topic all[SEA_TOPICS];
    for (unsigned i = 0; i < SEA_TOPICS; i++) all[i] = (enum sea_topic)i;
    for (int waited = 0; waited < WAIT_MS; waited += POLL_MS) {
        if (!sea_kafka_topics_ready(handle, all, SEA_TOPICS, POLL_MS * 10)) return SEADESK_DONE;
        rd_kafka_poll(handle, POLL_MS);
    }
    fprintf(stderr,
            "seadesk topics: a topic is missing or has another number of partitions than the "
            "contract's %d\n",
            SEA_PARTITIONS);
    return SEADESK_FAILED;
}

int seadesk_topics(struct seadesk *seadesk)
{
    char error[256];
    rd_kafka_conf_t *conf = sea_kafka_conf(seadesk->config.kafka, "seadesk");
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    if (!handle) {
        rd_kafka_conf_destroy(conf);
        fprintf(stderr, "seadesk topics: %s\n", error);
        return SEADESK_FAILED;
    }
    struct seadesk_report report;
    seadesk_report_open(&report, seadesk);
    int status = create_patiently(seadesk, &report, handle);
    if (!status) status = wait_visible(handle);
    rd_kafka_destroy(handle);
    return seadesk_report_end(&report, status, "topics are complete");
}
