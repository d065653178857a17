/* router_gather.c: asks the tables step by step, since each answer says what to ask next. */
#include "router_gather.h"

#include <string.h>

#include "router_calls.h"
#include "router_load.h"
#include "router_metrics.h"
#include "router_open.h"
#include "router_person.h"
#include "router_profile.h"
#include "router_read.h"
#include "sea_id.h"
#include "sea_metrics_common.h"

static void drop_forgotten(struct router_batch *batch)
{
    for (size_t i = 0; i < batch->item_count; i++) {
        struct router_item *item = &batch->items[i];
        const struct router_forgotten *gone =
            router_map_get(&batch->forgotten, router_map_key(&item->contact));
        if (!gone || !item->at_ms || item->at_ms > gone->at_ms) continue;
        sea_metric_inc(&sea_m_consumed_total, sea_topic_info(item->record->topic)->name, "erased");
        item->kind = ROUTER_ITEM_SKIPPED;
    }
}

/* Nil: none. */
static struct sea_key twin_of(const struct router_batch *batch, const struct router_item *item)
{
    struct sea_str channel = router_person_twin(sea_str(item->message->channel));
    if (!channel.len || !*item->body->contact_id) return (struct sea_key){0};
    return sea_contact_key(&batch->tools->pepper, channel, sea_str(item->message->account),
                           sea_str(item->body->contact_id));
}

/* What a new contact is made of: the facts in the record itself. */
static void meet_sender(struct router_batch *batch, struct router_item *item)
{
    const Seadesk__V1__MessageBody *body = item->body;
    struct router_contact *contact = router_batch_contact(batch, item->contact);
    bool is_new = !contact;
    if (is_new)
        contact = router_batch_new_contact(batch, item->contact, item->message->channel,
                                           item->message->account);
    bool has_address = is_new || !contact->sealed.len;
    if (contact->is_opened) return;
    contact->is_opened = true;
    contact->address = sea_str(body->contact_id);
    contact->name = sea_str(body->name);
    contact->email = sea_str(body->email);
    contact->locale = sea_str(body->locale);
    contact->phone =
        router_person_phone(&batch->plan, contact->channel, contact->address, sea_str(body->phone));
    if (has_address) {
        router_profile_hash(batch, contact);
        contact->is_changed = true;
    }
    if (!is_new) return;
    contact->twin = twin_of(batch, item);
    router_person_meet(&batch->plan, contact);
    router_batch_add_contact(batch, contact);
}

static void meet_consenter(struct router_batch *batch, const struct router_item *item)
{
    if (router_batch_contact(batch, item->contact)) return;
    struct router_contact *contact = router_batch_new_contact(
        batch, item->contact, item->consent->channel, item->consent->account);
    router_person_meet(&batch->plan, contact);
    router_batch_add_contact(batch, contact);
}

static enum sea_err gather_contacts(struct router_batch *batch)
{
    struct router_keys keys;
    router_keys_init(&keys, batch->txn->arena);
    enum sea_err err = router_calls_load(batch, &keys);
    if (err) return err;
    for (size_t i = 0; i < batch->item_count; i++) {
        struct router_item *item = &batch->items[i];
        if (item->kind == ROUTER_ITEM_SKIPPED) continue;
        if (item->kind == ROUTER_ITEM_PROFILE) router_profile_list(batch, item);
        if (item->kind == ROUTER_ITEM_DEADLINE)
            item->contact = router_key_of(item->deadline->home_key);
        router_keys_add(&keys, item->contact);
        if (item->kind == ROUTER_ITEM_MESSAGE) router_keys_add(&keys, twin_of(batch, item));
        for (uint32_t n = 0; n < item->listed_count; n++)
            router_keys_add(&keys, item->listed[n].key);
    }
    err = router_load_guard(batch, &keys);
    if (!err) err = router_load_contacts(batch, &keys);
    if (err) return err;
    drop_forgotten(batch);
    router_calls_forget(batch);
    for (size_t i = 0; i < batch->item_count; i++) {
        if (router_item_is_call(&batch->items[i])) router_calls_meet(batch, &batch->items[i]);
        if (batch->items[i].kind == ROUTER_ITEM_MESSAGE) meet_sender(batch, &batch->items[i]);
        if (batch->items[i].kind == ROUTER_ITEM_CONSENT) meet_consenter(batch, &batch->items[i]);
        if (batch->items[i].kind == ROUTER_ITEM_PROFILE)
            router_profile_meet(batch, &batch->items[i]);
    }
    return SEA_OK;
}

