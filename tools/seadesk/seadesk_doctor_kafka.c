/* seadesk_doctor_kafka.c: the broker and its topics. */
#include <stdlib.h>
#include <string.h>

#include "seadesk_doctor.h"

/* ---- partitions and replicas ---- */

static const struct rd_kafka_metadata_topic *find(const struct rd_kafka_metadata *metadata,
                                                  const char *name)
{
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, name) == 0 && !metadata->topics[i].err)
            return &metadata->topics[i];
    return NULL;
}

static void look_at_partitions(struct seadesk_doctor *doctor, const struct sea_topic_info *info,
                               const struct rd_kafka_metadata_topic *topic)
{
    int thin = 0, without = 0;
    if ((uint32_t)topic->partition_cnt != info->partitions) {
        seadesk_find(&doctor->report, SEADESK_WRONG, "topics",
                     "the number of partitions is for life: make the topic anew, empty",
                     "%s has %d partitions instead of %u", info->name, topic->partition_cnt,
                     info->partitions);
        return;
    }
    for (int p = 0; p < topic->partition_cnt; p++) {
        if (topic->partitions[p].leader < 0) without++;
        if (topic->partitions[p].isr_cnt < topic->partitions[p].replica_cnt) thin++;
    }
    if (without)
        seadesk_find(&doctor->report, SEADESK_WRONG, "kafka", "start the broker that is missing",
                     "%d partition(s) of %s have no leader", without, info->name);
    else if (thin)
        seadesk_find(&doctor->report, SEADESK_WRONG, "kafka", "start the broker that is missing",
                     "%d partition(s) of %s lack a replica in sync", thin, info->name);
}

static bool has_three_replicas(const struct rd_kafka_metadata *metadata, const char *name)
{
    const struct rd_kafka_metadata_topic *topic = find(metadata, name);
    return topic && topic->partition_cnt > 0 && topic->partitions[0].replica_cnt >= 3;
}

/* ---- settings ---- */

static const char *value_of(const rd_kafka_ConfigResource_t *topic, const char *name)
{
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(topic, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
            return rd_kafka_ConfigEntry_value(entries[i]);
    return NULL;
}

static void look_at_settings(struct seadesk_doctor *doctor,
                             const struct rd_kafka_metadata *metadata,
                             const rd_kafka_ConfigResource_t *topic)
{
    enum sea_topic which;
    const char *name = rd_kafka_ConfigResource_name(topic);
    const char *keep = value_of(topic, "retention.ms"), *policy = value_of(topic, "cleanup.policy"),
               *insync = value_of(topic, "min.insync.replicas");
    if (rd_kafka_ConfigResource_error(topic) || !sea_topic_find(sea_str(name), &which)) return;
    if (keep && strtoll(keep, NULL, 10) != sea_topic_info(which)->retention_ms)
        seadesk_find(&doctor->report, SEADESK_WRONG, "topics",
                     "set retention.ms as retention.yaml says, or personal data outlives it",
                     "%s keeps records %lld h instead of %lld h", name,
                     strtoll(keep, NULL, 10) / 3600000,
                     (long long)sea_topic_info(which)->retention_ms / 3600000);
    if (policy && strcmp(policy, "delete") != 0)
        seadesk_find(&doctor->report, SEADESK_WRONG, "topics", "set cleanup.policy to delete",
                     "%s is cleaned by '%s': records would vanish before they are read", name,
                     policy);
    if (insync && strtoll(insync, NULL, 10) < 2 && has_three_replicas(metadata, name))
        seadesk_find(&doctor->report, SEADESK_WRONG, "topics", "set min.insync.replicas to 2",
                     "%s acknowledges with one replica alone", name);
}

static void describe(struct seadesk_doctor *doctor, const struct rd_kafka_metadata *metadata)
{
    rd_kafka_ConfigResource_t *topics[SEA_TOPICS];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(doctor->kafka);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(doctor->kafka, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    for (unsigned i = 0; i < SEA_TOPICS; i++)
        topics[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC,
                                                sea_topic_info((enum sea_topic)i)->name);
    rd_kafka_AdminOptions_set_request_timeout(options, SEADESK_KAFKA_TIMEOUT_MS, NULL, 0);
    rd_kafka_DescribeConfigs(doctor->kafka, topics, SEA_TOPICS, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, SEADESK_KAFKA_TIMEOUT_MS + 1000);
    if (event && !rd_kafka_event_error(event)) {
        size_t count = 0;
        const rd_kafka_ConfigResource_t **found = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(event), &count);
        for (size_t i = 0; i < count; i++) look_at_settings(doctor, metadata, found[i]);
    }
    if (event) rd_kafka_event_destroy(event);
    rd_kafka_ConfigResource_destroy_array(topics, SEA_TOPICS);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
}

static void look_at_topics(struct seadesk_doctor *doctor, const struct rd_kafka_metadata *metadata)
{
    bool is_complete = true;
    for (unsigned i = 0; i < SEA_TOPICS; i++) {
        const struct sea_topic_info *info = sea_topic_info((enum sea_topic)i);
        const struct rd_kafka_metadata_topic *topic = find(metadata, info->name);
        if (topic) {
            look_at_partitions(doctor, info, topic);
            continue;
        }
        is_complete = false;
        seadesk_find(&doctor->report, SEADESK_WRONG, "topics", "seadesk topics", "%s is missing",
                     info->name);
    }
    if (is_complete) describe(doctor, metadata);
}

void seadesk_doctor_kafka(struct seadesk_doctor *doctor)
{
    const struct rd_kafka_metadata *metadata = NULL;
    doctor->kafka = seadesk_kafka_open(doctor->seadesk);
    if (doctor->kafka &&
        !rd_kafka_metadata(doctor->kafka, 1, NULL, &metadata, SEADESK_KAFKA_TIMEOUT_MS)) {
        look_at_topics(doctor, metadata);
        rd_kafka_metadata_destroy(metadata);
        return;
    }
    seadesk_find(&doctor->report, SEADESK_WRONG, "kafka",
                 "start it, or mend SEADESK_KAFKA; ingest answers 503 until then",
                 "no broker answers at %s", doctor->seadesk->config.kafka);
    if (doctor->kafka) rd_kafka_destroy(doctor->kafka);
    doctor->kafka = NULL;
}
