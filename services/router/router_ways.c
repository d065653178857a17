/* router_ways.c: the way of an answer. */
#include "router_ways.h"

#include "router_person.h"

bool router_ways_needs_data(struct sea_str name)
{
    const struct sea_channel *channel = sea_channel_of(name);
    if (!channel || sea_str_is(name, "sms") || sea_str_is(name, "post")) return false;
    if (sea_str_is(name, "video")) return true;
    return channel->class != SEA_CHANNEL_PHONE && !sea_adapter_is_sms(channel->adapter) &&
           channel->adapter != SEA_ADAPTER_AFRICASTALKING_USSD;
}

bool router_ways_is_feature_phone(struct router_contact *const *contacts, size_t count)
{
    struct sea_str word = {"", 0};
    bool is_habit = false;
    for (size_t i = 0; i < count; i++) {
        const struct router_contact *contact = contacts[i];
        if (contact->handset.len) word = contact->handset;
        if (!contact->last_in_at_ms) continue;
        if (router_ways_needs_data(contact->channel)) return false;
        is_habit |= sea_texts_have(&contact->market->feature_phones, contact->channel);
    }
    return word.len ? sea_str_is(word, "feature") : is_habit;
}

struct router_contact *router_ways_reply(const struct router_rules *rules,
                                         const struct router_ticket *ticket,
                                         struct router_contact *const *contacts, size_t count)
{
    enum sea_complexity how = sea_routing_complexity(rules->routing, ticket->tags.issue);
    const char *channel = ticket->market->reply_channels[how];
    bool is_live = sea_channel_class_in(ticket->market, ticket->channel) == SEA_CHANNEL_LIVE_CHAT;
    if (!channel || (is_live && how == SEA_SIMPLE)) return ticket->contact;
    if (router_person_is_marketplace(ticket->contact)) return ticket->contact;
    if (router_ways_needs_data(sea_str(channel)) && router_ways_is_feature_phone(contacts, count))
        return ticket->contact;
    if (sea_str_is(ticket->channel, channel)) return ticket->contact;
    for (size_t i = 0; i < count; i++)
        if (sea_str_is(contacts[i]->channel, channel) && !contacts[i]->is_service_refused &&
            router_person_is_reachable(rules, contacts[i]))
            return contacts[i];
    return ticket->contact;
}
