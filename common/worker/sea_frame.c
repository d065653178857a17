/* sea_frame.c: length-prefixed fields, little endian; see the table in add and next, which mirror
 * each other. */
#include "sea_frame.h"

#include <endian.h>
#include <string.h>

enum { FRAME_VERSION = 1, HEAD_BYTES = 12, RECORD_HEAD_BYTES = 1 + 16 + 16 + 8 };

static void add_u32(struct sea_buf *frame, uint32_t value)
{
    uint32_t le = htole32(value);
    sea_buf_add(frame, &le, sizeof(le));
}

static void add_field(struct sea_buf *frame, struct sea_str value)
{
    add_u32(frame, (uint32_t)value.len);
    sea_buf_str(frame, value);
}

void sea_frame_add(struct sea_buf *frame, struct sea_src src, const struct sea_outgoing *out)
{
    const struct sea_headers *headers = &out->headers;
    if (frame->len == 0) {
        sea_buf_char(frame, FRAME_VERSION);
        sea_buf_char(frame, (char)src.service);
        sea_buf_char(frame, (char)src.number);
        sea_buf_char(frame, 0);
        add_u32(frame, src.incarnation);
        add_u32(frame, 0);
    }
    uint64_t time = htole64((uint64_t)headers->time_ms);
    sea_buf_char(frame, (char)out->topic);
    sea_buf_add(frame, headers->id.bytes, 16);
    sea_buf_add(frame, headers->root.bytes, 16);
    sea_buf_add(frame, &time, sizeof(time));
    add_field(frame, headers->type);
    add_field(frame, headers->source);
    add_field(frame, headers->trace);
    add_field(frame, out->key);
    add_field(frame, out->value);
}

static uint32_t get_u32(const char *at)
{
    uint32_t le;
    memcpy(&le, at, sizeof(le));
    return le32toh(le);
}

bool sea_frame_open(struct sea_frame_reader *reader, struct sea_str frame, uint64_t base)
{
    if (frame.len < HEAD_BYTES || frame.ptr[0] != FRAME_VERSION) return false;
    struct sea_src src = {(enum sea_sender_service)(unsigned char)frame.ptr[1],
                          (unsigned char)frame.ptr[2], get_u32(frame.ptr + 4)};
    if (src.service >= SEA_SENDERS || src.number > SEA_PARTITIONS) return false;
    *reader = (struct sea_frame_reader){
        .rest = {frame.ptr + HEAD_BYTES, frame.len - HEAD_BYTES}, .src = src, .pos = base};
    sea_src_print(src, reader->src_text);
    return true;
}

static bool get_field(struct sea_str *rest, struct sea_str *ret)
{
    if (rest->len < 4) return false;
    uint32_t len = get_u32(rest->ptr);
    if (rest->len - 4 < len) return false;
    *ret = (struct sea_str){rest->ptr + 4, len};
    rest->ptr += 4 + len;
    rest->len -= 4 + len;
    return true;
}

bool sea_frame_next(struct sea_frame_reader *reader, struct sea_outgoing *ret)
{
    struct sea_str rest = reader->rest;
    struct sea_outgoing out = {0};
    struct sea_headers *headers = &out.headers;
    uint64_t time;
    if (rest.len < RECORD_HEAD_BYTES || (unsigned char)rest.ptr[0] >= SEA_TOPICS) return false;
    out.topic = (enum sea_topic)(unsigned char)rest.ptr[0];
    memcpy(headers->id.bytes, rest.ptr + 1, 16);
    memcpy(headers->root.bytes, rest.ptr + 17, 16);
    memcpy(&time, rest.ptr + 33, sizeof(time));
    headers->time_ms = (int64_t)le64toh(time);
    rest.ptr += RECORD_HEAD_BYTES;
    rest.len -= RECORD_HEAD_BYTES;
    if (!get_field(&rest, &headers->type) || !get_field(&rest, &headers->source) ||
        !get_field(&rest, &headers->trace) || !get_field(&rest, &out.key) ||
        !get_field(&rest, &out.value))
        return false;
    headers->src = sea_str(reader->src_text);
    headers->pos = reader->pos++;
    reader->rest = rest;
    *ret = out;
    return true;
}
