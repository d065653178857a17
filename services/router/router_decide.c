/* router_decide.c: hands every item to its core. */
#include "router_decide.h"

#include <string.h>

#include "router_calls.h"
#include "router_erase.h"
#include "router_metrics.h"
#include "router_open.h"
#include "router_person.h"
#include "router_read.h"
#include "sea_clock.h"
#include "sea_id.h"
#include "sea_log.h"

static void count_message(struct router_batch *batch, const struct router_item *item,
                          const struct router_ticket *before, const struct router_ticket *after,
                          uint64_t version)
{
    const char *outcome = "aside";
    if (item->reading.word == ROUTER_STOP) outcome = "stop";
    if (item->reading.word == ROUTER_START) outcome = "start";
    if (after && after != before)
        outcome = "opened";
    else if (after && after->version != version)
        outcome = strcmp(after->change, "reopened") == 0 ? "reopened" : "continued";
    struct router_counts *counts = &batch->tools->counts;
    router_count(counts, &sea_m_router_messages_total, outcome);
    if (counts->delay_count < SEA_WORKER_BATCH_MAX)
        counts->delays_s[counts->delay_count++] =
            (double)(sea_clock_wall_ms() - item->message->received_at_ms) / 1000.0;
}

static enum router_kind kind_of(Seadesk__V1__MessageKind kind)
{
    return kind >= SEADESK__V1__MESSAGE_KIND__TEXT && kind <= SEADESK__V1__MESSAGE_KIND__OTHER
               ? (enum router_kind)kind
               : ROUTER_OTHER;
}

/* Of e-mail the message, of Slack the thread that it is in or may begin. */
static struct sea_str thread_of(const struct router_item *item)
{
    const struct sea_channel *channel = sea_channel_of(sea_str(item->message->channel));
    bool is_slack = channel && channel->adapter == SEA_ADAPTER_SLACK;
    if (is_slack && *item->body->in_reply_to) return sea_str(item->body->in_reply_to);
    bool has_threads = is_slack || sea_str_is(sea_str(item->message->channel), "email");
    return has_threads ? sea_str(item->body->external_id) : (struct sea_str){"", 0};
}

static void decide_message(struct router_batch *batch, const struct router_item *item)
{
    struct router_contact *contact = router_batch_contact(batch, item->contact);
    const struct router_customer *customer = router_batch_customer(batch, contact->customer);
    const struct router_order *named[ROUTER_REFS_MAX + 1];
    struct router_inbound in = {
        .cause = &item->cause,
        .kind = kind_of(item->message->kind),
        .is_automatic = item->message->is_automatic,
        .provider_time_ms = item->message->provider_time_ms,
        .received_at_ms = item->message->received_at_ms + batch->txn->shift_ms,
        .subject = sea_str(item->body->subject),
        .thread = thread_of(item),
        .text = sea_str(item->body->text),
        .body = item->body,
        .rating = item->message->rating,
        .reading = item->reading,
        .order_id = item->order_id,
        .empty_fields = sea_str(item->message->empty_fields),
        .reminded = item->sibling,
        .orders = named,
        .own = customer->orders,
        .own_count = customer->order_count,
    };
    const Seadesk__V1__Booking *booking = item->body->booking;
    if (booking) {
        in.booking = sea_str(booking->reference);
        in.visit = (struct sea_visit){booking->days, booking->weekday, booking->minute};
    }
    for (uint32_t i = 0; i < item->ref_count; i++) {
        const struct router_order *order = router_map_get(&batch->orders, item->refs[i]);
        if (order && (order->is_stored || order->is_changed)) named[in.order_count++] = order;
    }
    const struct router_order *told =
        item->order_id.len ? router_map_get(&batch->orders, item->order_id) : NULL;
    if (told) named[in.order_count++] = told;
    struct router_ticket *before = router_map_get(&batch->newest, router_map_key(&contact->key));
    struct router_ticket *ticket = before;
    uint64_t version = before ? before->version : 0;
    router_case_message(&batch->plan, &in, contact, &ticket);
    if (ticket && ticket != before) {
        *router_map_at(&batch->newest, router_map_key(&contact->key)) = ticket;
        router_batch_add_ticket(batch, ticket);
    }
    count_message(batch, item, before, ticket, version);
}

