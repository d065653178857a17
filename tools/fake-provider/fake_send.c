/* fake_send.c: the send calls: WhatsApp Cloud API ("Messages") and Twilio Programmable Messaging
 * ("Message resource"), with the checks that matter and the errors as these providers word them. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yyjson.h>

#include "fake.h"
#include "sea_clock.h"
#include "sea_enc.h"
#include "sea_random.h"

enum { WHATSAPP_CHARS_MAX = 4096, SMS_CHARS_MAX = 1600, FORM_MAX_BYTES = 1 << 20 };

static size_t count_chars(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

void fake_make_id(char ret[FAKE_ID_TEXT], const char *prefix)
{
    uint8_t random[16];
    char hex[2 * sizeof random + 1];
    sea_random_bytes(random, sizeof random);
    sea_hex_print(random, sizeof random, hex);
    snprintf(ret, FAKE_ID_TEXT, "%s%s", prefix, hex);
}

/* ---- the log's line ---- */

/* Every header; of credentials only their kind. */
static void add_headers(yyjson_mut_doc *doc, yyjson_mut_val *root,
                        const struct sea_http_request *request)
{
    yyjson_mut_val *headers = yyjson_mut_obj_add_obj(doc, root, "headers");
    for (size_t i = 0; i < request->headers_count; i++) {
        struct sea_str name = request->headers[i].name, value = request->headers[i].value;
        const char *blank = value.len > 0 ? memchr(value.ptr, ' ', value.len) : NULL;
        if (sea_str_is(name, "authorization"))
            value.len = blank != NULL ? (size_t)(blank - value.ptr) : 0;
        if (!sea_utf8_is_valid(value)) continue;
        yyjson_mut_obj_put(headers, yyjson_mut_strncpy(doc, name.ptr, name.len),
                           yyjson_mut_strncpy(doc, value.len > 0 ? value.ptr : "", value.len));
    }
}

static void add_str(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name,
                    const char *value)
{
    if (value != NULL) yyjson_mut_obj_add_str(doc, object, name, value);
}

/* The line's beginning: what doesn't change any more. `template` may be NULL. */
static char *print_line(const struct fake_message *message, const struct sea_http_request *request,
                        yyjson_val *template, int64_t now_ms)
{
    char time[SEA_TIME_TEXT];
    size_t len = 0;
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    sea_time_print(now_ms, time);
    add_str(doc, root, "time", time);
    add_str(doc, root, "channel", fake_channel_name(message->channel));
    add_str(doc, root, "account", "demo");
    add_str(doc, root, "to", message->to);
    add_str(doc, root, "from", message->from);
    add_str(doc, root, "text", message->text);
    add_str(doc, root, "id", message->id);
    yyjson_mut_obj_add_bool(doc, root, "accepted", message->is_accepted);
    yyjson_mut_val *ids = yyjson_mut_obj_add_obj(doc, root, "ids");
    add_str(doc, ids, "callback_data", message->callback_data);
    add_str(doc, ids, "status_callback", message->callback_url);
    if (template != NULL)
        yyjson_mut_obj_add_val(doc, root, "template", yyjson_val_mut_copy(doc, template));
    add_headers(doc, root, request);
    char *line = yyjson_mut_write(doc, 0, &len);
    yyjson_mut_doc_free(doc);
    sea_assert(line != NULL && len > 0);
    line[len - 1] = '\0'; /* the closing brace comes when the line is read */
    return line;
}

/* ---- what both have in common ---- */

static const struct fake_statuses NORMAL_STATUSES[] = {
    [FAKE_WHATSAPP] = {{"sent", "delivered", "read"}, 3},
    [FAKE_TWILIO_SMS] = {{"sent", "delivered"}, 2},
    [FAKE_CHANNELS - 1] = {.count = 0}, /* the others report nothing */
};

void fake_take(struct fake *fake, struct fake_message *message, const struct fake_rule *rule,
               const struct sea_http_request *request, yyjson_val *template)
{
    const struct fake_statuses *statuses =
        rule->has_statuses ? &rule->statuses : &NORMAL_STATUSES[message->channel];
    message->is_accepted = fake_rule_accepts(rule);
    message->line = print_line(message, request, template, sea_clock_wall_ms() + fake->offset_ms);
    fake_log_add(&fake->log, message);
    if (message->is_accepted)
        fake_report(fake->reporter, message, statuses, rule->status_gap_ms, rule->status_error);
}

void fake_settle(struct fake *fake, struct sea_http_exchange *exchange,
                 const struct sea_http_request *request, struct fake_message *message,
                 struct sea_str accepted, struct sea_str refused)
{
    struct fake_rule rule = fake_script_take(&fake->script, message->channel, sea_str(message->to),
                                             sea_str(message->text));
    if (rule.status == 0) rule.status = 200;
    fake_take(fake, message, &rule, request, NULL);
    fake_answer(fake, exchange, &rule,
                &(struct sea_http_answer){.status = (int)rule.status,
                                          .content_type = "application/json",
                                          .body = rule.status < 300 ? accepted : refused});
}

