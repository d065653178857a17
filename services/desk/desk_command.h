/* desk_command.h: what agents ask router to do: POST /tickets/{id}/{verb}, PUT /agents/me/presence.
 */
#ifndef DESK_COMMAND_H
#define DESK_COMMAND_H

#include "desk_call.h"

/* params: the ticket's id, the verb. */
desk_run desk_command_ticket;
desk_run desk_command_presence;

#endif
