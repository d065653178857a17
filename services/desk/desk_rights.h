/* desk_rights.h: who acts, what a role may do, and what a refusal means to the one who asked. Pure.
 */
#ifndef DESK_RIGHTS_H
#define DESK_RIGHTS_H

#include "sea_base.h"
#include "sea_problem.h"

enum desk_role { DESK_AGENT, DESK_SUPERVISOR, DESK_ADMIN };

enum { DESK_NAME_MAX = 200, DESK_USER_MAX = 63 };

/* Who is behind a call: a person by session, or a company system by API key, which may act for a
 * person. */
struct desk_who {
    char user[DESK_USER_MAX + 1];         /* sign-in name; empty: a key that names nobody */
    char name[DESK_NAME_MAX + 1];         /* shown to customers */
    char staff_number[DESK_NAME_MAX + 1]; /* may be empty */
    char key[DESK_NAME_MAX + 1];          /* name of the API key; empty: a session */
    enum desk_role role;                  /* of the user */
};

enum desk_right {
    DESK_MAY_READ,     /* tickets, messages, orders, customers, the stream */
    DESK_MAY_ACT,      /* commands and one's own presence: a person must be named */
    DESK_MAY_CONSENT,  /* write down what a customer allows */
    DESK_MAY_SUPERVISE /* requests to forget a person or to hand over what is kept */
};

/* False, with what to answer in *ret. */
SEA_MUST_CHECK bool desk_may(const struct desk_who *who, enum desk_right right,
                             struct sea_problem *ret);

SEA_MUST_CHECK bool desk_role_parse(struct sea_str text, enum desk_role *ret);

/* A sign-in name: lower-case letters, digits, '.', '_' and '-', at most DESK_USER_MAX. */
bool desk_user_is_valid(struct sea_str user);

/* The answer for CommandRefused{reason}; `reason` is a C string that must outlive *ret. */
void desk_refused(const char *reason, struct sea_problem *ret);

#endif
