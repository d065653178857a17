/* sea_decode.c: protobuf-c's allocator over an arena. */
#include "sea_decode.h"

static void *take(void *arena, size_t size)
{
    return sea_arena_alloc(arena, size);
}

/* The arena frees all at once. */
static void leave(void *arena, void *ptr)
{
    (void)arena;
    (void)ptr;
}

void *sea_decode(const ProtobufCMessageDescriptor *type, struct sea_str bytes,
                 struct sea_arena *arena)
{
    ProtobufCAllocator allocator = {take, leave, arena};
    return protobuf_c_message_unpack(type, &allocator, bytes.len,
                                     (const uint8_t *)(bytes.len ? bytes.ptr : ""));
}
