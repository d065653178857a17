/* sea_thread.c: two queues, one each way. */
#include "sea_thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

STAILQ_HEAD(jobs, sea_job);

struct sea_thread {
    pthread_t thread;
    int done_fd;
    struct event *done_event;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    struct jobs waiting, done;
    bool is_over;
};

static const uint64_t ONE = 1;

/* Waits for the next one; NULL: it is over. */
static struct sea_job *next(struct sea_thread *thread)
{
    struct sea_job *job = NULL;
    pthread_mutex_lock(&thread->lock);
    while (!thread->is_over && STAILQ_EMPTY(&thread->waiting))
        pthread_cond_wait(&thread->changed, &thread->lock);
    if (!thread->is_over) {
        job = STAILQ_FIRST(&thread->waiting);
        STAILQ_REMOVE_HEAD(&thread->waiting, next);
    }
    pthread_mutex_unlock(&thread->lock);
    return job;
}

static void *run(void *arg)
{
    struct sea_thread *thread = arg;
    struct sea_job *job;
    while ((job = next(thread))) {
        job->run(job->ctx);
        pthread_mutex_lock(&thread->lock);
        STAILQ_INSERT_TAIL(&thread->done, job, next);
        pthread_mutex_unlock(&thread->lock);
        (void)!write(thread->done_fd, &ONE, sizeof(ONE));
    }
    return NULL;
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
    struct sea_thread *thread = arg;
    struct jobs done = STAILQ_HEAD_INITIALIZER(done);
    struct sea_job *job;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof(count)) < 0) return;
    pthread_mutex_lock(&thread->lock);
    STAILQ_CONCAT(&done, &thread->done);
    pthread_mutex_unlock(&thread->lock);
    while ((job = STAILQ_FIRST(&done))) {
        STAILQ_REMOVE_HEAD(&done, next);
        job->done(job->ctx);
    }
}

void sea_thread_open(struct sea_thread **ret, struct event_base *base)
{
    struct sea_thread *thread = sea_alloc(sizeof(*thread));
    STAILQ_INIT(&thread->waiting);
    STAILQ_INIT(&thread->done);
    pthread_mutex_init(&thread->lock, NULL);
    pthread_cond_init(&thread->changed, NULL);
    thread->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    thread->done_event = event_new(base, thread->done_fd, EV_READ | EV_PERSIST, on_done, thread);
    sea_assert(thread->done_fd >= 0 && thread->done_event);
    sea_assert(event_add(thread->done_event, NULL) == 0);
    sea_assert(pthread_create(&thread->thread, NULL, run, thread) == 0);
    *ret = thread;
}

void sea_thread_add(struct sea_thread *thread, struct sea_job *job)
{
    pthread_mutex_lock(&thread->lock);
    STAILQ_INSERT_TAIL(&thread->waiting, job, next);
    pthread_cond_signal(&thread->changed);
    pthread_mutex_unlock(&thread->lock);
}

void sea_thread_close(struct sea_thread **pointer, void (*left)(void *ctx))
{
    struct sea_thread *thread = *pointer;
    struct sea_job *job;
    if (!thread) return;
    pthread_mutex_lock(&thread->lock);
    thread->is_over = true;
    pthread_cond_signal(&thread->changed);
    pthread_mutex_unlock(&thread->lock);
    pthread_join(thread->thread, NULL);
    STAILQ_CONCAT(&thread->done, &thread->waiting);
    while (left && (job = STAILQ_FIRST(&thread->done))) {
        STAILQ_REMOVE_HEAD(&thread->done, next);
        left(job->ctx);
    }
    event_free(thread->done_event);
    close(thread->done_fd);
    pthread_cond_destroy(&thread->changed);
    pthread_mutex_destroy(&thread->lock);
    free(thread);
    *pointer = NULL;
}
