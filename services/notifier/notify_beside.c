/* notify_beside.c: one index for each question. */
#include "notify_beside.h"

#include <string.h>

void notify_set_add(struct sea_arena *arena, struct notify_set *set, struct notify_delivery *item)
{
    if (set->count == set->cap) {
        size_t cap = set->cap * 2 + 64;
        struct notify_delivery **items = sea_arena_alloc(arena, cap * sizeof(*items));
        sea_assert(items != NULL);
        if (set->count > 0) memcpy(items, set->items, set->count * sizeof(*items));
        set->items = items;
        set->cap = cap;
    }
    set->items[set->count++] = item;
}

/* A contact's messages. */
struct line {
    struct sea_key contact;
    int64_t open_offset; /* of the earliest that is still to go */
};

/* The newest of a person's messages of one collapse key. */
struct news {
    const struct notify_delivery *newest;
};

static struct sea_str of_id(const struct sea_uuid *id)
{
    return (struct sea_str){(const char *)id->bytes, sizeof(id->bytes)};
}

static uint64_t hash_of_id(const struct sea_uuid *id)
{
    return notify_hash(of_id(id), SEA_STR(""));
}

static uint64_t hash_of_seq(const struct notify_delivery *item, const uint64_t *seq)
{
    return notify_hash(of_id(&item->customer_id),
                       (struct sea_str){(const char *)seq, sizeof(*seq)});
}

static bool is_same_news(const struct notify_delivery *a, const struct notify_delivery *b)
{
    return sea_uuid_eq(a->customer_id, b->customer_id) &&
           sea_str_eq(a->collapse_key, b->collapse_key);
}

static struct news *news_of(const struct notify_beside *beside, const struct notify_delivery *item)
{
    uint64_t hash = notify_hash(of_id(&item->customer_id), item->collapse_key);
    const struct notify_entry *at = notify_index_first(&beside->news, hash);
    while (at != NULL && !is_same_news(((struct news *)at->value)->newest, item))
        at = notify_index_next(at);
    return at != NULL ? at->value : NULL;
}

static struct line *line_of(const struct notify_beside *beside, struct sea_key contact)
{
    uint64_t hash = notify_hash(
        (struct sea_str){(const char *)contact.bytes, sizeof(contact.bytes)}, SEA_STR(""));
    const struct notify_entry *at = notify_index_first(&beside->lines, hash);
    while (at != NULL && !sea_key_eq(((struct line *)at->value)->contact, contact))
        at = notify_index_next(at);
    return at != NULL ? at->value : NULL;
}

static void add_line(struct notify_beside *beside, struct sea_key contact)
{
    if (line_of(beside, contact) != NULL) return;
    struct line *line = sea_arena_alloc(beside->lines.arena, sizeof(*line));
    sea_assert(line != NULL);
    *line = (struct line){contact, INT64_MAX};
    notify_index_add(
        &beside->lines,
        notify_hash((struct sea_str){(const char *)contact.bytes, sizeof(contact.bytes)},
                    SEA_STR("")),
        line);
}

static void add_news(struct notify_beside *beside, const struct notify_delivery *item)
{
    struct news *news = item->collapse_key.len > 0 ? news_of(beside, item) : NULL;
    if (news != NULL && item->seq > news->newest->seq) news->newest = item;
    if (news != NULL || item->collapse_key.len == 0) return;
    news = sea_arena_alloc(beside->news.arena, sizeof(*news));
    sea_assert(news != NULL);
    news->newest = item;
    notify_index_add(&beside->news, notify_hash(of_id(&item->customer_id), item->collapse_key),
                     news);
}

void notify_beside_decided(struct notify_beside *beside, const struct notify_delivery *item)
{
    struct line *line = line_of(beside, item->contact_key);
    bool is_under_way = item->state == NOTIFY_WAITING || item->state == NOTIFY_SENDING;
    sea_assert(line != NULL);
    if (is_under_way && item->offset < line->open_offset) line->open_offset = item->offset;
}

struct notify_beside notify_beside_of(struct sea_arena *arena, const struct notify_set *all,
                                      const struct notify_set *todo)
{
    struct notify_beside beside = {notify_index_in(arena), notify_index_in(arena),
                                   notify_index_in(arena), notify_index_in(arena),
                                   notify_index_in(arena)};
    struct notify_index decided = notify_index_in(arena);
    for (size_t i = 0; i < todo->count; i++) {
        struct notify_delivery *item = todo->items[i];
        notify_index_add(&decided, hash_of_id(&item->id), item);
        if (!sea_uuid_is_nil(item->order.supersedes))
            notify_index_add(&beside.superseded, hash_of_id(&item->order.supersedes), item);
    }
    for (size_t i = 0; i < all->count; i++) {
        struct notify_delivery *item = all->items[i];
        add_line(&beside, item->contact_key);
        if (notify_beside_find(&beside, item->id) != NULL) continue;
        notify_index_add(&beside.ids, hash_of_id(&item->id), item);
        notify_index_add(&beside.persons, hash_of_seq(item, &item->seq), item);
        add_news(&beside, item);
    }
    for (size_t i = 0; i < all->count; i++) {
        const struct notify_entry *at =
            notify_index_first(&decided, hash_of_id(&all->items[i]->id));
        while (at != NULL && at->value != all->items[i]) at = notify_index_next(at);
        if (at == NULL) notify_beside_decided(&beside, all->items[i]);
    }
    return beside;
}

struct notify_delivery *notify_beside_find(const struct notify_beside *beside, struct sea_uuid id)
{
    const struct notify_entry *at = notify_index_first(&beside->ids, hash_of_id(&id));
    while (at != NULL && !sea_uuid_eq(((struct notify_delivery *)at->value)->id, id))
        at = notify_index_next(at);
    return at != NULL ? at->value : NULL;
}

bool notify_beside_is_behind(const struct notify_beside *beside, const struct notify_delivery *item)
{
    const struct line *line = line_of(beside, item->contact_key);
    return line != NULL && line->open_offset < item->offset;
}

const struct notify_delivery *notify_beside_predecessor(const struct notify_beside *beside,
                                                        const struct notify_delivery *item)
{
    uint64_t seq = item->order.prev_seq;
    const struct notify_entry *at = notify_index_first(&beside->persons, hash_of_seq(item, &seq));
    for (; at != NULL; at = notify_index_next(at)) {
        const struct notify_delivery *other = at->value;
        if (other != item && other->seq == seq &&
            sea_uuid_eq(other->customer_id, item->customer_id))
            return other;
    }
    return NULL;
}

static bool is_superseded(const struct notify_beside *beside, const struct notify_delivery *item)
{
    const struct notify_entry *at =
        notify_index_first(&beside->superseded, hash_of_id(&item->draft_id));
    while (at != NULL && !sea_uuid_eq(((const struct notify_delivery *)at->value)->order.supersedes,
                                      item->draft_id))
        at = notify_index_next(at);
    return at != NULL;
}

bool notify_beside_is_overtaken(const struct notify_beside *beside,
                                const struct notify_delivery *item)
{
    const struct news *news = item->collapse_key.len > 0 ? news_of(beside, item) : NULL;
    return (news != NULL && news->newest->seq > item->seq) || is_superseded(beside, item);
}
