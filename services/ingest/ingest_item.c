/* ingest_item.c: the growing list of items, and refusals. */
#include "ingest_item.h"

#include <stdio.h>
#include <string.h>

#include "sea_enc.h"

uint32_t ingest_pieces(const struct ingest_attachment *attachment)
{
    if (!attachment->is_inside) return 0;
    if (!attachment->bytes.len) return 1; /* an empty file is one, too */
    return (uint32_t)((attachment->bytes.len + INGEST_PIECE_BYTES - 1) / INGEST_PIECE_BYTES);
}

struct sea_str ingest_piece(const struct ingest_attachment *attachment, uint32_t piece)
{
    size_t from = (size_t)piece * INGEST_PIECE_BYTES, left = attachment->bytes.len - from;
    return (struct sea_str){attachment->bytes.ptr + from,
                            left < INGEST_PIECE_BYTES ? left : INGEST_PIECE_BYTES};
}

struct ingest_item *ingest_items_add(struct ingest_items *items, enum ingest_kind kind)
{
    if (items->count == items->cap) {
        size_t cap = items->cap ? items->cap * 4 : 4;
        if (cap > INGEST_ITEMS_MAX) cap = INGEST_ITEMS_MAX;
        struct ingest_item *list =
            items->count < cap ? sea_arena_alloc(items->arena, cap * sizeof(*list)) : NULL;
        if (!list) {
            items->is_full = true;
            return NULL;
        }
        if (items->count) memcpy(list, items->list, items->count * sizeof(*list));
        items->list = list;
        items->cap = cap;
    }
    struct ingest_item *item = &items->list[items->count++];
    memset(item, 0, sizeof(*item));
    item->kind = kind;
    return item;
}

void ingest_ignore(struct ingest_items *items, const char *what)
{
    size_t i = 0;
    while (items->ignored[i].what && strcmp(items->ignored[i].what, what) != 0) {
        i++;
        sea_assert(i < INGEST_IGNORED_MAX);
    }
    items->ignored[i].what = what;
    items->ignored[i].count++;
}

struct ingest_item *ingest_items_add_dead(struct ingest_items *items, const char *reason,
                                          struct sea_str value)
{
    struct ingest_item *item = ingest_items_add(items, INGEST_DEAD);
    if (item) item->dead = (struct ingest_dead){.reason = reason, .value = value, .offset = -1};
    return item;
}

bool ingest_is_id(struct sea_str text)
{
    return text.len > 0 && text.len <= INGEST_ID_MAX && !memchr(text.ptr, 0, text.len) &&
           sea_utf8_is_valid(text);
}

bool ingest_refuse(struct ingest_problem *problem, int status, const char *code, const char *detail,
                   const char *field)
{
    *problem =
        (struct ingest_problem){.status = status, .code = code, .detail = detail, .index = -1};
    snprintf(problem->field, sizeof(problem->field), "%s", field ? field : "");
    return false;
}
