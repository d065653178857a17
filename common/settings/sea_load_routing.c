/* sea_load_routing.c: loads routing.yaml and sla.yaml. */
#include <string.h>

#include "sea_settings_private.h"

static const int64_t SECOND_MS = 1000, DAY_MS = INT64_C(24) * 3600 * 1000;

static void read_priority(struct sea_yaml_node node, uint32_t *ret)
{
    int64_t number = *ret;
    sea_yaml_int(node, 0, SEA_PRIORITY_MAX, &number);
    *ret = (uint32_t)number;
}

static void read_markets(struct sea_loader *loader, struct sea_yaml_node list,
                         struct sea_queue *queue)
{
    uint32_t count = sea_yaml_count(list);
    const struct sea_market **markets = sea_loader_array(list, count, sizeof(void *));
    for (uint32_t i = 0; markets && i < count; i++)
        markets[i] = sea_loader_market(loader, sea_yaml_item(list, i));
    queue->markets = markets;
    queue->market_count = markets ? count : 0;
}

static void read_match(struct sea_loader *loader, struct sea_yaml_node node,
                       struct sea_queue *queue)
{
    struct sea_yaml_map map;
    if (!sea_yaml_map(node, &map)) return;
    read_markets(loader, sea_yaml_get(&map, "markets"), queue);
    sea_loader_list(sea_yaml_get(&map, "languages"), &queue->languages);
    sea_loader_channels(sea_yaml_get(&map, "channels"), &queue->channels);
    sea_loader_list(sea_yaml_get(&map, "tags"), &queue->tags);
    sea_yaml_end(&map);
}

static bool matches_all(const struct sea_queue *queue)
{
    return queue->market_count + queue->languages.count + queue->channels.count +
               queue->tags.count ==
           0;
}

static void read_names(struct sea_yaml_node list, struct sea_texts *ret)
{
    const char *name;
    sea_loader_list(list, ret);
    for (uint32_t i = 0; i < ret->count; i++) sea_loader_name(sea_yaml_item(list, i), &name);
}

static void read_queue(struct sea_loader *loader, struct sea_yaml_node node,
                       struct sea_queue *queue)
{
    struct sea_yaml_map map;
    queue->priority = 100;
    queue->offer_timeout_ms = 30 * SECOND_MS;
    if (!sea_yaml_map(node, &map)) return;
    sea_loader_name(sea_yaml_need(&map, "name"), &queue->name);
    read_match(loader, sea_yaml_get(&map, "match"), queue);
    read_names(sea_yaml_get(&map, "needs"), &queue->needs);
    sea_yaml_text(sea_yaml_get(&map, "desk_language"), &queue->desk_language);
    read_priority(sea_yaml_get(&map, "priority"), &queue->priority);
    sea_yaml_duration(sea_yaml_get(&map, "offer_timeout"), SECOND_MS, DAY_MS,
                      &queue->offer_timeout_ms);
    sea_yaml_end(&map);
}

static void read_queues(struct sea_loader *loader, struct sea_yaml_node list)
{
    uint32_t count = sea_yaml_count(list);
    struct sea_queue *queues = sea_loader_array(list, count, sizeof *queues);
    if (count == 0) sea_yaml_error(list, "no queue, expected at least one");
    for (uint32_t i = 0; queues && i < count; i++) {
        struct sea_yaml_node node = sea_yaml_item(list, i);
        read_queue(loader, node, &queues[i]);
        for (uint32_t n = 0; queues[i].name && n < i; n++)
            if (queues[n].name && !strcmp(queues[n].name, queues[i].name))
                sea_yaml_error(node, "queue '%s' appears twice", queues[i].name);
        if (matches_all(&queues[i]) != (i + 1 == count))
            sea_yaml_error(node, i + 1 == count
                                     ? "expected no 'match': the last queue takes what is left"
                                     : "expected a 'match': the queues below would get nothing");
    }
    loader->settings->routing.queues = queues;
    loader->settings->routing.queue_count = queues ? count : 0;
}

static void read_kinds(struct sea_yaml_node list, uint32_t *ret)
{
    /* From number 1 of seadesk.v1.MessageKind on. */
    static const char *const KINDS[] = {"text",     "image",    "audio", "video",  "document",
                                        "location", "reaction", "edit",  "unsend", "other"};
    uint32_t choice = 0;
    for (uint32_t i = 0; i < sea_yaml_count(list); i++)
        if (sea_yaml_choice(sea_yaml_item(list, i), KINDS, SEA_COUNT(KINDS), &choice))
            *ret |= 2u << choice;
}

static void read_ratings(struct sea_yaml_node list, uint32_t *ret)
{
    int64_t stars = 0;
    for (uint32_t i = 0; i < sea_yaml_count(list); i++)
        if (sea_yaml_int(sea_yaml_item(list, i), 1, 5, &stars)) *ret |= 1u << stars;
}

static void read_message_rule(struct sea_yaml_node node, struct sea_message_rule *rule)
{
    struct sea_yaml_map map, match;
    if (!sea_yaml_map(node, &map)) return;
    if (sea_yaml_map(sea_yaml_need(&map, "match"), &match)) {
        sea_loader_channels(sea_yaml_get(&match, "channels"), &rule->channels);
        read_kinds(sea_yaml_get(&match, "kinds"), &rule->kinds);
        read_ratings(sea_yaml_get(&match, "ratings"), &rule->ratings);
        sea_yaml_end(&match);
    }
    read_priority(sea_yaml_get(&map, "raise_priority"), &rule->raise);
    sea_loader_name(sea_yaml_get(&map, "alert"), &rule->alert);
    sea_loader_name(sea_yaml_get(&map, "issue"), &rule->issue);
    if (!rule->raise && !rule->alert && !rule->issue)
        sea_yaml_error(node, "does nothing, expected raise_priority, alert or issue");
    sea_yaml_end(&map);
}

