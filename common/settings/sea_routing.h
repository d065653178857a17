/* sea_routing.h: routing.yaml: which queue a ticket goes to, what a conversation weighs, how long
 * an offer stands. Pure; immutable and owned by the settings it came from. */
#ifndef SEA_ROUTING_H
#define SEA_ROUTING_H

#include "sea_base.h"
#include "sea_market.h"

enum { SEA_PRIORITY_MAX = 1000 };

/* A queue takes what matches all of its lists; an empty list matches everything. */
struct sea_queue {
    const char *name;
    const struct sea_market *const *markets; /* and all that inherit from them */
    uint32_t market_count;
    struct sea_texts languages; /* pt matches pt-BR */
    struct sea_texts channels;
    struct sea_texts tags;     /* one of them is enough */
    struct sea_texts needs;    /* skills that an agent must have to be offered its tickets */
    const char *desk_language; /* NULL: the market's */
    uint32_t priority;
    int64_t offer_timeout_ms;
};

/* What messages that match all of its lists (an empty one matches everything) mean for their
 * ticket. */
struct sea_message_rule {
    struct sea_texts channels;
    uint32_t kinds, ratings; /* bit n: number n of seadesk.v1.MessageKind, n stars; 0: all */
    uint32_t raise;          /* added to the ticket's priority */
    const char *alert;       /* a decision of this name, counted; NULL: none */
    const char *issue;       /* tag of a ticket that has none; NULL: none */
};

struct sea_channel_weight {
    const char *channel;
    uint32_t weight;
};

struct sea_routing {
    const struct sea_queue *queues; /* the first that matches counts; the last matches everything */
    uint32_t queue_count;
    const struct sea_channel_weight *weights;
    uint32_t weight_count;
    uint32_t default_weight;
    const struct sea_message_rule *message_rules; /* all that match count */
    uint32_t message_rule_count;
    struct sea_texts issues[SEA_COMPLEXITY_COUNT]; /* those that aren't simple, by name */
    uint32_t raise_warned, raise_breached;         /* added to a ticket's priority by its clocks */
    int64_t presence_lease_ms; /* an agent without a heartbeat this long is offline */
};

struct sea_queue_facts {
    const struct sea_market *market;
    struct sea_str language, channel; /* may be empty */
    const struct sea_str *tags;
    uint32_t tag_count;
};

struct sea_message_facts {
    struct sea_str channel;
    uint32_t kind;   /* as seadesk.v1.MessageKind */
    uint32_t rating; /* stars; 0: none */
};
bool sea_message_rule_fits(const struct sea_message_rule *rule,
                           const struct sea_message_facts *facts);

const struct sea_queue *sea_routing_queue(const struct sea_routing *routing,
                                          const struct sea_queue_facts *facts); /* never NULL */
const struct sea_queue *sea_routing_queue_by_name(const struct sea_routing *routing,
                                                  struct sea_str name);
/* Whether these skills (`a,b`) are all that the queue needs. */
bool sea_queue_is_served_by(const struct sea_queue *queue, struct sea_str skills);
const char *sea_routing_desk_language(const struct sea_queue *queue,
                                      const struct sea_market *market);
enum sea_complexity sea_routing_complexity(const struct sea_routing *routing, struct sea_str issue);
uint32_t sea_routing_weight(const struct sea_routing *routing, struct sea_str channel);

#endif
