/* desk_media.c: opens the sealed parts of a file one after another and hands them out. */
#include "desk_media.h"

#include <string.h>

#include "desk.h"
#include "desk_store.h"
#include "sea_enc.h"
#include "sea_id.h"

enum { NAME_MAX_BYTES = 100, HEADERS_MAX_BYTES = 768 };

/* Bytes that a file name may have as they are (RFC 8187 §3.2.1, attr-char). */
static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

/* The name is the customer's word. */
static void print_headers(struct sea_buf *ret, struct sea_str name)
{
    name = sea_utf8_cut(name.len ? name : SEA_STR("attachment"), NAME_MAX_BYTES);
    sea_buf_text(ret, "Content-Security-Policy: sandbox\r\n"
                      "Content-Disposition: attachment; filename*=UTF-8''");
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (is_plain(c))
            sea_buf_char(ret, (char)c);
        else
            sea_buf_printf(ret, "%%%02X", c);
    }
    sea_buf_text(ret, "\r\n");
}

static void answer(struct desk_call *call, const struct desk_attachment *attachment,
                   const struct desk_file *file)
{
    char mime[64] = "";
    struct sea_buf headers = SEA_BUF(HEADERS_MAX_BYTES);
    sea_assert(attachment->mime.len < sizeof(mime)); /* as found in the bytes */
    memcpy(mime, attachment->mime.ptr, attachment->mime.len);
    print_headers(&headers, attachment->name);
    desk_call_answer_file(call, mime, headers.ptr, sea_buf_view(&file->bytes));
    sea_buf_free(&headers);
}

static const struct desk_attachment *attachment_at(const struct desk_message *message,
                                                   struct sea_str index)
{
    uint64_t at = 0;
    if (!sea_str_u64(index, &at) || at >= message->attachments_count) return NULL;
    return &message->attachments[at];
}

void desk_get_media(struct desk_call *call)
{
    struct desk_read read;
    struct desk_message message;
    struct sea_uuid event_id;
    bool is_found = false;
    const struct desk_attachment *attachment = NULL;
    struct desk_file file = {.bytes = SEA_BUF(DESK_FILE_MAX_BYTES)};
    if (!sea_uuid_parse(call->params[0], &event_id)) {
        desk_call_refuse_as(call, SEA_PROBLEM_NOT_FOUND, "the id is not a UUID");
        return;
    }
    desk_read_open(&read, call->desk);
    enum sea_err err = desk_store_message(&read, event_id, &message, &is_found);
    if (!err && is_found) attachment = attachment_at(&message, call->params[1]);
    bool is_done = attachment != NULL && sea_str_is(attachment->state, "done");
    if (is_done) err = desk_store_file(&read, attachment->item_id, &file);
    if (err)
        desk_call_fail(call, err);
    else if (!is_done || file.is_erased)
        desk_call_refuse_as(call, SEA_PROBLEM_NOT_FOUND,
                            attachment ? "this attachment was not fetched, or not yet" : NULL);
    else
        answer(call, attachment, &file);
    desk_read_close(&read);
    sea_buf_free(&file.bytes);
}
