/* sea_language.h: how language tags (BCP 47, also with '_') relate. Pure; case doesn't matter. */
#ifndef SEA_LANGUAGE_H
#define SEA_LANGUAGE_H

#include "sea_base.h"

/* Basic filtering of RFC 4647: `es` covers es and es-MX, `es-MX` doesn't cover es. */
bool sea_language_covers(struct sea_str range, struct sea_str tag);

/* How well a text in `have` suits a reader of `wanted`: 3 the very tag; 2 the language without the
 * region; 1 another region of the language (of Chinese only in the same script); 0 another
 * language. */
uint32_t sea_language_fit(struct sea_str have, struct sea_str wanted);

#endif
