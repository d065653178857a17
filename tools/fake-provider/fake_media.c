/* fake_media.c: files as providers hand them out: WhatsApp ("Retrieve Media URL"), LINE ("Get
 * content"), Telegram (getFile), Twilio ("Media resource"), and plain addresses. */
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "sea_enc.h"
#include "sea_json.h"

enum { FILE_MAX_BYTES = 64 << 20, ADDRESS_MAX_BYTES = 4096 };

/* What files begin with, by the end of their names; others are text. */
static const struct {
    const char *ending;
    struct sea_str bytes;
} KINDS[] = {
    {".png", {"\x89PNG\r\n\x1a\n", 8}},
    {".jpg", {"\xff\xd8\xff\xe0", 4}},
    {".pdf", {"%PDF-1.7\n", 9}},
    {".html", {"<html><script>alert(1)</script>", 31}},
};

static void print_file(struct sea_buf *body, struct sea_str name, uint64_t size)
{
    struct sea_str begin = SEA_STR("file ");
    for (size_t i = 0; i < SEA_COUNT(KINDS); i++) {
        size_t len = strlen(KINDS[i].ending);
        if (name.len > len && memcmp(name.ptr + name.len - len, KINDS[i].ending, len) == 0)
            begin = KINDS[i].bytes;
    }
    sea_buf_str(body, begin);
    sea_buf_str(body, name);
    while (body->len < size && !body->is_full) {
        static const char FILLER[4096] = {[0 ... 4095] = 'x'};
        size_t len = size - body->len < sizeof FILLER ? size - body->len : sizeof FILLER;
        sea_buf_add(body, FILLER, len);
    }
}

static void serve(struct fake *fake, struct sea_http_exchange *exchange, struct sea_str name,
                  uint64_t size)
{
    struct fake_rule rule = fake_script_take(&fake->script, FAKE_MEDIA, name, name);
    struct sea_buf body = SEA_BUF(FILE_MAX_BYTES);
    if (rule.status == 0) rule.status = 200;
    if (rule.status < 300)
        print_file(&body, name, size);
    else
        sea_buf_text(&body, "as the script wants it");
    fake_answer(fake, exchange, &rule,
                &(struct sea_http_answer){.status = (int)rule.status,
                                          .content_type = "application/octet-stream",
                                          .body = sea_buf_view(&body)});
    sea_buf_free(&body);
}

static void redirect(struct sea_http_exchange *exchange, int status, struct sea_str to)
{
    struct sea_buf header = SEA_BUF(ADDRESS_MAX_BYTES);
    sea_buf_printf(&header, "Location: %.*s\r\n", (int)to.len, to.ptr);
    sea_http_answer(exchange, &(struct sea_http_answer){.status = status, .headers = header.ptr});
    sea_buf_free(&header);
}

static bool has_login(struct sea_http_exchange *exchange, const struct sea_http_request *request,
                      const char *wanted)
{
    if (sea_str_starts(sea_http_header(request, "authorization"), wanted)) return true;
    sea_http_answer_json(exchange, 401, SEA_STR("{\"error\":\"refused\"}"));
    return false;
}

static struct sea_str value_of(const struct sea_http_request *request, const char *name,
                               struct sea_arena *arena)
{
    struct sea_str value = {NULL, 0};
    if (!sea_http_form_find(request->query, name, arena, &value)) return (struct sea_str){NULL, 0};
    return value;
}

/* As a file store does, it refuses a login that isn't its own. */
void fake_on_file(void *ctx, struct sea_http_exchange *exchange,
                  const struct sea_http_request *request)
{
    struct sea_arena arena = SEA_ARENA(ADDRESS_MAX_BYTES * 4);
    struct sea_str to = value_of(request, "to", &arena);
    uint64_t size = 0;
    if (!sea_str_u64(value_of(request, "size", &arena), &size)) size = 64;
    if (sea_http_header(request, "authorization").len)
        sea_http_answer_empty(exchange, 400);
    else if (to.len)
        redirect(exchange, 302, to);
    else
        serve(ctx, exchange, request->params[0], size);
    sea_arena_free(&arena);
}

void fake_on_whatsapp_media(void *ctx, struct sea_http_exchange *exchange,
                            const struct sea_http_request *request)
{
    struct sea_buf json = SEA_BUF(ADDRESS_MAX_BYTES);
    struct sea_str host = sea_http_header(request, "host"), id = request->params[1];
    (void)ctx;
    if (!has_login(exchange, request, "Bearer demo-whatsapp-token")) return;
    sea_buf_printf(&json,
                   "{\"messaging_product\":\"whatsapp\",\"id\":\"%.*s\","
                   "\"url\":\"http://%.*s/whatsapp_business/attachments/%.*s.jpg\"}",
                   (int)id.len, id.ptr, (int)host.len, host.ptr, (int)id.len, id.ptr);
    sea_http_answer_json(exchange, 200, sea_buf_view(&json));
    sea_buf_free(&json);
}

void fake_on_whatsapp_file(void *ctx, struct sea_http_exchange *exchange,
                           const struct sea_http_request *request)
{
    if (has_login(exchange, request, "Bearer demo-whatsapp-token"))
        serve(ctx, exchange, request->params[0], 64);
}

void fake_on_line_file(void *ctx, struct sea_http_exchange *exchange,
                       const struct sea_http_request *request)
{
    if (has_login(exchange, request, "Bearer demo-line-token"))
        serve(ctx, exchange, request->params[0], 64);
}

void fake_on_telegram_media(void *ctx, struct sea_http_exchange *exchange,
                            const struct sea_http_request *request)
{
    struct sea_arena arena = SEA_ARENA(ADDRESS_MAX_BYTES);
    struct sea_buf json = SEA_BUF(ADDRESS_MAX_BYTES);
    struct sea_str id = value_of(request, "file_id", &arena);
    (void)ctx;
    if (sea_str_is(request->params[0], "bot1:demo-telegram-token") && id.len) {
        sea_buf_printf(&json,
                       "{\"ok\":true,\"result\":{\"file_id\":\"%.*s\","
                       "\"file_path\":\"photos/%.*s.jpg\"}}",
                       (int)id.len, id.ptr, (int)id.len, id.ptr);
        sea_http_answer_json(exchange, 200, sea_buf_view(&json));
    } else {
        sea_http_answer_json(exchange, 401, SEA_STR("{\"ok\":false,\"error_code\":401}"));
    }
    sea_buf_free(&json);
    sea_arena_free(&arena);
}

void fake_on_telegram_file(void *ctx, struct sea_http_exchange *exchange,
                           const struct sea_http_request *request)
{
    if (sea_str_is(request->params[0], "bot1:demo-telegram-token"))
        serve(ctx, exchange, request->params[2], 64);
    else
        sea_http_answer_empty(exchange, 401);
}

void fake_on_twilio_media(void *ctx, struct sea_http_exchange *exchange,
                          const struct sea_http_request *request)
{
    struct sea_buf to = SEA_BUF(ADDRESS_MAX_BYTES);
    struct sea_str id = request->params[2];
    (void)ctx;
    if (!has_login(exchange, request, "Basic ")) return;
    sea_buf_printf(&to, "/files/%.*s.jpg", (int)id.len, id.ptr);
    redirect(exchange, 307, sea_buf_view(&to));
    sea_buf_free(&to);
}
