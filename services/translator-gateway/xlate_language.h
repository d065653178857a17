/* xlate_language.h: what the translator asks of language tags (BCP 47). Pure. */
#ifndef XLATE_LANGUAGE_H
#define XLATE_LANGUAGE_H

#include "sea_base.h"

/* Whether a reader of one reads the other: the same primary language, and for Chinese the same
 * script (by subtag, or by region). Case and '_' for '-' don't matter. Two empty ones are the same;
 * an empty one and another are not. */
bool xlate_language_is_same(struct sea_str a, struct sea_str b);

enum { XLATE_LANGUAGE_CODE = 12 };
/* The code a LibreTranslate engine knows a language by: the primary subtag in lower case, `zh` and
 * `zt` for simplified and traditional Chinese, `auto` for an empty tag. */
void xlate_language_code(struct sea_str tag, char ret[XLATE_LANGUAGE_CODE]);

#endif
