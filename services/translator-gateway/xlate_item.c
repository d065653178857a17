/* xlate_item.c: protobuf and sealed texts on one side, plain words on the other. */
#include "xlate_item.h"

#include <stdlib.h>
#include <string.h>

#include "sea_id.h"
#include "seadesk/v1/deliveries.pb-c.h"
#include "seadesk/v1/outbound.pb-c.h"

enum { RUNGS_MAX = 8, VERSIONS_PER_RUNG = 1000, RUNGS_PER_REDRAFT = 16, TEXT_MAX = 64 * 1024 };

static bool key_of(ProtobufCBinaryData bytes, struct sea_key *ret)
{
    if (bytes.len != sizeof(ret->bytes)) return false;
    memcpy(ret->bytes, bytes.data, bytes.len);
    return true;
}

static struct sea_str str_of(ProtobufCBinaryData bytes)
{
    return (struct sea_str){(const char *)bytes.data, bytes.len};
}

static ProtobufCBinaryData bytes_of(struct sea_str text)
{
    return (ProtobufCBinaryData){.len = text.len, .data = (uint8_t *)(uintptr_t)text.ptr};
}

static bool read_draft(struct xlate_item *item)
{
    item->draft =
        seadesk__v1__draft__unpack(NULL, item->record.len, (const uint8_t *)item->record.ptr);
    const Seadesk__V1__Draft *draft = item->draft;
    if (draft == NULL) return false;
    bool has_words = (draft->text != NULL) != (draft->template_ != NULL);
    bool is_whole = has_words && draft->n_ladder > 0 && draft->n_ladder <= RUNGS_MAX &&
                    draft->draft_id.len == 16 && draft->message_id.len == 16 &&
                    draft->home_key.len == 16 && draft->customer_id.len == 16;
    struct sea_key contact;
    for (size_t i = 0; is_whole && i < draft->n_ladder; i++)
        is_whole = key_of(draft->ladder[i]->contact_key, &contact);
    return is_whole && key_of(draft->ladder[0]->contact_key, &item->contact);
}

static bool read_foreign(struct xlate_item *item)
{
    item->wanted = seadesk__v1__translation_wanted__unpack(NULL, item->record.len,
                                                           (const uint8_t *)item->record.ptr);
    const Seadesk__V1__TranslationWanted *wanted = item->wanted;
    return wanted != NULL && wanted->message_id.len == 16 && wanted->text != NULL &&
           wanted->to_language[0] != '\0' && key_of(wanted->contact_key, &item->contact);
}

bool xlate_item_read(struct xlate_item *item)
{
    item->text = (struct sea_buf)SEA_BUF(TEXT_MAX);
    if (item->kind == XLATE_DRAFT ? read_draft(item) : read_foreign(item)) return true;
    xlate_item_free(item);
    return false;
}

bool xlate_item_of(const struct sea_record *record, enum xlate_kind kind, struct xlate_item *ret)
{
    struct sea_cause cause = sea_cause_of(record);
    *ret = (struct xlate_item){
        .cause_id = cause.id,
        .root_id = sea_uuid_is_nil(cause.root) ? cause.id : cause.root,
        .record = record->value,
        .trace = record->headers.trace,
        .kind = kind,
        .number = (uint32_t)record->partition,
        .offset = record->offset,
    };
    return sea_key_parse(record->key, &ret->key) && xlate_item_read(ret);
}

static void wipe(struct sea_buf *buf)
{
    if (buf->ptr != NULL) sodium_memzero(buf->ptr, buf->cap);
    sea_buf_free(buf);
}

void xlate_item_shut(struct xlate_item *item)
{
    wipe(&item->text);
    if (item->variables != NULL)
        seadesk__v1__template_variables__free_unpacked(item->variables, NULL);
    item->variables = NULL;
    item->is_open = false;
}

void xlate_item_free(struct xlate_item *item)
{
    xlate_item_shut(item);
    if (item->draft != NULL) seadesk__v1__draft__free_unpacked(item->draft, NULL);
    if (item->wanted != NULL) seadesk__v1__translation_wanted__free_unpacked(item->wanted, NULL);
    item->draft = NULL;
    item->wanted = NULL;
}

struct sea_sealed xlate_item_sealed(const struct xlate_item *item)
{
    ProtobufCBinaryData bytes = item->wanted != NULL ? item->wanted->text->sealed
                                : item->draft->text != NULL
                                    ? item->draft->text->sealed
                                    : item->draft->template_->sealed_variables;
    return (struct sea_sealed){item->contact, str_of(bytes)};
}

