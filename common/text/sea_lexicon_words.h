/* sea_lexicon_words.h: the built-in word lists. Words are written as people write them and folded
 * when opened. */
#ifndef SEA_LEXICON_WORDS_H
#define SEA_LEXICON_WORDS_H

#include <stddef.h>

#include "sea_lexicon.h"

enum sea_match {
    SEA_MATCH_WHOLE, /* the message is this, blanks left out */
    SEA_MATCH_WORDS, /* these words stand in the message */
    SEA_MATCH_PART,  /* this stands in the message, blanks left out: languages without them */
};

struct sea_word_list {
    enum sea_intent intent;
    enum sea_match match;
    const char *const *words; /* ends with NULL */
};

extern const struct sea_word_list SEA_WORD_LISTS[];
extern const size_t SEA_WORD_LISTS_COUNT;

#endif