/* ---- WhatsApp ---- */

static void print_whatsapp_error(struct sea_buf *body, int64_t code, const char *detail)
{
    sea_buf_printf(body,
                   "{\"error\":{\"message\":\"(#%lld) %s\",\"type\":\"OAuthException\","
                   "\"code\":%lld,\"error_data\":{\"messaging_product\":\"whatsapp\","
                   "\"details\":\"%s\"},\"fbtrace_id\":\"fake\"}}",
                   (long long)code, detail, (long long)code, detail);
}

static void refuse_whatsapp(struct sea_http_exchange *exchange, int status, int64_t code,
                            const char *detail)
{
    struct sea_buf body = SEA_BUF(4096);
    print_whatsapp_error(&body, code, detail);
    sea_http_answer_json(exchange, status, sea_buf_view(&body));
    sea_buf_free(&body);
}

/* The text, or a template's parameters with blanks between; NULL: neither is there. */
static char *whatsapp_text(yyjson_val *root, yyjson_val **ret_template)
{
    const char *type = yyjson_get_str(yyjson_obj_get(root, "type"));
    const char *text = yyjson_get_str(yyjson_ptr_get(root, "/text/body"));
    size_t i, count;
    yyjson_val *parameter;
    *ret_template = NULL;
    if (type == NULL || strcmp(type, "text") == 0)
        return text != NULL && text[0] != '\0' ? sea_strdup(text) : NULL;
    *ret_template = yyjson_obj_get(root, "template");
    if (strcmp(type, "template") != 0 || !yyjson_is_str(yyjson_obj_get(*ret_template, "name")))
        return NULL;
    struct sea_buf joined = SEA_BUF(65536);
    yyjson_val *list = yyjson_ptr_get(*ret_template, "/components/0/parameters");
    yyjson_arr_foreach(list, i, count, parameter)
    {
        const char *value = yyjson_get_str(yyjson_obj_get(parameter, "text"));
        if (i > 0) sea_buf_char(&joined, ' ');
        sea_buf_text(&joined, value != NULL ? value : "");
    }
    return sea_buf_take(&joined, NULL);
}

static void print_whatsapp_answer(struct sea_buf *body, const struct fake_message *message)
{
    sea_buf_printf(body,
                   "{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":\"%s\","
                   "\"wa_id\":\"%s\"}],\"messages\":[{\"id\":\"%s\"}]}",
                   message->to, message->to, message->id);
}

static void take_whatsapp(struct fake *fake, struct sea_http_exchange *exchange,
                          const struct sea_http_request *request, struct fake_message *message,
                          yyjson_val *template)
{
    struct fake_rule rule = fake_script_take(&fake->script, FAKE_WHATSAPP, sea_str(message->to),
                                             sea_str(message->text));
    struct sea_buf body = SEA_BUF(4096);
    if (rule.status == 0) rule.status = 200;
    if (rule.status_error == 0) rule.status_error = 131026;
    fake_take(fake, message, &rule, request, template);
    if (rule.status < 300)
        print_whatsapp_answer(&body, message);
    else
        print_whatsapp_error(&body, rule.error > 0 ? rule.error : 131000, "as the script wants it");
    fake_answer(fake, exchange, &rule,
                &(struct sea_http_answer){.status = (int)rule.status,
                                          .content_type = "application/json",
                                          .body = sea_buf_view(&body)});
    sea_buf_free(&body);
}

static bool is_number(const char *to)
{
    size_t len = strlen(to), digits = strspn(to + (to[0] == '+'), "0123456789");
    return digits >= 5 && digits <= 20 && digits + (to[0] == '+') == len;
}

void fake_on_whatsapp(void *ctx, struct sea_http_exchange *exchange,
                      const struct sea_http_request *request)
{
    struct fake *fake = ctx;
    yyjson_doc *doc = yyjson_read(request->body.ptr, request->body.len, 0);
    yyjson_val *root = yyjson_doc_get_root(doc), *template = NULL;
    const char *product = yyjson_get_str(yyjson_obj_get(root, "messaging_product"));
    const char *to = yyjson_get_str(yyjson_obj_get(root, "to"));
    char *text = whatsapp_text(root, &template);
    if (!sea_str_starts(sea_http_header(request, "authorization"), "Bearer ")) {
        refuse_whatsapp(exchange, 401, 190, "Invalid OAuth access token");
    } else if (product == NULL || strcmp(product, "whatsapp") != 0 || to == NULL ||
               !is_number(to)) {
        refuse_whatsapp(exchange, 400, 100, "messaging_product and to are required");
    } else if (text == NULL || count_chars(text) > WHATSAPP_CHARS_MAX) {
        refuse_whatsapp(exchange, 400, 100, "a text of 1 to 4096 characters, or a template");
    } else {
        struct fake_message *message = fake_message_new(FAKE_WHATSAPP);
        fake_make_id(message->id, "wamid.");
        message->to = sea_strdup(to);
        message->from = sea_str_dup(request->params[1]);
        message->text = sea_strdup(text);
        message->callback_data =
            sea_strdup(yyjson_get_str(yyjson_obj_get(root, "biz_opaque_callback_data")));
        take_whatsapp(fake, exchange, request, message, template);
        fake_message_release(message);
    }
    free(text);
    yyjson_doc_free(doc);
}

