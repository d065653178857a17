/* sea_watermark.c: asks the broker how far the logs of a partition number reach, on a thread of its
 * own, so that the loop never waits for it. */
#include <string.h>
#include <unistd.h>

#include "sea_clock.h"
#include "sea_worker_private.h"

enum { ASK_TIMEOUT_MS = 1000 };

static bool fetch(struct sea_worker *worker, uint32_t number, const enum sea_topic *topics,
                  size_t topics_count, struct sea_watermark *ret)
{
    struct sea_watermark mark = {.fetched_at_ms = sea_clock_wall_ms()};
    for (size_t t = 0; t < topics_count; t++) {
        enum sea_topic topic = topics[t];
        bool is_privacy = topic == SEA_TOPIC_PRIVACY;
        if (is_privacy != (number == SEA_NUMBER_PRIVACY)) continue;
        if (rd_kafka_query_watermark_offsets(
                worker->consumer, sea_topic_info(topic)->name, is_privacy ? 0 : (int32_t)number,
                &mark.logs[topic].low, &mark.logs[topic].high, ASK_TIMEOUT_MS))
            return false;
    }
    *ret = mark;
    return true;
}

static void *ask(void *arg)
{
    static const uint64_t one = 1;
    struct sea_worker *worker = arg;
    pthread_mutex_lock(&worker->lock);
    while (!worker->stop_asking) {
        if (!worker->ask_numbers) {
            pthread_cond_wait(&worker->asked, &worker->lock);
            continue;
        }
        uint32_t number = (uint32_t)__builtin_ctz(worker->ask_numbers);
        worker->ask_numbers &= worker->ask_numbers - 1;
        enum sea_topic topics[SEA_WORKER_TOPICS_MAX];
        size_t topics_count = worker->topics_count;
        memcpy(topics, worker->topics, sizeof(topics));
        pthread_mutex_unlock(&worker->lock);
        struct sea_watermark mark;
        unsigned closed = atomic_load(&worker->closed);
        bool is_good = fetch(worker, number, topics, topics_count, &mark);
        pthread_mutex_lock(&worker->lock);
        if (!is_good) continue;
        worker->watermarks[number] = mark;
        if (worker->answered[number] != closed && !worker->ask_numbers)
            (void)!write(worker->queue_fd, &one, sizeof(one));
        worker->answered[number] = closed;
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

void watermark_start(struct sea_worker *worker)
{
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->asked, NULL);
    worker->is_asker_running = pthread_create(&worker->asker, NULL, ask, worker) == 0;
    sea_assert(worker->is_asker_running);
}

void watermark_stop(struct sea_worker *worker)
{
    if (!worker->is_asker_running) return;
    pthread_mutex_lock(&worker->lock);
    worker->stop_asking = true;
    pthread_cond_signal(&worker->asked);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->asker, NULL);
    pthread_cond_destroy(&worker->asked);
    pthread_mutex_destroy(&worker->lock);
    worker->is_asker_running = false;
}

bool watermark_answers(struct sea_worker *worker, uint32_t numbers)
{
    uint32_t silent = 0;
    pthread_mutex_lock(&worker->lock);
    unsigned closed = atomic_load(&worker->closed);
    for (uint32_t n = 0; n < SEA_NUMBERS; n++)
        if (worker->answered[n] != closed) silent |= numbers & (UINT32_C(1) << n);
    worker->ask_numbers |= silent;
    if (silent) pthread_cond_signal(&worker->asked);
    pthread_mutex_unlock(&worker->lock);
    return !silent;
}

bool sea_worker_reached(struct sea_worker *worker, uint32_t number, int64_t t_ms)
{
    sea_assert(number < SEA_PARTITIONS);
    if (!sea_worker_owns(worker, number)) return false;
    pthread_mutex_lock(&worker->lock);
    struct sea_watermark mark = worker->watermarks[number];
    if (mark.fetched_at_ms <= t_ms) {
        worker->ask_numbers |= UINT32_C(1) << number;
        pthread_cond_signal(&worker->asked);
    }
    pthread_mutex_unlock(&worker->lock);
    return sea_inputs_reached(&worker->numbers[number].inputs, &mark, worker->topics,
                              worker->topics_count, t_ms);
}
