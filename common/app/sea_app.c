/* sea_app.c: options, the event loop and its end. */
#include "sea_app.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sea_admin.h"
#include "sea_crash.h"
#include "sea_log.h"
#include "sea_metrics_common.h"

enum {
    HOOKS_MAX = 16,
    CERTIFICATE_LOOK_MS = 2000,
    DRAIN_MS = 8000,
    WATCHDOG_S = 10,
    EXIT_WATCHDOG = 75,
    EXIT_SETTINGS = 2
};

struct hook {
    void (*fn)(void *ctx);
    void *ctx;
    struct event *event; /* of timers */
};

struct once {
    TAILQ_ENTRY(once) of_app;
    struct sea_app *app;
    struct hook hook;
};

struct sea_app {
    const struct sea_app_program *program;
    struct sea_config config;
    struct event_base *base;
    struct event *signals[3], *deadline;
    struct sea_admin *admin;
    struct sea_http_server *server;
    struct sea_tls *tls; /* NULL: plain HTTP */
    struct hook drains[HOOKS_MAX], timers[HOOKS_MAX];
    size_t drains_count, timers_count;
    TAILQ_HEAD(, once) onces;
    int holds;
    bool is_draining, has_failed;
};

struct event_base *sea_app_base(struct sea_app *app)
{
    return app->base;
}

bool sea_app_is_draining(const struct sea_app *app)
{
    return app->is_draining;
}

void sea_app_ready_check(struct sea_app *app, const char *name,
                         bool (*is_ready)(void *ctx, struct sea_buf *why), void *ctx)
{
    sea_admin_check(app->admin, name, is_ready, ctx);
}

void sea_app_on_drain(struct sea_app *app, void (*fn)(void *ctx), void *ctx)
{
    sea_assert(app->drains_count < HOOKS_MAX);
    app->drains[app->drains_count++] = (struct hook){fn, ctx, NULL};
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    const struct hook *hook = arg;
    (void)fd;
    (void)what;
    hook->fn(hook->ctx);
}

void sea_app_every(struct sea_app *app, int ms, void (*fn)(void *ctx), void *ctx)
{
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};
    sea_assert(app->timers_count < HOOKS_MAX && ms > 0);
    struct hook *hook = &app->timers[app->timers_count++];
    *hook = (struct hook){fn, ctx, NULL};
    hook->event = event_new(app->base, -1, EV_PERSIST, on_timer, hook);
    sea_assert(hook->event && event_add(hook->event, &tv) == 0);
}

static void free_once(struct once *once)
{
    TAILQ_REMOVE(&once->app->onces, once, of_app);
    event_free(once->hook.event);
    free(once);
}

static void on_once(evutil_socket_t fd, short what, void *arg)
{
    struct once *once = arg;
    const struct hook hook = once->hook;
    (void)fd;
    (void)what;
    free_once(once);
    hook.fn(hook.ctx);
}

void sea_app_after(struct sea_app *app, int ms, void (*fn)(void *ctx), void *ctx)
{
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};
    struct once *once = sea_alloc(sizeof *once);
    once->app = app;
    once->hook = (struct hook){fn, ctx, event_new(app->base, -1, 0, on_once, once)};
    sea_assert(once->hook.event && event_add(once->hook.event, &tv) == 0);
    TAILQ_INSERT_TAIL(&app->onces, once, of_app);
}

void sea_app_fail(struct sea_app *app)
{
    app->has_failed = true;
    event_base_loopbreak(app->base);
}

void sea_app_hold(struct sea_app *app)
{
    app->holds++;
}

void sea_app_release(struct sea_app *app)
{
    sea_assert(app->holds > 0);
    app->holds--;
    if (app->is_draining && app->holds == 0) event_base_loopbreak(app->base);
}

static void on_http_drained(void *ctx)
{
    sea_app_release(ctx);
}

static void drain_http(void *ctx)
{
    struct sea_app *app = ctx;
    sea_app_hold(app);
    sea_http_server_drain(app->server, on_http_drained, app);
}

enum sea_err sea_app_serve(struct sea_app *app, struct sea_http_server_config *config,
                           struct sea_http_server **ret)
{
    const char *error = NULL;
    sea_assert(app->server == NULL);
    config->listen = app->config.listen;
    config->tls = app->tls;
    if (sea_http_server_open(&app->server, app->base, config, &error)) {
        sea_log(SEA_LOG_ERROR, "cannot listen", SEA_F_STR("address", config->listen),
                SEA_F_STR("cause", error));
        return SEA_ERR_FATAL;
    }
    sea_log(SEA_LOG_INFO, "listening", SEA_F_STR("what", app->tls ? "https" : "http"),
            SEA_F_STR("address", sea_http_server_address(app->server)));
    sea_app_on_drain(app, drain_http, app);
    *ret = app->server;
    return SEA_OK;
}

