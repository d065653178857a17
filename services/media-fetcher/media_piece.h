/* media_piece.h: a piece of a file that came inside its message, as ingest puts it on
 * seadesk.files, and how many of them a message says there are. Pure. */
#ifndef MEDIA_PIECE_H
#define MEDIA_PIECE_H

#include "sea_arena.h"
#include "sea_id.h"
#include "seadesk/v1/messages.pb-c.h"

enum {
    MEDIA_ATTACHMENTS_MAX = 20, /* of a message */
    MEDIA_PIECES_MAX = 512,     /* of a file; ingest makes 160 at most */
};

struct media_piece {
    struct sea_key contact;
    struct sea_uuid message_id; /* ce_id of the message that names the file */
    uint32_t index;             /* of the attachment in it */
    uint32_t piece, pieces;     /* which of how many */
    int64_t received_at_ms;
    struct sea_str sealed; /* in the record's arena */
};

/* False: it is none, or says what no piece can. */
SEA_MUST_CHECK bool media_piece_read(struct sea_str value, struct sea_arena *arena,
                                     struct media_piece *ret);

/* Whether each attachment's `pieces` is a number that a file can have. */
bool media_pieces_fit(const Seadesk__V1__MessageBody *body);

#endif
