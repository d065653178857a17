/* ingest_generic.h: POST /v1/messages: the generic inbound message of channels without a provider
 * (contract.md). Pure. */
#ifndef INGEST_GENERIC_H
#define INGEST_GENERIC_H

#include <yyjson.h>

#include "ingest_item.h"
#include "sea_channels.h"

struct ingest_generic {
    const struct sea_channels *channels;
    struct sea_str source; /* registered source that sends it */
    struct sea_str body;
    const yyjson_alc *alc;
};

/* One message, added to `items`; false with a problem. *ret_account, when not NULL, is its account,
 * once known. */
bool ingest_generic_parse(const struct ingest_generic *generic, struct ingest_items *items,
                          struct ingest_problem *problem, const struct sea_account **ret_account);

/* The message in `root`, for this account; without a message_id of its own it has that one. The
 * problem's field points into `root`. */
bool ingest_generic_take(yyjson_val *root, struct sea_str message_id, struct sea_str raw,
                         const struct sea_account *account, struct ingest_items *items,
                         struct ingest_problem *problem);

/* What a visitor's page says while they type. */
struct ingest_typing {
    struct sea_str locale; /* decides the market where the account doesn't */
    bool has_recording_consent;
};
bool ingest_generic_typing(struct sea_str body, const yyjson_alc *alc, struct ingest_typing *ret,
                           struct ingest_problem *problem);

/* The consent to recording that came with the last message, as an item of its own before it, with
 * the notice that was shown. False: no room. */
SEA_MUST_CHECK bool ingest_generic_put_consent(struct ingest_items *items,
                                               const struct sea_account *account);

#endif
