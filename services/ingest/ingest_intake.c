/* ingest_intake.c: records on their way to the broker, and who waits for them. */
#include "ingest_intake.h"

#include <stdlib.h>
#include <string.h>

#include "ingest_metrics.h"
#include "sea_clock.h"
#include "sea_crash.h"
#include "sea_log.h"
#include "sea_metrics_common.h"

enum { FREE_MAX = 512, WARM_TIMEOUT_MS = 1000, ARENA_KEPT_MAX = 1 << 20 };

struct ingest_intakes {
    struct ingest_intakes_options options;
    struct sea_producer *producer;
    struct ingest_intake *idle;
    size_t idle_count, waiting;
    bool is_dead; /* the producer turned fatal */
};

static const char *const KINDS[] = {
    [INGEST_MESSAGE] = "message", [INGEST_RECEIPT] = "receipt", [INGEST_CONSENT] = "consent",
    [INGEST_PROFILE] = "profile", [INGEST_ORDER] = "order",     [INGEST_UNREADABLE] = "unreadable"};

static void *pool_malloc(void *arena, size_t size)
{
    return sea_arena_alloc(arena, size);
}

static void *pool_realloc(void *arena, void *ptr, size_t old_size, size_t size)
{
    void *copy = sea_arena_alloc(arena, size);
    if (copy) memcpy(copy, ptr, old_size < size ? old_size : size);
    return copy;
}

static void pool_free(void *arena, void *ptr)
{
    (void)arena;
    (void)ptr;
}

struct ingest_intake *ingest_intake_begin(struct ingest_intakes *intakes)
{
    struct ingest_intake *intake = intakes->idle;
    if (intake) {
        intakes->idle = intake->next;
        intakes->idle_count--;
    } else {
        intake = sea_alloc(sizeof(*intake));
        intake->arena = (struct sea_arena)SEA_ARENA(INGEST_ARENA_MAX);
    }
    struct sea_arena arena = intake->arena;
    memset(intake, 0, sizeof(*intake));
    intake->arena = arena;
    intake->owner = intakes;
    intake->alc = (yyjson_alc){pool_malloc, pool_realloc, pool_free, &intake->arena};
    intake->items.arena = &intake->arena;
    intake->received_at_ms = sea_clock_wall_ms();
    intake->started_us = sea_clock_mono_us();
    return intake;
}

void ingest_intake_drop(struct ingest_intake *intake)
{
    struct ingest_intakes *intakes = intake->owner;
    bool is_large = intake->arena.used > ARENA_KEPT_MAX;
    sea_arena_reset(&intake->arena);
    if (is_large || intakes->idle_count == FREE_MAX) {
        sea_arena_free(&intake->arena);
        free(intake);
        return;
    }
    intake->next = intakes->idle;
    intakes->idle = intake;
    intakes->idle_count++;
}

static void count_items(const struct ingest_intake *intake, enum sea_err err)
{
    for (size_t i = 0; i < intake->items.count; i++) {
        const char *outcome = intake->is_duplicate && intake->is_duplicate[i] ? "duplicate"
                              : err                                           ? "failed"
                                                                              : "accepted";
        sea_metric_inc(&sea_m_ingest_items_total, KINDS[intake->items.list[i].kind], outcome);
    }
}

static void finish(struct ingest_intake *intake, enum sea_err err)
{
    if (!err) SEA_CRASHPOINT("ingest.acknowledged");
    count_items(intake, err);
    intake->done(intake, err);
    if (!err) SEA_CRASHPOINT("ingest.answered");
    for (size_t i = 0; !err && i < intake->items.count; i++)
        ingest_memory_keep(intake->owner->options.memory, intake->items.list[i].id);
    ingest_intake_drop(intake);
}

static void on_report(void *ctx, void *opaque, enum sea_err err)
{
    struct ingest_intakes *intakes = ctx;
    struct ingest_intake *intake = opaque;
    if (err)
        intake->failed++;
    else
        intake->acked++;
    if (intake->is_sending || intake->acked + intake->failed < intake->sent) return;
    intakes->waiting--;
    finish(intake, intake->failed ? SEA_ERR_RETRY : SEA_OK);
}

