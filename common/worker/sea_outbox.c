/* sea_outbox.c: sends committed rows to the broker in commit order and forgets them 5 s after its
 * acknowledgement.
 *
 * A row in memory is unsent, sent or acknowledged; the table has them all. When the broker was
 * away, everything the table still has goes out again, in order, through a new producer: what the
 * broker acknowledged and lost comes back, and readers drop what they know by sd-pos. */
#include <stdlib.h>
#include <string.h>

#include "sea_clock.h"
#include "sea_crash.h"
#include "sea_log.h"
#include "sea_worker_private.h"

static const struct sea_pg_stmt LOAD = {
    "outbox_load", "SELECT number, base, count, frame FROM outbox WHERE number = ANY($1)"
                   " ORDER BY number, base"};
static const struct sea_pg_stmt DELETE = {
    "outbox_delete", "DELETE FROM outbox o USING unnest($1::int[], $2::bigint[]) v (number, base)"
                     " WHERE o.number = v.number AND o.base = v.base"};

static void free_row(struct outbox_row *row)
{
    free(row->frame);
    free(row);
}

static void free_rows(struct outbox *outbox)
{
    for (struct outbox_row *row = outbox->first, *next; row; row = next) {
        next = row->next;
        free_row(row);
    }
    outbox->first = outbox->last = NULL;
    outbox->unsent_bytes = outbox->rows = 0;
}

static void on_report(void *ctx, void *opaque, enum sea_err err)
{
    struct outbox_row *row = opaque;
    (void)ctx;
    if (err) return; /* the producer is done for; on_lost brings everything back */
    row->acked++;
    if (row->acked == row->count) row->acked_at_ms = sea_clock_mono_ms();
}

static void on_lost(void *ctx, bool is_fatal)
{
    struct sea_worker *worker = ctx;
    (void)is_fatal;
    worker->outbox.needs_reload = true;
}

enum sea_err outbox_open(struct sea_worker *worker)
{
    struct sea_producer_options options = {
        .brokers = worker->brokers,
        .client_id = worker->ops->service,
        .linger_ms = 5,
        .message_timeout_ms = 0,
        .queue_messages_max = 20000,
        .queue_kbytes_max = 32 * 1024,
        .base = worker->base,
        .on_report = on_report,
        .on_lost = on_lost,
        .ctx = worker,
    };
    return sea_producer_open(&worker->outbox.producer, &options);
}

void outbox_close(struct sea_worker *worker, int flush_ms)
{
    sea_producer_close(&worker->outbox.producer, flush_ms);
    free_rows(&worker->outbox);
}

void outbox_add(struct sea_worker *worker, uint32_t number, uint64_t base, uint32_t count,
                char *frame, size_t len)
{
    struct outbox *outbox = &worker->outbox;
    struct outbox_row *row = sea_alloc(sizeof(*row));
    row->number = number;
    row->base = base;
    row->count = count;
    row->frame = frame;
    row->bytes = len;
    bool is_good = sea_frame_open(&row->reader, (struct sea_str){frame, len}, base);
    sea_assert(is_good); /* written by this program, or by the schema version that it checked */
    if (outbox->last)
        outbox->last->next = row;
    else
        outbox->first = row;
    outbox->last = row;
    outbox->unsent_bytes += len;
    outbox->rows++;
}

/* Sends what is left of a row. False: the producer's queue is full. */
static bool send_row(struct outbox *outbox, struct outbox_row *row)
{
    while (row->sent < row->count) {
        struct sea_frame_reader before = row->reader;
        struct sea_outgoing out;
        bool is_good = sea_frame_next(&row->reader, &out);
        sea_assert(is_good);
        out.headers.src = sea_str(row->reader.src_text);
        enum sea_err err = sea_producer_send(outbox->producer, &out, row);
        if (err) {
            sea_assert(err != SEA_ERR_REJECT); /* sizes were checked before the row was written */
            row->reader = before;
            return false;
        }
        row->sent++;
    }
    return true;
}

void outbox_pump(struct sea_worker *worker)
{
    struct outbox *outbox = &worker->outbox;
    if (outbox->needs_reload) return;
    for (struct outbox_row *row = outbox->first; row; row = row->next) {
        if (!row->frame) continue;
        if (!row->is_orphan && !send_row(outbox, row)) return;
        outbox->unsent_bytes -= row->bytes;
        free(row->frame);
        row->frame = NULL;
    }
}

