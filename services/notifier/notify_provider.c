/* notify_provider.c: WhatsApp Cloud API and SMS (Twilio, Africa's Talking), side by side; help
 * desks in notify_helpdesk.c, e-mail in notify_mail.c, chat apps in notify_apps.c, the company's
 * own gateways in notify_gateway.c. */
#include "notify_provider.h"

#include <stdio.h>
#include <string.h>

#include <yyjson.h>

#include "notify_apps.h"
#include "notify_gateway.h"
#include "notify_helpdesk.h"
#include "notify_mail.h"
#include "sea_http.h"
#include "sea_id.h"
#include "sea_segment.h"

static const char GRAPH_VERSION[] = "v23.0"; /* Meta's */
static const char TWILIO_VERSION[] = "2010-04-01";

enum { BACKOFF_FIRST_MS = 1000, BACKOFF_MOST_MS = 5 * 60 * 1000 };

void notify_call_free(struct notify_call *call)
{
    sea_buf_wipe(&call->url); /* Telegram's holds the token */
    sea_buf_wipe(&call->authorization);
    sea_buf_free(&call->body);
    sea_buf_wipe(&call->mail_password);
    struct sea_buf *rest[] = {&call->mail_from, &call->mail_to, &call->mail_user};
    for (size_t i = 0; i < SEA_COUNT(rest); i++) sea_buf_free(rest[i]);
}

void notify_call_bearer(struct notify_call *call, struct sea_str token)
{
    sea_buf_text(&call->authorization, "Authorization: Bearer ");
    sea_buf_str(&call->authorization, token);
}

void notify_call_graph(struct notify_call *call, const struct sea_account *account)
{
    sea_buf_printf(&call->url, "%s/%s/%s/messages", account->api_base, GRAPH_VERSION,
                   account->sender);
    notify_call_bearer(call, account->token.live[0]);
}

void notify_call_json(struct notify_call *call, yyjson_mut_doc *doc)
{
    size_t len = 0;
    char *text = yyjson_mut_write(doc, 0, &len);
    call->content_type = "Content-Type: application/json";
    if (text == NULL)
        call->body.is_full = true;
    else
        sea_buf_add(&call->body, text, len);
    free(text);
    yyjson_mut_doc_free(doc);
}

size_t notify_chars(struct sea_str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        if (((uint8_t)text.ptr[i] & 0xc0) != 0x80) count++;
    return count;
}

size_t notify_units(struct sea_str text)
{
    size_t count = notify_chars(text);
    for (size_t i = 0; i < text.len; i++) count += (uint8_t)text.ptr[i] >= 0xf0;
    return count;
}

void notify_call_form(struct notify_call *call, const char *name, struct sea_str value)
{
    call->content_type = "Content-Type: application/x-www-form-urlencoded";
    sea_http_form_add(&call->body, name, value);
}

yyjson_mut_val *notify_json_root(yyjson_mut_doc *doc)
{
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    return root;
}

void notify_json_str(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name,
                     struct sea_str value)
{
    yyjson_mut_obj_add_strn(doc, object, name, value.ptr, value.len);
}

void notify_escape(struct sea_buf *ret, struct sea_str text, const char *line_end)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        const char *as = c == '&'    ? "&amp;"
                         : c == '<'  ? "&lt;"
                         : c == '>'  ? "&gt;"
                         : c == '\n' ? line_end
                                     : NULL;
        if (as)
            sea_buf_text(ret, as);
        else
            sea_buf_char(ret, c);
    }
}

static void add_template(yyjson_mut_doc *doc, yyjson_mut_val *root,
                         const struct notify_template *template)
{
    yyjson_mut_obj_add_str(doc, root, "type", "template");
    yyjson_mut_val *object = yyjson_mut_obj_add_obj(doc, root, "template");
    notify_json_str(doc, object, "name", template->name);
    yyjson_mut_val *language = yyjson_mut_obj_add_obj(doc, object, "language");
    yyjson_mut_obj_add_str(doc, language, "policy", "deterministic");
    notify_json_str(doc, language, "code", template->language);
    if (template->parameters_count == 0) return;
    yyjson_mut_val *components = yyjson_mut_obj_add_arr(doc, object, "components");
    yyjson_mut_val *component = yyjson_mut_arr_add_obj(doc, components);
    yyjson_mut_obj_add_str(doc, component, "type", "body");
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, component, "parameters");
    for (size_t i = 0; i < template->parameters_count; i++) {
        yyjson_mut_val *parameter = yyjson_mut_arr_add_obj(doc, list);
        yyjson_mut_obj_add_str(doc, parameter, "type", "text");
        notify_json_str(doc, parameter, "text", template->parameters[i]);
    }
}