static void show_certificate(const struct sea_app *app)
{
    sea_metric_set(&sea_m_tls_certificate_expires_seconds, (double)sea_tls_expires_s(app->tls));
}

static void look_at_certificate(void *ctx)
{
    const struct sea_app *app = ctx;
    char error[SEA_TLS_ERROR_TEXT];
    bool is_taken;
    if (sea_tls_look(app->tls, &is_taken, error)) {
        sea_log(SEA_LOG_WARN, "new certificate refused, the old one stays",
                SEA_F_STR("cause", error));
    } else if (is_taken) {
        sea_log(SEA_LOG_INFO, "new certificate taken");
        show_certificate(app);
    }
}

/* Nothing personal goes over a network in the clear (production mode): what listens beyond this
 * machine speaks TLS, or a proxy that does is declared. */
static bool is_plain_allowed(const struct sea_config *config, const char *setting,
                             const char *listen)
{
    if (config->mode != SEA_MODE_PRODUCTION || config->tls_proxy || !*listen ||
        sea_http_is_loopback(listen))
        return true;
    sea_log(SEA_LOG_ERROR, "plain HTTP beyond this machine is refused in production mode",
            SEA_F_STR("setting", setting), SEA_F_STR("address", listen),
            SEA_F_STR("advice", "SEADESK_TLS_CERTIFICATE and SEADESK_TLS_KEY for SEADESK_LISTEN, a "
                                "loopback address, or SEADESK_TLS_PROXY=true behind a proxy"));
    return false;
}

static enum sea_err open_tls(struct sea_app *app)
{
    const struct sea_config *config = &app->config;
    char error[SEA_TLS_ERROR_TEXT];
    bool has_certificate = *config->tls_certificate != '\0', has_key = *config->tls_key != '\0';
    if (has_certificate != has_key) {
        sea_log(SEA_LOG_ERROR,
                "SEADESK_TLS_CERTIFICATE and SEADESK_TLS_KEY are set together or not at all");
        return SEA_ERR_FATAL;
    }
    if (!is_plain_allowed(config, "SEADESK_ADMIN_LISTEN", config->admin_listen) ||
        (!has_key && !is_plain_allowed(config, "SEADESK_LISTEN", config->listen)))
        return SEA_ERR_FATAL;
    if (!has_key) return SEA_OK;
    enum sea_err err = sea_tls_open(&app->tls, config->tls_certificate, config->tls_key, error);
    if (err) sea_log(SEA_LOG_ERROR, "no TLS", SEA_F_STR("cause", error));
    return err;
}

static void on_watchdog(int number)
{
    (void)number;
    _exit(EXIT_WATCHDOG);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    const struct sea_app *app = arg;
    (void)fd;
    (void)what;
    sea_log(SEA_LOG_WARN, "drain took too long", SEA_F_I64("holds", app->holds));
    event_base_loopbreak(app->base);
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
    struct sea_app *app = arg;
    struct timeval tv = {DRAIN_MS / 1000, 0};
    (void)fd;
    (void)what;
    if (app->is_draining) return;
    sea_log(SEA_LOG_INFO, "draining");
    app->is_draining = true;
    sea_admin_drain(app->admin);
    (void)signal(SIGALRM, on_watchdog);
    alarm(WATCHDOG_S);
    event_add(app->deadline, &tv);
    sea_app_hold(app);
    for (size_t i = 0; i < app->drains_count; i++) app->drains[i].fn(app->drains[i].ctx);
    sea_app_release(app);
}

void sea_app_reload(struct sea_app *app)
{
    if (!app->program->load) return;
    enum sea_err err = app->program->load(app->program->ctx, &app->config);
    sea_log(err ? SEA_LOG_WARN : SEA_LOG_INFO,
            err ? "reload refused, the old configuration stays" : "reloaded");
}

static void on_reload(evutil_socket_t fd, short what, void *arg)
{
    struct sea_app *app = arg;
    (void)fd;
    (void)what;
    if (app->tls) look_at_certificate(app);
    if (app->program->reload)
        app->program->reload(app->program->ctx);
    else
        sea_app_reload(app);
}

static void harden(const struct sea_config *config)
{
    struct rlimit none = {0, 0};
    if (config->mode != SEA_MODE_PRODUCTION) return;
    /* A core file would hold keys. */
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
}