enum sea_err xlate_item_open(struct xlate_item *item, struct sea_keys *keys)
{
    struct sea_sealed sealed = xlate_item_sealed(item);
    bool is_foreign = item->wanted != NULL, is_text = is_foreign || item->draft->text != NULL;
    struct sea_place place = {
        is_foreign ? SEA_STR("seadesk.foreign") : SEA_STR("seadesk.drafts"),
        is_text ? SEA_STR("text") : SEA_STR("variables"),
        str_of(is_foreign ? item->wanted->message_id : item->draft->draft_id)};
    if (item->is_open) return SEA_OK;
    if (!is_text && sealed.bytes.len == 0) { /* a template without variables */
        item->is_open = true;
        return SEA_OK;
    }
    enum sea_err err =
        sea_keys_unseal(keys, &item->contact, &place, sealed.bytes, &item->text, &item->is_erased);
    if (err && err != SEA_ERR_REJECT) return err;
    item->is_open = true;
    item->is_unreadable = err == SEA_ERR_REJECT || item->text.is_full;
    if (is_text || item->is_erased || item->is_unreadable) return SEA_OK;
    item->variables = seadesk__v1__template_variables__unpack(NULL, item->text.len,
                                                              (const uint8_t *)item->text.ptr);
    item->is_unreadable =
        item->variables == NULL || item->variables->n_entries > SEA_TEMPLATE_VARIABLES_MAX;
    return SEA_OK;
}

static const struct sea_market *market_of(const struct sea_settings *settings, const char *code)
{
    const struct sea_market *market = sea_market_by_code(&settings->markets, sea_str(code));
    return market != NULL ? market : settings->markets.global;
}

struct xlate_draft xlate_item_draft(const struct xlate_item *item,
                                    const struct sea_settings *settings)
{
    const Seadesk__V1__Draft *draft = item->draft;
    const struct sea_market *market = market_of(settings, draft->market);
    const struct sea_zone *zone = sea_market_zone_by_name(&settings->markets, sea_str(draft->zone));
    struct xlate_draft plain = {
        .market = market,
        .zone = zone != NULL ? zone : market->zone,
        .templates = &settings->templates,
        .is_internal = draft->class_ == SEADESK__V1__MESSAGE_CLASS__INTERNAL,
        .wanted = sea_str(draft->language),
    };
    if (draft->template_ == NULL) {
        plain.text = sea_buf_view(&item->text);
        plain.language = sea_str(draft->text->language);
        return plain;
    }
    plain.template_id = sea_str(draft->template_->id);
    plain.variables_count = item->variables != NULL ? (uint32_t)item->variables->n_entries : 0;
    for (uint32_t i = 0; i < plain.variables_count; i++)
        plain.variables[i] = (struct sea_variable){item->variables->entries[i]->name,
                                                   sea_str(item->variables->entries[i]->value)};
    return plain;
}

void xlate_item_decide(const struct xlate_item *item, const struct sea_settings *settings,
                       const struct xlate_answer *answer, struct xlate_verdict *verdict)
{
    sea_assert(item->is_open && item->draft != NULL);
    if (item->is_erased) {
        verdict->state = XLATE_DROPPED;
        verdict->reason = "erased";
    } else if (item->is_unreadable) {
        verdict->state = XLATE_BLOCKED;
        verdict->reason = "unreadable";
        verdict->rule = "sealed";
    } else {
        struct xlate_draft plain = xlate_item_draft(item, settings);
        xlate_core_draft(&plain, answer, verdict);
    }
}

size_t xlate_item_contacts(const struct xlate_item *item, struct sea_key *ret, size_t cap)
{
    size_t count = 0;
    if (item->draft == NULL) {
        if (cap > 0) ret[count++] = item->contact;
        return count;
    }
    for (size_t i = 0; i < item->draft->n_ladder && count < cap; i++)
        if (key_of(item->draft->ladder[i]->contact_key, &ret[count])) count++;
    return count;
}

static struct sea_cause cause_of(const struct xlate_item *item)
{
    return (struct sea_cause){item->cause_id, item->root_id, item->trace};
}

