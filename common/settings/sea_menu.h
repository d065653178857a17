/* sea_menu.h: menus/: dialogues of telephones without data (USSD), a file each, in several
 * languages. Immutable and owned by the settings they came from. */
#ifndef SEA_MENU_H
#define SEA_MENU_H

#include "sea_template.h"
#include "sea_yaml.h"

enum {
    SEA_MENUS_MAX = 32,
    SEA_MENU_STEPS_MAX = 64,
    SEA_MENU_CHOICES_MAX = 20,
    SEA_MENU_WORD_MAX = 20, /* characters of "more" and "back": they stand on every page */
};

/* A text in every language it has; English always. */
struct sea_menu_say {
    const struct sea_template_text *texts;
    uint32_t count;
};

/* When somebody comes, by the caller's local time: so many days from today, or on the next such
 * weekday. */
struct sea_visit {
    uint32_t days;    /* 1: tomorrow; 0: none is meant, or a weekday */
    uint32_t weekday; /* 1 (Monday) to 7; 0: by days */
    uint32_t minute;  /* of that day */
};

struct sea_menu_choice {
    struct sea_menu_say say;
    struct sea_visit visit; /* what choosing it books; zeros: nothing */
    const char *language;   /* choosing it changes the language; NULL: it doesn't */
    uint32_t go;            /* index of the next step */
};

enum sea_menu_kind {
    SEA_MENU_CHOOSE,
    SEA_MENU_ASK_ORDER, /* a typed word: the order's number */
    SEA_MENU_ASK_CODE,  /* any other, such as the number of a shop or product */
    SEA_MENU_END,
};

/* What the end of a dialogue asks for. */
enum sea_menu_act { SEA_MENU_BOOKING, SEA_MENU_CALL_BACK, SEA_MENU_ORDER_STATUS, SEA_MENU_NOTHING };
const char *sea_menu_act_name(enum sea_menu_act act); /* booking, call_back … */

struct sea_menu_step {
    const char *name;
    enum sea_menu_kind kind;
    struct sea_menu_say say; /* of END with {reference} */
    const struct sea_menu_choice *choices;
    uint32_t choice_count;
    uint32_t go;           /* of ASK */
    enum sea_menu_act act; /* of END */
};

struct sea_menu {
    const char *id; /* the file's name */
    uint32_t version;
    int64_t resume_ms;    /* how long a dialogue that broke off can be taken up again */
    const char *language; /* until the caller chooses one */
    struct sea_menu_say more, back, wrong;
    const struct sea_menu_step *steps;
    uint32_t step_count, start;
};

/* Those that accounts name. */
struct sea_menus {
    const struct sea_menu *items[SEA_MENUS_MAX];
    uint32_t count;
};

/* Reads the menu `id` of a file, into memory of the file's arena. False: `errors`, which are the
 * file's, have more than before. */
SEA_MUST_CHECK bool sea_menu_read(struct sea_yaml *yaml, const struct sea_yaml_errors *errors,
                                  const char *id, struct sea_menu *ret);

/* The text for a reader of `language`, else the English one. */
const char *sea_menu_text(const struct sea_menu_say *say, struct sea_str language);

#endif
