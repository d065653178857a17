/* sea_worker.c: the consumer group on the event loop: records into the ring, the ring into batches,
 * numbers taken over and given up. */
#include "sea_worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sea_app.h"
#include "sea_clock.h"
#include "sea_config.h"
#include "sea_log.h"
#include "sea_metrics_common.h"
#include "sea_worker_private.h"

enum {
    METADATA_TIMEOUT_MS = 1000,
    WATERMARK_TIMEOUT_MS = 1000,
    HOUSE_MS = 1000, /* slot, released records, idle deletes */
    SEEN_DAYS_MS = 3600000,
    STATEMENT_TIMEOUT_MS = 30000,
    FLUSH_MS = 4000,
    POLLS_PER_TURN = 1000,
    UNPOLLED_MS = 20000, /* well under max.poll.interval.ms */
};

static const uint64_t ONE = 1;

static void wake_in(struct event *event, int ms)
{
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};
    (void)event_add(event, &tv);
}

static void fail(struct sea_worker *worker, const char *why)
{
    sea_log(SEA_LOG_ERROR, "worker must stop", SEA_F_STR("cause", why));
    worker->failure = SEA_ERR_FATAL;
    sea_app_fail(worker->app);
}

static void back_off(struct sea_worker *worker)
{
    worker->backoff_ms = worker->backoff_ms ? worker->backoff_ms * 2 : BACKOFF_MIN_MS;
    if (worker->backoff_ms > BACKOFF_MAX_MS) worker->backoff_ms = BACKOFF_MAX_MS;
    wake_in(worker->pass_event, worker->backoff_ms);
}

/* What an error means for the loop. True when the work was done. */
static bool settle(struct sea_worker *worker, enum sea_err err, const char *what)
{
    switch (err) {
    case SEA_OK:
        worker->backoff_ms = 0;
        return true;
    case SEA_ERR_FENCED:
        return false;
    case SEA_ERR_RETRY:
        back_off(worker);
        return false;
    case SEA_ERR_REJECT:
    case SEA_ERR_FATAL:
        fail(worker, what);
        return false;
    }
    return false;
}

/* ---- the ring ---- */

static void ring_drop_first(struct sea_worker *worker, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sea_record *record = &worker->ring[worker->ring_first];
        worker->ring_bytes -= record->value.len;
        rd_kafka_message_destroy(record->message);
        worker->ring_first = (worker->ring_first + 1) % RING_MAX;
        worker->ring_count--;
    }
}

static void set_paused(struct sea_worker *worker, bool pause)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    if (worker->is_paused == pause || rd_kafka_assignment(worker->consumer, &list)) return;
    if (pause)
        rd_kafka_pause_partitions(worker->consumer, list);
    else
        rd_kafka_resume_partitions(worker->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    worker->is_paused = pause;
}

static bool is_ring_full(const struct sea_worker *worker)
{
    return worker->ring_count >= RING_HIGH || worker->ring_bytes >= RING_HIGH_BYTES;
}

static void ring_add(struct sea_worker *worker, rd_kafka_message_t *message)
{
    enum sea_topic topic;
    if (!sea_topic_find(sea_str(rd_kafka_topic_name(message->rkt)), &topic)) {
        rd_kafka_message_destroy(message);
        return;
    }
    sea_assert(worker->ring_count < RING_MAX);
    sea_record_of(message, topic,
                  &worker->ring[(worker->ring_first + worker->ring_count++) % RING_MAX]);
    worker->ring_bytes += message->len;
}

static void stop_number(struct sea_worker *worker, const char *topic, int32_t partition,
                        const char *why)
{
    uint32_t n = strcmp(topic, sea_topic_info(SEA_TOPIC_PRIVACY)->name) == 0 ? SEA_NUMBER_PRIVACY
                                                                             : (uint32_t)partition;
    worker->numbers[n].is_stopped = true;
    sea_metric_inc(&sea_m_lost_log_total, topic);
    sea_log(SEA_LOG_ERROR, "partition number stopped", SEA_F_STR("topic", topic),
            SEA_F_I64("partition", partition), SEA_F_STR("cause", why));
}

