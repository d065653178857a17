/* bench_http.c: the HTTP server alone, to be compared with a bare epoll loop: every POST is
 * answered 202 at once, and POST /later in the next pass of the loop, as an acknowledged record
 * would be. Usage: bench_http [address] */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "sea_http_server.h"

enum { LATER_MAX = 4096 };

static struct sea_http_exchange *later[LATER_MAX];
static size_t later_count;
static struct event *later_event;

static void answer_at_once(void *ctx, struct sea_http_exchange *exchange,
                           const struct sea_http_request *request)
{
    (void)ctx;
    (void)request;
    sea_http_answer_empty(exchange, 202);
}

static void answer_later(void *ctx, struct sea_http_exchange *exchange,
                         const struct sea_http_request *request)
{
    (void)ctx;
    (void)request;
    sea_assert(later_count < LATER_MAX);
    later[later_count++] = exchange;
    event_active(later_event, 0, 0);
}

static void answer_waiting(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    (void)ctx;
    for (size_t i = 0; i < later_count; i++) sea_http_answer_empty(later[i], 202);
    later_count = 0;
}

int main(int argc, char **argv)
{
    static const struct sea_http_route ROUTES[] = {
        {SEA_HTTP_POST, "/", answer_at_once, 65536},
        {SEA_HTTP_GET, "/", answer_at_once, 0},
        {SEA_HTTP_POST, "/later", answer_later, 65536},
    };
    struct event_base *base = event_base_new();
    struct sea_http_server *server = NULL;
    const char *error = NULL;
    struct sea_http_server_config config = {.listen = argc > 1 ? argv[1] : "127.0.0.1:8070",
                                            .routes = ROUTES,
                                            .routes_count = SEA_COUNT(ROUTES)};
    if (sea_http_server_open(&server, base, &config, &error)) {
        fprintf(stderr, "%s: %s\n", config.listen, error);
        return EXIT_FAILURE;
    }
    later_event = event_new(base, -1, 0, answer_waiting, NULL);
    printf("listening at %s\n", sea_http_server_address(server));
    fflush(stdout);
    return event_base_dispatch(base) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