static void decide_consent(struct router_batch *batch, const struct router_item *item)
{
    struct router_contact *contact = router_batch_contact(batch, item->contact);
    const Seadesk__V1__ConsentChanged *consent = item->consent;
    if (consent->class_ == SEADESK__V1__CONSENT_CLASS__CONSENT_SERVICE)
        router_person_consent(contact, false, consent->is_granted, consent->at_ms);
    if (consent->class_ == SEADESK__V1__CONSENT_CLASS__CONSENT_MARKETING)
        router_person_consent(contact, true, consent->is_granted, consent->at_ms);
}

/* A room that nobody finds who wasn't told of it, and that a repeated command has again. */
static struct sea_str video_link(struct router_batch *batch, struct sea_uuid id)
{
    struct sea_str base = batch->plan.rules->video_url;
    char room[SEA_KEY_TEXT];
    if (!base.len) return base;
    sea_key_print(sea_lookup_key(&batch->tools->pepper, SEA_LOOKUP_EXTERNAL,
                                 (struct sea_str){(const char *)id.bytes, sizeof(id.bytes)}),
                  room);
    return router_plan_print(&batch->plan, "%.*s%s", (int)base.len, base.ptr, room);
}

static void fill_what(struct router_batch *batch, const struct router_item *item,
                      struct router_command *to)
{
    const Seadesk__V1__Command *from = item->command;
    switch (from->what_case) {
    case SEADESK__V1__COMMAND__WHAT_TAKE:
        to->kind = ROUTER_TAKE;
        break;
    case SEADESK__V1__COMMAND__WHAT_REPLY:
        to->kind = ROUTER_REPLY;
        to->channel = sea_str(from->reply->channel);
        to->to_language = sea_str(from->reply->to_language);
        if (from->reply->text) to->text_language = sea_str(from->reply->text->language);
        break;
    case SEADESK__V1__COMMAND__WHAT_NOTE:
        to->kind = ROUTER_NOTE_DOWN;
        if (from->note->text) to->text_language = sea_str(from->note->text->language);
        break;
    case SEADESK__V1__COMMAND__WHAT_RESOLVE:
        to->kind = ROUTER_RESOLVE;
        if (!from->resolve->tags) break;
        to->tags = (struct router_tags){
            sea_str(from->resolve->tags->issue), sea_str(from->resolve->tags->emotion),
            sea_str(from->resolve->tags->product_version), sea_str(from->resolve->tags->stage)};
        break;
    case SEADESK__V1__COMMAND__WHAT_TRANSFER:
        to->kind = ROUTER_TRANSFER;
        to->to = sea_str(from->transfer->to);
        break;
    case SEADESK__V1__COMMAND__WHAT_SNOOZE:
        to->kind = ROUTER_SNOOZE;
        to->until_ms = from->snooze->until_ms;
        break;
    case SEADESK__V1__COMMAND__WHAT_VIDEO:
        to->kind = ROUTER_MEET;
        to->until_ms = from->video->at_ms;
        to->link = video_link(batch, item->cause.id);
        break;
    case SEADESK__V1__COMMAND__WHAT_PRESENCE:
    case SEADESK__V1__COMMAND__WHAT__NOT_SET:
    case _SEADESK__V1__COMMAND__WHAT__CASE_IS_INT_SIZE:
        sea_assert(false && "presence and nothing are told apart when read");
    }
}

/* The outcome known of a command that was answered before, in this batch or an earlier one. */
static bool repeat(struct router_batch *batch, const struct router_item *item)
{
    const struct router_outcome *known =
        router_map_get(&batch->known, router_map_id(&item->cause.id));
    if (!known) return false;
    router_case_repeat(&batch->plan, &item->cause, item->command->body_hash.data, known);
    return true;
}