/* The consumer's errors come as messages. */
static void on_consumer_error(struct sea_worker *worker, const rd_kafka_message_t *message)
{
    switch ((int)message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
        return;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        if (message->rkt)
            stop_number(worker, rd_kafka_topic_name(message->rkt), message->partition, "log lost");
        return;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        fail(worker, rd_kafka_err2str(message->err));
        return;
    default:
        sea_log(SEA_LOG_WARN, "consumer error", SEA_F_STR("cause", rd_kafka_err2str(message->err)));
    }
}

/* A broker whose connection was closed may come back with the end of its logs lost, and filled anew
 * before we hear from it. */
static bool was_cut_off(const struct sea_worker *worker)
{
    return atomic_load(&worker->closed) != worker->closed_known;
}

static void run_passes(struct sea_worker *worker);

/* False: nothing there. A record that may not follow what was read comes again: see look_again. */
static bool poll_once(struct sea_worker *worker)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(worker->consumer, 0);
    if (!message) return false;
    if (message->err) on_consumer_error(worker, message);
    if (message->err || was_cut_off(worker))
        rd_kafka_message_destroy(message);
    else
        ring_add(worker, message);
    return true;
}

static void look_again(struct sea_worker *worker);

static void on_queue(evutil_socket_t fd, short what, void *arg)
{
    struct sea_worker *worker = arg;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof(count)) < 0) return;
    look_again(worker);
    for (int i = 0; i < POLLS_PER_TURN && !is_ring_full(worker); i++)
        if (!poll_once(worker)) break;
    worker->polled_ms = sea_clock_mono_ms();
    if (!is_ring_full(worker) && rd_kafka_queue_length(worker->queue) > 0)
        (void)!write(fd, &ONE, sizeof(ONE));
    if (worker->ring_count >= SEA_WORKER_BATCH_MAX && !worker->backoff_ms)
        run_passes(worker);
    else if (worker->ring_count && !event_pending(worker->pass_event, EV_TIMEOUT, NULL))
        wake_in(worker->pass_event, SEA_WORKER_LINGER_MS);
}

/* The ring's first records as one array; it wraps at most once, so the array is cut there, and
 * where its values become too long for one transaction. */
static size_t next_batch(struct sea_worker *worker, const struct sea_record **ret)
{
    size_t to_end = RING_MAX - worker->ring_first;
    size_t count = worker->ring_count;
    if (count > SEA_WORKER_BATCH_MAX) count = SEA_WORKER_BATCH_MAX;
    if (count > to_end) count = to_end;
    *ret = &worker->ring[worker->ring_first];
    size_t bytes = 0, kept = 0;
    while (kept < count && (!kept || bytes + (*ret)[kept].value.len <= BATCH_MAX_BYTES))
        bytes += (*ret)[kept++].value.len;
    return kept;
}

static void take_over(struct sea_worker *worker);

static void run_passes(struct sea_worker *worker)
{
    if (worker->needs_take_over) take_over(worker);
    if (worker->needs_take_over || worker->is_draining || worker->failure) return;
    if (worker->outbox.unsent_bytes > OUTBOX_UNSENT_MAX) {
        outbox_pump(worker);
        wake_in(worker->pass_event, BACKOFF_MIN_MS);
        return;
    }
    const struct sea_record *records;
    size_t count = next_batch(worker, &records);
    if (count) {
        if (!settle(worker, worker_batch(worker, records, count), "a batch failed for good"))
            return;
        ring_drop_first(worker, count);
    }
    if (worker->ring_count < RING_LOW && worker->ring_bytes < RING_LOW_BYTES)
        set_paused(worker, false);
    if (worker->ring_count) wake_in(worker->pass_event, 0);
    if (rd_kafka_queue_length(worker->queue) > 0) (void)!write(worker->queue_fd, &ONE, sizeof(ONE));
}

