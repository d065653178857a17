/* sea_probe.c: the thread that asks, and what it knows. */
#include "sea_probe.h"

#include "sea_kafka_private.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { ASK_TIMEOUT_MS = 1000, AGAIN_S = 1 };

struct sea_probe {
    rd_kafka_t *handle;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    unsigned told; /* how often the owner knew better than a question on its way */
    bool is_closing;
    bool asks_replicas;
    atomic_bool is_up, is_replicated;
};

static bool ask(const struct sea_probe *probe)
{
    enum sea_topic all[SEA_TOPICS];
    for (unsigned i = 0; i < SEA_TOPICS; i++) all[i] = (enum sea_topic)i;
    return sea_kafka_topics_ready(probe->handle, all, SEA_TOPICS, ASK_TIMEOUT_MS) == SEA_OK;
}

/* Under the lock. */
static void wait_a_second(struct sea_probe *probe)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += AGAIN_S;
    (void)pthread_cond_timedwait(&probe->changed, &probe->lock, &until);
}

static void *run(void *arg)
{
    struct sea_probe *probe = arg;
    pthread_mutex_lock(&probe->lock);
    while (!probe->is_closing) {
        if (probe->is_up && probe->is_replicated) {
            pthread_cond_wait(&probe->changed, &probe->lock);
            continue;
        }
        unsigned told = probe->told;
        pthread_mutex_unlock(&probe->lock);
        bool is_up = ask(probe);
        if (is_up && probe->asks_replicas)
            probe->is_replicated =
                sea_kafka_edge_is_replicated(probe->handle, ASK_TIMEOUT_MS) == SEA_OK;
        pthread_mutex_lock(&probe->lock);
        if (told == probe->told) probe->is_up = is_up;
        if (!(probe->is_up && probe->is_replicated) && !probe->is_closing) wait_a_second(probe);
    }
    pthread_mutex_unlock(&probe->lock);
    return NULL;
}

void sea_probe_open(struct sea_probe **ret, rd_kafka_t *handle, bool asks_replicas)
{
    pthread_condattr_t monotonic;
    struct sea_probe *probe = sea_alloc(sizeof(*probe));
    probe->handle = handle;
    probe->asks_replicas = asks_replicas;
    probe->is_replicated = !asks_replicas;
    pthread_mutex_init(&probe->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&probe->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    sea_assert(pthread_create(&probe->thread, NULL, run, probe) == 0);
    *ret = probe;
}

void sea_probe_close(struct sea_probe **pointer)
{
    struct sea_probe *probe = *pointer;
    if (!probe) return;
    pthread_mutex_lock(&probe->lock);
    probe->is_closing = true;
    pthread_cond_signal(&probe->changed);
    pthread_mutex_unlock(&probe->lock);
    pthread_join(probe->thread, NULL);
    pthread_cond_destroy(&probe->changed);
    pthread_mutex_destroy(&probe->lock);
    free(probe);
    *pointer = NULL;
}

bool sea_probe_is_up(const struct sea_probe *probe)
{
    return probe->is_up;
}

bool sea_probe_is_replicated(const struct sea_probe *probe)
{
    return probe->is_replicated;
}

void sea_probe_tell(struct sea_probe *probe, bool is_up)
{
    if (probe->is_up == is_up) return;
    pthread_mutex_lock(&probe->lock);
    probe->told++;
    probe->is_up = is_up;
    pthread_cond_signal(&probe->changed);
    pthread_mutex_unlock(&probe->lock);
}
