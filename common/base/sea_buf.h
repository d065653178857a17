/* sea_buf.h: a growing byte buffer that cannot grow past the limit it was given. */
#ifndef SEA_BUF_H
#define SEA_BUF_H

#include "sea_base.h"

struct sea_buf {
    char *ptr; /* always terminated by a NUL that `len` does not count; NULL while empty */
    size_t len, cap, max;
    bool is_full; /* something did not fit: the content is cut and must not be used as if whole */
};

#define SEA_BUF(limit)                                                                             \
    {                                                                                              \
        .max = (limit)                                                                             \
    }

void sea_buf_free(struct sea_buf *buf);  /* releases the memory; the limit stays */
void sea_buf_wipe(struct sea_buf *buf);  /* overwrites what it held, then frees it */
void sea_buf_reset(struct sea_buf *buf); /* empty again, memory kept */
void sea_buf_add(struct sea_buf *buf, const void *data, size_t len);
void sea_buf_str(struct sea_buf *buf, struct sea_str text);
void sea_buf_text(struct sea_buf *buf, const char *text);
void sea_buf_char(struct sea_buf *buf, char c);
void sea_buf_printf(struct sea_buf *buf, const char *fmt, ...) SEA_PRINTF(2, 3);
/* `len` bytes at the end for the caller to fill; NULL when they do not fit. */
void *sea_buf_grow(struct sea_buf *buf, size_t len);
char *sea_buf_take(struct sea_buf *buf,
                   size_t *ret_len); /* hands the memory over; the caller frees */
struct sea_str sea_buf_view(const struct sea_buf *buf);

#endif
