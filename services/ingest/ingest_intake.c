/* ingest_intake.c: records on their way to the broker, and who waits for them. */
#include "ingest_intake.h"

#include <stdlib.h>
#include <string.h>

#include "ingest_json.h"
#include "ingest_metrics.h"
#include "sea_clock.h"
#include "sea_crash.h"
#include "sea_id.h"
#include "sea_log.h"

/* CLOSE_MS: the end has waited for the broker already, and is watched. */
enum { CLOSE_MS = 500, FREE_MAX = 512, ARENA_KEPT_MAX = 1 << 20, QUEUE_RECORDS_MAX = 100000 };

/* Of all files together, a MiB: what else is to be acknowledged doesn't wait behind many of them.
 */
enum { PIECES_IN_FLIGHT = 4, PIECE_ARENA_MAX = 2 << 20 };

struct ingest_intakes {
    struct ingest_intakes_options options;
    struct sea_producer *producer;
    struct ingest_memory *memory;
    struct ingest_recall *recall;
    struct ingest_intake *idle;
    size_t idle_count, waiting, held_bytes;
    TAILQ_HEAD(, ingest_intake) senders; /* of files; the first one's pieces go */
    size_t pieces_in_flight;
    struct sea_arena piece_arena;
    bool is_dead; /* the producer turned fatal */
};

static const char *const KINDS[] = {
    [INGEST_MESSAGE] = "message", [INGEST_RECEIPT] = "receipt", [INGEST_CONSENT] = "consent",
    [INGEST_PROFILE] = "profile", [INGEST_ORDER] = "order",     [INGEST_LAUNCH] = "launch",
    [INGEST_CALL] = "call",       [INGEST_DEAD] = "dead"};

struct ingest_intake *ingest_intake_begin(struct ingest_intakes *intakes)
{
    struct ingest_intake *intake = intakes->idle;
    if (intake) {
        intakes->idle = intake->next;
        intakes->idle_count--;
    } else {
        intake = sea_alloc(sizeof(*intake));
    }
    intake->arena.limit = INGEST_ARENA_MAX;
    struct sea_arena arena = intake->arena;
    memset(intake, 0, sizeof(*intake));
    intake->arena = arena;
    intake->owner = intakes;
    intake->alc = ingest_json_pool(&intake->arena);
    intake->items.arena = &intake->arena;
    intake->received_at_ms = sea_clock_wall_ms();
    intake->started_us = sea_clock_mono_us();
    return intake;
}

bool ingest_intake_reserve(struct ingest_intake *intake, struct ingest_lmtp_budget *mail,
                           size_t bytes)
{
    if (mail->used_bytes + bytes > mail->max_bytes) return false;
    mail->used_bytes += bytes;
    intake->mail = mail;
    intake->mail_bytes = bytes;
    intake->arena.limit = INGEST_MAIL_ARENA_MAX;
    return true;
}

