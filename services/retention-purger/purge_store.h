/* purge_store.h: retention-purger's rows: requests, marks, proofs, runs. */
#ifndef PURGE_STORE_H
#define PURGE_STORE_H

#include "purge_codec.h"
#include "purge_core.h"
#include "sea_keys.h"

/* What a record says. */
SEA_MUST_CHECK enum sea_err purge_store_asked(struct sea_txn *txn, const struct sea_record *record,
                                              const struct purge_event *event);
SEA_MUST_CHECK enum sea_err purge_store_resolved(struct sea_txn *txn,
                                                 const struct sea_record *record,
                                                 const struct purge_event *event, bool has_grace);
SEA_MUST_CHECK enum sea_err purge_store_answered(struct sea_txn *txn,
                                                 const struct sea_record *record,
                                                 const struct purge_event *event);

/* A request that isn't done. */
struct purge_open {
    struct purge_request request;
    struct sea_uuid request_id, customer_id;
    struct sea_cause cause; /* of what comes next */
    struct sea_key *contacts;
    int64_t requested_at_ms;
    int64_t marked_at_ms, destroyed_at_ms; /* real clock */
};
enum { PURGE_OPEN_MOST = 500 };
/* Reads them, the oldest first; *ret_now_ms is the deciding clock, *ret_real_ms the real one. All
 * in `arena`. */
SEA_MUST_CHECK enum sea_err purge_store_open(struct sea_pg *pg, struct sea_arena *arena,
                                             struct purge_open **ret, size_t *ret_count,
                                             int64_t *ret_now_ms, int64_t *ret_real_ms);

/* The steps; each runs in a transaction of its own for the privacy number. */
struct purge_moment {
    const struct purge_open *open;
    const struct purge_signer *signer;
    uint64_t keys_destroyed;
    bool is_held; /* mark: a hold came in between, nothing was marked */
};
enum sea_err purge_store_hold(void *moment, struct sea_txn *txn);
enum sea_err purge_store_go_on(void *moment, struct sea_txn *txn);
enum sea_err purge_store_mark(void *moment, struct sea_txn *txn);
enum sea_err purge_store_order(void *moment, struct sea_txn *txn);
enum sea_err purge_store_finish(void *moment, struct sea_txn *txn);

/* Where rows from before the erasure are still found, comma-separated in `ret`; empty: nowhere. */
SEA_MUST_CHECK enum sea_err purge_store_left(struct sea_pg *pg, const struct purge_open *open,
                                             struct sea_buf *ret);

/* Calls every owner's forget(today), keeps a signed row of each that removed something, and drops
 * what retention-purger itself needs no more. */
struct purge_expiry {
    const struct purge_signer *signer;
    uint64_t went;
};
enum sea_err purge_store_expire(void *expiry, struct sea_txn *txn);
/* Partitions that should be gone, comma-separated in `ret`. */
SEA_MUST_CHECK enum sea_err purge_store_overdue(struct sea_pg *pg, struct sea_buf *ret);
/* Keeps the signed row of one run. */
struct purge_ran {
    const struct purge_signer *signer;
    const char *what, *store;
    uint64_t count;
};
enum sea_err purge_store_ran(void *ran, struct sea_txn *txn);

#endif