static enum sea_err gather_tickets(struct router_batch *batch)
{
    struct router_keys tickets, messages, commands;
    router_keys_init(&tickets, batch->txn->arena);
    router_keys_init(&messages, batch->txn->arena);
    router_keys_init(&commands, batch->txn->arena);
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct router_item *item = &batch->items[i];
        struct sea_key id;
        if (item->kind == ROUTER_ITEM_SKIPPED) continue;
        if (!sea_uuid_is_nil(item->ticket_id) && !router_batch_ticket(batch, item->ticket_id)) {
            memcpy(id.bytes, item->ticket_id.bytes, sizeof(id.bytes));
            router_keys_add(&tickets, id);
        }
        memcpy(id.bytes, item->message_id.bytes, sizeof(id.bytes));
        router_keys_add(&messages, id);
        if (item->kind != ROUTER_ITEM_COMMAND && item->kind != ROUTER_ITEM_PRESENCE) continue;
        memcpy(id.bytes, item->cause.id.bytes, sizeof(id.bytes));
        router_keys_add(&commands, id);
    }
    enum sea_err err = router_load_tickets(batch, &tickets);
    if (!err) err = router_load_sent(batch, &messages);
    if (!err) err = router_load_outcomes(batch, &commands);
    return err;
}

static void add_customer(struct router_keys *customers, struct sea_uuid id)
{
    struct sea_key key;
    memcpy(key.bytes, id.bytes, sizeof(key.bytes));
    router_keys_add(customers, key);
}

/* Whose other contacts are wanted: where something is to be said that may go another way, where
 * orders are asked for, and where a profile or a shared number joins contacts. */
static bool needs_customer(const struct router_item *item)
{
    switch (item->kind) {
    case ROUTER_ITEM_MESSAGE:
        return item->reading.asks_for_order || item->body->booking;
    case ROUTER_ITEM_COMMAND:
        return router_item_speaks(item);
    case ROUTER_ITEM_DELIVERY:
        return item->delivery->state == SEADESK__V1__DELIVERY_STATE__RETURNED;
    case ROUTER_ITEM_NOTICE:
    case ROUTER_ITEM_PROFILE:
        return true;
    case ROUTER_ITEM_SKIPPED:
    case ROUTER_ITEM_CALL_CHANGED:
    case ROUTER_ITEM_CALL_ENDED:
    case ROUTER_ITEM_CONSENT:
    case ROUTER_ITEM_PRESENCE:
    case ROUTER_ITEM_TRANSLATION:
    case ROUTER_ITEM_DEADLINE:
    case ROUTER_ITEM_MILESTONE:
    case ROUTER_ITEM_EXCEPTION:
    case ROUTER_ITEM_ERASURE_REQUESTED:
    case ROUTER_ITEM_ERASURE_ORDERED:
        break;
    }
    return false;
}

static void join_new(struct router_batch *batch, struct router_contact *contact,
                     struct router_contact *const *all, size_t count)
{
    struct sea_uuid alone = contact->customer;
    if (!router_person_join(contact, all, count)) return;
    if (!sea_uuid_eq(alone, contact->customer)) router_batch_add_contact(batch, contact);
}

/* New contacts join those they are related to. */
static void join_all(struct router_batch *batch)
{
    size_t count = 0;
    struct router_contact **all =
        router_batch_alloc(batch, (batch->contacts.count + 1) * sizeof(*all));
    for (size_t i = 0; i < batch->contacts.cap; i++)
        if (batch->contacts.slots[i].value) all[count++] = batch->contacts.slots[i].value;
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct router_item *item = &batch->items[i];
        if (item->kind != ROUTER_ITEM_MESSAGE && !router_item_is_call(item)) continue;
        struct router_contact *contact = router_batch_contact(batch, item->contact);
        if (!contact->is_stored) join_new(batch, contact, all, count);
    }
}

/* Before anything else is asked or decided: a notice or a question of the same batch, on either
 * side of the profile's record, meets the customer whole. */
static void claim_all(struct router_batch *batch)
{
    for (size_t i = 0; i < batch->item_count; i++)
        if (batch->items[i].kind == ROUTER_ITEM_PROFILE)
            router_profile_claim(batch, &batch->items[i]);
}

