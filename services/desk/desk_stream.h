/* desk_stream.h: the live stream: what is heard on the topics becomes short events for every reader
 * (server-sent events, WHATWG HTML). An event means "read this id again". */
#ifndef DESK_STREAM_H
#define DESK_STREAM_H

#include "desk_call.h"
#include "desk_event.h"

struct desk_stream;

SEA_MUST_CHECK enum sea_err desk_stream_open(struct desk_stream **ret, struct desk *desk);
void desk_stream_close(struct desk_stream **stream);

/* False until every topic is read from its end: events before that are missed. */
bool desk_stream_is_live(const struct desk_stream *stream);

/* GET /stream */
desk_run desk_stream_get;

/* Tells who is connected now, after what was heard before; nobody is told it later. */
void desk_stream_tell(struct desk_stream *stream, const struct desk_event *event);

/* Ends the streams of a session. */
void desk_stream_end_session(struct desk_stream *stream, const char *session);

/* Keeps connections alive and looks whether their sessions still live; about once a second. */
void desk_stream_tick(struct desk_stream *stream);

#endif
