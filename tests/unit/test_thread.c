/* test_thread.c: work beside the loop. */
#include <event2/event.h>
#include <pthread.h>

#include "sea_cmocka.h"
#include "sea_thread.h"

enum { JOBS = 3 };

struct work {
    struct event_base *base;
    pthread_t loop;
    struct work_job {
        struct sea_job job;
        struct work *work;
        bool ran_beside;
    } jobs[JOBS];
    int ends, left;
};

static void run(void *ctx)
{
    struct work_job *job = ctx;
    job->ran_beside = !pthread_equal(pthread_self(), job->work->loop);
}

static void done(void *ctx)
{
    struct work_job *job = ctx;
    struct work *work = job->work;
    assert_true(job->ran_beside);
    assert_true(pthread_equal(pthread_self(), work->loop));
    assert_ptr_equal(job, &work->jobs[work->ends]);
    if (++work->ends == JOBS) event_base_loopbreak(work->base);
}

static void left(void *ctx)
{
    struct work_job *job = ctx;
    job->work->left++;
}

static void add_all(struct sea_thread *thread, struct work *work)
{
    for (size_t i = 0; i < JOBS; i++) {
        work->jobs[i] = (struct work_job){.job = {.run = run, .done = done, .ctx = &work->jobs[i]},
                                          .work = work};
        sea_thread_add(thread, &work->jobs[i].job);
    }
}

static void jobs_run_beside_the_loop_and_end_on_it_in_their_order(void **state)
{
    (void)state;
    struct work work = {.base = event_base_new(), .loop = pthread_self()};
    struct sea_thread *thread = NULL;
    sea_thread_open(&thread, work.base);
    add_all(thread, &work);
    event_base_dispatch(work.base);
    sea_thread_close(&thread, left);
    assert_null(thread);
    assert_int_equal(work.ends, JOBS);
    assert_int_equal(work.left, 0);
    event_base_free(work.base);
}

static void what_did_not_end_before_the_close_is_handed_back(void **state)
{
    (void)state;
    struct work work = {.base = event_base_new(), .loop = pthread_self()};
    struct sea_thread *thread = NULL;
    sea_thread_open(&thread, work.base);
    add_all(thread, &work);
    sea_thread_close(&thread, left);
    assert_int_equal(work.ends, 0);
    assert_int_equal(work.left, JOBS);
    event_base_free(work.base);
}

SEA_TESTS(cmocka_unit_test(jobs_run_beside_the_loop_and_end_on_it_in_their_order),
          cmocka_unit_test(what_did_not_end_before_the_close_is_handed_back))
