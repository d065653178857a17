/* xlate_store.h: translator-gateway's SQL, set-based. */
#ifndef XLATE_STORE_H
#define XLATE_STORE_H

#include "xlate_item.h"

struct xlate_store {
    struct sea_pg_args args;
};
#define XLATE_STORE                                                                                \
    {                                                                                              \
        .args = SEA_PG_ARGS                                                                        \
    }
void xlate_store_free(struct xlate_store *store);

/* A row as it is to be written; waiting ones keep record, key and contact. */
struct xlate_row {
    const struct xlate_item *item;
    enum xlate_state state;
    int64_t due_ms; /* 0: finished */
    const char *reason, *engine;
    struct sea_uuid event_id; /* nil: nothing was made */
};
SEA_MUST_CHECK enum sea_err xlate_store_insert(struct xlate_store *store, struct sea_txn *txn,
                                               const struct xlate_row *rows, size_t count);
SEA_MUST_CHECK enum sea_err xlate_store_update(struct xlate_store *store, struct sea_txn *txn,
                                               const struct xlate_row *rows, size_t count);

/* Which of the keys have a draft waiting: *ret_count of them in `ret`, which has room for all. */
SEA_MUST_CHECK enum sea_err xlate_store_busy_keys(struct xlate_store *store, struct sea_txn *txn,
                                                  const struct sea_key *keys, size_t count,
                                                  struct sea_key *ret, size_t *ret_count);

/* Locks the work of these causes: is_waiting[i] when it still is. */
SEA_MUST_CHECK enum sea_err xlate_store_lock(struct xlate_store *store, struct sea_txn *txn,
                                             const struct sea_uuid *causes, size_t count,
                                             bool *is_waiting);

/* Between transactions: waiting work that is due, a key's in its order; calls `fn` for each, whose
 * texts live until it returns. */
SEA_MUST_CHECK enum sea_err xlate_store_due(struct xlate_store *store, struct sea_pg *pg,
                                            const uint32_t *numbers, size_t numbers_count,
                                            size_t most,
                                            void (*fn)(void *ctx, const struct xlate_item *item),
                                            void *ctx);

/* The translation memory: between transactions; found[i] is whether, texts are appended to ret[i].
 */
SEA_MUST_CHECK enum sea_err xlate_store_recall(struct xlate_store *store, struct sea_pg *pg,
                                               const struct sea_key *hashes, size_t count,
                                               bool *found, struct sea_buf **ret);
struct xlate_memory {
    struct sea_key hash;
    struct sea_str text;
};
SEA_MUST_CHECK enum sea_err xlate_store_remember(struct xlate_store *store, struct sea_txn *txn,
                                                 const char *engine,
                                                 const struct xlate_memory *items, size_t count);

#endif
