/* notify_letter.c: sealed texts to a request; what was opened is overwritten at the end. */
#include "notify_letter.h"

#include <string.h>

#include "notify_codec.h"

enum { ADDRESS_MAX = 512, THREAD_MAX = 4096, TEXT_MAX = 128 * 1024, LANGUAGE_MAX = 32 };

/* What the letter is made of, in clear. */
struct opened {
    struct sea_buf address, text, variables, thread;
    bool is_erased, is_unreadable;
};

#define OPENED                                                                                     \
    {                                                                                              \
        .address = SEA_BUF(ADDRESS_MAX), .text = SEA_BUF(TEXT_MAX),                                \
        .variables = SEA_BUF(TEXT_MAX), .thread = SEA_BUF(THREAD_MAX)                              \
    }

static void close_opened(struct opened *opened)
{
    struct sea_buf *bufs[] = {&opened->address, &opened->text, &opened->variables, &opened->thread};
    for (size_t i = 0; i < SEA_COUNT(bufs); i++) sea_buf_wipe(bufs[i]);
}

static struct sea_str str_of(ProtobufCBinaryData bytes)
{
    return (struct sea_str){(const char *)bytes.data, bytes.len};
}

enum sea_err notify_letter_prefetch(struct sea_keys *keys, struct sea_arena *arena,
                                    const struct notify_set *set)
{
    struct sea_sealed *sealed = sea_arena_alloc(arena, (4 * set->count + 1) * sizeof(*sealed));
    size_t count = 0;
    if (sealed == NULL) return SEA_ERR_RETRY;
    for (size_t i = 0; i < set->count; i++) {
        const Seadesk__V1__Outbound *message = set->items[i]->message;
        struct sea_key contact = set->items[i]->contact_key, first;
        if (!set->items[i]->must_send) continue;
        const Seadesk__V1__Draft *draft = message->draft;
        sealed[count++] = (struct sea_sealed){contact, str_of(message->text->sealed)};
        sealed[count++] =
            (struct sea_sealed){contact, str_of(draft->ladder[message->rung]->sealed_address)};
        struct sea_str thread = str_of(draft->ladder[message->rung]->sealed_thread);
        if (thread.len > 0) sealed[count++] = (struct sea_sealed){contact, thread};
        if (message->sealed_parameters.len > 0 &&
            notify_codec_key(draft->ladder[0]->contact_key, &first))
            sealed[count++] = (struct sea_sealed){first, str_of(message->sealed_parameters)};
    }
    return count == 0 ? SEA_OK : sea_keys_prefetch(keys, sealed, count);
}

/* Opens one field; what is forged or cut is remembered, not an error of ours. */
static enum sea_err open_field(struct sea_keys *keys, const struct sea_key *contact,
                               const struct sea_place *place, struct sea_str sealed,
                               struct sea_buf *ret, struct opened *opened)
{
    bool is_erased = false;
    enum sea_err err = sea_keys_unseal(keys, contact, place, sealed, ret, &is_erased);
    if (err == SEA_ERR_REJECT || ret->is_full) {
        opened->is_unreadable = true;
        return SEA_OK;
    }
    opened->is_erased |= is_erased;
    return err;
}

static enum sea_err open_all(struct sea_keys *keys, const struct notify_delivery *delivery,
                             struct opened *ret)
{
    const Seadesk__V1__Outbound *message = delivery->message;
    struct sea_str row = {(const char *)delivery->draft_id.bytes, sizeof(delivery->draft_id.bytes)};
    const struct sea_key *contact = &delivery->contact_key;
    struct sea_place text = {SEA_STR("seadesk.outbound"), SEA_STR("text"), row};
    struct sea_place address = {SEA_STR("seadesk.drafts"), SEA_STR("address"), row};
    struct sea_place thread = {SEA_STR("seadesk.drafts"), SEA_STR("thread"), row};
    struct sea_place parameters = {SEA_STR("seadesk.outbound"), SEA_STR("parameters"), row};
    const Seadesk__V1__Draft *draft = message->draft;
    struct sea_str sealed_thread = str_of(draft->ladder[message->rung]->sealed_thread);
    struct sea_key first;
    enum sea_err err =
        open_field(keys, contact, &text, str_of(message->text->sealed), &ret->text, ret);
    if (!err)
        err = open_field(keys, contact, &address,
                         str_of(draft->ladder[message->rung]->sealed_address), &ret->address, ret);
    if (!err && sealed_thread.len > 0)
        err = open_field(keys, contact, &thread, sealed_thread, &ret->thread, ret);
    if (!err && delivery->must_be_template &&
        notify_codec_key(draft->ladder[0]->contact_key, &first))
        err = open_field(keys, &first, &parameters, str_of(message->sealed_parameters),
                         &ret->variables, ret);
    return err;
}

