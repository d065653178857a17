/* seadesk.h: what the subcommands of the operator's command share. */
#ifndef SEADESK_H
#define SEADESK_H

#include "sea_base.h"
#include "sea_config.h"

struct seadesk_config {
#define SEA_SETTING SEA_SETTING_FIELD
#include "seadesk_config.def"
#undef SEA_SETTING
};

struct seadesk {
    struct sea_config config;
    struct seadesk_config own;
    bool is_json; /* --json: one object on standard output instead of text */
    int argc;     /* what follows the subcommand's name */
    char **argv;
};

/* Exit codes of every subcommand. */
enum seadesk_exit {
    SEADESK_DONE = 0,
    SEADESK_FAILED = 1, /* it could not be done, or the check found something */
    SEADESK_USAGE = 2,  /* wrong arguments or settings */
    SEADESK_AWAY = 75,  /* a dependency is away: try again */
};

int seadesk_migrate(struct seadesk *seadesk);
int seadesk_topics(struct seadesk *seadesk);
int seadesk_check(struct seadesk *seadesk);
int seadesk_doctor(struct seadesk *seadesk);
int seadesk_story(struct seadesk *seadesk);
int seadesk_replay(struct seadesk *seadesk);
int seadesk_rewind(struct seadesk *seadesk);
int seadesk_user(struct seadesk *seadesk);

#endif
