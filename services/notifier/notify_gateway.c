/* notify_gateway.c: a message to the company's own gateway. */
#include "notify_gateway.h"

#include <stdio.h>

#include "sea_enc.h"
#include "sea_webhook.h"

enum { BYTES_MAX = 128 * 1024 };

static void write_body(const struct notify_letter *letter, const char *attempt,
                       struct notify_call *ret)
{
    char time[SEA_TIME_TEXT];
    sea_time_print(letter->now_ms, time);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = notify_json_root(doc);
    yyjson_mut_obj_add_str(doc, root, "type", "message.send");
    yyjson_mut_obj_add_str(doc, root, "timestamp", time);
    yyjson_mut_val *data = yyjson_mut_obj_add_obj(doc, root, "data");
    yyjson_mut_obj_add_str(doc, data, "id", attempt);
    yyjson_mut_obj_add_str(doc, data, "channel", letter->account->channel->name);
    yyjson_mut_obj_add_str(doc, data, "account", letter->account->name);
    notify_json_str(doc, data, "to", letter->to);
    notify_json_str(doc, data, "text", letter->text);
    notify_call_json(ret, doc);
}

const char *notify_gateway_call(const struct notify_letter *letter, const char *attempt,
                                struct notify_call *ret)
{
    const struct sea_account *account = letter->account;
    char timestamp[24], signature[SEA_WEBHOOK_SIGNATURE_TEXT];
    if (letter->text.len > BYTES_MAX) return "too_long";
    write_body(letter, attempt, ret);
    sea_buf_text(&ret->url, account->api_base);
    snprintf(timestamp, sizeof(timestamp), "%lld", (long long)(letter->now_ms / 1000));
    snprintf(ret->lines[0], sizeof(ret->lines[0]), "webhook-id: %s", attempt);
    snprintf(ret->lines[1], sizeof(ret->lines[1]), "webhook-timestamp: %s", timestamp);
    sea_buf_text(&ret->authorization, "webhook-signature:");
    for (uint32_t i = 0; i < account->token.count; i++) {
        struct sea_mac *mac = NULL;
        if (!sea_webhook_account_open(&mac, account->token.live[i])) return "no_sender";
        sea_webhook_standard_sign(mac, sea_str(attempt), sea_str(timestamp),
                                  sea_buf_view(&ret->body), signature);
        sea_mac_close(&mac);
        sea_buf_printf(&ret->authorization, " %s", signature);
    }
    return NULL;
}

yyjson_val *notify_gateway_id(yyjson_val *root)
{
    return yyjson_obj_get(root, "id");
}
