/* purge_codec.h: records of seadesk.privacy as plain structs, and back. */
#ifndef PURGE_CODEC_H
#define PURGE_CODEC_H

#include "purge_certificate.h"
#include "sea_worker.h"

enum {
    PURGE_CONTACTS_MOST = 1000, /* of one person */
    PURGE_STORES_MOST = 64,     /* of one answer */
};

enum purge_kind {
    PURGE_OTHER, /* not for us */
    PURGE_ASKED,
    PURGE_RESOLVED,
    PURGE_ANSWERED,
};

struct purge_event {
    enum purge_kind kind;
    struct sea_uuid request_id;
    struct sea_uuid customer_id; /* of ASKED */
    struct sea_str asked_by;     /* of ASKED */
    struct sea_str asked_for;    /* of ASKED: erase or export */
    struct sea_key *contacts;    /* of RESOLVED, distinct */
    size_t contact_count;
    struct sea_str service; /* of ANSWERED; stores bear it too */
    struct purge_store *stores;
    size_t store_count;
};

/* Everything lives in the transaction's arena. NULL, or why the record can never be applied:
 * undecodable, malformed, kind_not_offered, unknown_service, too_many. */
const char *purge_decode(struct sea_txn *txn, const struct sea_record *record,
                         struct purge_event *ret);

/* The order to all services, keyed by the customer. */
SEA_MUST_CHECK enum sea_err purge_emit_order(struct sea_txn *txn, struct sea_uuid request_id,
                                             struct sea_uuid customer_id,
                                             const struct sea_key *contacts, size_t count,
                                             int64_t destroyed_at_ms, const struct sea_cause *cause,
                                             struct sea_uuid *ret_id);

#endif