static void on_pass(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    run_passes(arg);
}

/* ---- the group ---- */

static void ring_clear(struct sea_worker *worker)
{
    ring_drop_first(worker, worker->ring_count);
}

static void give_up_all(struct sea_worker *worker)
{
    for (uint32_t n = 0; n < SEA_NUMBERS; n++) worker_lose(worker, n);
    ring_clear(worker);
    worker->is_paused = false;
}

static uint32_t owned_numbers(const struct sea_worker *worker)
{
    uint32_t owned = 0;
    for (uint32_t n = 0; n < SEA_NUMBERS; n++)
        if (worker->numbers[n].is_owned) owned |= UINT32_C(1) << n;
    return owned;
}

/* After a connection was closed positions are compared with the logs as at a take-over, as soon as
 * the brokers answer: until then the numbers stay ours, and the loop waits for nothing. */
static void look_again(struct sea_worker *worker)
{
    if (!worker->assigned || worker->needs_take_over) return;
    if (!was_cut_off(worker) || !watermark_answers(worker, owned_numbers(worker))) return;
    rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(0);
    give_up_all(worker);
    rd_kafka_assign(worker->consumer, none);
    rd_kafka_topic_partition_list_destroy(none);
    worker->needs_take_over = true;
    wake_in(worker->pass_event, BACKOFF_MIN_MS);
}

static uint32_t bit_of(const rd_kafka_topic_partition_t *part)
{
    bool is_privacy = strcmp(part->topic, sea_topic_info(SEA_TOPIC_PRIVACY)->name) == 0;
    return UINT32_C(1) << (is_privacy ? SEA_NUMBER_PRIVACY : (uint32_t)part->partition);
}

/* The numbers that are ours in every topic; the privacy topic stands by itself. */
static uint32_t complete_numbers(struct sea_worker *worker)
{
    uint32_t all = 0, seen_any = 0;
    int wanted = 0, found[SEA_NUMBERS] = {0};
    for (size_t t = 0; t < worker->topics_count; t++)
        if (worker->topics[t] != SEA_TOPIC_PRIVACY) wanted++;
    for (int i = 0; worker->assigned && i < worker->assigned->cnt; i++) {
        uint32_t bit = bit_of(&worker->assigned->elems[i]);
        seen_any |= bit;
        found[__builtin_ctz(bit)]++;
    }
    for (uint32_t n = 0; n < SEA_NUMBERS; n++)
        if (found[n] && found[n] == (n == SEA_NUMBER_PRIVACY ? 1 : wanted)) all |= UINT32_C(1) << n;
    worker->is_incomplete = all != seen_any;
    return all;
}

/* Where to read on, after comparing with what the broker has. False: ask again later. */
static bool find_start(struct sea_worker *worker, rd_kafka_topic_partition_t *part, uint32_t n)
{
    struct number *number = &worker->numbers[n];
    enum sea_topic topic;
    int64_t low = 0, high = 0;
    bool is_found = sea_topic_find(sea_str(part->topic), &topic);
    sea_assert(is_found);
    const struct sea_input_topic *input = &number->inputs.topics[topic];
    if (rd_kafka_query_watermark_offsets(worker->consumer, part->topic, part->partition, &low,
                                         &high, WATERMARK_TIMEOUT_MS))
        return false;
    number->verify[topic] = false;
    part->offset = low;
    if (!input->is_known) return true;
    if (high < input->position || low > input->position) {
        stop_number(worker, part->topic, part->partition,
                    high < input->position ? "log shorter than what was read"
                                           : "records expired unread");
        return true;
    }
    part->offset = input->position;
    if (low < input->position) {
        part->offset = input->position - 1;
        number->verify[topic] = true;
    }
    return true;
}

