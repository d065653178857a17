/* sea_words.h: words that a market forbids, found whatever their case, width, composition or the
 * invisible characters between them (Unicode NFKC_Casefold, UAX #31). Pure. */
#ifndef SEA_WORDS_H
#define SEA_WORDS_H

#include "sea_base.h"
#include "sea_market.h"

struct sea_word_hit {
    const struct sea_word_rule *rule;
    uint32_t from, to; /* bytes of the text, `to` exclusive */
};

/* The first forbidden words in `text`, of the lists for its language (BCP 47; empty: of all lists).
 * False: none. */
SEA_MUST_CHECK bool sea_words_find(const struct sea_market *market, struct sea_str text,
                                   struct sea_str language, struct sea_word_hit *ret);

#endif
