/* desk_mask.c: initials, last digits, first letters. */
#include "desk_mask.h"

#include <string.h>

#include "sea_enc.h"

enum { INITIALS_MAX = 3, DIGITS_SHOWN = 4, DIGITS_SHOWN_SHORT = 2, DIGITS_SHORT = 8 };

#define DOTS_3 "\u2022\u2022\u2022"
#define DOTS_4 "\u2022\u2022\u2022\u2022"

/* Bytes of the character at the front; broken UTF-8 is shown as '?'. */
static size_t add_first(struct sea_str text, struct sea_buf *ret)
{
    unsigned char lead = (unsigned char)text.ptr[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    struct sea_str first = {text.ptr, len};
    if (len > text.len || !sea_utf8_is_valid(first)) {
        sea_buf_char(ret, '?');
        return 1;
    }
    sea_buf_str(ret, first);
    return len;
}

void desk_mask_name(struct sea_str name, struct sea_buf *ret)
{
    bool is_start = true;
    int shown = 0;
    for (size_t i = 0; i < name.len && shown < INITIALS_MAX;) {
        struct sea_str rest = {name.ptr + i, name.len - i};
        if (rest.ptr[0] == ' ' || rest.ptr[0] == '\t') {
            is_start = true;
            i++;
        } else if (is_start) {
            if (shown++) sea_buf_char(ret, ' ');
            i += add_first(rest, ret);
            sea_buf_char(ret, '.');
            is_start = false;
        } else {
            i++;
        }
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

void desk_mask_phone(struct sea_str phone, struct sea_buf *ret)
{
    size_t digits = 0;
    for (size_t i = 0; i < phone.len; i++) digits += is_digit(phone.ptr[i]);
    if (phone.len == 0) return;
    size_t shown = digits < DIGITS_SHORT ? DIGITS_SHOWN_SHORT : DIGITS_SHOWN;
    sea_buf_text(ret, DOTS_4);
    for (size_t i = 0, seen = 0; i < phone.len && digits > shown; i++)
        if (is_digit(phone.ptr[i]) && ++seen > digits - shown) sea_buf_char(ret, phone.ptr[i]);
}

void desk_mask_email(struct sea_str email, struct sea_buf *ret)
{
    if (email.len == 0) return;
    const char *at = memchr(email.ptr, '@', email.len);
    if (at != email.ptr) (void)add_first(email, ret);
    sea_buf_text(ret, DOTS_3 "@" DOTS_3);
    struct sea_str domain = {at, at ? (size_t)(email.ptr + email.len - at) : 0};
    for (size_t i = domain.len; i > 0; i--) {
        if (domain.ptr[i - 1] != '.') continue;
        struct sea_str top = {domain.ptr + i - 1, domain.len - i + 1};
        if (sea_utf8_is_valid(top)) sea_buf_str(ret, top);
        return;
    }
}

void desk_mask_contact(struct sea_str id, struct sea_buf *ret)
{
    size_t digits = 0;
    for (size_t i = 0; i < id.len; i++) digits += is_digit(id.ptr[i]);
    bool is_number = id.len > 0 && digits + (id.ptr[0] == '+') == id.len;
    if (is_number) {
        desk_mask_phone(id, ret);
    } else if (id.len > 0 && memchr(id.ptr, '@', id.len)) {
        desk_mask_email(id, ret);
    } else if (id.len > 0) {
        struct sea_str end = {id.ptr + id.len - DIGITS_SHOWN, DIGITS_SHOWN};
        sea_buf_text(ret, DOTS_4);
        if (id.len >= DIGITS_SHORT && sea_utf8_is_valid(end)) sea_buf_str(ret, end);
    }
}