static enum sea_err tell_blocked(struct sea_txn *txn, const struct xlate_item *item,
                                 const struct xlate_verdict *verdict, struct sea_uuid *ret_id)
{
    const Seadesk__V1__Draft *draft = item->draft;
    Seadesk__V1__DeliveryChanged out = SEADESK__V1__DELIVERY_CHANGED__INIT;
    Seadesk__V1__Span span = SEADESK__V1__SPAN__INIT;
    char key[SEA_KEY_TEXT];
    sea_key_print(item->contact, key);
    span.from = verdict->from;
    span.to = verdict->to;
    out.draft_id = draft->draft_id;
    out.message_id = draft->message_id;
    out.ticket_id = draft->ticket_id;
    out.home_key = draft->home_key;
    out.contact_key = draft->ladder[0]->contact_key;
    out.channel = draft->ladder[0]->channel;
    out.account = draft->ladder[0]->account;
    out.version = (uint64_t)draft->redraft * RUNGS_PER_REDRAFT * VERSIONS_PER_RUNG + 1;
    out.state = SEADESK__V1__DELIVERY_STATE__BLOCKED;
    out.reason = (char *)(uintptr_t)verdict->reason;
    out.rule = (char *)(uintptr_t)verdict->rule;
    if (verdict->to > verdict->from) out.span = &span;
    out.at_ms = txn->now_ms;
    out.class_ = draft->class_;
    out.is_automatic = draft->is_automatic;
    out.redraft = draft->redraft;
    struct sea_cause cause = cause_of(item);
    return sea_txn_emit(txn, item->number, SEA_TOPIC_DELIVERIES, sea_str(key), &out.base, &cause,
                        "deliveries", 0, ret_id);
}

/* An Outbound in the making, with what it points to. */
struct outbound {
    Seadesk__V1__Outbound message;
    Seadesk__V1__Draft draft;
    Seadesk__V1__TemplateUse template;
    Seadesk__V1__SealedText texts[RUNGS_MAX], *list[RUNGS_MAX];
    struct sea_buf sealed[RUNGS_MAX], parameters;
};

static void free_outbound(struct outbound *out)
{
    for (size_t i = 0; i < RUNGS_MAX; i++) sea_buf_free(&out->sealed[i]);
    sea_buf_free(&out->parameters);
}

static enum sea_err seal_texts(struct sea_keys *keys, const struct xlate_item *item,
                               const struct xlate_verdict *verdict, char *language,
                               struct outbound *out)
{
    struct sea_place place = {SEA_STR("seadesk.outbound"), SEA_STR("text"),
                              str_of(item->draft->draft_id)};
    for (size_t i = 0; i < item->draft->n_ladder; i++) {
        struct sea_key contact;
        if (!key_of(item->draft->ladder[i]->contact_key, &contact)) return SEA_ERR_REJECT;
        out->sealed[i] = (struct sea_buf)SEA_BUF(TEXT_MAX + SEA_SEAL_EXTRA_BYTES);
        enum sea_err err =
            sea_keys_seal(keys, &contact, &place, sea_buf_view(&verdict->words), &out->sealed[i]);
        if (err) return err;
        if (out->sealed[i].is_full) return SEA_ERR_REJECT;
        out->texts[i] = (Seadesk__V1__SealedText)SEADESK__V1__SEALED_TEXT__INIT;
        out->texts[i].sealed = bytes_of(sea_buf_view(&out->sealed[i]));
        out->texts[i].language = language;
        out->list[i] = &out->texts[i];
    }
    out->message.text = out->list[0];
    if (item->draft->n_ladder == 1) return SEA_OK;
    out->message.for_rung = out->list;
    out->message.n_for_rung = item->draft->n_ladder;
    return SEA_OK;
}

/* The variables as they stand in the words, for an approved template of the provider. */
static enum sea_err seal_parameters(struct sea_keys *keys, const struct xlate_item *item,
                                    const struct xlate_verdict *verdict, struct outbound *out)
{
    Seadesk__V1__TemplateVariables variables = SEADESK__V1__TEMPLATE_VARIABLES__INIT;
    Seadesk__V1__TemplateVariables__Entry entries[SEA_TEMPLATE_VARIABLES_MAX];
    Seadesk__V1__TemplateVariables__Entry *list[SEA_TEMPLATE_VARIABLES_MAX];
    struct sea_place place = {SEA_STR("seadesk.outbound"), SEA_STR("parameters"),
                              str_of(item->draft->draft_id)};
    if (item->variables == NULL) return SEA_OK;
    for (size_t i = 0; i < item->variables->n_entries; i++) {
        entries[i] = *item->variables->entries[i];
        if (verdict->values[i].len > 0) entries[i].value = verdict->values[i].ptr;
        list[i] = &entries[i];
    }
    variables.entries = list;
    variables.n_entries = item->variables->n_entries;
    size_t len = seadesk__v1__template_variables__get_packed_size(&variables);
    uint8_t *packed = sea_alloc(len + 1);
    seadesk__v1__template_variables__pack(&variables, packed);
    enum sea_err err = sea_keys_seal(keys, &item->contact, &place,
                                     (struct sea_str){(const char *)packed, len}, &out->parameters);
    sodium_memzero(packed, len);
    free(packed);
    out->message.sealed_parameters = bytes_of(sea_buf_view(&out->parameters));
    return err ? err : out->parameters.is_full ? SEA_ERR_REJECT : SEA_OK;
}

