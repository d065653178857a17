/* sea_buf.c: a growing byte buffer that cannot grow past the limit it was given. */
#include "sea_buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEA_BUF_FIRST_BYTES = 256 };

void sea_buf_free(struct sea_buf *buf)
{
    free(buf->ptr);
    *buf = (struct sea_buf){.max = buf->max};
}

void sea_buf_wipe(struct sea_buf *buf)
{
    if (buf->ptr != NULL) explicit_bzero(buf->ptr, buf->cap);
    sea_buf_free(buf);
}

void sea_buf_reset(struct sea_buf *buf)
{
    buf->len = 0;
    buf->is_full = false;
    if (buf->ptr != NULL) buf->ptr[0] = '\0';
}

/* Room for `len` more bytes and the NUL. Once something did not fit nothing more is taken, so that
 * what is there stays a prefix. */
static bool has_room(struct sea_buf *buf, size_t len)
{
    if (buf->is_full || len > buf->max - buf->len) {
        buf->is_full = true;
        return false;
    }
    size_t wanted = buf->len + len + 1;
    if (wanted > buf->cap) {
        size_t cap = buf->cap > 0 ? buf->cap : SEA_BUF_FIRST_BYTES;
        while (cap < wanted) cap *= 2;
        if (cap > buf->max + 1) cap = buf->max + 1;
        buf->ptr = sea_realloc(buf->ptr, cap);
        buf->cap = cap;
    }
    return true;
}

void *sea_buf_grow(struct sea_buf *buf, size_t len)
{
    if (!has_room(buf, len)) return NULL;
    char *start = buf->ptr + buf->len;
    buf->len += len;
    buf->ptr[buf->len] = '\0';
    return start;
}

void sea_buf_add(struct sea_buf *buf, const void *data, size_t len)
{
    if (len == 0) return;
    void *room = sea_buf_grow(buf, len);
    if (room != NULL) memcpy(room, data, len);
}

void sea_buf_str(struct sea_buf *buf, struct sea_str text)
{
    sea_buf_add(buf, text.ptr, text.len);
}

void sea_buf_text(struct sea_buf *buf, const char *text)
{
    sea_buf_add(buf, text, strlen(text));
}

void sea_buf_char(struct sea_buf *buf, char c)
{
    sea_buf_add(buf, &c, 1);
}

void sea_buf_printf(struct sea_buf *buf, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    size_t space = buf->cap - buf->len;
    int len = vsnprintf(space > 0 ? buf->ptr + buf->len : NULL, space, fmt, args);
    sea_assert(len >= 0);
    bool fits = has_room(buf, (size_t)len);
    if (fits && (size_t)len >= space) {
        vsnprintf(buf->ptr + buf->len, (size_t)len + 1, fmt, again);
    }
    if (fits) buf->len += (size_t)len;
    if (buf->ptr != NULL) buf->ptr[buf->len] = '\0';
    va_end(again);
    va_end(args);
}

char *sea_buf_take(struct sea_buf *buf, size_t *ret_len)
{
    char *ptr = buf->ptr != NULL ? buf->ptr : sea_alloc(1);
    if (ret_len != NULL) *ret_len = buf->len;
    *buf = (struct sea_buf){.max = buf->max};
    return ptr;
}

struct sea_str sea_buf_view(const struct sea_buf *buf)
{
    return (struct sea_str){buf->ptr, buf->len};
}