static struct router_outcome *newest_outcome(struct router_batch *batch,
                                             const struct router_item *item)
{
    struct router_outcome *outcome = batch->plan.outcomes;
    while (outcome->next) outcome = outcome->next;
    outcome->key = item->record->key;
    return outcome;
}

static void remember(struct router_batch *batch, const struct router_item *item)
{
    struct router_outcome *outcome = newest_outcome(batch, item);
    if (outcome->is_stored) return;
    *router_map_at(&batch->known, router_map_id(&outcome->command_id)) = outcome;
    router_count(&batch->tools->counts, &sea_m_router_commands_total,
                 *outcome->reason ? outcome->reason : "done");
}

static void decide_command(struct router_batch *batch, const struct router_item *item)
{
    const Seadesk__V1__Command *from = item->command;
    struct router_ticket *ticket = router_batch_ticket(batch, item->ticket_id);
    if (ticket && !ticket->contact) ticket = NULL; /* its customer was forgotten */
    if (!repeat(batch, item)) {
        struct router_command command = {
            .cause = &item->cause,
            .home = item->contact,
            .ticket_id = item->ticket_id,
            .expected_version = from->expected_version,
            .agent = {sea_str(from->agent->user), sea_str(from->agent->name),
                      sea_str(from->agent->staff_number)},
            .text = item->text,
            .fallback = item->sibling,
        };
        memcpy(command.body_hash, from->body_hash.data, sizeof(command.body_hash));
        fill_what(batch, item, &command);
        if (ticket) {
            const struct router_customer *customer =
                router_batch_customer(batch, ticket->contact->customer);
            command.contacts = customer->contacts;
            command.contact_count = customer->count;
        }
        router_case_command(&batch->plan, &command, ticket);
    }
    remember(batch, item);
}

static void decide_presence(struct router_batch *batch, const struct router_item *item)
{
    const Seadesk__V1__Command__Presence *from = item->command->presence;
    struct router_presence_said said = {.weight = from->weight};
    if (!repeat(batch, item)) {
        struct router_agent *agent =
            router_dispatch_agent(&batch->plan, sea_str(item->command->agent->user));
        if (strcmp(from->state, "online") == 0) said.state = ROUTER_ONLINE;
        if (strcmp(from->state, "away") == 0) said.state = ROUTER_AWAY;
        for (size_t i = 0; i < from->n_channels && i < ROUTER_LIMITS_MAX; i++)
            said.limits[said.limit_count++] = (struct router_limit){
                sea_str(from->channels[i]->channel), from->channels[i]->limit, 0};
        if (item->command->agent->name[0]) agent->name = sea_str(item->command->agent->name);
        router_dispatch_presence(&batch->plan, agent, &said);
        struct router_outcome *outcome = router_plan_outcome(&batch->plan, &item->cause);
        memcpy(outcome->body_hash, item->command->body_hash.data, sizeof(outcome->body_hash));
    }
    remember(batch, item);
}

static enum sea_err decide_delivery(struct router_batch *batch, const struct router_item *item)
{
    const Seadesk__V1__DeliveryChanged *from = item->delivery;
    struct router_sent *sent = router_map_get(&batch->sent, router_map_id(&item->message_id));
    struct router_ticket *ticket = router_batch_ticket(batch, item->ticket_id);
    if (!sent) return SEA_OK; /* forgotten, or expired */
    if (ticket && !ticket->contact) ticket = NULL;
    struct router_delivered news = {
        .cause = &item->cause,
        .draft_id = router_uuid_of(from->draft_id),
        .version = from->version,
        .state = (enum router_delivery)from->state,
        .reason = sea_str(from->reason),
        .rule = sea_str(from->rule),
        .channel = sea_str(from->channel),
        .at_ms = from->at_ms,
        .release_at_ms = from->release_at_ms,
        .span_from = from->span ? from->span->from : 0,
        .span_to = from->span ? from->span->to : 0,
        .to = router_key_of(from->contact_key),
    };
    if (from->text) {
        struct sea_place place = {SEA_STR("seadesk.outbound"), SEA_STR("text"),
                                  router_bytes_of(from->draft_id)};
        enum sea_err err = router_open_text(batch, news.to, &place,
                                            router_bytes_of(from->text->sealed), &news.words);
        if (err) return err;
        news.words_language = sea_str(from->text->language);
    }
    const struct router_contact *home = router_batch_contact(batch, item->contact);
    if (home) {
        const struct router_customer *customer = router_batch_customer(batch, home->customer);
        news.contacts = customer->contacts;
        news.contact_count = customer->count;
    }
    router_case_delivery(&batch->plan, &news, sent, ticket);
    return SEA_OK;
}

