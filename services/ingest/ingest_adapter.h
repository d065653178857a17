/* ingest_adapter.h: the contract of a provider's adapter: challenge, verify, parse. One file per
 * provider, one row in the table of ingest_adapter.c. Pure: no clock, no I/O. */
#ifndef INGEST_ADAPTER_H
#define INGEST_ADAPTER_H

#include <yyjson.h>

#include "ingest_item.h"
#include "sea_channels.h"
#include "sea_mac.h"

/* A provider's webhook as it came. */
struct ingest_webhook {
    const struct sea_account *account;
    struct sea_str url;   /* as the provider knows it: SEADESK_PUBLIC_URL + path + raw query */
    struct sea_str query; /* raw, without '?' */
    struct sea_str body;
    struct sea_str content_type;
    struct sea_str signature; /* the adapter's header; empty when absent */
    bool is_signature_doubled;
    struct sea_mac *const *macs; /* one per live secret of the account */
    size_t macs_count;
    const yyjson_alc *alc;
};

struct ingest_adapter {
    enum sea_adapter id;
    const char *signature_header; /* lower case */
    enum sea_mac_hash hash;
    /* The answer to a subscription challenge; empty: refused. NULL: the provider has none. */
    struct sea_str (*challenge)(const struct ingest_webhook *hook, struct sea_arena *arena);
    /* Whether one of the live secrets signed it. */
    bool (*verify)(const struct ingest_webhook *hook);
    /* Every message and status; false with a problem when it can't be read. */
    bool (*parse)(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_problem *problem);
    /* What the provider expects after success; NULL content type: an empty body. */
    int (*status)(const struct ingest_items *items);
    const char *content_type, *body;
};

/* NULL: the channel has no webhook of its own. */
const struct ingest_adapter *ingest_adapter_of(enum sea_adapter id);

extern const struct ingest_adapter ingest_whatsapp;
extern const struct ingest_adapter ingest_twilio;

/* The id of what a provider sent: UUIDv5 of the parts (design.md section 4). At most 7 parts. */
struct sea_uuid ingest_id(const char *kind, const struct sea_account *account,
                          const struct sea_str *parts, size_t count);

/* The raw value of a form or query parameter, decoded into the arena; empty when absent. */
struct sea_str ingest_form_get(struct sea_str form, const char *name, struct sea_arena *arena);

/* The same for words: what is no UTF-8 becomes '?'. */
struct sea_str ingest_form_text(struct sea_str form, const char *name, struct sea_arena *arena);

#endif
