/* sea_decode.h: protobuf messages read into an arena. Pure. */
#ifndef SEA_DECODE_H
#define SEA_DECODE_H

#include <protobuf-c/protobuf-c.h>

#include "sea_arena.h"

/* The message of that type, in the arena, which frees it; texts and bytes are copies. NULL:
 * malformed, or the arena is full. */
void *sea_decode(const ProtobufCMessageDescriptor *type, struct sea_str bytes,
                 struct sea_arena *arena);

#endif
