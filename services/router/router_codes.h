/* router_codes.h: numbers and texts of the tables and records as the cores' values, and back. */
#ifndef ROUTER_CODES_H
#define ROUTER_CODES_H

#include "router_model.h"
#include "sea_buf.h"
#include "seadesk/v1/types.pb-c.h"

/* A message's class as in seadesk.v1.MessageClass, which the table keeps. */
enum sea_message_class router_class_of(int number);
Seadesk__V1__MessageClass router_class_number(enum sea_message_class class);

/* router.agent's limits and counts: `phone=1,chat=3`. What is malformed is left out. */
void router_limits_parse(struct router_agent *agent, struct sea_str limits, struct sea_str counts);
void router_limits_print(const struct router_agent *agent, struct sea_buf *ret_limits,
                         struct sea_buf *ret_counts);

#endif
