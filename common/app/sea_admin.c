/* sea_admin.c: what monitoring asks a service. */
#include "sea_admin.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <yyjson.h>

#include "sea_crash.h"
#include "sea_http_server.h"
#include "sea_log.h"
#include "sea_metrics.h"
#include "sea_metrics_common.h"

enum { CHECKS_MAX = 16, METRICS_MAX_BYTES = 4 * 1024 * 1024, WHY_MAX = 512 };

struct check {
    const char *name;
    bool (*is_ready)(void *ctx, struct sea_buf *why);
    void *ctx;
};

struct sea_admin {
    struct sea_http_server *server;
    const char *service;
    struct check checks[CHECKS_MAX];
    size_t count;
    bool is_draining;
};

void sea_admin_check(struct sea_admin *admin, const char *name,
                     bool (*is_ready)(void *ctx, struct sea_buf *why), void *ctx)
{
    sea_assert(admin->count < CHECKS_MAX);
    admin->checks[admin->count++] = (struct check){name, is_ready, ctx};
}

void sea_admin_drain(struct sea_admin *admin)
{
    admin->is_draining = true;
}

static void on_health(void *ctx, struct sea_http_exchange *exchange,
                      const struct sea_http_request *request)
{
    (void)ctx;
    (void)request;
    sea_http_answer_json(exchange, 200, SEA_STR("{\"status\":\"alive\"}"));
}

static bool ask_all(struct sea_admin *admin, yyjson_mut_doc *doc, yyjson_mut_val *missing)
{
    bool is_ready = !admin->is_draining;
    struct sea_buf why = SEA_BUF(WHY_MAX);
    if (admin->is_draining) yyjson_mut_obj_add_str(doc, missing, "drain", "stopping");
    for (size_t i = 0; i < admin->count; i++) {
        const struct check *check = &admin->checks[i];
        sea_buf_reset(&why);
        bool is_good = check->is_ready(check->ctx, &why);
        sea_metric_set(&sea_m_ready, is_good, check->name);
        if (is_good) continue;
        is_ready = false;
        yyjson_mut_obj_add_strcpy(doc, missing, check->name, why.len ? why.ptr : "away");
    }
    sea_buf_free(&why);
    return is_ready;
}

static void on_ready(void *ctx, struct sea_http_exchange *exchange,
                     const struct sea_http_request *request)
{
    struct sea_admin *admin = ctx;
    (void)request;
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc), *missing = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    bool is_ready = ask_all(admin, doc, missing);
    if (is_ready) sea_crash_ready();
    yyjson_mut_obj_add_bool(doc, root, "ready", is_ready);
    yyjson_mut_obj_add_val(doc, root, "missing", missing);
    size_t len = 0;
    char *text = yyjson_mut_write(doc, 0, &len);
    sea_http_answer_json(exchange, is_ready ? 200 : 503, (struct sea_str){text, len});
    free(text);
    yyjson_mut_doc_free(doc);
}

static void on_metrics(void *ctx, struct sea_http_exchange *exchange,
                       const struct sea_http_request *request)
{
    struct sea_admin *admin = ctx;
    struct sea_buf text = SEA_BUF(METRICS_MAX_BYTES);
    (void)request;
    sea_metrics_render(&text, admin->service);
    struct sea_http_answer answer = {
        .status = 200, .content_type = SEA_METRICS_TYPE, .body = sea_buf_view(&text)};
    sea_http_answer(exchange, &answer);
    sea_buf_free(&text);
}

static const struct sea_http_route ROUTES[] = {
    {SEA_HTTP_GET, "/healthz", on_health, 0},
    {SEA_HTTP_GET, "/readyz", on_ready, 0},
    {SEA_HTTP_GET, "/metrics", on_metrics, 0},
};

enum sea_err sea_admin_open(struct sea_admin **ret, struct event_base *base, const char *listen,
                            const char *service)
{
    const char *error = NULL;
    struct sea_admin *admin = sea_alloc(sizeof(*admin));
    struct sea_http_server_config config = {.listen = listen,
                                            .routes = ROUTES,
                                            .routes_count = SEA_COUNT(ROUTES),
                                            .ctx = admin,
                                            .connections_max = 32};
    admin->service = service;
    *ret = admin;
    if (!*listen) return SEA_OK;
    enum sea_err err = sea_http_server_open(&admin->server, base, &config, &error);
    if (err) {
        sea_log(SEA_LOG_ERROR, "admin listener cannot listen", SEA_F_STR("address", listen),
                SEA_F_STR("cause", error));
        return SEA_ERR_FATAL;
    }
    sea_log(SEA_LOG_INFO, "listening", SEA_F_STR("what", "admin"),
            SEA_F_STR("address", sea_http_server_address(admin->server)));
    return SEA_OK;
}

void sea_admin_close(struct sea_admin **admin)
{
    if (!*admin) return;
    sea_http_server_close(&(*admin)->server);
    free(*admin);
    *admin = NULL;
}

static int dial(const char *listen)
{
    char host[256];
    const char *colon = strrchr(listen, ':');
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    struct timeval limit = {2, 0};
    if (!colon || (size_t)(colon - listen) >= sizeof(host)) return -1;
    snprintf(host, sizeof(host), "%.*s", (int)(colon - listen), listen);
    /* A service that listens everywhere is asked on loopback. */
    bool is_any = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "[::]") == 0;
    const char *name = *host && !is_any ? host : "127.0.0.1";
    if (getaddrinfo(name, colon + 1, &hints, &found)) return -1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
        if (connect(fd, found->ai_addr, found->ai_addrlen)) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

int sea_admin_probe(const char *listen)
{
    static const char ASK[] =
        "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char answer[4096];
    size_t len = 0;
    ssize_t got = 0;
    int fd = dial(listen);
    if (fd < 0) {
        fprintf(stderr, "nothing answers at %s\n", listen);
        return 1;
    }
    if (write(fd, ASK, sizeof(ASK) - 1) == (ssize_t)sizeof(ASK) - 1)
        while ((got = recv(fd, answer + len, sizeof(answer) - 1 - len, 0)) > 0) len += (size_t)got;
    answer[len] = '\0';
    close(fd);
    if (strncmp(answer, "HTTP/1.1 200 ", 13) == 0) return 0;
    const char *body = strstr(answer, "\r\n\r\n");
    fprintf(stderr, "%s\n", body ? body + 4 : "no answer in time");
    return 1;
}