static enum sea_err gather_relatives(struct router_batch *batch)
{
    struct router_keys customers, phones, emails;
    bool has_twins = false;
    router_keys_init(&customers, batch->txn->arena);
    router_keys_init(&phones, batch->txn->arena);
    router_keys_init(&emails, batch->txn->arena);
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct router_item *item = &batch->items[i];
        const struct router_contact *contact = router_batch_contact(batch, item->contact);
        if (item->kind == ROUTER_ITEM_SKIPPED || !contact) continue;
        if (needs_customer(item)) add_customer(&customers, contact->customer);
        for (uint32_t n = 0; n < item->listed_count; n++) {
            const struct router_contact *listed = router_batch_contact(batch, item->listed[n].key);
            if (listed && listed->is_stored) add_customer(&customers, listed->customer);
        }
        bool is_customers = item->kind == ROUTER_ITEM_MESSAGE || router_item_is_call(item);
        if (item->kind != ROUTER_ITEM_PROFILE && (!is_customers || contact->is_stored)) continue;
        has_twins |= !sea_key_is_nil(contact->twin);
        router_keys_add(&phones, contact->phone_hash);
        router_keys_add(&emails, contact->email_hash);
    }
    enum sea_err err = router_load_relatives(batch, &customers, &phones, &emails);
    if (err) return err;
    if (phones.count || emails.count || has_twins) join_all(batch);
    claim_all(batch);
    return SEA_OK;
}

static void want_profiles(struct router_batch *batch, const struct router_item *item,
                          struct router_keys *crm)
{
    const struct router_contact *contact = router_batch_contact(batch, item->contact);
    const struct router_customer *customer = router_batch_customer(batch, contact->customer);
    for (uint32_t i = 0; i < customer->count; i++)
        if (sea_str_is(customer->contacts[i]->channel, "crm"))
            router_keys_add(crm, customer->contacts[i]->key);
}

static enum sea_err gather_orders(struct router_batch *batch)
{
    struct router_texts ids, noticed;
    struct router_keys crm;
    router_texts_init(&ids, batch->txn->arena);
    router_texts_init(&noticed, batch->txn->arena);
    router_keys_init(&crm, batch->txn->arena);
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct router_item *item = &batch->items[i];
        if (item->kind == ROUTER_ITEM_SKIPPED) continue;
        router_texts_add(item->kind == ROUTER_ITEM_NOTICE ? &noticed : &ids, item->order_id);
        for (uint32_t n = 0; n < item->ref_count; n++) router_texts_add(&ids, item->refs[n]);
        if (item->kind == ROUTER_ITEM_MESSAGE && item->reading.asks_for_order)
            want_profiles(batch, item, &crm);
    }
    enum sea_err err = router_load_orders(batch, &ids, &crm);
    if (!err) err = router_load_notices(batch, &noticed);
    return err;
}

static enum sea_err gather_agents(struct router_batch *batch)
{
    struct router_texts users, targets;
    router_texts_init(&users, batch->txn->arena);
    router_texts_init(&targets, batch->txn->arena);
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct router_item *item = &batch->items[i];
        bool is_command = item->kind == ROUTER_ITEM_COMMAND;
        const struct router_ticket *ticket = router_batch_ticket(batch, item->ticket_id);
        bool is_call = router_item_is_call(item);
        if (item->kind == ROUTER_ITEM_MESSAGE || (is_call && !ticket))
            ticket = router_map_get(&batch->newest, router_map_key(&item->contact));
        if (is_call) router_texts_add(&users, router_calls_agent(item));
        if (is_command || item->kind == ROUTER_ITEM_PRESENCE)
            router_texts_add(&users, sea_str(item->command->agent->user));
        if (is_command && item->command->what_case == SEADESK__V1__COMMAND__WHAT_TRANSFER) {
            struct sea_str to = sea_str(item->command->transfer->to);
            if (!sea_str_starts(to, "queue:")) router_texts_add(&targets, to);
        }
        if (ticket && (is_command || is_call || ticket->status == ROUTER_WAITING ||
                       ticket->status == ROUTER_SNOOZED))
            router_texts_add(&users, ticket->assignee);
    }
    enum sea_err err = router_load_accounts(batch, &targets);
    if (err) return err;
    /* Transfer to somebody who has neither an account nor ever been here is refused. */
    for (size_t i = 0; i < targets.count; i++) router_texts_add(&users, targets.items[i]);
    return router_load_agents(batch, &users);
}

static void want_customer_open(struct router_batch *batch, struct sea_uuid id,
                               struct router_opening *opening)
{
    const struct router_customer *customer = router_batch_customer(batch, id);
    for (uint32_t i = 0; i < customer->count; i++)
        if (!customer->contacts[i]->is_opened)
            router_opening_add(opening, customer->contacts[i]->key, customer->contacts[i]->sealed);
}

static enum sea_err open_customer(struct router_batch *batch, struct sea_uuid id)
{
    const struct router_customer *customer = router_batch_customer(batch, id);
    enum sea_err err = SEA_OK;
    for (uint32_t i = 0; !err && i < customer->count; i++)
        err = router_open_contact(batch, customer->contacts[i]);
    return err;
}

