/* fake_gateway.c: two more ways for texts: Africa's Talking ("Send bulk messages"), and a company's
 * own gateway, which believes what is signed (Standard Webhooks 1.0). */
#include <string.h>

#include "fake.h"
#include "sea_clock.h"
#include "sea_webhook.h"

enum { FORM_MAX_BYTES = 1 << 20, TOLERANCE_S = 300 };

static void take(struct fake *fake, struct sea_http_exchange *exchange,
                 const struct sea_http_request *request, struct fake_message *message,
                 const char *before, const char *after)
{
    struct sea_buf body = SEA_BUF(4096);
    sea_buf_printf(&body, "%s%s%s", before, message->id, after);
    fake_settle(fake, exchange, request, message, sea_buf_view(&body),
                SEA_STR("{\"error\":\"as the script wants it\"}"));
    fake_message_release(message);
    sea_buf_free(&body);
}

void fake_on_africastalking(void *ctx, struct sea_http_exchange *exchange,
                            const struct sea_http_request *request)
{
    struct sea_arena arena = SEA_ARENA(FORM_MAX_BYTES);
    const char *to = fake_form_value(request, "to", &arena),
               *text = fake_form_value(request, "message", &arena);
    if (!sea_http_header(request, "apikey").len) {
        sea_http_answer_json(exchange, 401, SEA_STR("{\"error\":\"no apiKey\"}"));
    } else if (!*fake_form_value(request, "username", &arena) || to[0] != '+' || !*text) {
        sea_http_answer_json(exchange, 400, SEA_STR("{\"error\":\"username, to, message\"}"));
    } else {
        struct fake_message *message = fake_message_new(FAKE_AFRICASTALKING);
        fake_make_id(message->id, "ATXid_");
        message->to = sea_strdup(to);
        message->from = sea_strdup(fake_form_value(request, "from", &arena));
        message->text = sea_strdup(text);
        take(ctx, exchange, request, message,
             "{\"SMSMessageData\":{\"Message\":\"Sent to 1/1 Total Cost: KES "
             "0.8000\",\"Recipients\":"
             "[{\"statusCode\":101,\"status\":\"Success\",\"cost\":\"KES 0.8000\",\"messageId\":\"",
             "\"}]}}");
    }
    sea_arena_free(&arena);
}

static bool is_signed(const struct sea_http_request *request)
{
    struct sea_mac *mac = NULL;
    const struct sea_webhook_standard headers = {sea_http_header(request, "webhook-id"),
                                                 sea_http_header(request, "webhook-timestamp"),
                                                 sea_http_header(request, "webhook-signature")};
    sea_mac_open(&mac, SEA_MAC_SHA256, SEA_STR("demo-gateway-secret"));
    bool is_good =
        sea_webhook_standard(mac, &headers, request->body, sea_clock_wall_ms() / 1000, TOLERANCE_S);
    sea_mac_close(&mac);
    return is_good;
}

void fake_on_gateway(void *ctx, struct sea_http_exchange *exchange,
                     const struct sea_http_request *request)
{
    yyjson_doc *doc = yyjson_read(request->body.ptr, request->body.len, 0);
    const char *to = yyjson_get_str(yyjson_doc_ptr_get(doc, "/data/to")),
               *text = yyjson_get_str(yyjson_doc_ptr_get(doc, "/data/text")),
               *id = yyjson_get_str(yyjson_doc_ptr_get(doc, "/data/id"));
    if (!is_signed(request)) {
        sea_http_answer_json(exchange, 401, SEA_STR("{\"error\":\"the signature doesn't fit\"}"));
    } else if (!to || !text || !id || !sea_str_is(sea_http_header(request, "webhook-id"), id)) {
        sea_http_answer_json(exchange, 422, SEA_STR("{\"error\":\"to, text, id\"}"));
    } else {
        struct fake_message *message = fake_message_new(FAKE_GATEWAY);
        fake_make_id(message->id, "gw_");
        message->to = sea_strdup(to);
        message->text = sea_strdup(text);
        message->callback_data = sea_strdup(id);
        take(ctx, exchange, request, message, "{\"id\":\"", "\"}");
    }
    yyjson_doc_free(doc);
}