static struct sea_str variable_of(const Seadesk__V1__TemplateVariables *variables, const char *name)
{
    for (size_t i = 0; i < variables->n_entries; i++)
        if (strcmp(variables->entries[i]->name, name) == 0)
            return sea_str(variables->entries[i]->value);
    return SEA_STR("");
}

/* Meta writes language and region with a low line. */
static void print_language(const char *tag, char ret[LANGUAGE_MAX])
{
    size_t len = 0;
    for (; tag[len] != '\0' && len + 1 < LANGUAGE_MAX; len++)
        ret[len] = tag[len] == '-' ? '_' : tag[len];
    ret[len] = '\0';
}

/* As an approved template with the same words, for outside the window. */
static const char *call_template(const struct notify_letter_from *from,
                                 const Seadesk__V1__Outbound *message, const struct opened *opened,
                                 struct notify_letter *letter, struct notify_call *call)
{
    struct sea_str values[SEA_TEMPLATE_VARIABLES_MAX];
    char language[LANGUAGE_MAX];
    const struct sea_template *kind =
        sea_template_by_id(&from->settings->templates, sea_str(message->draft->template_->id));
    Seadesk__V1__TemplateVariables *variables = seadesk__v1__template_variables__unpack(
        NULL, opened->variables.len, (const uint8_t *)opened->variables.ptr);
    const char *refused = "unreadable";
    if (kind != NULL && kind->whatsapp != NULL && variables != NULL) {
        for (uint32_t i = 0; i < kind->variables.count; i++)
            values[i] = variable_of(variables, kind->variables.items[i]);
        print_language(message->template_language, language);
        const struct notify_template template = {sea_str(kind->whatsapp), sea_str(language), values,
                                                 kind->variables.count};
        letter->template = &template;
        refused = notify_provider_call(letter, call);
        letter->template = NULL;
    }
    if (variables != NULL) seadesk__v1__template_variables__free_unpacked(variables, NULL);
    return refused;
}

static const char *call_text(const struct opened *opened, struct notify_letter *letter,
                             struct notify_call *call)
{
    Seadesk__V1__Thread *thread =
        seadesk__v1__thread__unpack(NULL, opened->thread.len, (const uint8_t *)opened->thread.ptr);
    if (thread != NULL) letter->thread = sea_str(thread->id);
    if (thread != NULL) letter->subject = sea_str(thread->subject);
    const char *refused = notify_provider_call(letter, call);
    if (thread != NULL) seadesk__v1__thread__free_unpacked(thread, NULL);
    return refused;
}

static enum notify_letter_result result_of(const struct opened *opened)
{
    if (opened->is_erased) return NOTIFY_LETTER_ERASED;
    return opened->is_unreadable ? NOTIFY_LETTER_REFUSED : NOTIFY_LETTER_READY;
}

enum sea_err notify_letter_check(struct sea_keys *keys, const struct notify_delivery *delivery,
                                 enum notify_letter_result *ret)
{
    struct opened opened = OPENED;
    enum sea_err err = open_all(keys, delivery, &opened);
    *ret = result_of(&opened);
    close_opened(&opened);
    return err;
}

enum sea_err notify_letter_write(const struct notify_letter_from *from,
                                 const struct notify_delivery *delivery, struct notify_call *call,
                                 enum notify_letter_result *ret_result, const char **ret_reason,
                                 uint32_t *ret_cost)
{
    struct opened opened = OPENED;
    enum sea_err err = open_all(from->keys, delivery, &opened);
    *ret_reason = NULL;
    if (!err && !opened.is_erased && !opened.is_unreadable) {
        struct notify_letter letter = {.account = from->account,
                                       .to = sea_buf_view(&opened.address),
                                       .text = sea_buf_view(&opened.text),
                                       .attempt = delivery->id,
                                       .class = delivery->class,
                                       .now_ms = from->now_ms,
                                       .public_url = from->public_url};
        *ret_reason = delivery->must_be_template
                          ? call_template(from, delivery->message, &opened, &letter, call)
                          : call_text(&opened, &letter, call);
        *ret_cost = notify_provider_cost(from->account->send_adapter, letter.text);
    }
    if (opened.is_unreadable) *ret_reason = "unreadable";
    *ret_result = result_of(&opened);
    if (*ret_result == NOTIFY_LETTER_READY && *ret_reason != NULL)
        *ret_result = NOTIFY_LETTER_REFUSED;
    close_opened(&opened);
    return err;
}
