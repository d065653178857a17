/* order_shell.h: what the worker calls: a batch of events is loaded, decided, told and written. */
#ifndef ORDER_SHELL_H
#define ORDER_SHELL_H

#include "order_core.h"
#include "sea_settings.h"
#include "sea_worker.h"

enum { ORDER_ABOUTS_MAX = 16 };

struct order_tracker {
    const struct sea_config *config;
    struct sea_settings *settings;
    struct sea_worker *worker;
    struct sea_pg_args args;
    /* Counted by the transaction in hand, shown once it is committed. */
    struct order_counts {
        uint32_t outcomes[ORDER_OUTCOMES], erased, unnamed, found;
        struct {
            const char *about;
            uint32_t count;
        } notices[ORDER_ABOUTS_MAX];
        double ages_s[SEA_WORKER_BATCH_MAX];
        int64_t received_at_ms[SEA_WORKER_BATCH_MAX]; /* of the same events */
        uint32_t ages_count;
    } counts;
};

extern const struct sea_worker_ops order_worker_ops; /* ctx: struct order_tracker */

#endif
