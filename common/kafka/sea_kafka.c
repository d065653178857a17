/* sea_kafka.c: settings that all clients share, errors sorted by reaction, the wait for topics. */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "sea_kafka_private.h"
#include "sea_log.h"

void sea_kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) == RD_KAFKA_CONF_OK) return;
    sea_log(SEA_LOG_ERROR, "librdkafka refused a property", SEA_F_STR("name", name),
            SEA_F_STR("cause", error));
    sea_assert(false); /* properties are ours */
}

/* On a thread of librdkafka's; sea_log is safe from any. */
static void on_log(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
    (void)handle;
    enum sea_log_level mapped = level <= LOG_CRIT      ? SEA_LOG_ERROR
                                : level <= LOG_WARNING ? SEA_LOG_WARN
                                                       : SEA_LOG_DEBUG;
    sea_log(mapped, "librdkafka", SEA_F_STR("facility", facility), SEA_F_STR("cause", text));
}

rd_kafka_conf_t *sea_kafka_conf(const char *brokers, const char *client_id)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, on_log);
    sea_kafka_set(conf, "bootstrap.servers", brokers);
    sea_kafka_set(conf, "client.id", client_id);
    sea_kafka_set(conf, "socket.keepalive.enable", "true");
    sea_kafka_set(conf, "reconnect.backoff.ms", "50");
    sea_kafka_set(conf, "reconnect.backoff.max.ms", "1000");
    sea_kafka_set(conf, "topic.metadata.refresh.interval.ms", "60000");
    sea_kafka_set(conf, "topic.metadata.refresh.fast.interval.ms", "100");
    sea_kafka_set(conf, "allow.auto.create.topics", "false");
    sea_kafka_set(conf, "log.connection.close", "false");
    return conf;
}

enum sea_err sea_kafka_err(rd_kafka_resp_err_t err)
{
    switch ((int)err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return SEA_OK;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
        return SEA_ERR_REJECT;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        return SEA_ERR_FATAL;
    default:
        return SEA_ERR_RETRY;
    }
}

enum sea_err sea_kafka_topics_ready(rd_kafka_t *handle, const enum sea_topic *topics, size_t count,
                                    int timeout_ms)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t err = rd_kafka_metadata(handle, 1, NULL, &metadata, timeout_ms);
    if (err) return SEA_ERR_RETRY;

    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const struct sea_topic_info *info = sea_topic_info(topics[i]);
        for (int t = 0; t < metadata->topic_cnt; t++) {
            const struct rd_kafka_metadata_topic *topic = &metadata->topics[t];
            if (strcmp(topic->topic, info->name) != 0 || topic->err) continue;
            if ((uint32_t)topic->partition_cnt == info->partitions) found++;
        }
    }
    rd_kafka_metadata_destroy(metadata);
    return found == count ? SEA_OK : SEA_ERR_RETRY;
}
