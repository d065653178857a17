/* router_batch.h: one batch of records on its way through router: read (router_read.h), completed
 * with what the tables know (router_load.h), decided by the cores, written (router_write.h) and
 * said (router_say.h). Lives as long as its transaction. */
#ifndef ROUTER_BATCH_H
#define ROUTER_BATCH_H

#include "router_call.h"
#include "router_case.h"
#include "router_dispatch.h"
#include "router_map.h"
#include "router_notice.h"
#include "router_plan.h"
#include "sea_days.h"
#include "sea_keys.h"
#include "sea_lexicon.h"
#include "sea_metrics.h"
#include "sea_worker.h"
#include "seadesk/v1/calls.pb-c.h"
#include "seadesk/v1/clocks.pb-c.h"
#include "seadesk/v1/commands.pb-c.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/deliveries.pb-c.h"
#include "seadesk/v1/messages.pb-c.h"
#include "seadesk/v1/privacy.pb-c.h"
#include "seadesk/v1/profiles.pb-c.h"
#include "seadesk/v1/timelines.pb-c.h"
#include "seadesk/v1/translations.pb-c.h"

enum {
    ROUTER_RESULTS_MAX = 48,   /* answers of PostgreSQL that a batch keeps */
    ROUTER_RELATIVES_MAX = 64, /* contacts of one customer */
    ROUTER_REFS_MAX = SEA_REFS_MAX,
    ROUTER_OWN_MAX = 32,      /* orders of one customer */
    ROUTER_EARLIER_MAX = 256, /* notices of one order */
    ROUTER_LISTED_MAX = 16,   /* channels of a profile */
    ROUTER_MONTHS_MAX = 2048, /* since 1970 */
    ROUTER_COUNTS_MAX = 64,
};

/* Counted by the transaction in hand, shown once it is committed. */
struct router_counts {
    struct {
        struct sea_metric *metric;
        const char *label; /* constant; NULL: none */
        double n;
    } items[ROUTER_COUNTS_MAX];
    size_t count;
    double delays_s[SEA_WORKER_BATCH_MAX];
    size_t delay_count;
};
void router_count(struct router_counts *counts, struct sea_metric *metric, const char *label);
void router_count_commit(struct router_counts *counts);
void router_count_forget(struct router_counts *counts);

/* What does not belong to a batch. */
struct router_tools {
    struct sea_keys *keys;
    struct sea_days *days;
    struct sea_pepper pepper;
    struct sea_lexicon *lexicon;
    const struct router_rules *rules;
    bool months[ROUTER_MONTHS_MAX]; /* partitions of router.message that are there for sure */
    struct sea_pg_args args;        /* of the statement in hand */
    struct sea_buf buf;             /* of the text in hand */
    struct router_counts counts;
};

enum router_item_kind {
    ROUTER_ITEM_SKIPPED, /* unknown, unreadable, or of somebody forgotten */
    ROUTER_ITEM_MESSAGE,
    ROUTER_ITEM_CALL_CHANGED,
    ROUTER_ITEM_CALL_ENDED,
    ROUTER_ITEM_PROFILE,
    ROUTER_ITEM_CONSENT,
    ROUTER_ITEM_COMMAND,
    ROUTER_ITEM_PRESENCE,
    ROUTER_ITEM_TRANSLATION,
    ROUTER_ITEM_DELIVERY,
    ROUTER_ITEM_DEADLINE,
    ROUTER_ITEM_MILESTONE,
    ROUTER_ITEM_EXCEPTION,
    ROUTER_ITEM_NOTICE,
    ROUTER_ITEM_ERASURE_REQUESTED,
    ROUTER_ITEM_ERASURE_ORDERED,
};

/* A channel of a profile, named there or made from its telephone number. */
struct router_listed {
    struct sea_key key;
    struct sea_str channel, account, address;
};

