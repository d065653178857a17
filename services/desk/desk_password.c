/* desk_password.c: a thread, a bounded queue to it, and its answers back to the loop. */
#include "desk_password.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "desk_body.h"

struct job {
    STAILQ_ENTRY(job) next;
    void (*fn)(void *ctx, bool is_right);
    void *ctx;
    bool is_right, is_nobody;
    size_t len;
    char hash[DESK_HASH_TEXT], password[DESK_PASSWORD_MAX_BYTES];
};

STAILQ_HEAD(jobs, job);

struct desk_passwords {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t has_work;
    struct jobs waiting, done; /* under the lock, as the two below */
    size_t count;              /* in both, and the one at hand */
    bool is_closing;
    int wake_fd;
    struct event *wake;
    char nobody[DESK_HASH_TEXT]; /* unknown users take as long as known ones */
};

static const uint64_t ONE = 1;

enum sea_err desk_password_hash(struct sea_str password, int64_t passes, int64_t memory_bytes,
                                char ret[DESK_HASH_TEXT])
{
    return crypto_pwhash_str_alg(ret, password.ptr, password.len, (unsigned long long)passes,
                                 (size_t)memory_bytes, crypto_pwhash_ALG_ARGON2ID13)
               ? SEA_ERR_RETRY
               : SEA_OK;
}

static void job_free(struct job *job)
{
    sodium_memzero(job->password, sizeof(job->password));
    free(job);
}

static void check(struct job *job)
{
    bool is_right = crypto_pwhash_str_verify(job->hash, job->password, job->len) == 0;
    job->is_right = is_right && !job->is_nobody;
}

static void *work(void *arg)
{
    struct desk_passwords *passwords = arg;
    pthread_mutex_lock(&passwords->lock);
    for (;;) {
        struct job *job = STAILQ_FIRST(&passwords->waiting);
        if (passwords->is_closing) break;
        if (!job) {
            pthread_cond_wait(&passwords->has_work, &passwords->lock);
            continue;
        }
        STAILQ_REMOVE_HEAD(&passwords->waiting, next);
        pthread_mutex_unlock(&passwords->lock);
        check(job);
        pthread_mutex_lock(&passwords->lock);
        STAILQ_INSERT_TAIL(&passwords->done, job, next);
        (void)!write(passwords->wake_fd, &ONE, sizeof(ONE));
    }
    pthread_mutex_unlock(&passwords->lock);
    return NULL;
}

static void answer(struct desk_passwords *passwords, struct jobs *jobs)
{
    while (!STAILQ_EMPTY(jobs)) {
        struct job *job = STAILQ_FIRST(jobs);
        STAILQ_REMOVE_HEAD(jobs, next);
        passwords->count--;
        job->fn(job->ctx, job->is_right);
        job_free(job);
    }
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct desk_passwords *passwords = arg;
    struct jobs done = STAILQ_HEAD_INITIALIZER(done);
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof(count)) < 0) return;
    pthread_mutex_lock(&passwords->lock);
    STAILQ_CONCAT(&done, &passwords->done);
    pthread_mutex_unlock(&passwords->lock);
    answer(passwords, &done);
}

enum sea_err desk_passwords_open(struct desk_passwords **ret, struct event_base *base,
                                 int64_t passes, int64_t memory_bytes)
{
    char nobody[DESK_HASH_TEXT];
    enum sea_err err = desk_password_hash(SEA_STR("nobody"), passes, memory_bytes, nobody);
    if (err) return err;
    struct desk_passwords *passwords = sea_alloc(sizeof(*passwords));
    memcpy(passwords->nobody, nobody, sizeof(nobody));
    STAILQ_INIT(&passwords->waiting);
    STAILQ_INIT(&passwords->done);
    passwords->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    sea_assert(passwords->wake_fd >= 0);
    passwords->wake = event_new(base, passwords->wake_fd, EV_READ | EV_PERSIST, on_wake, passwords);
    sea_assert(passwords->wake && event_add(passwords->wake, NULL) == 0);
    sea_assert(pthread_mutex_init(&passwords->lock, NULL) == 0);
    sea_assert(pthread_cond_init(&passwords->has_work, NULL) == 0);
    sea_assert(pthread_create(&passwords->thread, NULL, work, passwords) == 0);
    *ret = passwords;
    return SEA_OK;
}

void desk_passwords_close(struct desk_passwords **pointer)
{
    struct desk_passwords *passwords = *pointer;
    if (!passwords) return;
    pthread_mutex_lock(&passwords->lock);
    passwords->is_closing = true;
    pthread_cond_signal(&passwords->has_work);
    pthread_mutex_unlock(&passwords->lock);
    pthread_join(passwords->thread, NULL);
    answer(passwords, &passwords->done);
    answer(passwords, &passwords->waiting);
    pthread_cond_destroy(&passwords->has_work);
    pthread_mutex_destroy(&passwords->lock);
    event_free(passwords->wake);
    close(passwords->wake_fd);
    free(passwords);
    *pointer = NULL;
}

enum sea_err desk_passwords_check(struct desk_passwords *passwords, struct sea_str hash,
                                  struct sea_str password, void (*fn)(void *ctx, bool is_right),
                                  void *ctx)
{
    struct sea_str stored = hash.len ? hash : sea_str(passwords->nobody);
    if (passwords->count >= DESK_PASSWORDS_WAITING_MAX) return SEA_ERR_RETRY;
    sea_assert(stored.len < DESK_HASH_TEXT && password.len <= DESK_PASSWORD_MAX_BYTES);
    struct job *job = sea_alloc(sizeof(*job));
    job->fn = fn;
    job->ctx = ctx;
    job->is_nobody = !hash.len;
    job->len = password.len;
    memcpy(job->hash, stored.ptr, stored.len);
    memcpy(job->password, password.ptr, password.len);
    pthread_mutex_lock(&passwords->lock);
    STAILQ_INSERT_TAIL(&passwords->waiting, job, next);
    pthread_cond_signal(&passwords->has_work);
    pthread_mutex_unlock(&passwords->lock);
    passwords->count++;
    return SEA_OK;
}
