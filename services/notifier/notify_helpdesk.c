/* notify_helpdesk.c: Zendesk, Freshdesk and Intercom, side by side. */
#include "notify_helpdesk.h"

#include <stdio.h>

#include "sea_http.h"

enum { CHARS_MAX = 65535, TICKET_MAX = 64 };

/* Letters and digits alone: it becomes part of an address. */
static bool is_ticket(struct sea_str to)
{
    for (size_t i = 0; i < to.len; i++) {
        char c = to.ptr[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_plain && c != '-' && c != '_') return false;
    }
    return to.len > 0 && to.len <= TICKET_MAX;
}

static void authorize(const struct sea_account *account, struct notify_call *ret)
{
    struct sea_str token = account->token.live[0];
    if (account->send_adapter == SEA_ADAPTER_FRESHDESK)
        sea_http_basic(&ret->authorization, token,
                       SEA_STR("X")); /* the key is the user, any password */
    else
        notify_call_bearer(ret, token);
}

/* The agent's number there; as text where it isn't one. */
static void add_agent(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name,
                      const char *sender)
{
    uint64_t number;
    if (sea_str_u64(sea_str(sender), &number))
        yyjson_mut_obj_add_uint(doc, object, name, number);
    else
        yyjson_mut_obj_add_str(doc, object, name, sender);
}

static void add_body(const struct notify_letter *letter, yyjson_mut_doc *doc, yyjson_mut_val *root,
                     struct sea_str html)
{
    const struct sea_account *account = letter->account;
    if (account->send_adapter == SEA_ADAPTER_ZENDESK) {
        yyjson_mut_val *ticket = yyjson_mut_obj_add_obj(doc, root, "ticket");
        yyjson_mut_val *comment = yyjson_mut_obj_add_obj(doc, ticket, "comment");
        notify_json_str(doc, comment, "body", letter->text);
        yyjson_mut_obj_add_bool(doc, comment, "public", true);
        add_agent(doc, comment, "author_id", account->sender);
    } else if (account->send_adapter == SEA_ADAPTER_FRESHDESK) {
        notify_json_str(doc, root, "body", html);
        add_agent(doc, root, "user_id", account->sender);
    } else {
        yyjson_mut_obj_add_str(doc, root, "message_type", "comment");
        yyjson_mut_obj_add_str(doc, root, "type", "admin");
        yyjson_mut_obj_add_str(doc, root, "admin_id", account->sender);
        notify_json_str(doc, root, "body", html);
    }
}

const char *notify_helpdesk_call(const struct notify_letter *letter, const char *attempt,
                                 struct notify_call *ret)
{
    (void)attempt; /* none of them carries an id of ours back */
    const struct sea_account *account = letter->account;
    bool is_zendesk = account->send_adapter == SEA_ADAPTER_ZENDESK,
         is_intercom = account->send_adapter == SEA_ADAPTER_INTERCOM;
    if (!is_ticket(letter->to)) return "no_address";
    if (letter->text.len > CHARS_MAX) return "too_long";
    struct sea_buf html = SEA_BUF(8 * CHARS_MAX);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = notify_json_root(doc);
    notify_escape(&html, letter->text, "<br>");
    add_body(letter, doc, root, sea_buf_view(&html));
    notify_call_json(ret, doc);
    sea_buf_free(&html);
    sea_buf_printf(&ret->url, "%s/%s/%.*s%s", account->api_base,
                   is_intercom ? "conversations" : "api/v2/tickets", (int)letter->to.len,
                   letter->to.ptr, is_zendesk ? ".json" : "/reply");
    ret->is_put = is_zendesk;
    authorize(account, ret);
    return NULL;
}

yyjson_val *notify_zendesk_id(yyjson_val *root)
{
    return yyjson_ptr_get(root, "/audit/id");
}

yyjson_val *notify_freshdesk_id(yyjson_val *root)
{
    return yyjson_obj_get(root, "id");
}

yyjson_val *notify_intercom_id(yyjson_val *root)
{
    yyjson_val *parts = yyjson_ptr_get(root, "/conversation_parts/conversation_parts");
    return yyjson_obj_get(yyjson_arr_get_last(parts), "id");
}
