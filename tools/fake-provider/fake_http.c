/* fake_http.c: the calls that tests make, the translation engine, and answers that are held back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yyjson.h>

#include "fake.h"
#include "fake_translate.h"
#include "sea_json.h"

enum {
    SEND_MAX_BYTES = 1 << 20,
    SCRIPT_MAX_BYTES = 1 << 20,
    TRANSLATE_MAX_BYTES = 1 << 20,
    PRINT_MAX_BYTES = 256 << 20,
    SILENCE_MS = 120000, /* longer than anybody waits */
};

/* ---- answers that are held back ---- */

struct fake_answer {
    TAILQ_ENTRY(fake_answer) of_fake;
    struct fake *fake;
    struct event *timer;
    struct sea_http_exchange *exchange;
    int status;
    bool is_silent;
    const char *content_type;
    char headers[64];
    char *body;
    size_t body_len;
};

static void let_out(struct fake_answer *answer)
{
    TAILQ_REMOVE(&answer->fake->held, answer, of_fake);
    if (answer->is_silent) {
        sea_http_answer_empty(answer->exchange, 504);
    } else {
        sea_http_answer(answer->exchange,
                        &(struct sea_http_answer){.status = answer->status,
                                                  .content_type = answer->content_type,
                                                  .headers = answer->headers,
                                                  .body = {answer->body, answer->body_len}});
    }
    event_free(answer->timer);
    free(answer->body);
    free(answer);
}

static void on_time(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    let_out(ctx);
}

void fake_answer_held(struct fake *fake)
{
    /* let_out takes the first off the list, which the analyzer doesn't see. */
    while (!TAILQ_EMPTY(&fake->held)) let_out(TAILQ_FIRST(&fake->held)); /* NOLINT(*Malloc) */
}

void fake_answer(struct fake *fake, struct sea_http_exchange *exchange,
                 const struct fake_rule *rule, const struct sea_http_answer *answer)
{
    struct fake_answer *held = sea_alloc(sizeof *held);
    *held = (struct fake_answer){.fake = fake,
                                 .exchange = exchange,
                                 .status = answer->status,
                                 .is_silent = rule->silent,
                                 .content_type = answer->content_type,
                                 .body = sea_str_dup(answer->body),
                                 .body_len = answer->body.len};
    if (rule->retry_after_s > 0)
        snprintf(held->headers, sizeof held->headers, "Retry-After: %lld\r\n",
                 (long long)rule->retry_after_s);
    TAILQ_INSERT_TAIL(&fake->held, held, of_fake);
    int64_t ms = rule->silent ? SILENCE_MS : rule->delay_ms;
    struct timeval delay = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
    held->timer = evtimer_new(sea_app_base(fake->app), on_time, held);
    sea_assert(held->timer != NULL);
    if (ms > 0)
        evtimer_add(held->timer, &delay);
    else
        let_out(held);
}

/* ---- the translation engine ---- */

static void refuse_translation(struct sea_http_exchange *exchange, const char *detail)
{
    struct sea_buf body = SEA_BUF(1024);
    sea_buf_text(&body, "{\"error\":");
    sea_json_string(&body, sea_str(detail));
    sea_buf_char(&body, '}');
    sea_http_answer_json(exchange, 400, sea_buf_view(&body));
    sea_buf_free(&body);
}

/* The texts of a call; of a form one. */
struct question {
    struct sea_str source, target;
    yyjson_val *texts; /* a string or a list of strings; NULL: a form's `text` */
    struct sea_str text;
};

static void print_translated(struct sea_buf *out, struct sea_str text, const struct question *asked,
                             bool is_mangled)
{
    struct sea_buf translated = SEA_BUF(2 * TRANSLATE_MAX_BYTES);
    fake_translate(text, asked->target, is_mangled, &translated);
    sea_json_string(out, sea_buf_view(&translated));
    sea_buf_free(&translated);
}

static struct sea_str text_of(yyjson_val *value)
{
    return (struct sea_str){yyjson_get_str(value), yyjson_get_len(value)};
}

