/* desk_people.h: what the desk writes down about people: POST /customers/{id}/consents, POST
 * /privacy/requests. */
#ifndef DESK_PEOPLE_H
#define DESK_PEOPLE_H

#include "desk_call.h"

desk_run desk_post_consent, desk_post_request;

#endif
