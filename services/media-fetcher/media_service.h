/* media_service.h: the service's state, and the parts of its shell. One thread. */
#ifndef MEDIA_SERVICE_H
#define MEDIA_SERVICE_H

#include "media_provider.h"
#include "media_store.h"
#include "sea_app.h"
#include "sea_days.h"
#include "sea_http_client.h"
#include "sea_keys.h"
#include "sea_settings.h"
#include "seadesk/v1/files.pb-c.h"
#include "seadesk/v1/messages.pb-c.h"

struct media_config {
#define SEA_SETTING SEA_SETTING_FIELD
#include "media_config.def"
#undef SEA_SETTING
};

enum { MEDIA_TICK_MS = 500, MEDIA_HOPS_MAX = 5, MEDIA_IN_FLIGHT_MAX = 64 /* of the setting */ };
#define MEDIA_PIECES_MS INT64_C(3600000)   /* so long the pieces of a message are waited for */
#define MEDIA_ALONE_MS  INT64_C(691200000) /* 8 d: pieces without their message are kept */

/* An attachment being fetched; owns everything in it. */
struct media_job {
    struct media_job *next;
    struct media *service;
    struct media_item item;
    struct media_call call;
    struct media_url url;             /* that is being called */
    uint8_t told[MEDIA_DIGEST_BYTES]; /* as its sender says */
    bool has_told;
    uint8_t sha256[MEDIA_DIGEST_BYTES]; /* of `bytes` */
    uint32_t hops;
    uint32_t pieces; /* it came inside its message: they lie in the database */
    bool is_landed;  /* `verdict` is there, and of DONE `bytes` or pieces */
    struct media_verdict verdict;
    struct sea_buf bytes;
};

struct media {
    const struct sea_config *config;
    struct media_config own;
    struct sea_settings *settings;
    struct sea_app *app;
    struct sea_worker *worker;
    struct sea_keys *keys;
    struct sea_days *days;
    struct sea_http_client *client;
    struct media_store store;
    struct media_job *jobs;
    size_t jobs_count;
    struct event *step_event;
    bool wants_pump;
    uint64_t found_count; /* of the transaction in hand */
    int64_t erasure_mono_ms;
};

/* media_apply.c: a batch of records. */
enum sea_err media_apply(void *ctx, struct sea_txn *txn, const struct sea_record *records,
                         size_t count);
/* Where a part of an item's bytes is sealed for; the place points into the id. */
struct sea_uuid media_part_id(struct sea_uuid item_id, uint32_t part);
struct sea_place media_part_place(const struct sea_uuid *part_id);
/* Opens what is sealed in an item's row. RETRY: the key store is away. *ret_is_erased: its key was
 * destroyed; REJECT: it can't be read. */
SEA_MUST_CHECK enum sea_err media_open_source(struct media *service, const struct media_item *item,
                                              struct sea_buf *ret, bool *ret_is_erased);

/* media_job.c: one attachment on its way. */
void media_job_start(struct media *service, const struct media_item *item);
/* Whether `bytes` are what was told; sets `sha256`. */
struct media_verdict media_job_check(struct media_job *job);
void media_job_free(struct media_job *job); /* takes it off the list; its call has ended */

/* media_work.c: what isn't caused by a record. */
void media_work_soon(struct media *service);
void media_work_step(struct media *service);
void media_work_tick(void *ctx);
void media_work_committed(void *ctx);
void media_work_rolled_back(void *ctx);

#endif
