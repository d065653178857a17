/* router_person.c: contacts and customers. */
#include "router_person.h"

#include <string.h>

#include "router_ways.h"
#include "sea_id.h"

struct sea_str router_person_phone(struct router_plan *plan, struct sea_str channel,
                                   struct sea_str address, struct sea_str phone)
{
    const struct sea_channel *known = sea_channel_of(channel);
    bool is_number = known && (known->adapter == SEA_ADAPTER_WHATSAPP ||
                               known->adapter == SEA_ADAPTER_AFRICASTALKING_USSD ||
                               sea_adapter_is_sms(known->adapter));
    struct sea_str from = phone.len ? phone : is_number ? address : (struct sea_str){"", 0};
    char *digits = router_plan_alloc(plan, from.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < from.len; i++)
        if (from.ptr[i] >= '0' && from.ptr[i] <= '9') digits[len++] = from.ptr[i];
    return (struct sea_str){digits, len >= 5 && len <= 15 ? len : 0}; /* E.164: at most 15 */
}

static struct sea_contact_facts facts_of(const struct router_rules *rules,
                                         const struct router_contact *contact)
{
    const struct sea_account *account =
        sea_channels_account(rules->channels, contact->channel, contact->account);
    return (struct sea_contact_facts){account ? account->market : NULL, contact->phone,
                                      contact->locale};
}

const struct sea_market *router_person_market(const struct router_rules *rules,
                                              const struct router_contact *contact)
{
    struct sea_contact_facts facts = facts_of(rules, contact);
    return sea_market_of(rules->markets, &facts);
}

const struct sea_zone *router_person_clock(const struct router_rules *rules,
                                           const struct router_contact *contact)
{
    const struct sea_zone *zones[SEA_ZONES_MAX];
    struct sea_contact_facts facts = facts_of(rules, contact);
    facts.account_market = contact->market;
    return sea_market_zones_of(rules->markets, &facts, zones) ? zones[0] : NULL;
}

const char *router_person_zone(const struct router_rules *rules,
                               const struct router_contact *contact)
{
    const struct sea_zone *zone = router_person_clock(rules, contact);
    return zone ? zone->name : "UTC";
}

struct sea_str router_person_twin(struct sea_str channel)
{
    if (sea_str_is(channel, "facebook")) return SEA_STR("messenger");
    if (sea_str_is(channel, "messenger")) return SEA_STR("facebook");
    return (struct sea_str){"", 0};
}

static struct sea_uuid id_of(const char *what, struct sea_key key)
{
    char text[SEA_KEY_TEXT];
    sea_key_print(key, text);
    struct sea_str parts[] = {sea_str(what), sea_str(text)};
    return sea_uuid5(parts, SEA_COUNT(parts));
}

void router_person_meet(struct router_plan *plan, struct router_contact *contact)
{
    sea_assert(!contact->is_stored);
    /* Twins have one customer, though both be new at once. */
    bool is_first = sea_key_is_nil(contact->twin) ||
                    memcmp(contact->key.bytes, contact->twin.bytes, sizeof(contact->key.bytes)) < 0;
    contact->customer = id_of("customer", is_first ? contact->key : contact->twin);
    contact->conversation = id_of("conversation", is_first ? contact->key : contact->twin);
    contact->market = router_person_market(plan->rules, contact);
    contact->created_at_ms = plan->now_ms;
    contact->is_changed = true;
}

void router_person_belong(struct router_contact *contact, const struct router_contact *to)
{
    contact->customer = to->customer;
    contact->conversation = to->conversation;
}

static bool is_older(const struct router_contact *a, const struct router_contact *b)
{
    if (a->created_at_ms != b->created_at_ms) return a->created_at_ms < b->created_at_ms;
    return memcmp(a->key.bytes, b->key.bytes, sizeof(a->key.bytes)) < 0;
}

static bool is_shared(struct sea_key a, struct sea_key b)
{
    return !sea_key_is_nil(a) && sea_key_eq(a, b);
}

bool router_person_is_related(const struct router_contact *a, const struct router_contact *b)
{
    return is_shared(a->phone_hash, b->phone_hash) || is_shared(a->email_hash, b->email_hash) ||
           is_shared(a->twin, b->key) || is_shared(b->twin, a->key);
}

static bool is_crm(const struct router_contact *contact)
{
    return sea_str_is(contact->channel, "crm");
}

bool router_person_join(struct router_contact *contact, struct router_contact *const *relatives,
                        size_t count)
{
    const struct router_contact *best = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct router_contact *other = relatives[i];
        if (other == contact || !router_person_is_related(other, contact)) continue;
        if (!best || (is_crm(other) && !is_crm(best)) ||
            (is_crm(other) == is_crm(best) && is_older(other, best)))
            best = other;
    }
    if (!best) return false;
    router_person_belong(contact, best);
    return true;
}

bool router_person_claim(const struct router_contact *crm, struct router_contact *contact,
                         bool is_another_profiles)
{
    if (sea_uuid_eq(contact->customer, crm->customer)) return true;
    if (is_another_profiles) return false;
    router_person_belong(contact, crm);
    contact->is_moved = true;
    return true;
}