void outbox_orphan(struct sea_worker *worker, uint32_t number)
{
    for (struct outbox_row *row = worker->outbox.first; row; row = row->next)
        if (row->number == number) row->is_orphan = true;
}

enum sea_err outbox_load(struct sea_worker *worker, uint32_t numbers)
{
    PGresult *rows = NULL;
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_array_begin(&args, SEA_PG_I32);
    for (int32_t n = 0; n < SEA_NUMBERS; n++)
        if (numbers & (UINT32_C(1) << n)) sea_pg_add_i32(&args, n);
    sea_pg_array_end(&args);
    enum sea_err err = sea_pg_query(worker->pg, &LOAD, &args, &rows);
    sea_pg_args_free(&args);
    if (err) return err;
    for (int i = 0; i < sea_pg_count(rows); i++) {
        struct sea_str frame = sea_pg_str(rows, i, 3);
        char *copy = sea_alloc(frame.len);
        memcpy(copy, frame.ptr, frame.len);
        outbox_add(worker, (uint32_t)sea_pg_i64(rows, i, 0), (uint64_t)sea_pg_i64(rows, i, 1),
                   (uint32_t)sea_pg_i64(rows, i, 2), copy, frame.len);
    }
    if (sea_pg_count(rows) > 0)
        sea_log(SEA_LOG_INFO, "outbox left-overs sent again",
                SEA_F_I64("rows", sea_pg_count(rows)));
    sea_pg_clear(&rows);
    outbox_pump(worker);
    return SEA_OK;
}

enum sea_err outbox_reload_if_needed(struct sea_worker *worker)
{
    struct outbox *outbox = &worker->outbox;
    uint32_t owned = 0;
    if (!outbox->needs_reload) return SEA_OK;
    enum sea_err err = sea_pg_connect(worker->pg);
    if (err) return err;
    sea_producer_close(&outbox->producer, 0);
    free_rows(outbox);
    err = outbox_open(worker);
    if (err) return err;
    outbox->needs_reload = false;
    for (uint32_t n = 0; n < SEA_NUMBERS; n++)
        if (worker->numbers[n].is_owned) owned |= UINT32_C(1) << n;
    err = outbox_load(worker, owned);
    if (err) outbox->needs_reload = true;
    return err;
}

static bool is_over(const struct outbox_row *row, int64_t now_ms)
{
    return !row->is_orphan && row->acked == row->count &&
           now_ms - row->acked_at_ms >= OUTBOX_KEEP_MS;
}

enum sea_err outbox_queue_deletes(struct sea_worker *worker, bool *ret_any)
{
    int64_t now_ms = sea_clock_mono_ms();
    struct sea_pg_args *args = &worker->args;
    *ret_any = false;
    sea_pg_args_reset(args);
    sea_pg_array_begin(args, SEA_PG_I32);
    for (struct outbox_row *row = worker->outbox.first; row; row = row->next) {
        row->is_deleting = is_over(row, now_ms);
        if (!row->is_deleting) continue;
        sea_pg_add_i32(args, (int32_t)row->number);
        *ret_any = true;
    }
    sea_pg_array_end(args);
    if (!*ret_any) return SEA_OK;
    sea_pg_array_begin(args, SEA_PG_I64);
    for (struct outbox_row *row = worker->outbox.first; row; row = row->next)
        if (row->is_deleting) sea_pg_add_i64(args, (int64_t)row->base);
    sea_pg_array_end(args);
    return sea_pg_queue(worker->pg, &DELETE, args);
}

void outbox_deleted(struct sea_worker *worker)
{
    struct outbox *outbox = &worker->outbox;
    struct outbox_row **link = &outbox->first;
    outbox->last = NULL;
    while (*link) {
        struct outbox_row *row = *link;
        /* An orphan goes when no report can name it any more. */
        if (row->is_deleting || (row->is_orphan && !row->frame && row->sent == row->acked)) {
            *link = row->next;
            outbox->rows--;
            free_row(row);
        } else {
            outbox->last = row;
            link = &row->next;
        }
    }
}

void outbox_kept(struct sea_worker *worker)
{
    for (struct outbox_row *row = worker->outbox.first; row; row = row->next)
        row->is_deleting = false;
}
