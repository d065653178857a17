/* sea_segment.h: how many SMS a text becomes (3GPP TS 23.038, GSM 7-bit default alphabet with
 * its extension table, else UCS-2; TS 23.040, 6 bytes of header in each part of several). Pure. */
#ifndef SEA_SEGMENT_H
#define SEA_SEGMENT_H

#include "sea_base.h"

struct sea_segments {
    bool is_gsm;    /* one character outside the alphabet turns the whole message to UCS-2 */
    uint32_t units; /* septets or UTF-16 units */
    uint32_t parts; /* 0 for an empty text */
};

/* Septets of a Unicode character: 1, 2 (by the extension table), 0 when it isn't in the alphabet.
 */
uint32_t sea_segment_septets(int32_t c);

/* `text` is UTF-8; a broken byte counts as U+FFFD. What takes two units is never split between
 * parts. */
struct sea_segments sea_segments_of(struct sea_str text);

#endif
