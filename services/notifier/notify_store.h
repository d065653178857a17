/* notify_store.h: notifier's SQL, set-based: one round trip for each load and one for all writes of
 * a transaction. */
#ifndef NOTIFY_STORE_H
#define NOTIFY_STORE_H

#include "notify_model.h"
#include "sea_worker.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/outbound.pb-c.h"

struct notify_store {
    struct sea_pg_args args;
};
#define NOTIFY_STORE                                                                               \
    {                                                                                              \
        .args = SEA_PG_ARGS                                                                        \
    }
void notify_store_free(struct notify_store *store);

/* Entries of the ledger and what was taken back; rows are queued, not waited for. */
struct notify_consent_entry {
    const struct sea_record *record;
    const Seadesk__V1__ConsentChanged *said;
    struct sea_key contact;
    int64_t gone_ms; /* when it must be gone */
};
SEA_MUST_CHECK enum sea_err notify_store_add_consents(struct notify_store *store,
                                                      struct sea_txn *txn,
                                                      const struct notify_consent_entry *entries,
                                                      size_t count);
struct notify_withdrawal {
    struct sea_key contact;
    struct sea_uuid draft_id; /* nil: by key */
    struct sea_str collapse_key, reason;
    int64_t at_ms;
};
SEA_MUST_CHECK enum sea_err notify_store_add_withdrawals(struct notify_store *store,
                                                         struct sea_txn *txn,
                                                         const struct notify_withdrawal *items,
                                                         size_t count);

/* Locks and adds to *ret the deliveries that are … */
SEA_MUST_CHECK enum sea_err notify_store_load_open(struct notify_store *store, struct sea_txn *txn,
                                                   const struct sea_key *contacts, size_t count,
                                                   struct notify_set *ret); /* … open, of these */
SEA_MUST_CHECK enum sea_err notify_store_load_named(struct notify_store *store, struct sea_txn *txn,
                                                    const struct sea_uuid *ids, size_t ids_count,
                                                    const struct sea_key *hashes,
                                                    size_t hashes_count,
                                                    struct notify_set *ret); /* … named */
SEA_MUST_CHECK enum sea_err notify_store_load_sending(struct notify_store *store,
                                                      struct sea_txn *txn, uint32_t number,
                                                      struct notify_set *ret); /* … in the air */

/* What is known beside a delivery that is to be decided. */
struct notify_survey {
    bool is_known; /* there is a delivery of this id already */
    bool is_predecessor_seen, is_predecessor_under_way, is_overtaken;
    struct sea_str withdrawn; /* reason; empty: it stands */
    struct notify_consent consent;
};
/* `ret` has room for set->count. */
SEA_MUST_CHECK enum sea_err notify_store_survey(struct notify_store *store, struct sea_txn *txn,
                                                const struct notify_set *set,
                                                struct notify_survey *ret);

/* Inserts new deliveries and updates changed ones; queued. gone_ms[i]: when the row of a new
 * set->items[i] must be gone. */
SEA_MUST_CHECK enum sea_err notify_store_write(struct notify_store *store, struct sea_txn *txn,
                                               const struct notify_set *set,
                                               const int64_t *gone_ms);

/* Between transactions: contacts of waiting and held deliveries that are due, the accounts taking
 * turns, each account's oldest first. Of an account that isn't named up to `usual` are taken. */
struct notify_due {
    struct sea_uuid id;
    struct sea_key contact;
    uint32_t number;
};
struct notify_due_share {
    struct sea_str channel, account;
    uint32_t most;  /* 0: none of its rows is looked at */
    uint32_t found; /* is written */
};
SEA_MUST_CHECK enum sea_err notify_store_due(struct notify_store *store, struct sea_pg *pg,
                                             const uint32_t *numbers, size_t numbers_count,
                                             struct notify_due_share *shares, size_t shares_count,
                                             uint32_t usual, struct notify_due *ret, size_t cap,
                                             size_t *ret_count);

/* What the ledger says of each contact now. */
SEA_MUST_CHECK enum sea_err notify_store_consents(struct notify_store *store, struct sea_pg *pg,
                                                  const struct sea_key *contacts, size_t count,
                                                  struct notify_consent *ret);

#endif
