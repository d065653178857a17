/* router_open.h: opens what is sealed under contacts' keys. */
#ifndef ROUTER_OPEN_H
#define ROUTER_OPEN_H

#include "router_batch.h"

/* A list of things to open, so that their keys are fetched at once. */
struct router_opening {
    struct sea_sealed *sealed;
    size_t count, cap;
    struct sea_arena *arena;
};
void router_opening_init(struct router_opening *opening, struct sea_arena *arena);
void router_opening_add(struct router_opening *opening, struct sea_key contact,
                        struct sea_str bytes); /* empty bytes are left out */
SEA_MUST_CHECK enum sea_err router_opening_fetch(struct router_opening *opening,
                                                 struct sea_keys *keys);

/* Opens into the batch's memory. Empty when there was nothing, it was not sealed for this place, or
 * the key was destroyed. */
SEA_MUST_CHECK enum sea_err router_open_text(struct router_batch *batch, struct sea_key contact,
                                             const struct sea_place *place, struct sea_str sealed,
                                             struct sea_str *ret);
/* The contact's address, name and so on. */
SEA_MUST_CHECK enum sea_err router_open_contact(struct router_batch *batch,
                                                struct router_contact *contact);
/* The text of a stored message. */
SEA_MUST_CHECK enum sea_err router_open_sent(struct router_batch *batch, struct router_sent *sent);

#endif