void ingest_intake_drop(struct ingest_intake *intake)
{
    struct ingest_intakes *intakes = intake->owner;
    if (intake->mail) intake->mail->used_bytes -= intake->mail_bytes;
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

/* Both memories are best effort, and come after the answer. */
static void remember(struct ingest_intakes *intakes, struct sea_uuid id, uint32_t check)
{
    ingest_memory_keep(intakes->memory, id, check);
    ingest_recall_keep(intakes->recall, id, check);
}

static void finish(struct ingest_intake *intake, enum sea_err err)
{
    struct ingest_intakes *intakes = intake->owner;
    intakes->held_bytes -= intake->held_bytes;
    if (!err) SEA_CRASHPOINT("ingest.acknowledged");
    count_items(intake, err);
    intake->done(intake, err);
    if (!err) SEA_CRASHPOINT("ingest.answered");
    for (size_t i = 0; !err && i < intake->items.count; i++)
        if (!intake->is_duplicate[i]) remember(intakes, intake->items.list[i].id, 0);
    if (!err && !sea_uuid_is_nil(intake->key)) remember(intakes, intake->key, intake->check);
    ingest_intake_drop(intake);
}

static void on_piece(struct ingest_intake *intake);

static void on_report(void *ctx, void *opaque, enum sea_err err)
{
    struct ingest_intakes *intakes = ctx;
    struct ingest_intake *intake = opaque;
    if (err)
        intake->failed++;
    else
        intake->acked++;
    if (intake->has_files) {
        on_piece(intake);
        return;
    }
    if (intake->is_sending || intake->acked + intake->failed < intake->sent) return;
    intakes->waiting--;
    finish(intake, intake->failed ? SEA_ERR_RETRY : SEA_OK);
}

static void on_lost(void *ctx, bool is_fatal)
{
    struct ingest_intakes *intakes = ctx;
    if (is_fatal) intakes->is_dead = true;
}

/* Whether a batch of events says the same once more: so few that they can be compared. */
static bool is_said_before(const struct ingest_intake *intake, size_t item)
{
    const struct ingest_items *items = &intake->items;
    for (size_t i = 0; intake->events > 1 && i < item; i++)
        if (sea_uuid_eq(items->list[i].id, items->list[item].id)) return true;
    return false;
}

static enum sea_err encode_all(struct ingest_intake *intake)
{
    const struct ingest_intakes *intakes = intake->owner;
    struct ingest_items *items = &intake->items;
    uint32_t check;
    enum sea_err err = SEA_OK;
    intake->records =
        sea_arena_alloc(&intake->arena, (items->count + 1) * sizeof(*intake->records));
    intake->is_duplicate = sea_arena_zero(&intake->arena, items->count + 1);
    if (!intake->records || !intake->is_duplicate) err = SEA_ERR_REJECT;
    for (size_t i = 0; !err && i < items->count; i++) {
        intake->is_duplicate[i] = ingest_memory_knows(intakes->memory, items->list[i].id, &check) ||
                                  is_said_before(intake, i);
        if (intake->is_duplicate[i]) continue;
        err = ingest_encode(&intakes->options.encoder, &items->list[i], intake->received_at_ms,
                            sea_str(intake->trace), &intake->arena, &intake->records[i]);
    }
    if (err == SEA_ERR_REJECT)
        ingest_refuse(&intake->problem, 413, "too-large",
                      "a message is larger than a record may be", NULL);
    return err;
}

static void send_records(struct ingest_intake *intake)
{
    struct ingest_intakes *intakes = intake->owner;
    enum sea_err err = intakes->is_dead ? SEA_ERR_RETRY : SEA_OK;
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
        finish(intake, err ? SEA_ERR_RETRY : SEA_OK);
    else
        intakes->waiting++;
}

/* ---- files ---- */

/* Goes to the next piece that is to be sent; false: there is none. */
static bool next_piece(struct ingest_intake *intake)
{
    for (; intake->file_item < intake->items.count; intake->file_item++, intake->file = 0) {
        const struct ingest_item *item = &intake->items.list[intake->file_item];
        if (intake->is_duplicate[intake->file_item] || item->kind != INGEST_MESSAGE) continue;
        for (; intake->file < item->message.attachments_count; intake->file++)
            if (intake->file_piece < ingest_pieces(&item->message.attachments[intake->file]))
                return true;
            else
                intake->file_piece = 0;
    }
    return false;
}

static enum sea_err send_piece(struct ingest_intake *intake)
{
    struct ingest_intakes *intakes = intake->owner;
    const struct ingest_item *item = &intake->items.list[intake->file_item];
    struct sea_outgoing record;
    if (intakes->is_dead) return SEA_ERR_RETRY;
    enum sea_err err = ingest_encode_piece(&intakes->options.encoder, item, intake->file,
                                           intake->file_piece, intake->received_at_ms,
                                           sea_str(intake->trace), &intakes->piece_arena, &record);
    if (!err) err = sea_producer_send(intakes->producer, &record, intake);
    sea_arena_reset(&intakes->piece_arena);
    if (err) return err;
    intake->file_piece++;
    intake->sent++;
    intakes->pieces_in_flight++;
    return SEA_OK;
}

/* Nothing more of its files is sent. The records follow once all of them are acknowledged. */
static void end_files(struct ingest_intake *intake, bool is_lost)
{
    struct ingest_intakes *intakes = intake->owner;
    if (intake->is_sender) TAILQ_REMOVE(&intakes->senders, intake, of_senders);
    intake->is_sender = false;
    if (is_lost) intake->failed++, intake->sent++;
    if (intake->acked + intake->failed < intake->sent) return;
    intake->has_files = false;
    intakes->waiting--;
    if (intake->failed) {
        finish(intake, SEA_ERR_RETRY);
    } else {
        SEA_CRASHPOINT("ingest.files_acknowledged");
        send_records(intake);
    }
}

static void send_pieces(struct ingest_intakes *intakes)
{
    while (intakes->pieces_in_flight < PIECES_IN_FLIGHT && !TAILQ_EMPTY(&intakes->senders)) {
        struct ingest_intake *intake = TAILQ_FIRST(&intakes->senders);
        bool is_lost = send_piece(intake) != SEA_OK;
        if (is_lost || !next_piece(intake)) end_files(intake, is_lost);
    }
}

static void on_piece(struct ingest_intake *intake)
{
    struct ingest_intakes *intakes = intake->owner;
    intakes->pieces_in_flight--;
    if (!intake->is_sender || intake->failed) end_files(intake, false);
    send_pieces(intakes);
}

static void send_all(struct ingest_intake *intake)
{
    struct ingest_intakes *intakes = intake->owner;
    SEA_CRASHPOINT("ingest.verified");
    if (!next_piece(intake)) {
        send_records(intake);
        return;
    }
    intake->has_files = intake->is_sender = true;
    TAILQ_INSERT_TAIL(&intakes->senders, intake, of_senders);
    intakes->waiting++;
    send_pieces(intakes);
}

/* The same key with another body is a mistake of the publisher's. */
static bool is_key_reused(struct ingest_intake *intake, uint32_t check)
{
    if (check == intake->check) return false;
    return !ingest_refuse(&intake->problem, 422, "key-reused",
                          "the Idempotency-Key was used with another body", NULL);
}

static void on_known(struct ingest_question *question, const redisReply *reply, size_t first)
{
    struct ingest_intake *intake = question->ctx;
    uint32_t check;
    size_t n = first;
    for (size_t i = 0; i < intake->items.count; i++)
        if (!intake->is_duplicate[i])
            intake->is_duplicate[i] = ingest_recall_knows(reply, n++, &check);
    if (n < first + question->count && ingest_recall_knows(reply, n, &check) &&
        is_key_reused(intake, check))
        finish(intake, SEA_ERR_REJECT);
    else
        send_all(intake);
}

/* What this process doesn't know is looked up where all instances remember. False: it isn't. */
static bool ask(struct ingest_intake *intake, bool is_key_known)
{
    const struct ingest_items *items = &intake->items;
    struct sea_uuid *ids = sea_arena_alloc(&intake->arena, (items->count + 1) * sizeof(*ids));
    size_t count = 0;
    for (size_t i = 0; ids && i < items->count; i++)
        if (!intake->is_duplicate[i]) ids[count++] = items->list[i].id;
    if (ids && !is_key_known && !sea_uuid_is_nil(intake->key)) ids[count++] = intake->key;
    intake->question =
        (struct ingest_question){.ids = ids, .count = count, .answered = on_known, .ctx = intake};
    return ingest_recall_ask(intake->owner->recall, &intake->question);
}

void ingest_intake_publish(struct ingest_intake *intake,
                           void (*done)(struct ingest_intake *intake, enum sea_err err))
{
    struct ingest_intakes *intakes = intake->owner;
    uint32_t check;
    intake->done = done;
    bool is_key_known = ingest_memory_knows(intakes->memory, intake->key, &check);
    enum sea_err err =
        is_key_known && is_key_reused(intake, check) ? SEA_ERR_REJECT : encode_all(intake);
    intake->held_bytes = intake->mail ? 0 : intake->arena.used;
    intakes->held_bytes += intake->held_bytes;
    if (err)
        finish(intake, err);
    else if (!ask(intake, is_key_known))
        send_all(intake);
}

static enum sea_err open_producer(struct ingest_intakes *intakes)
{
    const struct ingest_intakes_options *from = &intakes->options;
    struct sea_producer_options options = {
        .brokers = from->brokers,
        .client_id = "ingest",
        .linger_ms = from->linger_ms,
        .message_timeout_ms = from->ack_timeout_ms,
        .queue_messages_max = QUEUE_RECORDS_MAX,
        .queue_kbytes_max = (int)(from->queue_max_bytes / 1024),
        .base = from->base,
        .on_report = on_report,
        .on_lost = on_lost,
        .ctx = intakes,
    };
    intakes->is_dead = false;
    enum sea_err err = sea_producer_open(&intakes->producer, &options);
    if (!err) sea_producer_watch(intakes->producer, from->needs_replicas);
    return err;
}

enum sea_err ingest_intakes_open(struct ingest_intakes **ret,
                                 const struct ingest_intakes_options *options)
{
    struct ingest_intakes *intakes = sea_alloc(sizeof(*intakes));
    intakes->options = *options;
    intakes->piece_arena = (struct sea_arena)SEA_ARENA(PIECE_ARENA_MAX);
    TAILQ_INIT(&intakes->senders);
    enum sea_err err = open_producer(intakes);
    if (!err) err = ingest_recall_open(&intakes->recall, &options->recall);
    if (err) {
        sea_producer_close(&intakes->producer, 0);
        free(intakes);
        return err;
    }
    ingest_memory_open(&intakes->memory);
    *ret = intakes;
    return SEA_OK;
}

void ingest_intakes_mend(struct ingest_intakes *intakes)
{
    if (!intakes->is_dead || intakes->waiting > 0) return;
    sea_producer_close(&intakes->producer, 0);
    if (open_producer(intakes)) intakes->is_dead = true;
}

void ingest_intakes_give_up(struct ingest_intakes *intakes)
{
    struct ingest_intake *intake;
    sea_producer_give_up(intakes->producer);
    while ((intake = TAILQ_FIRST(&intakes->senders))) end_files(intake, true); /* NOLINT(*Malloc) */
}

bool ingest_intakes_is_up(const struct ingest_intakes *intakes)
{
    return !intakes->is_dead && sea_producer_is_up(intakes->producer);
}

bool ingest_intakes_is_replicated(const struct ingest_intakes *intakes)
{
    return intakes->is_dead || sea_producer_is_replicated(intakes->producer);
}

size_t ingest_intakes_waiting(const struct ingest_intakes *intakes)
{
    return intakes->waiting;
}

struct sea_redis *ingest_intakes_redis(const struct ingest_intakes *intakes)
{
    return ingest_recall_redis(intakes->recall);
}

bool ingest_intakes_is_full(const struct ingest_intakes *intakes)
{
    return intakes->held_bytes > intakes->options.queue_max_bytes;
}

void ingest_intakes_close(struct ingest_intakes **pointer)
{
    struct ingest_intakes *intakes = *pointer;
    if (!intakes) return;
    ingest_recall_close(&intakes->recall); /* what it was asked is sent without its answer */
    sea_producer_close(&intakes->producer, CLOSE_MS);
    while (intakes->idle) {
        struct ingest_intake *intake = intakes->idle;
        intakes->idle = intake->next;
        sea_arena_free(&intake->arena);
        free(intake);
    }
    ingest_memory_close(&intakes->memory);
    sea_arena_free(&intakes->piece_arena);
    free(intakes);
    *pointer = NULL;
}
