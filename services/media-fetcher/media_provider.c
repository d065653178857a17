/* media_provider.c: the providers side by side. */
#include "media_provider.h"

#include <yyjson.h>

#include "sea_http.h"

static const char WHATSAPP_VERSION[] = "v23.0";
static const char WHATSAPP_FILES[] = "lookaside.fbsbx.com";

enum { ID_MAX_BYTES = 512 };

void media_call_free(struct media_call *call)
{
    sea_buf_wipe(&call->url);
    sea_buf_wipe(&call->authorization);
}

/* Where Mailgun keeps what store() took, by region. */
static bool is_mailgun(struct sea_str url)
{
    return media_url_is_under(url, "api.mailgun.net") ||
           media_url_is_under(url, "api.eu.mailgun.net");
}

/* The provider's own: configured as such, or a host of its name. A key is shown to Mailgun only
 * where the configuration says that it is Mailgun's: it may be that of a gateway that answers. */
static bool is_own(const struct sea_account *account, const struct media_url *url)
{
    if (url->is_of_base) return true;
    if (account->adapter == SEA_ADAPTER_WHATSAPP) return media_url_is_at(url, WHATSAPP_FILES);
    return account->adapter == SEA_ADAPTER_MAILGUN && is_mailgun(sea_str(account->files_base)) &&
           is_mailgun(sea_buf_view(&url->text));
}

/* Providers' ids and paths become part of an address: nothing in them may end a segment, but of a
 * path the strokes between them. */
static bool is_plain(struct sea_str text, bool is_path)
{
    if (text.len == 0 || text.len > ID_MAX_BYTES) return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        bool is_inside = is_path && i > 0 && text.ptr[i - 1] != '.' && text.ptr[i - 1] != '/';
        if (!is_letter && c != '-' && c != '_' && !(is_inside && (c == '.' || c == '/')))
            return false;
    }
    return true;
}

static const struct sea_str *token_of(const struct sea_account *account)
{
    bool has_token = account != NULL && account->files_base && account->files_token.count > 0;
    return has_token ? &account->files_token.live[0] : NULL;
}

const char *media_provider_first(const struct sea_account *account, struct sea_str url,
                                 struct sea_str media_id, struct media_call *ret)
{
    enum sea_adapter adapter = account != NULL ? account->adapter : SEA_ADAPTER_GENERIC;
    const struct sea_str *token = token_of(account);
    bool has_id = url.len == 0 && is_plain(media_id, false);
    if (url.len > 0) {
        sea_buf_str(&ret->url, url);
        return ret->url.is_full ? "bad_url" : NULL;
    }
    if (!has_id || (adapter != SEA_ADAPTER_WHATSAPP && adapter != SEA_ADAPTER_LINE &&
                    adapter != SEA_ADAPTER_TELEGRAM))
        return "no_address";
    if (token == NULL) return "no_token";
    int id_len = (int)media_id.len;
    ret->is_ours = true;
    ret->is_lookup = adapter != SEA_ADAPTER_LINE;
    if (adapter == SEA_ADAPTER_WHATSAPP)
        sea_buf_printf(&ret->url, "%s/%s/%.*s", account->files_base, WHATSAPP_VERSION, id_len,
                       media_id.ptr);
    else if (adapter == SEA_ADAPTER_LINE)
        sea_buf_printf(&ret->url, "%s/v2/bot/message/%.*s/content", account->files_base, id_len,
                       media_id.ptr);
    else
        sea_buf_printf(&ret->url, "%s/bot%.*s/getFile?file_id=%.*s", account->files_base,
                       (int)token->len, token->ptr, id_len, media_id.ptr);
    return ret->url.is_full ? "bad_url" : NULL;
}

static struct sea_str str_at(yyjson_doc *doc, const char *path)
{
    yyjson_val *value = yyjson_doc_ptr_get(doc, path);
    return (struct sea_str){yyjson_get_str(value), yyjson_get_len(value)};
}

bool media_provider_found(const struct sea_account *account, struct sea_str json,
                          struct media_call *ret)
{
    const struct sea_str *token = token_of(account);
    yyjson_doc *doc = yyjson_read(json.ptr, json.len, 0);
    sea_buf_reset(&ret->url);
    ret->is_lookup = false;
    if (token != NULL && account->adapter == SEA_ADAPTER_TELEGRAM) {
        struct sea_str path = str_at(doc, "/result/file_path");
        if (is_plain(path, true))
            sea_buf_printf(&ret->url, "%s/file/bot%.*s/%.*s", account->files_base, (int)token->len,
                           token->ptr, (int)path.len, path.ptr);
    } else {
        struct sea_str url = str_at(doc, "/url");
        if (url.len > 0) sea_buf_str(&ret->url, url);
    }
    yyjson_doc_free(doc);
    return ret->url.len > 0 && !ret->url.is_full;
}

void media_provider_authorize(const struct sea_account *account, const struct media_url *url,
                              struct media_call *call)
{
    const struct sea_str *token = token_of(account);
    sea_buf_reset(&call->authorization);
    call->has_token = false;
    if (token == NULL) return;
    bool is_whatsapp = account->adapter == SEA_ADAPTER_WHATSAPP;
    bool is_by_id = is_whatsapp || account->adapter == SEA_ADAPTER_LINE;
    if (!is_own(account, url)) return;
    if (is_by_id && !call->is_ours) return;
    if (is_by_id || account->adapter == SEA_ADAPTER_SLACK)
        sea_buf_printf(&call->authorization, "Authorization: Bearer %.*s", (int)token->len,
                       token->ptr);
    else if (account->adapter == SEA_ADAPTER_TWILIO_SMS && account->login != NULL)
        sea_http_basic(&call->authorization, sea_str(account->login), *token);
    else if (account->adapter == SEA_ADAPTER_MAILGUN)
        sea_http_basic(&call->authorization, SEA_STR("api"), *token);
    bool is_in_url = account->adapter == SEA_ADAPTER_TELEGRAM && call->is_ours;
    call->has_token = is_in_url || call->authorization.len > 0;
}
