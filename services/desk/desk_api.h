/* desk_api.h: the routes of desk. */
#ifndef DESK_API_H
#define DESK_API_H

#include "sea_base.h"

struct desk;

/* Listens; logs the address taken. */
SEA_MUST_CHECK enum sea_err desk_api_open(struct desk *desk);

#endif