/* The sealed text of a command, or none. */
static struct sea_str command_text(const struct router_item *item)
{
    const Seadesk__V1__SealedText *text = NULL;
    if (item->kind != ROUTER_ITEM_COMMAND) return (struct sea_str){"", 0};
    if (item->command->what_case == SEADESK__V1__COMMAND__WHAT_REPLY)
        text = item->command->reply->text;
    if (item->command->what_case == SEADESK__V1__COMMAND__WHAT_NOTE)
        text = item->command->note->text;
    return text ? router_bytes_of(text->sealed) : (struct sea_str){"", 0};
}

static struct router_sent *returned(const struct router_batch *batch,
                                    const struct router_item *item)
{
    if (item->kind != ROUTER_ITEM_DELIVERY ||
        item->delivery->state != SEADESK__V1__DELIVERY_STATE__RETURNED)
        return NULL;
    return router_map_get(&batch->sent, router_map_id(&item->message_id));
}

static enum sea_err open_item(struct router_batch *batch, struct router_item *item)
{
    struct sea_place place = {SEA_STR("seadesk.commands"), SEA_STR("text"),
                              router_map_id(&item->cause.id)};
    const struct router_contact *contact = router_batch_contact(batch, item->contact);
    struct router_sent *sent = returned(batch, item);
    enum sea_err err =
        router_open_text(batch, item->contact, &place, command_text(item), &item->text);
    if (!err && contact && needs_customer(item)) err = open_customer(batch, contact->customer);
    if (!err && sent) err = router_open_sent(batch, sent);
    return err;
}

static enum sea_err gather_texts(struct router_batch *batch)
{
    struct router_opening opening;
    router_opening_init(&opening, batch->txn->arena);
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct router_item *item = &batch->items[i];
        const struct router_contact *contact = router_batch_contact(batch, item->contact);
        const struct router_sent *sent = returned(batch, item);
        if (item->kind == ROUTER_ITEM_SKIPPED) continue;
        router_opening_add(&opening, item->contact, command_text(item));
        if (contact && needs_customer(item)) want_customer_open(batch, contact->customer, &opening);
        if (sent) router_opening_add(&opening, sent->home, sent->sealed);
        if (item->kind == ROUTER_ITEM_TRANSLATION && item->translation->text)
            router_opening_add(&opening, item->contact,
                               router_bytes_of(item->translation->text->sealed));
        if (item->kind == ROUTER_ITEM_DELIVERY && item->delivery->text)
            router_opening_add(&opening, router_key_of(item->delivery->contact_key),
                               router_bytes_of(item->delivery->text->sealed));
    }
    enum sea_err err = router_opening_fetch(&opening, batch->tools->keys);
    for (size_t i = 0; !err && i < batch->item_count; i++)
        if (batch->items[i].kind != ROUTER_ITEM_SKIPPED) err = open_item(batch, &batch->items[i]);
    return err;
}

enum sea_err router_gather(struct router_batch *batch)
{
    enum sea_err err = gather_contacts(batch);
    if (!err) err = gather_tickets(batch);
    if (err) return err;
    router_read_texts(batch);
    err = gather_relatives(batch);
    if (!err) err = gather_orders(batch);
    if (!err) err = gather_agents(batch);
    if (!err) err = gather_texts(batch);
    if (!err) err = router_profile_siblings(batch);
    return err;
}

enum sea_err router_gather_notices(struct router_batch *batch, struct router_notice *const *notices,
                                   size_t count)
{
    struct router_keys keys, none, customers;
    struct router_opening opening;
    router_keys_init(&keys, batch->txn->arena);
    router_keys_init(&none, batch->txn->arena);
    router_keys_init(&customers, batch->txn->arena);
    router_opening_init(&opening, batch->txn->arena);
    for (size_t i = 0; i < count; i++) router_keys_add(&keys, notices[i]->crm);
    enum sea_err err = router_load_guard(batch, &keys);
    if (!err) err = router_load_contacts(batch, &keys);
    for (size_t i = 0; !err && i < count; i++) {
        const struct router_contact *crm = router_batch_contact(batch, notices[i]->crm);
        if (crm) add_customer(&customers, crm->customer);
    }
    if (!err) err = router_load_relatives(batch, &customers, &none, &none);
    for (size_t i = 0; !err && i < count; i++) {
        const struct router_contact *crm = router_batch_contact(batch, notices[i]->crm);
        if (crm) want_customer_open(batch, crm->customer, &opening);
    }
    if (!err) err = router_opening_fetch(&opening, batch->tools->keys);
    for (size_t i = 0; !err && i < count; i++) {
        const struct router_contact *crm = router_batch_contact(batch, notices[i]->crm);
        if (crm) err = open_customer(batch, crm->customer);
    }
    return err;
}
