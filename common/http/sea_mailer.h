/* sea_mailer.h: threads for mail, of which sea_http_client makes its transfers: libcurl waits for a
 * mail server's last words (at the message's end, after a refusal, to its QUIT) wherever it is
 * called. */
#ifndef SEA_MAILER_H
#define SEA_MAILER_H

#include <curl/curl.h>

#include "sea_base.h"

struct event_base;
struct sea_mailers;
struct sea_mailer; /* one transfer at a time, over a connection that is kept */

void sea_mailers_open(struct sea_mailers **ret, struct event_base *base, size_t max);
/* Transfers under way end within two seconds; nothing is called any more. */
void sea_mailers_close(struct sea_mailers **mailers);

/* One that has nothing to do, if possible with a connection kept from that address. At most `max`
 * may be under way. */
struct sea_mailer *sea_mailers_take(struct sea_mailers *mailers, const char *url);
/* Where the transfer's options are to be set; the mailer's own. */
CURL *sea_mailer_easy(struct sea_mailer *mailer);
/* `done` is called on the loop; after it the mailer is free again. */
void sea_mailer_run(struct sea_mailer *mailer, void (*done)(void *ctx, CURLcode result), void *ctx);

#endif
