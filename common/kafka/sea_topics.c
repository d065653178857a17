/* sea_topics.c: the topics of the suite (design.md section 2, contract). */
#include "sea_kafka.h"

#define HOURS(n) (INT64_C(3600000) * (n))
#define DAYS(n)  HOURS(INT64_C(24) * (n))
#define TOPIC(text, keep_days, edge)                                                               \
    {                                                                                              \
        .name = "seadesk." text, .partitions = SEA_PARTITIONS, .retention_ms = DAYS(keep_days),    \
        .segment_ms = DAYS(1), .is_edge = (edge)                                                   \
    }
/* Sealed with day keys: hourly segments, so that what is over goes soon. */
#define INTAKE(text)                                                                               \
    {                                                                                              \
        .name = "seadesk." text, .partitions = SEA_PARTITIONS, .retention_ms = DAYS(7),            \
        .segment_ms = HOURS(1), .is_edge = true                                                    \
    }

static const struct sea_topic_info TOPICS[SEA_TOPICS] = {
    [SEA_TOPIC_BUSINESS] = INTAKE("business"),
    [SEA_TOPIC_MESSAGES] = INTAKE("messages"),
    [SEA_TOPIC_CONSENTS] = TOPIC("consents", 7, true),
    [SEA_TOPIC_PROFILES] = INTAKE("profiles"),
    [SEA_TOPIC_ORDERS] = TOPIC("orders", 7, true),
    [SEA_TOPIC_TIMELINES] = TOPIC("timelines", 7, false),
    [SEA_TOPIC_TICKETS] = TOPIC("tickets", 30, false),
    [SEA_TOPIC_COMMANDS] = TOPIC("commands", 7, true),
    [SEA_TOPIC_FOREIGN] = TOPIC("foreign", 7, false),
    [SEA_TOPIC_TRANSLATIONS] = TOPIC("translations", 7, false),
    [SEA_TOPIC_DRAFTS] = TOPIC("drafts", 7, false),
    [SEA_TOPIC_OUTBOUND] = TOPIC("outbound", 7, false),
    [SEA_TOPIC_RECEIPTS] = TOPIC("receipts", 3, true),
    [SEA_TOPIC_DELIVERIES] = TOPIC("deliveries", 7, false),
    [SEA_TOPIC_CLOCKS] = TOPIC("clocks", 7, false),
    [SEA_TOPIC_DEADLINES] = TOPIC("deadlines", 7, false),
    [SEA_TOPIC_PRIVACY] = {.name = "seadesk.privacy",
                           .partitions = 1,
                           .retention_ms = DAYS(90),
                           .segment_ms = DAYS(1),
                           .is_edge = true},
    [SEA_TOPIC_DLQ] = TOPIC("dlq", 14, false),
    [SEA_TOPIC_CATALOGUE] = TOPIC("catalogue", 7, true),
    [SEA_TOPIC_CALLS] = INTAKE("calls"),
    [SEA_TOPIC_FILES] = INTAKE("files"),
    [SEA_TOPIC_PARCELS] = TOPIC("parcels", 7, true),
};

const struct sea_topic_info *sea_topic_info(enum sea_topic topic)
{
    sea_assert(topic < SEA_TOPICS);
    return &TOPICS[topic];
}

bool sea_topic_find(struct sea_str name, enum sea_topic *ret)
{
    for (unsigned i = 0; i < SEA_TOPICS; i++) {
        if (!sea_str_is(name, TOPICS[i].name)) continue;
        *ret = (enum sea_topic)i;
        return true;
    }
    return false;
}