static void print_detected(struct sea_buf *out, struct sea_str text)
{
    sea_buf_printf(out, "{\"confidence\":90,\"language\":\"%s\"}", fake_translate_detect(text));
}

static void print_translations(struct sea_buf *out, const struct question *asked, bool is_mangled)
{
    size_t i, count;
    yyjson_val *value;
    bool is_auto = sea_str_is(asked->source, "auto");
    if (!yyjson_is_arr(asked->texts)) {
        sea_buf_text(out, "{\"translatedText\":");
        print_translated(out, asked->text, asked, is_mangled);
        if (is_auto) sea_buf_text(out, ",\"detectedLanguage\":");
        if (is_auto) print_detected(out, asked->text);
        sea_buf_char(out, '}');
        return;
    }
    sea_buf_text(out, "{\"translatedText\":[");
    yyjson_arr_foreach(asked->texts, i, count, value)
    {
        if (i > 0) sea_buf_char(out, ',');
        print_translated(out, text_of(value), asked, is_mangled);
    }
    sea_buf_text(out, is_auto ? "],\"detectedLanguage\":[" : "]");
    yyjson_arr_foreach(asked->texts, i, count, value)
    {
        if (is_auto && i > 0) sea_buf_char(out, ',');
        if (is_auto) print_detected(out, text_of(value));
    }
    sea_buf_text(out, is_auto ? "]}" : "}");
}

static void answer_translation(struct fake *fake, struct sea_http_exchange *exchange,
                               const struct question *asked)
{
    struct fake_rule rule =
        fake_script_take(&fake->script, FAKE_TRANSLATE, asked->target, asked->text);
    struct sea_buf body = SEA_BUF(PRINT_MAX_BYTES);
    if (rule.status == 0) rule.status = 200;
    if (rule.status == 200)
        print_translations(&body, asked, rule.mangle);
    else
        sea_buf_text(&body, "{\"error\":\"as the script wants it\"}");
    fake_answer(fake, exchange, &rule,
                &(struct sea_http_answer){.status = (int)rule.status,
                                          .content_type = "application/json",
                                          .body = sea_buf_view(&body)});
    sea_buf_free(&body);
}

static bool are_texts(yyjson_val *texts)
{
    size_t i, count;
    yyjson_val *value;
    if (yyjson_is_str(texts)) return true;
    if (!yyjson_is_arr(texts) || yyjson_arr_size(texts) == 0) return false;
    yyjson_arr_foreach(texts, i, count, value)
    {
        if (!yyjson_is_str(value)) return false;
    }
    return true;
}

static void check_question(struct fake *fake, struct sea_http_exchange *exchange,
                           const struct question *asked)
{
    bool is_known = sea_str_is(asked->source, "auto") || fake_translate_knows(asked->source);
    if (asked->text.ptr == NULL)
        refuse_translation(exchange, "Invalid request: missing q parameter");
    else if (asked->source.len == 0)
        refuse_translation(exchange, "Invalid request: missing source parameter");
    else if (asked->target.len == 0)
        refuse_translation(exchange, "Invalid request: missing target parameter");
    else if (!is_known || !fake_translate_knows(asked->target))
        refuse_translation(exchange, "the language is not supported");
    else
        answer_translation(fake, exchange, asked);
}

