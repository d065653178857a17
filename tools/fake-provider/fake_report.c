/* fake_report.c: status callbacks: when they are due, how they look, how they are signed. */
#include "fake_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yyjson.h>

#include "sea_clock.h"
#include "sea_enc.h"
#include "sea_http_client.h"
#include "sea_log.h"
#include "sea_mac.h"

enum {
    WAITING_MAX = 50000,
    BATCH_MAX = 50,
    FLUSH_MS = 10,
    TRIES_MAX = 10,
    FIRST_PAUSE_MS = 200,
    PAUSE_MAX_MS = 5000,
};

/* One status of one message on its way to ingest. */
struct callback {
    TAILQ_ENTRY(callback) of_list;
    struct fake_reporter *reporter;
    struct fake_message *message;
    char status[FAKE_STATUS_TEXT];
    int64_t error, happened_ms;
    uint32_t tries;
};

TAILQ_HEAD(callbacks, callback);

/* One request with its callbacks. */
struct batch {
    TAILQ_ENTRY(batch) of_reporter;
    struct fake_reporter *reporter;
    struct callbacks callbacks;
};

struct fake_reporter {
    struct sea_app *app;
    const char *ingest_url;
    const int64_t *offset_ms;
    struct sea_http_client *client;
    struct sea_mac *whatsapp, *twilio;
    struct callbacks waiting, due; /* for their time; for the next flush */
    TAILQ_HEAD(, batch) batches;   /* under way */
    size_t count;
    bool is_flush_set;
};

static void free_callback(struct callback *callback)
{
    callback->reporter->count--;
    fake_message_release(callback->message);
    free(callback);
}

static void flush(void *ctx);

static void set_flush(struct fake_reporter *reporter)
{
    if (reporter->is_flush_set) return;
    reporter->is_flush_set = true;
    sea_app_after(reporter->app, FLUSH_MS, flush, reporter);
}

static void on_due(void *ctx)
{
    struct callback *callback = ctx;
    struct fake_reporter *reporter = callback->reporter;
    TAILQ_REMOVE(&reporter->waiting, callback, of_list);
    TAILQ_INSERT_TAIL(&reporter->due, callback, of_list);
    set_flush(reporter);
}

static void wait_for(struct callback *callback, int64_t ms)
{
    TAILQ_INSERT_TAIL(&callback->reporter->waiting, callback, of_list);
    sea_app_after(callback->reporter->app, (int)ms, on_due, callback);
}

/* Only WhatsApp tries again. */
static void finish(struct callback *callback, int answer)
{
    bool is_taken = answer / 100 == 2;
    bool is_final = is_taken || callback->message->channel != FAKE_WHATSAPP ||
                    ++callback->tries == TRIES_MAX || sea_app_is_draining(callback->reporter->app);
    if (!is_final) {
        int64_t pause_ms = FIRST_PAUSE_MS << (callback->tries - 1);
        wait_for(callback, pause_ms < PAUSE_MAX_MS ? pause_ms : PAUSE_MAX_MS);
        return;
    }
    if (!is_taken)
        sea_log(SEA_LOG_WARN, "status not taken", SEA_F_STR("id", callback->message->id),
                SEA_F_I64("answer", answer));
    fake_message_report(callback->message, callback->status, answer);
    free_callback(callback);
}

static void on_reply(void *ctx, const struct sea_http_reply *reply)
{
    struct batch *batch = ctx;
    struct callback *callback;
    while ((callback = TAILQ_FIRST(&batch->callbacks)) != NULL) {
        TAILQ_REMOVE(&batch->callbacks, callback, of_list);
        finish(callback, reply->status);
    }
    TAILQ_REMOVE(&batch->reporter->batches, batch, of_reporter);
    free(batch);
}

/* Cloud API: the "statuses" of a webhook. */
static void add_whatsapp_status(yyjson_mut_doc *doc, yyjson_mut_val *list,
                                const struct callback *callback)
{
    const struct fake_message *message = callback->message;
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%lld", (long long)callback->happened_ms / 1000);
    yyjson_mut_val *status = yyjson_mut_arr_add_obj(doc, list);
    yyjson_mut_obj_add_str(doc, status, "id", message->id);
    yyjson_mut_obj_add_str(doc, status, "status", callback->status);
    yyjson_mut_obj_add_strcpy(doc, status, "timestamp", seconds);
    yyjson_mut_obj_add_str(doc, status, "recipient_id", message->to);
    if (message->callback_data != NULL)
        yyjson_mut_obj_add_str(doc, status, "biz_opaque_callback_data", message->callback_data);
    if (strcmp(callback->status, "failed") != 0) return;
    yyjson_mut_val *error =
        yyjson_mut_arr_add_obj(doc, yyjson_mut_obj_add_arr(doc, status, "errors"));
    yyjson_mut_obj_add_int(doc, error, "code", callback->error);
    yyjson_mut_obj_add_str(doc, error, "title", "Message undeliverable");
}

