/* notify_helpdesk.c: Zendesk, Freshdesk and Intercom, side by side. */
#include "notify_helpdesk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sea_enc.h"

enum { CHARS_MAX = 65535, TICKET_MAX = 64 };

bool notify_is_helpdesk(enum sea_adapter adapter)
{
    return adapter == SEA_ADAPTER_ZENDESK || adapter == SEA_ADAPTER_FRESHDESK ||
           adapter == SEA_ADAPTER_INTERCOM;
}

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

static void add_html(struct sea_buf *html, struct sea_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        const char *as = c == '&'    ? "&amp;"
                         : c == '<'  ? "&lt;"
                         : c == '>'  ? "&gt;"
                         : c == '\n' ? "<br>"
                                     : NULL;
        if (as)
            sea_buf_text(html, as);
        else
            sea_buf_char(html, c);
    }
}

static void authorize(const struct sea_account *account, struct notify_call *ret)
{
    struct sea_str token = account->token.live[0];
    if (account->channel->adapter != SEA_ADAPTER_FRESHDESK) {
        sea_buf_text(&ret->authorization, "Authorization: Bearer ");
        sea_buf_str(&ret->authorization, token);
        return;
    }
    struct sea_buf login = SEA_BUF(1024); /* Freshdesk: the API key is the user, any password */
    sea_buf_str(&login, token);
    sea_buf_text(&login, ":X");
    char *basic = sea_alloc(sea_base64_size(login.len) + 1);
    sea_base64_print(login.ptr, login.len, basic);
    sea_buf_printf(&ret->authorization, "Authorization: Basic %s", basic);
    sodium_memzero(basic, strlen(basic));
    sodium_memzero(login.ptr, login.len);
    free(basic);
    sea_buf_free(&login);
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
    if (account->channel->adapter == SEA_ADAPTER_ZENDESK) {
        yyjson_mut_val *ticket = yyjson_mut_obj_add_obj(doc, root, "ticket");
        yyjson_mut_val *comment = yyjson_mut_obj_add_obj(doc, ticket, "comment");
        yyjson_mut_obj_add_strn(doc, comment, "body", letter->text.ptr, letter->text.len);
        yyjson_mut_obj_add_bool(doc, comment, "public", true);
        add_agent(doc, comment, "author_id", account->sender);
    } else if (account->channel->adapter == SEA_ADAPTER_FRESHDESK) {
        yyjson_mut_obj_add_strn(doc, root, "body", html.ptr, html.len);
        add_agent(doc, root, "user_id", account->sender);
    } else {
        yyjson_mut_obj_add_str(doc, root, "message_type", "comment");
        yyjson_mut_obj_add_str(doc, root, "type", "admin");
        yyjson_mut_obj_add_str(doc, root, "admin_id", account->sender);
        yyjson_mut_obj_add_strn(doc, root, "body", html.ptr, html.len);
    }
}

const char *notify_helpdesk_call(const struct notify_letter *letter, struct notify_call *ret)
{
    const struct sea_account *account = letter->account;
    bool is_zendesk = account->channel->adapter == SEA_ADAPTER_ZENDESK,
         is_intercom = account->channel->adapter == SEA_ADAPTER_INTERCOM;
    size_t len = 0;
    if (!is_ticket(letter->to)) return "no_address";
    if (letter->text.len > CHARS_MAX) return "too_long";
    struct sea_buf html = SEA_BUF(8 * CHARS_MAX);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    add_html(&html, letter->text);
    add_body(letter, doc, root, sea_buf_view(&html));
    char *text = yyjson_mut_write(doc, 0, &len);
    sea_assert(text != NULL);
    sea_buf_add(&ret->body, text, len);
    free(text);
    yyjson_mut_doc_free(doc);
    sea_buf_free(&html);
    sea_buf_printf(&ret->url, "%s/%s/%.*s%s", account->api_base,
                   is_intercom ? "conversations" : "api/v2/tickets", (int)letter->to.len,
                   letter->to.ptr, is_zendesk ? ".json" : "/reply");
    ret->content_type = "Content-Type: application/json";
    ret->is_put = is_zendesk;
    authorize(account, ret);
    return NULL;
}

bool notify_helpdesk_id(enum sea_adapter adapter, yyjson_val *root, char ret[], size_t cap)
{
    yyjson_val *id = yyjson_obj_get(root, "id");
    if (adapter == SEA_ADAPTER_ZENDESK) id = yyjson_ptr_get(root, "/audit/id");
    if (adapter == SEA_ADAPTER_INTERCOM)
        id = yyjson_obj_get(
            yyjson_arr_get_last(yyjson_ptr_get(root, "/conversation_parts/conversation_parts")),
            "id");
    int len = -1;
    if (yyjson_is_uint(id))
        len = snprintf(ret, cap, "%llu", (unsigned long long)yyjson_get_uint(id));
    else if (yyjson_is_str(id))
        len = snprintf(ret, cap, "%s", yyjson_get_str(id));
    return len > 0 && (size_t)len < cap;
}
