/* sea_arena.c: memory that lives until the end of one batch or request, freed all at once. */
#include "sea_arena.h"

#include <stdlib.h>
#include <string.h>

enum { SEA_ARENA_FIRST_BYTES = 4096, SEA_ARENA_LARGEST_BYTES = 256 * 1024 };

struct sea_arena_block {
    struct sea_arena_block *next; /* the one before it; the first block ends the list */
    size_t size, used;
    _Alignas(16) char data[];
};

static struct sea_arena_block *block_add(struct sea_arena *arena, size_t least)
{
    size_t size = SEA_ARENA_FIRST_BYTES;
    if (arena->block != NULL) size = arena->block->size * 2;
    if (size > SEA_ARENA_LARGEST_BYTES) size = SEA_ARENA_LARGEST_BYTES;
    if (size < least) size = least;
    struct sea_arena_block *block = sea_realloc(NULL, sizeof *block + size);
    *block = (struct sea_arena_block){.next = arena->block, .size = size};
    arena->block = block;
    return block;
}

void *sea_arena_alloc(struct sea_arena *arena, size_t size)
{
    if (size > arena->limit - arena->used) return NULL;
    size_t rounded = size > 0 ? (size + 15) & ~(size_t)15 : 16;
    if (rounded < size) return NULL;
    struct sea_arena_block *block = arena->block;
    if (block == NULL || rounded > block->size - block->used) block = block_add(arena, rounded);
    void *ptr = block->data + block->used;
    block->used += rounded;
    arena->used += size;
    return ptr;
}

void *sea_arena_zero(struct sea_arena *arena, size_t size)
{
    void *ptr = sea_arena_alloc(arena, size);
    return ptr != NULL ? memset(ptr, 0, size) : NULL;
}

char *sea_arena_dup(struct sea_arena *arena, struct sea_str text)
{
    char *copy = sea_arena_alloc(arena, text.len + 1);
    if (copy == NULL) return NULL;
    if (text.len > 0) memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

struct sea_str sea_arena_str(struct sea_arena *arena, struct sea_str text)
{
    char *copy = sea_arena_dup(arena, text);
    return (struct sea_str){copy, copy != NULL ? text.len : 0};
}

void sea_arena_reset(struct sea_arena *arena)
{
    arena->used = 0;
    if (arena->block == NULL) return;
    while (arena->block->next != NULL) {
        struct sea_arena_block *next = arena->block->next;
        free(arena->block);
        arena->block = next;
    }
    arena->block->used = 0;
}

void sea_arena_free(struct sea_arena *arena)
{
    sea_arena_reset(arena);
    free(arena->block);
    arena->block = NULL;
}