/* One record. */
struct router_item {
    const struct sea_record *record;
    enum router_item_kind kind;
    struct router_cause cause;
    union {
        const Seadesk__V1__MessageReceived *message;
        const Seadesk__V1__CallChanged *call_changed;
        const Seadesk__V1__CallEnded *call_ended;
        const Seadesk__V1__ProfileChanged *profile;
        const Seadesk__V1__ConsentChanged *consent;
        const Seadesk__V1__Command *command;
        const Seadesk__V1__TranslationDone *translation;
        const Seadesk__V1__DeliveryChanged *delivery;
        const Seadesk__V1__DeadlineChanged *deadline;
        const Seadesk__V1__MilestoneReached *milestone;
        const Seadesk__V1__ExceptionChanged *exception;
        const Seadesk__V1__NoticeDue *notice;
        const Seadesk__V1__ErasureRequested *requested;
        const Seadesk__V1__ErasureOrdered *ordered;
    };
    union {
        Seadesk__V1__MessageBody *body; /* of a message */
        Seadesk__V1__ProfileBody *profile_body;
        const Seadesk__V1__CallBody *call_body;
    };
    struct sea_key contact; /* the one it is about; nil: none */
    struct sea_uuid ticket_id, message_id, call_id;
    struct sea_str order_id; /* "" */
    int64_t at_ms; /* when it happened, for who was forgotten since; 0: not a fact of old */
    struct router_reading reading;
    struct sea_str refs[ROUTER_REFS_MAX]; /* what may be order numbers */
    uint32_t ref_count;
    struct sea_str text;            /* of a reply or note, opened */
    struct router_contact *sibling; /* of a reply: the next rung */
    struct router_listed *listed;   /* of a profile: by what ways it may be reached */
    uint32_t listed_count;
    struct router_notice *due; /* of a notice */
};

struct router_customer {
    struct sea_uuid id;
    struct router_contact *contacts[ROUTER_RELATIVES_MAX];
    uint32_t count;
    const struct router_order *orders[ROUTER_OWN_MAX];
    uint32_t order_count;
};

struct router_batch {
    struct router_tools *tools;
    struct sea_txn *txn;
    struct router_plan plan;
    struct router_item *items;
    size_t item_count;
    PGresult *results[ROUTER_RESULTS_MAX];
    size_t result_count;
    struct router_map contacts;  /* struct router_contact by key */
    struct router_map newest;    /* struct router_ticket by home key: the contact's newest */
    struct router_map tickets;   /* struct router_ticket by id */
    struct router_map customers; /* struct router_customer by id */
    struct router_map sent;      /* struct router_sent by message id */
    struct router_map orders;    /* struct router_order by id */
    struct router_map known;     /* struct router_outcome by command id */
    struct router_map agents;    /* struct router_agent by user */
    struct router_map notices;   /* struct router_notices by order id */
    struct router_map calls;     /* struct router_call by id */
    struct router_map forgotten; /* struct router_forgotten by contact key */
};

/* The notices of one order. */
struct router_notices {
    struct router_notice *items[ROUTER_EARLIER_MAX];
    uint32_t count;
};

struct router_forgotten {
    struct sea_key key;
    int64_t at_ms;
};

/* An empty batch over the transaction's memory. */
void router_batch_init(struct router_batch *batch, struct router_tools *tools, struct sea_txn *txn);
/* Releases the answers of PostgreSQL. */
void router_batch_free(struct router_batch *batch);
void *router_batch_alloc(struct router_batch *batch, size_t size); /* zeroed, never NULL */
/* Keeps `rows` until the batch ends. */
void router_batch_keep(struct router_batch *batch, PGresult *rows);

/* Of a command: whether it makes something be said to the customer. */
bool router_item_speaks(const struct router_item *item);
struct router_contact *router_batch_contact(const struct router_batch *batch, struct sea_key key);
struct router_ticket *router_batch_ticket(const struct router_batch *batch, struct sea_uuid id);
struct router_customer *router_batch_customer(struct router_batch *batch, struct sea_uuid id);
/* Adds a contact to the batch and to its customer. */
void router_batch_add_contact(struct router_batch *batch, struct router_contact *contact);
/* One without a row, not added yet. */
struct router_contact *router_batch_new_contact(struct router_batch *batch, struct sea_key key,
                                                const char *channel, const char *account);
void router_batch_add_ticket(struct router_batch *batch, struct router_ticket *ticket);
/* Adds a notice to those of its order. False: it is there already, or the order had its fill. */
bool router_batch_add_notice(struct router_batch *batch, struct router_notice *notice);

/* protobuf-c's texts and bytes as ours. */
struct sea_key router_key_of(ProtobufCBinaryData bytes);
struct sea_uuid router_uuid_of(ProtobufCBinaryData bytes);
struct sea_str router_bytes_of(ProtobufCBinaryData bytes);

#endif