static enum sea_err prepare_assignment(struct sea_worker *worker, uint32_t numbers,
                                       rd_kafka_topic_partition_list_t *ret)
{
    for (int i = 0; i < worker->assigned->cnt; i++) {
        rd_kafka_topic_partition_t *part = &worker->assigned->elems[i];
        uint32_t n = (uint32_t)__builtin_ctz(bit_of(part));
        if (!(numbers & (UINT32_C(1) << n))) continue;
        if (!find_start(worker, part, n)) return SEA_ERR_RETRY;
    }
    for (int i = 0; i < worker->assigned->cnt; i++) {
        const rd_kafka_topic_partition_t *part = &worker->assigned->elems[i];
        uint32_t bit = bit_of(part);
        if (!(numbers & bit) || worker->numbers[__builtin_ctz(bit)].is_stopped) continue;
        rd_kafka_topic_partition_list_add(ret, part->topic, part->partition)->offset = part->offset;
    }
    return SEA_OK;
}

/* Fences the earlier owner, publishes what it left, and begins to read. */
static void take_over(struct sea_worker *worker)
{
    uint32_t numbers = complete_numbers(worker);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(64);
    enum sea_err err = SEA_OK;
    for (uint32_t n = 0; n < SEA_NUMBERS; n++)
        if (numbers & (UINT32_C(1) << n)) worker->numbers[n].is_stopped = false;
    /* A broker that went away since isn't asked from here: librdkafka may wait for it far beyond
     * the time it is given, and the loop with it. */
    if (was_cut_off(worker) && !watermark_answers(worker, numbers)) err = SEA_ERR_RETRY;
    if (!err && numbers && sea_clock_mono_ms() >= worker->seen_day_checked_ms)
        err = worker_housekeeping(worker);
    if (!err) worker->seen_day_checked_ms = sea_clock_mono_ms() + SEEN_DAYS_MS;
    if (!err && numbers) err = worker_acquire(worker, numbers);
    if (!err && numbers) err = prepare_assignment(worker, numbers, list);
    if (settle(worker, err, "numbers not taken over")) {
        /* What comes from here on begins with the last record read, and is_verified looks at it. */
        worker->closed_known = atomic_load(&worker->closed);
        rd_kafka_assign(worker->consumer, list);
        worker->needs_take_over = false;
        for (uint32_t n = 0; n < SEA_NUMBERS; n++) {
            if (!(numbers & (UINT32_C(1) << n))) continue;
            worker->numbers[n].is_owned = true;
            if (worker->ops->gained) worker->ops->gained(worker->ctx, n);
        }
        sea_log(SEA_LOG_INFO, "partition numbers taken over",
                SEA_F_I64("count", __builtin_popcount(numbers)),
                SEA_F_BOOL("is_incomplete", worker->is_incomplete));
    }
    rd_kafka_topic_partition_list_destroy(list);
}

static void on_rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *list, void *arg)
{
    struct sea_worker *worker = arg;
    give_up_all(worker);
    if (worker->assigned) rd_kafka_topic_partition_list_destroy(worker->assigned);
    worker->assigned = NULL;
    worker->needs_take_over = false;
    if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !worker->is_draining) {
        worker->assigned = rd_kafka_topic_partition_list_copy(list);
        worker->needs_take_over = true;
        take_over(worker);
        return;
    }
    rd_kafka_assign(handle, NULL);
}

/* On a thread of librdkafka's, before anything is read by another connection. librdkafka's own word
 * for it, an error, comes late or not at all. */
static int on_close(int fd, void *arg)
{
    struct sea_worker *worker = arg;
    atomic_fetch_add(&worker->closed, 1);
    (void)!write(worker->queue_fd, &ONE, sizeof(ONE));
    return close(fd);
}

