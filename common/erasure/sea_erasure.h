/* sea_erasure.h: a service's part in forgetting a person: it removes its rows when retention-purger
 * has destroyed the keys, and says so once no process can hold one of them any more.
 *
 * The service's schema has the table
 *     erasure (request_id uuid PRIMARY KEY, key text, cause_id uuid, root_id uuid, proof bytea,
 *              due_at timestamptz) */
#ifndef SEA_ERASURE_H
#define SEA_ERASURE_H

#include "sea_worker.h"

enum { SEA_ERASURE_STORES_MAX = 8 };

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

/* Publishes the ErasureDone that are due; between transactions, about once a second. */
void sea_erasure_publish(struct sea_worker *worker);

#endif
