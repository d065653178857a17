/* ingest_reader.c: two queues, one each way. */
#include "ingest_reader.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

STAILQ_HEAD(readings, ingest_reading);

struct ingest_reader {
    pthread_t thread;
    int done_fd;
    struct event *done_event;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    struct readings waiting, done;
    bool is_over;
};

static const uint64_t ONE = 1;

/* Waits for the next one; NULL: it is over. */
static struct ingest_reading *next(struct ingest_reader *reader)
{
    struct ingest_reading *reading = NULL;
    pthread_mutex_lock(&reader->lock);
    while (!reader->is_over && STAILQ_EMPTY(&reader->waiting))
        pthread_cond_wait(&reader->changed, &reader->lock);
    if (!reader->is_over) {
        reading = STAILQ_FIRST(&reader->waiting);
        STAILQ_REMOVE_HEAD(&reader->waiting, next);
    }
    pthread_mutex_unlock(&reader->lock);
    return reading;
}

static void *run(void *arg)
{
    struct ingest_reader *reader = arg;
    struct ingest_reading *reading;
    while ((reading = next(reader))) {
        reading->read(reading->ctx);
        pthread_mutex_lock(&reader->lock);
        STAILQ_INSERT_TAIL(&reader->done, reading, next);
        pthread_mutex_unlock(&reader->lock);
        (void)!write(reader->done_fd, &ONE, sizeof(ONE));
    }
    return NULL;
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
    struct ingest_reader *reader = arg;
    struct readings done = STAILQ_HEAD_INITIALIZER(done);
    struct ingest_reading *reading;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof(count)) < 0) return;
    pthread_mutex_lock(&reader->lock);
    STAILQ_CONCAT(&done, &reader->done);
    pthread_mutex_unlock(&reader->lock);
    while ((reading = STAILQ_FIRST(&done))) {
        STAILQ_REMOVE_HEAD(&done, next);
        reading->done(reading->ctx);
    }
}

void ingest_reader_open(struct ingest_reader **ret, struct event_base *base)
{
    struct ingest_reader *reader = sea_alloc(sizeof(*reader));
    STAILQ_INIT(&reader->waiting);
    STAILQ_INIT(&reader->done);
    pthread_mutex_init(&reader->lock, NULL);
    pthread_cond_init(&reader->changed, NULL);
    reader->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    reader->done_event = event_new(base, reader->done_fd, EV_READ | EV_PERSIST, on_done, reader);
    sea_assert(reader->done_fd >= 0 && reader->done_event);
    sea_assert(event_add(reader->done_event, NULL) == 0);
    sea_assert(pthread_create(&reader->thread, NULL, run, reader) == 0);
    *ret = reader;
}

void ingest_reader_add(struct ingest_reader *reader, struct ingest_reading *reading)
{
    pthread_mutex_lock(&reader->lock);
    STAILQ_INSERT_TAIL(&reader->waiting, reading, next);
    pthread_cond_signal(&reader->changed);
    pthread_mutex_unlock(&reader->lock);
}

void ingest_reader_close(struct ingest_reader **pointer)
{
    struct ingest_reader *reader = *pointer;
    if (!reader) return;
    pthread_mutex_lock(&reader->lock);
    reader->is_over = true;
    pthread_cond_signal(&reader->changed);
    pthread_mutex_unlock(&reader->lock);
    pthread_join(reader->thread, NULL);
    event_free(reader->done_event);
    close(reader->done_fd);
    pthread_cond_destroy(&reader->changed);
    pthread_mutex_destroy(&reader->lock);
    free(reader);
    *pointer = NULL;
}
