/* router_say.c: the batch's records. */
#include "router_say.h"

#include <string.h>

#include "router_codes.h"
#include "router_metrics.h"
#include "router_seal.h"
#include "sea_id.h"
#include "seadesk/v1/drafts.pb-c.h"
#include "seadesk/v1/outbound.pb-c.h"
#include "seadesk/v1/tickets.pb-c.h"

static ProtobufCBinaryData key_bytes(const struct sea_key *key)
{
    return (ProtobufCBinaryData){sizeof(key->bytes), (uint8_t *)(uintptr_t)key->bytes};
}

static ProtobufCBinaryData id_bytes(const struct sea_uuid *id)
{
    bool is_nil = sea_uuid_is_nil(*id);
    return (ProtobufCBinaryData){is_nil ? 0 : sizeof(id->bytes),
                                 is_nil ? NULL : (uint8_t *)(uintptr_t)id->bytes};
}

static ProtobufCBinaryData bytes(struct sea_str text)
{
    return (ProtobufCBinaryData){text.len, (uint8_t *)(uintptr_t)text.ptr};
}

/* Emits under the key's text. */
static enum sea_err emit(struct router_batch *batch, const struct router_cause *cause,
                         enum sea_topic topic, struct sea_key key, const ProtobufCMessage *message,
                         uint32_t n)
{
    struct sea_cause from = {cause->id, cause->root, cause->trace};
    const char *kind = sea_topic_info(topic)->name + strlen("seadesk.");
    char text[SEA_KEY_TEXT];
    sea_key_print(key, text);
    return sea_txn_emit(batch->txn, cause->number, topic, sea_str(text), message, &from, kind, n,
                        NULL);
}

static enum sea_err say_consents(struct router_batch *batch)
{
    enum sea_err err = SEA_OK;
    for (const struct router_consent *from = batch->plan.consents; from && !err;
         from = from->next) {
        Seadesk__V1__ConsentChanged out = SEADESK__V1__CONSENT_CHANGED__INIT;
        out.contact_key = key_bytes(&from->contact->key);
        out.channel = router_c_str(batch, from->contact->channel);
        out.account = router_c_str(batch, from->contact->account);
        out.class_ = from->is_marketing ? SEADESK__V1__CONSENT_CLASS__CONSENT_MARKETING
                                        : SEADESK__V1__CONSENT_CLASS__CONSENT_SERVICE;
        out.is_granted = from->is_granted;
        out.at_ms = from->at_ms;
        out.source = SEADESK__V1__CONSENT_SOURCE__CONSENT_WORD;
        err = emit(batch, from->cause, SEA_TOPIC_CONSENTS, from->contact->key, &out.base, from->n);
    }
    return err;
}

/* A draft's record with what hangs below it. */
struct draft_record {
    Seadesk__V1__Draft draft;
    Seadesk__V1__SealedText text;
    Seadesk__V1__TemplateUse template;
    Seadesk__V1__AgentRef agent;
    Seadesk__V1__DraftFacts facts;
    Seadesk__V1__Rung rungs[ROUTER_LADDER_MAX];
    Seadesk__V1__Rung *ladder[ROUTER_LADDER_MAX];
};

static struct sea_place place_of(const char *column, const struct router_draft *from)
{
    return (struct sea_place){SEA_STR("seadesk.drafts"), sea_str(column), router_map_id(&from->id)};
}

/* A notice begins a conversation of its own. */
static enum sea_err seal_thread(struct router_batch *batch, const struct router_draft *from,
                                const struct router_contact *contact, struct sea_str *ret)
{
    Seadesk__V1__Thread thread = SEADESK__V1__THREAD__INIT;
    struct sea_place place = place_of("thread", from);
    bool is_answer = from->class == SEA_CLASS_REPLY || from->class == SEA_CLASS_AUTO;
    *ret = (struct sea_str){"", 0};
    if (!is_answer || !contact->thread.len) return SEA_OK;
    thread.id = router_c_str(batch, contact->thread);
    thread.subject = router_c_str(batch, contact->subject);
    return router_seal_message(batch, contact->key, &place, &thread.base, ret);
}