/* Who hides their number has an id instead, "BR.1502576394655843" (Meta, "Business-scoped user
 * IDs"). */
static bool is_number(struct sea_str to)
{
    return to.len && (to.ptr[0] == '+' || (to.ptr[0] >= '0' && to.ptr[0] <= '9'));
}

static const char *call_whatsapp(const struct notify_letter *letter, const char *attempt,
                                 struct notify_call *ret)
{
    const struct sea_account *account = letter->account;
    if (letter->template == NULL && notify_chars(letter->text) > NOTIFY_WHATSAPP_CHARS_MAX)
        return "too_long";
    notify_call_graph(ret, account);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = notify_json_root(doc);
    yyjson_mut_obj_add_str(doc, root, "messaging_product", "whatsapp");
    yyjson_mut_obj_add_str(doc, root, "recipient_type", "individual");
    notify_json_str(doc, root, is_number(letter->to) ? "to" : "recipient", letter->to);
    if (letter->template != NULL) {
        add_template(doc, root, letter->template);
    } else {
        yyjson_mut_obj_add_str(doc, root, "type", "text");
        yyjson_mut_val *text = yyjson_mut_obj_add_obj(doc, root, "text");
        yyjson_mut_obj_add_bool(doc, text, "preview_url", false);
        notify_json_str(doc, text, "body", letter->text);
    }
    yyjson_mut_obj_add_str(doc, root, "biz_opaque_callback_data", attempt);
    notify_call_json(ret, doc);
    return NULL;
}

static const char *call_twilio(const struct notify_letter *letter, const char *attempt,
                               struct notify_call *ret)
{
    const struct sea_account *account = letter->account;
    if (account->login == NULL) return "no_sender";
    if (notify_chars(letter->text) > NOTIFY_SMS_CHARS_MAX) return "too_long";
    sea_buf_printf(&ret->url, "%s/%s/Accounts/%s/Messages.json", account->api_base, TWILIO_VERSION,
                   account->login);

    sea_http_basic(&ret->authorization, sea_str(account->login), account->token.live[0]);

    struct sea_buf callback = SEA_BUF(2048);
    sea_buf_str(&callback, letter->public_url);
    sea_buf_printf(&callback, "/v1/channels/%s/%s?attempt=%s", account->channel->name,
                   account->name, attempt);
    notify_call_form(ret, "To", letter->to);
    notify_call_form(ret, "From", sea_str(account->sender));
    notify_call_form(ret, "Body", letter->text);
    notify_call_form(ret, "StatusCallback", sea_buf_view(&callback));
    sea_buf_free(&callback);
    return NULL;
}

/* Its callbacks of deliveries are set in the account there. */
static const char *call_africastalking(const struct notify_letter *letter, const char *attempt,
                                       struct notify_call *ret)
{
    const struct sea_account *account = letter->account;
    (void)attempt; /* it carries no id of ours back */
    if (account->login == NULL) return "no_sender";
    if (notify_chars(letter->text) > NOTIFY_SMS_CHARS_MAX) return "too_long";
    sea_buf_printf(&ret->url, "%s/version1/messaging", account->api_base);
    sea_buf_text(&ret->authorization, "apiKey: ");
    sea_buf_str(&ret->authorization, account->token.live[0]);
    snprintf(ret->lines[0], sizeof(ret->lines[0]), "Accept: application/json");
    notify_call_form(ret, "username", sea_str(account->login));
    notify_call_form(ret, "to", letter->to);
    notify_call_form(ret, "message", letter->text);
    notify_call_form(ret, "from", sea_str(account->sender));
    return NULL;
}

uint32_t notify_provider_cost(enum sea_adapter adapter, struct sea_str text)
{
    if (!sea_adapter_is_sms(adapter)) return 1;
    uint32_t parts = sea_segments_of(text).parts;
    return parts > 0 ? parts : 1;
}

static int64_t pause_ms(const struct notify_response *response, uint32_t tries, int64_t factor)
{
    if (response->retry_after_ms > 0)
        return response->retry_after_ms < BACKOFF_MOST_MS ? response->retry_after_ms
                                                          : BACKOFF_MOST_MS;
    int64_t pause = BACKOFF_FIRST_MS;
    for (uint32_t i = 0; i < tries && pause < BACKOFF_MOST_MS; i++) pause *= factor;
    return pause < BACKOFF_MOST_MS ? pause : BACKOFF_MOST_MS;
}

