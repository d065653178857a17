/* desk_demo.h: users ana, wei and sup, made at a start in development. */
#ifndef DESK_DEMO_H
#define DESK_DEMO_H

#include "sea_base.h"

struct desk;

/* Makes those that are missing; nothing in production. RETRY: PostgreSQL is away. */
SEA_MUST_CHECK enum sea_err desk_demo_make(struct desk *desk);

#endif