static void on_lost(void *ctx, bool is_fatal)
{
    struct ingest_intakes *intakes = ctx;
    if (is_fatal) intakes->is_dead = true;
}

static bool encode_all(struct ingest_intake *intake, enum sea_err *ret_err)
{
    struct ingest_items *items = &intake->items;
    intake->records =
        sea_arena_alloc(&intake->arena, (items->count + 1) * sizeof(*intake->records));
    intake->is_duplicate = sea_arena_zero(&intake->arena, items->count + 1);
    *ret_err = intake->records && intake->is_duplicate ? SEA_OK : SEA_ERR_REJECT;
    for (size_t i = 0; !*ret_err && i < items->count; i++) {
        intake->is_duplicate[i] =
            ingest_memory_knows(intake->owner->options.memory, items->list[i].id);
        if (intake->is_duplicate[i]) continue;
        *ret_err =
            ingest_encode(&intake->owner->options.encoder, &items->list[i], intake->received_at_ms,
                          sea_str(intake->trace), &intake->arena, &intake->records[i]);
    }
    return !*ret_err;
}

void ingest_intake_publish(struct ingest_intake *intake,
                           void (*done)(struct ingest_intake *intake, enum sea_err err))
{
    struct ingest_intakes *intakes = intake->owner;
    enum sea_err err = SEA_OK;
    intake->done = done;
    if (!encode_all(intake, &err)) {
        finish(intake, err);
        return;
    }
    SEA_CRASHPOINT("ingest.verified");
    if (intakes->is_dead) err = SEA_ERR_RETRY;
    intake->is_sending = true;
    for (size_t i = 0; !err && i < intake->items.count; i++) {
        if (intake->is_duplicate[i]) continue;
        err = sea_producer_send(intakes->producer, &intake->records[i], intake);
        if (!err) intake->sent++;
    }
    intake->is_sending = false;
    if (err) intake->failed++, intake->sent++; /* those that went out are still waited for */
    SEA_CRASHPOINT("ingest.produced");
    if (intake->acked + intake->failed == intake->sent)
        finish(intake, err);
    else
        intakes->waiting++;
}

static enum sea_err open_producer(struct ingest_intakes *intakes)
{
    const struct ingest_intakes_options *from = &intakes->options;
    struct sea_producer_options options = {
        .brokers = from->brokers,
        .client_id = "ingest",
        .linger_ms = from->linger_ms,
        .message_timeout_ms = from->ack_timeout_ms,
        .queue_messages_max = 100000,
        .queue_kbytes_max = from->queue_kbytes_max,
        .base = from->base,
        .on_report = on_report,
        .on_lost = on_lost,
        .ctx = intakes,
    };
    intakes->is_dead = false;
    return sea_producer_open(&intakes->producer, &options);
}

enum sea_err ingest_intakes_open(struct ingest_intakes **ret,
                                 const struct ingest_intakes_options *options)
{
    struct ingest_intakes *intakes = sea_alloc(sizeof(*intakes));
    intakes->options = *options;
    enum sea_err err = open_producer(intakes);
    if (err) {
        free(intakes);
        return err;
    }
    *ret = intakes;
    return SEA_OK;
}

bool ingest_intakes_is_up(struct ingest_intakes *intakes)
{
    /* A producer that turned fatal has reported everything it held once it is empty: then a new one
     * takes its place. */
    if (intakes->is_dead && intakes->waiting == 0) {
        sea_producer_close(&intakes->producer, 0);
        if (open_producer(intakes)) intakes->is_dead = true;
    }
    if (intakes->is_dead) return false;
    return sea_producer_is_up(intakes->producer) ||
           !sea_producer_warm(intakes->producer, WARM_TIMEOUT_MS);
}

size_t ingest_intakes_waiting(const struct ingest_intakes *intakes)
{
    return intakes->waiting;
}

void ingest_intakes_close(struct ingest_intakes **pointer)
{
    struct ingest_intakes *intakes = *pointer;
    if (!intakes) return;
    sea_producer_close(&intakes->producer, intakes->options.ack_timeout_ms);
    while (intakes->idle) {
        struct ingest_intake *intake = intakes->idle;
        intakes->idle = intake->next;
        sea_arena_free(&intake->arena);
        free(intake);
    }
    free(intakes);
    *pointer = NULL;
}
