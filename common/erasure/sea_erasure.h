/* sea_erasure.h: a service's part in forgetting a person: nothing is stored for contacts while they
 * are being erased, what comes late of the erased is dropped, and rows are removed when
 * retention-purger has destroyed the keys; that is said once no process can hold one of them.
 *
 * The service's schema has the table
 *     erasure (request_id uuid PRIMARY KEY, key text, cause_id uuid, root_id uuid, proof bytea,
 *              due_at timestamptz) */
#ifndef SEA_ERASURE_H
#define SEA_ERASURE_H

#include "sea_keys.h"
#include "sea_worker.h"

enum { SEA_ERASURE_STORES_MAX = 8 };

/* Contacts that were erased once; in the transaction's arena, ascending. */
struct sea_erased {
    struct sea_key contact;
    int64_t at_ms; /* deciding clock */
};
struct sea_erasures {
    const struct sea_erased *items;
    size_t count;
};

/* Called by a transaction before it stores anything of contacts (they may repeat): until its end
 * none of them is erased. Keys of those erased a short while ago are fetched anew (`keys` may be
 * NULL). RETRY: one is being erased at this moment. */
SEA_MUST_CHECK enum sea_err sea_erasure_guard(struct sea_txn *txn, struct sea_keys *keys,
                                              const struct sea_key *contacts, size_t count,
                                              struct sea_erasures *ret);
/* What happened then is of before the contact's erasure: to be dropped and counted
 * (consumed_total, outcome erased). */
bool sea_erasure_is_late(const struct sea_erasures *erasures, struct sea_key contact,
                         int64_t happened_ms);

/* A statement with one parameter, the contact keys as bytea[], that removes rows or makes them
 * anonymous. */
struct sea_erasure_store {
    const char *name;  /* as in retention.yaml */
    const char *state; /* what the rows are afterwards: deleted, unreadable */
    const struct sea_pg_stmt *stmt;
};

/* Applies an ErasureOrdered of the topic privacy; any other record changes nothing. */
SEA_MUST_CHECK enum sea_err sea_erasure_apply(struct sea_txn *txn, const char *service,
                                              const struct sea_record *record,
                                              const struct sea_erasure_store *stores, size_t count);

/* Publishes the ErasureDone that are due, SEADESK_ERASURE_WAIT after the keys' destruction; between
 * transactions, about once a second. */
void sea_erasure_publish(struct sea_worker *worker);

#endif
