/* test_replicas.c: when the edge may acknowledge in production: what the cluster says of its
 * topics, judged. */
#include <stdlib.h>

#include "sea_cmocka.h"
#include "sea_kafka_private.h"

enum { PARTITIONS = 3, REPLICAS = 3 };

/* A cluster that has every topic with so many replicas, and one of another kind. */
struct cluster {
    struct rd_kafka_metadata metadata;
    struct rd_kafka_metadata_topic topics[SEA_TOPICS + 1];
    struct rd_kafka_metadata_partition partitions[SEA_TOPICS + 1][PARTITIONS];
};

static void make(struct cluster *cluster, int replicas)
{
    *cluster = (struct cluster){.metadata.topic_cnt = SEA_TOPICS + 1};
    cluster->metadata.topics = cluster->topics;
    for (unsigned t = 0; t <= SEA_TOPICS; t++) {
        const char *name =
            t < SEA_TOPICS ? sea_topic_info((enum sea_topic)t)->name : "somebody.elses";
        cluster->topics[t] = (struct rd_kafka_metadata_topic){.topic = (char *)(uintptr_t)name,
                                                              .partition_cnt = PARTITIONS,
                                                              .partitions = cluster->partitions[t]};
        for (int p = 0; p < PARTITIONS; p++)
            cluster->partitions[t][p].replica_cnt = t < SEA_TOPICS ? replicas : 1;
    }
}

static void three_replicas_of_every_topic_suffice(void **state)
{
    (void)state;
    struct cluster cluster;
    make(&cluster, REPLICAS);
    assert_true(sea_replicas_suffice(&cluster.metadata));
    make(&cluster, REPLICAS + 2);
    assert_true(sea_replicas_suffice(&cluster.metadata));
    make(&cluster, REPLICAS - 1);
    assert_false(sea_replicas_suffice(&cluster.metadata));
}

static void one_partition_of_the_edge_with_less_is_too_little(void **state)
{
    (void)state;
    struct cluster cluster;
    for (unsigned t = 0; t < SEA_TOPICS; t++) {
        bool is_edge = sea_topic_info((enum sea_topic)t)->is_edge;
        make(&cluster, REPLICAS);
        cluster.partitions[t][PARTITIONS - 1].replica_cnt = REPLICAS - 1;
        assert_int_equal(sea_replicas_suffice(&cluster.metadata), !is_edge);
        make(&cluster, REPLICAS);
        cluster.topics[t].topic = (char *)(uintptr_t) "another"; /* it is missing */
        assert_int_equal(sea_replicas_suffice(&cluster.metadata), !is_edge);
        make(&cluster, REPLICAS);
        cluster.topics[t].partition_cnt = 0; /* known, and not made yet */
        assert_int_equal(sea_replicas_suffice(&cluster.metadata), !is_edge);
    }
}

static void a_broker_must_not_acknowledge_alone(void **state)
{
    (void)state;
    assert_true(sea_insync_suffices("2"));
    assert_true(sea_insync_suffices("3"));
    assert_false(sea_insync_suffices("1"));
    assert_false(sea_insync_suffices(""));
    assert_false(sea_insync_suffices(NULL));
}

SEA_TESTS(cmocka_unit_test(three_replicas_of_every_topic_suffice),
          cmocka_unit_test(one_partition_of_the_edge_with_less_is_too_little),
          cmocka_unit_test(a_broker_must_not_acknowledge_alone))
