/* desk_json.h: the shapes of contract.md as JSON. Pure. Each appends one JSON text; broken UTF-8
 * becomes '?'. */
#ifndef DESK_JSON_H
#define DESK_JSON_H

#include "desk_shape.h"
#include "sea_buf.h"

void desk_json_conversation(const struct desk_conversation *page, struct sea_buf *ret);
void desk_json_message(const struct desk_message *message, struct sea_buf *ret);
void desk_json_ticket(const struct desk_ticket *ticket, struct sea_buf *ret); /* in full */
/* `next`: the cursor of the next page; empty: there is none. */
void desk_json_tickets(const struct desk_ticket *tickets, size_t count, const char *next,
                       struct sea_buf *ret);
void desk_json_customer(const struct desk_customer *customer, struct sea_buf *ret);
void desk_json_order(const struct desk_order *order, struct sea_buf *ret);
void desk_json_story(const struct desk_story *story, struct sea_buf *ret);
void desk_json_request(const struct desk_request *request, struct sea_buf *ret);
/* `next`: the cursor of the next page of messages; empty: there is none. `is_first`: with all the
 * rest, not with messages alone. */
void desk_json_export(const struct desk_export *own, bool is_first, const char *next,
                      struct sea_buf *ret);
void desk_json_presence(const struct desk_presence *presence, struct sea_buf *ret);
/* {"<name>": "<id>"} */
void desk_json_id(const char *name, struct sea_uuid id, struct sea_buf *ret);

#endif