static char *whatsapp_body(const struct batch *batch, size_t *ret_len)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_str(doc, root, "object", "whatsapp_business_account");
    yyjson_mut_val *entry = yyjson_mut_arr_add_obj(doc, yyjson_mut_obj_add_arr(doc, root, "entry"));
    yyjson_mut_obj_add_str(doc, entry, "id", "demo");
    yyjson_mut_val *change =
        yyjson_mut_arr_add_obj(doc, yyjson_mut_obj_add_arr(doc, entry, "changes"));
    yyjson_mut_obj_add_str(doc, change, "field", "messages");
    yyjson_mut_val *value = yyjson_mut_obj_add_obj(doc, change, "value");
    yyjson_mut_obj_add_str(doc, value, "messaging_product", "whatsapp");
    yyjson_mut_val *metadata = yyjson_mut_obj_add_obj(doc, value, "metadata");
    yyjson_mut_obj_add_str(doc, metadata, "phone_number_id",
                           TAILQ_FIRST(&batch->callbacks)->message->from);
    yyjson_mut_val *statuses = yyjson_mut_obj_add_arr(doc, value, "statuses");
    const struct callback *callback;
    TAILQ_FOREACH(callback, &batch->callbacks, of_list)
    add_whatsapp_status(doc, statuses, callback);
    char *text = yyjson_mut_write(doc, 0, ret_len);
    yyjson_mut_doc_free(doc);
    sea_assert(text != NULL);
    return text;
}

/* False: too many requests are under way. */
static bool post(struct batch *batch, const struct sea_http_call *call)
{
    return sea_http_client_send(batch->reporter->client, call, on_reply, batch) != NULL;
}

static bool post_whatsapp(struct batch *batch)
{
    struct fake_reporter *reporter = batch->reporter;
    uint8_t code[SEA_MAC_MOST_BYTES];
    char url[1024], signature[128] = "X-Hub-Signature-256: sha256=";
    size_t len = 0;
    char *body = whatsapp_body(batch, &len);
    struct sea_str text = {body, len};
    sea_hex_print(code, sea_mac_sign(reporter->whatsapp, &text, 1, code),
                  signature + strlen(signature));
    snprintf(url, sizeof url, "%s/v1/channels/whatsapp/demo", reporter->ingest_url);
    const char *const headers[] = {"Content-Type: application/json", signature, NULL};
    bool is_started = post(batch, &(struct sea_http_call){.peer = "ingest",
                                                          .method = SEA_HTTP_POST,
                                                          .url = url,
                                                          .headers = headers,
                                                          .body = text,
                                                          .may_repeat = true});
    free(body);
    return is_started;
}

/* The form, and what Twilio signs: the address, then names and values sorted by name. */
static void print_twilio(const struct callback *callback, struct sea_buf *form,
                         struct sea_buf *signed_text)
{
    const struct fake_message *message = callback->message;
    char error[24] = "";
    bool is_failure =
        strcmp(callback->status, "failed") == 0 || strcmp(callback->status, "undelivered") == 0;
    snprintf(error, sizeof error, "%lld", (long long)callback->error);
    const struct {
        const char *name, *value;
    } params[] = {
        {"AccountSid", message->sid},
        {"ApiVersion", "2010-04-01"},
        {"ErrorCode", is_failure ? error : NULL},
        {"From", message->from},
        {"MessageSid", message->id},
        {"MessageStatus", callback->status},
        {"SmsSid", message->id},
        {"SmsStatus", callback->status},
        {"To", message->to},
    };
    sea_buf_text(signed_text, message->callback_url);
    for (size_t i = 0; i < SEA_COUNT(params); i++) {
        if (params[i].value == NULL) continue;
        sea_http_form_add(form, params[i].name, sea_str(params[i].value));
        sea_buf_text(signed_text, params[i].name);
        sea_buf_text(signed_text, params[i].value);
    }
}

/* The path and query of an address. */
static const char *path_of(const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
    return path != NULL ? path : "/";
}

static bool post_twilio(struct batch *batch)
{
    struct fake_reporter *reporter = batch->reporter;
    const struct callback *callback = TAILQ_FIRST(&batch->callbacks);
    struct sea_buf form = SEA_BUF(16384), signed_text = SEA_BUF(16384), url = SEA_BUF(8192);
    uint8_t code[SEA_MAC_MOST_BYTES];
    char signature[128] = "X-Twilio-Signature: ";
    print_twilio(callback, &form, &signed_text);
    struct sea_str text = sea_buf_view(&signed_text);
    sea_base64_print(code, sea_mac_sign(reporter->twilio, &text, 1, code),
                     signature + strlen(signature));
    sea_buf_text(&url, reporter->ingest_url);
    sea_buf_text(&url, path_of(callback->message->callback_url));
    const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", signature,
                                   NULL};
    bool is_started = post(batch, &(struct sea_http_call){.peer = "ingest",
                                                          .method = SEA_HTTP_POST,
                                                          .url = url.ptr,
                                                          .headers = headers,
                                                          .body = sea_buf_view(&form),
                                                          .may_repeat = true});
    sea_buf_free(&form);
    sea_buf_free(&signed_text);
    sea_buf_free(&url);
    return is_started;
}

