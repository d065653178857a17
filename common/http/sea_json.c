/* sea_json.c: JSON strings. */
#include "sea_json.h"

#include "sea_enc.h"

void sea_json_string(struct sea_buf *out, struct sea_str text)
{
    bool is_utf8 = sea_utf8_is_valid(text);
    sea_buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\')
            sea_buf_printf(out, "\\%c", c);
        else if (c < 0x20)
            sea_buf_printf(out, "\\u%04x", c);
        else
            sea_buf_char(out, c < 0x80 || is_utf8 ? (char)c : '?');
    }
    sea_buf_char(out, '"');
}
