/* media_piece.c: pieces of files and their number, read with their bounds. */
#include "media_piece.h"

#include <string.h>

#include "sea_decode.h"
#include "seadesk/v1/files.pb-c.h"

bool media_piece_read(struct sea_str value, struct sea_arena *arena, struct media_piece *ret)
{
    const Seadesk__V1__FilePiece *piece =
        sea_decode(&seadesk__v1__file_piece__descriptor, value, arena);
    if (piece == NULL || piece->contact_key.len != sizeof(ret->contact) ||
        piece->message_id.len != sizeof(ret->message_id) || piece->index >= MEDIA_ATTACHMENTS_MAX ||
        piece->pieces > MEDIA_PIECES_MAX || piece->piece >= piece->pieces)
        return false;
    *ret = (struct media_piece){
        .index = piece->index,
        .piece = piece->piece,
        .pieces = piece->pieces,
        .received_at_ms = piece->received_at_ms,
        .sealed = {(const char *)piece->sealed.data, piece->sealed.len},
    };
    memcpy(ret->contact.bytes, piece->contact_key.data, sizeof(ret->contact.bytes));
    memcpy(ret->message_id.bytes, piece->message_id.data, sizeof(ret->message_id.bytes));
    return true;
}

bool media_pieces_fit(const Seadesk__V1__MessageBody *body)
{
    for (size_t i = 0; i < body->n_attachments; i++)
        if (body->attachments[i]->pieces > MEDIA_PIECES_MAX) return false;
    return true;
}
