/* sea_admin.h: the admin listener: /metrics, /healthz, /readyz; used by sea_app. */
#ifndef SEA_ADMIN_H
#define SEA_ADMIN_H

#include <event2/event.h>

#include "sea_base.h"
#include "sea_buf.h"

struct sea_admin;

/* FATAL, logged, when the address is taken. `service` is kept. */
SEA_MUST_CHECK enum sea_err sea_admin_open(struct sea_admin **ret, struct event_base *base,
                                           const char *listen, const char *service);
void sea_admin_close(struct sea_admin **admin);
void sea_admin_check(struct sea_admin *admin, const char *name,
                     bool (*is_ready)(void *ctx, struct sea_buf *why), void *ctx);
void sea_admin_drain(struct sea_admin *admin); /* not ready any more */

/* Asks the listener at `listen` for /readyz, within 2 s: 0 when it says 200; else 1, and standard
 * error says what is missing. */
int sea_admin_probe(const char *listen);

#endif