/* ---- Twilio ---- */

static void print_twilio_error(struct sea_buf *body, int status, int64_t code, const char *detail)
{
    sea_buf_printf(body, "{\"code\":%lld,\"message\":\"%s\",\"more_info\":\"\",\"status\":%d}",
                   (long long)code, detail, status);
}

static void refuse_twilio(struct sea_http_exchange *exchange, int status, int64_t code,
                          const char *detail)
{
    struct sea_buf body = SEA_BUF(4096);
    print_twilio_error(&body, status, code, detail);
    sea_http_answer_json(exchange, status, sea_buf_view(&body));
    sea_buf_free(&body);
}

static void print_twilio_answer(struct sea_buf *body, const struct fake_message *message)
{
    size_t len = 0;
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    add_str(doc, root, "sid", message->id);
    add_str(doc, root, "account_sid", message->sid);
    add_str(doc, root, "api_version", "2010-04-01");
    add_str(doc, root, "body", message->text);
    add_str(doc, root, "from", message->from);
    add_str(doc, root, "to", message->to);
    add_str(doc, root, "num_segments", "1");
    add_str(doc, root, "status", "queued");
    yyjson_mut_obj_add_null(doc, root, "error_code");
    char *text = yyjson_mut_write(doc, 0, &len);
    sea_buf_add(body, text, len);
    free(text);
    yyjson_mut_doc_free(doc);
}

static void take_twilio(struct fake *fake, struct sea_http_exchange *exchange,
                        const struct sea_http_request *request, struct fake_message *message)
{
    struct fake_rule rule = fake_script_take(&fake->script, FAKE_TWILIO_SMS, sea_str(message->to),
                                             sea_str(message->text));
    struct sea_buf body = SEA_BUF(32768);
    if (rule.status == 0) rule.status = 201;
    if (rule.status_error == 0) rule.status_error = 30008;
    fake_take(fake, message, &rule, request, NULL);
    if (rule.status < 300)
        print_twilio_answer(&body, message);
    else
        print_twilio_error(&body, (int)rule.status, rule.error > 0 ? rule.error : 20500,
                           "as the script wants it");
    fake_answer(fake, exchange, &rule,
                &(struct sea_http_answer){.status = (int)rule.status,
                                          .content_type = "application/json",
                                          .body = sea_buf_view(&body)});
    sea_buf_free(&body);
}

const char *fake_form_value(const struct sea_http_request *request, const char *name,
                            struct sea_arena *arena)
{
    struct sea_str value;
    if (!sea_http_form_find(request->body, name, arena, &value)) return "";
    return sea_utf8_is_valid(value) ? value.ptr : "";
}

void fake_on_twilio(void *ctx, struct sea_http_exchange *exchange,
                    const struct sea_http_request *request)
{
    struct sea_arena arena = SEA_ARENA(FORM_MAX_BYTES);
    const char *to = fake_form_value(request, "To", &arena),
               *text = fake_form_value(request, "Body", &arena);
    const char *from = fake_form_value(request, "From", &arena);
    const char *callback = fake_form_value(request, "StatusCallback", &arena);
    if (!sea_str_starts(sea_http_header(request, "authorization"), "Basic ")) {
        refuse_twilio(exchange, 401, 20003, "Authenticate");
    } else if (to[0] != '+' || !is_number(to)) {
        refuse_twilio(exchange, 400, 21211, "Invalid 'To' Phone Number");
    } else if (text[0] == '\0') {
        refuse_twilio(exchange, 400, 21602, "Message body is required");
    } else if (count_chars(text) > SMS_CHARS_MAX) {
        refuse_twilio(exchange, 400, 21617,
                      "The concatenated message body exceeds the 1600 character limit");
    } else {
        struct fake_message *message = fake_message_new(FAKE_TWILIO_SMS);
        fake_make_id(message->id, "SM");
        message->to = sea_strdup(to);
        message->from = sea_strdup(from);
        message->text = sea_strdup(text);
        message->callback_url = callback[0] != '\0' ? sea_strdup(callback) : NULL;
        message->sid = sea_str_dup(request->params[0]);
        take_twilio(ctx, exchange, request, message);
        fake_message_release(message);
    }
    sea_arena_free(&arena);
}