static rd_kafka_conf_t *consumer_conf(struct sea_worker *worker)
{
    rd_kafka_conf_t *conf = sea_kafka_conf(worker->brokers, worker->ops->service);
    char member[64];
    snprintf(member, sizeof(member), "%s-%d", worker->ops->service, worker->slot);
    sea_kafka_set(conf, "group.id", worker->ops->service);
    sea_kafka_set(conf, "group.instance.id", member);
    sea_kafka_set(conf, "partition.assignment.strategy", "range");
    sea_kafka_set(conf, "session.timeout.ms", "10000");
    sea_kafka_set(conf, "heartbeat.interval.ms", "1000");
    sea_kafka_set(conf, "max.poll.interval.ms", "120000");
    sea_kafka_set(conf, "enable.auto.commit", "false");
    sea_kafka_set(conf, "enable.auto.offset.store", "false");
    sea_kafka_set(conf, "auto.offset.reset", "error");
    sea_kafka_set(conf, "fetch.min.bytes", "65536");
    sea_kafka_set(conf, "fetch.wait.max.ms", "25");
    sea_kafka_set(conf, "fetch.error.backoff.ms", "100");
    sea_kafka_set(conf, "queued.min.messages", "2000");
    sea_kafka_set(conf, "queued.max.messages.kbytes", "8192");
    sea_kafka_set(conf, "check.crcs", "true");
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_closesocket_cb(conf, on_close);
    rd_kafka_conf_set_opaque(conf, worker);
    return conf;
}

static enum sea_err open_consumer(struct sea_worker *worker)
{
    char error[256];
    rd_kafka_conf_t *conf = consumer_conf(worker);
    worker->consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    if (!worker->consumer) {
        rd_kafka_conf_destroy(conf);
        sea_log(SEA_LOG_ERROR, "no kafka consumer", SEA_F_STR("cause", error));
        return SEA_ERR_FATAL;
    }
    rd_kafka_poll_set_consumer(worker->consumer);
    worker->queue = rd_kafka_queue_get_consumer(worker->consumer);
    rd_kafka_queue_io_event_enable(worker->queue, worker->queue_fd, &ONE, sizeof(ONE));
    watermark_start(worker);
    return SEA_OK;
}

/* The list of topics at `version`. A mark that was fetched for a shorter list is worth nothing. */
static void choose_topics(struct sea_worker *worker, int32_t version)
{
    const struct sea_worker_ops *ops = worker->ops;
    pthread_mutex_lock(&worker->lock);
    worker->topics_count = ops->topics_count;
    memcpy(worker->topics, ops->topics, ops->topics_count * sizeof(*ops->topics));
    for (size_t i = 0; i < ops->later_count && ops->later[i].version <= version; i++)
        worker->topics[worker->topics_count++] = ops->later[i].topic;
    memset(worker->watermarks, 0, sizeof(worker->watermarks));
    worker->subscription = version;
    pthread_mutex_unlock(&worker->lock);
}

static enum sea_err subscribe(struct sea_worker *worker)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(SEA_WORKER_TOPICS_MAX);
    for (size_t t = 0; t < worker->topics_count; t++)
        rd_kafka_topic_partition_list_add(list, sea_topic_info(worker->topics[t])->name,
                                          RD_KAFKA_PARTITION_UA);
    enum sea_err err = sea_kafka_err(rd_kafka_subscribe(worker->consumer, list));
    rd_kafka_topic_partition_list_destroy(list);
    if (!err)
        sea_log(SEA_LOG_INFO, "subscribed", SEA_F_U64("topics", worker->topics_count),
                SEA_F_I64("version", worker->subscription));
    return err;
}

/* One step nearer to working: slot, consumer, topics. RETRY until everything is there. */
static enum sea_err join(struct sea_worker *worker)
{
    int32_t version = 0;
    enum sea_err err = worker->slot < 0 ? slot_take(worker, &worker->pg_options) : SEA_OK;
    if (!err) err = sea_pg_connect(worker->pg);
    if (!err && !worker->consumer) err = open_consumer(worker);
    if (!err && !worker->outbox.producer) err = outbox_open(worker);
    if (!err) err = slot_subscription(worker, &version);
    if (err) return err;
    choose_topics(worker, version);
    /* A member that subscribes before all topics are visible is given only some of them. */
    err = sea_kafka_topics_ready(worker->consumer, worker->topics, worker->topics_count,
                                 METADATA_TIMEOUT_MS);
    if (!err) err = subscribe(worker);
    worker->is_joined = !err;
    return err;
}

