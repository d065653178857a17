/* sea_routing.c: finds the queue of a ticket. */
#include "sea_routing.h"

#include "sea_language.h"

static bool has_market(const struct sea_queue *queue, const struct sea_market *market)
{
    for (uint32_t i = 0; i < queue->market_count; i++)
        if (sea_market_is_in(market, queue->markets[i])) return true;
    return queue->market_count == 0;
}

static bool has_language(const struct sea_queue *queue, struct sea_str language)
{
    for (uint32_t i = 0; i < queue->languages.count; i++)
        if (sea_language_covers(sea_str(queue->languages.items[i]), language)) return true;
    return queue->languages.count == 0;
}

static bool has_text(const struct sea_texts *texts, struct sea_str text)
{
    return texts->count == 0 || sea_texts_have(texts, text);
}

static bool has_tag(const struct sea_queue *queue, const struct sea_queue_facts *facts)
{
    for (uint32_t i = 0; i < facts->tag_count; i++)
        if (has_text(&queue->tags, facts->tags[i])) return true;
    return queue->tags.count == 0;
}

bool sea_message_rule_fits(const struct sea_message_rule *rule,
                           const struct sea_message_facts *facts)
{
    return has_text(&rule->channels, facts->channel) &&
           (!rule->kinds || (rule->kinds >> facts->kind & 1)) &&
           (!rule->ratings || (rule->ratings >> facts->rating & 1));
}

const struct sea_queue *sea_routing_queue(const struct sea_routing *routing,
                                          const struct sea_queue_facts *facts)
{
    const struct sea_queue *queue = routing->queues;
    sea_assert(routing->queue_count > 0);
    for (uint32_t left = routing->queue_count - 1; left > 0; left--, queue++)
        if (has_market(queue, facts->market) && has_language(queue, facts->language) &&
            has_text(&queue->channels, facts->channel) && has_tag(queue, facts))
            break;
    return queue; /* the last one takes what is left */
}

const struct sea_queue *sea_routing_queue_by_name(const struct sea_routing *routing,
                                                  struct sea_str name)
{
    for (uint32_t i = 0; i < routing->queue_count; i++)
        if (sea_str_is(name, routing->queues[i].name)) return &routing->queues[i];
    return NULL;
}

static bool is_listed(struct sea_str list, struct sea_str name)
{
    for (size_t at = 0, end; at < list.len; at = end + 1) {
        for (end = at; end < list.len && list.ptr[end] != ',';) end++;
        if (sea_str_eq((struct sea_str){list.ptr + at, end - at}, name)) return true;
    }
    return false;
}

bool sea_queue_is_served_by(const struct sea_queue *queue, struct sea_str skills)
{
    for (uint32_t i = 0; i < queue->needs.count; i++)
        if (!is_listed(skills, sea_str(queue->needs.items[i]))) return false;
    return true;
}

const char *sea_routing_desk_language(const struct sea_queue *queue,
                                      const struct sea_market *market)
{
    return queue->desk_language ? queue->desk_language : market->desk_language;
}

enum sea_complexity sea_routing_complexity(const struct sea_routing *routing, struct sea_str issue)
{
    for (uint32_t i = SEA_COMPLEX; i < SEA_COMPLEXITY_COUNT; i++)
        if (sea_texts_have(&routing->issues[i], issue)) return (enum sea_complexity)i;
    return SEA_SIMPLE;
}

uint32_t sea_routing_weight(const struct sea_routing *routing, struct sea_str channel)
{
    for (uint32_t i = 0; i < routing->weight_count; i++)
        if (sea_str_is(channel, routing->weights[i].channel)) return routing->weights[i].weight;
    return routing->default_weight;
}
