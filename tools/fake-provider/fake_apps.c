/* fake_apps.c: the send calls of chat apps: LINE ("Send push message"), Messenger and Instagram
 * ("Send API"), Telegram ("sendMessage"), Slack ("chat.postMessage"). */
#include <string.h>

#include "fake.h"

/* What a call says, as its provider words it. */
struct said {
    enum fake_channel channel;
    const char *prefix, *before, *after; /* of the id; around it in the answer */
    const char *to, *text;
    struct sea_str from, key;
    bool is_login;
};

static void take(struct fake *fake, struct sea_http_exchange *exchange,
                 const struct sea_http_request *request, const struct said *said)
{
    struct sea_buf body = SEA_BUF(4096);
    if (!said->is_login || !said->to || !said->to[0] || !said->text || !said->text[0]) {
        sea_http_answer_json(exchange, said->is_login ? 400 : 401, SEA_STR("{\"ok\":false}"));
        return;
    }
    struct fake_message *message = fake_message_new(said->channel);
    fake_make_id(message->id, said->prefix);
    message->to = sea_strdup(said->to);
    message->from = said->from.len ? sea_str_dup(said->from) : NULL;
    message->text = sea_strdup(said->text);
    message->callback_data = said->key.len ? sea_str_dup(said->key) : NULL;
    sea_buf_printf(&body, "%s%s%s", said->before, message->id, said->after);
    fake_settle(fake, exchange, request, message, sea_buf_view(&body),
                SEA_STR("{\"ok\":false,\"error\":\"as_the_script_wants_it\"}"));
    fake_message_release(message);
    sea_buf_free(&body);
}

static const char *str_at(yyjson_doc *doc, const char *path)
{
    return yyjson_get_str(yyjson_doc_ptr_get(doc, path));
}

static bool has_token(const struct sea_http_request *request)
{
    return sea_str_starts(sea_http_header(request, "authorization"), "Bearer ");
}

void fake_on_line(void *ctx, struct sea_http_exchange *exchange,
                  const struct sea_http_request *request)
{
    yyjson_doc *doc = yyjson_read(request->body.ptr, request->body.len, 0);
    const struct said said = {.channel = FAKE_LINE,
                              .prefix = "46",
                              .before = "{\"sentMessages\":[{\"id\":\"",
                              .after = "\"}]}",
                              .to = str_at(doc, "/to"),
                              .text = str_at(doc, "/messages/0/text"),
                              .key = sea_http_header(request, "x-line-retry-key"),
                              .is_login = has_token(request)};
    take(ctx, exchange, request, &said);
    yyjson_doc_free(doc);
}

/* WhatsApp's calls have the same path. */
void fake_on_meta(void *ctx, struct sea_http_exchange *exchange,
                  const struct sea_http_request *request)
{
    yyjson_doc *doc = yyjson_read(request->body.ptr, request->body.len, 0);
    const struct said said = {.channel = FAKE_MESSENGER,
                              .prefix = "m_",
                              .before = "{\"message_id\":\"",
                              .after = "\"}",
                              .to = str_at(doc, "/recipient/id"),
                              .text = str_at(doc, "/message/text"),
                              .from = request->params[1],
                              .is_login = has_token(request)};
    if (str_at(doc, "/messaging_type"))
        take(ctx, exchange, request, &said);
    else
        fake_on_whatsapp(ctx, exchange, request);
    yyjson_doc_free(doc);
}

/* The token stands in the path: bot1:abc. */
void fake_on_telegram(void *ctx, struct sea_http_exchange *exchange,
                      const struct sea_http_request *request)
{
    yyjson_doc *doc = yyjson_read(request->body.ptr, request->body.len, 0);
    const struct said said = {.channel = FAKE_TELEGRAM,
                              .prefix = "",
                              .before = "{\"ok\":true,\"result\":{\"message_id\":\"",
                              .after = "\"}}",
                              .to = str_at(doc, "/chat_id"),
                              .text = str_at(doc, "/text"),
                              .is_login = sea_str_starts(request->params[0], "bot")};
    take(ctx, exchange, request, &said);
    yyjson_doc_free(doc);
}

void fake_on_slack(void *ctx, struct sea_http_exchange *exchange,
                   const struct sea_http_request *request)
{
    yyjson_doc *doc = yyjson_read(request->body.ptr, request->body.len, 0);
    const struct said said = {.channel = FAKE_SLACK,
                              .prefix = "",
                              .before = "{\"ok\":true,\"ts\":\"",
                              .after = "\"}",
                              .to = str_at(doc, "/channel"),
                              .text = str_at(doc, "/text"),
                              .is_login = has_token(request)};
    take(ctx, exchange, request, &said);
    yyjson_doc_free(doc);
}
