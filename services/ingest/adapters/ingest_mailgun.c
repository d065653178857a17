/* ingest_mailgun.c: e-mail through Mailgun's routes (Mailgun, "Receiving, forwarding and storing
 * messages"): a form with the message as it is (body-mime, of routes whose address ends in "mime")
 * or in fields. Signed is a time and a token, not the message. */
#include "ingest_json.h"
#include "ingest_mail.h"
#include "ingest_multipart.h"

enum { PROOF_MAX = 4096, HEAD_MAX = 256 * 1024 };

static enum ingest_verdict verify(const struct ingest_webhook *hook)
{
    struct sea_arena arena = SEA_ARENA(PROOF_MAX);
    struct sea_str time = ingest_field(hook, "timestamp", &arena);
    const struct sea_str parts[] = {time, ingest_field(hook, "token", &arena)};
    struct sea_str code = ingest_field(hook, "signature", &arena);
    enum ingest_verdict verdict = INGEST_NO_SIGNATURE;
    if (code.len && parts[0].len && parts[1].len)
        verdict = ingest_verify_parts(hook, parts, SEA_COUNT(parts), INGEST_HEX, code);
    if (verdict == INGEST_AUTHENTIC) verdict = ingest_check_time(hook, time);
    sea_arena_free(&arena);
    return verdict;
}

/* Mailgun writes every field of the header as a field of the form too, and all of them as JSON. */
static bool read_header(const struct ingest_webhook *hook, struct ingest_mail *mail,
                        struct sea_arena *arena)
{
    static const char *const NAMES[] = {"From",        "Subject",       "Date",       "Message-Id",
                                        "In-Reply-To", "References",    "Precedence", "List-Id",
                                        "Return-Path", "Auto-Submitted"};
    struct sea_buf head = SEA_BUF(HEAD_MAX);
    struct sea_str all = ingest_field(hook, "message-headers", arena);
    yyjson_val *list = yyjson_doc_get_root(ingest_json_parse(all, hook->alc));
    ingest_mail_head(&head, list);
    for (size_t i = 0; !yyjson_is_arr(list) && i < SEA_COUNT(NAMES); i++)
        ingest_mail_head_line(&head, sea_str(NAMES[i]), ingest_field(hook, NAMES[i], arena));
    sea_buf_text(&head, "\r\n");
    bool is_read = !head.is_full && ingest_mail_read(mail, sea_buf_view(&head), arena);
    sea_buf_free(&head);
    return is_read;
}

/* Files are parts of the form, or, of a route with store(), addresses in JSON. */
static void read_files(const struct ingest_webhook *hook, struct ingest_mail *mail,
                       struct sea_arena *arena)
{
    struct ingest_multipart multipart;
    struct ingest_part part;
    struct sea_str type = ingest_header(hook, "content-type");
    if (ingest_multipart_open(&multipart, type, hook->body))
        while (ingest_multipart_next(&multipart, &part))
            ingest_mail_attach_part(mail, &part, arena);
    struct sea_str stored = ingest_field(hook, "attachments", arena);
    yyjson_val *file;
    yyjson_arr_iter iter;
    yyjson_arr_iter_init(yyjson_doc_get_root(ingest_json_parse(stored, hook->alc)), &iter);
    while ((file = yyjson_arr_iter_next(&iter))) {
        int64_t size = 0;
        struct ingest_attachment attachment = {.url = ingest_json_str(file, "url"),
                                               .mime = ingest_json_str(file, "content-type"),
                                               .name = ingest_json_str(file, "name")};
        if (ingest_json_int(file, "size", &size) && size > 0)
            attachment.size_bytes = (uint64_t)size;
        if (attachment.url.len) ingest_mail_attach(mail, &attachment);
    }
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    struct ingest_mail mail;
    struct sea_arena *arena = items->arena;
    struct sea_str raw = hook->body, mime = ingest_field(hook, "body-mime", arena);
    (void)reply;
    if (mime.len) {
        raw = mime;
        if (!ingest_mail_read(&mail, mime, arena)) return ingest_mail_too_large(problem);
    } else {
        if (!read_header(hook, &mail, arena)) return ingest_mail_too_large(problem);
        ingest_mail_words(&mail, ingest_field(hook, "body-plain", arena),
                          ingest_field(hook, "body-html", arena), arena);
        read_files(hook, &mail, arena);
    }
    ingest_found_mail(hook, items, &mail, ingest_field_text(hook, "recipient", arena), raw);
    return true;
}

/* Random for each message (Mailgun, "Securing webhooks"). */
static struct sea_str token_of(const struct ingest_webhook *hook, struct sea_arena *arena)
{
    return ingest_field(hook, "token", arena);
}

const struct ingest_adapter ingest_mailgun = {
    .secret = INGEST_SECRET_SHA256, /* the HTTP webhook signing key */
    .bodies = INGEST_FORM | INGEST_MULTIPART,
    .body_max_bytes = INGEST_MAIL_MAX,
    .is_timed = true,
    .is_body_unsigned = true,
    .verify = verify,
    .parse = parse,
    .once = token_of,
};