/* The list of topics grew, or shrank because older code joined: the group gives its numbers anew.
 * To a member that was away for less than its session the broker gives what it had before, of the
 * list that it had before, and asks nobody; when it joins once more the numbers are given anew. */
static void look_at_subscription(struct sea_worker *worker)
{
    int32_t version = worker->subscription;
    if (sea_clock_mono_ms() < worker->subscription_look_ms) return;
    worker->subscription_look_ms = sea_clock_mono_ms() + SUBSCRIPTION_LOOK_MS;
    if (worker->ops->later_count && slot_subscription(worker, &version)) return;
    if (version == worker->subscription) {
        if (!worker->assigned || worker->needs_take_over || !worker->is_incomplete) return;
        worker->subscription_look_ms += REJOIN_MS;
    }
    give_up_all(worker);
    choose_topics(worker, version);
    worker->is_joined = false; /* until the topics are there, as at the start */
}

/* ---- housekeeping ---- */

static enum sea_err nothing(void *arg, struct sea_txn *txn)
{
    (void)arg;
    (void)txn;
    return SEA_OK;
}

/* Rows that were acknowledged go with the next batch; without one, here. */
static void delete_when_idle(struct sea_worker *worker)
{
    int64_t idle_ms = sea_clock_mono_ms() - worker->last_commit_ms;
    const struct outbox_row *first = worker->outbox.first;
    if (!first || first->is_orphan || idle_ms < HOUSE_MS || first->acked < first->count) return;
    if (sea_clock_mono_ms() - first->acked_at_ms < OUTBOX_KEEP_MS) return;
    if (!worker->numbers[first->number].is_owned) return;
    (void)worker_run(worker, UINT32_C(1) << first->number, nothing, NULL);
}

/* Who doesn't poll for max.poll.interval.ms is put out of the group, also when there is nothing to
 * read: the queue's event comes only with a record. A full ring stops the polling, which is enough
 * for a short while; after that fetching is paused, which costs what was fetched ahead, and polling
 * goes on. */
static void keep_polling(struct sea_worker *worker)
{
    int64_t now_ms = sea_clock_mono_ms();
    if (is_ring_full(worker)) {
        if (now_ms - worker->polled_ms < UNPOLLED_MS) return;
        set_paused(worker, true);
    } else {
        worker->polled_ms = now_ms;
    }
    if (poll_once(worker)) (void)!write(worker->queue_fd, &ONE, sizeof(ONE));
}

static void on_house(evutil_socket_t fd, short what, void *arg)
{
    struct sea_worker *worker = arg;
    (void)fd;
    (void)what;
    if (worker->is_draining || worker->failure) return;
    if (!worker->is_joined) {
        enum sea_err err = join(worker);
        if (err == SEA_ERR_FATAL) fail(worker, "cannot join");
        return;
    }
    if (!slot_keep(worker)) {
        fail(worker, "slot lost");
        return;
    }
    keep_polling(worker);
    look_again(worker);
    look_at_subscription(worker);
    if (worker->needs_take_over || worker->backoff_ms) return;
    if (worker->outbox.needs_reload) (void)outbox_reload_if_needed(worker);
    outbox_pump(worker);
    if (sea_clock_mono_ms() >= worker->seen_day_checked_ms && !worker_housekeeping(worker))
        worker->seen_day_checked_ms = sea_clock_mono_ms() + SEEN_DAYS_MS;
    (void)parked_release(worker);
    delete_when_idle(worker);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct sea_worker *worker = arg;
    (void)fd;
    (void)what;
    if (worker->is_draining || worker->failure || worker->needs_take_over || worker->backoff_ms)
        return;
    if (worker->is_joined) worker->ops->tick(worker->ctx);
}