static void decide_deadline(struct router_batch *batch, const struct router_item *item)
{
    const Seadesk__V1__DeadlineChanged *from = item->deadline;
    struct router_ticket *ticket = router_batch_ticket(batch, item->ticket_id);
    bool is_breached = from->state == SEADESK__V1__CLOCK_STATE__CLOCK_BREACHED;
    if (!ticket || !ticket->contact || from->is_withdrawn) return;
    if (!is_breached && from->state != SEADESK__V1__CLOCK_STATE__CLOCK_WARNED) return;
    router_dispatch_raise(&batch->plan, ticket, &item->cause, is_breached, sea_str(from->name));
}

static struct router_order *order_of(struct router_batch *batch, const struct router_item *item,
                                     struct sea_key crm, const char *market)
{
    void **place = router_map_at(&batch->orders, item->order_id);
    if (!*place) {
        *place = router_batch_alloc(batch, sizeof(struct router_order));
        ((struct router_order *)*place)->id = item->order_id;
    }
    struct router_order *order = *place;
    if (!sea_key_is_nil(crm)) order->crm = crm;
    if (*market) order->market = sea_str(market);
    return order;
}

static void decide_milestone(struct router_batch *batch, const struct router_item *item)
{
    const Seadesk__V1__MilestoneReached *from = item->milestone;
    struct router_order *order =
        order_of(batch, item, router_key_of(from->contact_key), from->market);
    router_notice_milestone(order, (uint32_t)from->milestone, from->at_ms, from->version);
}

static void decide_exception(struct router_batch *batch, const struct router_item *item)
{
    const Seadesk__V1__ExceptionChanged *from = item->exception;
    struct router_order *order =
        order_of(batch, item, router_key_of(from->contact_key), from->market);
    struct router_trouble trouble = {(uint32_t)from->class_, sea_str(from->reason), from->since_ms,
                                     from->expected_at_ms, from->closed_at_ms};
    router_notice_exception(order, &trouble, from->version);
}

static void fill_notice(struct router_notice *notice, const Seadesk__V1__NoticeDue *from)
{
    notice->order_id = sea_str(from->order_id);
    notice->about = sea_str(from->about);
    notice->parcel_id = sea_str(from->parcel_id);
    notice->reason = sea_str(from->reason);
    notice->collapse_key = sea_str(from->collapse_key);
    notice->carrier = sea_str(from->carrier);
    notice->tracking_number = sea_str(from->tracking_number);
    notice->location = sea_str(from->location);
    notice->market = sea_str(from->market);
    notice->crm = router_key_of(from->contact_key);
    notice->at_ms = from->at_ms;
    notice->expected_at_ms = from->expected_at_ms;
    notice->expires_at_ms = from->expires_at_ms;
}

bool router_decide_fill(struct router_batch *batch, struct router_notice *notice)
{
    const Seadesk__V1__NoticeDue *from = router_read_notice(batch, notice->record);
    if (!from) return false;
    fill_notice(notice, from);
    return true;
}

