/* sla_store.h: every statement of sla-timer (deploy/sql/0040_sla_timer.sql). */
#ifndef SLA_STORE_H
#define SLA_STORE_H

#include "sea_erasure.h"
#include "sla_batch.h"

/* Fills the batch's rows that exist; the others stay new. Nothing is locked: another process may
 * stop a clock of these tickets, then sla_store_write says RETRY. */
SEA_MUST_CHECK enum sea_err sla_store_load(struct sea_pg_args *args, struct sea_txn *txn,
                                           struct sla_batch *batch);
/* Writes what changed: inserts, conditional updates, wishes. */
SEA_MUST_CHECK enum sea_err sla_store_write(struct sea_pg_args *args, struct sea_txn *txn,
                                            const struct sla_batch *batch);

/* For each of some numbers: up to which moment clocks fire, and up to which it is sure. */
struct sla_ripe {
    uint32_t count;
    uint32_t numbers[SEA_NUMBERS];
    int64_t upto_ms[SEA_NUMBERS], sure_ms[SEA_NUMBERS];
};

/* The first moment of each number's clocks, in the order of `numbers`, 0 for none; and the deciding
 * clock. Between transactions. */
SEA_MUST_CHECK enum sea_err sla_store_next(struct sea_pg_args *args, struct sea_pg *pg,
                                           const uint32_t *numbers, size_t count,
                                           int64_t *ret_next_ms, int64_t *ret_now_ms);

enum { SLA_DUE_MAX = 200 /* of one number in one transaction */ };

/* Locks and reads what is due into `batch`; rows that somebody else holds are passed over. Wishes
 * that have fired are written as cancelled: their rows go. */
SEA_MUST_CHECK enum sea_err sla_store_due(struct sea_pg_args *args, struct sea_txn *txn,
                                          const struct sla_ripe *ripe, struct sla_batch *batch);
extern const struct sea_erasure_store sla_stores[1];

#endif
