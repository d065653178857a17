/* router_seal.h: seals what a batch writes and says under the keys of its contacts. */
#ifndef ROUTER_SEAL_H
#define ROUTER_SEAL_H

#include "router_batch.h"

/* Fetches, in one call, the keys of all contacts that the batch seals for. */
SEA_MUST_CHECK enum sea_err router_seal_ready(struct router_batch *batch);

/* Into the batch's memory; an empty text gives an empty one. REJECT: too large. */
SEA_MUST_CHECK enum sea_err router_seal_text(struct router_batch *batch, struct sea_key contact,
                                             const struct sea_place *place, struct sea_str plain,
                                             struct sea_str *ret);
/* A message of protobuf, packed first. */
SEA_MUST_CHECK enum sea_err router_seal_message(struct router_batch *batch, struct sea_key contact,
                                                const struct sea_place *place,
                                                const ProtobufCMessage *message,
                                                struct sea_str *ret);
/* A terminated copy for protobuf-c; never NULL. */
char *router_c_str(struct router_batch *batch, struct sea_str text);

#endif
