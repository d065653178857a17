/* sea_fold.h: texts made comparable: whatever case, width, accents, punctuation and blanks they
 * were written with. Pure.
 *
 * Unicode NFKC_Casefold, decomposed, without marks; every run of anything but letters and digits is
 * one blank, none at the ends; digits of all scripts are 0 to 9. */
#ifndef SEA_FOLD_H
#define SEA_FOLD_H

#include "sea_base.h"
#include "sea_buf.h"

enum { SEA_FOLD_MAX = 2000 }; /* bytes of a text that are looked at */

/* Appends the folded text. Broken UTF-8 counts as a blank. */
void sea_fold(struct sea_str text, struct sea_buf *out);

/* The same without the blanks. */
void sea_fold_compact(struct sea_str text, struct sea_buf *out);

#endif