static enum sea_err tell_outbound(struct sea_txn *txn, struct sea_keys *keys,
                                  const struct xlate_item *item,
                                  const struct xlate_verdict *verdict, const char *engine,
                                  struct sea_uuid *ret_id)
{
    struct outbound out = {.message = SEADESK__V1__OUTBOUND__INIT,
                           .draft = *item->draft,
                           .parameters = SEA_BUF(TEXT_MAX)};
    char key[SEA_KEY_TEXT];
    char *language = sea_arena_dup(txn->arena, verdict->language);
    char *template_language = sea_arena_dup(txn->arena, verdict->template_language);
    if (language == NULL || template_language == NULL) return SEA_ERR_RETRY;
    sea_key_print(item->contact, key);
    out.draft.text = NULL;
    if (out.draft.template_ != NULL) {
        out.template = *out.draft.template_;
        out.template.version = verdict->template_version;
        out.draft.template_ = &out.template;
    }
    out.message.draft = &out.draft;
    out.message.is_untranslated = verdict->state == XLATE_UNTRANSLATED;
    out.message.template_language = template_language;
    if (verdict->state == XLATE_TRANSLATED) out.message.engine = (char *)(uintptr_t)engine;
    enum sea_err err = seal_texts(keys, item, verdict, language, &out);
    if (!err) err = seal_parameters(keys, item, verdict, &out);
    struct sea_cause cause = cause_of(item);
    if (!err)
        err = sea_txn_emit(txn, item->number, SEA_TOPIC_OUTBOUND, sea_str(key), &out.message.base,
                           &cause, "outbound", 0, ret_id);
    free_outbound(&out);
    return err;
}

enum sea_err xlate_item_tell_draft(struct sea_txn *txn, struct sea_keys *keys,
                                   const struct xlate_item *item,
                                   const struct xlate_verdict *verdict, const char *engine,
                                   struct sea_uuid *ret_id)
{
    *ret_id = (struct sea_uuid){{0}};
    if (verdict->state == XLATE_DROPPED) return SEA_OK;
    if (verdict->state == XLATE_BLOCKED) return tell_blocked(txn, item, verdict, ret_id);
    return tell_outbound(txn, keys, item, verdict, engine, ret_id);
}

enum sea_err xlate_item_tell_foreign(struct sea_txn *txn, struct sea_keys *keys,
                                     const struct xlate_item *item,
                                     const struct xlate_answer *answer, const char *engine,
                                     struct sea_uuid *ret_id)
{
    Seadesk__V1__TranslationDone out = SEADESK__V1__TRANSLATION_DONE__INIT;
    Seadesk__V1__SealedText text = SEADESK__V1__SEALED_TEXT__INIT;
    struct sea_buf sealed = SEA_BUF(TEXT_MAX + SEA_SEAL_EXTRA_BYTES);
    struct sea_place place = {SEA_STR("seadesk.translations"), SEA_STR("text"),
                              str_of(item->wanted->message_id)};
    enum sea_err err = SEA_OK;
    char key[SEA_KEY_TEXT];
    sea_key_print(item->contact, key);
    out.message_id = item->wanted->message_id;
    out.ticket_id = item->wanted->ticket_id;
    out.contact_key = item->wanted->contact_key;
    out.from_language = item->wanted->text->language;
    out.state = (char *)(uintptr_t)(answer->is_good ? "done" : "failed");
    if (answer->is_good) {
        err = sea_keys_seal(keys, &item->contact, &place, answer->text, &sealed);
        if (!err && sealed.is_full) err = SEA_ERR_REJECT;
        text.sealed = bytes_of(sea_buf_view(&sealed));
        text.language = item->wanted->to_language;
        out.text = &text;
        out.engine = (char *)(uintptr_t)engine;
        out.is_machine = true;
    }
    struct sea_cause cause = cause_of(item);
    if (!err)
        err = sea_txn_emit(txn, item->number, SEA_TOPIC_TRANSLATIONS, sea_str(key), &out.base,
                           &cause, "translations", answer->is_good ? 1 : 0, ret_id);
    sea_buf_free(&sealed);
    return err;
}
