/* sea_segment.c: counts twice in one pass, in septets and in UTF-16 units, and takes the first
 * where it can. */
#include "sea_segment.h"

#include <string.h>

#include <unicode/utf8.h>

enum { GSM_SINGLE = 160, GSM_PART = 153, UCS2_SINGLE = 70, UCS2_PART = 67 };

/* The default alphabet beyond ASCII, and ASCII's characters that are not in it or cost two. */
static const uint16_t GSM_OTHERS[] = {
    0xa3,  0xa5,  0xe8,  0xe9,  0xf9,  0xec,  0xf2,  0xc7,  0xd8,  0xf8, 0xc5, 0xe5, 0x394,
    0x3a6, 0x393, 0x39b, 0x3a9, 0x3a0, 0x3a8, 0x3a3, 0x398, 0x39e, 0xc6, 0xe6, 0xdf, 0xc9,
    0xa4,  0xa1,  0xc4,  0xd6,  0xd1,  0xdc,  0xa7,  0xbf,  0xe4,  0xf6, 0xf1, 0xfc, 0xe0};
static const char GSM_DOUBLE[] = "^{}\\[~]|\f";

uint32_t sea_segment_septets(int32_t c)
{
    if (c == 0x20ac) return 2;
    if (c < 0x80) {
        if (c != 0 && strchr(GSM_DOUBLE, (int)c) != NULL) return 2;
        return (c >= ' ' && c != '`' && c != 0x7f) || c == '\n' || c == '\r' ? 1 : 0;
    }
    for (size_t i = 0; i < SEA_COUNT(GSM_OTHERS); i++)
        if (c == GSM_OTHERS[i]) return 1;
    return 0;
}

struct tally {
    uint32_t units, parts, in_part; /* as if the message had several parts */
    uint32_t part_max;
};

static void tally_add(struct tally *tally, uint32_t units)
{
    if (tally->parts == 0 || tally->in_part + units > tally->part_max) {
        tally->parts++;
        tally->in_part = 0;
    }
    tally->in_part += units;
    tally->units += units;
}

struct sea_segments sea_segments_of(struct sea_str text)
{
    struct tally gsm = {.part_max = GSM_PART}, ucs2 = {.part_max = UCS2_PART};
    bool is_gsm = true;
    const uint8_t *bytes = (const uint8_t *)text.ptr;
    sea_assert(text.len <= INT32_MAX);
    for (int32_t at = 0, end = (int32_t)text.len; at < end;) {
        UChar32 c = 0;
        U8_NEXT_OR_FFFD(bytes, at, end, c);
        uint32_t septets = sea_segment_septets(c);
        if (septets == 0) is_gsm = false;
        tally_add(&gsm, septets);
        tally_add(&ucs2, c > 0xffff ? 2 : 1);
    }
    const struct tally *used = is_gsm ? &gsm : &ucs2;
    uint32_t single = is_gsm ? GSM_SINGLE : UCS2_SINGLE;
    bool is_single = used->units > 0 && used->units <= single;
    return (struct sea_segments){is_gsm, used->units, is_single ? 1 : used->parts};
}
