/* xlate_mask.h: replaces what an engine must neither see nor change by numbered placeholders, and
 * puts it back afterwards. Pure.
 *
 * Masked are card numbers (ISO/IEC 7812, Luhn), IBANs (ISO 13616, mod 97), e-mail addresses, URLs,
 * phone numbers (E.164 with separators), identifiers (a word with at least four digits, or a number
 * sign and a word: orders, parcels, passports), template variables and braces, and the
 * placeholder's own brackets. Digits of any decimal script count. */
#ifndef XLATE_MASK_H
#define XLATE_MASK_H

#include "sea_base.h"
#include "sea_buf.h"

enum { XLATE_MASKS_MAX = 200, XLATE_TEXT_MAX_BYTES = 64 * 1024 };

struct xlate_masked {
    struct sea_buf text;                       /* what the engine gets; ⟦1⟧, ⟦2⟧, … */
    struct sea_str originals[XLATE_MASKS_MAX]; /* point into the text that was masked */
    uint32_t count;
};

#define XLATE_MASKED                                                                               \
    {                                                                                              \
        .text = SEA_BUF(2 * XLATE_TEXT_MAX_BYTES)                                                  \
    }

/* The first thing at or after `from` that must be masked: [*ret_from, *ret_to). False: none. */
SEA_MUST_CHECK bool xlate_mask_find(struct sea_str text, size_t from, size_t *ret_from,
                                    size_t *ret_to);

/* False: too many placeholders or too long a text; it goes untranslated then. `text` must outlive
 * *ret. */
SEA_MUST_CHECK bool xlate_mask(struct sea_str text, struct xlate_masked *ret);

/* Appends the engine's answer with the originals in place of the placeholders. False unless each of
 * them stands there exactly once; blanks or asterisks that an engine put inside are forgiven. */
SEA_MUST_CHECK bool xlate_unmask(const struct xlate_masked *masked, struct sea_str answer,
                                 struct sea_buf *out);

void xlate_masked_free(struct xlate_masked *masked);

#endif
