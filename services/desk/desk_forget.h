/* desk_forget.h: desk's part in forgetting a person: it stores nothing of them, and says so once no
 * desk process can hold one of their keys any more. */
#ifndef DESK_FORGET_H
#define DESK_FORGET_H

#include "sea_base.h"

struct desk;
struct desk_forget;

SEA_MUST_CHECK enum sea_err desk_forget_open(struct desk_forget **ret, struct desk *desk);
void desk_forget_close(struct desk_forget **forget);

#endif