void notify_answer_later(struct notify_answer *answer, const struct notify_response *response,
                         uint32_t tries, int64_t factor)
{
    answer->kind = NOTIFY_ANSWER_RETRY;
    answer->after_ms = pause_ms(response, tries, factor);
}

bool notify_is_any(int64_t code, const int64_t *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (codes[i] == code) return true;
    return false;
}

bool notify_answer_id(struct notify_answer *answer, yyjson_val *value)
{
    int len = 0;
    if (yyjson_is_uint(value))
        len = snprintf(answer->id, sizeof(answer->id), "%llu",
                       (unsigned long long)yyjson_get_uint(value));
    else if (yyjson_is_str(value) && yyjson_get_len(value) < sizeof(answer->id))
        len = snprintf(answer->id, sizeof(answer->id), "%s", yyjson_get_str(value));
    return len > 0;
}

bool notify_answer_code(struct notify_answer *answer, yyjson_val *value, int64_t *ret)
{
    if (!yyjson_is_int(value)) return false;
    *ret = yyjson_get_sint(value);
    snprintf(answer->code, sizeof(answer->code), "%lld", (long long)*ret);
    return true;
}

yyjson_val *notify_text_only(yyjson_val *value)
{
    return yyjson_is_str(value) ? value : NULL;
}

static yyjson_val *id_of_whatsapp(yyjson_val *root)
{
    return notify_text_only(yyjson_ptr_get(root, "/messages/0/id"));
}

static yyjson_val *id_of_twilio(yyjson_val *root)
{
    return notify_text_only(yyjson_obj_get(root, "sid"));
}

/* Of one recipient, who was only then accepted: 100 processed, 101 sent, 102 queued. */
static yyjson_val *id_of_africastalking(yyjson_val *root)
{
    yyjson_val *recipient = yyjson_ptr_get(root, "/SMSMessageData/Recipients/0");
    int64_t code = yyjson_get_sint(yyjson_obj_get(recipient, "statusCode"));
    return code >= 100 && code <= 102 ? notify_text_only(yyjson_obj_get(recipient, "messageId"))
                                      : NULL;
}

/* 4 application, 80007 business account, 130429 throughput, 131056 pair, 131057 under maintenance:
 * refused for now. 131047: more than a day since the customer's last message. */
static void refused_by_whatsapp(yyjson_val *root, const struct notify_response *response,
                                uint32_t tries, struct notify_answer *answer)
{
    static const int64_t later[] = {4, 80007, 130429, 131056, 131057};
    yyjson_val *code = yyjson_obj_get(yyjson_obj_get(root, "error"), "code");
    int64_t number;
    if (!notify_answer_code(answer, code, &number)) return;
    if (notify_is_any(number, later, SEA_COUNT(later)))
        notify_answer_later(answer, response, tries, number == 131056 ? 4 : 2);
    answer->is_window_closed = answer->kind == NOTIFY_ANSWER_REJECTED && number == 131047;
}

/* 20429 and 14107: too many requests or messages. */
static void refused_by_twilio(yyjson_val *root, const struct notify_response *response,
                              uint32_t tries, struct notify_answer *answer)
{
    static const int64_t later[] = {20429, 14107};
    yyjson_val *code = yyjson_obj_get(root, "code");
    int64_t number;
    if (!notify_answer_code(answer, code, &number)) return;
    if (notify_is_any(number, later, SEA_COUNT(later)))
        notify_answer_later(answer, response, tries, 2);
}

/* With 201 as well. 401 to 409 and 502 are refusals, of which 405, an empty purse, is filled some
 * day; 500 and 501 tell nothing. */
static void refused_by_africastalking(yyjson_val *root, const struct notify_response *response,
                                      uint32_t tries, struct notify_answer *answer)
{
    yyjson_val *code = yyjson_ptr_get(root, "/SMSMessageData/Recipients/0/statusCode");
    int64_t number;
    if (!notify_answer_code(answer, code, &number)) return;
    if (number == 405)
        notify_answer_later(answer, response, tries, 4);
    else if ((number > 400 && number < 410) || number == 502)
        answer->kind = NOTIFY_ANSWER_REJECTED;
}

