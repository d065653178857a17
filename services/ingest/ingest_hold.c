/* ingest_hold.c: intakes that wait for company, and a timer finer than the loop's milliseconds. */
#include "ingest_hold.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "sea_base.h"

/* Each round trip counts for an eighth of the mean, as in RFC 6298 (2.3). */
enum { MEAN_OF = 8, NSEC_PER_USEC = 1000, USEC_PER_MSEC = 1000, USEC_PER_SEC = 1000000 };

struct ingest_hold {
    struct ingest_queue held;
    void (*let_go)(struct ingest_intake *intake);
    int64_t max_us, trip_us;
    int timer_fd;
    struct event *timer;
};

struct ingest_intake *ingest_hold_take(struct ingest_hold *hold)
{
    struct ingest_intake *intake = TAILQ_FIRST(&hold->held);
    if (intake) TAILQ_REMOVE(&hold->held, intake, of_queue);
    return intake;
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct ingest_hold *hold = arg;
    struct ingest_intake *intake;
    struct ingest_queue now = TAILQ_HEAD_INITIALIZER(now);
    uint64_t times;
    (void)what;
    if (read(fd, &times, sizeof(times)) < 0) return;
    TAILQ_CONCAT(&now, &hold->held, of_queue); /* who comes meanwhile waits for the next time */
    while ((intake = TAILQ_FIRST(&now))) {
        TAILQ_REMOVE(&now, intake, of_queue);
        hold->let_go(intake);
    }
}

static void start(struct ingest_hold *hold, int64_t us)
{
    struct itimerspec when = {
        .it_value = {.tv_sec = us / USEC_PER_SEC, .tv_nsec = us % USEC_PER_SEC * NSEC_PER_USEC}};
    sea_assert(timerfd_settime(hold->timer_fd, 0, &when, NULL) == 0);
}

void ingest_hold_add(struct ingest_hold *hold, struct ingest_intake *intake)
{
    int64_t us = hold->trip_us < hold->max_us ? hold->trip_us : hold->max_us;
    bool is_first = TAILQ_EMPTY(&hold->held);
    if (is_first && us == 0) {
        hold->let_go(intake);
        return;
    }
    TAILQ_INSERT_TAIL(&hold->held, intake, of_queue);
    if (is_first) start(hold, us);
}

void ingest_hold_saw(struct ingest_hold *hold, int64_t trip_us)
{
    hold->trip_us += (trip_us - hold->trip_us) / MEAN_OF;
}

void ingest_hold_open(struct ingest_hold **ret, struct event_base *base, int max_ms,
                      void (*let_go)(struct ingest_intake *intake))
{
    struct ingest_hold *hold = sea_alloc(sizeof(*hold));
    TAILQ_INIT(&hold->held);
    hold->let_go = let_go;
    hold->max_us = (int64_t)max_ms * USEC_PER_MSEC;
    hold->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    sea_assert(hold->timer_fd >= 0);
    hold->timer = event_new(base, hold->timer_fd, EV_READ | EV_PERSIST, on_time, hold);
    sea_assert(hold->timer && event_add(hold->timer, NULL) == 0);
    *ret = hold;
}

void ingest_hold_close(struct ingest_hold **pointer)
{
    struct ingest_hold *hold = *pointer;
    if (!hold) return;
    event_free(hold->timer);
    close(hold->timer_fd);
    free(hold);
    *pointer = NULL;
}