static enum sea_err fill_ladder(struct router_batch *batch, const struct router_draft *from,
                                struct draft_record *to)
{
    struct sea_place place = place_of("address", from);
    enum sea_err err = SEA_OK;
    for (uint32_t i = 0; i < from->ladder_count && !err; i++) {
        const struct router_contact *contact = from->ladder[i];
        struct sea_str sealed, thread = {"", 0};
        Seadesk__V1__Rung *rung = &to->rungs[i];
        seadesk__v1__rung__init(rung);
        rung->contact_key = key_bytes(&contact->key);
        rung->channel = router_c_str(batch, contact->channel);
        rung->account = router_c_str(batch, contact->account);
        err = router_seal_text(batch, contact->key, &place, contact->address, &sealed);
        if (!err) err = seal_thread(batch, from, contact, &thread);
        rung->sealed_address = bytes(sealed);
        rung->sealed_thread = bytes(thread);
        to->ladder[i] = rung;
    }
    to->draft.ladder = to->ladder;
    to->draft.n_ladder = from->ladder_count;
    return err;
}

static enum sea_err fill_template(struct router_batch *batch, const struct router_draft *from,
                                  struct draft_record *to)
{
    Seadesk__V1__TemplateVariables vars = SEADESK__V1__TEMPLATE_VARIABLES__INIT;
    Seadesk__V1__TemplateVariables__Entry entries[ROUTER_VARS_MAX], *list[ROUTER_VARS_MAX];
    struct sea_place place = place_of("variables", from);
    struct sea_str sealed;
    for (uint32_t i = 0; i < from->var_count; i++) {
        seadesk__v1__template_variables__entry__init(&entries[i]);
        entries[i].name = (char *)(uintptr_t)from->vars[i].name;
        entries[i].value = router_c_str(batch, from->vars[i].value);
        list[i] = &entries[i];
    }
    vars.entries = list;
    vars.n_entries = from->var_count;
    seadesk__v1__template_use__init(&to->template);
    to->template.id = (char *)(uintptr_t)from->template;
    to->draft.template_ = &to->template;
    enum sea_err err =
        router_seal_message(batch, from->ladder[0]->key, &place, &vars.base, &sealed);
    to->template.sealed_variables = bytes(sealed);
    return err;
}

static enum sea_err fill_words(struct router_batch *batch, const struct router_draft *from,
                               struct draft_record *to)
{
    struct sea_place place = place_of("text", from);
    struct sea_str sealed;
    if (from->template) return fill_template(batch, from, to);
    seadesk__v1__sealed_text__init(&to->text);
    to->text.language = router_c_str(batch, from->text_language);
    to->draft.text = &to->text;
    enum sea_err err = router_seal_text(batch, from->ladder[0]->key, &place, from->text, &sealed);
    to->text.sealed = bytes(sealed);
    return err;
}

static void fill_facts(struct router_batch *batch, const struct router_draft *from,
                       struct draft_record *to)
{
    seadesk__v1__draft_facts__init(&to->facts);
    to->facts.is_first_reply = from->is_first_reply;
    to->facts.last_inbound_ms = from->last_inbound_ms;
    to->draft.facts = &to->facts;
    if (!from->agent.user.len) return;
    seadesk__v1__agent_ref__init(&to->agent);
    to->agent.user = router_c_str(batch, from->agent.user);
    to->agent.name = router_c_str(batch, from->agent.name);
    to->agent.staff_number = router_c_str(batch, from->agent.staff_number);
    to->draft.agent = &to->agent;
}

