/* notify_letter.h: opens what is sealed in an Outbound record and writes the provider's request. */
#ifndef NOTIFY_LETTER_H
#define NOTIFY_LETTER_H

#include "notify_air.h"
#include "sea_keys.h"
#include "sea_settings.h"
#include "seadesk/v1/outbound.pb-c.h"

enum notify_letter_result {
    NOTIFY_LETTER_READY,
    NOTIFY_LETTER_ERASED,  /* its keys were destroyed */
    NOTIFY_LETTER_REFUSED, /* *ret_reason says why it can't be sent this way */
};

struct notify_letter_from {
    struct sea_keys *keys;
    const struct sea_settings *settings;
    struct sea_str public_url;
    int64_t now_ms; /* the real time: providers compare it with theirs */
    const struct sea_account *account;
};

/* Fetches the keys of all that are to be sent, in one round trip. */
SEA_MUST_CHECK enum sea_err notify_letter_prefetch(struct sea_keys *keys, struct sea_arena *arena,
                                                   const struct notify_set *set);

/* Whether its words and address can be opened; REFUSED: they can't. RETRY: the key store is away.
 */
SEA_MUST_CHECK enum sea_err notify_letter_check(struct sea_keys *keys,
                                                const struct notify_delivery *delivery,
                                                enum notify_letter_result *ret);

/* Writes the request into `call`; *ret_cost is what it takes of the account's budget. RETRY: the
 * key store is away. */
SEA_MUST_CHECK enum sea_err notify_letter_write(const struct notify_letter_from *from,
                                                const struct notify_delivery *delivery,
                                                struct notify_call *call,
                                                enum notify_letter_result *ret_result,
                                                const char **ret_reason, uint32_t *ret_cost);

#endif
