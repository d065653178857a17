/* sea_visitor.h: the session of a visitor of the company's own site, in web chat or its form: a
 * JSON Web Token (RFC 7519, HS256 alone) that the site signs with the secret of the channel's
 * account. Pure. */
#ifndef SEA_VISITOR_H
#define SEA_VISITOR_H

#include "sea_arena.h"
#include "sea_channels.h"

enum {
    SEA_SESSION_BYTES_MAX = 2048,
    SEA_SESSION_DAYS_MAX = 30, /* a token that lives longer is refused */
};

struct sea_visitor {
    const struct sea_account *account; /* claim aud: the account's name */
    struct sea_str contact_id;         /* claim sub: contact.id of what the visitor writes */
    int64_t expires_ms;                /* claim exp, Unix time */
};

/* False unless the token is signed with a live secret of an enabled account of that channel and not
 * over at `now_ms`. *ret points into `arena`. */
SEA_MUST_CHECK bool sea_visitor_read(const struct sea_channels *channels, struct sea_str channel,
                                     struct sea_str token, int64_t now_ms, struct sea_arena *arena,
                                     struct sea_visitor *ret);

#endif
