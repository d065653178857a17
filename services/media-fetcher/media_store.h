/* media_store.h: media-fetcher's SQL. */
#ifndef MEDIA_STORE_H
#define MEDIA_STORE_H

#include "media_core.h"
#include "sea_pg.h"
#include "sea_worker.h"

/* Bytes are kept in parts of this size, each sealed for itself. */
enum { MEDIA_PART_BYTES = 1 << 20 };

/* An attachment that is to be fetched; everything is borrowed. */
struct media_item {
    struct sea_uuid id;       /* derived from the event: "attachment" and its index */
    struct sea_uuid event_id; /* of the message's record */
    uint32_t index;           /* in the message */
    uint32_t number, tries;
    int64_t offset, gone_ms;
    struct sea_key contact;
    struct sea_str channel, account;
    struct sea_str source; /* Attachment, sealed */
    uint32_t pieces;       /* to wait for, until `due_ms` at most; 0: it is to be fetched */
    int64_t due_ms;
};

struct media_store {
    struct sea_pg_args args;
};
#define MEDIA_STORE                                                                                \
    {                                                                                              \
        .args = SEA_PG_ARGS                                                                        \
    }
void media_store_free(struct media_store *store);

/* Puts them down as pending; those that are there already stay as they are, but for what was known
 * by its pieces alone. */
SEA_MUST_CHECK enum sea_err media_store_insert(struct media_store *store, struct sea_txn *txn,
                                               const struct media_item *items, size_t count);

/* A piece of a file that came inside its message, kept as a part of its own. Of `item` only ids,
 * number, contact and `gone_ms` are looked at: those of an item whose message hasn't come. */
SEA_MUST_CHECK enum sea_err media_store_add_piece(struct media_store *store, struct sea_txn *txn,
                                                  const struct media_item *item, uint32_t piece,
                                                  struct sea_str sealed);
/* Makes due at once those of these items of which all pieces are there. */
SEA_MUST_CHECK enum sea_err media_store_whole(struct media_store *store, struct sea_txn *txn,
                                              const struct sea_uuid *ids, size_t count);
/* A piece, sealed: the only row's only column; no row: it hasn't come. */
SEA_MUST_CHECK enum sea_err media_store_piece(struct media_store *store, struct sea_txn *txn,
                                              struct sea_uuid item_id, uint32_t piece,
                                              PGresult **ret);
/* The pieces of what isn't taken go. */
SEA_MUST_CHECK enum sea_err media_store_drop(struct media_store *store, struct sea_txn *txn,
                                             struct sea_uuid item_id);

/* Between transactions: what is due, of these partition numbers and of none of these contacts;
 * calls `fn` for each, oldest first. */
struct media_due {
    const uint32_t *numbers;
    const struct sea_key *busy;
    size_t numbers_count, busy_count, most;
};
SEA_MUST_CHECK enum sea_err media_store_due(struct media_store *store, struct sea_pg *pg,
                                            const struct media_due *due,
                                            void (*fn)(void *ctx, const struct media_item *item),
                                            void *ctx);

/* Locks the row; *ret_is_pending: it is there and still to be fetched; *ret_kept_bytes: of all
 * files that are kept of its contact. */
SEA_MUST_CHECK enum sea_err media_store_lock(struct media_store *store, struct sea_txn *txn,
                                             struct sea_uuid id, bool *ret_is_pending,
                                             uint64_t *ret_kept_bytes);

/* What was found; empty unless DONE. */
struct media_found {
    const char *mime;
    size_t size_bytes;
    uint8_t sha256[32];
};
/* Writes what became of a try; a finished row keeps no source, unless a late piece may still mend
 * it (MEDIA_INCOMPLETE). */
SEA_MUST_CHECK enum sea_err media_store_settle(struct media_store *store, struct sea_txn *txn,
                                               const struct media_item *item,
                                               const struct media_verdict *verdict,
                                               const struct media_found *found);
SEA_MUST_CHECK enum sea_err media_store_part(struct media_store *store, struct sea_txn *txn,
                                             struct sea_uuid item_id, uint32_t part,
                                             struct sea_str sealed);

#endif
