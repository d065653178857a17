/* ingest_postmark.c: e-mail through Postmark's inbound webhook (Postmark, "Inbound webhook"): JSON,
 * unsigned: the user and password in the webhook's address are the secret. */
#include "ingest_json.h"
#include "ingest_mail.h"
#include "sea_enc.h"

enum { HEAD_MAX = 256 * 1024 };

/* The fields that Postmark takes out of the header come first. */
static bool read_header(yyjson_val *root, struct ingest_mail *mail, struct sea_arena *arena)
{
    static const char *const NAMES[] = {"From", "Subject", "Date"};
    struct sea_buf head = SEA_BUF(HEAD_MAX);
    for (size_t i = 0; i < SEA_COUNT(NAMES); i++)
        ingest_mail_head_line(&head, sea_str(NAMES[i]), ingest_json_str(root, NAMES[i]));
    ingest_mail_head(&head, ingest_json_arr(root, "Headers"));
    sea_buf_text(&head, "\r\n");
    bool is_read = !head.is_full && ingest_mail_read(mail, sea_buf_view(&head), arena);
    sea_buf_free(&head);
    return is_read;
}

/* False: the arena is full. What isn't base64 is told by name alone. */
static bool read_content(yyjson_val *file, struct ingest_attachment *attachment,
                         struct sea_arena *arena)
{
    struct sea_str content = ingest_json_str(file, "Content");
    size_t cap = content.len / 4 * 3, len = 0;
    uint8_t *bytes = content.len ? sea_arena_alloc(arena, cap + 1) : NULL;
    if (content.len && !bytes) return false;
    if (content.len && sea_base64_parse(content, bytes, cap, &len))
        ingest_mail_bytes(attachment, (struct sea_str){(const char *)bytes, len});
    return true;
}

static bool read_files(yyjson_val *root, struct ingest_mail *mail, struct sea_arena *arena)
{
    yyjson_val *file;
    yyjson_arr_iter iter;
    yyjson_arr_iter_init(ingest_json_arr(root, "Attachments"), &iter);
    while (mail->attachments_count < INGEST_ATTACHMENTS_MAX &&
           (file = yyjson_arr_iter_next(&iter))) {
        int64_t size = 0;
        struct ingest_attachment attachment = {.mime = ingest_json_str(file, "ContentType"),
                                               .name = ingest_json_str(file, "Name")};
        if (!yyjson_is_obj(file)) continue;
        if (ingest_json_int(file, "ContentLength", &size) && size > 0)
            attachment.size_bytes = (uint64_t)size;
        if (!read_content(file, &attachment, arena)) return false;
        ingest_mail_attach(mail, &attachment);
    }
    return true;
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    struct ingest_mail mail;
    yyjson_val *root = ingest_found_json(hook, problem);
    (void)reply;
    if (!root) return false;
    if (!read_header(root, &mail, items->arena)) return ingest_mail_too_large(problem);
    if (!mail.message_id.len) mail.message_id = ingest_json_str(root, "MessageID");
    ingest_mail_words(&mail, ingest_json_str(root, "TextBody"), ingest_json_str(root, "HtmlBody"),
                      items->arena);
    if (!read_files(root, &mail, items->arena)) return ingest_mail_too_large(problem);
    ingest_found_mail(hook, items, &mail, ingest_json_str(root, "OriginalRecipient"), hook->body);
    return true;
}

const struct ingest_adapter ingest_postmark = {
    .secret = INGEST_SECRET_PLAIN,
    .bodies = INGEST_JSON,
    .body_max_bytes = INGEST_MAIL_MAX,
    .proof = {"authorization"},
    .is_body_unsigned = true,
    .verify = ingest_verify_basic,
    .parse = parse,
};
