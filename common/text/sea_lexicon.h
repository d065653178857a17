/* sea_lexicon.h: what a customer wants, where a few words say it clearly: to opt out or in, a
 * person, their order. Pure once opened; immutable, may be shared. */
#ifndef SEA_LEXICON_H
#define SEA_LEXICON_H

#include "sea_base.h"

enum sea_intent {
    SEA_INTENT_NONE,
    SEA_INTENT_STOP,         /* the whole message is STOP or a synonym: acted on at once */
    SEA_INTENT_START,        /* the whole message is START or a synonym */
    SEA_INTENT_STOP_REQUEST, /* asks in own words to be left alone: a person decides the same day */
    SEA_INTENT_PERSON,       /* wants to talk to a person */
    SEA_INTENT_ORDER_STATUS, /* where is my order */
    SEA_INTENT_COUNT,
};

struct sea_lexicon;

/* Folds the built-in word lists once. */
struct sea_lexicon *sea_lexicon_open(void);
void sea_lexicon_close(struct sea_lexicon **lexicon);

/* Words that a market adds to STOP and START. */
struct sea_lexicon_extra {
    const char *const *stop, *const *start;
    uint32_t stop_count, start_count;
};

/* The intent in any language of the lists, in any case, spacing and width; the first in the order
 * above counts. `extra` may be NULL. */
enum sea_intent sea_lexicon_intent(const struct sea_lexicon *lexicon, struct sea_str text,
                                   const struct sea_lexicon_extra *extra);

enum { SEA_REFS_MAX = 8, SEA_REF_TEXT = 41 };

/* What in a text may be the number of an order or parcel: a word of letters, digits and hyphens
 * with at least four digits, or any digits behind a number sign or a word for "order"; digits of
 * all scripts are given as 0 to 9. Phone numbers, dates, amounts, addresses and links are left out.
 * Returns their count, each once. */
uint32_t sea_refs(struct sea_str text, char ret[SEA_REFS_MAX][SEA_REF_TEXT]);

#endif