static void open_loop(struct sea_app *app)
{
    TAILQ_INIT(&app->onces);
    app->base = event_base_new();
    sea_assert(app->base);
    app->signals[0] = evsignal_new(app->base, SIGTERM, on_stop, app);
    app->signals[1] = evsignal_new(app->base, SIGINT, on_stop, app);
    app->signals[2] = evsignal_new(app->base, SIGHUP, on_reload, app);
    for (size_t i = 0; i < SEA_COUNT(app->signals); i++) event_add(app->signals[i], NULL);
    app->deadline = evtimer_new(app->base, on_deadline, app);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* Signals that come after the end don't change how it ended. */
static void block_signals(void)
{
    sigset_t late;
    sigemptyset(&late);
    sigaddset(&late, SIGTERM);
    sigaddset(&late, SIGINT);
    sigaddset(&late, SIGHUP);
    sea_assert(pthread_sigmask(SIG_BLOCK, &late, NULL) == 0);
}

static void close_loop(struct sea_app *app)
{
    struct once *next = NULL;
    block_signals(); /* without their events they would kill */
    for (struct once *once = TAILQ_FIRST(&app->onces); once != NULL; once = next) {
        next = TAILQ_NEXT(once, of_app);
        free_once(once);
    }
    for (size_t i = 0; i < app->timers_count; i++) event_free(app->timers[i].event);
    for (size_t i = 0; i < SEA_COUNT(app->signals); i++) event_free(app->signals[i]);
    event_free(app->deadline);
    sea_admin_close(&app->admin);
    event_base_free(app->base);
}

static int run(struct sea_app *app)
{
    const struct sea_app_program *program = app->program;
    open_loop(app);
    if (app->tls) {
        show_certificate(app);
        sea_app_every(app, CERTIFICATE_LOOK_MS, look_at_certificate, app);
    }
    enum sea_err err =
        sea_admin_open(&app->admin, app->base, app->config.admin_listen, program->config.name);
    if (!err && program->load) err = program->load(program->ctx, &app->config);
    if (!err) err = program->start(program->ctx, app, &app->config);
    if (!err) {
        sea_log(SEA_LOG_INFO, "started", SEA_F_STR("version", SEADESK_VERSION));
        event_base_dispatch(app->base);
    }
    sea_http_server_close(&app->server);
    program->stop(program->ctx);
    close_loop(app);
    sea_log(SEA_LOG_INFO, "stopped", SEA_F_BOOL("failed", err || app->has_failed));
    sea_log_flush();
    return err || app->has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void print_help(const struct sea_app_program *program)
{
    printf(
        "seadesk-%s %s: %s\n\nusage: %s [--version | --help | --check | --explain | --probe]\n\n"
        "Without an option it serves until SIGTERM. Settings come from environment variables "
        "SEADESK_…\n"
        "  --check    reads settings and configuration folder, says what is wrong, exits 0 or 2\n"
        "  --explain  lists every setting, its value and where that came from\n"
        "  --probe    asks the running service's /readyz: exit 0 when it is ready\n",
        program->config.name, SEADESK_VERSION, program->about, program->config.name);
}

static int explain(const struct sea_app_program *program)
{
    struct sea_buf text = SEA_BUF(1 << 20);
    sea_config_explain(&program->config, environ, &text);
    fputs(text.ptr ? text.ptr : "", stdout);
    sea_buf_free(&text);
    return EXIT_SUCCESS;
}

static int check(struct sea_app *app)
{
    const struct sea_app_program *program = app->program;
    enum sea_err err = program->load ? program->load(program->ctx, &app->config) : SEA_OK;
    program->stop(program->ctx);
    if (!err) puts("settings and configuration are good");
    return err ? EXIT_SETTINGS : EXIT_SUCCESS;
}

int sea_app_main(const struct sea_app_program *program, int argc, char **argv)
{
    static struct sea_app app;
    const char *option = argc > 1 ? argv[1] : "";
    struct sea_buf problems = SEA_BUF(65536);

    app.program = program;
    if (strcmp(option, "--version") == 0)
        return printf("seadesk-%s %s\n", program->config.name, SEADESK_VERSION) < 0;
    if (strcmp(option, "--help") == 0) return print_help(program), EXIT_SUCCESS;
    if (strcmp(option, "--explain") == 0) return explain(program);
    sea_log_init(program->config.name, SEA_LOG_INFO);
    if (sea_config_load(&program->config, environ, &app.config, &problems)) {
        fputs(problems.ptr ? problems.ptr : "", stderr);
        sea_buf_free(&problems);
        return EXIT_SETTINGS;
    }
    sea_buf_free(&problems);
    int code = EXIT_SETTINGS;
    sea_log_init(program->config.name, (enum sea_log_level)app.config.log_level);
    if (strcmp(option, "--probe") == 0)
        code =
            sea_admin_probe(*app.config.admin_listen ? app.config.admin_listen : app.config.listen);
    else if (*option && strcmp(option, "--check") != 0)
        fprintf(stderr, "%s: no option '%s'; see --help\n", program->config.name, option);
    else if (*app.config.crash_at && !sea_crash_arm(app.config.crash_at))
        fprintf(stderr, "SEADESK_CRASH_AT is malformed, or this build has no crash points\n");
    else if (open_tls(&app) == SEA_OK) {
        harden(&app.config);
        if (program->metrics) sea_metrics_show(program->metrics);
        code = *option ? check(&app) : run(&app);
    }
    sea_tls_close(&app.tls);
    sea_config_free(&program->config, &app.config);
    return code;
}
