/* notify_beside.h: what stands beside a delivery in the same transaction: earlier ones to its
 * contact, its predecessor, newer news. Asked in constant time, whatever the batch holds. Pure. */
#ifndef NOTIFY_BESIDE_H
#define NOTIFY_BESIDE_H

#include "notify_index.h"
#include "notify_model.h"

struct notify_beside {
    struct notify_index ids, lines, persons, news, superseded;
};

/* `all`: every delivery of the transaction; `todo`: those of them that are decided, one after
 * another in the order of their offsets. Both outlive it. */
struct notify_beside notify_beside_of(struct sea_arena *arena, const struct notify_set *all,
                                      const struct notify_set *todo);

/* The first of this id in `all`; NULL: none. */
struct notify_delivery *notify_beside_find(const struct notify_beside *beside, struct sea_uuid id);

/* An earlier one to the same contact is still to go. Held ones lost their place. */
bool notify_beside_is_behind(const struct notify_beside *beside,
                             const struct notify_delivery *item);
/* It was decided: later ones of `todo` may now be behind it. */
void notify_beside_decided(struct notify_beside *beside, const struct notify_delivery *item);

/* The one before it to the same person, under whatever contact; NULL: not in this transaction. */
const struct notify_delivery *notify_beside_predecessor(const struct notify_beside *beside,
                                                        const struct notify_delivery *item);

/* A newer one of its collapse key to the same person, or one that supersedes its draft, is here. */
bool notify_beside_is_overtaken(const struct notify_beside *beside,
                                const struct notify_delivery *item);

#endif