bool router_person_consent(struct router_contact *contact, bool is_marketing, bool is_granted,
                           int64_t at_ms)
{
    int64_t *at = is_marketing ? &contact->marketing_at_ms : &contact->service_at_ms;
    if (at_ms <= *at) return false;
    *at = at_ms;
    if (is_marketing)
        contact->is_marketing_granted = is_granted;
    else
        contact->is_service_refused = !is_granted;
    contact->is_changed = true;
    return true;
}

enum sea_adapter router_person_sender(const struct router_rules *rules,
                                      const struct router_contact *contact)
{
    const struct sea_account *account =
        sea_channels_account(rules->channels, contact->channel, contact->account);
    return account ? account->send_adapter : SEA_ADAPTER_GENERIC;
}

bool router_person_is_reachable(const struct router_rules *rules,
                                const struct router_contact *contact)
{
    const struct sea_account *account =
        sea_channels_account(rules->channels, contact->channel, contact->account);
    return account && sea_account_can_send(account) && contact->address.len;
}

bool router_person_is_marketplace(const struct router_contact *contact)
{
    const struct sea_channel *channel = sea_channel_of(contact->channel);
    return channel && channel->adapter == SEA_ADAPTER_AMAZON;
}

/* The channel's place in the market's order; what the market doesn't name comes after, the
 * fall-back last. */
static uint32_t rank_of(const struct sea_market *market, struct sea_str channel)
{
    for (uint32_t i = 0; i < market->channels.count; i++)
        if (sea_str_is(channel, market->channels.items[i])) return i;
    if (market->fallback_channel && sea_str_is(channel, market->fallback_channel))
        return UINT32_MAX;
    return market->channels.count;
}

static bool has_channel(struct router_contact *const *ladder, uint32_t count,
                        struct sea_str channel)
{
    for (uint32_t i = 0; i < count; i++)
        if (sea_str_eq(ladder[i]->channel, channel)) return true;
    return false;
}

/* Who chatted on the web once isn't there to be told, a feature phone shows nothing of data;
 * Messenger takes answers alone. */
static bool is_for_notices(const struct router_rules *rules, const struct router_contact *contact,
                           bool is_feature_phone)
{
    if (is_feature_phone && router_ways_needs_data(contact->channel)) return false;
    const struct sea_channel *channel = sea_channel_of(contact->channel);
    return channel && channel->class != SEA_CHANNEL_LIVE_CHAT &&
           router_person_sender(rules, contact) != SEA_ADAPTER_MESSENGER &&
           !router_person_is_marketplace(contact) && router_person_is_reachable(rules, contact);
}

static struct router_contact *next_rung(const struct router_rules *rules,
                                        struct router_contact *const *contacts, size_t count,
                                        struct router_contact *const *taken, uint32_t taken_count)
{
    bool is_plain = router_ways_is_feature_phone(contacts, count);
    struct router_contact *best = NULL;
    for (size_t i = 0; i < count; i++) {
        struct router_contact *contact = contacts[i];
        if (!is_for_notices(rules, contact, is_plain) || contact->is_service_refused) continue;
        if (has_channel(taken, taken_count, contact->channel)) continue;
        if (best) {
            uint32_t a = rank_of(contact->market, contact->channel);
            uint32_t b = rank_of(best->market, best->channel);
            if (a > b || (a == b && !is_older(contact, best))) continue;
        }
        best = contact;
    }
    return best;
}

uint32_t router_person_ladder(const struct router_rules *rules,
                              struct router_contact *const *contacts, size_t count,
                              struct router_contact *ret[ROUTER_LADDER_MAX], bool *ret_is_refused)
{
    bool is_plain = router_ways_is_feature_phone(contacts, count);
    uint32_t rungs = 0;
    *ret_is_refused = false;
    while (rungs < ROUTER_LADDER_MAX) {
        struct router_contact *next = next_rung(rules, contacts, count, ret, rungs);
        if (!next) break;
        ret[rungs++] = next;
    }
    for (size_t i = 0; !rungs && i < count; i++)
        if (is_for_notices(rules, contacts[i], is_plain)) *ret_is_refused = true;
    return rungs;
}

const struct sea_account *router_person_account(const struct router_rules *rules,
                                                const struct sea_market *market,
                                                const char *channel)
{
    const struct sea_account *any = NULL;
    for (uint32_t i = 0; i < rules->channels->account_count; i++) {
        const struct sea_account *account = &rules->channels->accounts[i];
        if (!sea_str_is(sea_str(account->channel->name), channel)) continue;
        if (!account->is_enabled || !account->api_base) continue;
        if (account->market == market) return account;
        if (!account->market && !any) any = account;
    }
    return any;
}

const struct sea_account *router_person_fallback(const struct router_rules *rules,
                                                 const struct router_contact *contact)
{
    const char *channel = contact->market->fallback_channel;
    if (!channel || sea_str_is(contact->channel, channel)) return NULL;
    if (router_person_is_marketplace(contact)) return NULL;
    return router_person_account(rules, contact->market, channel);
}

struct sea_str router_person_address(struct router_plan *plan, const struct sea_channel *channel,
                                     struct sea_str digits)
{
    if (channel->adapter == SEA_ADAPTER_WHATSAPP) return digits;
    if (!sea_adapter_is_sms(channel->adapter) || !digits.len) return (struct sea_str){"", 0};
    return router_plan_print(plan, "+%.*s", (int)digits.len, digits.ptr);
}
