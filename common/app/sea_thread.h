/* sea_thread.h: a thread for work that would hold the loop up, one job after another, and its ends
 * back on the loop. */
#ifndef SEA_THREAD_H
#define SEA_THREAD_H

#include <sys/queue.h>

#include "sea_base.h"

struct event_base;
struct sea_thread;

/* Embedded in whatever is worked on; lives until `done`. */
struct sea_job {
    STAILQ_ENTRY(sea_job) next;
    void (*run)(void *ctx);  /* on the thread: nobody else touches what it works on */
    void (*done)(void *ctx); /* on the loop, afterwards */
    void *ctx;
};

void sea_thread_open(struct sea_thread **ret, struct event_base *base);
/* How much may wait is the caller's to bound. */
void sea_thread_add(struct sea_thread *thread, struct sea_job *job);
/* Waits for the job in hand; those that wait behind it aren't run. Instead of `done`, `left` is
 * called for each that is still there; NULL: nothing is. */
void sea_thread_close(struct sea_thread **thread, void (*left)(void *ctx));

#endif
