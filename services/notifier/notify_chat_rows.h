/* notify_chat_rows.h: the table notifier.chat: written with the delivery, read for streams. */
#ifndef NOTIFY_CHAT_ROWS_H
#define NOTIFY_CHAT_ROWS_H

#include "notify_store.h"

/* A visitor's place in what was said to them. */
struct notify_chat_place {
    struct sea_key contact;
    int64_t after; /* seq of the newest row they have */
};

struct notify_chat_row {
    size_t place; /* index of whose it is */
    int64_t seq, at_ms;
    struct sea_uuid id, draft_id, root_id; /* root_id: nil when its delivery is gone */
    struct sea_str language, agent, sealed;
    bool is_automatic, is_told; /* told: known to be delivered */
};

/* Queues the rows of those in `set` that are to be shown. */
SEA_MUST_CHECK enum sea_err notify_chat_rows_add(struct notify_store *store, struct sea_txn *txn,
                                                 const struct notify_set *set);

/* Where a stream begins: after the row `last` (nil: none is named), or where that is not known
 * before the newest NOTIFY_CHAT_REPLAY_MAX; *ret_is_known says which. */
SEA_MUST_CHECK enum sea_err notify_chat_rows_begin(struct notify_store *store, struct sea_pg *pg,
                                                   struct sea_key contact, struct sea_uuid last,
                                                   int64_t *ret_after, bool *ret_is_known);

/* The next rows of each place, at most `most` of one; texts of `ret` point into *ret_rows, which is
 * the caller's to clear. */
SEA_MUST_CHECK enum sea_err
notify_chat_rows_next(struct notify_store *store, struct sea_pg *pg, struct sea_arena *arena,
                      const struct notify_chat_place *places, size_t places_count, size_t most,
                      PGresult **ret_rows, struct notify_chat_row **ret, size_t *ret_count);

#endif
