/* router_profile.c: profiles and the contacts they stand for. */
#include "router_profile.h"

#include <string.h>

#include "router_load.h"
#include "router_metrics.h"
#include "router_open.h"
#include "router_person.h"
#include "sea_id.h"

enum { EMAIL_MAX = 320 };

void router_profile_hash(struct router_batch *batch, struct router_contact *contact)
{
    const struct sea_pepper *pepper = &batch->tools->pepper;
    char lower[EMAIL_MAX];
    memset(&contact->phone_hash, 0, sizeof(contact->phone_hash));
    memset(&contact->email_hash, 0, sizeof(contact->email_hash));
    if (contact->phone.len)
        contact->phone_hash = sea_lookup_key(pepper, SEA_LOOKUP_PHONE, contact->phone);
    if (!contact->email.len || contact->email.len > sizeof(lower)) return;
    for (size_t i = 0; i < contact->email.len; i++) {
        char c = contact->email.ptr[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    contact->email_hash =
        sea_lookup_key(pepper, SEA_LOOKUP_EMAIL, (struct sea_str){lower, contact->email.len});
}

static void list(struct router_batch *batch, struct router_item *item, struct sea_str channel,
                 struct sea_str account, struct sea_str address)
{
    if (!channel.len || !account.len || !address.len || item->listed_count == ROUTER_LISTED_MAX)
        return;
    item->listed[item->listed_count++] =
        (struct router_listed){sea_contact_key(&batch->tools->pepper, channel, account, address),
                               channel, account, address};
}

static bool is_listed(const struct router_item *item, const char *channel)
{
    for (uint32_t i = 0; i < item->listed_count; i++)
        if (sea_str_is(item->listed[i].channel, channel)) return true;
    return false;
}

static void list_number(struct router_batch *batch, struct router_item *item,
                        const struct sea_market *market, const char *channel, struct sea_str digits)
{
    if (!channel || is_listed(item, channel)) return;
    const struct sea_account *account = router_person_account(batch->plan.rules, market, channel);
    if (!account) return;
    list(batch, item, sea_str(account->channel->name), sea_str(account->name),
         router_person_address(&batch->plan, account->channel, digits));
}

static const struct sea_market *market_of(const struct router_batch *batch,
                                          const struct router_item *item, struct sea_str phone)
{
    const struct sea_markets *markets = batch->plan.rules->markets;
    struct sea_contact_facts facts = {sea_market_by_code(markets, sea_str(item->profile->market)),
                                      phone, sea_str(item->profile_body->locale)};
    return sea_market_of(markets, &facts);
}

void router_profile_list(struct router_batch *batch, struct router_item *item)
{
    const Seadesk__V1__ProfileBody *body = item->profile_body;
    struct sea_str none = {"", 0};
    struct sea_str digits = router_person_phone(&batch->plan, none, none, sea_str(body->phone));
    const struct sea_market *market = market_of(batch, item, digits);
    item->listed = router_batch_alloc(batch, ROUTER_LISTED_MAX * sizeof(*item->listed));
    for (size_t i = 0; i < body->n_channels; i++)
        list(batch, item, sea_str(body->channels[i]->channel), sea_str(body->channels[i]->account),
             sea_str(body->channels[i]->id));
    if (!digits.len) return;
    /* Channels that the profile names are the customer's choice; without any the market's habits
     * decide. */
    bool is_chosen = item->listed_count > 0;
    for (uint32_t i = 0; !is_chosen && i < market->channels.count; i++)
        list_number(batch, item, market, market->channels.items[i], digits);
    list_number(batch, item, market, market->fallback_channel, digits);
}

static struct sea_key content_hash(struct router_batch *batch, const struct router_item *item)
{
    size_t len = seadesk__v1__profile_body__get_packed_size(item->profile_body);
    uint8_t *bytes = router_batch_alloc(batch, len + 1);
    seadesk__v1__profile_body__pack(item->profile_body, bytes);
    return sea_lookup_key(&batch->tools->pepper, SEA_LOOKUP_EXTERNAL,
                          (struct sea_str){(const char *)bytes, len});
}

static struct router_contact *add_new(struct router_batch *batch, struct sea_key key,
                                      struct sea_str channel, struct sea_str account)
{
    struct router_contact *contact = router_batch_alloc(batch, sizeof(*contact));
    contact->key = key;
    contact->channel = channel;
    contact->account = account;
    contact->is_opened = true;
    return contact;
}

/* A contact known by its address alone. */
static void meet_listed(struct router_batch *batch, const struct router_listed *listed,
                        const struct router_contact *crm)
{
    struct router_contact *contact = router_batch_contact(batch, listed->key);
    bool is_new = !contact;
    if (!is_new && contact->sealed.len) return;
    if (is_new) contact = add_new(batch, listed->key, listed->channel, listed->account);
    contact->is_opened = contact->is_changed = true;
    contact->address = listed->address;
    contact->name = crm->name;
    contact->locale = crm->locale;
    contact->phone = router_person_phone(&batch->plan, contact->channel, contact->address,
                                         (struct sea_str){"", 0});
    router_profile_hash(batch, contact);
    if (!is_new) return;
    router_person_meet(&batch->plan, contact);
    router_batch_add_contact(batch, contact);
}

void router_profile_meet(struct router_batch *batch, struct router_item *item)
{
    const Seadesk__V1__ProfileBody *body = item->profile_body;
    struct router_contact *crm = router_batch_contact(batch, item->contact);
    struct sea_key hash = content_hash(batch, item);
    bool is_new = !crm;
    if (!is_new && (item->profile->occurred_at_ms < crm->profile_at_ms ||
                    sea_key_eq(hash, crm->profile_hash))) {
        item->kind = ROUTER_ITEM_SKIPPED;
        return;
    }
    if (is_new) crm = add_new(batch, item->contact, SEA_STR("crm"), SEA_STR("crm"));
    crm->is_opened = crm->is_changed = true;
    crm->address = sea_str(body->customer_ref);
    crm->name = sea_str(body->name);
    crm->email = sea_str(body->email);
    crm->locale = crm->language = sea_str(body->locale);
    crm->tier = sea_str(body->tier);
    crm->observance = sea_str(body->observance);
    crm->handset = sea_str(body->handset);
    crm->phone =
        router_person_phone(&batch->plan, crm->channel, crm->address, sea_str(body->phone));
    crm->profile_hash = hash;
    crm->profile_at_ms = item->profile->occurred_at_ms;
    router_profile_hash(batch, crm);
    if (is_new) {
        router_person_meet(&batch->plan, crm);
        router_batch_add_contact(batch, crm);
    }
    crm->market = market_of(batch, item, crm->phone);
    for (uint32_t i = 0; i < item->listed_count; i++) meet_listed(batch, &item->listed[i], crm);
}

static bool is_meant(const struct router_item *item, const struct router_contact *crm,
                     const struct router_contact *contact)
{
    if (contact == crm) return false;
    for (uint32_t i = 0; i < item->listed_count; i++)
        if (sea_key_eq(item->listed[i].key, contact->key)) return true;
    return router_person_is_related(crm, contact);
}

static bool has_other_profile(struct router_batch *batch, struct sea_uuid id,
                              const struct router_contact *crm)
{
    const struct router_customer *customer = router_batch_customer(batch, id);
    for (uint32_t i = 0; i < customer->count; i++)
        if (customer->contacts[i] != crm && sea_str_is(customer->contacts[i]->channel, "crm") &&
            sea_uuid_eq(customer->contacts[i]->customer, id))
            return true;
    return false;
}

/* All contacts of the customer that `contact` is with become the profile's. */
static void claim_customer(struct router_batch *batch, const struct router_contact *crm,
                           const struct router_contact *contact)
{
    const struct router_customer *old = router_batch_customer(batch, contact->customer);
    if (sea_uuid_eq(contact->customer, crm->customer)) return;
    bool is_another = has_other_profile(batch, contact->customer, crm);
    for (uint32_t i = 0; i < old->count; i++) {
        if (!sea_uuid_eq(old->contacts[i]->customer, old->id)) continue; /* moved already */
        if (router_person_claim(crm, old->contacts[i], is_another))
            router_batch_add_contact(batch, old->contacts[i]);
    }
    if (is_another)
        router_count(&batch->tools->counts, &sea_m_router_profile_conflicts_total, NULL);
}

/* Who wrote before there was a profile keeps the customer id that agents have seen. */
static void settle_customer(struct router_batch *batch, const struct router_item *item,
                            struct router_contact *crm)
{
    const struct router_contact *oldest = NULL;
    if (crm->is_stored) return;
    for (size_t i = 0; i < batch->contacts.cap; i++) {
        const struct router_contact *contact = batch->contacts.slots[i].value;
        if (!contact || !contact->is_stored || !is_meant(item, crm, contact)) continue;
        if (has_other_profile(batch, contact->customer, crm)) continue;
        if (!oldest || contact->created_at_ms < oldest->created_at_ms) oldest = contact;
    }
    if (!oldest) return;
    router_person_belong(crm, oldest);
    router_batch_add_contact(batch, crm);
}

void router_profile_claim(struct router_batch *batch, const struct router_item *item)
{
    struct router_contact *crm = router_batch_contact(batch, item->contact);
    settle_customer(batch, item, crm);
    for (size_t i = 0; i < batch->contacts.cap; i++) {
        const struct router_contact *contact = batch->contacts.slots[i].value;
        if (contact && is_meant(item, crm, contact)) claim_customer(batch, crm, contact);
    }
}

static struct router_contact *known_sibling(const struct router_customer *customer,
                                            const struct sea_account *account)
{
    for (uint32_t i = 0; i < customer->count; i++)
        if (sea_str_is(customer->contacts[i]->channel, account->channel->name) &&
            customer->contacts[i]->address.len)
            return customer->contacts[i];
    return NULL;
}

static struct sea_str number_of(const struct router_customer *customer,
                                const struct router_contact *contact)
{
    struct sea_str digits = contact->phone;
    for (uint32_t i = 0; !digits.len && i < customer->count; i++)
        digits = customer->contacts[i]->phone;
    return digits;
}

/* What is said another way when its own fails, or where that hears nothing: a dial string. */
static bool needs_sibling(const struct router_item *item)
{
    if (item->kind == ROUTER_ITEM_MESSAGE) return item->body->booking;
    return item->kind == ROUTER_ITEM_COMMAND && router_item_speaks(item);
}

/* Looks for the sibling among the customer's contacts; else lists how it would be addressed. */
static void find_sibling(struct router_batch *batch, struct router_item *item)
{
    const struct router_contact *contact = router_batch_contact(batch, item->contact);
    const struct sea_account *account =
        contact ? router_person_fallback(batch->plan.rules, contact) : NULL;
    if (!account) return;
    const struct router_customer *customer = router_batch_customer(batch, contact->customer);
    item->sibling = known_sibling(customer, account);
    if (item->sibling) return;
    item->listed = router_batch_alloc(batch, ROUTER_LISTED_MAX * sizeof(*item->listed));
    list(batch, item, sea_str(account->channel->name), sea_str(account->name),
         router_person_address(&batch->plan, account->channel, number_of(customer, contact)));
}

static enum sea_err take_sibling(struct router_batch *batch, struct router_item *item)
{
    const struct router_contact *contact = router_batch_contact(batch, item->contact);
    const struct router_listed *listed = &item->listed[0];
    struct router_contact *sibling = router_batch_contact(batch, listed->key);
    enum sea_err err = SEA_OK;
    if (!sibling) {
        sibling = add_new(batch, listed->key, listed->channel, listed->account);
        sibling->address = listed->address;
        sibling->phone = router_person_phone(&batch->plan, sibling->channel, sibling->address,
                                             (struct sea_str){"", 0});
        router_profile_hash(batch, sibling);
        router_person_meet(&batch->plan, sibling);
        router_person_belong(sibling, contact);
        router_batch_add_contact(batch, sibling);
    } else {
        err = router_open_contact(batch, sibling);
    }
    item->sibling = sibling;
    return err;
}

enum sea_err router_profile_siblings(struct router_batch *batch)
{
    struct router_keys keys;
    router_keys_init(&keys, batch->txn->arena);
    for (size_t i = 0; i < batch->item_count; i++) {
        struct router_item *item = &batch->items[i];
        if (!needs_sibling(item)) continue;
        find_sibling(batch, item);
        if (item->listed_count && !router_batch_contact(batch, item->listed[0].key))
            router_keys_add(&keys, item->listed[0].key);
    }
    enum sea_err err = router_load_guard(batch, &keys);
    if (!err) err = router_load_contacts(batch, &keys);
    for (size_t i = 0; !err && i < batch->item_count; i++)
        if (needs_sibling(&batch->items[i]) && batch->items[i].listed_count)
            err = take_sibling(batch, &batch->items[i]);
    return err;
}