static enum sea_err say_draft(struct router_batch *batch, const struct router_draft *from)
{
    struct draft_record record;
    Seadesk__V1__Draft *to = &record.draft;
    sea_assert(from->ladder_count > 0 && from->seq > 0);
    seadesk__v1__draft__init(to);
    to->draft_id = id_bytes(&from->id);
    to->root_id = id_bytes(&from->cause->root);
    to->ticket_id = id_bytes(&from->ticket_id);
    to->home_key = key_bytes(&from->home);
    to->message_id = id_bytes(&from->message_id);
    to->customer_id = id_bytes(&from->customer);
    to->supersedes = id_bytes(&from->supersedes);
    to->seq = from->seq;
    to->prev_seq = from->prev_seq;
    to->class_ = router_class_number(from->class);
    to->market = (char *)(uintptr_t)from->market->code;
    to->zone = (char *)(uintptr_t)from->zone;
    to->language = router_c_str(batch, from->language);
    to->is_language_sure = from->is_language_sure;
    to->is_automatic = from->is_automatic;
    to->not_before_ms = from->not_before_ms;
    to->expires_at_ms = from->expires_at_ms;
    to->collapse_key = router_c_str(batch, from->collapse_key);
    to->redraft = from->redraft;
    to->drafted_at_ms = batch->txn->now_ms;
    const struct sea_template *template =
        from->template ? sea_template_by_id(batch->plan.rules->templates, sea_str(from->template))
                       : NULL;
    to->is_urgent = template && template->is_urgent;
    fill_facts(batch, from, &record);
    enum sea_err err = fill_ladder(batch, from, &record);
    if (!err) err = fill_words(batch, from, &record);
    if (err) return err;
    router_count(&batch->tools->counts, &sea_m_router_drafts_total,
                 SEA_MESSAGE_CLASS_NAMES[from->class]);
    return emit(batch, from->cause, SEA_TOPIC_DRAFTS, from->home, &to->base, from->n);
}

static enum sea_err say_ticket(struct router_batch *batch, const struct router_ticket *from)
{
    Seadesk__V1__TicketChanged to = SEADESK__V1__TICKET_CHANGED__INIT;
    Seadesk__V1__TicketTags tags = SEADESK__V1__TICKET_TAGS__INIT;
    char *orders[ROUTER_ORDERS_MAX];
    to.ticket_id = id_bytes(&from->id);
    to.version = from->version;
    to.home_key = key_bytes(&from->home);
    to.status = (Seadesk__V1__TicketStatus)from->status;
    to.market = (char *)(uintptr_t)from->market->code;
    to.channel = router_c_str(batch, from->channel);
    to.account = router_c_str(batch, from->account);
    to.language = router_c_str(batch, from->language);
    to.priority = from->priority;
    to.queue = router_c_str(batch, from->queue);
    to.assignee = router_c_str(batch, from->assignee);
    to.opened_at_ms = from->opened_at_ms;
    for (uint32_t i = 0; i < from->order_count; i++)
        orders[i] = router_c_str(batch, from->orders[i]);
    to.order_ids = orders;
    to.n_order_ids = from->order_count;
    tags.issue = router_c_str(batch, from->tags.issue);
    tags.emotion = router_c_str(batch, from->tags.emotion);
    tags.product_version = router_c_str(batch, from->tags.version);
    tags.stage = router_c_str(batch, from->tags.stage);
    to.tags = &tags;
    to.conversation_id = id_bytes(&from->contact->conversation);
    to.customer_id = id_bytes(&from->contact->customer);
    to.cause = (char *)(uintptr_t)from->change;
    to.message_id = id_bytes(&from->message_id);
    to.asked_at_ms = from->asked_at_ms;
    to.acknowledged_at_ms = from->acknowledged_at_ms;
    to.answered_at_ms = from->answered_at_ms;
    to.resolved_at_ms = from->resolved_at_ms;
    to.snoozed_until_ms = from->snoozed_until_ms;
    return emit(batch, from->cause, SEA_TOPIC_TICKETS, from->home, &to.base, 0);
}

