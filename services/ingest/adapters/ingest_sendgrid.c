/* ingest_sendgrid.c: e-mail through Twilio SendGrid's Inbound Parse (SendGrid, "Setting up the
 * Inbound Parse webhook", "Securing your Inbound Parse webhooks"): a form with the message in
 * fields or as it is (`email`), signed with SendGrid's key over time and body. A parse webhook
 * without its signature switched on isn't taken: nothing in it shows who sent it. */
#include "ingest_json.h"
#include "ingest_mail.h"
#include "ingest_multipart.h"

enum { SIGNATURE, TIME }; /* of `proof` */

static enum ingest_verdict verify(const struct ingest_webhook *hook)
{
    const struct sea_str parts[] = {hook->proof[TIME], hook->body};
    bool is_good = false;
    for (size_t i = 0; i < hook->keys->count; i++)
        is_good |= sea_pubkey_is_base64(hook->keys->list[i].pubkey, SEA_MAC_SHA256, parts,
                                        SEA_COUNT(parts), hook->proof[SIGNATURE]);
    return is_good ? ingest_check_time(hook, hook->proof[TIME]) : INGEST_BAD_SIGNATURE;
}

/* A field in the charset that `charsets` names for it. */
static struct sea_str words_of(const struct ingest_webhook *hook, yyjson_val *charsets,
                               const char *name, struct sea_arena *arena)
{
    return ingest_mail_utf8(ingest_json_str(charsets, name), ingest_field(hook, name, arena),
                            arena);
}

static bool read_fields(const struct ingest_webhook *hook, struct ingest_mail *mail,
                        struct sea_arena *arena)
{
    struct ingest_multipart multipart;
    struct ingest_part part;
    struct sea_str charsets = ingest_field(hook, "charsets", arena);
    yyjson_val *names = yyjson_doc_get_root(ingest_json_parse(charsets, hook->alc));
    if (!ingest_mail_read(mail, ingest_field(hook, "headers", arena), arena)) return false;
    ingest_mail_words(mail, words_of(hook, names, "text", arena),
                      words_of(hook, names, "html", arena), arena);
    if (ingest_multipart_open(&multipart, ingest_header(hook, "content-type"), hook->body))
        while (ingest_multipart_next(&multipart, &part))
            ingest_mail_attach_part(mail, &part, arena);
    return true;
}

/* Whom the envelope names: {"to": ["…"], "from": "…"}. */
static struct sea_str recipient_of(const struct ingest_webhook *hook, struct sea_arena *arena)
{
    struct sea_str envelope = ingest_field(hook, "envelope", arena);
    yyjson_val *root = yyjson_doc_get_root(ingest_json_parse(envelope, hook->alc));
    yyjson_val *first = yyjson_arr_get_first(ingest_json_arr(root, "to"));
    return yyjson_is_str(first) ? (struct sea_str){yyjson_get_str(first), yyjson_get_len(first)}
                                : (struct sea_str){NULL, 0};
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    struct ingest_mail mail;
    struct sea_arena *arena = items->arena;
    struct sea_str mime = ingest_field(hook, "email", arena), raw = mime.len ? mime : hook->body;
    (void)reply;
    if (mime.len ? !ingest_mail_read(&mail, mime, arena) : !read_fields(hook, &mail, arena))
        return ingest_mail_too_large(problem);
    ingest_found_mail(hook, items, &mail, recipient_of(hook, arena), raw);
    return true;
}

const struct ingest_adapter ingest_sendgrid = {
    .secret = INGEST_SECRET_PUBLIC,
    .bodies = INGEST_FORM | INGEST_MULTIPART,
    .body_max_bytes = INGEST_MAIL_MAX,
    .proof = {"x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"},
    .scheme = {INGEST_BASE64, NULL, NULL},
    .is_timed = true,
    .verify = verify,
    .parse = parse,
};