/* Due callbacks that go in one request with the first of them. */
static struct batch *take_batch(struct fake_reporter *reporter)
{
    struct batch *batch = sea_alloc(sizeof *batch);
    struct callback *callback = TAILQ_FIRST(&reporter->due);
    enum fake_channel channel = callback->message->channel;
    size_t most = channel == FAKE_WHATSAPP ? BATCH_MAX : 1;
    batch->reporter = reporter;
    TAILQ_INIT(&batch->callbacks);
    for (size_t count = 0; callback != NULL && count < most; count++) {
        struct callback *next = TAILQ_NEXT(callback, of_list);
        if (callback->message->channel == channel) {
            TAILQ_REMOVE(&reporter->due, callback, of_list);
            TAILQ_INSERT_TAIL(&batch->callbacks, callback, of_list);
        }
        callback = next;
    }
    TAILQ_INSERT_TAIL(&reporter->batches, batch, of_reporter);
    return batch;
}

static void flush(void *ctx)
{
    struct fake_reporter *reporter = ctx;
    reporter->is_flush_set = false;
    while (!TAILQ_EMPTY(&reporter->due)) {
        struct batch *batch = take_batch(reporter);
        bool is_whatsapp = TAILQ_FIRST(&batch->callbacks)->message->channel == FAKE_WHATSAPP;
        if (is_whatsapp ? post_whatsapp(batch) : post_twilio(batch)) continue;
        TAILQ_REMOVE(&reporter->batches, batch, of_reporter);
        TAILQ_CONCAT(&batch->callbacks, &reporter->due, of_list);
        TAILQ_CONCAT(&reporter->due, &batch->callbacks, of_list);
        free(batch);
        set_flush(reporter);
        return;
    }
}

static size_t first_of(const struct fake_statuses *statuses, const char *name)
{
    size_t i = 0;
    while (strcmp(statuses->names[i], name) != 0) i++;
    return i;
}

void fake_report(struct fake_reporter *reporter, struct fake_message *message,
                 const struct fake_statuses *statuses, int64_t gap_ms, int64_t error)
{
    int64_t now_ms = sea_clock_wall_ms() + *reporter->offset_ms;
    if (message->channel != FAKE_WHATSAPP && message->callback_url == NULL) return;
    for (size_t i = 0; i < statuses->count; i++) {
        if (reporter->count == WAITING_MAX) {
            sea_log(SEA_LOG_WARN, "too many statuses waiting", SEA_F_STR("id", message->id));
            return;
        }
        struct callback *callback = sea_alloc(sizeof *callback);
        /* A status that is repeated is the same one: with the time at which it first came. */
        size_t first = first_of(statuses, statuses->names[i]);
        *callback = (struct callback){.reporter = reporter,
                                      .message = message,
                                      .error = error,
                                      .happened_ms = now_ms + gap_ms * (int64_t)(first + 1)};
        memcpy(callback->status, statuses->names[i], sizeof callback->status);
        message->references++;
        reporter->count++;
        wait_for(callback, gap_ms * (int64_t)(i + 1));
    }
}

enum sea_err fake_reporter_open(struct fake_reporter **ret, struct sea_app *app,
                                const char *ingest_url, const int64_t *offset_ms)
{
    struct fake_reporter *reporter = sea_alloc(sizeof *reporter);
    struct sea_http_client_config config = {.in_flight_max = 64};
    *reporter =
        (struct fake_reporter){.app = app, .ingest_url = ingest_url, .offset_ms = offset_ms};
    TAILQ_INIT(&reporter->waiting);
    TAILQ_INIT(&reporter->due);
    TAILQ_INIT(&reporter->batches);
    sea_mac_open(&reporter->whatsapp, SEA_MAC_SHA256, SEA_STR("demo-whatsapp-secret"));
    sea_mac_open(&reporter->twilio, SEA_MAC_SHA1, SEA_STR("demo-twilio-sms-secret"));
    *ret = reporter;
    return sea_http_client_open(&reporter->client, sea_app_base(app), &config);
}

static void free_list(struct callbacks *list)
{
    struct callback *callback;
    while ((callback = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, callback, of_list);
        free_callback(callback);
    }
}

void fake_reporter_close(struct fake_reporter **pointer)
{
    struct fake_reporter *reporter = *pointer;
    struct batch *batch;
    if (reporter == NULL) return;
    *pointer = NULL;
    sea_http_client_close(&reporter->client);
    while ((batch = TAILQ_FIRST(&reporter->batches)) != NULL) {
        TAILQ_REMOVE(&reporter->batches, batch, of_reporter);
        free_list(&batch->callbacks);
        free(batch);
    }
    free_list(&reporter->waiting);
    free_list(&reporter->due);
    sea_mac_close(&reporter->whatsapp);
    sea_mac_close(&reporter->twilio);
    free(reporter);
}