static enum sea_err say_tickets(struct router_batch *batch)
{
    enum sea_err err = SEA_OK;
    for (size_t i = 0; i < batch->tickets.cap && !err; i++) {
        const struct router_ticket *ticket = batch->tickets.slots[i].value;
        if (ticket && ticket->change) err = say_ticket(batch, ticket);
    }
    return err;
}

static enum sea_err say_outcome(struct router_batch *batch, const struct router_outcome *from)
{
    struct sea_cause cause = {from->cause->id, from->cause->root, from->cause->trace};
    Seadesk__V1__CommandDone done = SEADESK__V1__COMMAND_DONE__INIT;
    Seadesk__V1__CommandRefused refused = SEADESK__V1__COMMAND_REFUSED__INIT;
    const ProtobufCMessage *out = &done.base;
    const char *kind = "command";
    done.command_id = refused.command_id = id_bytes(&from->command_id);
    done.ticket_id = refused.ticket_id = id_bytes(&from->ticket_id);
    done.version = refused.version = from->version;
    done.body_hash = refused.body_hash =
        (ProtobufCBinaryData){sizeof(from->body_hash), (uint8_t *)(uintptr_t)from->body_hash};
    refused.reason = (char *)(uintptr_t)from->reason;
    if (*from->reason) out = &refused.base;
    if (strcmp(from->reason, "key-reused") == 0) kind = "command-reused";
    return sea_txn_emit(batch->txn, from->cause->number, SEA_TOPIC_TICKETS, from->key, out, &cause,
                        kind, 0, NULL);
}

static enum sea_err say_foreign(struct router_batch *batch, const struct router_message *from)
{
    Seadesk__V1__TranslationWanted to = SEADESK__V1__TRANSLATION_WANTED__INIT;
    Seadesk__V1__SealedText text = SEADESK__V1__SEALED_TEXT__INIT;
    const Seadesk__V1__MessageBody *body = from->body;
    struct sea_place place = {SEA_STR("seadesk.foreign"), SEA_STR("text"),
                              router_map_id(&from->id)};
    struct sea_str sealed;
    enum sea_err err =
        router_seal_text(batch, from->home->key, &place, sea_str(body->text), &sealed);
    if (err) return err;
    text.sealed = bytes(sealed);
    text.language = router_c_str(batch, from->language);
    to.message_id = id_bytes(&from->id);
    if (from->ticket) to.ticket_id = id_bytes(&from->ticket->id);
    to.contact_key = key_bytes(&from->home->key);
    to.text = &text;
    to.to_language = router_c_str(batch, from->to_language);
    to.market = (char *)(uintptr_t)from->home->market->code;
    return emit(batch, from->cause, SEA_TOPIC_FOREIGN, from->home->key, &to.base, 0);
}

static enum sea_err say_withdraw(struct router_batch *batch, const struct router_withdraw *from)
{
    Seadesk__V1__Withdraw to = SEADESK__V1__WITHDRAW__INIT;
    char reason[] = "superseded";
    to.contact_key = key_bytes(&from->to);
    to.draft_id = id_bytes(&from->draft_id);
    to.reason = reason;
    to.at_ms = batch->txn->now_ms;
    return emit(batch, from->cause, SEA_TOPIC_OUTBOUND, from->to, &to.base, from->n);
}

enum sea_err router_say(struct router_batch *batch)
{
    const struct router_plan *plan = &batch->plan;
    enum sea_err err = say_consents(batch);
    for (const struct router_withdraw *w = plan->withdraws; w && !err; w = w->next)
        err = say_withdraw(batch, w);
    for (const struct router_draft *d = plan->drafts; d && !err; d = d->next)
        err = say_draft(batch, d);
    if (!err) err = say_tickets(batch);
    for (const struct router_outcome *o = plan->outcomes; o && !err; o = o->next)
        err = say_outcome(batch, o);
    for (const struct router_message *m = plan->messages; m && !err; m = m->next)
        if (m->to_language.len) err = say_foreign(batch, m);
    return err;
}
