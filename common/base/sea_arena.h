/* sea_arena.h: memory that lives until the end of one batch or request, freed all at once. */
#ifndef SEA_ARENA_H
#define SEA_ARENA_H

#include "sea_base.h"

struct sea_arena {
    struct sea_arena_block *block;
    size_t used, limit; /* bytes handed out, and the most that may be */
};

#define SEA_ARENA(limit_bytes)                                                                     \
    {                                                                                              \
        .limit = (limit_bytes)                                                                     \
    }

/* 16-byte aligned, not zeroed. NULL when the limit would be passed. */
void *sea_arena_alloc(struct sea_arena *arena, size_t size);
void *sea_arena_zero(struct sea_arena *arena, size_t size);
char *sea_arena_dup(struct sea_arena *arena, struct sea_str text); /* terminated copy, or NULL */
struct sea_str sea_arena_str(struct sea_arena *arena, struct sea_str text);
void sea_arena_reset(
    struct sea_arena *arena); /* everything handed out is gone; the first block is kept */
void sea_arena_free(struct sea_arena *arena);

#endif
