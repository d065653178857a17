/* desk_answer.h: reads something and answers a call with it: the GETs, and what commands end with.
 */
#ifndef DESK_ANSWER_H
#define DESK_ANSWER_H

#include "desk_call.h"

void desk_answer_ticket(struct desk_call *call, struct sea_uuid ticket_id); /* in full */
void desk_answer_presence(struct desk_call *call);                          /* of who asks */
void desk_answer_id(struct desk_call *call, int status, const char *name, struct sea_uuid id);

/* GET /tickets, /tickets/{id}, /messages/{channel}/{account}/{external_id}, /orders/{order_id},
 * /events/{event_id}, /customers/{id}, /privacy/requests/{id}, /privacy/requests/{id}/export. */
desk_run desk_get_tickets, desk_get_ticket, desk_get_message, desk_get_order, desk_get_event,
    desk_get_customer, desk_get_conversation, desk_get_request, desk_get_export;

#endif