static void on_translate(void *ctx, struct sea_http_exchange *exchange,
                         const struct sea_http_request *request)
{
    struct question asked = {.texts = NULL};
    if (sea_http_is_type(request, "application/x-www-form-urlencoded")) {
        struct sea_arena arena = SEA_ARENA(4 * TRANSLATE_MAX_BYTES);
        struct {
            const char *name;
            struct sea_str *value;
        } fields[] = {{"q", &asked.text}, {"source", &asked.source}, {"target", &asked.target}};
        for (size_t i = 0; i < SEA_COUNT(fields); i++)
            if (!sea_http_form_find(request->body, fields[i].name, &arena, fields[i].value))
                *fields[i].value = (struct sea_str){NULL, 0};
        check_question(ctx, exchange, &asked);
        sea_arena_free(&arena);
        return;
    }
    yyjson_doc *doc = yyjson_read(request->body.ptr, request->body.len, 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    asked.texts = yyjson_obj_get(root, "q");
    asked.source = text_of(yyjson_obj_get(root, "source"));
    asked.target = text_of(yyjson_obj_get(root, "target"));
    if (are_texts(asked.texts))
        asked.text =
            text_of(yyjson_is_arr(asked.texts) ? yyjson_arr_get_first(asked.texts) : asked.texts);
    check_question(ctx, exchange, &asked);
    yyjson_doc_free(doc);
}

static void on_languages(void *ctx, struct sea_http_exchange *exchange,
                         const struct sea_http_request *request)
{
    (void)ctx;
    (void)request;
    struct sea_buf body = SEA_BUF(8192);
    sea_buf_char(&body, '[');
    for (size_t i = 0; i < fake_languages_count; i++) {
        sea_buf_printf(&body, "%s{\"code\":\"%s\",\"name\":\"%s\",\"targets\":[", i > 0 ? "," : "",
                       fake_languages[i].code, fake_languages[i].name);
        for (size_t j = 0; j < fake_languages_count; j++)
            sea_buf_printf(&body, "%s\"%s\"", j > 0 ? "," : "", fake_languages[j].code);
        sea_buf_text(&body, "]}");
    }
    sea_buf_char(&body, ']');
    sea_http_answer_json(exchange, 200, sea_buf_view(&body));
    sea_buf_free(&body);
}

/* ---- log, script, clock ---- */

static struct sea_str query_value(const struct sea_http_request *request, const char *name,
                                  struct sea_arena *arena)
{
    struct sea_str value = {NULL, 0};
    if (!sea_http_form_find(request->query, name, arena, &value)) return (struct sea_str){NULL, 0};
    return value;
}

static void on_log(void *ctx, struct sea_http_exchange *exchange,
                   const struct sea_http_request *request)
{
    struct fake *fake = ctx;
    struct sea_arena arena = SEA_ARENA(65536);
    struct sea_buf body = SEA_BUF(PRINT_MAX_BYTES);
    struct fake_filter filter = {.channel = query_value(request, "channel", &arena),
                                 .to = query_value(request, "to", &arena),
                                 .is_all = sea_str_is(query_value(request, "all", &arena), "true")};
    fake_log_print(&fake->log, &filter, &body);
    sea_http_answer(exchange, &(struct sea_http_answer){.status = 200,
                                                        .content_type = "application/jsonl",
                                                        .body = sea_buf_view(&body)});
    sea_buf_free(&body);
    sea_arena_free(&arena);
}

static void on_clear(void *ctx, struct sea_http_exchange *exchange,
                     const struct sea_http_request *request)
{
    struct fake *fake = ctx;
    struct sea_arena arena = SEA_ARENA(4096);
    fake_log_clear(&fake->log);
    if (sea_str_is(query_value(request, "script", &arena), "true"))
        memset(&fake->script, 0, sizeof fake->script);
    sea_http_answer_empty(exchange, 204);
    sea_arena_free(&arena);
}

static void on_script(void *ctx, struct sea_http_exchange *exchange,
                      const struct sea_http_request *request)
{
    struct fake *fake = ctx;
    struct fake_script_error error;
    if (fake_script_parse(request->body, &fake->script, &error)) {
        sea_http_answer_empty(exchange, 204);
        return;
    }
    sea_http_answer_problem(exchange, &(struct sea_problem){.code = SEA_PROBLEM_INVALID,
                                                            .detail = error.detail,
                                                            .field = error.field});
}

static void on_script_asked(void *ctx, struct sea_http_exchange *exchange,
                            const struct sea_http_request *request)
{
    (void)request;
    struct fake *fake = ctx;
    struct sea_buf body = SEA_BUF(SCRIPT_MAX_BYTES);
    fake_script_print(&fake->script, &body);
    sea_http_answer_json(exchange, 200, sea_buf_view(&body));
    sea_buf_free(&body);
}

static void on_clock(void *ctx, struct sea_http_exchange *exchange,
                     const struct sea_http_request *request)
{
    struct fake *fake = ctx;
    yyjson_doc *doc = yyjson_read(request->body.ptr, request->body.len, 0);
    yyjson_val *offset = yyjson_obj_get(yyjson_doc_get_root(doc), "offset_ms");
    if (yyjson_is_int(offset)) {
        fake->offset_ms = yyjson_get_sint(offset);
        sea_http_answer_empty(exchange, 204);
    } else {
        sea_http_answer_problem(exchange,
                                &(struct sea_problem){.code = SEA_PROBLEM_INVALID,
                                                      .detail = "a whole number of milliseconds",
                                                      .field = "/offset_ms"});
    }
    yyjson_doc_free(doc);
}

static void on_health(void *ctx, struct sea_http_exchange *exchange,
                      const struct sea_http_request *request)
{
    (void)ctx;
    (void)request;
    sea_http_answer_json(exchange, 200, SEA_STR("{\"ready\":true,\"missing\":{}}"));
}

const struct sea_http_route fake_routes[] = {
    {SEA_HTTP_POST, "/{version}/{number}/messages", fake_on_meta, SEND_MAX_BYTES},
    {SEA_HTTP_POST, "/2010-04-01/Accounts/{sid}/Messages.json", fake_on_twilio, SEND_MAX_BYTES},
    {SEA_HTTP_PUT, "/api/v2/tickets/{ticket}", fake_on_zendesk, SEND_MAX_BYTES},
    {SEA_HTTP_POST, "/api/v2/tickets/{ticket}/reply", fake_on_freshdesk, SEND_MAX_BYTES},
    {SEA_HTTP_POST, "/conversations/{conversation}/reply", fake_on_intercom, SEND_MAX_BYTES},
    {SEA_HTTP_GET, "/files/{name}", fake_on_file, 0},
    {SEA_HTTP_GET, "/whatsapp_business/attachments/{id}", fake_on_whatsapp_file, 0},
    {SEA_HTTP_GET, "/v2/bot/message/{id}/content", fake_on_line_file, 0},
    {SEA_HTTP_GET, "/2010-04-01/Accounts/{sid}/Messages/{message}/Media/{id}", fake_on_twilio_media,
     0},
    {SEA_HTTP_GET, "/file/{bot}/{folder}/{name}", fake_on_telegram_file, 0},
    {SEA_HTTP_GET, "/{bot}/getFile", fake_on_telegram_media, 0},
    {SEA_HTTP_POST, "/version1/messaging", fake_on_africastalking, SEND_MAX_BYTES},
    {SEA_HTTP_POST, "/v2/bot/message/push", fake_on_line, SEND_MAX_BYTES},
    {SEA_HTTP_POST, "/{bot}/sendMessage", fake_on_telegram, SEND_MAX_BYTES},
    {SEA_HTTP_POST, "/chat.postMessage", fake_on_slack, SEND_MAX_BYTES},
    {SEA_HTTP_POST, "/gateway", fake_on_gateway, SEND_MAX_BYTES},
    {SEA_HTTP_POST, "/translate", on_translate, TRANSLATE_MAX_BYTES},
    {SEA_HTTP_GET, "/languages", on_languages, 0},
    {SEA_HTTP_GET, "/log", on_log, 0},
    {SEA_HTTP_DELETE, "/log", on_clear, 0},
    {SEA_HTTP_POST, "/script", on_script, SCRIPT_MAX_BYTES},
    {SEA_HTTP_GET, "/script", on_script_asked, 0},
    {SEA_HTTP_PUT, "/clock", on_clock, 4096},
    {SEA_HTTP_GET, "/healthz", on_health, 0},
    {SEA_HTTP_GET, "/readyz", on_health, 0},
    {SEA_HTTP_GET, "/{version}/{id}", fake_on_whatsapp_media, 0},
};
const size_t fake_routes_count = SEA_COUNT(fake_routes);