void router_decide_notice(struct router_batch *batch, struct router_notice *notice)
{
    static const char *const OUTCOMES[] = {[ROUTER_NOTICE_WAITS] = "waiting",
                                           [ROUTER_NOTICE_DRAFTED] = "drafted",
                                           [ROUTER_NOTICE_UNKNOWN] = "unknown_customer",
                                           [ROUTER_NOTICE_REFUSED] = "refused",
                                           [ROUTER_NOTICE_OVERTAKEN] = "overtaken",
                                           [ROUTER_NOTICE_NO_CHANNEL] = "no_channel",
                                           [ROUTER_NOTICE_EXPIRED] = "expired"};
    const struct router_contact *crm = router_batch_contact(batch, notice->crm);
    struct router_addressee to = {0};
    enum router_notice_state before = notice->state;
    if (crm && crm->address.len) {
        const struct router_customer *customer = router_batch_customer(batch, crm->customer);
        to = (struct router_addressee){crm, customer->contacts, customer->count};
    }
    struct router_notices none = {.count = 0};
    struct router_notices *others = router_map_get(&batch->notices, notice->order_id);
    if (!others) others = &none;
    router_notice_decide(&batch->plan, notice, &to, others->items, others->count);
    if (notice->state != before)
        router_count(&batch->tools->counts, &sea_m_router_notices_total, OUTCOMES[notice->state]);
    if (notice->state != before && notice->state == ROUTER_NOTICE_UNKNOWN)
        sea_log(SEA_LOG_WARN, "notice without a customer", SEA_F_UUID("event", notice->cause->id));
}

static void decide_due(struct router_batch *batch, struct router_item *item)
{
    struct router_notice *notice = router_batch_alloc(batch, sizeof(*notice));
    fill_notice(notice, item->notice);
    notice->record = item->record->value;
    notice->cause = &item->cause;
    item->due = notice;
    if (!router_batch_add_notice(batch, notice)) {
        item->due = NULL; /* told, or being told, already */
        return;
    }
    router_decide_notice(batch, notice);
}

static enum sea_err decide_translation(struct router_batch *batch, struct router_item *item)
{
    const Seadesk__V1__TranslationDone *from = item->translation;
    struct router_sent *sent = router_map_get(&batch->sent, router_map_id(&item->message_id));
    struct sea_place place = {SEA_STR("seadesk.translations"), SEA_STR("text"),
                              router_bytes_of(from->message_id)};
    if (!sent) return SEA_OK;
    return router_open_text(
        batch, item->contact, &place,
        from->text ? router_bytes_of(from->text->sealed) : (struct sea_str){"", 0}, &item->text);
}

static enum sea_err decide(struct router_batch *batch, struct router_item *item)
{
    switch (item->kind) {
    case ROUTER_ITEM_SKIPPED:
    case ROUTER_ITEM_PROFILE: /* taken while gathering */
        break;
    case ROUTER_ITEM_MESSAGE:
        decide_message(batch, item);
        break;
    case ROUTER_ITEM_CALL_CHANGED:
    case ROUTER_ITEM_CALL_ENDED:
        router_calls_decide(batch, item);
        break;
    case ROUTER_ITEM_CONSENT:
        decide_consent(batch, item);
        break;
    case ROUTER_ITEM_COMMAND:
        decide_command(batch, item);
        break;
    case ROUTER_ITEM_PRESENCE:
        decide_presence(batch, item);
        break;
    case ROUTER_ITEM_TRANSLATION:
        return decide_translation(batch, item);
    case ROUTER_ITEM_DELIVERY:
        return decide_delivery(batch, item);
    case ROUTER_ITEM_DEADLINE:
        decide_deadline(batch, item);
        break;
    case ROUTER_ITEM_MILESTONE:
        decide_milestone(batch, item);
        break;
    case ROUTER_ITEM_EXCEPTION:
        decide_exception(batch, item);
        break;
    case ROUTER_ITEM_NOTICE:
        decide_due(batch, item);
        break;
    case ROUTER_ITEM_ERASURE_REQUESTED:
        return router_erase_requested(batch, item);
    case ROUTER_ITEM_ERASURE_ORDERED:
        return router_erase_ordered(batch, item);
    }
    return SEA_OK;
}

enum sea_err router_decide(struct router_batch *batch)
{
    enum sea_err err = SEA_OK;
    for (size_t i = 0; !err && i < batch->item_count; i++) err = decide(batch, &batch->items[i]);
    for (const struct router_decision *d = batch->plan.decisions; d; d = d->next)
        if (d->is_alert) router_count(&batch->tools->counts, &sea_m_router_alerts_total, d->what);
    return err;
}
