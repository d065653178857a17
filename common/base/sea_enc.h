/* sea_enc.h: hex, base64 (RFC 4648), percent-encoding (RFC 3986), UTF-8 checks (RFC 3629), RFC 3339
 * times. */
#ifndef SEA_ENC_H
#define SEA_ENC_H

#include "sea_base.h"

void sea_hex_print(const void *data, size_t len,
                   char *ret); /* lower case, 2*len digits and a NUL */
/* Either case. False unless `text` is exactly 2*len digits. */
SEA_MUST_CHECK bool sea_hex_parse(struct sea_str text, uint8_t *ret, size_t len);

size_t sea_base64_size(size_t len);                             /* with padding, without the NUL */
void sea_base64_print(const void *data, size_t len, char *ret); /* padded, and a NUL */
/* Standard alphabet, padding wanted. False when malformed or longer than `cap`; then nothing is
 * promised of `ret`. */
SEA_MUST_CHECK bool sea_base64_parse(struct sea_str text, uint8_t *ret, size_t cap,
                                     size_t *ret_len);

/* One round of %XX (and '+' as blank when `is_form`) into `ret`, which has room for text.len bytes
 * and may be the text's own memory.
 * False on a broken escape. */
SEA_MUST_CHECK bool sea_percent_decode(struct sea_str text, bool is_form, char *ret,
                                       size_t *ret_len);

bool sea_utf8_is_valid(struct sea_str text);
/* The longest prefix of at most `max` bytes that ends at a character's end. */
struct sea_str sea_utf8_cut(struct sea_str text, size_t max);

enum { SEA_TIME_TEXT = 25 };
/* 2026-11-22T08:15:00Z, with .123 when the milliseconds aren't 0. `time_ms` is Unix time, years
 * 1970 to 9999. */
void sea_time_print(int64_t time_ms, char ret[SEA_TIME_TEXT]);
/* RFC 3339 with any offset and any count of fraction digits (cut to milliseconds); a leap second
 * counts as :59. */
SEA_MUST_CHECK bool sea_time_parse(struct sea_str text, int64_t *ret_ms);

#endif
