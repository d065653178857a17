/* media_url.h: which addresses of files are called at all, read by libcurl's own parser, so that
 * what is judged is what is called. Pure. */
#ifndef MEDIA_URL_H
#define MEDIA_URL_H

#include "sea_base.h"
#include "sea_buf.h"

enum { MEDIA_URL_MAX_BYTES = 4096 };

struct media_url_rules {
    bool is_production;        /* https only */
    const char *private_hosts; /* host:port with commas between: exempt from all rules */
    const char *base;          /* the account's own provider as configured, likewise; may be NULL */
};

struct media_url {
    struct sea_buf text; /* as it is to be called */
    bool is_of_base;     /* the provider's: it may see the account's token */
    bool is_exempt;      /* its address needn't be public */
};
#define MEDIA_URL                                                                                  \
    {                                                                                              \
        .text = SEA_BUF(MEDIA_URL_MAX_BYTES)                                                       \
    }
void media_url_free(struct media_url *url); /* overwrites it first: of Telegram it has the token */

/* NULL: it may be called, and *ret is filled. Otherwise why not: bad_url, credentials (in the URL),
 * plain_http, forbidden_port. `ret` is initialised before. */
const char *media_url_judge(struct sea_str text, const struct media_url_rules *rules,
                            struct media_url *ret);

/* Where a redirect leads (RFC 9110 §10.2.2), seen from `from`; not judged yet. False: nowhere. */
SEA_MUST_CHECK bool media_url_follow(struct sea_str from, struct sea_str location,
                                     struct sea_buf *ret);

/* The host is this one, over https. */
bool media_url_is_at(const struct media_url *url, const char *host);
/* The same of a URL as it was written: the host is this one, or of its domain. */
bool media_url_is_under(struct sea_str url, const char *domain);

#endif
