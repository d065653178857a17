/* sla_shell.h: what the worker calls: batches of records, and every SLA_TICK_MS what is due. */
#ifndef SLA_SHELL_H
#define SLA_SHELL_H

#include "sea_settings.h"
#include "sea_worker.h"
#include "sla_core.h"
#include "sla_watch.h"

enum { SLA_LAGS_MAX = 512 };

/* Counted by the transaction in hand, shown once it is committed. */
struct sla_counts {
    uint32_t clocks[SEA_CLOCK_COUNT + 1][SLA_STATES]; /* the last line: those asked for by others */
    uint32_t withdrawn, late, erased;
    double lags_s[SLA_LAGS_MAX];
    uint32_t lags_count;
};

struct sla_timer {
    const struct sea_config *config;
    struct sea_settings *settings;
    struct sea_worker *worker;
    struct sea_pg_args args;
    struct sla_counts counts;
    struct sla_watch watches[SEA_NUMBERS];
    int64_t shift_ms; /* the deciding clock less the wall's, as last seen */
    int64_t published_ms;
};

extern const struct sea_worker_ops sla_worker_ops; /* ctx: struct sla_timer */

void sla_count(struct sla_counts *counts, const struct sla_effects *effects);

/* sla_sweep.c: fires what is due. */
void sla_sweep(struct sla_timer *timer);

#endif
