/* notify_apps.c: LINE, Messenger with Instagram, Telegram and Slack, side by side. */
#include "notify_apps.h"

#include <stdio.h>
#include <string.h>

enum {
    LINE_UNITS_MAX = 5000,
    MESSENGER_CHARS_MAX = 2000,
    INSTAGRAM_BYTES_MAX = 1000,
    TELEGRAM_UNITS_MAX = 4096,
    SLACK_CHARS_MAX = 40000, /* what is longer it cuts */
};

/* ---- LINE ---- */

/* Under its key LINE takes a message once, however often it comes. */
const char *notify_line_call(const struct notify_letter *letter, const char *attempt,
                             struct notify_call *ret)
{
    const struct sea_account *account = letter->account;
    if (notify_units(letter->text) > LINE_UNITS_MAX) return "too_long";
    sea_buf_printf(&ret->url, "%s/v2/bot/message/push", account->api_base);
    notify_call_bearer(ret, account->token.live[0]);
    snprintf(ret->lines[0], sizeof(ret->lines[0]), "X-Line-Retry-Key: %s", attempt);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = notify_json_root(doc);
    notify_json_str(doc, root, "to", letter->to);
    yyjson_mut_val *messages = yyjson_mut_obj_add_arr(doc, root, "messages");
    yyjson_mut_val *message = yyjson_mut_arr_add_obj(doc, messages);
    yyjson_mut_obj_add_str(doc, message, "type", "text");
    notify_json_str(doc, message, "text", letter->text);
    notify_call_json(ret, doc);
    return NULL;
}

yyjson_val *notify_line_id(yyjson_val *root)
{
    return notify_text_only(yyjson_ptr_get(root, "/sentMessages/0/id"));
}

/* 409: an earlier try under the same key was accepted. What may have been accepted is asked again;
 * the last time there is nobody left to ask. */
void notify_line_refused(yyjson_val *root, const struct notify_response *response, uint32_t tries,
                         struct notify_answer *answer)
{
    if (response->status == 409) {
        answer->kind = NOTIFY_ANSWER_ACCEPTED;
        (void)notify_answer_id(answer, notify_line_id(root));
    } else if (answer->kind == NOTIFY_ANSWER_UNCERTAIN && tries + 1 < NOTIFY_TRIES_MAX) {
        notify_answer_later(answer, response, tries, 2);
    }
}

/* ---- Messenger and Instagram ---- */

const char *notify_messenger_call(const struct notify_letter *letter, const char *attempt,
                                  struct notify_call *ret)
{
    const struct sea_account *account = letter->account;
    bool is_instagram = strcmp(account->channel->name, "instagram") == 0;
    (void)attempt; /* it carries no id of ours back */
    if (is_instagram ? letter->text.len > INSTAGRAM_BYTES_MAX
                     : notify_chars(letter->text) > MESSENGER_CHARS_MAX)
        return "too_long";
    notify_call_graph(ret, account);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = notify_json_root(doc);
    yyjson_mut_val *recipient = yyjson_mut_obj_add_obj(doc, root, "recipient");
    notify_json_str(doc, recipient, "id", letter->to);
    yyjson_mut_obj_add_str(doc, root, "messaging_type", "RESPONSE");
    yyjson_mut_val *message = yyjson_mut_obj_add_obj(doc, root, "message");
    notify_json_str(doc, message, "text", letter->text);
    notify_call_json(ret, doc);
    return NULL;
}

yyjson_val *notify_messenger_id(yyjson_val *root)
{
    return notify_text_only(yyjson_obj_get(root, "message_id"));
}

/* 4, 32 and 613: the limits of application, page and calls; 1200: out of order for now; 190: the
 * token, which a person mends. Subcodes of 10: more than a day since the customer's last message.
 */
void notify_messenger_refused(yyjson_val *root, const struct notify_response *response,
                              uint32_t tries, struct notify_answer *answer)
{
    static const int64_t later[] = {4, 32, 190, 613, 1200};
    static const int64_t closed[] = {2018065, 2018278, 2534022};
    yyjson_val *error = yyjson_obj_get(root, "error");
    int64_t number;
    if (!notify_answer_code(answer, yyjson_obj_get(error, "code"), &number)) return;
    int64_t detail = yyjson_get_sint(yyjson_obj_get(error, "error_subcode"));
    if (notify_is_any(number, later, SEA_COUNT(later)))
        notify_answer_later(answer, response, tries, number == 190 ? 4 : 2);
    answer->is_window_closed = answer->kind == NOTIFY_ANSWER_REJECTED && number == 10 &&
                               notify_is_any(detail, closed, SEA_COUNT(closed));
}

/* ---- Telegram ---- */

/* A number; of groups negative. */
static bool is_chat(struct sea_str to)
{
    int64_t number;
    return sea_str_i64(to, &number);
}

