/* fake_apps.c: the send calls of chat apps: LINE ("Send push message"), Messenger and Instagram
 * ("Send API"), Telegram ("sendMessage"), Slack ("chat.postMessage"). */
#include "fake.h"

/* Where a call says what, and its answer the id. */
struct app {
    enum fake_channel channel;
    const char *prefix, *before, *after; /* of the id; around it in the answer */
    const char *to, *text;
};

static const struct app LINE = {.channel = FAKE_LINE,
                                .prefix = "46",
                                .before = "{\"sentMessages\":[{\"id\":\"",
                                .after = "\"}]}",
                                .to = "/to",
                                .text = "/messages/0/text"};
static const struct app MESSENGER = {.channel = FAKE_MESSENGER,
                                     .prefix = "m_",
                                     .before = "{\"message_id\":\"",
                                     .after = "\"}",
                                     .to = "/recipient/id",
                                     .text = "/message/text"};
static const struct app TELEGRAM = {.channel = FAKE_TELEGRAM,
                                    .prefix = "",
                                    .before = "{\"ok\":true,\"result\":{\"message_id\":\"",
                                    .after = "\"}}",
                                    .to = "/chat_id",
                                    .text = "/text"};
static const struct app SLACK = {.channel = FAKE_SLACK,
                                 .prefix = "",
                                 .before = "{\"ok\":true,\"ts\":\"",
                                 .after = "\"}",
                                 .to = "/channel",
                                 .text = "/text"};

static const char *str_at(yyjson_doc *doc, const char *path)
{
    return yyjson_get_str(yyjson_doc_ptr_get(doc, path));
}

static bool has_token(const struct sea_http_request *request)
{
    return sea_str_starts(sea_http_header(request, "authorization"), "Bearer ");
}

/* `from` and `key`: as the call names them; may be empty. */
static void take(struct fake *fake, struct sea_http_exchange *exchange,
                 const struct sea_http_request *request, const struct app *app, bool is_login,
                 struct sea_str from, struct sea_str key)
{
    yyjson_doc *doc = yyjson_read(request->body.ptr, request->body.len, 0);
    const char *to = str_at(doc, app->to), *text = str_at(doc, app->text);
    if (!is_login || !to || !to[0] || !text || !text[0]) {
        sea_http_answer_json(exchange, is_login ? 400 : 401, SEA_STR("{\"ok\":false}"));
        yyjson_doc_free(doc);
        return;
    }
    struct sea_buf body = SEA_BUF(4096);
    struct fake_message *message = fake_message_new(app->channel);
    fake_make_id(message->id, app->prefix);
    message->to = sea_strdup(to);
    message->from = from.len ? sea_str_dup(from) : NULL;
    message->text = sea_strdup(text);
    message->callback_data = key.len ? sea_str_dup(key) : NULL;
    sea_buf_printf(&body, "%s%s%s", app->before, message->id, app->after);
    fake_settle(fake, exchange, request, message, sea_buf_view(&body),
                SEA_STR("{\"ok\":false,\"error\":\"as_the_script_wants_it\"}"));
    fake_message_release(message);
    sea_buf_free(&body);
    yyjson_doc_free(doc);
}

void fake_on_line(void *ctx, struct sea_http_exchange *exchange,
                  const struct sea_http_request *request)
{
    take(ctx, exchange, request, &LINE, has_token(request), SEA_STR(""),
         sea_http_header(request, "x-line-retry-key"));
}

/* WhatsApp's calls have the same path. */
void fake_on_meta(void *ctx, struct sea_http_exchange *exchange,
                  const struct sea_http_request *request)
{
    yyjson_doc *doc = yyjson_read(request->body.ptr, request->body.len, 0);
    bool is_messenger = str_at(doc, "/messaging_type") != NULL;
    yyjson_doc_free(doc);
    if (is_messenger)
        take(ctx, exchange, request, &MESSENGER, has_token(request), request->params[1],
             SEA_STR(""));
    else
        fake_on_whatsapp(ctx, exchange, request);
}

/* The token stands in the path: bot1:abc. */
void fake_on_telegram(void *ctx, struct sea_http_exchange *exchange,
                      const struct sea_http_request *request)
{
    take(ctx, exchange, request, &TELEGRAM, sea_str_starts(request->params[0], "bot"), SEA_STR(""),
         SEA_STR(""));
}

void fake_on_slack(void *ctx, struct sea_http_exchange *exchange,
                   const struct sea_http_request *request)
{
    take(ctx, exchange, request, &SLACK, has_token(request), SEA_STR(""), SEA_STR(""));
}