static const struct sender {
    enum sea_adapter adapter;
    const char *(*call)(const struct notify_letter *letter, const char *attempt,
                        struct notify_call *ret);
    yyjson_val *(*id_of)(yyjson_val *root); /* of what a 2xx answer says it made */
    /* What the provider's own code says beyond the status; NULL: nothing. */
    void (*refused)(yyjson_val *root, const struct notify_response *response, uint32_t tries,
                    struct notify_answer *answer);
} SENDERS[] = {
    {SEA_ADAPTER_WHATSAPP, call_whatsapp, id_of_whatsapp, refused_by_whatsapp},
    {SEA_ADAPTER_TWILIO_SMS, call_twilio, id_of_twilio, refused_by_twilio},
    {SEA_ADAPTER_AFRICASTALKING_SMS, call_africastalking, id_of_africastalking,
     refused_by_africastalking},
    {SEA_ADAPTER_WEBHOOK, notify_gateway_call, notify_gateway_id, NULL},
    {SEA_ADAPTER_ZENDESK, notify_helpdesk_call, notify_zendesk_id, NULL},
    {SEA_ADAPTER_FRESHDESK, notify_helpdesk_call, notify_freshdesk_id, NULL},
    {SEA_ADAPTER_INTERCOM, notify_helpdesk_call, notify_intercom_id, NULL},
    {SEA_ADAPTER_LINE, notify_line_call, notify_line_id, notify_line_refused},
    {SEA_ADAPTER_MESSENGER, notify_messenger_call, notify_messenger_id, notify_messenger_refused},
    {SEA_ADAPTER_TELEGRAM, notify_telegram_call, notify_telegram_id, notify_telegram_refused},
    {SEA_ADAPTER_SLACK, notify_slack_call, notify_slack_id, notify_slack_refused},
    {SEA_ADAPTER_SMTP, notify_mail_call, NULL, NULL},
};

static const struct sender *sender_of(enum sea_adapter adapter)
{
    for (size_t i = 0; i < SEA_COUNT(SENDERS); i++)
        if (SENDERS[i].adapter == adapter) return &SENDERS[i];
    return NULL;
}

const char *notify_provider_call(const struct notify_letter *letter, struct notify_call *ret)
{
    const struct sea_account *account = letter->account;
    char attempt[SEA_UUID_TEXT];
    sea_uuid_print(letter->attempt, attempt);
    sea_buf_reset(&ret->url);
    sea_buf_reset(&ret->authorization);
    sea_buf_reset(&ret->body);
    ret->is_put = ret->is_mail = false;
    ret->lines[0][0] = ret->lines[1][0] = '\0';
    if (account == NULL || !account->is_enabled || account->api_base == NULL ||
        (account->token.count == 0 && account->send_adapter != SEA_ADAPTER_SMTP))
        return "no_sender";
    const struct sender *sender = sender_of(account->send_adapter);
    if (sender == NULL) return "no_sender";
    if (letter->text.len == 0) return "empty";
    const char *refused = sender->call(letter, attempt, ret);
    if (ret->url.is_full || ret->authorization.is_full || ret->body.is_full) return "too_long";
    return refused;
}

/* By status alone: a request that wasn't written, was throttled or came with the wrong credentials
 * (a person will mend them) was not accepted; other 4xx are refusals; everything else (no answer,
 * 5xx, a success without an id) may have been accepted. */
static struct notify_answer classify_status(const struct notify_response *response, uint32_t tries)
{
    struct notify_answer answer = {.kind = NOTIFY_ANSWER_UNCERTAIN};
    if (response->status == 0)
        snprintf(answer.code, sizeof(answer.code), "%s",
                 response->is_unsent ? "no_connection" : "no_answer");
    else
        snprintf(answer.code, sizeof(answer.code), "http_%d", response->status);
    bool is_later = response->status == 429 || response->status == 401 ||
                    (response->status == 503 && response->retry_after_ms > 0) ||
                    (response->status == 0 && response->is_unsent);
    if (is_later)
        notify_answer_later(&answer, response, tries, response->status == 401 ? 4 : 2);
    else if (response->status / 100 == 4 && response->status != 408)
        answer.kind = NOTIFY_ANSWER_REJECTED;
    return answer;
}

struct notify_answer notify_provider_classify(enum sea_adapter adapter,
                                              const struct notify_response *response,
                                              uint32_t tries)
{
    if (adapter == SEA_ADAPTER_SMTP) return notify_mail_classify(response, tries);
    struct notify_answer answer = classify_status(response, tries);
    yyjson_doc *doc = yyjson_read(response->body.ptr, response->body.len, 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    const struct sender *sender = sender_of(adapter);
    if (sender != NULL && response->status / 100 == 2 &&
        notify_answer_id(&answer, sender->id_of(root)))
        answer.kind = NOTIFY_ANSWER_ACCEPTED;
    else if (sender != NULL && sender->refused != NULL)
        sender->refused(root, response, tries, &answer);
    yyjson_doc_free(doc);
    return answer;
}
