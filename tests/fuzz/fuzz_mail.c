/* fuzz_mail.c: any bytes as a message of e-mail: read without harm, the same each time, in UTF-8,
 * and no longer than promised. */
#include <string.h>

#include "ingest_mail.h"
#include "sea_enc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct ingest_mail *mail)
{
    const struct sea_str texts[] = {mail->from,        mail->name,    mail->message_id,
                                    mail->in_reply_to, mail->subject, mail->text};
    for (size_t i = 0; i < SEA_COUNT(texts); i++) sea_assert(sea_utf8_is_valid(texts[i]));
    for (size_t i = 0; i < mail->attachments_count; i++)
        sea_assert(sea_utf8_is_valid(mail->attachments[i].name) &&
                   sea_utf8_is_valid(mail->attachments[i].mime));
    sea_assert(mail->text.len <= INGEST_MAIL_TEXT_MAX + 16);
    sea_assert(mail->sent_at_ms >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ingest_mail first, second;
    struct sea_arena arena = SEA_ARENA(INGEST_ARENA_MAX);
    const struct sea_str message = {(const char *)data, size};
    bool is_read = ingest_mail_read(&first, message, &arena);
    sea_assert(ingest_mail_read(&second, message, &arena) == is_read);
    check(&first);
    sea_assert(sea_str_eq(first.text, second.text) && sea_str_eq(first.from, second.from));
    sea_assert(first.attachments_count == second.attachments_count);
    sea_arena_free(&arena);
    return 0;
}
