/* sea_detect.h: in which language and script a text is written (CLD2). Pure. */
#ifndef SEA_DETECT_H
#define SEA_DETECT_H

#include "sea_base.h"

enum { SEA_DETECT_MAX = 4096 }; /* bytes of a text that are looked at */

struct sea_detected {
    char language[12]; /* BCP 47 without a region: pt, zh-Hant; `und`: can't be said */
    char script[5];    /* ISO 15924 of most letters: Latn, Arab, Hans …; empty: no letters */
    uint32_t confidence_pct;
    bool is_sure; /* enough text, and clear: may decide; otherwise what is known of the customer
                     counts more */
};

/* Addresses, numbers and codes in the text are left out of the judgement. `hint` (BCP 47, may be
 * empty), such as the contact's locale, tips the balance of short texts. */
struct sea_detected sea_detect(struct sea_str text, struct sea_str hint);

#endif
