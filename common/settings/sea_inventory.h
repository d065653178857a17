/* sea_inventory.h: retention.yaml: every table, topic and Redis key family, what it holds of
 * people, why, how long, and how it is erased. Immutable and owned by the settings it came from. */
#ifndef SEA_INVENTORY_H
#define SEA_INVENTORY_H

#include "sea_base.h"
#include "sea_market.h"

enum sea_store_kind { SEA_STORE_TABLE, SEA_STORE_TOPIC, SEA_STORE_REDIS };

enum sea_data_class {
    SEA_DATA_NONE,      /* nothing of a person, not even a key */
    SEA_DATA_REFERENCE, /* keyed hashes and ids that mean nothing without a key */
    SEA_DATA_CONTACT,   /* names, addresses, numbers: sealed */
    SEA_DATA_CONTENT,   /* what was said: sealed */
};

enum sea_erasure {
    SEA_ERASE_NOTHING, /* holds nothing of a person */
    SEA_ERASE_KEY,     /* the contact's data key is destroyed */
    SEA_ERASE_ROWS,    /* the owner deletes the rows */
    SEA_ERASE_EXPIRY,  /* gone by itself within the stated time */
    SEA_ERASE_STAYS,   /* the marker or proof of an erasure */
};

struct sea_store {
    enum sea_store_kind kind;
    const char *name; /* router.message, *.outbox, seadesk.messages, sd:q:* */
    enum sea_data_class data;
    const char *purpose;
    bool has_period;                 /* kept by the market's rule … */
    enum sea_retention_class period; /* … of this class, */
    int64_t keep_ms;                 /* else this long; 0: as long as what it describes */
    enum sea_erasure erasure;
    struct sea_texts columns; /* of a table: all of them */
};

struct sea_inventory {
    const struct sea_store *stores;
    uint32_t count;
};

const struct sea_store *sea_inventory_store(const struct sea_inventory *inventory,
                                            enum sea_store_kind kind, struct sea_str name);

#endif
