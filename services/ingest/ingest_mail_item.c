/* ingest_mail_item.c: what a message of e-mail becomes on the way in. */
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "ingest_json.h"
#include "ingest_mail.h"
#include "ingest_multipart.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "seadesk/v1/types.pb-c.h"

static const char CUT[] = "\n[…]";

/* A forwarded message is what its sender wants us to read. */
static bool is_forwarded(struct sea_str subject)
{
    static const char *const STARTS[] = {
        "fw:", "fwd:", "wg:", "tr:", "rv:", "enc:", "doorst:", "转发", "轉寄", "転送"};
    for (size_t i = 0; i < SEA_COUNT(STARTS); i++) {
        size_t len = strlen(STARTS[i]);
        if (subject.len >= len && strncasecmp(subject.ptr, STARTS[i], len) == 0) return true;
    }
    return false;
}

/* With line ends as everywhere else, and no NUL. */
static struct sea_str lines_of(struct sea_str text, struct sea_arena *arena)
{
    char *copy = sea_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; copy && i < text.len; i++)
        if (text.ptr[i] != '\r' && text.ptr[i]) copy[len++] = text.ptr[i];
    return (struct sea_str){copy, len};
}

void ingest_mail_words(struct ingest_mail *mail, struct sea_str plain, struct sea_str html,
                       struct sea_arena *arena)
{
    const struct sea_str utf8 = {NULL, 0};
    struct sea_str text = sea_str_trim(lines_of(ingest_mail_utf8(utf8, plain, arena), arena));
    if (!text.len) text = ingest_mail_html(ingest_mail_utf8(utf8, html, arena), arena);
    if (!is_forwarded(mail->subject)) text = ingest_mail_fresh(text, arena);
    mail->text = sea_utf8_cut(text, INGEST_MAIL_TEXT_MAX);
    if (mail->text.len < text.len || mail->is_cut)
        mail->text = ingest_printed(arena, "%.*s%s", (int)mail->text.len, mail->text.ptr, CUT);
}

void ingest_mail_bytes(struct ingest_attachment *attachment, struct sea_str bytes)
{
    attachment->is_inside = true;
    attachment->bytes = bytes;
    attachment->size_bytes = bytes.len;
    attachment->has_sha256 = true;
    crypto_hash_sha256(attachment->sha256, (const uint8_t *)bytes.ptr, bytes.len);
}

void ingest_mail_attach(struct ingest_mail *mail, const struct ingest_attachment *attachment)
{
    if (mail->attachments_count == INGEST_ATTACHMENTS_MAX) return;
    struct ingest_attachment *added = &mail->attachments[mail->attachments_count++];
    *added = *attachment;
    added->name = sea_utf8_cut(added->name, INGEST_ID_MAX);
    added->mime = sea_utf8_cut(added->mime, INGEST_ID_MAX);
    if (added->url.len > INGEST_MAIL_LINE_MAX) added->url.len = 0;
}

void ingest_mail_attach_part(struct ingest_mail *mail, const struct ingest_part *part,
                             struct sea_arena *arena)
{
    struct ingest_attachment file = {.name = ingest_utf8(part->file, arena),
                                     .mime = ingest_utf8(part->type, arena)};
    if (!part->is_file) return;
    ingest_mail_bytes(&file, part->value);
    ingest_mail_attach(mail, &file);
}

bool ingest_mail_too_large(struct ingest_problem *problem)
{
    return ingest_refuse(problem, 413, "too-large", "the message needs too much memory", NULL);
}

void ingest_mail_head_line(struct sea_buf *head, struct sea_str name, struct sea_str value)
{
    if (!name.len || !value.len) return;
    sea_buf_str(head, name);
    sea_buf_text(head, ": ");
    for (size_t i = 0; i < value.len; i++) /* folded lines come as one */
        sea_buf_char(head, value.ptr[i] == '\r' || value.ptr[i] == '\n' ? ' ' : value.ptr[i]);
    sea_buf_text(head, "\r\n");
}

void ingest_mail_head(struct sea_buf *head, yyjson_val *list)
{
    yyjson_val *pair;
    yyjson_arr_iter iter;
    yyjson_arr_iter_init(list, &iter);
    while ((pair = yyjson_arr_iter_next(&iter))) {
        yyjson_val *name =
            yyjson_is_obj(pair) ? yyjson_obj_get(pair, "Name") : yyjson_arr_get(pair, 0);
        yyjson_val *value =
            yyjson_is_obj(pair) ? yyjson_obj_get(pair, "Value") : yyjson_arr_get(pair, 1);
        if (yyjson_is_str(name) && yyjson_is_str(value))
            ingest_mail_head_line(head,
                                  (struct sea_str){yyjson_get_str(name), yyjson_get_len(name)},
                                  (struct sea_str){yyjson_get_str(value), yyjson_get_len(value)});
    }
}

