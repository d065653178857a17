/* notify_visitor.h: the session of a web-chat visitor: a JSON Web Token (RFC 7519, HS256 alone)
 * that the company's own site signs with the secret of its chat account. Pure. */
#ifndef NOTIFY_VISITOR_H
#define NOTIFY_VISITOR_H

#include "sea_arena.h"
#include "sea_channels.h"

enum {
    NOTIFY_SESSION_BYTES_MAX = 2048,
    NOTIFY_SESSION_DAYS_MAX = 30, /* a token that lives longer is refused */
};

struct notify_visitor {
    const struct sea_account *account; /* claim aud: the chat account's name */
    struct sea_str contact_id;         /* claim sub: contact.id of what the visitor writes */
    int64_t expires_ms;                /* claim exp, Unix time */
};

/* False unless the token is signed with a live secret of an enabled chat account and not over at
 * `now_ms`. *ret points into `arena`. */
SEA_MUST_CHECK bool notify_visitor_read(const struct sea_channels *channels, struct sea_str token,
                                        int64_t now_ms, struct sea_arena *arena,
                                        struct notify_visitor *ret);

#endif
