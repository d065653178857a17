/* desk_media.h: files that messages brought, handed to whoever may read the message. */
#ifndef DESK_MEDIA_H
#define DESK_MEDIA_H

#include "desk_call.h"

/* GET /media/{event_id}/{index}: the bytes as an attachment, never to be shown by the browser
 * itself; 404 while there are none. */
desk_run desk_get_media;

#endif