/* ---- metrics ---- */

/* Against the high watermark that the last fetch brought; no request of its own. */
static void set_lag(struct sea_worker *worker)
{
    for (size_t t = 0; t < worker->topics_count; t++) {
        enum sea_topic topic = worker->topics[t];
        const struct sea_topic_info *info = sea_topic_info(topic);
        for (uint32_t p = 0; p < info->partitions; p++) {
            const struct number *number =
                &worker->numbers[topic == SEA_TOPIC_PRIVACY ? SEA_NUMBER_PRIVACY : p];
            int64_t low = 0, high = 0;
            char label[12];
            if (!number->is_owned ||
                rd_kafka_get_watermark_offsets(worker->consumer, info->name, (int32_t)p, &low,
                                               &high) ||
                high < 0)
                continue;
            snprintf(label, sizeof(label), "%u", p);
            const struct sea_input_topic *input = &number->inputs.topics[topic];
            sea_metric_set(&sea_m_consumer_lag_records,
                           (double)(high - (input->is_known ? input->position : low)), info->name,
                           label);
        }
    }
}

static void collect(void *arg)
{
    struct sea_worker *worker = arg;
    int owned = 0;
    double unsent = 0;
    for (uint32_t n = 0; n < SEA_NUMBERS; n++) owned += worker->numbers[n].is_owned;
    for (const struct outbox_row *row = worker->outbox.first; row; row = row->next)
        unsent += row->acked < row->count;
    sea_metric_set(&sea_m_assigned_partitions, owned);
    sea_metric_set(&sea_m_outbox_unsent, unsent);
    sea_metric_set(&sea_m_parked_keys, (double)worker->parked_count);
    if (worker->consumer) set_lag(worker);
}

/* ---- open and close ---- */

static bool is_ready(void *arg, struct sea_buf *why)
{
    const struct sea_worker *worker = arg;
    for (uint32_t n = 0; n < SEA_NUMBERS; n++) {
        if (!worker->numbers[n].is_stopped) continue;
        sea_buf_printf(
            why, "partition number %u stopped: its log is not what was read (seadesk doctor)", n);
        return false;
    }
    if (!worker->is_joined)
        sea_buf_text(why, "not joined: kafka, postgresql or topics are missing");
    else if (worker->backoff_ms || worker->slot_lost_ms)
        sea_buf_text(why, "postgresql or kafka is away");
    else if (worker->is_incomplete)
        sea_buf_text(why, "a partition number is not ours in every topic");
    else if (worker->needs_take_over || !worker->assigned)
        sea_buf_text(why, "no assignment yet");
    else
        return true;
    return false;
}

static void on_drain(void *arg)
{
    struct sea_worker *worker = arg;
    worker->is_draining = true;
    if (worker->outbox.producer) outbox_pump(worker);
}

static void make_events(struct sea_worker *worker)
{
    worker->queue_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    sea_assert(worker->queue_fd >= 0);
    worker->queue_event =
        event_new(worker->base, worker->queue_fd, EV_READ | EV_PERSIST, on_queue, worker);
    worker->pass_event = event_new(worker->base, -1, 0, on_pass, worker);
    worker->house_event = event_new(worker->base, -1, EV_PERSIST, on_house, worker);
    event_add(worker->queue_event, NULL);
    wake_in(worker->house_event, HOUSE_MS);
    event_active(worker->house_event, EV_TIMEOUT, 0);
    if (worker->ops->tick_ms) {
        worker->tick_event = event_new(worker->base, -1, EV_PERSIST, on_tick, worker);
        wake_in(worker->tick_event, worker->ops->tick_ms);
    }
}

