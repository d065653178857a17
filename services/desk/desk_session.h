/* desk_session.h: sign-in by cookie. A session is a random number of 256 bits in the browser; Redis
 * holds its SHA-256 (sd:sess:HASH) with the user and the time of the sign-in. */
#ifndef DESK_SESSION_H
#define DESK_SESSION_H

#include "desk_call.h"

/* The key of the session that the request's cookie names; empty when there is none. */
void desk_session_of(const struct desk *desk, const struct sea_http_request *request,
                     char ret[DESK_SESSION_TEXT]);

/* Calls `fn` later with the session's user, empty when it ended; or, with an error, at once. The
 * session lives on for DESK_SESSION_IDLE. */
typedef void desk_session_found(struct desk_call *call, enum sea_err err, struct sea_str user);
void desk_session_find(struct desk_call *call, desk_session_found *fn);

/* Calls `fn` with whether the session still lives, later; RETRY, and no call, when Redis is away.
 */
SEA_MUST_CHECK enum sea_err desk_session_touch(struct desk *desk, const char *session,
                                               void (*fn)(void *ctx, bool is_alive), void *ctx);

/* POST /session, DELETE /session. */
desk_run desk_session_sign_in, desk_session_sign_out;

#endif
