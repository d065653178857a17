/* fake_helpdesk.c: the calls by which answers get into the tickets of help desks: Zendesk ("Update
 * ticket"), Freshdesk ("Create a reply"), Intercom ("Reply to a conversation"). */
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "sea_enc.h"

enum { ID_DIGITS = 8 };

/* A message into `ticket` whose words are `text`; the answer is its number between `before` and
 * `after`. */
static void take(struct fake *fake, struct sea_http_exchange *exchange,
                 const struct sea_http_request *request, enum fake_channel channel,
                 struct sea_str ticket, const char *text, const char *before, const char *after)
{
    struct sea_buf body = SEA_BUF(4096);
    if (text == NULL || *text == '\0' || !sea_http_header(request, "authorization").len) {
        sea_http_answer_json(exchange, text ? 401 : 422, SEA_STR("{\"error\":\"refused\"}"));
        return;
    }
    struct fake_message *message = fake_message_new(channel);
    fake_make_id(message->id, "");
    for (size_t i = 0; message->id[i]; i++) /* these ids are numbers */
        if (message->id[i] > '9') message->id[i] = (char)('1' + message->id[i] % 9);
    message->id[ID_DIGITS] = '\0';
    if (message->id[0] == '0') message->id[0] = '1';
    message->to = sea_str_dup(ticket);
    message->text = sea_strdup(text);
    sea_buf_printf(&body, "%s%s%s", before, message->id, after);
    fake_settle(fake, exchange, request, message, sea_buf_view(&body),
                SEA_STR("{\"error\":\"as the script wants it\"}"));
    fake_message_release(message);
    sea_buf_free(&body);
}

static const char *str_at(yyjson_doc *doc, const char *path)
{
    return yyjson_get_str(yyjson_doc_ptr_get(doc, path));
}

void fake_on_zendesk(void *ctx, struct sea_http_exchange *exchange,
                     const struct sea_http_request *request)
{
    yyjson_doc *doc = yyjson_read(request->body.ptr, request->body.len, 0);
    struct sea_str ticket = request->params[0];
    if (ticket.len > 5) ticket.len -= 5; /* .json */
    take(ctx, exchange, request, FAKE_ZENDESK, ticket, str_at(doc, "/ticket/comment/body"),
         "{\"audit\":{\"id\":", "}}");
    yyjson_doc_free(doc);
}

void fake_on_freshdesk(void *ctx, struct sea_http_exchange *exchange,
                       const struct sea_http_request *request)
{
    yyjson_doc *doc = yyjson_read(request->body.ptr, request->body.len, 0);
    take(ctx, exchange, request, FAKE_FRESHDESK, request->params[0], str_at(doc, "/body"),
         "{\"id\":", "}");
    yyjson_doc_free(doc);
}

void fake_on_intercom(void *ctx, struct sea_http_exchange *exchange,
                      const struct sea_http_request *request)
{
    yyjson_doc *doc = yyjson_read(request->body.ptr, request->body.len, 0);
    take(ctx, exchange, request, FAKE_INTERCOM, request->params[0], str_at(doc, "/body"),
         "{\"conversation_parts\":{\"conversation_parts\":[{\"id\":\"", "\"}]}}");
    yyjson_doc_free(doc);
}
