/* sea_fold.c: folds texts with ICU's normalizers, whose data are compiled in. */
#include "sea_fold.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

enum { UNITS_MAX = 3 * SEA_FOLD_MAX }; /* what folding may add included; more is no text to match */

static const UChar32 BROKEN = 0xfffd;

struct folding {
    UChar one[UNITS_MAX], two[UNITS_MAX];
    UChar32 chars[UNITS_MAX];
    char utf8[4 * UNITS_MAX];
};

/* Case, width and accents: the characters of NFD(NFKC_Casefold(text)). Returns their count; 0 when
 * it is too long. */
static int32_t fold_chars(struct sea_str text, struct folding *folding)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *casefold = unorm2_getNFKCCasefoldInstance(&status);
    const UNormalizer2 *decompose = unorm2_getNFDInstance(&status);
    int32_t len = text.len < SEA_FOLD_MAX ? (int32_t)text.len : SEA_FOLD_MAX;
    u_strFromUTF8WithSub(folding->one, UNITS_MAX, &len, text.ptr, len, BROKEN, NULL, &status);
    len = unorm2_normalize(casefold, folding->one, len, folding->two, UNITS_MAX, &status);
    len = unorm2_normalize(decompose, folding->two, len, folding->one, UNITS_MAX, &status);
    u_strToUTF32(folding->chars, UNITS_MAX, &len, folding->one, len, &status);
    return U_SUCCESS(status) ? len : 0;
}

/* Keeps letters and digits, in place; every run of others is one blank. */
static int32_t keep_words(UChar32 *chars, int32_t count, bool is_compact)
{
    int32_t kept = 0;
    bool is_gap = false;
    for (int32_t i = 0; i < count; i++) {
        UChar32 c = chars[i];
        int8_t type = u_charType(c);
        int32_t digit = u_charDigitValue(c);
        if (type == U_NON_SPACING_MARK) continue;
        if (c != BROKEN && (u_isalnum(c) || type == U_COMBINING_SPACING_MARK)) {
            if (is_gap && kept > 0 && !is_compact) chars[kept++] = ' ';
            chars[kept++] = digit >= 0 ? '0' + digit : c;
            is_gap = false;
        } else {
            is_gap = true;
        }
    }
    return kept;
}

static void fold(struct sea_str text, bool is_compact, struct sea_buf *out)
{
    struct folding folding;
    UErrorCode status = U_ZERO_ERROR;
    int32_t len = 0;
    if (text.len == 0) return;
    int32_t count = keep_words(folding.chars, fold_chars(text, &folding), is_compact);
    u_strFromUTF32(folding.one, UNITS_MAX, &len, folding.chars, count, &status);
    u_strToUTF8(folding.utf8, sizeof folding.utf8, &len, folding.one, len, &status);
    if (U_SUCCESS(status)) sea_buf_add(out, folding.utf8, (size_t)len);
}

void sea_fold(struct sea_str text, struct sea_buf *out)
{
    fold(text, false, out);
}

void sea_fold_compact(struct sea_str text, struct sea_buf *out)
{
    fold(text, true, out);
}
