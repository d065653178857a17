/* sea_cld2.cc: the only C++ file: CLD2's header needs <cstdio> before it. */
#include <cstdio>

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include "sea_cld2.h"

extern "C" struct sea_cld2_result sea_cld2(const char *text, int len, const char *hint)
{
    CLD2::CLDHints hints = {hint, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
    CLD2::Language languages[3] = {CLD2::UNKNOWN_LANGUAGE, CLD2::UNKNOWN_LANGUAGE,
                                   CLD2::UNKNOWN_LANGUAGE}; /* all that refused text leaves */
    int percents[3] = {0, 0, 0}, letter_bytes = 0, valid_bytes = 0;
    double scores[3] = {0, 0, 0};
    bool is_reliable = false;
    CLD2::ExtDetectLanguageSummaryCheckUTF8(text, len, true, &hints, 0, languages, percents, scores,
                                            nullptr, &letter_bytes, &is_reliable, &valid_bytes);
    return {CLD2::LanguageCode(languages[0]), percents[0], letter_bytes, is_reliable};
}
