/* seadesk_kafka.c: looking at the broker. */
#include "seadesk_kafka.h"

#include <stdio.h>

#include "sea_clock.h"
#include "sea_kafka_private.h"

enum { POLL_MS = 200, PATIENCE_MS = 20000 };

static rd_kafka_t *open_handle(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[256];
    rd_kafka_t *kafka = rd_kafka_new(type, conf, error, sizeof(error));
    if (kafka) return kafka;
    rd_kafka_conf_destroy(conf);
    fprintf(stderr, "seadesk: %s\n", error);
    return NULL;
}

rd_kafka_t *seadesk_kafka_open(const struct seadesk *seadesk)
{
    return open_handle(RD_KAFKA_PRODUCER, sea_kafka_conf(seadesk->config.kafka, "seadesk"));
}

rd_kafka_t *seadesk_kafka_open_reader(const struct seadesk *seadesk)
{
    rd_kafka_conf_t *conf = sea_kafka_conf(seadesk->config.kafka, "seadesk");
    sea_kafka_set(conf, "group.id", "seadesk-operator"); /* nothing is committed to it */
    sea_kafka_set(conf, "enable.auto.commit", "false");
    sea_kafka_set(conf, "auto.offset.reset", "error");
    sea_kafka_set(conf, "fetch.wait.max.ms", "50");
    sea_kafka_set(conf, "enable.partition.eof", "true");
    rd_kafka_t *kafka = open_handle(RD_KAFKA_CONSUMER, conf);
    if (kafka) rd_kafka_poll_set_consumer(kafka);
    return kafka;
}

bool seadesk_kafka_mark(rd_kafka_t *kafka, struct seadesk_marks *marks, enum sea_topic topic,
                        int32_t partition)
{
    if (marks->is_known[topic][partition]) return true;
    marks->is_known[topic][partition] = !rd_kafka_query_watermark_offsets(
        kafka, sea_topic_info(topic)->name, partition, &marks->low[topic][partition],
        &marks->high[topic][partition], SEADESK_KAFKA_TIMEOUT_MS);
    return marks->is_known[topic][partition];
}

static bool is_end(const rd_kafka_message_t *message)
{
    return message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF ||
           message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET;
}

static enum sea_err read_on(rd_kafka_t *reader, enum sea_topic topic, int64_t to,
                            bool (*fn)(void *arg, const struct sea_record *record), void *arg)
{
    int64_t heard_ms = sea_clock_mono_ms();
    for (bool goes_on = true; goes_on;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, POLL_MS);
        if (!message) {
            if (sea_clock_mono_ms() - heard_ms > PATIENCE_MS) return SEA_ERR_RETRY;
            continue;
        }
        heard_ms = sea_clock_mono_ms();
        if (is_end(message)) {
            goes_on = false;
        } else if (!message->err) {
            struct sea_record record;
            sea_record_of(message, topic, &record);
            goes_on = record.offset < to && fn(arg, &record) && record.offset + 1 < to;
        }
        rd_kafka_message_destroy(message);
    }
    return SEA_OK;
}

enum sea_err seadesk_kafka_read(rd_kafka_t *reader, enum sea_topic topic, int32_t partition,
                                int64_t from, int64_t to,
                                bool (*fn)(void *arg, const struct sea_record *record), void *arg)
{
    if (from >= to) return SEA_OK;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, sea_topic_info(topic)->name, partition)->offset = from;
    enum sea_err err = sea_kafka_err(rd_kafka_assign(reader, list));
    if (!err) err = read_on(reader, topic, to, fn, arg);
    rd_kafka_assign(reader, NULL);
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}
