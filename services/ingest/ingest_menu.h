/* ingest_menu.h: the machine of a dialogue by dial string: a menu and everything that was typed so
 * far give the page to show and what it asks of us. Pure: the same inputs always lead to the same
 * place, so a request that comes again is answered again, and where a caller stands is kept as the
 * inputs that lead there. */
#ifndef INGEST_MENU_H
#define INGEST_MENU_H

#include "sea_arena.h"
#include "sea_menu.h"

enum {
    INGEST_MENU_GSM_UNITS = 182, /* of a page (3GPP TS 23.038: 160 octets), all of it 7-bit */
    INGEST_MENU_UCS2_UNITS = 80, /* with any other character */
    INGEST_MENU_WORD_MAX = 32,   /* of what a caller types: letters, digits, '-' */
};

struct ingest_menu_place {
    struct sea_str page; /* at most so many units */
    bool is_over;        /* an end was reached: what it asks for is to be done, once */
    bool is_last;        /* of an end: nothing more is to be read */
    enum sea_menu_act act;
    const char *language;
    struct sea_str order;   /* as typed; empty: none */
    struct sea_visit visit; /* of a booking; zeros: no time was chosen */
    struct sea_str told;    /* what was chosen and typed, in the caller's language: "a > b" */
    struct sea_str path;    /* inputs that lead here, without detours; empty: the start, or over */
};

/* `inputs` are joined by '*', as aggregators send them; "98" turns the page, "0" goes back. What is
 * no answer changes nothing, and the page says so. `reference` is what a booking will be called.
 * False: the arena is full. */
SEA_MUST_CHECK bool ingest_menu_run(const struct sea_menu *menu, struct sea_str inputs,
                                    struct sea_str reference, struct sea_arena *arena,
                                    struct ingest_menu_place *ret);

#endif
