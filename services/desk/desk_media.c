/* desk_media.c: opens the sealed parts of a file one after another, as fast as its reader takes
 * them. */
#include "desk_media.h"

#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "desk_store.h"
#include "sea_enc.h"
#include "sea_id.h"

enum { NAME_MAX_BYTES = 100, HEADERS_MAX_BYTES = 1024, PAUSE_MS = 5 };

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

/* A file on its way to a reader, in slices as large as the reader has room for. */
struct download {
    struct desk *desk;
    struct sea_http_exchange *exchange;
    struct event *timer;
    struct desk_file file;
    size_t sent; /* of the part that was read last */
};

static void on_gone(void *ctx)
{
    struct download *download = ctx;
    event_free(download->timer);
    sea_buf_wipe(&download->file.plain);
    free(download);
}

static void finish(struct download *download)
{
    struct sea_http_exchange *exchange = download->exchange;
    on_gone(download);
    sea_http_stream_end(exchange);
}

/* Sends what there is room for. False: the download ended, or will. */
static bool feed(struct download *download)
{
    struct desk_file *file = &download->file;
    bool is_found = true;
    for (;;) {
        size_t left = file->plain.len - download->sent;
        size_t room = sea_http_stream_room(download->exchange);
        if (left && !room) return true;
        if (left) {
            struct sea_str slice = {file->plain.ptr + download->sent, left < room ? left : room};
            if (!sea_http_stream_write(download->exchange, slice)) return false;
            download->sent += slice.len;
            continue;
        }
        download->sent = 0;
        if (desk_store_part(download->desk, file, &is_found)) {
            sea_http_stream_abort(download->exchange); /* it must not look whole */
            return false;
        }
        if (!is_found) {
            finish(download);
            return false;
        }
    }
}

static void on_time(evutil_socket_t fd, short what, void *ctx)
{
    static const struct timeval PAUSE = {.tv_usec = PAUSE_MS * 1000};
    struct download *download = ctx;
    (void)fd;
    (void)what;
    if (feed(download)) evtimer_add(download->timer, &PAUSE);
}

/* Takes over `file`, whose first part was read. */
static void answer(struct desk_call *call, const struct desk_attachment *attachment,
                   struct desk_file *file)
{
    char mime[64] = "";
    struct sea_buf headers = SEA_BUF(HEADERS_MAX_BYTES);
    struct download *download = sea_alloc(sizeof(*download));
    sea_assert(attachment->mime.len < sizeof(mime)); /* as found in the bytes */
    memcpy(mime, attachment->mime.ptr, attachment->mime.len);
    sea_buf_text(&headers, DESK_API_HEADERS);
    print_headers(&headers, attachment->name);
    *download = (struct download){.desk = call->desk, .file = *file};
    download->timer = evtimer_new(sea_app_base(call->desk->app), on_time, download);
    sea_assert(download->timer);
    event_active(download->timer, EV_TIMEOUT, 0);
    struct sea_http_answer head = {.status = 200, .content_type = mime, .headers = headers.ptr};
    download->exchange = desk_call_release(call);
    sea_http_stream_open(download->exchange, &head, on_gone, download);
    sea_buf_free(&headers);
}

static const struct desk_attachment *attachment_at(const struct desk_message *message,
                                                   struct sea_str index)
{
    uint64_t at = 0;
    if (!sea_str_u64(index, &at) || at >= message->attachments_count) return NULL;
    return &message->attachments[at];
}

/* NULL and an error, or NULL and none: there is nothing to hand out. */
static const struct desk_attachment *find(struct desk_read *read, const struct desk_call *call,
                                          struct sea_uuid event_id, struct desk_file *ret,
                                          enum sea_err *ret_err)
{
    struct desk_message message;
    bool is_found = false;
    enum sea_err err = desk_store_message(read, event_id, &message, &is_found);
    const struct desk_attachment *attachment =
        !err && is_found ? attachment_at(&message, call->params[1]) : NULL;
    is_found = false;
    if (attachment && sea_str_is(attachment->state, "done"))
        err = desk_store_file(read, attachment->item_id, ret, &is_found);
    if (!err && is_found) err = desk_store_part(read->desk, ret, &is_found);
    *ret_err = err == SEA_ERR_REJECT ? SEA_OK : err;
    return !err && is_found ? attachment : NULL;
}

void desk_get_media(struct desk_call *call)
{
    struct desk_read read;
    struct sea_uuid event_id;
    enum sea_err err = SEA_OK;
    struct desk_file file = {.plain = SEA_BUF(0)};
    if (!sea_uuid_parse(call->params[0], &event_id)) {
        desk_call_refuse_as(call, SEA_PROBLEM_NOT_FOUND, "the id is not a UUID");
        return;
    }
    desk_read_open(&read, call->desk);
    const struct desk_attachment *attachment = find(&read, call, event_id, &file, &err);
    if (attachment)
        answer(call, attachment, &file);
    else if (err)
        desk_call_fail(call, err);
    else
        desk_call_refuse_as(call, SEA_PROBLEM_NOT_FOUND, "nothing was fetched, or not yet");
    if (!attachment) sea_buf_free(&file.plain);
    desk_read_close(&read);
}
