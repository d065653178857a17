/* desk_typing.h: typing in web chats: the visitor's becomes an event of the live stream, the
 * agent's is passed on to the visitor. Best effort, by Redis alone (sea_typing.h). */
#ifndef DESK_TYPING_H
#define DESK_TYPING_H

#include "desk_call.h"

struct desk_typing;

SEA_MUST_CHECK enum sea_err desk_typing_open(struct desk_typing **ret, struct desk *desk);
void desk_typing_close(struct desk_typing **typing);

/* POST /tickets/{id}/typing: 204 for whoever may reply to it. */
desk_run desk_typing_post;

#endif
