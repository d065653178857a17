/* sea_trace.c: W3C trace context. */
#include "sea_trace.h"

#include <string.h>

#include "sea_enc.h"
#include "sea_random.h"

enum { HEADER_BYTES = 55, FLAG_SAMPLED = 1 };

static bool is_zero(const uint8_t *bytes, size_t len)
{
    uint8_t any = 0;
    for (size_t i = 0; i < len; i++) any |= bytes[i];
    return any == 0;
}

struct sea_trace sea_trace_new(void)
{
    struct sea_trace trace = {.flags = FLAG_SAMPLED};
    uint8_t random[sizeof trace.trace_id + sizeof trace.span_id]; /* one call of the kernel's */
    do {
        sea_random_bytes(random, sizeof random);
        memcpy(trace.trace_id, random, sizeof trace.trace_id);
        memcpy(trace.span_id, random + sizeof trace.trace_id, sizeof trace.span_id);
    } while (is_zero(trace.trace_id, sizeof trace.trace_id) ||
             is_zero(trace.span_id, sizeof trace.span_id));
    return trace;
}

struct sea_trace sea_trace_child(const struct sea_trace *parent)
{
    struct sea_trace child = *parent;
    do sea_random_bytes(child.span_id, sizeof child.span_id);
    while (is_zero(child.span_id, sizeof child.span_id));
    return child;
}

bool sea_trace_parse(struct sea_str header, struct sea_trace *ret)
{
    struct sea_trace trace;
    uint8_t version;
    if (header.len < HEADER_BYTES) return false;
    const char *text = header.ptr;
    for (size_t i = 0; i < HEADER_BYTES; i++) {
        if (text[i] >= 'A' && text[i] <= 'F') return false; /* only lower case is valid */
    }
    if (text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
    if (!sea_hex_parse((struct sea_str){text, 2}, &version, 1) || version == 0xff) return false;
    if (version == 0 ? header.len != HEADER_BYTES : header.len > HEADER_BYTES && text[55] != '-')
        return false;
    if (!sea_hex_parse((struct sea_str){text + 3, 32}, trace.trace_id, 16)) return false;
    if (!sea_hex_parse((struct sea_str){text + 36, 16}, trace.span_id, 8)) return false;
    if (!sea_hex_parse((struct sea_str){text + 53, 2}, &trace.flags, 1)) return false;
    if (is_zero(trace.trace_id, 16) || is_zero(trace.span_id, 8)) return false;
    *ret = trace;
    return true;
}

struct sea_trace sea_trace_from(struct sea_str header)
{
    struct sea_trace parent;
    return sea_trace_parse(header, &parent) ? sea_trace_child(&parent) : sea_trace_new();
}

void sea_trace_print(const struct sea_trace *trace, char ret[SEA_TRACE_TEXT])
{
    uint8_t flags = trace->flags & FLAG_SAMPLED; /* version 00 knows no other bit */
    memcpy(ret, "00-", 3);
    sea_hex_print(trace->trace_id, 16, ret + 3);
    ret[35] = '-';
    sea_hex_print(trace->span_id, 8, ret + 36);
    ret[52] = '-';
    sea_hex_print(&flags, 1, ret + 53);
}