static void read_message_rules(struct sea_yaml_node list, struct sea_routing *routing)
{
    uint32_t count = sea_yaml_count(list);
    struct sea_message_rule *rules = sea_loader_array(list, count, sizeof *rules);
    for (uint32_t i = 0; rules && i < count; i++)
        read_message_rule(sea_yaml_item(list, i), &rules[i]);
    routing->message_rules = rules;
    routing->message_rule_count = rules ? count : 0;
}

static void read_weights(struct sea_yaml_map *map, struct sea_routing *routing)
{
    const char *channel;
    struct sea_yaml_node key;
    uint32_t capacity = 0;
    int64_t weight = 1;
    for (uint32_t cursor = 0; sea_yaml_next(map, &cursor, &channel, &key);) capacity++;
    struct sea_channel_weight *weights =
        sea_loader_array(map->layers[0], capacity, sizeof *weights);
    for (uint32_t cursor = 0; weights && sea_yaml_next(map, &cursor, &channel, &key);) {
        if (!sea_yaml_int(sea_yaml_get(map, channel), 1, 1000, &weight)) continue;
        if (!strcmp(channel, "default"))
            routing->default_weight = (uint32_t)weight;
        else if (sea_channel_of(sea_str(channel)))
            weights[routing->weight_count++] =
                (struct sea_channel_weight){channel, (uint32_t)weight};
        else
            sea_yaml_error(key, "no channel '%s', expected one that exists, or default", channel);
    }
    routing->weights = weights;
}

void sea_load_routing(struct sea_loader *loader, struct sea_yaml_map *file)
{
    struct sea_routing *routing = &loader->settings->routing;
    struct sea_yaml_map weights, priority, complexity;
    *routing = (struct sea_routing){.default_weight = 1, .presence_lease_ms = 45 * SECOND_MS};
    read_queues(loader, sea_yaml_need(file, "queues"));
    read_message_rules(sea_yaml_get(file, "messages"), routing);
    if (sea_yaml_map(sea_yaml_get(file, "complexity"), &complexity)) {
        for (uint32_t i = SEA_COMPLEX; i < SEA_COMPLEXITY_COUNT; i++)
            read_names(sea_yaml_get(&complexity, SEA_COMPLEXITY_NAMES[i]), &routing->issues[i]);
        sea_yaml_end(&complexity);
    }
    if (sea_yaml_sub(file, "weights", &weights)) read_weights(&weights, routing);
    if (sea_yaml_map(sea_yaml_get(file, "raise_priority"), &priority)) {
        read_priority(sea_yaml_get(&priority, "warned"), &routing->raise_warned);
        read_priority(sea_yaml_get(&priority, "breached"), &routing->raise_breached);
        sea_yaml_end(&priority);
    }
    sea_yaml_duration(sea_yaml_get(file, "presence_lease"), 5 * SECOND_MS, DAY_MS,
                      &routing->presence_lease_ms);
}

static void read_policy(struct sea_loader *loader, struct sea_yaml_node node,
                        struct sea_sla_policy *policy)
{
    static const char *const COUNTS[] = {"calendar", "business"};
    struct sea_yaml_map map;
    uint32_t choice = 0;
    policy->is_enabled = true;
    policy->from_ms = INT64_MIN;
    policy->until_ms = INT64_MAX;
    if (!sea_yaml_map(node, &map)) return;
    sea_loader_name(sea_yaml_need(&map, "id"), &policy->id);
    policy->market = sea_loader_market(loader, sea_yaml_get(&map, "market"));
    struct sea_yaml_node classes = sea_yaml_need(&map, "channel_classes");
    for (uint32_t i = 0; i < sea_yaml_count(classes); i++)
        if (sea_yaml_choice(sea_yaml_item(classes, i), SEA_CHANNEL_CLASS_NAMES,
                            SEA_CHANNEL_CLASS_COUNT, &choice))
            policy->channel_classes |= 1u << choice;
    if (sea_yaml_choice(sea_yaml_need(&map, "clock"), SEA_CLOCK_NAMES, SEA_CLOCK_COUNT, &choice))
        policy->clock = (enum sea_clock)choice;
    sea_yaml_duration(sea_yaml_need(&map, "limit"), SECOND_MS, 90 * DAY_MS,
                      &policy->target.limit_ms);
    if (sea_yaml_choice(sea_yaml_need(&map, "count"), COUNTS, SEA_COUNT(COUNTS), &choice))
        policy->target.is_business = choice == 1;
    sea_yaml_percent(sea_yaml_need(&map, "warn"), &policy->target.warn_pct);
    sea_yaml_bool(sea_yaml_get(&map, "enabled"), &policy->is_enabled);
    sea_yaml_instant(sea_yaml_get(&map, "from"), &policy->from_ms);
    struct sea_yaml_node until = sea_yaml_get(&map, "until");
    if (sea_yaml_instant(until, &policy->until_ms) && policy->until_ms <= policy->from_ms)
        sea_yaml_error(until, "is not after 'from', expected a later time");
    sea_yaml_end(&map);
}

void sea_load_sla(struct sea_loader *loader, struct sea_yaml_map *file)
{
    struct sea_yaml_node list = sea_yaml_get(file, "policies");
    uint32_t count = sea_yaml_count(list);
    struct sea_sla_policy *policies = sea_loader_array(list, count, sizeof *policies);
    for (uint32_t i = 0; policies && i < count; i++)
        read_policy(loader, sea_yaml_item(list, i), &policies[i]);
    loader->settings->sla =
        (struct sea_sla){.policies = policies, .policy_count = policies ? count : 0};
}
