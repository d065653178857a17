/* sea_app.h: what every service's main shares: options, settings, the event loop, signals, timers,
 * readiness, and the admin listener with /metrics, /healthz and /readyz. */
#ifndef SEA_APP_H
#define SEA_APP_H

#include <event2/event.h>

#include "sea_base.h"
#include "sea_buf.h"
#include "sea_config.h"
#include "sea_http_server.h"
#include "sea_metrics.h"

struct sea_app;

struct sea_app_program {
    struct sea_config_program config;  /* name, own settings and where they go */
    struct sea_metric *const *metrics; /* the service's own table, NULL at its end; may be NULL */
    const char *about;                 /* one sentence for --help */
    /* Reads the configuration folder and the like, at the start and again at SIGHUP, when on a
     * failure what was loaded before must stay; with --check nothing else is called. Logs what is
     * wrong. May be NULL. */
    enum sea_err (*load)(void *ctx, const struct sea_config *config);
    /* Opens what the service works with; the loop runs afterwards. Needn't wait for dependencies:
     * /readyz names them. */
    enum sea_err (*start)(void *ctx, struct sea_app *app, const struct sea_config *config);
    /* After the loop: closes whatever load and start opened, in any state. */
    void (*stop)(void *ctx);
    void (*reload)(void *ctx); /* SIGHUP; NULL: sea_app_reload() at once */
    void *ctx;
};

/* The whole life of a service; returns main's exit code. Options: --version --help --check
 * (settings and configuration folder) --explain --probe (asks the running service's /readyz, for
 * container health checks). SIGTERM and SIGINT drain: /readyz says 503, the drain hooks run, the
 * loop ends when nobody holds it any more or after 8 s; 10 s after the signal a watchdog ends the
 * process with 75. */
int sea_app_main(const struct sea_app_program *program, int argc, char **argv);

/* Loads again, and logs how that ended. */
void sea_app_reload(struct sea_app *app);

struct event_base *sea_app_base(struct sea_app *app);
bool sea_app_is_draining(const struct sea_app *app);

/* The process cannot do its work: the loop ends, stop runs, the exit code is 1. */
void sea_app_fail(struct sea_app *app);

/* `is_ready` says whether the dependency `name` (constant, from a small set) lets the service work,
 * or why not; asked on every /readyz. At most 16. */
void sea_app_ready_check(struct sea_app *app, const char *name,
                         bool (*is_ready)(void *ctx, struct sea_buf *why), void *ctx);

/* Hooks run in the order of their registration when draining begins; at most 16. Whoever needs time
 * after that holds the app until done. */
void sea_app_on_drain(struct sea_app *app, void (*fn)(void *ctx), void *ctx);
void sea_app_hold(struct sea_app *app);
void sea_app_release(struct sea_app *app);

/* Calls `fn` every `ms` (at least 1) on the loop until the end; at most 16. */
void sea_app_every(struct sea_app *app, int ms, void (*fn)(void *ctx), void *ctx);
/* Calls `fn` once, `ms` from now; what is left at the end is never called. */
void sea_app_after(struct sea_app *app, int ms, void (*fn)(void *ctx), void *ctx);

/* Serves at SEADESK_LISTEN (config->listen is set here) and logs the address taken; once per
 * program. The server is the app's: it drains as one of the hooks and is closed before `stop`.
 * FATAL, logged, when the address is taken. */
SEA_MUST_CHECK enum sea_err sea_app_serve(struct sea_app *app,
                                          struct sea_http_server_config *config,
                                          struct sea_http_server **ret);

#endif
