/* xlate_language.h: what an engine calls the languages that tags (BCP 47) name. Pure. */
#ifndef XLATE_LANGUAGE_H
#define XLATE_LANGUAGE_H

#include "sea_base.h"

enum { XLATE_LANGUAGE_CODE = 12 };
/* The code a LibreTranslate engine knows a language by: the primary subtag in lower case, `zh` and
 * `zt` for simplified and traditional Chinese, `auto` for an empty tag. */
void xlate_language_code(struct sea_str tag, char ret[XLATE_LANGUAGE_CODE]);

#endif