enum sea_err sea_worker_open(struct sea_worker **ret, struct sea_app *app,
                             const struct sea_config *config, const struct sea_worker_ops *ops,
                             void *ctx)
{
    struct sea_worker *worker = sea_alloc(sizeof(*worker));
    sea_assert(ops->topics_count + ops->later_count <= SEA_WORKER_TOPICS_MAX);
    worker->ops = ops;
    worker->ctx = ctx;
    worker->app = app;
    worker->base = sea_app_base(app);
    worker->config = config;
    worker->brokers = config->kafka;
    worker->slot = -1;
    bool is_known = sea_sender_find(sea_str(ops->service), &worker->self);
    sea_assert(is_known);
    snprintf(worker->source, sizeof(worker->source), "/seadesk/%s", ops->service);
    sea_pg_role(ops->service, worker->role);
    worker->pg_options = (struct sea_pg_options){.url = config->postgres,
                                                 .user = worker->role,
                                                 .password = config->postgres_password,
                                                 .name = ops->service,
                                                 .statement_timeout_ms = STATEMENT_TIMEOUT_MS};
    struct sea_keys_options keys = {.url = config->keys_postgres,
                                    .user = worker->role,
                                    .password = config->postgres_password,
                                    .name = ops->service,
                                    .master_key = config->master_key};
    enum sea_err err = sea_days_open(&worker->days, &keys, 1u << SEA_DAYS_DEAD);
    if (err) {
        free(worker);
        return err;
    }
    sea_pg_open(&worker->pg, &worker->pg_options);
    worker_txn_init(worker);
    make_events(worker);
    sea_metrics_collect(collect, worker);
    sea_app_ready_check(app, "worker", is_ready, worker);
    sea_app_on_drain(app, on_drain, worker);
    *ret = worker;
    return SEA_OK;
}

void sea_worker_close(struct sea_worker **pointer)
{
    struct sea_worker *worker = *pointer;
    if (!worker) return;
    worker->is_draining = true;
    if (worker->tick_event) event_free(worker->tick_event);
    event_free(worker->house_event);
    event_free(worker->pass_event);
    event_free(worker->queue_event);
    watermark_stop(worker);
    ring_clear(worker);
    if (worker->assigned) rd_kafka_topic_partition_list_destroy(worker->assigned);
    if (worker->outbox.producer) outbox_close(worker, FLUSH_MS);
    if (worker->consumer) {
        rd_kafka_queue_io_event_enable(worker->queue, -1, NULL, 0);
        rd_kafka_queue_destroy(worker->queue);
        /* A static member doesn't leave: nothing to wait for. */
        rd_kafka_destroy_flags(worker->consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
    close(worker->queue_fd);
    parked_free(worker);
    worker_txn_free(worker);
    sea_days_close(&worker->days);
    sea_pg_close(&worker->slot_pg);
    sea_pg_close(&worker->pg);
    free(worker);
    *pointer = NULL;
}

enum sea_err sea_worker_transact(struct sea_worker *worker, const uint32_t *numbers, size_t count,
                                 enum sea_err (*fn)(void *arg, struct sea_txn *txn), void *arg)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < count; i++) bits |= UINT32_C(1) << numbers[i];
    if (!bits) return SEA_OK;
    if (worker->needs_take_over || worker->failure) return SEA_ERR_RETRY;
    return worker_run(worker, bits, fn, arg);
}

bool sea_worker_owns(const struct sea_worker *worker, uint32_t number)
{
    return worker->numbers[number].is_owned && !worker->numbers[number].is_stopped;
}

size_t sea_worker_owned(const struct sea_worker *worker, uint32_t ret[SEA_NUMBERS])
{
    size_t count = 0;
    for (uint32_t n = 0; n < SEA_PARTITIONS; n++)
        if (sea_worker_owns(worker, n)) ret[count++] = n;
    return count;
}

struct sea_pg *sea_worker_pg(struct sea_worker *worker)
{
    return worker->pg;
}

const struct sea_config *sea_worker_config(const struct sea_worker *worker)
{
    return worker->config;
}