const char *notify_telegram_call(const struct notify_letter *letter, const char *attempt,
                                 struct notify_call *ret)
{
    const struct sea_account *account = letter->account;
    struct sea_str token = account->token.live[0];
    (void)attempt; /* nothing of ours comes back, nor is anything known twice */
    if (!is_chat(letter->to)) return "no_address";
    if (notify_units(letter->text) > TELEGRAM_UNITS_MAX) return "too_long";
    sea_buf_printf(&ret->url, "%s/bot%.*s/sendMessage", account->api_base, (int)token.len,
                   token.ptr);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = notify_json_root(doc);
    notify_json_str(doc, root, "chat_id", letter->to);
    notify_json_str(doc, root, "text", letter->text);
    yyjson_mut_val *preview = yyjson_mut_obj_add_obj(doc, root, "link_preview_options");
    yyjson_mut_obj_add_bool(doc, preview, "is_disabled", true);
    notify_call_json(ret, doc);
    return NULL;
}

yyjson_val *notify_telegram_id(yyjson_val *root)
{
    return yyjson_ptr_get(root, "/result/message_id");
}

/* It says in the body how long to wait. */
void notify_telegram_refused(yyjson_val *root, const struct notify_response *response,
                             uint32_t tries, struct notify_answer *answer)
{
    enum { MOST_S = 86400 };
    yyjson_val *after = yyjson_ptr_get(root, "/parameters/retry_after");
    struct notify_response told = *response;
    if (response->status != 429 || !yyjson_is_uint(after)) return;
    uint64_t seconds = yyjson_get_uint(after);
    told.retry_after_ms = (int64_t)(seconds < MOST_S ? seconds : MOST_S) * 1000;
    notify_answer_later(answer, &told, tries, 2);
}

/* ---- Slack ---- */

/* Where it was asked, as far as that is told: in a channel, under its message. */
static void add_place(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct notify_letter *letter)
{
    struct sea_str id = letter->thread;
    const char *colon = id.len > 0 ? memchr(id.ptr, ':', id.len) : NULL;
    if (colon == NULL || id.ptr[0] == 'D') { /* of a direct message */
        notify_json_str(doc, root, "channel", letter->to);
        return;
    }
    size_t len = (size_t)(colon - id.ptr);
    notify_json_str(doc, root, "channel", (struct sea_str){id.ptr, len});
    notify_json_str(doc, root, "thread_ts", (struct sea_str){colon + 1, id.len - len - 1});
}

/* To a member's id it goes as a direct message of the app. */
const char *notify_slack_call(const struct notify_letter *letter, const char *attempt,
                              struct notify_call *ret)
{
    const struct sea_account *account = letter->account;
    (void)attempt; /* it carries no id of ours back */
    if (notify_chars(letter->text) > SLACK_CHARS_MAX) return "too_long";
    sea_buf_printf(&ret->url, "%s/chat.postMessage", account->api_base);
    notify_call_bearer(ret, account->token.live[0]);
    struct sea_buf text = SEA_BUF(5 * 4 * SLACK_CHARS_MAX);
    notify_escape(&text, letter->text, "\n"); /* what Slack takes for links and mentions */
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = notify_json_root(doc);
    add_place(doc, root, letter);
    notify_json_str(doc, root, "text", sea_buf_view(&text));
    yyjson_mut_obj_add_bool(doc, root, "mrkdwn", false);
    yyjson_mut_obj_add_bool(doc, root, "unfurl_links", false);
    notify_call_json(ret, doc);
    sea_buf_wipe(&text);
    return NULL;
}

yyjson_val *notify_slack_id(yyjson_val *root)
{
    return yyjson_is_true(yyjson_obj_get(root, "ok")) ? notify_text_only(yyjson_obj_get(root, "ts"))
                                                      : NULL;
}

static bool is_named(const char *error, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(error, names[i]) == 0) return true;
    return false;
}

/* With 200 as well: "ok":false and a word. After the first of these something may have been done,
 * the second ones pass, the third are the token's, which a person mends. */
void notify_slack_refused(yyjson_val *root, const struct notify_response *response, uint32_t tries,
                          struct notify_answer *answer)
{
    static const char *const unknown[] = {"internal_error", "fatal_error"};
    static const char *const later[] = {"ratelimited", "rate_limited", "service_unavailable",
                                        "team_added_to_org"};
    static const char *const login[] = {"not_authed",    "invalid_auth",  "account_inactive",
                                        "token_revoked", "token_expired", "missing_scope"};
    const char *error = yyjson_get_str(yyjson_obj_get(root, "error"));
    if (!yyjson_is_false(yyjson_obj_get(root, "ok")) || error == NULL || error[0] == '\0') return;
    snprintf(answer->code, sizeof(answer->code), "%s", error);
    if (is_named(error, later, SEA_COUNT(later)))
        notify_answer_later(answer, response, tries, 2);
    else if (is_named(error, login, SEA_COUNT(login)))
        notify_answer_later(answer, response, tries, 4);
    else if (!is_named(error, unknown, SEA_COUNT(unknown)) && response->status / 100 == 2)
        answer->kind = NOTIFY_ANSWER_REJECTED;
}