/* ---- the item ---- */

bool ingest_mail_is_relay(struct sea_str address)
{
    const char *at = address.len ? memrchr(address.ptr, '@', address.len) : NULL;
    if (!at) return false;
    struct sea_str domain = {at + 1, address.len - (size_t)(at + 1 - address.ptr)};
    return sea_str_starts(domain, "marketplace.amazon.");
}

/* Of an id "3-7-7" digits, as Amazon's orders have. */
static bool is_order_at(struct sea_str text, size_t at)
{
    static const char SHAPE[] = "ddd-ddddddd-ddddddd";
    size_t len = sizeof(SHAPE) - 1;
    if (text.len - at < len) return false;
    for (size_t i = 0; i < len; i++) {
        char c = text.ptr[at + i];
        if (SHAPE[i] == 'd' ? c < '0' || c > '9' : c != '-') return false;
    }
    return (at == 0 || text.ptr[at - 1] < '0' || text.ptr[at - 1] > '9') &&
           (at + len == text.len || text.ptr[at + len] < '0' || text.ptr[at + len] > '9');
}

static struct sea_str order_in(struct sea_str text)
{
    for (size_t at = 0; at < text.len; at++)
        if (is_order_at(text, at)) return (struct sea_str){text.ptr + at, 19};
    return (struct sea_str){NULL, 0};
}

/* The Message-ID; of a message that has none, one that is the same whenever it is sent again. */
static struct sea_str external_of(const struct ingest_webhook *hook, const struct ingest_mail *mail,
                                  struct sea_arena *arena)
{
    char id[SEA_UUID_TEXT];
    if (ingest_is_id(mail->message_id)) return mail->message_id;
    struct sea_str sent = ingest_printed(arena, "%lld", (long long)mail->sent_at_ms);
    const struct sea_str parts[] = {mail->from, sent, mail->subject, mail->text};
    sea_uuid_print(ingest_id("mail", hook->account, parts, SEA_COUNT(parts)), id);
    return sea_arena_str(arena, sea_str(id));
}

static bool is_same_address(struct sea_str a, struct sea_str b)
{
    return a.len == b.len && a.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

/* A message of ours that came back failed. */
static void add_bounce(const struct ingest_webhook *hook, struct ingest_items *items,
                       const struct ingest_mail *mail)
{
    const struct ingest_bounce *bounce = &mail->bounce;
    if (sea_uuid_is_nil(bounce->attempt)) return;
    struct ingest_item *item =
        ingest_found_receipt(hook, items, SEADESK__V1__DELIVERY_STATE__FAILED, bounce->id,
                             bounce->to, SEA_STR("failed"), (struct sea_str){NULL, 0});
    if (!item) return;
    item->time_ms = mail->sent_at_ms;
    item->receipt.attempt = bounce->attempt;
    item->receipt.error_code = bounce->code;
}

struct ingest_item *ingest_found_mail(const struct ingest_webhook *hook, struct ingest_items *items,
                                      const struct ingest_mail *mail, struct sea_str recipient,
                                      struct sea_str raw)
{
    add_bounce(hook, items, mail);
    struct ingest_item *item =
        ingest_found_message(hook, items, external_of(hook, mail, items->arena), mail->from, raw);
    if (!item) return NULL;
    struct ingest_message *message = &item->message;
    item->time_ms = mail->sent_at_ms;
    message->name = mail->name;
    message->subject = mail->subject;
    message->text = mail->text;
    message->in_reply_to = mail->in_reply_to;
    message->automatic = is_same_address(mail->from, recipient) ? "own" : mail->automatic;
    message->is_automatic = message->automatic != NULL;
    if (ingest_mail_is_relay(mail->from)) {
        message->order_id = order_in(mail->subject);
        if (!message->order_id.len) message->order_id = order_in(mail->text);
    } else {
        message->email = mail->from; /* a relay's address is nobody's own */
    }
    for (size_t i = 0; i < mail->attachments_count; i++)
        if (!ingest_found_attachment(items, message, &mail->attachments[i])) break;
    if (!message->text.len && message->attachments_count)
        message->kind = ingest_kind_of_media(message->attachments[0].mime);
    return item;
}
