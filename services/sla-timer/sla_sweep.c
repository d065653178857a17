/* sla_sweep.c: every tick: looks for the first moment of each number, and fires what is due and
 * whose proof can't be on its way any more. */
#include <stdlib.h>

#include "sea_clock.h"
#include "sea_crash.h"
#include "sla_codec.h"
#include "sla_shell.h"
#include "sla_store.h"

enum { ROUNDS_MAX = 20 /* transactions of one tick */ };

struct sweep {
    struct sla_timer *timer;
    struct sla_ripe ripe;
    size_t fired;
};

static int64_t sure_ms(const struct sla_ripe *ripe, uint32_t number)
{
    for (uint32_t i = 0; i < ripe->count; i++)
        if (ripe->numbers[i] == number) return ripe->sure_ms[i];
    return 0;
}

static int64_t upto_ms(const struct sla_ripe *ripe, uint32_t number)
{
    for (uint32_t i = 0; i < ripe->count; i++)
        if (ripe->numbers[i] == number) return ripe->upto_ms[i];
    return 0;
}

static void count_lag(struct sla_counts *counts, int64_t lag_ms)
{
    if (counts->lags_count < SLA_LAGS_MAX)
        counts->lags_s[counts->lags_count++] = (double)lag_ms / 1000;
}

static enum sea_err fire_ticket(struct sweep *sweep, struct sea_txn *txn, struct sla_row *row)
{
    struct sla_effects effects = {0};
    sla_core_due(&row->ticket, upto_ms(&sweep->ripe, row->number),
                 sure_ms(&sweep->ripe, row->number), &effects);
    sla_count(&sweep->timer->counts, &effects);
    for (uint32_t i = 0; i < effects.count; i++)
        count_lag(&sweep->timer->counts, txn->now_ms - effects.items[i].at_ms);
    return sla_codec_tell(txn, row, &effects, NULL);
}

static enum sea_err fire_wish(struct sweep *sweep, struct sea_txn *txn, struct sla_wish *wish)
{
    int64_t last_ms = upto_ms(&sweep->ripe, wish->number);
    int64_t known_ms = sure_ms(&sweep->ripe, wish->number);
    struct sla_counts *counts = &sweep->timer->counts;
    if (wish->warn_ms) {
        wish->state = SLA_WARNED;
        counts->clocks[SEA_CLOCK_COUNT][SLA_WARNED]++;
        enum sea_err err = sla_codec_tell_wish(txn, wish, wish->warn_ms, wish->warn_ms > known_ms);
        if (err) return err;
        wish->warn_ms = 0;
    }
    if (wish->due_ms > last_ms) return SEA_OK;
    wish->state = SLA_BREACHED;
    wish->is_cancelled = true;
    counts->clocks[SEA_CLOCK_COUNT][SLA_BREACHED]++;
    count_lag(counts, txn->now_ms - wish->due_ms);
    return sla_codec_tell_wish(txn, wish, wish->due_ms, wish->due_ms > known_ms);
}

static enum sea_err fire(void *arg, struct sea_txn *txn)
{
    struct sweep *sweep = arg;
    struct sla_timer *timer = sweep->timer;
    struct sla_batch batch = {
        .arena = txn->arena, .settings = timer->settings, .now_ms = txn->now_ms};
    enum sea_err err = sla_store_due(&timer->args, txn, &sweep->ripe, &batch);
    for (size_t i = 0; !err && i < batch.rows_count; i++)
        err = fire_ticket(sweep, txn, &batch.rows[i]);
    for (size_t i = 0; !err && i < batch.wishes_count; i++)
        err = fire_wish(sweep, txn, &batch.wishes[i]);
    if (!err) err = sla_store_write(&timer->args, txn, &batch);
    sweep->fired = batch.rows_count + batch.wishes_count;
    if (!err && sweep->fired) SEA_CRASHPOINT("sla-timer.fired");
    return err;
}

/* The deciding clock was shifted: what is due by that has its input still to come. */
static void notice_jump(struct sla_timer *timer, int64_t now_ms, int64_t wall_ms)
{
    int64_t shift_ms = now_ms - wall_ms;
    bool has_jumped = llabs(shift_ms - timer->shift_ms) > SLA_JUMP_MS;
    timer->shift_ms = shift_ms;
    for (size_t n = 0; has_jumped && n < SEA_NUMBERS; n++)
        sla_watch_start(&timer->watches[n], wall_ms);
}

static bool find_ripe(struct sla_timer *timer, struct sla_ripe *ret)
{
    uint32_t numbers[SEA_NUMBERS];
    int64_t next_ms[SEA_NUMBERS], now_ms = 0, wall_ms = sea_clock_wall_ms();
    size_t count = sea_worker_owned(timer->worker, numbers);
    ret->count = 0;
    if (!count) return false;
    if (sla_store_next(&timer->args, sea_worker_pg(timer->worker), numbers, count, next_ms,
                       &now_ms))
        return false; /* PostgreSQL is away: /readyz says it */
    notice_jump(timer, now_ms, wall_ms);
    for (size_t i = 0; i < count; i++) {
        struct sla_watch *watch = &timer->watches[numbers[i]];
        int64_t reach_ms = sla_watch_ask(watch, next_ms[i], now_ms, wall_ms);
        if (!reach_ms) continue;
        bool is_reached = sea_worker_reached(timer->worker, numbers[i], reach_ms);
        ret->numbers[ret->count] = numbers[i];
        if (sla_watch_answer(watch, is_reached, next_ms[i], now_ms, wall_ms,
                             &ret->upto_ms[ret->count], &ret->sure_ms[ret->count]))
            ret->count++;
    }
    return ret->count > 0;
}

void sla_sweep(struct sla_timer *timer)
{
    struct sweep sweep = {.timer = timer};
    if (!find_ripe(timer, &sweep.ripe)) return;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        /* What fails now is still due at the next tick. */
        if (sea_worker_transact(timer->worker, sweep.ripe.numbers, sweep.ripe.count, fire, &sweep))
            return;
        if (sweep.fired < SLA_DUE_MAX) return;
    }
}
