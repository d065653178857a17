/* sea_mailer.c: mailers, each with a thread and a handle of libcurl's, which keeps one connection.
 */
#include "sea_mailer.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "sea_thread.h"

struct sea_mailer {
    SLIST_ENTRY(sea_mailer) next;
    struct sea_thread *thread;
    struct sea_job job;
    CURL *easy;
    char *url; /* of the last transfer, whose connection may be kept; NULL: there was none */
    bool is_busy;
    CURLcode result;
    void (*done)(void *ctx, CURLcode result);
    void *ctx;
};

struct sea_mailers {
    SLIST_HEAD(, sea_mailer) all;
    struct event_base *base;
    size_t count, max;
    atomic_bool is_over;
};

/* On the mailer's thread, once a second at least. */
static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct sea_mailers *mailers = ctx;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&mailers->is_over);
}

static void run(void *ctx)
{
    struct sea_mailer *mailer = ctx;
    mailer->result = curl_easy_perform(mailer->easy);
}

static void done(void *ctx)
{
    struct sea_mailer *mailer = ctx;
    mailer->done(mailer->ctx, mailer->result);
    mailer->is_busy = false;
}

/* Over a socket that is shut down libcurl says no QUIT, for whose answer it would wait. */
static void hang_up(struct sea_mailer *mailer)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    curl_easy_getinfo(mailer->easy, CURLINFO_ACTIVESOCKET, &fd);
    if (fd != CURL_SOCKET_BAD) (void)shutdown(fd, SHUT_RDWR);
    curl_easy_cleanup(mailer->easy);
    mailer->easy = NULL;
}

static struct sea_mailer *add(struct sea_mailers *mailers)
{
    struct sea_mailer *mailer = sea_alloc(sizeof(*mailer));
    mailer->job = (struct sea_job){.run = run, .done = done, .ctx = mailer};
    sea_thread_open(&mailer->thread, mailers->base);
    SLIST_INSERT_HEAD(&mailers->all, mailer, next);
    mailers->count++;
    return mailer;
}

struct sea_mailer *sea_mailers_take(struct sea_mailers *mailers, const char *url)
{
    struct sea_mailer *mailer, *idle = NULL;
    SLIST_FOREACH(mailer, &mailers->all, next)
    {
        if (mailer->is_busy) continue;
        idle = mailer;
        if (strcmp(mailer->url, url) == 0) break;
    }
    if (mailer == NULL) {
        mailer = mailers->count < mailers->max ? add(mailers) : idle;
        sea_assert(mailer != NULL);
        if (mailer->easy != NULL) hang_up(mailer);
        mailer->easy = curl_easy_init();
        sea_assert(mailer->easy != NULL);
        free(mailer->url);
        mailer->url = sea_str_dup(sea_str(url));
    }
    mailer->is_busy = true;
    curl_easy_reset(mailer->easy);
    curl_easy_setopt(mailer->easy, CURLOPT_MAXCONNECTS, 1L);
    curl_easy_setopt(mailer->easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(mailer->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(mailer->easy, CURLOPT_XFERINFODATA, mailers);
    return mailer;
}

CURL *sea_mailer_easy(struct sea_mailer *mailer)
{
    return mailer->easy;
}

void sea_mailer_run(struct sea_mailer *mailer, void (*done_fn)(void *ctx, CURLcode result),
                    void *ctx)
{
    mailer->done = done_fn;
    mailer->ctx = ctx;
    sea_thread_add(mailer->thread, &mailer->job);
}

void sea_mailers_open(struct sea_mailers **ret, struct event_base *base, size_t max)
{
    struct sea_mailers *mailers = sea_alloc(sizeof(*mailers));
    SLIST_INIT(&mailers->all);
    mailers->base = base;
    mailers->max = max;
    *ret = mailers;
}

void sea_mailers_close(struct sea_mailers **pointer)
{
    struct sea_mailers *mailers = *pointer;
    struct sea_mailer *mailer;
    atomic_store(&mailers->is_over, true);
    while ((mailer = SLIST_FIRST(&mailers->all)) != NULL) {
        SLIST_REMOVE_HEAD(&mailers->all, next);
        sea_thread_close(&mailer->thread, NULL);
        hang_up(mailer);
        free(mailer->url);
        free(mailer);
    }
    free(mailers);
    *pointer = NULL;
}
