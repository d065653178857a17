/* notify_service.h: the service's state, and the parts of its shell. One thread. */
#ifndef NOTIFY_SERVICE_H
#define NOTIFY_SERVICE_H

#include "notify_air.h"
#include "notify_beside.h"
#include "notify_chat.h"
#include "notify_core.h"
#include "notify_purse.h"
#include "notify_store.h"
#include "sea_app.h"
#include "sea_keys.h"
#include "sea_settings.h"
#include "sea_worker.h"

struct notify_config {
#define SEA_SETTING SEA_SETTING_FIELD
#include "notify_config.def"
#undef SEA_SETTING
};

enum { NOTIFY_LIMBO_MAX = 1000, NOTIFY_DUE_MAX = 200, NOTIFY_TICK_MS = 100 };

/* A delivery whose transaction was lost in commit: if its row says sending, it was never written.
 */
struct notify_limbo {
    struct sea_uuid id;
    uint32_t number;
};

struct notify {
    struct notify_config own;
    const struct sea_config *config;
    struct sea_settings *settings;
    struct sea_app *app;
    struct sea_worker *worker;
    struct sea_keys *keys;
    struct sea_redis *redis;
    struct sea_pepper pepper;
    struct notify_store store;
    struct notify_air air;
    struct notify_purses purses;
    struct notify_chat *chat;
    struct event *step_event; /* launch, record answers, look for due ones: soon */
    bool is_holding;          /* the app, while draining */
    bool wants_pump;          /* something made others due */
    uint32_t recover;         /* numbers whose rows in the air are to be looked at */
    struct notify_limbo limbo[NOTIFY_LIMBO_MAX];
    size_t limbo_count;
    int64_t erasure_mono_ms; /* when to look for proofs that are due */
};

/* notify_unit.c: one transaction's deliveries, from loading to writing. */
struct notify_unit {
    struct notify *service;
    struct sea_txn *txn;
    struct notify_set all;       /* loaded and new */
    struct notify_set todo;      /* to be decided, a contact's in their order */
    struct notify_beside beside; /* of both, as they were at the last look */
    size_t room;                 /* for requests in the air */
};
/* Makes `beside`; after `all` or `todo` were changed. */
void notify_unit_look(struct notify_unit *unit);
/* Unpacks the records of what was loaded; what can't be read fails for good. */
void notify_unit_unpack(struct notify_unit *unit);
/* Decides what is in `todo`, and writes the requests of what is to be sent. */
SEA_MUST_CHECK enum sea_err notify_unit_decide(struct notify_unit *unit);
/* Emits the events of all that changed, and queues their rows. */
SEA_MUST_CHECK enum sea_err notify_unit_write(struct notify_unit *unit);

/* notify_apply.c: a batch of records. */
enum sea_err notify_apply(void *ctx, struct sea_txn *txn, const struct sea_record *records,
                          size_t count);

/* notify_work.c: what isn't caused by a record. */
void notify_work_soon(struct notify *service);
void notify_work_step(struct notify *service); /* launch what is committed, record what landed */
void notify_work_tick(void *ctx);              /* due ones, recovery, housekeeping */
void notify_work_rolled_back(void *ctx);
void notify_work_committed(void *ctx);
void notify_work_gained(void *ctx, uint32_t number);
void notify_work_lost(void *ctx, uint32_t number);

#endif
