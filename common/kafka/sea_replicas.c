/* sea_replicas.c: whether what the edge acknowledges outlives the loss of a broker. */
#include <stdlib.h>
#include <string.h>

#include "sea_kafka_private.h"

enum { REPLICAS_MIN = 3, INSYNC_MIN = 2 };

static bool has_replicas(const struct rd_kafka_metadata *metadata, const char *name)
{
    for (int t = 0; t < metadata->topic_cnt; t++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[t];
        if (strcmp(topic->topic, name) != 0) continue;
        for (int p = 0; p < topic->partition_cnt; p++)
            if (topic->partitions[p].replica_cnt < REPLICAS_MIN) return false;
        return topic->partition_cnt > 0;
    }
    return false;
}

bool sea_replicas_suffice(const struct rd_kafka_metadata *metadata)
{
    for (unsigned i = 0; i < SEA_TOPICS; i++) {
        const struct sea_topic_info *info = sea_topic_info((enum sea_topic)i);
        if (info->is_edge && !has_replicas(metadata, info->name)) return false;
    }
    return true;
}

bool sea_insync_suffices(const char *min_insync)
{
    return min_insync && strtol(min_insync, NULL, 10) >= INSYNC_MIN;
}

static enum sea_err look_at_replicas(rd_kafka_t *handle, int timeout_ms)
{
    const struct rd_kafka_metadata *metadata = NULL;
    if (rd_kafka_metadata(handle, 1, NULL, &metadata, timeout_ms)) return SEA_ERR_RETRY;
    enum sea_err err = sea_replicas_suffice(metadata) ? SEA_OK : SEA_ERR_REJECT;
    rd_kafka_metadata_destroy(metadata);
    return err;
}

static bool waits_for_two(const rd_kafka_ConfigResource_t *topic)
{
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(topic, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), "min.insync.replicas") == 0)
            return sea_insync_suffices(rd_kafka_ConfigEntry_value(entries[i]));
    return false;
}

static enum sea_err judge(rd_kafka_event_t *event)
{
    size_t count = 0;
    if (!event || rd_kafka_event_error(event)) return SEA_ERR_RETRY;
    const rd_kafka_ConfigResource_t **topics = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        if (rd_kafka_ConfigResource_error(topics[i])) return SEA_ERR_RETRY;
        if (!waits_for_two(topics[i])) return SEA_ERR_REJECT;
    }
    return SEA_OK;
}

static enum sea_err look_at_settings(rd_kafka_t *handle, int timeout_ms)
{
    rd_kafka_ConfigResource_t *topics[SEA_TOPICS];
    size_t count = 0;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    for (unsigned i = 0; i < SEA_TOPICS; i++) {
        const struct sea_topic_info *info = sea_topic_info((enum sea_topic)i);
        if (info->is_edge)
            topics[count++] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, info->name);
    }
    (void)rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, NULL, 0);
    rd_kafka_DescribeConfigs(handle, topics, count, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, timeout_ms);
    enum sea_err err = judge(event);
    if (event) rd_kafka_event_destroy(event);
    rd_kafka_ConfigResource_destroy_array(topics, count);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return err;
}

enum sea_err sea_kafka_edge_is_replicated(rd_kafka_t *handle, int timeout_ms)
{
    enum sea_err err = look_at_replicas(handle, timeout_ms);
    return err ? err : look_at_settings(handle, timeout_ms);
}
