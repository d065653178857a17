/* notify_core.h: what becomes of a delivery: its turn, the gate, the provider's answers, receipts,
 * what takes it back. Pure: changes only what it is given. */
#ifndef NOTIFY_CORE_H
#define NOTIFY_CORE_H

#include "notify_model.h"
#include "notify_provider.h"

enum {
    NOTIFY_ORDER_WAIT_MS = 2000, /* for a predecessor that nobody has seen */
    NOTIFY_LOOK_MS = 100,        /* one who waits for something that will come by itself */
};

/* What is known beside the delivery itself when it is to be decided. */
struct notify_view {
    int64_t now_ms;
    const struct sea_market *market;
    const struct sea_zone *zones[SEA_ZONES_MAX];
    uint32_t zone_count;
    const struct sea_account *account; /* NULL: there is no such account any more */
    struct notify_consent consent;
    const char *withdrawn; /* reason; NULL: it stands */
    bool is_erased;
    bool is_behind;          /* an earlier message to this contact is still under way */
    bool is_order_open;      /* its predecessor to the same person is unseen or under way */
    bool is_consent_lagging; /* the consents of its partition haven't been read up to now */
    bool has_capacity;       /* for one more request in the air */
    bool has_budget;         /* one send of the account's is reserved for it */
};

/* The question for the gate. */
struct notify_case notify_core_case(const struct notify_delivery *delivery,
                                    const struct notify_view *view);

/* Decides an open delivery (new, waiting or held): sends (must_send, state SENDING), waits, holds,
 * drops, returns, fails. */
void notify_core_decide(struct notify_delivery *delivery, const struct notify_view *view);

/* The provider's answer to the request; `at_ms` when it came, by the deciding clock. */
void notify_core_answer(struct notify_delivery *delivery, const struct notify_answer *answer,
                        struct sea_key provider_hash, int64_t at_ms);

/* The request was never written: consent was taken back in the last instant, or must be read
 * first. */
void notify_core_unsent(struct notify_delivery *delivery, const char *reason, bool is_final,
                        int64_t now_ms);

/* It can't be sent this way, which was found before anything was written: the next rung's turn. */
void notify_core_refused(struct notify_delivery *delivery, const char *reason, int64_t now_ms);

/* Somebody else sent this and is gone: it may have been accepted. */
void notify_core_orphaned(struct notify_delivery *delivery, int64_t now_ms);

/* A provider's receipt. `said` is ACCEPTED, DELIVERED, READ or FAILED. */
void notify_core_receipt(struct notify_delivery *delivery, enum notify_state said,
                         struct sea_str code, int64_t at_ms);

/* Taken back or overtaken: of an open one that isn't in the air. */
void notify_core_withdraw(struct notify_delivery *delivery, struct sea_str reason, int64_t now_ms);

#endif
